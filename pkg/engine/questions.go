package engine

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// Question is an absent fact whose value can still change how a check of
// error level ends.
type Question struct {
	Path string
	// Domain is the domain's index in the filing for a fact about a domain, else -1.
	Domain int
	// Checks are the undetermined checks that wait for the fact.
	Checks []string
	// Values are all the values the fact can have, or nil where they are too many.
	Values []any
	// Settles estimates how many checks an answer decides.
	Settles float64
}

// Questioner finds the questions that are left. It tries the values that the
// rulebook's own tests give for facts with too many of them. It is not safe for
// use by several goroutines.
type Questioner struct {
	book  *rulebook.Rulebook
	now   time.Time
	tests map[string][]any // the values that tests give, by path
}

// NewQuestioner prepares to ask about filings, as of now.
func NewQuestioner(book *rulebook.Rulebook, now time.Time) *Questioner {
	q := &Questioner{book: book, now: now, tests: map[string][]any{}}
	for _, c := range book.Checks() {
		for _, t := range c.Tests() {
			facts, err := TestFacts(book, t)
			if err != nil {
				continue // reported when the test runs
			}
			for path, fact := range facts {
				if !slices.ContainsFunc(q.tests[path], func(v any) bool { return label(v) == label(fact.Value) }) {
					q.tests[path] = append(q.tests[path], fact.Value)
				}
			}
		}
	}
	return q
}

// askable are facts that a filing file can hold; what only a look-up gives and
// what stands in tables is not for a person to answer. A domain has its name.
func askable(path string) bool {
	f, ok := filing.FieldOf(path)
	return ok && !f.LookupOnly && path != "domain.name"
}

// Next is the question that settles most among those that skip, which may be
// nil, does not leave out. None means that no answer can change anything: the
// filing has its verdict, or what is missing only a look-up can tell.
func (q *Questioner) Next(f *filing.Filing, skip func(Question) bool) (Question, bool) {
	for question := range q.questions(f, skip) {
		return question, true
	}
	return Question{}, false
}

// questions yields them in order; that a question matters is looked into only
// when its turn comes, since that takes several evaluations.
func (q *Questioner) questions(f *filing.Filing, skip func(Question) bool) iter.Seq[Question] {
	return func(yield func(Question) bool) {
		name := Question{Path: "domain.name", Domain: -1}
		if len(f.Domains) == 0 && (skip == nil || !skip(name)) && !yield(name) {
			return
		}
		open := q.open(f, nil)
		for _, question := range q.candidates(f, open) {
			if skip != nil && skip(question) {
				continue
			}
			if (q.matters(f, question) || q.mattersWith(f, question, open)) && !yield(question) {
				return
			}
		}
	}
}

// candidates are the askable facts that undecided checks name, in order.
func (q *Questioner) candidates(f *filing.Filing, open []undecided) []Question {
	var questions []Question
	for _, o := range open {
		for _, path := range o.needs {
			if !askable(path) || len(f.Domains) == 0 && strings.HasPrefix(path, filing.DomainPrefix) {
				continue
			}
			domain := -1
			if strings.HasPrefix(path, filing.DomainPrefix) {
				domain = max(o.domain, 0) // a demand on the whole filing takes what its domains share
			}
			i := slices.IndexFunc(questions, func(have Question) bool { return have.Path == path && have.Domain == domain })
			if i < 0 {
				provider, _ := f.Facts.Text("provider")
				questions = append(questions, Question{Path: path, Domain: domain, Values: q.book.FewValues(path, provider)})
				i = len(questions) - 1
			}
			question := &questions[i]
			if !slices.Contains(question.Checks, o.check) {
				question.Checks = append(question.Checks, o.check)
				question.Settles += o.share(path)
			}
		}
	}
	slices.SortStableFunc(questions, func(a, b Question) int {
		return cmp.Or(cmp.Compare(b.Settles, a.Settles), filing.Compare(a.Path, b.Path), cmp.Compare(a.Domain, b.Domain))
	})
	return questions
}

// undecided is an error-level result that lacks facts.
type undecided struct {
	check   string
	domain  int // index, or -1
	needs   []string
	depends []Dependence
}

// share estimates how likely an answer decides the check: the share of values
// that do where all were tried, else that of the fact among all that are missing.
func (u *undecided) share(path string) float64 {
	for _, d := range u.depends {
		if d.Path == path {
			return float64(len(d.Pass)+len(d.Fail)) / float64(len(d.Pass)+len(d.Fail)+len(d.Open))
		}
	}
	return 1 / float64(len(u.needs))
}

// open evaluates the selected checks and returns those that are undecided.
func (q *Questioner) open(f *filing.Filing, checks []string) []undecided {
	var list []undecided
	for _, r := range q.evaluate(f, checks) {
		if r.Verdict != verdict.Undetermined || r.Severity != verdict.Error || r.Broken != nil || r.Accepted {
			continue
		}
		u := undecided{check: r.Check.ID, domain: -1, depends: r.DependsOn}
		if r.Check.Target == rulebook.TargetDomain {
			u.domain = slices.IndexFunc(f.Domains, func(d *filing.Domain) bool { return d.Name() == r.Domain })
		}
		for _, n := range r.Needs {
			u.needs = append(u.needs, n.Path)
		}
		list = append(list, u)
	}
	return list
}

