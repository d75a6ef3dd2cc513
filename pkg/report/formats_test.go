package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// junitElement is what the documentation of Jenkins' junit-plugin and of
// GitLab's unit test reports lets stand in a report.
type junitElement struct {
	required, optional []string
	children           []string
	textAllowed        bool
}

var junitElements = map[string]junitElement{
	"testsuites": {required: []string{"tests", "failures", "errors"}, optional: []string{"name", "skipped", "time"}, children: []string{"testsuite"}},
	"testsuite":  {required: []string{"name", "tests", "failures", "errors", "skipped", "time"}, optional: []string{"timestamp", "id", "package"}, children: []string{"properties", "testcase"}},
	"properties": {children: []string{"property"}},
	"property":   {required: []string{"name", "value"}},
	"testcase":   {required: []string{"classname", "name", "time"}, optional: []string{"file"}, children: []string{"failure", "error", "skipped", "system-out", "system-err"}},
	"failure":    {required: []string{"message"}, optional: []string{"type"}, textAllowed: true},
	"error":      {required: []string{"message"}, optional: []string{"type"}, textAllowed: true},
	"skipped":    {optional: []string{"message"}, textAllowed: true},
	"system-out": {textAllowed: true},
}

type xmlNode struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []xmlNode  `xml:",any"`
}

