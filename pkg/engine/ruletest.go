package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// defaultTestDay is the day that tests without now: are evaluated on.
var defaultTestDay = time.Date(2026, 11, 24, 0, 0, 0, 0, calendar.Beijing)

func testDay(t rulebook.Test) time.Time {
	if t.Now.IsZero() {
		return defaultTestDay
	}
	return t.Now
}

// RunTest runs one test of a check. The error says what came out instead, with
// the test's place in its file; it is nil when the test holds.
func RunTest(book *rulebook.Rulebook, c *rulebook.Check, t rulebook.Test) (Result, error) {
	facts, err := TestFacts(book, t)
	if err != nil {
		return Result{}, err
	}
	r := Check(book, c, facts, testDay(t))
	fail := func(format string, args ...any) error {
		name := t.Name
		if name != "" {
			name = " (" + name + ")"
		}
		return yamlfile.Problem{Position: t.Position, Message: fmt.Sprintf("test of %s%s: ", c.ID, name) + fmt.Sprintf(format, args...)}
	}
	needs := make([]string, len(r.Needs))
	for i, n := range r.Needs {
		needs[i] = n.Path
	}
	switch {
	case r.Broken != nil:
		return r, fail("%v", r.Broken)
	case r.Verdict != t.Expect:
		return r, fail("want %s, got %s: %s %v", t.Expect, r.Verdict, r.Message.En, needs)
	case t.Severity != "" && r.Severity != t.Severity:
		return r, fail("want severity %s, got %s: %s", t.Severity, r.Severity, r.Message.En)
	case t.Says != "" && !strings.Contains(r.Message.Zh+"\n"+r.Message.En+"\n"+r.Remedy.Zh+"\n"+r.Remedy.En, t.Says):
		return r, fail("want the message to say %q, got %q", t.Says, r.Message.En)
	}
	if t.Needs != nil {
		want := slices.Clone(t.Needs)
		slices.SortFunc(want, filing.Compare)
		if !slices.Equal(needs, want) {
			return r, fail("want needs %q, got %q", want, needs)
		}
	}
	return r, nil
}

// TestFacts reads the facts a test gives.
func TestFacts(book *rulebook.Rulebook, t rulebook.Test) (filing.Facts, error) {
	return filing.DecodeFacts(t.File, t.Given, book, book.Readable)
}
