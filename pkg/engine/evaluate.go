package engine

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"cel.dev/cel-go/common/types"

	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// Result is how one check ended for one target.
type Result struct {
	Check *rulebook.Check
	*Conclusion
	// Domain is the domain's name where the check is evaluated per domain.
	Domain string
	// Page is the page's address where the check is evaluated per page.
	Page string
	// Evidence are the facts that were read, in the order of filing.Compare.
	Evidence []Evidence
	// Needs are the absent facts that would decide an undetermined check.
	Needs []Need
	// Waiver is what the filing says to accept a check that failed or is
	// undetermined; nil where it says nothing, and where there is nothing to accept.
	Waiver *filing.Waiver
	// Accepted is true while the waiver is in force: the verdict stays what it
	// is, and does not count.
	Accepted bool
}

// Conclusion is what a check makes of facts: all of a result but what tells one
// target with these facts from another. It may belong to several results, and
// is not to be changed.
type Conclusion struct {
	Verdict  verdict.Verdict
	Severity verdict.Severity
	Message  text.Text
	// Remedy says what to do about a failed check; empty otherwise.
	Remedy text.Text
	// DependsOn tells how the verdict hangs on facts with few possible values.
	DependsOn []Dependence
	// Sources are the ids of the sources of the check and its deciding parts.
	Sources []string
	// Broken is the mistake in the rule that kept it from being evaluated.
	Broken error
	// Note is for a reader to keep what it makes of the conclusion, so that it
	// makes it once. It is not compared, and anything in it may be replaced.
	Note atomic.Value

	read    []Evidence // in the order of filing.Compare
	missing []string
}

// One returns the verdict with its weight.
func (r *Result) One() verdict.One {
	return verdict.One{Verdict: r.Verdict, Severity: r.Severity, Accepted: r.Accepted}
}

// accept puts a filing's waiver to a result that it can be for. A broken rule
// says nothing of the filing, so nobody can answer for it.
func (r *Result) accept(f *filing.Filing, now time.Time) {
	if r.Broken != nil || r.Verdict != verdict.Fail && r.Verdict != verdict.Undetermined {
		return
	}
	if r.Waiver = f.Waiver(r.Check.ID); r.Waiver != nil {
		r.Accepted = r.Waiver.Holds(now)
	}
}

// Evidence is a fact that a check read.
type Evidence struct {
	Path string
	Fact filing.Fact
}

// Need is an absent fact.
type Need struct {
	Path string
	// Failure is the look-up that should have given the fact, or nil.
	Failure *failure.Failure
}

// Dependence sorts the possible values of an absent fact by what they lead to.
type Dependence struct {
	Path string
	// Pass, Fail and Open list the values by the verdict that each leads to;
	// Open are those that leave the check undetermined.
	Pass, Fail, Open []any
	// FailMessage is the message of the check for the first failing value.
	FailMessage text.Text
}

// Options say how to evaluate.
type Options struct {
	// Now is the day of filing that rules count from.
	Now time.Time
	// Select keeps only the checks it returns true for; nil keeps all.
	Select func(*rulebook.Check) bool
	// Memo keeps what checks conclude from one call to the next; nil keeps nothing.
	Memo *Memo
}

