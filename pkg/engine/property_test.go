package engine_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

var today = time.Date(2026, 11, 24, 9, 0, 0, 0, calendar.Beijing)

// freeValues are values to draw for facts without a vocabulary: such as decide
// something, and some that decide nothing.
var freeValues = map[string][]any{
	"subject.name":               {"杭州示例科技有限公司", "张三"},
	"subject.certificate.number": {"91110000000000000E", "91110000000000000F", "110101180001010015"},
	"domain.holder":              {"杭州示例科技有限公司", "张三"},
	"domain.registrar":           {"阿里云计算有限公司（万网）", "GoDaddy.com, LLC", "某某网络有限公司"},
	"domain.registrar_iana_id":   {"1599", "146", "99999"},
	"domain.suffix":              {"com", "cn", "io", "de", "yachts", "example", "gg"},
	"domain.statuses":            {[]string{"ok"}, []string{"clientHold"}, []string{"serverHold"}, []string{"autoRenewPeriod"}, []string{"pendingDelete"}},
	"domain.addresses":           {[]string{"203.0.113.7"}, []string{"198.51.100.9"}},
	"server.addresses":           {[]string{"203.0.113.7"}},
	"server.places":              {[]string{"mainland"}, []string{"hong-kong"}, []string{"unknown"}},
	"server.region":              {"cn-hangzhou", "cn-hongkong", "ap-guangzhou", "ap-southeast-1", "nowhere"},
	"site.name":                  {"示例科技", "示例", "中国示例网", "小明的论坛", "小明的个人博客"},
}

// value draws a value of a fact, or nil for a fact that no value is known for.
func value(t *rapid.T, book *rulebook.Rulebook, f filing.Field) any {
	if free, ok := freeValues[f.Path]; ok {
		return rapid.SampledFrom(free).Draw(t, f.Path)
	}
	switch f.Type {
	case filing.Bool:
		return rapid.Bool().Draw(t, f.Path)
	case filing.Int:
		return int64(rapid.SampledFrom([]int{0, 1, 2, 3, 5, 12, 40, 99, 100}).Draw(t, f.Path))
	case filing.Time:
		days := rapid.SampledFrom([]int{-400, -4, -3, -2, -1, 0, 1, 45, 46, 90, 91, 180, 181, 400}).Draw(t, f.Path)
		return calendar.AddDays(today, days)
	case filing.Text:
		if f.Vocabulary != "" {
			return rapid.SampledFrom(book.Words(f.Vocabulary, "")).Draw(t, f.Path)
		}
	case filing.List:
		if f.Vocabulary != "" {
			return rapid.SliceOfDistinct(rapid.SampledFrom(book.Words(f.Vocabulary, "")), rapid.ID[string]).Draw(t, f.Path)
		}
	}
	return nil
}

// filingOf draws a filing: each fact is known or not.
func filingOf(t *rapid.T, book *rulebook.Rulebook) *filing.Filing {
	f := &filing.Filing{Name: "drawn", Facts: filing.Facts{}, Domains: []*filing.Domain{{Facts: filing.Facts{}}}}
	// Most facts are known in some draws and few in others.
	known := rapid.IntRange(1, 10).Draw(t, "known")
	for _, field := range filing.Fields() {
		if rapid.IntRange(0, 9).Draw(t, "know "+field.Path) >= known {
			continue
		}
		v := value(t, book, field)
		if v == nil {
			continue
		}
		facts := f.Facts
		if field.Domain() {
			facts = f.Domains[0].Facts
		}
		facts[field.Path] = filing.Fact{Value: v, Origin: filing.Origin{Source: filing.FromFile}}
	}
	return f
}

func verdicts(book *rulebook.Rulebook, f *filing.Filing) map[string]engine.Result {
	out := map[string]engine.Result{}
	for _, r := range engine.Evaluate(book, f, engine.Options{Now: today}) {
		out[r.Check.ID] = r
	}
	return out
}

