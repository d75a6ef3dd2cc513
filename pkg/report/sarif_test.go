package report_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/text"
)

var sarifSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	file, err := os.Open(filepath.Join(testdata, "schema/sarif-2.1.0.json"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	document, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	const url = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	if err := c.AddResource(url, document); err != nil {
		return nil, err
	}
	return c.Compile(url)
})

func validSARIF(t *testing.T, s string) {
	t.Helper()
	schema, err := sarifSchema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(document); err != nil {
		t.Errorf("not valid SARIF 2.1.0: %v", err)
	}
}

func format(t testing.TB, name string) report.Format {
	t.Helper()
	f, err := report.FormatOf(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

type sarifLog struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Rules []sarifRule
			}
		}
		Results []sarifResult
	}
}

type sarifRule struct {
	ID                                string
	ShortDescription, FullDescription struct{ Text string }
	Help                              struct{ Text, Markdown string }
	HelpURI                           string
}

type sarifResult struct {
	RuleID, Kind, Level string
	RuleIndex           int
	Message             struct{ Text string }
	PartialFingerprints map[string]string
	Suppressions        []struct {
		Kind, Status, Justification string
		Properties                  struct{ Until string }
	}
	Locations []struct {
		PhysicalLocation *struct {
			ArtifactLocation struct{ URI string }
			Region           struct{ StartLine, StartColumn, EndLine, EndColumn int }
		}
	}
}

// TestSARIF demands the schema and, beyond it, what GitHub asks for.
func TestSARIF(t *testing.T) {
	book := toy(t)
	for _, c := range cases {
		for _, lang := range text.Langs() {
			got := render(t, format(t, "sarif"), c.make(t, book), report.Options{Lang: lang})
			validSARIF(t, got)
			var log sarifLog
			if err := json.Unmarshal([]byte(got), &log); err != nil {
				t.Fatal(err)
			}
			if len(log.Runs) != 1 || len(log.Runs[0].Results) == 0 {
				t.Fatalf("%s: want one run with results", c.name)
			}
			rules := log.Runs[0].Tool.Driver.Rules
			for _, r := range rules {
				for _, s := range []string{r.ID, r.ShortDescription.Text, r.FullDescription.Text, r.Help.Text, r.Help.Markdown} {
					if s == "" {
						t.Errorf("%s: rule %q has an empty text, which GitHub refuses", c.name, r.ID)
					}
				}
				if strings.HasPrefix(r.HelpURI, "javascript:") || strings.Contains(r.Help.Markdown, "javascript:") {
					t.Errorf("rule %q links to a script", r.ID)
				}
			}
			prints := map[string]bool{}
			for _, r := range log.Runs[0].Results {
				if rules[r.RuleIndex].ID != r.RuleID {
					t.Errorf("rule index %d is not %s", r.RuleIndex, r.RuleID)
				}
				if len(r.PartialFingerprints) == 0 || len(r.Locations) != 1 || r.Message.Text == "" {
					t.Errorf("%s: result %s lacks a fingerprint, a location or a message", c.name, r.RuleID)
				}
				if r.Suppressions == nil {
					t.Errorf("%s: result %s has no suppressions; SARIF wants them on all results or on none", c.name, r.RuleID)
				}
				if (r.Kind == "fail") == (r.Level == "none") {
					t.Errorf("result %s of kind %s has level %s", r.RuleID, r.Kind, r.Level)
				}
				for _, print := range r.PartialFingerprints {
					if prints[print] {
						t.Errorf("%s: two results have the fingerprint %s", c.name, print)
					}
					prints[print] = true
				}
				if p := r.Locations[0].PhysicalLocation; p != nil && (p.Region.StartLine < 1 || p.Region.StartColumn < 1 || p.Region.EndLine < p.Region.StartLine || p.Region.EndColumn <= p.Region.StartColumn) {
					t.Errorf("result %s: region %+v", r.RuleID, p.Region)
				}
			}
		}
	}
}

