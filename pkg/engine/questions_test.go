package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// plainEnterprise answers what a company with everything in order would.
var plainEnterprise = map[string]any{
	"provider": "aliyun", "province": "zhejiang", "kind": "first",
	"account.site": "china", "account.chengxintong": false, "account.holds_other_subject": false,
	"subject.type": "enterprise", "subject.name": "杭州示例科技有限公司", "subject.name_changed": false,
	"subject.sites_filed": int64(0), "subject.domains_filed": int64(0), "subject.filed_at_provider": false, "subject.filed_elsewhere": false,
	"subject.commercial_wording": false,
	"subject.lead.identity":      "mainland", "subject.lead.legal_representative": true, "subject.lead.household_province": "zhejiang",
	"domain.name": "example.com", "domain.registered": true, "domain.real_name": "verified", "domain.holder": "杭州示例科技有限公司",
	"domain.holder_kind": "unit", "domain.expires_at": calendar.AddDays(today, 400), "domain.renewal_confirmed": true,
	"domain.registrar": "阿里云计算有限公司", "domain.registrar_iana_id": "1599", "domain.statuses": []string{"ok"}, "domain.filed": false,
	"site.name": "示例科技", "site.content": []string{"company"}, "site.commercial": false,
	"server.type": "ecs", "server.region": "cn-hangzhou", "server.billing": "subscription", "server.months": int64(12),
	"server.first_purchase_months": int64(12), "server.order_amount_cny": int64(680), "server.public_bandwidth": true, "server.service_codes_used": int64(0),
	"server.addresses": []string{"203.0.113.7"}, "materials": []string{"id-card", "business-license"},
}

// TestEmptyStart: without a look-up a plain enterprise has its verdict after at most 25 answers.
func TestEmptyStart(t *testing.T) {
	book := shipped.Book(t)
	q := engine.NewQuestioner(book, today)
	f := &filing.Filing{Name: "empty", Facts: filing.Facts{}}
	var asked []string
	for {
		question, more := q.Next(f, nil)
		if !more {
			break
		}
		answer, ok := plainEnterprise[question.Path]
		if !ok {
			t.Fatalf("after %v: no answer to %s", asked, question.Path)
		}
		asked = append(asked, question.Path)
		if len(asked) > 25 {
			t.Fatalf("more than 25 questions: %v", asked)
		}
		if err := engine.Put(f, question, answer, filing.Origin{Source: filing.FromFlag}); err != nil {
			t.Fatal(err)
		}
	}
	overall, needs := q.Overall(f)
	if overall != verdict.Ready {
		t.Errorf("after %d questions (%s): %s, needs %v", len(asked), strings.Join(asked, ", "), overall, needs)
	}
	t.Logf("%d questions: %s", len(asked), strings.Join(asked, ", "))
}

// TestAskedFactsMatter: any fact that is asked for has two answers with which
// the checks end differently, perhaps with the help of another missing fact.
func TestAskedFactsMatter(t *testing.T) {
	book := shipped.Book(t)
	q := engine.NewQuestioner(book, today)
	ends := func(f *filing.Filing, checks []string) (s string) {
		selected := func(c *rulebook.Check) bool { return slices.Contains(checks, c.ID) }
		for _, r := range engine.Evaluate(book, f, engine.Options{Now: today, Select: selected}) {
			s += fmt.Sprintln(r.Check.ID, r.Domain)
			if r.Severity == verdict.Error {
				s += fmt.Sprintln(r.Verdict)
			}
		}
		return s
	}
	// differ reports whether two of the answers make a difference.
	differ := func(f *filing.Filing, question engine.Question) bool {
		seen := map[string]bool{}
		for _, value := range q.Tried(f, question) {
			with := f.Clone()
			if engine.Put(with, question, value, filing.Origin{Source: filing.FromFlag}) != nil {
				continue
			}
			if seen[ends(with, question.Checks)] = true; len(seen) > 1 {
				return true
			}
		}
		return false
	}
	// differWith does so with each answer to another question on the same check.
	differWith := func(f *filing.Filing, question engine.Question, all []engine.Question) bool {
		for _, help := range all {
			shared := slices.ContainsFunc(help.Checks, func(id string) bool { return slices.Contains(question.Checks, id) })
			if help.Path == question.Path || !shared {
				continue
			}
			for _, value := range q.Tried(f, help) {
				with := f.Clone()
				if engine.Put(with, help, value, filing.Origin{Source: filing.FromFlag}) == nil && differ(with, question) {
					return true
				}
			}
		}
		return false
	}
	// Finding all the questions of a filing takes hundreds of evaluations, so
	// twenty filings have to do, with a few of the questions of each.
	filings := rapid.Custom(func(t *rapid.T) *filing.Filing { return filingOf(t, book) })
	asked := 0
	for seed := range 20 {
		f := filings.Example(seed)
		all := q.All(f)
		for i, question := range all {
			known := f.Facts
			if question.Domain >= 0 {
				known = f.Domains[question.Domain].Facts
			}
			if _, there := known[question.Path]; there {
				t.Fatalf("seed %d: %s is asked for and known", seed, question.Path)
			}
			if len(question.Checks) == 0 {
				t.Fatalf("seed %d: %s serves no check", seed, question.Path)
			}
			if i%5 != seed%5 {
				continue
			}
			asked++
			if !differ(f, question) && !differWith(f, question, all) {
				t.Errorf("seed %d: %s is asked for %v, but no answer makes a difference", seed, question.Path, question.Checks)
			}
		}
	}
	if asked < 10 {
		t.Errorf("only %d questions looked at", asked)
	}
}

// TestVerdictEndsQuestions: a filing that is ready leaves nothing to ask.
func TestVerdictEndsQuestions(t *testing.T) {
	if left := engine.NewQuestioner(shipped.Book(t), today).All(readyFiling()); len(left) > 0 {
		t.Errorf("still asked: %v", left)
	}
}

func BenchmarkNextQuestion(b *testing.B) {
	q := engine.NewQuestioner(shipped.Book(b), today)
	f := &filing.Filing{Name: "empty", Facts: filing.Facts{}, Domains: []*filing.Domain{{Facts: filing.Facts{}}}}
	for b.Loop() {
		q.Next(f, nil)
	}
}
