package rulebook

import (
	"fmt"
	"slices"

	"github.com/icpcheck/icpcheck/pkg/verdict"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// readByCommands are tables that commands read though no rule does.
var readByCommands = map[string]bool{
	"facts": true, "sources": true, "words": true, "providers": true, "materials": true, "content": true,
	"lookup-servers": true, "requirements": true, "plans": true, "steps": true, "deadlines": true, "holidays": true, "other-products": true, "rejections": true,
	"block-pages": true, "conclusions": true,
	"networks": true, // make geodata
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

// unread finds tables that nothing reads.
func (b *Rulebook) unread() (problems yamlfile.Problems) {
	read := map[string]bool{}
	for _, j := range joins {
		for _, id := range j.Tables {
			read[id] = true
		}
	}
	for _, id := range b.TableIDs() {
		if !read[id] && !readByCommands[id] {
			problems = append(problems, yamlfile.Problem{Position: yamlfile.Position{File: "tables/" + id + ".yaml"}, Message: fmt.Sprintf("no check or command reads table %q", id)})
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
