package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/cache"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// keep is the store of answers that the flags describe. With --no-cache, and
// where nobody says what the user's folder is, it lasts for the run only, in
// which the same question still is asked once. A run of another day (--now) has
// answers of its own, which say that they came on that day.
func (o *options) keep(a *app) *cache.Store {
	s := &cache.Store{Scope: o.Now, Now: a.clock, Warn: func(err error) {
		a.warn("警告：查询缓存：%v；检查照常进行", "warning: cache of look-ups: %v; the check goes on", err)
	}}
	if !o.NoCache {
		s.Dir, _ = o.cacheDir(a.environment) // without a home there is nothing to keep things in
	}
	return s
}

// cacheDir is the folder of --cache-dir, else the user's; empty where there is
// neither.
func (o *options) cacheDir(e *environment) (string, error) {
	switch {
	case o.CacheDir != "":
		return filepath.Clean(o.CacheDir), nil
	case e.userCache == nil:
		return "", nil
	}
	dir, err := e.userCache()
	if err != nil {
		return "", text.Errorf("找不到用户缓存目录：%w；请用 --cache-dir 指定", "finding the user's cache folder: %w; give --cache-dir", err)
	}
	return filepath.Join(dir, "icpcheck"), nil
}

func (a *app) caching() *cobra.Command {
	parent := &cobra.Command{
		Use:   "cache info|clear",
		Short: a.say("查看或清除保存的查询结果", "look into or clear the kept look-ups"),
		Long: a.say("查询过的注册信息保留 4 小时（未注册的 10 分钟），DNS 结果按记录自己的有效期保留，最长 1 小时；查询失败不保留。--no-cache 重新查询，--cache-dir 另选目录。",
			"Registrations are kept for 4 hours (“not registered” for 10 minutes), answers of the DNS for as long as their records say, at most an hour; failures are not. --no-cache asks anew, --cache-dir names another folder."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	parent.AddCommand(&cobra.Command{
		Use: "info", Short: a.say("显示位置、大小和条数", "print where it is, its size and what it holds"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.cacheInfo(cmd) },
	}, &cobra.Command{
		Use: "clear", Short: a.say("清除", "remove it"), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, dir, err := a.cacheFolder(cmd)
			if err != nil {
				return err
			}
			freed, err := cache.Clear(dir)
			if err != nil {
				return text.Errorf("%s：无法清空：%w", "%s: cannot be cleared: %w", dir, reason(err))
			}
			_, err = fmt.Fprintf(a.stdout, a.say("已清除 %s（%d KiB）\n", "cleared %s (%d KiB)\n"), dir, freed>>10)
			return err
		},
	})
	return parent
}

// cacheFolder is the folder that the cache commands are about.
func (a *app) cacheFolder(cmd *cobra.Command) (*options, string, error) {
	o, err := a.read(cmd.Flags())
	if err != nil {
		return nil, "", err
	}
	dir, err := o.cacheDir(a.environment)
	if err == nil && dir == "" {
		err = usage("cache：不知道缓存目录；请用 --cache-dir 指定", "cache: no folder is known; give --cache-dir")
	}
	return o, dir, err
}

func (a *app) cacheInfo(cmd *cobra.Command) error {
	o, dir, err := a.cacheFolder(cmd)
	if err != nil {
		return err
	}
	info, err := cache.Inspect(dir, a.clock())
	if err != nil {
		return text.Errorf("%s：无法读取：%w", "%s: cannot be read: %w", info.Path, reason(err))
	}
	asJSON, err := o.jsonWanted()
	if err != nil {
		return err
	}
	if asJSON {
		return encodeJSON(a.stdout, cacheReport(info))
	}
	kinds := map[cache.Kind]string{cache.Registration: a.say("注册信息", "registrations"), cache.DNS: "DNS"}
	fmt.Fprintf(a.stdout, a.say("%s（%d KiB）\n", "%s (%d KiB)\n"), info.Path, info.Bytes>>10)
	for _, k := range info.Kinds {
		fmt.Fprintf(a.stdout, a.say("%s：%d 条有效，%d 条已过期\n", "%s: %d that hold, %d that have grown old\n"), kinds[k.Kind], k.Answers, k.Old)
	}
	return nil
}

// cacheReport is the JSON of cache info.
func cacheReport(info cache.Info) any {
	type kind struct {
		Kind    cache.Kind `json:"kind"`
		Answers int        `json:"answers"`
		Old     int        `json:"old"`
		Oldest  string     `json:"oldest,omitempty"`
	}
	report := struct {
		Path  string `json:"path"`
		Bytes int64  `json:"bytes"`
		Kinds []kind `json:"kinds"`
	}{Path: info.Path, Bytes: info.Bytes}
	for _, k := range info.Kinds {
		entry := kind{Kind: k.Kind, Answers: k.Answers, Old: k.Old}
		if !k.Oldest.IsZero() {
			entry.Oldest = k.Oldest.UTC().Format(time.RFC3339)
		}
		report.Kinds = append(report.Kinds, entry)
	}
	return report
}
