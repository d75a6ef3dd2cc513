package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/plan"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
)

var today = time.Date(2026, 11, 24, 9, 0, 0, 0, calendar.Beijing)

func TestKinds(t *testing.T) {
	book := shipped.Book(t)
	const here = "provider: aliyun\nserver: {region: cn-hangzhou}\n"
	tests := []struct {
		name, filing, kind, needs string
	}{
		{"first filing", here + "subject: {filed_at_provider: false, filed_elsewhere: false}\ndomains: [{name: example.com, filed: false}]", "first-filing", ""},
		{"new site here", here + "subject: {filed_at_provider: true}\ndomains: [{name: example.com, filed: false}]", "new-site-here", ""},
		{"new site, filed elsewhere", here + "subject: {filed_at_provider: false, filed_elsewhere: true}\ndomains: [{name: example.com, filed: false}]", "new-site-elsewhere", ""},
		{"new access", here + "subject: {filed_at_provider: false, filed_elsewhere: true}\ndomains: [{name: example.com, filed: true}]", "new-access", ""},
		{"new access, subject here too", here + "subject: {filed_at_provider: true, filed_elsewhere: true}\ndomains: [{name: example.com, filed: true, access_here: false}]", "new-access", ""},
		{"nothing to file", here + "subject: {filed_at_provider: true, filed_elsewhere: false}\ndomains: [{name: example.com, filed: true}]", "nothing-to-file", ""},
		{"Hong Kong", "provider: aliyun\nserver: {region: cn-hongkong}", "not-needed", ""},
		{"Hong Kong, all else known", "provider: aliyun\nserver: {region: cn-hongkong}\nsubject: {filed_at_provider: false, filed_elsewhere: false}\ndomains: [{name: example.com, filed: false}]", "not-needed", ""},
		{"not public", "service: {public: false}\nserver: {region: cn-hangzhou}", "not-needed", ""},
		{"App", here + "service: {kind: app}", "app-filing", ""},
		{"App abroad", "provider: aliyun\nserver: {region: cn-hongkong}\nservice: {kind: app}", "not-needed", ""},
		{"mini-program", "service: {kind: 小程序}", "file-with-platform", ""},
		{"another subject in the account", here + "account: {holds_other_subject: true}\nsubject: {filed_at_provider: false, filed_elsewhere: false}\ndomains: [{name: example.com, filed: false}]", "other-account", ""},
		{"old platform", here + "account: {old_platform: true}\nsubject: {filed_at_provider: true}", "claim", ""},
		{"domain of another", here + "subject: {filed_at_provider: false, filed_elsewhere: false}\ndomains: [{name: example.com, filed: true}]", "clear-first", ""},
		{"renamed", here + "subject: {filed_at_provider: true, name_changed: true}\ndomains: [{name: example.com, filed: false}]", "change-first", ""},
		{"renamed and put right", here + "subject: {filed_at_provider: true, name_changed: true, record_matches: true}\ndomains: [{name: example.com, filed: false}]", "new-site-here", ""},
		{"change", here + "kind: change\nsubject: {filed_at_provider: true}\ndomains: [{name: example.com, filed: true}]", "change", ""},
		{"change without a record", here + "kind: change\nsubject: {filed_at_provider: false, filed_elsewhere: false}\ndomains: [{name: example.com, filed: false}]", "first-filing", ""},
		{"another entity", here + "subject: {filed_at_provider: true, changes_entity: true}\ndomains: [{name: example.com, filed: true}]", "cancel-and-refile", ""},
		{"another province", here + "subject: {filed_at_provider: true, moves_province: true}\ndomains: [{name: example.com, filed: true}]", "cancel-and-refile", ""},
		{"individual to unit", here + "subject: {filed_at_provider: true, individual_to_unit: true}\ndomains: [{name: example.com, filed: true}]", "change-or-refile", ""},
		{"empty subject that may add", here + "province: zhejiang\nsubject: {record: empty, filed_at_provider: false}\ndomains: [{name: example.com, filed: false}]", "new-site-elsewhere", ""},
		{"empty subject that may not", here + "province: henan\nsubject: {record: empty, filed_at_provider: false}\ndomains: [{name: example.com, filed: false}]", "cancel-and-refile", ""},
		{"declared first, nothing else said", here + "kind: first\ndomains: [example.com]", "first-filing", ""},
		{"declared access, nothing else said", here + "kind: access\ndomains: [example.com]", "new-access", ""},
		{"declared first, facts say otherwise", here + "kind: first\nsubject: {filed_at_provider: true}\ndomains: [{name: example.com, filed: false}]", "new-site-here", ""},

		{"domain unknown", here + "subject: {filed_at_provider: false, filed_elsewhere: true}\ndomains: [example.com]", "", "domain.filed"},
		{"subject unknown", here + "domains: [{name: example.com, filed: false}]", "", "subject.filed_at_provider subject.filed_elsewhere"},
		{"filed here or elsewhere", here + "kind: new-site\ndomains: [{name: example.com, filed: false}]", "", "subject.filed_at_provider"},
		{"server unknown", "provider: aliyun\nsubject: {filed_at_provider: false, filed_elsewhere: false}\ndomains: [{name: example.com, filed: false}]", "", "server.region"},
		{"which provider has the access", here + "subject: {filed_at_provider: true, filed_elsewhere: true}\ndomains: [{name: example.com, filed: true}]", "", "domain.access_here"},
		{"empty subject, province unknown", here + "subject: {record: empty, filed_at_provider: true}\ndomains: [{name: example.com, filed: false}]", "", "province"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, err := filing.Decode("filing.yaml", []byte(test.filing), book)
			if err != nil {
				t.Fatal(err)
			}
			p, err := plan.Make(book, f, today)
			if err != nil {
				t.Fatal(err)
			}
			if needs := strings.Join(p.Needs, " "); p.Kind != test.kind || needs != test.needs {
				t.Errorf("got kind %q needing %q (possible %q), want %q needing %q", p.Kind, needs, p.Possible, test.kind, test.needs)
			}
			if (p.Kind == "") != (len(p.Steps) == 0) || (p.Kind == "") != p.Why.Empty() {
				t.Errorf("kind %q with %d steps because %q", p.Kind, len(p.Steps), p.Why.En)
			}
		})
	}
}