func (q *Questioner) evaluate(f *filing.Filing, checks []string) []Result {
	return Evaluate(q.book, f, Options{Now: q.now, Select: func(c *rulebook.Check) bool {
		return c.Target != rulebook.TargetPage && (checks == nil || slices.Contains(checks, c.ID))
	}})
}

// outcome tells how the checks end as far as the verdict goes: what does not
// apply, only warns or is accepted is as good as a pass.
func (q *Questioner) outcome(f *filing.Filing, checks []string) string {
	var b strings.Builder
	for _, r := range q.evaluate(f, checks) {
		word := r.Verdict
		if word == verdict.NotApplicable || r.Severity != verdict.Error || r.Accepted {
			word = verdict.Pass
		}
		fmt.Fprintln(&b, r.Check.ID, r.Domain, word)
	}
	return b.String()
}

// matters reports whether two answers make a difference.
func (q *Questioner) matters(f *filing.Filing, question Question) bool {
	first := ""
	for i, value := range q.Tried(f, question) {
		s := q.outcome(answered(f, question, value), question.Checks)
		if i == 0 {
			first = s
		} else if s != first {
			return true
		}
	}
	return false
}

// mattersWith looks for another missing fact with whose help two answers make
// a difference: whether a holder is the subject shows only once both are named.
func (q *Questioner) mattersWith(f *filing.Filing, question Question, open []undecided) bool {
	for _, o := range open {
		if !slices.Contains(question.Checks, o.check) {
			continue
		}
		for _, path := range o.needs {
			if path == question.Path || !askable(path) || len(f.Domains) == 0 && strings.HasPrefix(path, filing.DomainPrefix) {
				continue
			}
			help := Question{Path: path, Domain: -1}
			if strings.HasPrefix(path, filing.DomainPrefix) {
				help.Domain = max(o.domain, question.Domain, 0)
			}
			only := question
			only.Checks = []string{o.check}
			for _, value := range q.Tried(f, help) {
				if q.matters(answered(f, help, value), only) {
					return true
				}
			}
		}
	}
	return false
}

// answered is the filing with an answer.
func answered(f *filing.Filing, question Question, value any) *filing.Filing {
	with := f.Clone()
	// The domain is there, or there would be no such question.
	_ = Put(with, question, value, filing.Origin{Source: filing.Assumed})
	return with
}

// Tried lists the values that stand for the answers: all values, or those of the rulebook's tests with
// what the filing says in other places, and for numbers and days a spread.
func (q *Questioner) Tried(f *filing.Filing, question Question) []any {
	provider, _ := f.Facts.Text("provider")
	if few := q.book.FewValues(question.Path, provider); few != nil {
		return few
	}
	field, _ := filing.FieldOf(question.Path)
	values := slices.Clone(q.tests[question.Path])
	switch field.Type {
	case filing.Int:
		for _, n := range []int64{0, 1, 3, 6, 12, 36, 100, 1000} {
			values = append(values, n)
		}
	case filing.Time:
		for _, days := range []int{-4000, -400, -3, 0, 30, 60, 120, 400, 4000} {
			values = append(values, calendar.AddDays(q.now, days))
		}
	case filing.List:
		values = append(values, []string{})
		if field.Vocabulary != "" {
			values = append(values, q.book.Words(field.Vocabulary, provider))
		}
	case filing.Text:
		facts := f.Facts
		if question.Domain >= 0 && question.Domain < len(f.Domains) {
			facts = f.Scope(f.Domains[question.Domain])
		}
		for _, path := range facts.Paths() {
			other, _ := filing.FieldOf(path)
			if s, ok := facts.Text(path); ok && other.Vocabulary == "" && path != question.Path {
				values = append(values, s)
			}
		}
		values = append(values, "—")
	case filing.Bool:
	}
	return values
}

// Put records an answer in the filing. A domain's name, which is an error where
// it is none, adds the domain.
func Put(f *filing.Filing, question Question, value any, origin filing.Origin) error {
	if question.Path == "domain.name" {
		s, _ := value.(string)
		name, err := domainname.Parse(s)
		if err != nil {
			return err
		}
		d := &filing.Domain{Facts: filing.Facts{}}
		filing.SetName(d.Facts, name, origin)
		f.Domains = append(f.Domains, d)
		return nil
	}
	fact := filing.Fact{Value: value, Origin: origin}
	switch {
	case question.Domain < 0:
		f.Facts[question.Path] = fact
	case question.Domain < len(f.Domains):
		f.Domains[question.Domain].Facts[question.Path] = fact
	default:
		return fmt.Errorf("there is no domain %d in %s", question.Domain, f.Name)
	}
	return nil
}

// Overall is the verdict so far, and the absent facts that it waits for.
func (q *Questioner) Overall(f *filing.Filing) (verdict.Overall, []string) {
	overall, _ := Overall(q.evaluate(f, nil))
	needs := map[string]bool{}
	for _, u := range q.open(f, nil) {
		for _, path := range u.needs {
			needs[path] = true
		}
	}
	return overall, slices.SortedFunc(maps.Keys(needs), filing.Compare)
}
