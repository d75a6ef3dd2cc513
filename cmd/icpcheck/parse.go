package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/registration"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// maxAnswer bounds what parse reads; registries' answers are a few kilobytes.
const maxAnswer = 1 << 20

func (a *app) parse() *cobra.Command {
	parent := &cobra.Command{
		Use:   "parse whois|rdap",
		Short: a.say("把标准输入的 WHOIS 或 RDAP 应答转为 JSON", "turn a WHOIS or RDAP answer on standard input into JSON"),
		Long: a.say("读取一份原始应答，输出统一格式的 JSON。应答不能说明域名状况（如查询被限制）时，registered 为 null，以 3 退出。",
			"Reads one raw answer and prints it as JSON of one shape. Where the answer says nothing about the name (a rate limit, for example), registered is null and the exit status 3."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for kind, parse := range map[string]func(string, []byte) (registration.Record, error){
		"whois": registration.ParseWHOIS, "rdap": registration.ParseRDAP,
	} {
		c := &cobra.Command{
			Use:     kind,
			Short:   a.say("解析 "+kind+" 应答", "parse a "+kind+" answer"),
			Example: "  icpcheck parse " + kind + " --domain example.cn < answer",
			Args:    cobra.NoArgs,
		}
		domain := c.Flags().String("domain", "", a.say("查询的域名（应答里没有域名时需要）", "the name that was asked for (needed where the answer does not say)"))
		c.RunE = func(cmd *cobra.Command, _ []string) error {
			o, err := a.read(cmd.Flags())
			if err != nil {
				return err
			}
			if _, err := o.jsonWanted(); err != nil {
				return err
			}
			raw, err := io.ReadAll(io.LimitReader(a.stdin, maxAnswer+1))
			if err != nil {
				return text.Errorf("读取标准输入：%w", "reading standard input: %w", err)
			}
			if len(raw) > maxAnswer {
				return text.Errorf("标准输入超过 %d KiB，应答不会有这么大", "standard input is larger than %d KiB, which no answer is", maxAnswer>>10)
			}
			return a.printRecord(parse, *domain, raw, o.lang(a.environment))
		}
		parent.AddCommand(c)
	}
	return parent
}

// printRecord prints a record, or for an answer that says nothing about the
// name an empty one with the reason.
func (a *app) printRecord(parse func(string, []byte) (registration.Record, error), domain string, raw []byte, lang text.Lang) error {
	record, err := parse(domain, raw)
	var f *failure.Failure
	if err != nil && !errors.As(err, &f) {
		return err
	}
	var out any = record
	if f != nil {
		empty, err := json.Marshal(registration.Record{Domain: domain})
		if err != nil {
			return err
		}
		out = json.RawMessage(fmt.Appendf(bytes.TrimSuffix(empty, []byte("}")), `,"error":%q}`, string(f.Kind)))
	}
	if err := encodeJSON(a.stdout, out); err != nil {
		return err
	}
	if f != nil {
		said := f.Error()
		if lang == text.Zh {
			said = report.Voice{Lang: lang}.Failure(f)
			if f.Err != nil {
				said += "：" + text.ErrorIn(f.Err, lang)
			}
		}
		fmt.Fprintf(a.stderr, "icpcheck: %s\n", text.Clean(said))
		return statusError(verdict.ExitUndetermined)
	}
	return nil
}