// TestSeveralDomains: where domains need different filings each is told, and
// what has to be settled first leads.
func TestSeveralDomains(t *testing.T) {
	book := shipped.Book(t)
	f, err := filing.Decode("filing.yaml", []byte("provider: aliyun\nserver: {region: cn-hangzhou}\nsubject: {filed_at_provider: false, filed_elsewhere: true}\ndomains: [{name: new.com, filed: false}, {name: old.com, filed: true}]"), book)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Make(book, f, today)
	if err != nil {
		t.Fatal(err)
	}
	if p.Kind != "new-access" || len(p.Domains) != 2 || p.Domains[0].Kind != "new-site-elsewhere" || p.Domains[1].Kind != "new-access" {
		t.Errorf("got %s, %+v", p.Kind, p.Domains)
	}
}

func TestWorkdays(t *testing.T) {
	book := shipped.Book(t)
	tests := []struct {
		from, want string
		n          int
	}{
		{"2026-11-24", "2026-11-24", 0},
		{"2026-11-24", "2026-11-25", 1},
		{"2026-11-27", "2026-11-30", 1}, // over a weekend
		{"2026-02-13", "2026-02-14", 1}, // a Saturday worked for the Spring Festival
		{"2026-02-14", "2026-02-24", 1}, // over the Spring Festival
		{"2026-09-24", "2026-09-28", 1}, // over Mid-Autumn
		{"2026-09-30", "2026-10-08", 1}, // over National Day
		{"2025-01-27", "2025-02-05", 1},
		{"2025-10-10", "2025-10-11", 1},
		{"2026-11-24", "2026-12-22", 20},
	}
	for _, test := range tests {
		from, err := calendar.Parse(test.from)
		if err != nil {
			t.Fatal(err)
		}
		w := plan.NewWorkdays(book)
		if got := calendar.Date(w.Add(from, test.n)); got != test.want {
			t.Errorf("%s and %d working days: got %s, want %s", test.from, test.n, got, test.want)
		}
		if len(w.Guessed()) > 0 {
			t.Errorf("%s and %d working days: guessed %v", test.from, test.n, w.Guessed())
		}
	}
	w := plan.NewWorkdays(book)
	w.Add(time.Date(2026, 12, 31, 0, 0, 0, 0, calendar.Beijing), 1)
	if !slices.Equal(w.Guessed(), []int{2027}) {
		t.Errorf("2027 has no table, but the guessed years are %v", w.Guessed())
	}
}

