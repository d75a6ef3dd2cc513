package engine

import (
	"maps"
	"slices"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// maxTries bounds the combinations a sweep tries for one demand; 31 provinces
// by 18 kinds of subject by yes and no is 1,116.
const maxTries = 4096

// sweep tries all values of the absent facts when each has few. All pass: the
// demand is met whatever the facts are. All fail: it fails. Otherwise it stays
// undetermined, and the result tells which values lead where.
func sweep(s *scope, c *rulebook.Check, p *rulebook.Part, start outcome) (outcome, []Dependence, error) {
	w := &sweeper{scope: *s, check: c, part: p, values: map[string][]any{}}
	w.scope.read = nil
	if ok, err := w.try(map[string]any{}, start.missing); err != nil || !ok {
		return start, nil, err
	}
	seen := map[verdict.Verdict]bool{}
	for _, t := range w.tries {
		seen[t.verdict] = true
	}
	switch {
	case !seen[verdict.Undetermined] && !seen[verdict.Fail]:
		// A demand that is met or does not apply, whatever the facts are.
		v := verdict.NotApplicable
		if seen[verdict.Pass] {
			v = verdict.Pass
		}
		return outcome{verdict: v}, nil, nil
	case len(seen) == 1 && seen[verdict.Fail]:
		return outcome{verdict: verdict.Fail}, nil, nil
	}
	end := outcome{verdict: verdict.Undetermined}
	var depends []Dependence
	for _, path := range slices.SortedFunc(maps.Keys(w.values), filing.Compare) {
		d, matters := w.dependence(path)
		if !matters {
			continue
		}
		end.missing = append(end.missing, path)
		depends = append(depends, d)
	}
	for _, t := range w.tries {
		end.missing = append(end.missing, t.missing...)
	}
	slices.SortFunc(end.missing, filing.Compare)
	end.missing = slices.Compact(end.missing)
	for i := range depends {
		w.explain(&depends[i])
	}
	return end, depends, nil
}

type attempt struct {
	assumed map[string]any
	outcome
}

type sweeper struct {
	scope  scope
	check  *rulebook.Check
	part   *rulebook.Part
	values map[string][]any // the values tried for each absent fact
	tries  []attempt
}

// try assigns the first missing fact each of its values and goes on with what
// is missing then. It returns false when a fact has too many values to try, or
// the combinations are too many.
func (w *sweeper) try(assumed map[string]any, missing []string) (bool, error) {
	var lists [][]any
	for _, path := range missing {
		provider, _ := assumed["provider"].(string)
		if provider == "" {
			provider = w.scope.provider()
		}
		values := w.scope.book.FewValues(path, provider)
		if len(values) == 0 { // none known, such as the products of some providers, proves nothing
			if len(assumed) == 0 {
				return false, nil // undecided from the start: nothing to sweep
			}
			w.tries = append(w.tries, attempt{maps.Clone(assumed), outcome{verdict.Undetermined, missing}})
			return len(w.tries) <= maxTries, nil
		}
		lists = append(lists, values)
	}
	path := missing[0]
	w.values[path] = mergeValues(w.values[path], lists[0])
	for _, v := range lists[0] {
		assumed[path] = v
		w.scope.assumed = assumed
		o, err := decide(&w.scope, w.check, w.part)
		if err != nil {
			return false, err
		}
		if o.verdict == verdict.Undetermined {
			if ok, err := w.try(assumed, o.missing); !ok || err != nil {
				return ok, err
			}
		} else {
			w.tries = append(w.tries, attempt{maps.Clone(assumed), o})
		}
		if len(w.tries) > maxTries {
			return false, nil
		}
	}
	delete(assumed, path)
	return true, nil
}

func mergeValues(have, add []any) []any {
	for _, v := range add {
		if !slices.Contains(have, v) {
			have = append(have, v)
		}
	}
	return have
}

// dependence sorts the values of a fact by where they lead. A fact matters
// when two of its values do not lead to the same.
func (w *sweeper) dependence(path string) (Dependence, bool) {
	d := Dependence{Path: path}
	signatures := map[any]map[verdict.Verdict]bool{}
	for _, t := range w.tries {
		word := t.verdict
		if word == verdict.NotApplicable {
			word = verdict.Pass // does not apply: nothing refuses the filing
		}
		// A try that came to its end without the fact holds for each of its values.
		values := w.values[path]
		if v, ok := t.assumed[path]; ok {
			values = []any{v}
		}
		for _, v := range values {
			if signatures[v] == nil {
				signatures[v] = map[verdict.Verdict]bool{}
			}
			signatures[v][word] = true
		}
	}
	for _, v := range w.values[path] {
		sig := signatures[v]
		switch {
		case len(sig) == 1 && sig[verdict.Pass]:
			d.Pass = append(d.Pass, v)
		case len(sig) == 1 && sig[verdict.Fail]:
			d.Fail = append(d.Fail, v)
		default:
			d.Open = append(d.Open, v)
		}
	}
	matters := len(d.Pass) > 0 && len(d.Fail)+len(d.Open) > 0 || len(d.Fail) > 0 && len(d.Open) > 0 || len(w.values) == 1
	if !matters {
		matters = w.mattersWithin(path)
	}
	return d, matters
}

// mattersWithin finds two tries that differ in nothing but this fact and lead
// to different verdicts.
func (w *sweeper) mattersWithin(path string) bool {
	seen := map[string]verdict.Verdict{}
	for _, t := range w.tries {
		if _, ok := t.assumed[path]; !ok {
			continue
		}
		key := ""
		for _, p := range slices.Sorted(maps.Keys(t.assumed)) {
			if p != path {
				key += p + "=" + label(t.assumed[p]) + ";"
			}
		}
		if v, ok := seen[key]; ok && v != t.verdict {
			return true
		}
		seen[key] = t.verdict
	}
	return false
}

// explain renders the fail message for the first value that fails.
func (w *sweeper) explain(d *Dependence) {
	if len(d.Fail) == 0 {
		return
	}
	for _, t := range w.tries {
		if t.verdict == verdict.Fail && t.assumed[d.Path] == d.Fail[0] {
			s := w.scope
			s.assumed = t.assumed
			failing := []partResult{{part: w.part, outcome: t.outcome}}
			d.FailMessage = message(&s, w.check, failing, failedParts(failing))
			return
		}
	}
}

// mergeDependences joins what the demands of a check say about the same fact:
// a value that fails one of them fails the check.
func mergeDependences(have, add []Dependence) []Dependence {
	for _, d := range add {
		i := slices.IndexFunc(have, func(h Dependence) bool { return h.Path == d.Path })
		if i < 0 {
			have = append(have, d)
			continue
		}
		h := &have[i]
		merged := Dependence{Path: d.Path, FailMessage: h.FailMessage}
		if merged.FailMessage.Empty() {
			merged.FailMessage = d.FailMessage
		}
		for _, v := range mergeValues(slices.Concat(h.Pass, h.Fail, h.Open), slices.Concat(d.Pass, d.Fail, d.Open)) {
			switch {
			case slices.Contains(h.Fail, v) || slices.Contains(d.Fail, v):
				merged.Fail = append(merged.Fail, v)
			case slices.Contains(h.Open, v) || slices.Contains(d.Open, v):
				merged.Open = append(merged.Open, v)
			default:
				merged.Pass = append(merged.Pass, v)
			}
		}
		*h = merged
	}
	return have
}

// leaveOpen takes back what would pass where another demand, which the fact was
// not tried with, stays undecided with the value.
func leaveOpen(s *scope, c *rulebook.Check, depends []Dependence, deciding []partResult) {
	probe := *s
	probe.read = nil
	for i := range depends {
		d := &depends[i]
		for _, pr := range deciding {
			if slices.ContainsFunc(pr.depends, func(p Dependence) bool { return p.Path == d.Path }) {
				continue
			}
			var pass []any
			for _, v := range d.Pass {
				probe.assumed = map[string]any{d.Path: v}
				o, err := decide(&probe, c, pr.part)
				if err == nil && (o.verdict == verdict.Pass || o.verdict == verdict.NotApplicable) {
					pass = append(pass, v)
				} else {
					d.Open = append(d.Open, v)
				}
			}
			d.Pass = pass
		}
	}
}
