package filing

import (
	"maps"
	"slices"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// Source says what kind of place a fact comes from.
type Source string

// The sources. Rulebook marks values that rules look up in a table.
const (
	FromRDAP     Source = "rdap"
	FromWHOIS    Source = "whois"
	FromDNS      Source = "dns"
	FromFile     Source = "file"
	FromFlag     Source = "flag"
	FromAPI      Source = "api"
	FromPage     Source = "page"
	FromPlan     Source = "plan"
	FromName     Source = "name" // read off the name itself
	FromGeo      Source = "geo"  // looked up in an address table
	FromRulebook Source = "rulebook"
	Derived      Source = "derived" // concluded from other facts
	Assumed      Source = "assumed" // taken for granted by a command that says so
)

// Origin is where a fact comes from and when it was observed.
type Origin struct {
	Source Source
	// Server is the host that said so, or the table row for FromRulebook.
	Server string
	// At is when a live source answered; zero otherwise.
	At time.Time
	// Position is the place in the filing file for FromFile.
	yamlfile.Position
}

// Fact is a value with its origin. Value has the Go type that its Type names.
type Fact struct {
	Value  any
	Origin Origin
}

// Facts maps paths to facts. An absent path is an unknown fact.
type Facts map[string]Fact

// Clone copies the map.
func (f Facts) Clone() Facts { return maps.Clone(f) }

// Paths lists the known paths in the order of Fields.
func (f Facts) Paths() []string { return slices.SortedFunc(maps.Keys(f), Compare) }

// Text returns a text fact, or "" and false when it is absent.
func (f Facts) Text(path string) (string, bool) {
	s, ok := f[path].Value.(string)
	return s, ok
}

// List returns a list fact, or nil and false when it is absent.
func (f Facts) List(path string) ([]string, bool) {
	s, ok := f[path].Value.([]string)
	return s, ok
}

// Conflict is a fact on which two sources disagree; the live one was kept.
type Conflict struct {
	Path          string
	Kept, Dropped Fact
}

// Missed is a fact that a look-up should have given but did not.
type Missed struct {
	Failure *failure.Failure
	// Paths are the facts the look-up would have given.
	Paths []string
}

// Domain is what is known about one domain.
type Domain struct {
	Facts     Facts
	Conflicts []Conflict
	Missed    []Missed
	// Views are what visitors elsewhere are told to go to; nil where nobody asked.
	Views []View
}

// View is what the visitors of one network are told about a name.
type View struct {
	// ID and Name are those of the network, Subnet is the network itself.
	ID     string
	Name   text.Text
	Subnet string
	// Mainland tells that the network is in the mainland.
	Mainland bool
	// Addresses are where they are sent; nil where that is not known.
	Addresses []Located
	Aliases   []string
	// Steered tells that the answer depends on the network. Where it does not,
	// it need not be the one that these visitors get.
	Steered bool
	// Failure tells why nothing is known, or not all: IPv4 and IPv6 are asked apart.
	Failure *failure.Failure
}

// Located is an address with its place and, where known, the id of the access
// provider whose network it is in. Own tells that the answer which gave it
// depends on the visitor's network.
type Located struct {
	Address, Place, Provider string
	Own                      bool
}

// Told reports whether it is known of every address that it is what these
// visitors get, and that they get no other.
func (v *View) Told() bool {
	return v.Failure == nil && len(v.Addresses) > 0 && !slices.ContainsFunc(v.Addresses, func(a Located) bool { return !a.Own })
}

// Name returns the domain's name.
func (d *Domain) Name() string {
	s, _ := d.Facts.Text("domain.name")
	return s
}

// Host returns the name that is visited: the domain's, or one below it.
func (d *Domain) Host() string {
	if s, ok := d.Facts.Text("domain.host"); ok {
		return s
	}
	return d.Name()
}

// Learn adds a fact that a live source or a cloud's file gives. It replaces what
// the filing file said, and keeps the difference as a Conflict; a value from
// --set stays.
func (d *Domain) Learn(path string, value any, origin Origin) {
	learn(d.Facts, &d.Conflicts, path, value, origin)
}

// Learn is Domain.Learn for a fact about the filing as a whole.
func (f *Filing) Learn(path string, value any, origin Origin) {
	learn(f.Facts, &f.Conflicts, path, value, origin)
}

func learn(facts Facts, conflicts *[]Conflict, path string, value any, origin Origin) {
	old, known := facts[path]
	if known && old.Origin.Source == FromFlag {
		return
	}
	fresh := Fact{Value: value, Origin: origin}
	if known && !same(old.Value, value) {
		*conflicts = append(*conflicts, Conflict{Path: path, Kept: fresh, Dropped: old})
	}
	facts[path] = fresh
}

// same reports whether two sources say the same: names are written in many ways,
// times are compared by their day, lists have no order.
func same(a, b any) bool {
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return ok && text.Fold(a) == text.Fold(b)
	case time.Time:
		b, ok := b.(time.Time)
		return ok && calendar.DaysBetween(a, b) == 0
	case []string:
		b, ok := b.([]string)
		return ok && slices.Equal(folded(a), folded(b))
	}
	return a == b
}

func folded(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = text.Fold(s)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Page is what is known about one page of a live site.
type Page struct {
	Facts  Facts
	Missed []Missed
}

// URL returns the page's address.
func (p *Page) URL() string {
	s, _ := p.Facts.Text("page.url")
	return s
}

// Filing is one filing: the facts about it as a whole, its domains, and the
// pages that were looked at.
type Filing struct {
	// Name is how the filing is called in reports: the file's name, or the domain's.
	Name string
	// Facts are all facts but those about a domain or a page.
	Facts     Facts
	Conflicts []Conflict
	Domains   []*Domain
	Pages     []*Page
	// Accepted are the waivers, at most one for a check.
	Accepted []Waiver
}

// Scope returns the facts a rule sees: those of the filing and, where d is not
// nil, those of that domain.
func (f *Filing) Scope(d *Domain) Facts {
	scope := f.Facts.Clone()
	if d != nil {
		maps.Copy(scope, d.Facts)
	}
	return scope
}