// Evaluate runs the rulebook's checks over a filing: those for the filing
// once, those for a domain or a page once for each. Results come in the
// rulebook's order, domains and pages in the filing's.
func Evaluate(book *rulebook.Rulebook, f *filing.Filing, o Options) []Result {
	checks := book.Checks()
	results := make([]Result, 0, len(checks)+len(f.Domains)*len(checks)/2)
	// One scope serves all checks of a target, one after the other.
	whole := newScope(book, o.Now, wholeScope(f)...)
	domains := make([]*scope, len(f.Domains))
	for i, d := range f.Domains {
		domains[i] = newScope(book, o.Now, d.Facts, f.Facts)
	}
	pages := make([]*scope, len(f.Pages))
	for i, p := range f.Pages {
		pages[i] = newScope(book, o.Now, f.Facts, p.Facts)
	}
	for _, c := range checks {
		if o.Select != nil && !o.Select(c) {
			continue
		}
		switch c.Target {
		case rulebook.TargetFiling:
			results = append(results, evaluate(whole, c, o.Memo, nil))
		case rulebook.TargetDomain:
			if len(f.Domains) == 0 {
				// A filing is about a domain; one that names none is not ready, it
				// has not said which.
				results = append(results, evaluate(whole, c, o.Memo, nil))
			}
			for i, d := range f.Domains {
				r := evaluate(domains[i], c, o.Memo, d.Missed)
				r.Domain = d.Name()
				results = append(results, r)
			}
		case rulebook.TargetPage:
			for i, p := range f.Pages {
				r := evaluate(pages[i], c, o.Memo, p.Missed)
				r.Page = p.URL()
				results = append(results, r)
			}
		}
	}
	for i := range results {
		results[i].accept(f, o.Now)
	}
	return results
}

// holderKind tells for demands on the whole filing who holds the domains: a
// person as soon as one is held by one, a unit when all are.
func holderKind(f *filing.Filing) (kind string, known bool) {
	known = len(f.Domains) > 0
	for _, d := range f.Domains {
		kind, ok := newScope(nil, time.Time{}, d.Facts, f.Facts).text("domain.holder_kind")
		if kind == "person" {
			return kind, true
		}
		known = known && ok
	}
	return "unit", known
}

// Check evaluates one check over plain facts, for tests of rules.
func Check(book *rulebook.Rulebook, c *rulebook.Check, facts filing.Facts, now time.Time) Result {
	return evaluate(newScope(book, now, facts), c, nil, nil)
}

// outcome is a verdict with the absent facts behind an undetermined one.
type outcome struct {
	verdict verdict.Verdict
	missing []string
}

// evaluate gives the result of a check over the facts of a scope. missed are the
// look-ups that should have given more.
func evaluate(s *scope, c *rulebook.Check, memo *Memo, missed []filing.Missed) Result {
	k := recall(s, c, memo)
	r := Result{Check: c, Conclusion: k, Needs: needs(k.missing, missed)}
	if len(k.read) > 0 {
		r.Evidence = make([]Evidence, len(k.read))
		for i, e := range k.read {
			if f, ok := s.known(e.Path); ok { // the same value, but from its own place
				e.Fact = f
			}
			r.Evidence[i] = e
		}
	}
	return r
}

// recall concludes, unless memo knows what comes of it.
func recall(s *scope, c *rulebook.Check, memo *Memo) *Conclusion {
	if memo == nil {
		return conclude(s, c)
	}
	past := memo.of(c, s.now)
	if k := past.find(s); k != nil {
		return k
	}
	asked := map[string]bool{}
	s.asked = asked
	k := conclude(s, c)
	s.asked = nil
	if k.Broken == nil {
		past.keep(s, asked, k)
	}
	return k
}