// TestFingerprintsStay holds that a finding is the same tomorrow, in the other
// language, and after lines were added above it.
func TestFingerprintsStay(t *testing.T) {
	book := toy(t)
	prints := func(content string, o report.Options, days int) map[string]bool {
		r := evaluate(book, decode(t, book, "filing.yaml", content))
		r.GeneratedAt = r.GeneratedAt.AddDate(0, 0, days)
		var log sarifLog
		if err := json.Unmarshal([]byte(render(t, format(t, "sarif"), r, o)), &log); err != nil {
			t.Fatal(err)
		}
		var issues []gitlabIssue
		if err := json.Unmarshal([]byte(render(t, format(t, "gitlab"), r, o)), &issues); err != nil {
			t.Fatal(err)
		}
		set := map[string]bool{}
		for _, r := range log.Runs[0].Results {
			for _, p := range r.PartialFingerprints {
				set["sarif "+p] = true
			}
		}
		for _, issue := range issues {
			set["gitlab "+issue.Fingerprint] = true
		}
		if len(set) != len(log.Runs[0].Results)+len(issues) {
			t.Errorf("%d fingerprints for %d and %d findings", len(set), len(log.Runs[0].Results), len(issues))
		}
		return set
	}
	const content = "province: north\ndomains: [{name: www.example.com, expires_on: 2026-12-01}, {name: blog.example.com, expires_on: 2026-12-01}]\n"
	first := prints(content, report.Options{Lang: text.En}, 0)
	second := prints("# a comment\n\n"+content, report.Options{Lang: text.Zh}, 1)
	if len(first) != len(second) || len(first) == 0 {
		t.Fatalf("%d fingerprints, then %d", len(first), len(second))
	}
	for p := range first {
		if !second[p] {
			t.Errorf("fingerprint %s is gone", p)
		}
	}
}

// TestPlaces holds that findings point to the line that is wrong.
func TestPlaces(t *testing.T) {
	book := toy(t)
	for _, c := range []struct {
		name, content, check, want string
	}{
		{"the value that is quoted", "provider: acme\nserver:\n  type: vm\n  billing: pay-as-you-go\n  months: 12\n", "server-terms", "4:12"},
		{"the other value of the same check", "provider: acme\nserver:\n  type: vm\n  billing: subscription\n  months: 1\n", "server-terms", "5:11"},
		{"a domain's value, not the province", "province: north\ndomains:\n  - name: example.com\n    expires_on: 2026-12-01\n", "domain-validity", "4:17"},
		{"the second domain", "domains:\n  - name: example.com\n    registered: true\n  - name: example.net\n    registered: false\n", "domain-registered", "5:17"},
		{"the second host of a domain", "domains:\n  - name: www.example.com\n    registered: true\n  - name: blog.example.com\n    registered: false\n", "domain-registered", "5:17"},
		{"the holder, not the subject", "subject: {name: 甲}\ndomains:\n- {name: example.com, holder: 乙}\n", "domain-holder", "3:31"},
		{"a missing key of a domain: its name", "province: north\ndomains:\n  - name: example.com\n", "domain-real-name", "3:11"},
		{"a missing key beside its group", "provider: acme\nserver:\n  type: vm\n  billing: subscription\n", "server-terms", "3:9"},
		{"a missing key of its own: the first line", "domains: [example.com]\n", "filing-kind", "1:1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := evaluate(book, decode(t, book, "dir with space/备案.yaml", c.content))
			var log sarifLog
			if err := json.Unmarshal([]byte(render(t, format(t, "sarif"), r, report.Options{})), &log); err != nil {
				t.Fatal(err)
			}
			found := ""
			for _, result := range log.Runs[0].Results {
				if result.RuleID == c.check {
					p := result.Locations[0].PhysicalLocation
					if p == nil {
						t.Fatal("no place")
					}
					found = strings.Join([]string{jsonOf(p.Region.StartLine), jsonOf(p.Region.StartColumn)}, ":")
					if want := "dir%20with%20space/%E5%A4%87%E6%A1%88.yaml"; p.ArtifactLocation.URI != want {
						t.Errorf("URI %q, want %q", p.ArtifactLocation.URI, want)
					}
				}
			}
			if found != c.want {
				t.Errorf("the finding points to %s, want %s", found, c.want)
			}
			line, column, _ := strings.Cut(c.want, ":")
			annotations := render(t, format(t, "github"), r, report.Options{})
			if want := "[" + c.check + "],file=dir with space/备案.yaml,line=" + line + ",endLine=" + line + ",col=" + column + ","; !strings.Contains(annotations, want) {
				t.Errorf("no annotation has %q:\n%s", want, annotations)
			}
		})
	}
}

func jsonOf(v any) string { b, _ := json.Marshal(v); return string(b) }
