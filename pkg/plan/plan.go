package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// NotNeeded is the kind of a service that needs no filing.
const NotNeeded = "not-needed"

// Plan is what to file, how, and by when.
type Plan struct {
	// Kind is an id of the vocabulary "plan", or "" while facts are missing
	// whose values lead to different kinds.
	Kind    string
	Why     text.Text
	Sources []string
	// Possible are the kinds that the missing facts can lead to; Kind alone when it is decided.
	Possible []string
	// Needs are the missing facts that would decide.
	Needs []string
	// Contradictions are facts that cannot be true together. Where the kind hangs
	// on which of them is wrong there is none.
	Contradictions []Contradiction
	// Assumed are the facts that were taken for granted, with the value taken.
	Assumed []Assumption
	// Steps and Deadlines are empty while there is no kind.
	Steps     []Step
	Deadlines []Deadline
	// Notes are the rows of table process that concern the kind, and General
	// those that concern every kind or of which nobody can tell whether they
	// concern this filing; empty while there is no kind.
	Notes, General []*rulebook.Row
	// Domains tells the kinds of the domains one by one where they differ; Kind
	// is then the one that comes first in the table of plans.
	Domains []Domain
	// GuessedYears are years whose public holidays are not known, so that their
	// working days were counted Monday to Friday.
	GuessedYears []int
}

// Assumption is a fact taken for granted.
type Assumption struct {
	Path  string
	Value any
}

// Domain is the decision on one domain.
type Domain struct {
	Name  string
	Kind  string
	Why   text.Text
	Needs []string
}

// Step is one step with the days on which it can end.
type Step struct {
	Row *rulebook.Row
	// MinWorkingDays, MaxWorkingDays and Hours are what the step takes; all zero
	// where it is the applicant's own time.
	MinWorkingDays, MaxWorkingDays, Hours int
	// Earliest and Latest are the Beijing days on which the step can be through
	// when the one before it is, with the applicant losing no time.
	Earliest, Latest time.Time
}

// Deadline is a time limit or a duty.
type Deadline struct {
	Row *rulebook.Row
	// Date is the last day, or zero where the day it counts from is not known.
	Date time.Time
	// Estimated tells that Date counts from a day of the plan and not from one that is known.
	Estimated bool
}

// Make decides and plans from now on.
func Make(book *rulebook.Rulebook, f *filing.Filing, now time.Time) (*Plan, error) {
	views := []*engine.View{engine.NewView(book, f, nil, now)}
	if len(f.Domains) > 0 {
		views = nil
		for _, d := range f.Domains {
			views = append(views, engine.NewView(book, f, d, now))
		}
	}
	rows := book.Table("plans").Rows
	table := make([]engine.Choice, len(rows))
	for i, row := range rows {
		table[i] = engine.Choice{Rule: row.Rule("when"), Word: row.Text("kind")}
	}
	p := &Plan{}
	var chosen []engine.Chosen
	for i, v := range views {
		found, err := contradictions(book, v)
		if err != nil {
			return nil, err
		}
		c, err := choose(book, v, table)
		if err != nil {
			return nil, err
		}
		if c, err = doubt(book, f, i, now, table, c, found); err != nil {
			return nil, err
		}
		chosen = append(chosen, c)
		p.contradicted(f, i, found)
	}
	// What has to be settled first comes first: of several domains the row that
	// stands highest leads, and one that is undecided leaves the whole open.
	lead := 0
	for i, c := range chosen {
		if chosen[lead].Row >= 0 && (c.Row < 0 || c.Row < chosen[lead].Row) {
			lead = i
		}
	}
	differ := slices.ContainsFunc(chosen, func(c engine.Chosen) bool { return word(table, c) != word(table, chosen[0]) })
	for i, c := range chosen {
		p.Needs = append(p.Needs, c.Needs...)
		if differ {
			p.Domains = append(p.Domains, Domain{Name: f.Domains[i].Name(), Kind: word(table, c), Why: why(rows, c), Needs: c.Needs})
		}
	}
	c, v := chosen[lead], views[lead]
	slices.SortFunc(p.Needs, filing.Compare)
	p.Needs = slices.Compact(p.Needs)
	for _, i := range c.Possible {
		if kind := rows[i].Text("kind"); !slices.Contains(p.Possible, kind) {
			p.Possible = append(p.Possible, kind)
		}
	}
	for _, path := range v.Assumed() {
		if path == "kind" {
			continue // "auto" takes nothing for granted
		}
		value, _ := v.Value(path)
		p.Assumed = append(p.Assumed, Assumption{path, value})
	}
	if c.Row < 0 {
		return p, nil
	}
	row := rows[c.Row]
	p.Kind, p.Why, p.Sources = row.Text("kind"), row.Both("why"), row.Source
	for _, note := range book.Table("process").Rows {
		kinds := note.List("plans")
		if len(kinds) > 0 && !slices.Contains(kinds, p.Kind) {
			continue
		}
		concerns, err := v.Ask(note.Rule("when"))
		switch {
		case err != nil:
			return nil, fmt.Errorf("planning %s: %w", note.ID, err)
		case concerns.Known && !concerns.Holds:
		case len(kinds) == 0 || !concerns.Known:
			p.General = append(p.General, note)
		default:
			p.Notes = append(p.Notes, note)
		}
	}
	return p, p.schedule(book, row, v, now)
}

