package rulebook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/verdict"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// anyRow is for tables of which every row is read by its id or in turn.
func anyRow(*Rulebook, *Row) bool { return true }

// readByCommands tells which rows of a table commands read, beside those that
// rules reach. A table that nothing reads is not here.
var readByCommands = map[string]func(*Rulebook, *Row) bool{
	"facts":   (*Rulebook).namesFact,
	"sources": anyRow, // those that nothing cites are found by unusedSources
	"words":   (*Rulebook).inVocabulary,
	"cities":  (*Rulebook).isProvince,
	// A filing names these.
	"providers": anyRow, "provinces": anyRow, "subject-types": anyRow, "certificates": anyRow, "materials": anyRow, "content": anyRow,
	"server-types": (*Rulebook).ofProvider, "regions": (*Rulebook).ofProvider, "other-products": (*Rulebook).ofProvider,
	"lookup-servers": anyRow, "rejections": anyRow, "block-pages": anyRow, "conclusions": anyRow, "holidays": anyRow, "cdns": anyRow, "vantages": anyRow, "cloud-records": anyRow,
	"networks": anyRow, // make geodata
	// plan and materials
	"plans": anyRow, "contradictions": anyRow, "requirements": anyRow, "process": anyRow,
	"steps": (*Rulebook).referred, "deadlines": (*Rulebook).referred,
	"naming": func(_ *Rulebook, r *Row) bool { return r.Text("check") == "by-eye" }, // explain
}

// namesFact reports whether a row of table facts is about a fact there is.
func (b *Rulebook) namesFact(r *Row) bool {
	_, isField := filing.FieldOf(r.ID)
	_, isReadable := b.Readable(r.ID)
	return isField || isReadable
}

// inVocabulary reports whether a row LIST/ID of table words is in a list that
// facts take their values from; plan gives the kinds of filing that a plan ends in.
func (b *Rulebook) inVocabulary(r *Row) bool {
	list, _, _ := strings.Cut(r.ID, "/")
	return list == "plan" || slices.ContainsFunc(filing.Fields(), func(f filing.Field) bool { return f.Vocabulary == list })
}

// isProvince reports whether a row has the id of a province.
func (b *Rulebook) isProvince(r *Row) bool { return b.Row("provinces", r.ID) != nil }

// ofProvider reports whether a row PROVIDER/ID belongs to a provider there is.
func (b *Rulebook) ofProvider(r *Row) bool {
	provider, _, _ := strings.Cut(r.ID, "/")
	return b.Row("providers", provider) != nil
}

// referred reports whether another table refers to the row.
func (b *Rulebook) referred(r *Row) bool {
	for _, id := range b.TableIDs() {
		for _, c := range b.Columns(id) {
			if c.Ref != r.Table {
				continue
			}
			for _, row := range b.Table(id).Rows {
				if row.Text(c.Name) == r.ID || slices.Contains(row.List(c.Name), r.ID) {
					return true
				}
			}
		}
	}
	return false
}

// Lint finds mistakes that loading lets pass, since they do not make a rule
// wrong: expressions that do not compile, references that lead nowhere, checks
// without remedy, source, date or enough tests, and sources nobody cites.
func (b *Rulebook) Lint() yamlfile.Problems {
	b.Checks()
	problems := b.Compile()
	problems = append(problems, b.refs()...)
	for _, c := range b.checks {
		problems = append(problems, c.lint()...)
	}
	problems = append(problems, b.unsourced()...)
	problems = append(problems, b.macros()...)
	problems = append(problems, b.comparisons()...)
	problems = append(problems, b.ordered()...)
	problems = append(problems, b.unread()...)
	problems = append(problems, b.unusedSources()...)
	return problems
}

func (c *Check) lint() (problems yamlfile.Problems) {
	add := func(format string, args ...any) {
		problems = append(problems, yamlfile.Problem{Position: c.Position, Message: fmt.Sprintf("check %q: ", c.ID) + fmt.Sprintf(format, args...)})
	}
	if len(c.Remedy) == 0 {
		add("no remedy")
	}
	if len(c.Source) == 0 {
		add("no source")
	}
	if c.Verified == "" {
		add("no verified: the day a person last compared it with its sources")
	}
	for _, v := range []verdict.Verdict{verdict.Pass, verdict.Fail} {
		for _, p := range c.Parts {
			if len(c.Message[v]) == 0 && len(p.Message[v]) == 0 {
				add("no message for %s", v)
				break
			}
		}
	}
	have := map[verdict.Verdict]bool{}
	for _, t := range c.Tests() {
		have[t.Expect] = true
	}
	wanted := []verdict.Verdict{verdict.Pass, verdict.Fail, verdict.Undetermined}
	if c.AbsentNotApplicable {
		wanted[2] = verdict.NotApplicable // its absence is never undetermined
	}
	for _, v := range wanted {
		if !have[v] {
			add("no test expects %s", v)
		}
	}
	return problems
}

