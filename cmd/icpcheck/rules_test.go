package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/text"
)

func TestRulesSchema(t *testing.T) {
	for _, args := range [][]string{nil, {"filing"}, {"check"}, {"table"}} {
		o := inProcess(t, append([]string{"rules", "schema", "--lang", "zh"}, args...)...)
		var s map[string]any
		if err := json.Unmarshal([]byte(o.stdout), &s); err != nil || o.status != 0 {
			t.Fatalf("%v: status %d, %v: %s", args, o.status, err, o.stderr)
		}
		if s["$schema"] != "https://json-schema.org/draft/2020-12/schema" {
			t.Errorf("%v: $schema is %v", args, s["$schema"])
		}
	}
	o := inProcess(t, "rules", "schema", "filling")
	refused(t, o)
	if !strings.Contains(o.stderr, `did you mean "filing"?`) {
		t.Errorf("no suggestion: %s", o.stderr)
	}
}

// TestDocs: the pages of docs/ that the rulebook prints are up to date.
func TestDocs(t *testing.T) {
	for _, name := range docNames {
		o := inProcess(t, "rules", "docs", name)
		if o.status != 0 {
			t.Fatal(o.stderr)
		}
		file := filepath.Join("..", "..", "docs", name+".md")
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if o.stdout != string(want) {
			t.Errorf("%s is not what the rulebook prints; make generate writes it anew", file)
		}
	}
	refused(t, inProcess(t, "rules", "docs", "check"))
}

// TestDocsComplete: every check has its entry, and every source it names resolves.
func TestDocsComplete(t *testing.T) {
	checks, sources := inProcess(t, "rules", "docs", "checks").stdout, inProcess(t, "rules", "docs", "sources").stdout
	var list struct{ Checks []struct{ ID string } }
	if err := json.Unmarshal([]byte(inProcess(t, "rules", "list", "--format", "json").stdout), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Checks) < 45 {
		t.Errorf("only %d checks", len(list.Checks))
	}
	for _, c := range list.Checks {
		if !strings.Contains(checks, "\n## "+c.ID+"\n") {
			t.Errorf("%s has no entry", c.ID)
		}
	}
	links := regexp.MustCompile(`sources\.md#([^)]+)\)`).FindAllStringSubmatch(checks, -1)
	if len(links) < len(list.Checks) {
		t.Errorf("only %d sources linked", len(links))
	}
	for _, link := range links {
		if !strings.Contains(sources, `<a id="`+link[1]+`">`) {
			t.Errorf("the source %s is not in sources.md", link[1])
		}
	}
}

// rulesFolder writes files into a folder of rules.
func rulesFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRulesDiff(t *testing.T) {
	overlay := rulesFolder(t, map[string]string{
		"tables/provinces.yaml": "table: provinces\nrows:\n  - {id: zhejiang, patch: true, min_validity_days: {value: 400, source: [seed]}}\n",
	})
	filing := write(t, "province: zhejiang\ndomains: [{name: example.com, registered: true, expires_on: 2027-11-24}]\n")
	o := inProcess(t, "rules", "diff", "builtin", overlay, "--filing", filing, "--format", "json")
	if o.status != 0 {
		t.Fatal(o.stderr)
	}
	var d struct {
		Checks   []any
		Rows     []struct{ Table, ID, How string }
		Filings  int
		Outcomes []struct {
			Filing   string
			Verdicts []struct{ Check, Old, New string }
		}
	}
	if err := json.Unmarshal([]byte(o.stdout), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Checks) != 0 || len(d.Rows) != 1 || d.Rows[0].ID != "zhejiang" || d.Rows[0].How != "changed" || d.Filings != 2 {
		t.Errorf("got %+v", d)
	}
	if !slices.ContainsFunc(d.Outcomes, func(o struct {
		Filing   string
		Verdicts []struct{ Check, Old, New string }
	}) bool {
		return o.Filing == filing && o.Verdicts[0].Check == "domain-validity" && o.Verdicts[0].Old == "pass" && o.Verdicts[0].New == "fail"
	}) {
		t.Errorf("the filing does not end differently: %+v", d.Outcomes)
	}

	zh := inProcess(t, "rules", "diff", "builtin", overlay, "--lang", "zh")
	for _, want := range []string{"改动  provinces/zhejiang", "min_validity_days：90 → 400"} {
		if !strings.Contains(zh.stdout, want) {
			t.Errorf("no %q in\n%s", want, zh.stdout)
		}
	}
	if same := inProcess(t, "rules", "diff", "builtin", "builtin", "--lang", "en"); !strings.Contains(same.stdout, "the rules are the same") {
		t.Errorf("got %s", same.stdout)
	}
}