// TestForgetting is the law that unknown facts obey: to forget a fact may leave
// a check undecided, but never turns pass into fail or fail into pass.
func TestForgetting(t *testing.T) {
	book := shipped.Book(t)
	rapid.Check(t, func(t *rapid.T) {
		f := filingOf(t, book)
		before := verdicts(book, f)
		known := slices.Concat(f.Facts.Paths(), f.Domains[0].Facts.Paths())
		if len(known) == 0 {
			return
		}
		// Ten facts a filing keep the test quick; all get their turn over the draws.
		for _, path := range rapid.SliceOfN(rapid.SampledFrom(known), 1, 10).Draw(t, "forget") {
			without := f.Clone()
			delete(without.Facts, path)
			delete(without.Domains[0].Facts, path)
			for id, after := range verdicts(book, without) {
				if exempt(id, path) || lastOfSiteLead(f, path) || onRecords(id) && recordContradicts(f) || onHousehold(id) && householdContradicts(f) || id == "domain-registrar" && ofAnother(f, path) {
					continue
				}
				was, is := before[id].Verdict, after.Verdict
				if was == verdict.Pass && is == verdict.Fail || was == verdict.Fail && is == verdict.Pass {
					t.Errorf("forgetting %s turns %s from %s (%s) into %s (%s)", path, id, was, before[id].Message.En, is, after.Message.En)
				}
			}
		}
	})
}

// exempt lists the three places where the demands themselves break the law.
//   - A file's word that the holder is verified passes, while serverHold makes
//     an unknown verification fail (domain-status fails on serverHold either way).
//   - Region and addresses are witnesses to where the server is: either alone
//     is believed, and one that says abroad is enough to refuse.
//   - A record that is said to be empty is taken for one in use without that word,
//     and one that is said to be right for one that differs after a change of name.
func exempt(check, path string) bool {
	switch check {
	case "domain-real-name":
		return path == "domain.real_name"
	case "server-mainland":
		return path == "provider" || path == "server.region" || path == "server.places"
	case "record-state":
		return path == "subject.record" || path == "subject.record_matches"
	}
	return false
}

// lastOfSiteLead tells that the path is all the filing says of a lead of the
// site. Without it the subject's lead is meant, which is another person and not
// the same one known less well.
func lastOfSiteLead(f *filing.Filing, path string) bool {
	const prefix = "site.lead."
	return strings.HasPrefix(path, prefix) && !slices.ContainsFunc(f.Facts.Paths(), func(p string) bool { return p != path && strings.HasPrefix(p, prefix) })
}

// onRecords names the checks on what is filed already.
func onRecords(check string) bool {
	return check == "domain-not-filed" || check == "kind-fits" || check == "record-state"
}

// recordContradicts tells that a filing says two things of what is filed that
// cannot be true together: a domain that is filed and in nobody's record, a
// subject with a record that is filed nowhere. Either statement alone is
// believed; which of the two is wrong is for plan to ask.
func recordContradicts(f *filing.Filing) bool {
	filed, said := f.Domains[0].Facts["domain.filed"].Value.(bool)
	record, named := f.Domains[0].Facts.Text("domain.record")
	if said && named && filed == (record == "none") {
		return true
	}
	here, saidHere := f.Facts["subject.filed_at_provider"].Value.(bool)
	elsewhere, saidElsewhere := f.Facts["subject.filed_elsewhere"].Value.(bool)
	nowhere := saidHere && saidElsewhere && !here && !elsewhere
	if sites, _ := f.Facts["subject.sites_filed"].Value.(int64); sites > 0 && nowhere {
		return true
	}
	switch record, _ = f.Facts.Text("subject.record"); record {
	case "none", "cancelled":
		return here || elsewhere
	case "active", "empty":
		return nowhere
	}
	return false
}

// ofAnother tells that the path is what names the registrar that somebody looked
// up. Name and id may be of two, and what was looked up is about one of them.
func ofAnother(f *filing.Filing, path string) bool {
	_, said := f.Domains[0].Facts["domain.registrar_confirmed"]
	return said && (path == "domain.registrar" || path == "domain.registrar_iana_id")
}

// onHousehold names the checks on where the lead of an individual is at home.
func onHousehold(check string) bool {
	return check == "subject-household" || check == "materials-auxiliary"
}