func conclude(s *scope, c *rulebook.Check) (k *Conclusion) {
	k = &Conclusion{Severity: c.Severity, Sources: c.Source}
	defer func() {
		// A broken rule is its own result; the rest of the report still stands.
		if p := recover(); p != nil {
			k.breakOff(fmt.Errorf("check %s: %v", c.ID, p))
		}
	}()
	if !c.From.IsZero() && s.now.Before(c.From) || !c.Until.IsZero() && !s.now.Before(c.Until) {
		k.Verdict = verdict.NotApplicable
		k.Message = text.Catalogue(text.NotInForce)
		return k
	}

	read := s.buffer[:0]
	s.read = &read
	defer func() { s.read, s.buffer = nil, read }()
	decided := make([]partResult, 0, len(c.Parts))
	for _, p := range c.Parts {
		pr, err := evaluatePart(s, c, p)
		if err != nil {
			k.breakOff(err)
			return k
		}
		decided = append(decided, pr)
	}
	failed := failedParts(decided)
	if c.AbsentNotApplicable && len(failed) > 0 {
		// What is absent takes nothing from what is known to be wrong.
		for i := range decided {
			if decided[i].verdict == verdict.Undetermined {
				decided[i].verdict = verdict.NotApplicable
			}
		}
	}
	deciding := worst(decided)
	k.Verdict, k.Severity = deciding[0].verdict, deciding[0].part.Severity
	if k.Verdict == verdict.Pass || k.Verdict == verdict.NotApplicable {
		k.Severity = c.Severity
	}
	if k.Verdict == verdict.Undetermined && c.AbsentNotApplicable {
		k.Verdict = verdict.NotApplicable
		k.Message = text.Catalogue(text.NothingToCheck)
		return k
	}
	if k.Verdict == verdict.Undetermined {
		for _, pr := range deciding {
			k.missing = append(k.missing, pr.missing...)
			k.DependsOn = mergeDependences(k.DependsOn, pr.depends)
		}
		k.missing = firstHand(s, k.missing)
		leaveOpen(s, c, k.DependsOn, deciding)
	}
	for _, pr := range deciding {
		for _, id := range pr.part.Source {
			if !slices.Contains(k.Sources, id) {
				k.Sources = append(slices.Clip(k.Sources), id)
			}
		}
	}
	k.compose(s, c, deciding, failed)
	slices.SortFunc(read, func(a, b Evidence) int { return filing.Compare(a.Path, b.Path) })
	if len(read) > 0 {
		k.read = slices.Clone(read)
	}
	return k
}

// firstHand leaves out what a table says of a row while a fact that names the
// row is missing as well: whoever gives the provider may need to look up nothing
// about its products.
func firstHand(s *scope, missing []string) []string {
	read := s.read
	s.read = nil // nothing is read for the verdict here
	defer func() { s.read = read }()
	var out []string
	for _, path := range missing {
		if join, _, ok := rulebook.JoinOf(path); ok {
			_, names := join.Row(s.book, s.text)
			if slices.ContainsFunc(names, func(n string) bool { return n != path && slices.Contains(missing, n) }) {
				continue
			}
		}
		out = append(out, path)
	}
	return out
}

// breakOff makes of a conclusion that a mistake in the rule kept it from.
func (k *Conclusion) breakOff(err error) {
	k.Verdict, k.Broken = verdict.Undetermined, err
	k.Message = text.Catalogue(text.RuleBroken)
}

type partResult struct {
	part *rulebook.Part
	outcome
	depends []Dependence
}

// rank orders part results from worst to best.
func (p partResult) rank() int {
	level := 0
	if p.part.Severity != verdict.Error {
		level = 2
	}
	switch p.verdict {
	case verdict.Fail:
		return level
	case verdict.Undetermined:
		return level + 1
	case verdict.Pass:
		return 4
	}
	return 5
}

// worst keeps the parts that decide the check: those of the worst rank.
func worst(parts []partResult) []partResult {
	best := slices.MinFunc(parts, func(a, b partResult) int { return a.rank() - b.rank() }).rank()
	return slices.DeleteFunc(parts, func(p partResult) bool { return p.rank() != best })
}

func evaluatePart(s *scope, c *rulebook.Check, p *rulebook.Part) (partResult, error) {
	o, err := decide(s, c, p)
	if err != nil || o.verdict != verdict.Undetermined || c.AbsentNotApplicable {
		return partResult{part: p, outcome: o}, err
	}
	o, depends, err := sweep(s, c, p, o)
	return partResult{part: p, outcome: o, depends: depends}, err
}

