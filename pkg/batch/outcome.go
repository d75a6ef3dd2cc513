package batch

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// Outcome is what a line of a batch's output says in short.
type Outcome struct {
	Line    int
	Input   string // personal numbers masked, as in the output
	Target  string // empty where the line could not be checked
	Verdict verdict.Overall
	Error   string // why the line could not be checked
	// Failed, Warned, Passed and Open are ids of checks, each once: failed ones of
	// error level and below it, passed ones, and undetermined ones of error level.
	// A check that fails for one of several domains has failed.
	Failed, Warned, Passed, Open []string
	// Accepted are ids of checks that fail or are undetermined and that the filing
	// accepts for now; they stand in none of the other lists.
	Accepted []string
	// Missed are the kinds of failure of the look-ups, each once.
	Missed []failure.Kind
	// Expires is the first day on which a domain expires, as in the output.
	Expires string
	// Rulebook is the digest of the rules; empty where none were applied.
	Rulebook string
	// Options are those that the line was made with, as JSON; empty like Rulebook.
	Options string
	// Domains are the names of the domains, sorted.
	Domains []string
	// Places are where the addresses of domains and server are, each once.
	Places []string
}

// line is the part of a line of output that an outcome needs.
type line struct {
	Line    int                        `json:"line"`
	Input   string                     `json:"input"`
	Target  string                     `json:"target"`
	Verdict verdict.Overall            `json:"verdict"`
	Error   string                     `json:"error"`
	Book    book                       `json:"rulebook"`
	Options json.RawMessage            `json:"options"`
	Facts   map[string]json.RawMessage `json:"facts"`
	Checks  []struct {
		ID       string           `json:"id"`
		Severity verdict.Severity `json:"severity"`
		Verdict  verdict.Verdict  `json:"verdict"`
		Accepted json.RawMessage  `json:"accepted"`
	} `json:"checks"`
	Missed []struct {
		Kind failure.Kind `json:"kind"`
	} `json:"missed"`
}

// book is what a line says of the rules.
type book struct {
	Digest string `json:"digest"`
}

var errNoOutcome = text.Errorf("不是批量检查的输出", "not a line of batch output")

// ParseOutcome reads a line of NDJSON that a batch has written.
func ParseOutcome(raw []byte) (Outcome, error) {
	var l line
	if err := json.Unmarshal(raw, &l); err != nil || l.Line < 1 || l.Verdict == "" {
		return Outcome{}, errNoOutcome
	}
	o := Outcome{Line: l.Line, Input: l.Input, Target: l.Target, Verdict: l.Verdict, Error: l.Error, Rulebook: l.Book.Digest, Options: madeWith(l.Book, l.Options)}
	for _, c := range l.Checks {
		switch {
		case len(c.Accepted) > 0:
			o.Accepted = add(o.Accepted, c.ID)
		case c.Verdict == verdict.Fail && c.Severity == verdict.Error:
			o.Failed = add(o.Failed, c.ID)
		case c.Verdict == verdict.Fail:
			o.Warned = add(o.Warned, c.ID)
		case c.Verdict == verdict.Undetermined && c.Severity == verdict.Error:
			o.Open = add(o.Open, c.ID)
		case c.Verdict == verdict.Pass:
			o.Passed = add(o.Passed, c.ID)
		}
	}
	o.Passed = slices.DeleteFunc(o.Passed, func(id string) bool {
		return slices.Contains(o.Failed, id) || slices.Contains(o.Warned, id) || slices.Contains(o.Open, id) || slices.Contains(o.Accepted, id)
	})
	for _, m := range l.Missed {
		o.Missed = add(o.Missed, m.Kind)
	}
	for path, raw := range l.Facts {
		// With several domains the paths begin with domains[N]. and not with domain.
		noun, field, _ := strings.Cut(path, ".")
		switch field {
		case "name":
			var f struct {
				Value string `json:"value"`
			}
			if strings.HasPrefix(noun, "domain") && json.Unmarshal(raw, &f) == nil {
				o.Domains = add(o.Domains, f.Value)
			}
		case "expires_at":
			var f struct {
				Value string `json:"value"`
			}
			if json.Unmarshal(raw, &f) == nil && f.Value != "" && (o.Expires == "" || f.Value < o.Expires) {
				o.Expires = f.Value
			}
		case "places":
			var f struct {
				Value []string `json:"value"`
			}
			if json.Unmarshal(raw, &f) == nil {
				for _, place := range f.Value {
					o.Places = add(o.Places, place)
				}
			}
		}
	}
	slices.Sort(o.Domains)
	slices.Sort(o.Places)
	return o, nil
}

func add[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// Key names what a line is about, so that a later run's line about the same can
// be compared: its target, the domains of a filing without a name of its own, or
// the line itself where it could not be checked.
func (o Outcome) Key() string {
	switch {
	case o.Target == "":
		return o.Input
	case strings.HasPrefix(o.Target, "line ") && len(o.Domains) > 0:
		return strings.Join(o.Domains, " ")
	case strings.HasPrefix(o.Target, "line "):
		return o.Input
	}
	return o.Target
}

// Unasked reports whether a look-up gave nothing though it was tried, so that
// asking again may help.
func (o Outcome) Unasked() bool {
	return slices.ContainsFunc(o.Missed, func(k failure.Kind) bool { return k.Trouble() && k != failure.Unsupported })
}