func (n *xmlNode) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func validJUnit(t *testing.T, n *xmlNode) {
	t.Helper()
	name := n.XMLName.Local
	rule, ok := junitElements[name]
	if !ok {
		t.Errorf("element %s is not known", name)
		return
	}
	for _, want := range rule.required {
		if n.attr(want) == "" {
			t.Errorf("%s lacks %s", name, want)
		}
	}
	for _, a := range n.Attrs {
		if !contains(rule.required, a.Name.Local) && !contains(rule.optional, a.Name.Local) {
			t.Errorf("%s has the unknown attribute %s", name, a.Name.Local)
		}
	}
	if !rule.textAllowed && strings.TrimSpace(n.Text) != "" {
		t.Errorf("%s holds stray text %q, for which GitLab drops the report", name, n.Text)
	}
	for i := range n.Children {
		if !contains(rule.children, n.Children[i].XMLName.Local) {
			t.Errorf("%s holds a %s", name, n.Children[i].XMLName.Local)
		}
		validJUnit(t, &n.Children[i])
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func TestJUnit(t *testing.T) {
	book := toy(t)
	for _, c := range cases {
		r := c.make(t, book)
		var root xmlNode
		if err := xml.Unmarshal([]byte(render(t, format(t, "junit"), r, report.Options{Lang: text.Zh})), &root); err != nil {
			t.Fatal(err)
		}
		validJUnit(t, &root)
		total := map[string]int{}
		for i, suite := range root.Children {
			counts, names := map[string]int{}, map[string]bool{}
			for _, testcase := range suite.Children {
				if testcase.XMLName.Local != "testcase" {
					continue
				}
				counts["tests"]++
				key := testcase.attr("classname") + " " + testcase.attr("name")
				if names[key] {
					t.Errorf("two cases are called %s; GitLab counts the first only", key)
				}
				names[key] = true
				verdicts := 0
				for _, child := range testcase.Children {
					if child.XMLName.Local == "system-out" {
						continue
					}
					verdicts++
					counts[map[string]string{"failure": "failures", "error": "errors", "skipped": "skipped"}[child.XMLName.Local]]++
					if !strings.HasPrefix(child.Text, child.attr("message")) {
						t.Errorf("%s: the text does not repeat the message, which GitLab does not show", key)
					}
				}
				if verdicts > 1 {
					t.Errorf("%s has %d verdicts", key, verdicts)
				}
			}
			for _, k := range []string{"tests", "failures", "errors", "skipped"} {
				if got := suite.attr(k); got != strconv.Itoa(counts[k]) {
					t.Errorf("%s: %s=%s, counted %d", suite.attr("name"), k, got, counts[k])
				}
				total[k] += counts[k]
			}
			// A build is red exactly when the target is not ready.
			if red := counts["failures"]+counts["errors"] > 0; red != (r.Targets[i].Overall != verdict.Ready) {
				t.Errorf("%s is %s, and has %d failures and %d errors", r.Targets[i].Name, r.Targets[i].Overall, counts["failures"], counts["errors"])
			}
		}
		for k, n := range total {
			if root.attr(k) != strconv.Itoa(n) {
				t.Errorf("%s: in all %s=%s, counted %d", c.name, k, root.attr(k), n)
			}
		}
	}
}

// TestJUnitSchema validates against testdata/schema/junit.xsd, also what a file
// that is ready and a hostile name give.
func TestJUnitSchema(t *testing.T) {
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("no xmllint: install Debian's libxml2-utils")
	}
	validate := func(document string) (string, error) {
		cmd := exec.Command(xmllint, "--noout", "--nonet", "--schema", filepath.Join(testdata, "schema/junit.xsd"), "-")
		cmd.Stdin = strings.NewReader(document)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	book := toy(t)
	reports := map[string]*report.Report{"hostile": withFacts(t, book, strings.Join(hostile, " "))}
	for _, c := range cases {
		reports[c.name] = c.make(t, book)
	}
	for name, r := range reports {
		for _, lang := range text.Langs() {
			if out, err := validate(render(t, format(t, "junit"), r, report.Options{Lang: lang})); err != nil {
				t.Errorf("%s in %s: %v\n%s", name, lang, err, out)
			}
		}
	}
	if out, err := validate(`<testsuites tests="1" failures="0" errors="0" skipped="0" time="0"><testsuite name="x"/></testsuites>`); err == nil {
		t.Errorf("the schema lets everything pass: %s", out)
	}
}

func TestGitLab(t *testing.T) {
	book := toy(t)
	r := evaluate(book, decode(t, book, "./a/../filing.yaml", "province: north\ndomains: [{name: www.example.com, expires_on: 2026-12-01}, {name: blog.example.com, expires_on: 2026-12-01}]\n"))
	got := render(t, format(t, "gitlab"), r, report.Options{Lang: text.Zh})
	var list []map[string]any
	if err := json.Unmarshal([]byte(got), &list); err != nil {
		t.Fatal(err)
	}
	prints := map[any]bool{}
	for _, f := range list {
		for _, key := range []string{"description", "check_name", "fingerprint", "severity", "location"} {
			if f[key] == nil || f[key] == "" {
				t.Errorf("%v lacks %s", f, key)
			}
		}
		if prints[f["fingerprint"]] {
			t.Errorf("two findings have the fingerprint %v; GitLab shows one", f["fingerprint"])
		}
		prints[f["fingerprint"]] = true
		if s := f["severity"]; !contains([]string{"info", "minor", "major", "critical", "blocker"}, fmt.Sprint(s)) {
			t.Errorf("unknown severity %v", s)
		}
		if path := f["location"].(map[string]any)["path"]; path != "filing.yaml" {
			t.Errorf("path %v", path)
		}
	}
	if len(list) == 0 {
		t.Error("no findings")
	}
	if empty := render(t, format(t, "gitlab"), &report.Report{Book: book}, report.Options{}); empty != "[]\n" {
		t.Errorf("nothing to report gives %q, want an empty list", empty)
	}
}

func TestGitLabNeedsFile(t *testing.T) {
	book := toy(t)
	stdin := decode(t, book, "-", "domains: [example.com]\n")
	for _, f := range []*filing.Filing{named(t, "example.net"), stdin} {
		var b bytes.Buffer
		err := format(t, "gitlab").Render(&b, evaluate(book, f), report.Options{})
		if err == nil || !strings.Contains(err.Error(), f.Name) || b.Len() > 0 {
			t.Errorf("%s: want an error that names it and no output, got %v and %q", f.Name, err, b.String())
		}
	}
}

// TestGitHubCountsWhatIsDropped gives more findings than GitHub shows.
func TestGitHubCountsWhatIsDropped(t *testing.T) {
	book := toy(t)
	var names []string
	for i := range 12 {
		names = append(names, fmt.Sprintf("{name: d%d.com, registered: false}", i))
	}
	r := evaluate(book, decode(t, book, "filing.yaml", "domains: ["+strings.Join(names, ", ")+"]\n"))
	got := render(t, format(t, "github"), r, report.Options{Lang: text.En})
	if n := len(regexp.MustCompile(`(?m)^::error `).FindAllString(got, -1)); n != 12 {
		t.Errorf("%d errors, want 12", n)
	}
	if want := "GitHub shows 10 error annotations a step; 2 more stand in the log only"; !strings.Contains(got, want) {
		t.Errorf("%q is not said in\n%s", want, got)
	}
}

func TestQuietMarkdownKeepsWhatIsWrong(t *testing.T) {
	book := toy(t)
	got := render(t, format(t, "markdown"), oneFiling(t, book), report.Options{Lang: text.En, Quiet: true})
	if strings.Contains(got, "✅") || !strings.Contains(got, "❌") {
		t.Errorf("quiet Markdown:\n%s", got)
	}
}
