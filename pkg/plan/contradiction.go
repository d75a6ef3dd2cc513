package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
)

// Contradiction is a set of facts that cannot be true together.
type Contradiction struct {
	// Row of table contradictions says why.
	Row *rulebook.Row
	// Domain is the name of the domain it is about; empty where it is about the whole filing.
	Domain string
	// Facts are those in doubt that the filing gives, in the order of the row.
	Facts []Doubted
}

// Doubted is a fact that others contradict.
type Doubted struct {
	Path string
	filing.Fact
}

// contradictions finds the rows whose rule holds for sure, with the facts that
// the filing gives. Nothing may be assumed yet.
func contradictions(book *rulebook.Rulebook, v *engine.View) ([]Contradiction, error) {
	var found []Contradiction
	for _, row := range book.Table("contradictions").Rows {
		answer, err := v.Ask(row.Rule("when"))
		if err != nil {
			return nil, fmt.Errorf("looking for contradictions, row %s: %w", row.ID, err)
		}
		if !answer.Known || !answer.Holds {
			continue
		}
		c := Contradiction{Row: row}
		for _, path := range row.List("facts") {
			if fact, given := v.Given(path); given {
				c.Facts = append(c.Facts, Doubted{path, fact})
			}
		}
		found = append(found, c)
	}
	return found, nil
}

// doubt opens a choice that hangs on which of some contradicting facts is wrong:
// it is made again without each of them, and has to come out the same.
func doubt(book *rulebook.Rulebook, f *filing.Filing, domain int, now time.Time, table []engine.Choice, c engine.Chosen, found []Contradiction) (engine.Chosen, error) {
	possible := slices.Clone(c.Possible)
	for _, contradiction := range found {
		for _, fact := range contradiction.Facts {
			other := f.Clone()
			delete(other.Facts, fact.Path)
			var d *filing.Domain
			if len(other.Domains) > 0 {
				d = other.Domains[domain]
				delete(d.Facts, fact.Path)
			}
			without, err := choose(book, engine.NewView(book, other, d, now), table)
			if err != nil {
				return c, err
			}
			possible = append(possible, without.Possible...)
		}
	}
	slices.Sort(possible)
	possible = slices.Compact(possible)
	if slices.ContainsFunc(possible, func(i int) bool { return table[i].Word != table[possible[0]].Word }) {
		c.Row, c.Possible = -1, possible
	}
	return c, nil
}

// choose takes for granted what may be, and chooses.
func choose(book *rulebook.Rulebook, v *engine.View, table []engine.Choice) (engine.Chosen, error) {
	assume(book, v)
	c, err := v.Choose(table)
	if err != nil {
		return c, fmt.Errorf("deciding which filing to make: %w", err)
	}
	return c, nil
}

// contradicted adds the contradictions of a domain; those that are about the
// whole filing are found with each domain, and told once.
func (p *Plan) contradicted(f *filing.Filing, domain int, found []Contradiction) {
	for _, c := range found {
		if slices.ContainsFunc(c.Facts, func(d Doubted) bool { return isOfDomain(d.Path) }) {
			c.Domain = f.Domains[domain].Name()
		}
		same := func(other Contradiction) bool { return other.Row == c.Row && other.Domain == c.Domain }
		if !slices.ContainsFunc(p.Contradictions, same) {
			p.Contradictions = append(p.Contradictions, c)
		}
	}
}

func isOfDomain(path string) bool {
	field, ok := filing.FieldOf(path)
	return ok && field.Domain()
}