// TestRulesDiffWhole compares a whole rulebook with a copy that lacks a check.
func TestRulesDiffWhole(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../rules")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "checks", "account-channel.yaml")); err != nil {
		t.Fatal(err)
	}
	o := inProcess(t, "rules", "diff", "builtin", dir, "--lang", "en")
	if o.status != 0 || !strings.Contains(o.stdout, "- removed  account-channel") {
		t.Errorf("status %d: %s%s", o.status, o.stdout, o.stderr)
	}
	if err := os.WriteFile(filepath.Join(dir, "tables", "words.yaml"), []byte("table: words\nrows: [{id: a, typo: b}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := inProcess(t, "rules", "diff", "builtin", dir)
	refused(t, broken)
	if !strings.Contains(broken.stderr, "typo") {
		t.Errorf("the mistake is not named: %s", broken.stderr)
	}
}

func TestRulesDiffUsage(t *testing.T) {
	for _, args := range [][]string{{"builtin"}, {"builtin", "no-such-folder"}, {"builtin", "rules_test.go"}, {"builtin", t.TempDir()}, {"builtin", "builtin", "--filing", "none.yaml"}} {
		refused(t, inProcess(t, append([]string{"rules", "diff"}, args...)...))
	}
}

// TestRulebookPage: the folder that docs/rulebook.md builds up holds.
func TestRulebookPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/rulebook.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := regexp.MustCompile("(?s)```yaml\n# my-rules/(\\S+)\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(files) < 3 {
		t.Fatalf("found %d files in the page", len(files))
	}
	for _, f := range files {
		path := filepath.Join(dir, f[1])
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f[2]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range []string{"lint", "test"} {
		if o := inProcess(t, "rules", command, "--rules", dir); o.status != 0 {
			t.Errorf("rules %s: status %d\n%s", command, o.status, o.stderr)
		}
	}
}

// TestSourceLanguage: a report, its sentences and rules show name sources in
// the language of the report.
func TestSourceLanguage(t *testing.T) {
	filing := write(t, "provider: aliyun\nprovince: hebei\nsubject: {type: enterprise, name: 甲公司}\ndomains: [{name: example.com, holder: 张三}]\n")
	for lang, want := range map[string]struct{ seed, cited, unfilled string }{
		"zh": {"阿里云：ICP 备案快速入门", "（阿里云：各省管局规则，2019 年）", "（<来源>）"},
		"en": {"Alibaba Cloud ICP filing quick start", "(Alibaba Cloud: a page of rules for each province, 2019)", "(<source>)"},
	} {
		inLang := func(args ...string) string { return inProcess(t, append(args, "--lang", lang)...).stdout }
		var report struct {
			Sources map[string]struct{ Title string }
			Reports []struct {
				Checks []struct{ ID, Message string }
			}
		}
		if err := json.Unmarshal([]byte(inLang("check", filing, "--offline", "--format", "json")), &report); err != nil {
			t.Fatal(err)
		}
		if got := report.Sources["seed"].Title; got != want.seed {
			t.Errorf("%s: the report calls the seed %q", lang, got)
		}
		for _, c := range report.Reports[0].Checks {
			if c.ID == "domain-holder" && !strings.Contains(c.Message, want.cited) {
				t.Errorf("%s: no %s in %s", lang, want.cited, c.Message)
			}
		}
		for _, format := range []string{"text", "html", "markdown", "sarif"} {
			if out := inLang("check", filing, "--offline", "--verbose", "--format", format); !strings.Contains(out, want.seed) {
				t.Errorf("%s: %s does not name the seed", lang, format)
			}
		}
		if out := inLang("rules", "show", "domain-holder"); !strings.Contains(out, want.seed) {
			t.Errorf("%s: rules show does not name the seed: %s", lang, out)
		}
		if out := inLang("explain", "domain-holder"); !strings.Contains(out, want.seed) || !strings.Contains(out, want.unfilled) {
			t.Errorf("%s: explain does not name the seed, or the source of a sentence: %s", lang, out)
		}
	}
}

// TestSourceNames: each source has a Chinese name, unless it is a project's own,
// and what is said of its date and of its worth is said in Chinese too.
func TestSourceNames(t *testing.T) {
	var list struct {
		Rows []struct {
			ID                string
			Name, Date, Trust text.Text
		}
	}
	if err := json.Unmarshal([]byte(inProcess(t, "rules", "list", "sources", "--format", "json").stdout), &list); err != nil {
		t.Fatal(err)
	}
	for _, r := range list.Rows {
		if !regexp.MustCompile(`\p{Han}`).MatchString(r.Name.Zh) && r.Name.Zh != r.Name.En {
			t.Errorf("%s is called %q in Chinese", r.ID, r.Name.Zh)
		}
		if r.Name.En == r.ID || r.Name.Zh == r.Name.En && strings.Contains(r.Name.En, " ") {
			t.Errorf("%s has the same name in both languages: %q", r.ID, r.Name.En)
		}
		for _, words := range []text.Text{r.Date, r.Trust} {
			if words.Zh == words.En && regexp.MustCompile(`[A-Za-z]`).MatchString(words.En) {
				t.Errorf("%s: %q is English alone", r.ID, words.En)
			}
		}
	}
}
