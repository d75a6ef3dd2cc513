package engine

import (
	"fmt"
	"slices"

	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/verdict"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// LintTests demands of every check that its tests reach all of it, so that no
// branch is wrong unnoticed:
//
//   - one test gives complete facts, with which no demand meets an absent one:
//     CEL hides errors beside unknown values, so a rule that always errs would
//     otherwise pass its tests as undetermined;
//   - each part passes in one test, and in another fails and decides the check;
//   - each when: is false in one test, and so is a part's where the check applies;
//   - each fail_when: decides a fail in one test.
func LintTests(book *rulebook.Rulebook) yamlfile.Problems {
	var problems yamlfile.Problems
	for _, c := range book.Checks() {
		r := reach(book, c)
		for _, missing := range r.missing(book) {
			problems = append(problems, yamlfile.Problem{Position: missing.position, Message: fmt.Sprintf("check %q: no test %s", c.ID, missing.what)})
		}
	}
	return problems
}

// reached is how far the tests of a check come.
type reached struct {
	check        *rulebook.Check
	complete     bool
	inapplicable bool // the check's when was false
	parts        []partReached
}

type partReached struct {
	passed, failed, inapplicable, failWhen bool
}

// gap is something that no test reaches.
type gap struct {
	position yamlfile.Position
	what     string
}

// reach runs the tests of a check and notes what each comes to. A test that
// cannot be read, or whose rule errs, is reported when the test runs.
func reach(book *rulebook.Rulebook, c *rulebook.Check) *reached {
	r := &reached{check: c, parts: make([]partReached, len(c.Parts))}
	for _, t := range c.Tests() {
		facts, err := TestFacts(book, t)
		if err != nil {
			continue
		}
		s := newScope(book, testDay(t), facts)
		r.complete = r.complete || isComplete(s, c)
		if isFalse(s, c.When) {
			r.inapplicable = true
			continue
		}
		results := make([]partResult, len(c.Parts))
		for i, p := range c.Parts {
			if results[i], err = evaluatePart(s, c, p); err != nil {
				break
			}
		}
		if err != nil {
			continue
		}
		deciding := worst(slices.Clone(results)) // it works in place
		for i, p := range c.Parts {
			got, note := results[i], &r.parts[i]
			decides := slices.ContainsFunc(deciding, func(d partResult) bool { return d.part == p })
			failed := got.verdict == verdict.Fail && decides
			note.passed = note.passed || got.verdict == verdict.Pass
			note.failed = note.failed || failed
			note.inapplicable = note.inapplicable || isFalse(s, p.When)
			note.failWhen = note.failWhen || failed && p.FailWhen != nil && !isFalse(s, p.Pass)
		}
	}
	return r
}

// missing lists what no test reaches.
func (r *reached) missing(book *rulebook.Rulebook) (gaps []gap) {
	c := r.check
	add := func(e *rulebook.Expr, what string) {
		position := c.Position
		if e != nil && e.Position.File != "" {
			position = e.Position
		}
		gaps = append(gaps, gap{position, what})
	}
	if !r.complete {
		add(nil, "gives every fact that the check reads")
	}
	if c.When != nil && !r.inapplicable {
		add(c.When, "has its when: false")
	}
	for i, p := range c.Parts {
		part := ""
		if p.ID != "" {
			part = fmt.Sprintf("part %q ", p.ID)
		}
		note := r.parts[i]
		// A check of one demand says pass and fail by its verdict, which Lint asks for.
		if !note.passed && part != "" {
			add(p.Pass, "has "+part+"pass")
		}
		if !note.failed && part != "" {
			add(p.Pass, "has "+part+"fail and decide")
		}
		if p.When != nil && !note.inapplicable && !isConstant(book, p.When) {
			add(p.When, "has the when: of "+part+"false")
		}
		if p.FailWhen != nil && !note.failWhen {
			add(p.FailWhen, "has "+part+"fail by its fail_when:")
		}
	}
	return gaps
}

// isFalse reports whether the rule is known not to hold.
func isFalse(s *scope, e *rulebook.Expr) bool {
	if e == nil {
		return false
	}
	v, missing, err := eval(s, e)
	return err == nil && missing == nil && !v
}

// isConstant reports whether the rule holds without any fact, and so always: a
// row that concerns everyone in every province leaves nothing of its condition.
func isConstant(book *rulebook.Rulebook, e *rulebook.Expr) bool {
	v, missing, err := eval(newScope(book, defaultTestDay), e)
	return err == nil && missing == nil && v
}

// isComplete reports whether no demand of the check meets an absent fact.
func isComplete(s *scope, c *rulebook.Check) bool {
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
