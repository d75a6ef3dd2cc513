package main

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/playback"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

//go:embed example/filing.yaml
var exampleFiling []byte

// demoDay is the day the recorded answers are judged on.
const demoDay = "2026-11-24"

// demoNames are looked up beside the example filing.
var demoNames = []string{"我的网站.中国", "example.cn"}

func (a *app) demo() *cobra.Command {
	printFiling := false
	c := &cobra.Command{
		Use:   "demo",
		Short: a.say("用内置示例演示（不需要网络）", "show the main job on a built-in example (no network needed)"),
		Long: a.say("检查一份示例备案文件和两个示例域名。查询发给本机回环地址上的服务器，由它们播放记录好的应答，因此不需要网络。",
			"Checks an example filing and two example names. The look-ups go to servers on the loopback address that play recorded answers, so no network is needed."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if printFiling {
				_, err := a.stdout.Write(exampleFiling)
				return err
			}
			servers, err := playback.Start(playback.Demo(), playback.Options{})
			if err != nil {
				return text.Errorf("启动录制的服务器：%w", "starting the recorded servers: %w", err)
			}
			defer servers.Close()
			for flag, value := range map[string]string{
				"rdap-url": servers.RDAPURL, "whois-server": servers.WHOISAddr, "resolver": servers.DNSAddr, "now": demoDay,
				"no-cache": "true", // its servers are gone before anybody could ask them again
			} {
				if flag == "now" && cmd.Flags().Changed(flag) {
					continue
				}
				if err := cmd.Flags().Set(flag, value); err != nil {
					return err
				}
			}
			fmt.Fprintf(a.stderr, "$ icpcheck demo --print-filing > filing.yaml\n$ icpcheck check filing.yaml --now %s\n$ icpcheck domain %s --now %[1]s\n\n", demoDay, strings.Join(demoNames, " "))
			return a.evaluate(cmd, func(book *rulebook.Rulebook) ([]job, error) {
				f, err := filing.Decode("filing.yaml", exampleFiling, book)
				if err != nil {
					return nil, err
				}
				names, err := nameFilings(demoNames)
				return append([]job{{filing: f}}, jobs(names, onlyDomain)...), err
			})
		},
	}
	c.Flags().BoolVar(&printFiling, "print-filing", false, a.say("只输出示例备案文件", "only print the example filing file"))
	return c
}
