package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// TestLines: a line of NDJSON has the bytes of the target in the JSON report, be
// it the first with its conclusions or one after others in another language.
func TestLines(t *testing.T) {
	book := toy(t)
	reports := map[string]*report.Report{
		"one filing": oneFiling(t, book), "many targets": manyTargets(t, book), "accepted": acceptedFindings(t, book),
		"shipped rules": evaluate(shipped.Book(t), named(t, "example.com"), named(t, "我的网站.中国")),
	}
	for _, value := range append(hostile, "<&>", "“引号”", "\\", "\t", "é", "\xff", "", "x\u2028y") {
		reports["with "+text.Clean(value)] = withFacts(t, book, value)
	}
	for name, r := range reports {
		t.Run(name, func(t *testing.T) {
			for _, lang := range []text.Lang{text.Zh, text.En, text.En, text.Zh} {
				o := report.Options{Lang: lang}
				var whole struct {
					Reports []json.RawMessage `json:"reports"`
				}
				if err := json.Unmarshal([]byte(render(t, format(t, "json"), r, o)), &whole); err != nil {
					t.Fatal(err)
				}
				lines := strings.SplitAfter(render(t, format(t, "ndjson"), r, o), "\n")
				if len(lines) != len(whole.Reports)+1 || lines[len(lines)-1] != "" {
					t.Fatalf("%d lines for %d targets", len(lines)-1, len(whole.Reports))
				}
				for i, target := range whole.Reports {
					var want bytes.Buffer
					if err := json.Compact(&want, target); err != nil {
						t.Fatal(err)
					}
					if rest := want.String()[1:] + "\n"; !json.Valid([]byte(lines[i])) || !strings.HasSuffix(lines[i], ","+rest) {
						t.Errorf("got %s, want an end of %s", lines[i], rest)
					}
				}
			}
		})
	}
}