func word(table []engine.Choice, c engine.Chosen) string {
	if c.Row < 0 {
		return ""
	}
	return table[c.Row].Word
}

func why(rows []*rulebook.Row, c engine.Chosen) text.Text {
	if c.Row < 0 {
		return text.Text{}
	}
	return rows[c.Row].Both("why")
}

// assume takes for granted what table facts says may be.
func assume(book *rulebook.Rulebook, v *engine.View) {
	for _, row := range book.Table("facts").Rows {
		word := row.Text("assume")
		if word == "" {
			continue
		}
		var value any = word
		if f, ok := filing.FieldOf(row.ID); ok && f.Type == filing.Bool {
			value = word == "true"
		}
		v.Assume(row.ID, value)
	}
}

// schedule lays steps and deadlines out in time.
func (p *Plan) schedule(book *rulebook.Rulebook, plan *rulebook.Row, v *engine.View, now time.Time) error {
	days := NewWorkdays(book)
	earliest, latest := now, now
	ends := map[string]Step{}
	for _, id := range plan.List("steps") {
		row := book.Row("steps", id)
		s := Step{Row: row, MinWorkingDays: row.Int("min_working_days"), MaxWorkingDays: row.Int("max_working_days"), Hours: row.Int("hours")}
		earliest = days.Add(earliest, s.MinWorkingDays)
		latest = days.Add(latest, s.MaxWorkingDays).Add(time.Duration(s.Hours) * time.Hour)
		s.Earliest, s.Latest = earliest, latest
		p.Steps = append(p.Steps, s)
		ends[id] = s
	}
	for _, id := range plan.List("deadlines") {
		row := book.Row("deadlines", id)
		answer, err := v.Ask(row.Rule("when"))
		if err != nil {
			return fmt.Errorf("planning %s: %w", id, err)
		}
		if answer.Known && !answer.Holds {
			continue
		}
		p.Deadlines = append(p.Deadlines, p.deadline(row, v, days, ends, now))
	}
	p.GuessedYears = days.Guessed()
	return nil
}

// deadline dates a time limit from the day it counts from: a known fact, else
// the last day on which the plan has it.
func (p *Plan) deadline(row *rulebook.Row, v *engine.View, days *Workdays, ends map[string]Step, now time.Time) Deadline {
	d := Deadline{Row: row, Estimated: true}
	var from time.Time
	known := func(path string) bool {
		value, ok := v.Value(path)
		if t, isTime := value.(time.Time); ok && isTime {
			from, d.Estimated = t, false
		}
		return !d.Estimated
	}
	switch row.Text("counted_from") {
	case "real-name-verified":
		known("domain.real_name_verified_on")
	case "message", "submitted":
		from = ends["waiting-submission"].Latest
		if row.Text("counted_from") == "submitted" && !ends["sms-check"].Latest.IsZero() {
			from = ends["sms-check"].Latest
		}
	case "number":
		from = ends["bureau-review"].Latest
	case "online":
		if !known("site.online_on") {
			from = ends["bureau-review"].Latest
		}
	}
	if from.IsZero() {
		d.Estimated = false
		return d
	}
	from = calendar.AddDays(from, row.Int("days")).Add(time.Duration(row.Int("hours")) * time.Hour)
	d.Date = days.Add(from, row.Int("working_days"))
	return d
}
