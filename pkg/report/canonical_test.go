package report_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/internal/golden"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

const testdata = "../../testdata"

// now is the day of all reports here.
var now = time.Date(2026, 11, 24, 9, 30, 0, 0, calendar.Beijing)

// toy loads the made-up rulebook, so that the shipped rules may change freely.
func toy(t testing.TB) *rulebook.Rulebook {
	t.Helper()
	book, err := rulebook.Load(rulebook.Layer{FS: os.DirFS(filepath.Join(testdata, "rules/toy"))})
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func decode(t testing.TB, book *rulebook.Rulebook, name, content string) *filing.Filing {
	t.Helper()
	f, err := filing.Decode(name, []byte(content), book)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// named is a filing of one domain that was given as an argument.
func named(t testing.TB, name string) *filing.Filing {
	t.Helper()
	parsed, err := domainname.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	d := &filing.Domain{Facts: filing.Facts{}}
	filing.SetName(d.Facts, parsed, filing.Origin{Source: filing.FromFlag})
	return &filing.Filing{Name: parsed.Unicode, Facts: filing.Facts{}, Domains: []*filing.Domain{d}}
}

// evaluate makes the report on filings with the real engine.
func evaluate(book *rulebook.Rulebook, filings ...*filing.Filing) *report.Report {
	r := &report.Report{Tool: report.Tool{Name: "icpcheck", Version: "v0.0.0-test"}, Book: book, GeneratedAt: now}
	for _, f := range filings {
		r.Targets = append(r.Targets, report.NewTarget(f.Name, f, engine.Evaluate(book, f, engine.Options{Now: now})))
	}
	return r
}

func render(t testing.TB, format report.Format, r *report.Report, o report.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := format.Render(&b, r, o); err != nil {
		t.Fatalf("%s: %v", format.Name, err)
	}
	return b.String()
}

// oneFiling has every verdict, a conflict and evidence from look-ups.
func oneFiling(t testing.TB, book *rulebook.Rulebook) *report.Report {
	f := decode(t, book, "sites/filing.yaml", `provider: acme
province: north
kind: first
subject:
  type: enterprise
  name: 杭州示例科技有限公司
  certificate: {type: business-license, number: 91330100MA2XXXXX1A}
  lead: {name: 张三, id_number: "330102199003071234", phone: "13800138000"}
domains:
  - name: example.com
    holder: 李四
    expires_on: 2027-12-01
site:
  name: 短
server:
  type: vm
  billing: pay-as-you-go
  months: 1
`)
	d := f.Domains[0]
	origin := filing.Origin{Source: filing.FromRDAP, Server: "rdap.example", At: now.Add(-time.Minute)}
	d.Learn("domain.registered", true, origin)
	d.Learn("domain.expires_at", time.Date(2027, 2, 10, 3, 0, 0, 0, time.UTC), origin)
	return evaluate(book, f)
}

// manyTargets has a filing of two domains, one whose look-up failed, a file
// that is ready, and a name that was given as an argument.
func manyTargets(t testing.TB, book *rulebook.Rulebook) *report.Report {
	two := decode(t, book, "two.yaml", `provider: acme
subject: {type: enterprise, name: 杭州示例科技有限公司}
server: {type: vm, billing: subscription, months: 12}
domains:
  - {name: example.com, registered: true, real_name: verified, holder: 杭州示例科技有限公司, expires_on: 2027-04-01}
  - name: 示例.中国
    real_name: none
`)
	two.Domains[1].Missed = []filing.Missed{{
		Failure: failure.New(failure.Timeout, "whois", "whois.example", "xn--fsq23i.xn--fiqs8s", errors.New("read tcp: i/o timeout")),
		Paths:   []string{"domain.registered", "domain.expires_at", "domain.holder"},
	}}
	ready := decode(t, book, "ready.yaml", `provider: acme
province: south
kind: first
subject: {type: enterprise, name: 杭州示例科技有限公司}
server: {type: vm, billing: subscription, months: 12}
domains:
  - {name: example.com, registered: true, real_name: verified, holder: 杭州示例科技有限公司, expires_on: 2027-04-01}
`)
	return evaluate(book, two, ready, named(t, "example.net"))
}

// acceptedFindings has waivers for a failed and for an undetermined check, on
// their last day; one that ran out the day before; and one that is not needed.
func acceptedFindings(t testing.TB, book *rulebook.Rulebook) *report.Report {
	return evaluate(book, decode(t, book, "accepted.yaml", `provider: acme
province: north
subject: {type: enterprise, name: 杭州示例科技有限公司}
server: {type: vm, billing: pay-as-you-go, months: 12}
domains:
  - {name: example.com, registered: true, real_name: verified, holder: 李四, expires_on: 2026-12-01}
accepted:
  - check: domain-validity
    reason: 续费已下单，订单 13800138000 号
    until: 2026-11-24
  - {check: filing-kind, reason: 由接入服务商确认, until: 2026-12-31}
  - {check: server-terms, reason: 转包年包月排在上周, until: 2026-11-23}
  - {check: 域名实名认证, reason: 模板刚过户, until: 2027-01-31}
`))
}

var cases = []struct {
	name string
	make func(testing.TB, *rulebook.Rulebook) *report.Report
}{{"filing", oneFiling}, {"many", manyTargets}, {"accepted", acceptedFindings}}

// extensions of golden files, so that an editor shows them right.
var extensions = map[string]string{
	"text": "txt", "json": "json", "ndjson": "ndjson", "junit": "xml", "sarif": "sarif", "markdown": "md", "html": "html",
	"github": "log", "gitlab": "json", "csv": "csv",
}

func TestGolden(t *testing.T) {
	book := toy(t)
	for _, c := range cases {
		r := c.make(t, book)
		for _, format := range report.Formats() {
			if c.name == "many" && format.Name == "gitlab" {
				continue // refuses a target without a file, see TestGitLabNeedsFile
			}
			for _, lang := range text.Langs() {
				variants := map[string]report.Options{"": {Lang: lang}}
				switch format.Name {
				case "text":
					variants["-color"] = report.Options{Lang: lang, Color: true, Width: 100}
					variants["-narrow"] = report.Options{Lang: lang, Width: 48}
					variants["-verbose"] = report.Options{Lang: lang, Verbose: true}
					variants["-quiet"] = report.Options{Lang: lang, Quiet: true}
				case "markdown":
					variants["-verbose"] = report.Options{Lang: lang, Verbose: true}
				}
				for variant, o := range variants {
					name := format.Name + variant + "." + string(lang) + "." + extensions[format.Name]
					t.Run(c.name+"/"+name, func(t *testing.T) {
						got := render(t, format, r, o)
						golden.Equal(t, filepath.Join(testdata, "report", c.name, name), []byte(got))
						if again := render(t, format, r, o); again != got {
							t.Error("two runs over the same report differ")
						}
					})
				}
			}
		}
	}
}

func TestFormatsAreNamedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range report.Formats() {
		if seen[f.Name] || f.About.Zh == "" || f.About.En == "" || extensions[f.Name] == "" {
			t.Errorf("format %q: twice in the list, or without a description or an extension here", f.Name)
		}
		seen[f.Name] = true
	}
	if _, err := report.FormatOf("yaml"); err == nil {
		t.Error("an unknown format is accepted")
	}
}
