package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/report"
)

// version is the release, set by the linker; commit comes from the build.
var version = "dev"

func tool() report.Tool { return report.Tool{Name: "icpcheck", Version: version} }

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: a.say("显示版本、提交和规则库", "print version, commit and rulebook"),
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := read(cmd.Flags(), a.getenv)
			if err != nil {
				return err
			}
			book, err := o.rulebook()
			if err != nil {
				return err
			}
			commit := "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						commit = s.Value
					}
				}
			}
			asJSON, err := o.jsonWanted()
			if err != nil {
				return err
			}
			if asJSON {
				e := json.NewEncoder(a.stdout)
				e.SetIndent("", "  ")
				return e.Encode(map[string]any{"tool": tool(), "commit": commit, "go": runtime.Version(), "rulebook": book.Info()})
			}
			_, err = fmt.Fprintf(a.stdout, "icpcheck %s (commit %s, %s)\n%s %s (%s) %s\n", version, commit, runtime.Version(),
				a.say("规则库", "rulebook"), book.Version, book.Date, book.Digest())
			return err
		},
	}
}
