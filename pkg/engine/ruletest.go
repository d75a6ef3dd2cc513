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

// RunTest runs one test of a check. The error says what came out instead, with
// the test's place in its file; it is nil when the test holds.
func RunTest(book *rulebook.Rulebook, c *rulebook.Check, t rulebook.Test) (Result, error) {
	facts, err := TestFacts(book, t)
	if err != nil {
		return Result{}, err
	}
	now := t.Now
	if now.IsZero() {
		now = defaultTestDay
	}
	r := Check(book, c, facts, now)
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

// LintTests demands of every check a test with complete facts, one in which
// no demand meets an absent fact: CEL hides errors beside unknown values, so a
// rule that always errs would otherwise pass its tests as undetermined.
func LintTests(book *rulebook.Rulebook) yamlfile.Problems {
	var problems yamlfile.Problems
	for _, c := range book.Checks() {
		complete := false
		for _, t := range c.Tests() {
			facts, err := TestFacts(book, t)
			if err != nil {
				continue // reported when the test runs
			}
			if isComplete(book, c, facts) {
				complete = true
				break
			}
		}
		if !complete {
			problems = append(problems, yamlfile.Problem{Position: c.Position, Message: fmt.Sprintf("check %q: no test gives every fact that the check reads", c.ID)})
		}
	}
	return problems
}

func isComplete(book *rulebook.Rulebook, c *rulebook.Check, facts filing.Facts) bool {
	s := newScope(book, facts, defaultTestDay)
	for _, p := range c.Parts {
		for _, e := range []*rulebook.Expr{c.When, p.When, p.Pass} {
			if e == nil {
				continue
			}
			v, missing, err := eval(s, e)
			if err != nil || missing != nil {
				return false
			}
			if !v && e != p.Pass {
				break // the part does not apply, so its demand need not be decided
			}
		}
	}
	return true
}
