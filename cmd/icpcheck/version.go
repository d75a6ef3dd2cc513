package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/report"
)

// version is the release and commit what it was built from, set by the linker.
// Without, the commit is what the Go command stamps into a build in a repository.
var version, commit = "dev", ""

// builtFrom is the commit, or "unknown".
func builtFrom() string {
	if commit != "" {
		return commit
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}

func tool() report.Tool { return report.Tool{Name: "icpcheck", Version: version} }

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: a.say("显示版本、提交和规则库", "print version, commit and rulebook"),
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := a.read(cmd.Flags())
			if err != nil {
				return err
			}
			book, err := o.rulebook()
			if err != nil {
				return err
			}
			asJSON, err := o.jsonWanted()
			if err != nil {
				return err
			}
			if asJSON {
				return encodeJSON(a.stdout, map[string]any{"tool": tool(), "commit": builtFrom(), "go": runtime.Version(), "rulebook": book.Info()})
			}
			_, err = fmt.Fprintf(a.stdout, "icpcheck %s (commit %s, %s)\n%s %s (%s) %s\n", version, builtFrom(), runtime.Version(),
				a.say("规则库", "rulebook"), book.Version, book.Date, book.Digest())
			return err
		},
	}
}