// TestHolidayTable: holidays lie in order and in one year; worked days are weekend days.
func TestHolidayTable(t *testing.T) {
	for _, row := range shipped.Book(t).Table("holidays").Rows {
		from, _ := row.Value("from").(time.Time)
		to, _ := row.Value("to").(time.Time)
		if to.Before(from) || from.Year() != to.Year() || !strings.HasPrefix(row.ID, calendar.Date(from)[:4]) {
			t.Errorf("%s lasts from %s to %s", row.ID, calendar.Date(from), calendar.Date(to))
		}
		for _, s := range row.List("worked") {
			day, err := calendar.Parse(s)
			if err != nil || day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
				t.Errorf("%s: %s is no weekend day (%v)", row.ID, s, err)
			}
		}
	}
}

// TestTable: every kind has a name in the vocabulary, and the last row always holds.
func TestTable(t *testing.T) {
	book := shipped.Book(t)
	rows := book.Table("plans").Rows
	for i, row := range rows {
		if !slices.Contains(book.Words("plan", ""), row.Text("kind")) {
			t.Errorf("%s: kind %q is no row plan/%[2]s of table words", row.ID, row.Text("kind"))
		}
		if last := i == len(rows)-1; (row.Rule("when") == nil) != last {
			t.Errorf("%s: only the last row stands without a rule", row.ID)
		}
	}
	for _, kind := range book.Words("plan", "") {
		if !slices.ContainsFunc(rows, func(r *rulebook.Row) bool { return r.Text("kind") == kind }) {
			t.Errorf("no row leads to %q", kind)
		}
	}
}

// decisive are the facts that the table of plans reads.
var decisive = []string{"server.mainland", "service.kind", "service.public", "account.holds_other_subject", "account.old_platform",
	"subject.filed_at_provider", "subject.filed_elsewhere", "subject.changes_entity", "subject.moves_province", "subject.individual_to_unit", "domain.filed", "domain.access_here"}

// TestDeciding: a kind that is decided stays whatever a missing fact turns out
// to be, and what is asked for can change it.
func TestDeciding(t *testing.T) {
	book := shipped.Book(t)
	values := func(path string) []any {
		if path == "server.mainland" {
			return []any{true, false}
		}
		return book.FewValues(path, "")
	}
	rapid.Check(t, func(t *rapid.T) {
		f := &filing.Filing{Name: "drawn", Facts: filing.Facts{}, Domains: []*filing.Domain{{Facts: filing.Facts{}}}}
		set := func(f *filing.Filing, path string, v any) {
			facts := f.Facts
			if strings.HasPrefix(path, filing.DomainPrefix) {
				facts = f.Domains[0].Facts
			}
			facts[path] = filing.Fact{Value: v, Origin: filing.Origin{Source: filing.FromFile}}
		}
		for _, path := range decisive {
			if rapid.Bool().Draw(t, "know "+path) {
				set(f, path, rapid.SampledFrom(values(path)).Draw(t, path))
			}
		}
		p, err := plan.Make(book, f, today)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Contradictions) > 0 {
			return // TestContradictions is about those
		}
		if (p.Kind == "") != (len(p.Needs) > 0) {
			t.Fatalf("kind %q needs %v", p.Kind, p.Needs)
		}
		if p.Kind == "" {
			return
		}
		for _, path := range decisive {
			_, filed := f.Facts[path]
			_, domain := f.Domains[0].Facts[path]
			taken := slices.ContainsFunc(p.Assumed, func(a plan.Assumption) bool { return a.Path == path })
			if filed || domain || taken {
				continue
			}
			for _, v := range values(path) {
				with := f.Clone()
				set(with, path, v)
				q, err := plan.Make(book, with, today)
				if err != nil {
					t.Fatal(err)
				}
				if q.Kind != p.Kind && len(q.Contradictions) == 0 {
					t.Errorf("%s was decided without %s, which as %v makes it %s (needs %v)", p.Kind, path, v, q.Kind, q.Needs)
				}
			}
		}
	})
}
