package engine

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// View is a filing as rules see it, for commands that ask rules outside checks:
// which documents are wanted, which kind of filing it is. It is not safe for
// use by several goroutines.
type View struct {
	taken filing.Facts // by Assume
	scope *scope
}

// NewView looks at a filing as a whole, or at one of its domains where d is
// not nil. now is the day that rules count from.
func NewView(book *rulebook.Rulebook, f *filing.Filing, d *filing.Domain, now time.Time) *View {
	layers := wholeScope(f)
	if d != nil {
		layers = []filing.Facts{d.Facts, f.Facts}
	}
	taken := filing.Facts{}
	s := newScope(book, now, append(layers, taken)...)
	s.read = new([]Evidence)
	return &View{taken: taken, scope: s}
}

// Assume takes a value for a fact that nobody has given; one that is known, or
// that follows from known ones, stays. It reports whether the value was taken.
func (v *View) Assume(path string, value any) bool {
	if _, missing := v.scope.value(path); missing == nil {
		return false
	}
	v.taken[path] = filing.Fact{Value: value, Origin: filing.Origin{Source: filing.Assumed}}
	return true
}

// Assumed lists the facts that were taken with Assume and that something asked
// since has read.
func (v *View) Assumed() []string {
	var paths []string
	for _, e := range *v.scope.read {
		if e.Fact.Origin.Source == filing.Assumed {
			paths = append(paths, e.Path)
		}
	}
	slices.SortFunc(paths, filing.Compare)
	return paths
}

// Value returns the value of a path, or false while it is not known.
func (v *View) Value(path string) (any, bool) {
	value, missing := v.scope.value(path)
	return value, missing == nil
}

// Given returns a fact that the filing gives itself, not one that follows from others.
func (v *View) Given(path string) (filing.Fact, bool) {
	fact, ok := v.scope.known(path)
	return fact, ok && fact.Origin.Source != filing.Assumed
}

// Text is Value for text facts; "" while not known.
func (v *View) Text(path string) string {
	s, _ := v.scope.text(path)
	return s
}

// Answer is what a rule gives over facts, in three values.
type Answer struct {
	// Known tells that the facts decide the rule, and Holds how.
	Known, Holds bool
	// Needs are the absent facts that would decide it, in the order of filing.Compare.
	Needs []string
	// DependsOn sorts the values of absent facts with few of them: with those
	// under Pass the rule holds, with those under Fail it does not.
	DependsOn []Dependence
}

// Ask evaluates a rule. Absent facts with few possible values are tried, as in
// checks: a rule that holds whatever they are holds.
func (v *View) Ask(e *rulebook.Expr) (Answer, error) {
	if e == nil {
		return Answer{Known: true, Holds: true}, nil
	}
	pr, err := evaluatePart(v.scope, &rulebook.Check{}, &rulebook.Part{Pass: e, Severity: verdict.Error})
	if err != nil {
		return Answer{}, err
	}
	switch pr.verdict {
	case verdict.Pass:
		return Answer{Known: true, Holds: true}, nil
	case verdict.Fail:
		return Answer{Known: true}, nil
	}
	return Answer{Needs: pr.missing, DependsOn: pr.depends}, nil
}

// Choice is a row of a decision table: its rule and the word it leads to.
type Choice struct {
	Rule *rulebook.Expr
	Word string
}

// Chosen is what a decision table says.
type Chosen struct {
	// Row is the index of the row that decides, or -1 while facts are missing
	// whose values lead to different words.
	Row int
	// Possible are the rows that the missing facts can lead to, in order; the
	// deciding one alone when nothing is missing.
	Possible []int
	// Needs are the missing facts that would decide.
	Needs []string
}

// Choose takes the first row whose rule holds. Where facts are missing it
// follows every way they can turn out: with few values each is tried, otherwise
// the rule is taken to hold and not to hold. The word is decided when all ways
// lead to the same one. The last row must hold always.
func (v *View) Choose(table []Choice) (Chosen, error) {
	w := &chooser{scope: *v.scope, table: table, values: map[string][]any{}}
	if err := w.follow(0, map[string]any{}, nil); err != nil {
		return Chosen{}, err
	}
	c := Chosen{Row: -1}
	words := map[string]bool{}
	for _, way := range w.ways {
		words[table[way.row].Word] = true
		if !slices.Contains(c.Possible, way.row) {
			c.Possible = append(c.Possible, way.row)
		}
	}
	slices.Sort(c.Possible)
	if len(words) == 1 {
		c.Row = c.Possible[0]
		return c, nil
	}
	c.Needs = w.needs()
	return c, nil
}

