package engine_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
)

// TestShippedTestsReachEverything: nothing in the shipped checks is beyond their tests.
func TestShippedTestsReachEverything(t *testing.T) {
	book := shipped.Book(t)
	for _, p := range slices.Concat(book.Lint(), engine.LintTests(book)) {
		t.Error(p)
	}
}

// TestLintTests takes the tests of a check away one by one: each is missed.
func TestLintTests(t *testing.T) {
	const demands = `id: toy
title: {zh: 标题, en: Title}
when: kind == 'first'
parts:
  - id: sold
    when: site.commercial
    pass: server.months > 3
    fail_when: server.months < 1 || server.billing == 'pay-as-you-go'
  - {id: named, severity: warning, pass: site.name == 'x'}
message: {pass: {zh: 好, en: good}, fail: {zh: 不好, en: bad}}
remedy: {zh: 改, en: Change it.}
source: [seed]
verified: 2026-11-24
tests:
`
	tests := []struct{ test, missed string }{
		{"{given: {kind: first, site: {commercial: true, name: x}, server.months: 4}, expect: pass}", `no test has part "sold" pass`},
		{"{given: {kind: first, site: {commercial: true, name: x}, server.billing: pay-as-you-go}, expect: fail}", `no test has part "sold" fail by its fail_when:`},
		{"{given: {kind: first, site: {commercial: false, name: y}}, expect: fail}", `no test has part "named" fail and decide`},
		{"{given: {kind: change}, expect: not-applicable}", `no test has its when: false`},
	}
	lint := func(lines []string) (found []string) {
		files := fstest.MapFS{"checks/toy.yaml": {Data: []byte(demands + "  - " + strings.Join(lines, "\n  - ") + "\n")}}
		book := shipped.Book(t, rulebook.Layer{Name: "ours", FS: files})
		for _, p := range engine.LintTests(book) {
			if !strings.HasPrefix(p.File, "ours/checks/toy.yaml") || p.Line == 0 {
				t.Errorf("not in its place: %v", p)
			}
			found = append(found, p.Message)
		}
		return found
	}
	var all []string
	for _, c := range tests {
		all = append(all, c.test)
	}
	if found := lint(all); len(found) > 0 {
		t.Errorf("all are there, and yet %q", found)
	}
	for i, c := range tests {
		found := lint(slices.Delete(slices.Clone(all), i, i+1))
		if !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, c.missed) }) {
			t.Errorf("without %s: got %q, want %q", c.test, found, c.missed)
		}
	}
	// A part's when: has to be false once, and a failure that another part decides does not count.
	found := lint([]string{all[0], all[1], "{given: {kind: first, site: {commercial: true, name: y}, server.months: 1}, expect: fail}", all[3]})
	for _, want := range []string{`no test has the when: of part "sold" false`, `no test has part "named" fail and decide`} {
		if !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("got %q, want %q", found, want)
		}
	}
	// And one test gives complete facts.
	found = lint([]string{"{given: {kind: first}, expect: undetermined}"})
	if !slices.Contains(found, `check "toy": no test gives every fact that the check reads`) {
		t.Errorf("got %q", found)
	}
}
