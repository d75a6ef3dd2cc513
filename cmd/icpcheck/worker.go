package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/queue"
	"github.com/icpcheck/icpcheck/pkg/text"
)

func (a *app) worker() *cobra.Command {
	var atOnce int
	c := &cobra.Command{
		Use:   "worker",
		Short: a.say("为别处的批量检查干活", "work for batches elsewhere"),
		Long: a.say(`从 --queue 的 NATS 服务器领取 icpcheck batch --queue 的输入行，检查后交回结果。
检查用批量检查一方的选项；版本、规则库和归属地库必须与之相同，否则不参与。按 Ctrl-C 结束：手头的做完、交回再退出。`,
			`Takes lines of icpcheck batch --queue from the NATS server of --queue, checks them and hands the results back.
The options are those of the batch; version, rulebook and --geo-db must be the same, else the worker refuses. Ctrl-C ends it: what is in hand is finished and handed in first.`),
		Example: "  icpcheck worker --queue nats://queue.example:4222",
		Args:    cobra.NoArgs,
	}
	c.Flags().IntVar(&atOnce, "workers", 64, a.say("每个查询服务器同时检查的数量", "how many are checked at once for one look-up server"))
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if atOnce < 1 {
			return usage("--workers %d：至少为 1", "--workers %d: want 1 or more", atOnce)
		}
		o, book, _, err := a.setUp(cmd)
		if err != nil {
			return err
		}
		if o.Queue == "" {
			return &usageError{err: text.Errorf("worker：要用 --queue 说明为哪台服务器干活", "worker: --queue says which server to work for"), hint: text.Same(cmd.Example[2:])}
		}
		identity, err := o.identity(book)
		if err != nil {
			return err
		}
		conn, err := a.dial(cmd.Context(), o, cmd.CommandPath())
		if err != nil {
			return err
		}
		defer conn.Close()
		book.WarmRules(nil)
		host, err := os.Hostname()
		if err != nil {
			host = "worker"
		}
		work := &lineWorker{app: a, own: o, book: book}
		defer work.close()
		w := &queue.Worker{
			Name: fmt.Sprintf("%s-%d", host, os.Getpid()), Identity: identity, AtOnce: atOnce,
			Work: work.work, Tell: a.queueEvent(o, cmd.CommandPath()),
		}
		if !o.Quiet {
			fmt.Fprintf(a.stderr, "icpcheck: %s\n", a.say("等待 "+conn.Where()+" 的任务，按 Ctrl-C 结束", "waiting for work from "+conn.Where()+", Ctrl-C ends it"))
		}
		return w.Serve(cmd.Context(), conn)
	}
	return c
}