// decide evaluates `!when || pass` in three values: a demand that is met holds
// whether it applies or not, so an unknown condition does not drown it.
func decide(s *scope, c *rulebook.Check, p *rulebook.Part) (outcome, error) {
	applies, missing, err := s.applies(c)
	if err != nil {
		return outcome{}, err
	}
	missing = slices.Clip(missing)
	if p.When != nil {
		v, m, err := eval(s, p.When)
		if err != nil {
			return outcome{}, err
		}
		if m != nil {
			missing = append(missing, m...)
		} else if !v {
			applies = false
		}
	}
	if !applies {
		return outcome{verdict: verdict.NotApplicable}, nil
	}
	pass, passMissing, err := eval(s, p.Pass)
	if err != nil {
		return outcome{}, err
	}
	if passMissing == nil && pass {
		return outcome{verdict: verdict.Pass}, nil
	}
	if passMissing != nil && p.FailWhen != nil {
		fails, m, err := eval(s, p.FailWhen)
		if err != nil {
			return outcome{}, err
		}
		if m == nil && fails {
			passMissing, pass = nil, false
		}
	}
	missing = append(missing, passMissing...)
	if len(missing) == 0 {
		return outcome{verdict: verdict.Fail}, nil
	}
	slices.SortFunc(missing, filing.Compare)
	return outcome{verdict.Undetermined, slices.Compact(missing)}, nil
}

// applies evaluates a check's condition, once for all its parts: a condition
// that is not known counts as met, with the absent facts behind it.
func (s *scope) applies(c *rulebook.Check) (applies bool, missing []string, err error) {
	if c.When == nil {
		return true, nil, nil
	}
	if s.condition.check == c && s.assumed == nil {
		return s.condition.applies, s.condition.missing, nil
	}
	if applies, missing, err = eval(s, c.When); missing != nil {
		applies = true
	}
	if err == nil && s.assumed == nil {
		s.condition.check, s.condition.applies, s.condition.missing = c, applies, missing
	}
	return applies, missing, err
}

// eval evaluates a rule: its value, or the absent facts that keep it from having one.
func eval(s *scope, e *rulebook.Expr) (value bool, missing []string, err error) {
	program, err := e.Program(s.book)
	if err != nil {
		return false, nil, err
	}
	v, _, err := program.Eval(s)
	if err != nil {
		return false, nil, fmt.Errorf("%s: rule %q: %w", e.Position, e.Source, err)
	}
	switch v := v.(type) {
	case types.Bool:
		return bool(v), nil, nil
	case *types.Unknown:
		return false, missingOf(v), nil
	}
	return false, nil, fmt.Errorf("%s: rule %q gives %s, want true or false", e.Position, e.Source, v.Type().TypeName())
}

func missingOf(u *types.Unknown) []string {
	var paths []string
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, t := range trails {
			paths = append(paths, t.Variable())
		}
	}
	slices.SortFunc(paths, filing.Compare)
	return slices.Compact(paths)
}

// needs are absent facts, each once and in the order of filing.Compare, with the
// look-ups that should have given them.
func needs(missing []string, missed []filing.Missed) []Need {
	if len(missing) == 0 {
		return nil
	}
	needs := make([]Need, 0, len(missing))
	for _, path := range missing {
		if slices.ContainsFunc(needs, func(n Need) bool { return n.Path == path }) {
			continue
		}
		n := Need{Path: path}
		for _, m := range missed {
			if slices.Contains(m.Paths, path) {
				n.Failure = m.Failure // the last one is the last resort that was tried
			}
		}
		needs = append(needs, n)
	}
	slices.SortFunc(needs, func(a, b Need) int { return filing.Compare(a.Path, b.Path) })
	return needs
}

// Overall folds results into the verdict over the target and the counts.
func Overall(results []Result) (verdict.Overall, verdict.Summary) {
	ones := make([]verdict.One, 0, len(results))
	var summary verdict.Summary
	for i := range results {
		ones = append(ones, results[i].One())
		summary.Count(results[i].One())
	}
	return verdict.Combine(ones), summary
}

// Broken returns the mistakes in rules that results met, joined, or nil.
func Broken(results []Result) error {
	var errs []error
	for i := range results {
		errs = append(errs, results[i].Broken)
	}
	return errors.Join(errs...)
}