// householdContradicts tells that a lead is said to be from abroad and to have a
// household in a province. Either statement alone is believed.
func householdContradicts(f *filing.Filing) bool {
	_, household := f.Facts.Text("subject.lead.household_province")
	return household && f.Facts["subject.lead.from_abroad"].Value == true
}

// TestNeedsDecide is the law of needs: while a check is undetermined it names
// at least one absent fact, and only absent ones.
func TestNeedsDecide(t *testing.T) {
	book := shipped.Book(t)
	rapid.Check(t, func(t *rapid.T) {
		f := filingOf(t, book)
		for id, r := range verdicts(book, f) {
			if r.Broken != nil {
				t.Fatalf("%s is broken: %v", id, r.Broken)
			}
			if r.Verdict != verdict.Undetermined {
				if len(r.Needs) > 0 {
					t.Errorf("%s is %s and yet needs %v", id, r.Verdict, r.Needs)
				}
				continue
			}
			if len(r.Needs) == 0 {
				t.Errorf("%s is undetermined and needs nothing", id)
			}
			for _, n := range r.Needs {
				_, filed := f.Facts[n.Path]
				_, domain := f.Domains[0].Facts[n.Path]
				if filed || domain {
					t.Errorf("%s needs %s, which is known", id, n.Path)
				}
			}
		}
	})
}

// TestEvaluationRepeats: the same facts give the same results, in the same order.
func TestEvaluationRepeats(t *testing.T) {
	book := shipped.Book(t)
	rapid.Check(t, func(t *rapid.T) {
		f := filingOf(t, book)
		first := engine.Evaluate(book, f, engine.Options{Now: today})
		second := engine.Evaluate(book, f.Clone(), engine.Options{Now: today})
		if a, b := render(first), render(second); a != b {
			t.Errorf("two runs differ:\n%s\n%s", a, b)
		}
	})
}

// TestMemo: what is remembered of other filings makes no difference.
func TestMemo(t *testing.T) {
	book := shipped.Book(t)
	var memo engine.Memo
	var filings []*filing.Filing
	rapid.Check(t, func(t *rapid.T) {
		f := filingOf(t, book)
		if len(filings) > 0 && rapid.Bool().Draw(t, "like an earlier one") {
			// One that differs from an earlier one in a few facts.
			like := rapid.SampledFrom(filings).Draw(t, "earlier")
			few := f
			f = &filing.Filing{Name: "like", Facts: like.Facts.Clone(), Domains: []*filing.Domain{{Facts: like.Domains[0].Facts.Clone()}}}
			for range 3 {
				for path, fact := range few.Facts {
					f.Facts[path] = fact
					break
				}
			}
		}
		filings = append(filings, f)
		now := today
		if rapid.IntRange(0, 19).Draw(t, "later") == 0 {
			now = now.Add(time.Minute)
		}
		for i := range f.Domains {
			for path, fact := range f.Domains[i].Facts { // evidence is from the filing's own lines
				fact.Origin.Line = len(filings)
				f.Domains[i].Facts[path] = fact
			}
		}
		plain := engine.Evaluate(book, f, engine.Options{Now: now})
		for range 2 {
			for i, got := range engine.Evaluate(book, f, engine.Options{Now: now, Memo: &memo}) {
				want := plain[i]
				if a, b := told(got), told(want); !reflect.DeepEqual(a, b) {
					t.Errorf("with a memo %+v\nwithout %+v", a, b)
				}
			}
		}
	})
}

// told is everything a result tells.
func told(r engine.Result) []any {
	k := r.Conclusion
	return []any{r.Check, r.Domain, r.Page, r.Evidence, r.Needs, r.Waiver, r.Accepted, k.Verdict, k.Severity, k.Message, k.Remedy, k.DependsOn, k.Sources, k.Broken}
}

func render(results []engine.Result) string {
	s := ""
	for _, r := range results {
		s += fmt.Sprintln(r.Check.ID, r.Verdict, r.Severity, r.Message, r.Remedy, r.Needs, r.DependsOn, len(r.Evidence))
	}
	return s
}