type chooser struct {
	scope  scope
	table  []Choice
	values map[string][]any
	ways   []way
}

// way is one way in which missing facts can turn out, and the row it leads to.
type way struct {
	assumed map[string]any
	open    []string // facts with too many values to try
	row     int
}

// follow walks the table from a row on. Ways beyond maxTries are cut off at the
// row they have reached, which leaves the choice open.
func (w *chooser) follow(row int, assumed map[string]any, open []string) error {
	for i := row; i < len(w.table); i++ {
		holds, missing := true, []string(nil)
		if e := w.table[i].Rule; e != nil {
			w.scope.assumed = assumed
			var err error
			if holds, missing, err = eval(&w.scope, e); err != nil {
				return err
			}
		}
		if missing == nil && !holds {
			continue
		}
		if missing == nil || len(w.ways) >= maxTries {
			w.ways = append(w.ways, way{maps.Clone(assumed), slices.Clone(open), i})
			return nil
		}
		path, values := w.fewValued(missing, assumed)
		if values == nil {
			// The rule may hold or not.
			open = append(slices.Clone(open), missing...)
			w.ways = append(w.ways, way{maps.Clone(assumed), open, i})
			continue
		}
		w.values[path] = mergeValues(w.values[path], values)
		for _, value := range values {
			assumed[path] = value
			if err := w.follow(i, assumed, open); err != nil {
				return err
			}
		}
		delete(assumed, path)
		return nil
	}
	return nil
}

// fewValued finds the first missing fact whose values can be tried.
func (w *chooser) fewValued(missing []string, assumed map[string]any) (string, []any) {
	provider, ok := assumed["provider"].(string)
	if !ok {
		provider = w.scope.provider()
	}
	for _, path := range missing {
		if values := w.scope.book.FewValues(path, provider); values != nil {
			return path, values
		}
	}
	return "", nil
}

// needs are the facts that were tried with different words to show for it, and
// those with too many values to try.
func (w *chooser) needs() []string {
	var needs []string
	byValue := map[string]map[any]map[string]bool{}
	for _, way := range w.ways {
		needs = append(needs, way.open...)
		for path, value := range way.assumed {
			if byValue[path] == nil {
				byValue[path] = map[any]map[string]bool{}
			}
			if byValue[path][value] == nil {
				byValue[path][value] = map[string]bool{}
			}
			byValue[path][value][w.table[way.row].Word] = true
		}
	}
	for path, words := range byValue {
		first := words[w.values[path][0]]
		for _, value := range w.values[path] {
			if !maps.Equal(words[value], first) {
				needs = append(needs, path)
				break
			}
		}
	}
	if len(needs) == 0 { // each fact alone leads everywhere; together they decide
		for path := range w.values {
			needs = append(needs, path)
		}
	}
	slices.SortFunc(needs, filing.Compare)
	return slices.Compact(needs)
}

// wholeScope is what rules on the whole filing see: of its domains what holds
// for all of them, and its own facts.
func wholeScope(f *filing.Filing) []filing.Facts {
	common := filing.Facts{}
	if len(f.Domains) > 0 {
		for path, fact := range f.Domains[0].Facts {
			if !strings.HasPrefix(path, filing.DomainPrefix) {
				continue
			}
			if slices.ContainsFunc(f.Domains[1:], func(d *filing.Domain) bool { return !reflect.DeepEqual(d.Facts[path].Value, fact.Value) }) {
				continue
			}
			common[path] = fact
		}
	}
	if kind, known := holderKind(f); known {
		common["domain.holder_kind"] = filing.Fact{Value: kind, Origin: filing.Origin{Source: filing.Derived}}
	}
	if n, known := newDomains(f); known {
		common["site.domains"] = filing.Fact{Value: n, Origin: filing.Origin{Source: filing.Derived}}
	}
	return []filing.Facts{common, f.Facts}
}

// newDomains counts the domains of a filing that are in no record yet: a site
// that was filed with several keeps them. Where that is not known of all, what
// is known counts if it is more than the one domain that a site takes, or if
// all together are no more than that.
func newDomains(f *filing.Filing) (n int64, known bool) {
	fresh, all := map[string]bool{}, map[string]bool{}
	for _, d := range f.Domains {
		record, known := newScope(nil, time.Time{}, d.Facts, f.Facts).text("domain.record")
		if known && record != "none" {
			continue
		}
		all[d.Name()] = true
		if known {
			fresh[d.Name()] = true
		}
	}
	if len(fresh) > 1 {
		return int64(len(fresh)), true
	}
	return int64(len(all)), len(f.Domains) > 0 && len(all) <= 1
}
