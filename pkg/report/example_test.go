package report_test

import (
	"fmt"
	"os"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// A report is made of what the engine found, and printed in one of the formats.
func Example() {
	book, err := rulebook.Load(rulebook.Layer{FS: os.DirFS("../../testdata/rules/toy")})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := filing.Decode("filing.yaml", []byte("server:\n  billing: pay-as-you-go\n"), book)
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, calendar.Beijing)
	results := engine.Evaluate(book, f, engine.Options{Now: now, Select: func(c *rulebook.Check) bool { return c.Target == rulebook.TargetFiling }})
	r := &report.Report{
		Tool: report.Tool{Name: "icpcheck", Version: "v1"}, Book: book, GeneratedAt: now,
		Targets: []report.Target{report.NewTarget(f.Name, f, results)},
	}
	format, err := report.FormatOf("text")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := format.Render(os.Stdout, r, report.Options{Lang: text.En, Quiet: true}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// filing.yaml
	//   ✗ fail          Server terms    an instance on pay-as-you-go cannot carry a filing.
	//                   do: Change to a subscription.
	//   ? undetermined  Kind of filing  not enough is known to decide
	//                   need: kind of filing, give it with --set kind=first|access
	//                   need: subject.filed_elsewhere, give it with --set subject.filed_elsewhere=true|false
	//   = not ready to file (1 failed, 1 undetermined, 3 not applicable)
}