// TestEveryFactHasWords: each fact has words in both languages.
func TestEveryFactHasWords(t *testing.T) {
	book := shipped.Book(t)
	wordless := map[string]bool{}
	for _, f := range filing.Fields() {
		row := book.Table("facts").Row(f.Path)
		if row == nil || row.Name.Zh == "" || row.Name.En == "" {
			wordless[f.Path] = true
		}
	}
	if len(wordless) > 0 {
		t.Errorf("facts without a row in rules/tables/facts.yaml: %v", slices.Sorted(maps.Keys(wordless)))
	}
}

func BenchmarkEvaluate(b *testing.B) {
	book := shipped.Book(b)
	f := readyFiling()
	engine.Evaluate(book, f, engine.Options{Now: today}) // compile
	b.ReportAllocs()
	for b.Loop() {
		engine.Evaluate(book, f, engine.Options{Now: today})
	}
}

func BenchmarkEvaluateUnknown(b *testing.B) {
	book := shipped.Book(b)
	f := &filing.Filing{Name: "empty", Facts: filing.Facts{}, Domains: []*filing.Domain{{Facts: filing.Facts{}}}}
	engine.Evaluate(book, f, engine.Options{Now: today})
	b.ReportAllocs()
	for b.Loop() {
		engine.Evaluate(book, f, engine.Options{Now: today})
	}
}

// BenchmarkLoadAndCompile makes every rule ready to run, from the snapshot and
// from the YAML files.
func BenchmarkLoadAndCompile(b *testing.B) {
	for name, layer := range map[string]rulebook.Layer{"snapshot": shipped.Base(), "yaml": {FS: shipped.Base().FS}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				book, err := rulebook.Load(layer)
				if err != nil {
					b.Fatal(err)
				}
				if problems := book.Compile(); len(problems) > 0 {
					b.Fatal(problems)
				}
			}
		})
	}
}

// readyFiling is a filing that every check passes.
func readyFiling() *filing.Filing {
	fact := func(v any) filing.Fact { return filing.Fact{Value: v, Origin: filing.Origin{Source: filing.FromFile}} }
	f := &filing.Filing{Name: "ready", Facts: filing.Facts{
		"provider": fact("aliyun"), "province": fact("zhejiang"),
		"account.site": fact("china"), "account.chengxintong": fact(false), "account.holds_other_subject": fact(false),
		"subject.type": fact("enterprise"), "subject.name": fact("杭州示例科技有限公司"), "subject.name_changed": fact(false),
		"subject.domains_filed": fact(int64(0)), "subject.sites_filed": fact(int64(0)),
		"subject.lead.identity": fact("mainland"), "subject.lead.legal_representative": fact(true), "subject.lead.household_province": fact("zhejiang"),
		"site.name": fact("示例科技"), "site.content": fact([]string{"company"}), "site.commercial": fact(false),
		"server.type": fact("ecs"), "server.region": fact("cn-hangzhou"), "server.billing": fact("subscription"),
		"server.months": fact(int64(12)), "server.public_bandwidth": fact(true), "server.service_codes_used": fact(int64(0)),
		"materials": fact([]string{"id-card", "business-license", "domain-certificate", "handheld-license-photo"}),
	}}
	f.Domains = []*filing.Domain{{Facts: filing.Facts{
		"domain.name": fact("example.com"), "domain.host": fact("example.com"), "domain.suffix": fact("com"),
		"domain.real_name": fact("verified"), "domain.real_name_verified_on": fact(calendar.AddDays(today, -30)),
		"domain.holder": fact("杭州示例科技有限公司"), "domain.expires_at": fact(calendar.AddDays(today, 400)),
		"domain.registrar": fact("阿里云计算有限公司"), "domain.registered": fact(true), "domain.statuses": fact([]string{"ok"}),
	}}}
	return f
}

// TestReadyFiling: a filing with everything in order is ready.
func TestReadyFiling(t *testing.T) {
	results := engine.Evaluate(shipped.Book(t), readyFiling(), engine.Options{Now: today})
	overall, summary := engine.Overall(results)
	if overall != verdict.Ready || summary.Fail+summary.Undetermined+summary.Warning > 0 {
		for _, r := range results {
			if r.Verdict != verdict.Pass && r.Verdict != verdict.NotApplicable {
				t.Errorf("%s: %s: %s %v", r.Check.ID, r.Verdict, r.Message.En, r.Needs)
			}
		}
	}
}
