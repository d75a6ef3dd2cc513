package checklist

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/plan"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// Status is how a document stands.
type Status string

// The statuses, in the order in which people read them.
const (
	Missing    Status = "missing"      // has to be handed in and is not at hand
	Depends    Status = "depends"      // hangs on facts that are not known
	MayBeAsked Status = "may-be-asked" // some bureaus ask for it, or an older source says so
	Have       Status = "have"         // wanted or perhaps wanted, and at hand
	NotNeeded  Status = "not-needed"
)

// Statuses lists them in order.
func Statuses() []Status { return []Status{Missing, Depends, MayBeAsked, Have, NotNeeded} }

// Item is one document, or several of which one will do.
type Item struct {
	// ID is the id of the material: the one at hand, else the first that will do.
	ID     string
	Title  text.Text
	Status Status
	// Required tells that it must be handed in where the rule applies, as
	// against that it may be asked for.
	Required bool
	// Why gives the reasons of the demands that apply or may apply.
	Why []text.Text
	// AnyOf are the materials of which one will do, ID among them.
	AnyOf []string
	// Form, SignedBy, IssuedBy and Contents describe the document; empty when nothing is known.
	Form, SignedBy, IssuedBy, Contents, Purpose text.Text
	// Needs are the absent facts behind Depends.
	Needs []string
	// DependsOn sorts the values of absent facts with few of them: Pass are
	// those with which the document is wanted.
	DependsOn []engine.Dependence
	Sources   []string
}

// List is the checklist of one filing.
type List struct {
	// Kind is the kind of filing the list is for, "" while it is not decided;
	// see package plan.
	Kind  string
	Why   text.Text
	Items []Item
}

// Missing reports whether a document that must be handed in is not at hand.
func (l *List) Missing() bool {
	return slices.ContainsFunc(l.Items, func(i Item) bool { return i.Status == Missing })
}

// Open reports whether facts are missing that could make a document required.
func (l *List) Open() bool {
	return slices.ContainsFunc(l.Items, func(i Item) bool { return i.Status == Depends && i.Required })
}

// Needs lists the facts that items hang on, in the order of filing.Compare.
func (l *List) Needs() []string {
	var needs []string
	for _, i := range l.Items {
		needs = append(needs, i.Needs...)
	}
	slices.SortFunc(needs, filing.Compare)
	return slices.Compact(needs)
}

// demand is one row of the table of requirements, asked over the filing.
type demand struct {
	row    *rulebook.Row
	status Status
	answer engine.Answer
}

// Make lists the documents for a filing, as of now. Items come in the order of
// the rulebook's table of requirements.
func Make(book *rulebook.Rulebook, f *filing.Filing, now time.Time) (*List, error) {
	p, err := plan.Make(book, f, now)
	if err != nil {
		return nil, err
	}
	l := &List{Kind: p.Kind, Why: p.Why}
	v := engine.NewView(book, f, nil, now)
	v.Assume("kind", kinds[p.Kind])
	at, _ := f.Facts.List("materials")

	var order []string
	items := map[string][]demand{}
	for _, row := range book.Table("requirements").Rows {
		answer, err := v.Ask(row.Rule("when"))
		if err != nil {
			return nil, fmt.Errorf("requirement %s: %w", row.ID, err)
		}
		if p.Kind == plan.NotNeeded {
			answer = engine.Answer{Known: true}
		}
		anyOf := row.List("any_of")
		if len(anyOf) == 0 {
			return nil, text.Errorf("规则库的表 requirements，行 %q：any_of 里没有材料", "rulebook table requirements, row %q: any_of names no document", row.ID)
		}
		id := pick(book, anyOf, at, v.Text("subject.type"))
		if items[id] == nil {
			order = append(order, id)
		}
		items[id] = append(items[id], demand{row, statusOf(row, answer, slices.Contains(at, id)), answer})
	}
	for _, id := range order {
		l.Items = append(l.Items, item(book, id, items[id]))
	}
	return l, nil
}

// kinds maps the kinds of package plan to those of the fact kind.
var kinds = map[string]string{
	"": "auto", "first-filing": "first", "new-site-here": "new-site", "new-site-elsewhere": "new-site",
	"new-access": "access", "change": "change", "change-first": "change", "change-or-refile": "change", "cancel-and-refile": "first",
	plan.NotNeeded: "auto", "claim": "auto", "clear-first": "first", "other-account": "auto", "nothing-to-file": "auto",
	"app-filing": "auto", "file-with-platform": "auto",
}

