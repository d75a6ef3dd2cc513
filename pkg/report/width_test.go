package report_test

import (
	"strings"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// TestWidths: on a terminal of any usual width no line goes beyond its edge,
// unless it is one word.
func TestWidths(t *testing.T) {
	book := toy(t)
	for _, c := range cases {
		r := c.make(t, book)
		for _, lang := range text.Langs() {
			for _, width := range []int{40, 60, 80, 100, 120} {
				for _, verbose := range []bool{false, true} {
					got := render(t, format(t, "text"), r, report.Options{Lang: lang, Width: width, Verbose: verbose})
					for line := range strings.Lines(got) {
						line = strings.TrimRight(line, "\n")
						if text.Width(line) > width && len(text.Wrap(strings.TrimSpace(line), 1)) > 1 {
							t.Errorf("%s in %s: %d columns at %d: %s", c.name, lang, text.Width(line), width, line)
						}
					}
				}
			}
		}
	}
}

// TestBesideStacks: where no room is left beside a head, text stands below it.
func TestBesideStacks(t *testing.T) {
	for width, want := range map[int]string{
		0:  "  1  2026-11-24         applicant  prepare domain and server\n",
		56: "  1  2026-11-24         applicant  prepare domain and\n                                   server\n",
		40: "  1  2026-11-24  applicant\n      prepare domain and server\n",
	} {
		s := report.NewSheet(report.Options{Width: width})
		s.Beside("  1  2026-11-24         applicant  ", 35, "prepare domain and server")
		if s.String() != want {
			t.Errorf("at %d:\n%s\nwant\n%s", width, s, want)
		}
	}
}
