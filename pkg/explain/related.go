package explain

import (
	"cmp"
	"slices"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// What a check has to have in common with a text to be worth a look, as a cosine,
// and as a share of what the likest check has.
const (
	minRelated   = 0.13
	shareRelated = 0.7
	mostRelated  = 3
)

// Related finds the checks whose subject a text seems to be, likest first, for a
// text that no reason was found in for certain: bureaus refuse for more than the
// table of reasons says. It is a hint where to look, not an explanation.
func Related(book *rulebook.Rulebook, s string) []*rulebook.Check {
	words := words(unwrap(bounded(s)))
	if len(words) == 0 || goodNews(words) {
		return nil
	}
	checks := book.Checks()
	documents := make([]bag, len(checks))
	for i, c := range checks {
		documents[i] = bagOfCheck(c)
	}
	type candidate struct {
		check *rulebook.Check
		like  float64
	}
	var found []candidate
	for i, like := range newLikenesses(documents).cosines(words) {
		if like >= minRelated {
			found = append(found, candidate{checks[i], like})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(b.like, a.like) })
	var related []*rulebook.Check
	for _, f := range found[:min(len(found), mostRelated)] {
		if f.like >= shareRelated*found[0].like {
			related = append(related, f.check)
		}
	}
	return related
}

// bagOfCheck reads the titles of a check, and what it says of a fail.
func bagOfCheck(c *rulebook.Check) bag {
	b := bag{}
	b.addBoth(3, c.Title)
	say := func(messages rulebook.Messages, remedies []rulebook.Case) {
		for _, cs := range messages[verdict.Fail] {
			b.add(2, literal(cs.Text.Zh), literal(cs.Text.En))
		}
		for _, cs := range remedies {
			b.add(1, literal(cs.Text.Zh), literal(cs.Text.En))
		}
	}
	say(c.Message, c.Remedy)
	for _, p := range c.Parts {
		b.addBoth(2, p.Title)
		say(p.Message, p.Remedy)
	}
	return b
}

// literal is a sentence without its placeholders.
func literal(segments []rulebook.Segment) string {
	var b strings.Builder
	for _, s := range segments {
		if s.Expr != nil {
			b.WriteByte('\n') // what stands around it are no neighbours
		}
		b.WriteString(s.Literal)
	}
	return b.String()
}
