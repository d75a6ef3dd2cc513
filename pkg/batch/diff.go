package batch

import (
	"errors"
	"os"
	"slices"
)

// Kind is a way in which a result differs from that of an earlier run.
type Kind string

// The kinds of change.
const (
	NewlyFailing  Kind = "newly-failing"  // checks of error level fail that did not
	NewlyExpiring Kind = "newly-expiring" // the check of the domain's time left is among them
	MovedAbroad   Kind = "moved-abroad"   // an address is outside the mainland where none was
	Mended        Kind = "mended"         // checks that failed pass
	Gone          Kind = "gone"           // the target is not there any more
	New           Kind = "new"            // the target was not there
)

// Kinds lists every kind, the worst first.
func Kinds() []Kind {
	return []Kind{NewlyFailing, NewlyExpiring, MovedAbroad, Mended, New, Gone}
}

// Bad reports whether a change is for the worse.
func (k Kind) Bad() bool {
	switch k {
	case NewlyFailing, NewlyExpiring, MovedAbroad:
		return true
	case Mended, Gone, New:
	}
	return false
}

// Change is one difference about one input.
type Change struct {
	Target string   `json:"target"` // the Key of the outcomes compared
	Kind   Kind     `json:"change"`
	Checks []string `json:"checks,omitempty"` // that fail now, or pass now
	Places []string `json:"places,omitempty"` // outside the mainland, for MovedAbroad
}

// expiryCheck is the check of the time that a domain has left.
const expiryCheck = "domain-validity"

// Differ compares results with those of an earlier run. What could not be found
// out, then or now, is no difference.
type Differ struct {
	// Books are the digests of the rulebooks of the earlier run, each once.
	Books []string

	before map[string]*before
	order  []string // of the keys
}

// before is what an earlier run says of a target. The ids are shared between
// targets, so that a million of them fit into memory.
type before struct {
	failed, places []string
	seen           bool
}

// OpenDiffer reads the output of an earlier run in NDJSON. Of a target that
// stands there twice the first result counts.
func OpenDiffer(path string) (*Differ, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	d := &Differ{before: map[string]*before{}}
	words := map[string]string{}
	shared := func(list []string) []string {
		out := make([]string, len(list))
		for i, s := range list {
			if _, ok := words[s]; !ok {
				words[s] = s
			}
			out[i] = words[s]
		}
		return out
	}
	err = eachLine(path, file, func(raw []byte, _ int64) error {
		o, err := ParseOutcome(raw)
		if err != nil || d.before[o.Key()] != nil {
			return err
		}
		d.Books = addKnown(d.Books, o.Rulebook)
		d.before[o.Key()] = &before{failed: shared(o.Failed), places: shared(o.Places)}
		d.order = append(d.order, o.Key())
		return nil
	})
	return d, errors.Join(err, file.Close())
}

// Compare tells what is different about a target now.
func (d *Differ) Compare(o Outcome) []Change {
	key := o.Key()
	old := d.before[key]
	if old == nil {
		return []Change{{Target: key, Kind: New, Checks: o.Failed}}
	}
	old.seen = true
	var changes []Change
	var failing, mended []string
	for _, id := range o.Failed {
		switch {
		case slices.Contains(old.failed, id):
		case id == expiryCheck:
			changes = append(changes, Change{Target: key, Kind: NewlyExpiring, Checks: []string{id}})
		default:
			failing = append(failing, id)
		}
	}
	if len(failing) > 0 {
		changes = append(changes, Change{Target: key, Kind: NewlyFailing, Checks: failing})
	}
	abroad := func(place string) bool { return place != "mainland" && place != "unknown" }
	if len(old.places) > 0 && !slices.ContainsFunc(old.places, abroad) && slices.ContainsFunc(o.Places, abroad) {
		places := slices.DeleteFunc(slices.Clone(o.Places), func(p string) bool { return !abroad(p) })
		changes = append(changes, Change{Target: key, Kind: MovedAbroad, Places: places})
	}
	for _, id := range old.failed {
		if slices.Contains(o.Passed, id) {
			mended = append(mended, id)
		}
	}
	if len(mended) > 0 {
		changes = append(changes, Change{Target: key, Kind: Mended, Checks: mended})
	}
	return changes
}

// Gone tells which targets were not compared, in the order of the earlier run.
func (d *Differ) Gone() []Change {
	var changes []Change
	for _, key := range d.order {
		if !d.before[key].seen {
			changes = append(changes, Change{Target: key, Kind: Gone})
		}
	}
	return changes
}
