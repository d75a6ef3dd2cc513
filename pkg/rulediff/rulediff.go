package rulediff

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// How an entry differs.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
)

// Diff is what differs between two rulebooks.
type Diff struct {
	Checks []Entry `json:"checks"`
	Rows   []Entry `json:"rows"`
}

// Entry is a check or a row that differs.
type Entry struct {
	// Table is the row's table; empty for a check.
	Table string `json:"table,omitempty"`
	ID    string `json:"id"`
	How   string `json:"how"`
	// Aspects are what was changed, in order of their names; none for an entry added or removed.
	Aspects []Aspect `json:"aspects"`
}

// Aspect is one value of an entry, as text; "" where the side does not have it.
type Aspect struct {
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Empty reports whether nothing differs.
func (d Diff) Empty() bool { return len(d.Checks)+len(d.Rows) == 0 }

// Compare compares two rulebooks: checks in the order of the new one, with
// removed ones last, and rows by table.
func Compare(before, after *rulebook.Rulebook) Diff {
	d := Diff{Checks: []Entry{}, Rows: []Entry{}}
	var ids []string
	old, now := map[string]map[string]string{}, map[string]map[string]string{}
	for _, c := range after.Checks() {
		ids = append(ids, c.ID)
		now[c.ID] = check(c)
	}
	for _, c := range before.Checks() {
		if now[c.ID] == nil {
			ids = append(ids, c.ID)
		}
		old[c.ID] = check(c)
	}
	d.Checks = append(d.Checks, entries("", ids, old, now)...)

	tables := slices.Concat(after.TableIDs(), before.TableIDs())
	slices.Sort(tables)
	for _, id := range slices.Compact(tables) {
		ids, old, now = nil, map[string]map[string]string{}, map[string]map[string]string{}
		if t := after.Table(id); t != nil {
			for _, row := range t.Rows {
				ids = append(ids, row.ID)
				now[row.ID] = cells(t, row)
			}
		}
		if t := before.Table(id); t != nil {
			for _, row := range t.Rows {
				if now[row.ID] == nil {
					ids = append(ids, row.ID)
				}
				old[row.ID] = cells(t, row)
			}
		}
		d.Rows = append(d.Rows, entries(id, ids, old, now)...)
	}
	return d
}

func entries(table string, ids []string, old, now map[string]map[string]string) (list []Entry) {
	for _, id := range ids {
		e := Entry{Table: table, ID: id, How: Changed, Aspects: []Aspect{}}
		switch {
		case old[id] == nil:
			e.How = Added
		case now[id] == nil:
			e.How = Removed
		default:
			names := slices.Concat(slices.Collect(maps.Keys(old[id])), slices.Collect(maps.Keys(now[id])))
			slices.Sort(names)
			for _, name := range slices.Compact(names) {
				if old[id][name] != now[id][name] {
					e.Aspects = append(e.Aspects, Aspect{name, old[id][name], now[id][name]})
				}
			}
			if len(e.Aspects) == 0 {
				continue
			}
		}
		list = append(list, e)
	}
	return list
}

// check gives the aspects of a check as text; where it stands in its file is none.
func check(c *rulebook.Check) map[string]string {
	m := map[string]string{
		"title": both(c.Title), "severity": string(c.Severity), "target": string(c.Target), "verified": c.Verified,
		"source": strings.Join(c.Source, ", "),
	}
	set := func(name, value string) {
		if value != "" {
			m[name] = value
		}
	}
	set("when", c.When.String())
	set("note", c.Note)
	if c.AbsentNotApplicable {
		m["absent"] = string(verdict.NotApplicable)
	}
	if !c.From.IsZero() || !c.Until.IsZero() {
		m["effective"] = day(c.From) + " – " + day(c.Until)
	}
	messages(m, "", c.Message, c.Remedy)
	for _, p := range c.Parts {
		prefix := ""
		if p.ID != "" {
			prefix = p.ID + "."
			set(prefix+"title", both(p.Title))
			set(prefix+"severity", string(p.Severity))
			set(prefix+"source", strings.Join(p.Source, ", "))
			set(prefix+"when", p.When.String())
		}
		set(prefix+"pass", p.Pass.String())
		set(prefix+"fail_when", p.FailWhen.String())
		if p.ID != "" {
			messages(m, prefix, p.Message, p.Remedy)
		}
	}
	return m
}

func messages(m map[string]string, prefix string, all rulebook.Messages, remedy []rulebook.Case) {
	for v, cases := range all {
		m[prefix+"message."+string(v)] = sentences(cases)
	}
	if len(remedy) > 0 {
		m[prefix+"remedy"] = sentences(remedy)
	}
}

func sentences(cases []rulebook.Case) string {
	var lines []string
	for _, c := range cases {
		line := rulebook.Written(c.Text.Zh, "") + " / " + rulebook.Written(c.Text.En, "")
		if c.When != nil {
			line = "[" + c.When.String() + "] " + line
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return calendar.Date(t)
}

func both(t text.Text) string {
	if t.Zh == t.En {
		return t.Zh
	}
	return t.Zh + " / " + t.En
}

// cells gives the values of a row as text.
func cells(t *rulebook.Table, row *rulebook.Row) map[string]string {
	m := map[string]string{"name": both(row.Name), "source": strings.Join(row.Source, ", ")}
	set := func(name, value string) {
		if value != "" {
			m[name] = value
		}
	}
	set("also", strings.Join(row.Also, ", "))
	set("verified", row.Verified)
	set("confidence", row.Confidence)
	set("note", row.Note)
	for _, c := range t.Columns {
		cell, ok := row.Cells[c.Name]
		if !ok {
			continue
		}
		m[c.Name] = plain(cell.Value)
		set(c.Name+".source", strings.Join(cell.Source, ", "))
		set(c.Name+".note", cell.Note)
		set(c.Name+".confidence", cell.Confidence)
		if len(cell.Other) > 0 {
			m[c.Name+".other"] = plain(cell.Other)
		}
	}
	return m
}

func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []string:
		return strings.Join(v, ", ")
	case text.Text:
		return both(v)
	case time.Time:
		return calendar.Date(v)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}

// Outcome is a filing that ends differently, or in one check of it does.
type Outcome struct {
	Filing   string          `json:"filing"`
	Old      verdict.Overall `json:"old"`
	New      verdict.Overall `json:"new"`
	Verdicts []Verdict       `json:"verdicts"`
}

// Verdict is a check that ends differently; "" where the rulebook has no such check.
type Verdict struct {
	Check  string `json:"check"`
	Target string `json:"target,omitempty"`
	Old    string `json:"old"`
	New    string `json:"new"`
}

// Filing is one filing as each of the rulebooks reads it.
type Filing struct {
	Before, After *filing.Filing
}

// Outcomes evaluates filings by both rulebooks and returns those that differ.
func Outcomes(before, after *rulebook.Rulebook, filings []Filing, now time.Time) ([]Outcome, error) {
	outcomes := []Outcome{}
	for _, f := range filings {
		a := engine.Evaluate(before, f.Before, engine.Options{Now: now})
		b := engine.Evaluate(after, f.After, engine.Options{Now: now})
		if err := errors.Join(engine.Broken(a), engine.Broken(b)); err != nil {
			return nil, err
		}
		o := Outcome{Filing: f.After.Name, Verdicts: []Verdict{}}
		o.Old, _ = engine.Overall(a)
		o.New, _ = engine.Overall(b)
		old, now := ended(a), ended(b)
		for _, key := range order(a, b) {
			if old[key] != now[key] {
				check, target, _ := strings.Cut(key, " ")
				o.Verdicts = append(o.Verdicts, Verdict{check, target, old[key], now[key]})
			}
		}
		if o.Old != o.New || len(o.Verdicts) > 0 {
			outcomes = append(outcomes, o)
		}
	}
	return outcomes, nil
}

// ended maps a check and its target to how it ended; a failed check below
// error level is told by its severity, since that is what decides.
func ended(results []engine.Result) map[string]string {
	m := map[string]string{}
	for i := range results {
		r := &results[i]
		word := string(r.Verdict)
		if r.Verdict == verdict.Fail && r.Severity != verdict.Error {
			word = string(r.Severity)
		}
		m[keyOf(r)] = word
	}
	return m
}

func keyOf(r *engine.Result) string {
	return strings.TrimSpace(r.Check.ID + " " + r.Domain)
}

func order(a, b []engine.Result) (keys []string) {
	for _, results := range [][]engine.Result{b, a} {
		for i := range results {
			if key := keyOf(&results[i]); !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}
