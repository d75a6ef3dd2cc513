//go:build manpages

// The generator of man pages is no part of the program that is shipped: it
// links a Markdown parser. Run it with
//
//	go run -tags manpages ./cmd/icpcheck man DIR

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/icpcheck/icpcheck/pkg/text"
)

func init() { extraCommands = append(extraCommands, (*app).man) }

// man writes a man page for each command, in the language of --lang. The date
// on them is that of SOURCE_DATE_EPOCH, so that two builds give the same bytes.
func (a *app) man() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Hidden: true,
		Args:   exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			date := time.Unix(0, 0)
			if s := a.getenv("SOURCE_DATE_EPOCH"); s != "" {
				n, err := strconv.ParseInt(s, 10, 64)
				if err != nil {
					return usage("SOURCE_DATE_EPOCH：应为 1970 年以来的秒数，而不是 %q", "SOURCE_DATE_EPOCH: want seconds since 1970, got %q", s)
				}
				date = time.Unix(n, 0)
			}
			date = date.UTC()
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("%s: %w", args[0], reason(err))
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			var describe func(*cobra.Command)
			describe = func(c *cobra.Command) {
				a.describeHelp(c)
				for _, sub := range c.Commands() {
					describe(sub)
				}
			}
			describe(root)
			header := &doc.GenManHeader{Section: "1", Date: &date, Source: "icpcheck " + version, Manual: a.say("icpcheck 手册", "icpcheck manual")}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return text.Errorf("写手册页：%w", "writing man pages: %w", err)
			}
			pages, err := filepath.Glob(filepath.Join(args[0], "*.1"))
			if err != nil || len(pages) == 0 {
				return text.Errorf("%s：没有写出手册页：%w", "%s: no page was written: %w", args[0], err)
			}
			return nil
		},
	}
}