// pick chooses the material that stands for a demand: one at hand, else the
// first that this type of subject can have.
func pick(book *rulebook.Rulebook, anyOf, at []string, subject string) string {
	for _, id := range anyOf {
		if slices.Contains(at, id) {
			return id
		}
	}
	if row := book.Row("subject-types", subject); row != nil && len(anyOf) > 2 {
		for _, id := range row.List("certificates") {
			if slices.Contains(anyOf, id) {
				return id
			}
		}
	}
	return anyOf[0]
}

func statusOf(row *rulebook.Row, a engine.Answer, atHand bool) Status {
	switch {
	case a.Known && !a.Holds:
		return NotNeeded
	case atHand:
		return Have
	case !a.Known:
		return Depends
	case row.Text("certainty") == "required":
		return Missing
	}
	return MayBeAsked
}

// item folds the demands for one material: what is missing for one of them is missing.
func item(book *rulebook.Rulebook, id string, demands []demand) Item {
	rank := func(d demand) int { return slices.Index(Statuses(), d.status) }
	worst := slices.MinFunc(demands, func(a, b demand) int { return cmp.Compare(rank(a), rank(b)) })
	i := Item{ID: id, Title: text.Same(id), Status: worst.status}
	if row := book.Row("materials", id); row != nil {
		i.Title, i.Purpose = row.Name, row.Both("purpose")
		i.Form, i.SignedBy, i.IssuedBy, i.Contents = row.Both("form"), row.Both("signed_by"), row.Both("issued_by"), row.Both("contents")
	}
	for _, d := range demands {
		counts := d.status == worst.status || d.status != NotNeeded && worst.status == Have
		if !counts {
			continue
		}
		i.Required = i.Required || d.row.Text("certainty") == "required"
		if why := d.row.Both("why"); !slices.Contains(i.Why, why) {
			i.Why = append(i.Why, why)
		}
		i.AnyOf = appendNew(i.AnyOf, d.row.List("any_of")...)
		i.Sources = appendNew(i.Sources, d.row.Source...)
		if d.status != Depends {
			continue
		}
		i.Needs = appendNew(i.Needs, d.answer.Needs...)
		i.DependsOn = append(i.DependsOn, d.answer.DependsOn...)
	}
	slices.SortFunc(i.Needs, filing.Compare)
	i.AnyOf = possible(i.AnyOf, id, demands)
	return i
}

// possible leaves the choice of documents out where it is the choice between
// all kinds of units and the kind is known.
func possible(anyOf []string, id string, demands []demand) []string {
	const fewAlternatives = 4
	if len(anyOf) > fewAlternatives && demands[0].answer.Known {
		return []string{id}
	}
	return anyOf
}

func appendNew(list []string, more ...string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// Addition is what one answer to an open question adds to the list.
type Addition struct {
	Path   string
	Values []any
	Items  []int // indices of List.Items
}

// Additions tells for each open fact which of its answers add which documents:
// answers that add the same stand together. A fact with too many values to try
// has one entry without values.
func (l *List) Additions() []Addition {
	var all []Addition
	for _, path := range l.Needs() {
		byValue := map[any][]int{}
		var values []any
		var other []int
		for n, item := range l.Items {
			if !slices.Contains(item.Needs, path) {
				continue
			}
			listed := false
			for _, d := range item.DependsOn {
				if d.Path != path {
					continue
				}
				// Values that leave it open add the document perhaps; only those
				// that rule it out do not.
				for _, value := range slices.Concat(d.Pass, d.Open) {
					listed = true
					if !slices.Contains(values, value) {
						values = append(values, value)
					}
					if !slices.Contains(byValue[value], n) {
						byValue[value] = append(byValue[value], n)
					}
				}
			}
			if !listed {
				other = append(other, n)
			}
		}
		all = append(all, group(path, values, byValue)...)
		if len(other) > 0 {
			all = append(all, Addition{Path: path, Items: other})
		}
	}
	return all
}

func group(path string, values []any, byValue map[any][]int) []Addition {
	var groups []Addition
	for _, value := range values {
		i := slices.IndexFunc(groups, func(g Addition) bool { return slices.Equal(g.Items, byValue[value]) })
		if i < 0 {
			groups = append(groups, Addition{Path: path, Items: byValue[value]})
			i = len(groups) - 1
		}
		groups[i].Values = append(groups[i].Values, value)
	}
	return groups
}

// Count counts the items by status.
func (l *List) Count() map[Status]int {
	counts := map[Status]int{}
	for _, i := range l.Items {
		counts[i.Status]++
	}
	return counts
}
