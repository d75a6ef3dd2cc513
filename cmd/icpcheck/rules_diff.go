package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/rulediff"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/rules"
)

// builtinRules names the embedded rules on the command line.
const builtinRules = "builtin"

func (a *app) rulesDiff(o *options, _ *rulebook.Rulebook, lang text.Lang, args, files []string) error {
	if _, err := o.textOrJSON(); err != nil {
		return err
	}
	clock, err := o.clock(a.environment)
	if err != nil {
		return err
	}
	before, err := rulesSide(args[0])
	if err != nil {
		return err
	}
	after, err := rulesSide(args[1])
	if err != nil {
		return err
	}
	filings, err := a.filingsOfBoth(before, after, files)
	if err != nil {
		return err
	}
	outcomes, err := rulediff.Outcomes(before, after, filings, clock())
	if err != nil {
		return err
	}
	d := rulediff.Compare(before, after)
	return a.emit(o, after, map[string]any{
		"old": before.Info(), "new": after.Info(), "checks": d.Checks, "rows": d.Rows, "filings": len(filings), "outcomes": outcomes,
	}, func(l *layout) { diffText(l, before, after, d, outcomes, len(filings)) })
}

// rulesSide loads one side: the built-in rules, a whole rulebook, or an
// overlay, which means something only over the built-in rules.
func rulesSide(dir string) (*rulebook.Rulebook, error) {
	base := rulebook.Layer{FS: rules.FS, Snapshot: rules.Snapshot}
	if dir == builtinRules {
		return rulebook.Load(base)
	}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, &usageError{err: fmt.Errorf("rules diff: %s: %w", dir, reason(err)), hint: text.Text{Zh: "请给出规则目录，或 " + builtinRules, En: "give folders of rules, or " + builtinRules}}
	case !info.IsDir():
		return nil, usage("rules diff：%s：应为含 tables/ 或 checks/ 的目录", "rules diff: %s: want a folder with tables/ or checks/", dir)
	}
	layer := rulebook.Layer{Name: dir, FS: os.DirFS(dir)}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("rules diff: %s: %w", dir, reason(err))
	}
	defer root.Close()
	if _, err := root.Stat("tables/facts.yaml"); err != nil {
		return rulebook.Load(base, layer)
	}
	// A base is taken to be sound, so its files are read as a layer first.
	if _, err := rulebook.Load(layer, layer); err != nil {
		return nil, err
	}
	return rulebook.Load(layer)
}

// filingsOfBoth reads the example and the files by both rulebooks.
func (a *app) filingsOfBoth(before, after *rulebook.Rulebook, files []string) ([]rulediff.Filing, error) {
	inputs := map[string][]byte{"example": exampleFiling}
	order := []string{"example"}
	for _, file := range files {
		data, err := a.readInput(file)
		if err != nil {
			return nil, err
		}
		if _, twice := inputs[file]; !twice {
			order = append(order, file)
		}
		inputs[file] = data
	}
	var filings []rulediff.Filing
	for _, name := range order {
		old, err := filing.Decode(name, inputs[name], before)
		if err != nil {
			return nil, err
		}
		now, err := filing.Decode(name, inputs[name], after)
		if err != nil {
			return nil, err
		}
		filings = append(filings, rulediff.Filing{Before: old, After: now})
	}
	return filings, nil
}

var diffMarks = map[string]struct {
	mark string
	word text.Key
}{
	rulediff.Added: {"+", text.DiffAdded}, rulediff.Removed: {"-", text.DiffRemoved}, rulediff.Changed: {"~", text.DiffChanged},
}

func diffText(l *layout, before, after *rulebook.Rulebook, d rulediff.Diff, outcomes []rulediff.Outcome, filings int) {
	l.Line(l.Strong.Sprint(before.Version + " → " + after.Version))
	if d.Empty() {
		l.Line("  " + l.Say(text.DiffSame))
		return
	}
	for _, part := range []struct {
		title   text.Key
		entries []rulediff.Entry
	}{{text.DiffChecks, d.Checks}, {text.DiffRows, d.Rows}} {
		if len(part.entries) == 0 {
			continue
		}
		l.section(part.title)
		for _, e := range part.entries {
			id := e.ID
			if e.Table != "" {
				id = e.Table + "/" + e.ID
			}
			l.Line("  " + diffMarks[e.How].mark + " " + l.Say(diffMarks[e.How].word) + "  " + text.Clean(id))
			for _, as := range e.Aspects {
				l.Hang("      ", nil, as.Name+l.Colon()+l.orNothing(as.Old)+" → "+l.orNothing(as.New))
			}
		}
	}
	l.section(text.DiffOutcomes)
	if len(outcomes) == 0 {
		l.Line("  " + l.Say(text.DiffNoOther, strconv.Itoa(filings)))
	}
	for _, o := range outcomes {
		l.Line("  " + text.Clean(o.Filing) + l.Colon() + string(o.Old) + " → " + string(o.New))
		for _, v := range o.Verdicts {
			l.Line("      " + strings.TrimSpace(v.Check+" "+text.Clean(v.Target)) + l.Colon() + l.orNothing(v.Old) + " → " + l.orNothing(v.New))
		}
	}
}

func (l *layout) orNothing(s string) string {
	if s == "" {
		return l.Say(text.DiffNothing)
	}
	return s
}