// unread finds tables and rows that nothing reads.
func (b *Rulebook) unread() (problems yamlfile.Problems) {
	for _, id := range b.TableIDs() {
		var readers []func(*Row) bool
		if slices.ContainsFunc(joins, func(j Join) bool { return slices.Contains(j.Tables, id) }) && readByCommands[id] == nil {
			readers = append(readers, func(*Row) bool { return true })
		}
		if read := readByCommands[id]; read != nil {
			readers = append(readers, func(r *Row) bool { return read(b, r) })
		}
		for _, c := range b.checks {
			if from := c.partsFrom; from != nil && from.table == id {
				readers = append(readers, func(r *Row) bool { return r.Text(from.column) == from.value })
			}
		}
		if readers == nil {
			problems = append(problems, yamlfile.Problem{Position: yamlfile.Position{File: "tables/" + id + ".yaml"}, Message: fmt.Sprintf("no check or command reads table %q", id)})
			continue
		}
		for _, r := range b.Table(id).Rows {
			if !slices.ContainsFunc(readers, func(read func(*Row) bool) bool { return read(r) }) {
				problems = append(problems, yamlfile.Problem{Position: r.Position, Message: fmt.Sprintf("no check or command reads row %q of table %q", r.ID, id)})
			}
		}
	}
	return problems
}

// unsourced finds rows without a source or the day they were compared with it.
func (b *Rulebook) unsourced() (problems yamlfile.Problems) {
	for _, id := range b.TableIDs() {
		if id == "sources" || id == "facts" {
			continue // what they hold is ours
		}
		for _, r := range b.Table(id).Rows {
			if len(r.AllSources()) == 0 {
				problems = append(problems, yamlfile.Problem{Position: r.Position, Message: fmt.Sprintf("row %q of table %q: no source", r.ID, id)})
			}
			if r.Verified == "" {
				problems = append(problems, yamlfile.Problem{Position: r.Position, Message: fmt.Sprintf("row %q of table %q: no verified: the day a person last compared it with its sources", r.ID, id)})
			}
		}
	}
	return problems
}

// macros finds rules that go through a list of facts element by element. A list
// of which one element is unknown is unknown as a whole, so what a macro seems
// to decide for each element it never decides; has_name, any_of and all_of
// compare lists. Lists in tables are known, or no row is.
func (b *Rulebook) macros() (problems yamlfile.Problems) {
	for _, e := range b.exprs() {
		if list := e.macroOver(b); list != "" {
			problems = append(problems, e.problem("rule %q goes through the list of facts %s; use any_of, all_of or has_name", e.Source, list))
		}
	}
	return problems
}

// unusedSources finds sources that no check, row or value cites.
func (b *Rulebook) unusedSources() (problems yamlfile.Problems) {
	used := map[string]bool{}
	cite := func(ids []string) {
		for _, id := range ids {
			used[id] = true
		}
	}
	for _, c := range b.checks {
		cite(c.Source)
		for _, p := range c.Parts {
			cite(p.Source)
		}
	}
	for _, id := range b.TableIDs() {
		for _, r := range b.Table(id).Rows {
			cite(r.AllSources())
		}
	}
	for _, r := range b.Table("sources").Rows {
		if !used[r.ID] {
			problems = append(problems, yamlfile.Problem{Position: r.Position, Message: fmt.Sprintf("source %q is cited nowhere", r.ID)})
		}
	}
	return problems
}

// AllSources lists, sorted and each once, the sources of a row and of all its
// values, those not chosen included.
func (r *Row) AllSources() []string {
	var all []string
	cite := func(ids []string) { all = append(all, ids...) }
	cite(r.Source)
	for _, cell := range r.Cells {
		cite(cell.Source)
		citeAny(cell.Value, cite)
		for _, o := range cell.Other {
			cite(o.Source)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// citeAny finds source lists inside structured values.
func citeAny(v any, cite func([]string)) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			citeAny(item, cite)
		}
	case map[string]any:
		for key, item := range v {
			list, ok := item.([]any)
			if key != "source" || !ok {
				citeAny(item, cite)
				continue
			}
			for _, id := range list {
				if s, ok := id.(string); ok {
					cite([]string{s})
				}
			}
		}
	}
}
