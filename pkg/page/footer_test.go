package page_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/page"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// address is where the test pages pretend to come from.
const address = "https://www.example.com/"

// today is the day they are judged on.
var today = time.Date(2026, 11, 24, 0, 0, 0, 0, calendar.Beijing)

// expected is what stands beside a page, in NAME.yaml.
type expected struct {
	// Given are facts from elsewhere, by path.
	Given   map[string]string
	Numbers []struct {
		Normal, Kind, Province, Link, Href string
	}
	Unseen      []string
	Owner       string
	NeedsRender bool `yaml:"needs_render"`
	// Verdicts by check, of every check on pages; "warning" is a failed check of
	// that severity.
	Verdicts map[string]string
}

// TestFooters reads every page below testdata and compares what is found, and
// what the shipped rules make of it, with the file beside it.
func TestFooters(t *testing.T) {
	book := shipped.Book(t)
	pages, err := filepath.Glob("testdata/footers/*.html")
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) < 60 {
		t.Fatalf("only %d pages", len(pages))
	}
	for _, path := range pages {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".html"), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			file, err := os.Open(strings.TrimSuffix(path, ".html") + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			var want expected
			decoder := yaml.NewDecoder(file)
			decoder.KnownFields(true)
			if err := decoder.Decode(&want); err != nil {
				t.Fatal(err)
			}
			compare(t, page.Footer(data, address), want)
			judge(t, book, data, want)
		})
	}
}

func compare(t *testing.T, got page.Findings, want expected) {
	t.Helper()
	if len(got.Numbers) != len(want.Numbers) {
		t.Errorf("%d numbers, want %d: %+v", len(got.Numbers), len(want.Numbers), got.Numbers)
	}
	for i, n := range got.Numbers {
		if i >= len(want.Numbers) {
			break
		}
		w := want.Numbers[i]
		if n.Normal != w.Normal || string(n.Kind) != w.Kind || n.Province != w.Province || string(n.Link) != w.Link || n.Href != w.Href {
			t.Errorf("number %d: got %+v, want %+v", i, n, w)
		}
		if n.Text == "" {
			t.Errorf("number %d has no text", i)
		}
	}
	var unseen []string
	for _, n := range got.Unseen {
		unseen = append(unseen, n.Normal)
	}
	if strings.Join(unseen, " ") != strings.Join(want.Unseen, " ") {
		t.Errorf("unseen %q, want %q", unseen, want.Unseen)
	}
	owner := ""
	for _, c := range got.Copyright {
		if owner == "" {
			owner = c.Owner
		}
	}
	if owner != want.Owner {
		t.Errorf("owner %q, want %q of %+v", owner, want.Owner, got.Copyright)
	}
	if got.NeedsRender != want.NeedsRender {
		t.Errorf("needs a browser: %v", got.NeedsRender)
	}
}

func judge(t *testing.T, book *rulebook.Rulebook, data []byte, want expected) {
	t.Helper()
	f := &filing.Filing{Name: address, Facts: filing.Facts{}}
	f.Pages = []*filing.Page{page.NewPage(address, page.Footer(data, address), nil, filing.Origin{Source: filing.FromPage})}
	for path, value := range want.Given {
		a, err := filing.ParseAssignment(path+"="+value, book, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Apply(a); err != nil {
			t.Fatal(err)
		}
	}
	judged := 0
	for _, r := range engine.Evaluate(book, f, engine.Options{Now: today, Select: func(c *rulebook.Check) bool { return c.Target == rulebook.TargetPage }}) {
		if r.Broken != nil {
			t.Errorf("%s: %v", r.Check.ID, r.Broken)
		}
		word := want.Verdicts[r.Check.ID]
		judged++
		got := string(r.Verdict)
		if r.Verdict == verdict.Fail && r.Severity == verdict.Warning {
			got = "warning"
		}
		if got != word {
			t.Errorf("%s: %s, want %s: %s", r.Check.ID, got, word, r.Message.En)
		}
	}
	if judged != len(want.Verdicts) {
		t.Errorf("%d checks judged, %d expected", judged, len(want.Verdicts))
	}
}

// TestProvinceLetters holds the letters in numbers to the rulebook's.
func TestProvinceLetters(t *testing.T) {
	for _, row := range shipped.Book(t).Table("provinces").Rows {
		for _, letter := range row.List("abbr") {
			got := page.Footer([]byte("<p>"+letter+"ICP备2021000001号-1</p>"), "")
			if len(got.Numbers) != 1 || got.Numbers[0].Province != row.ID {
				t.Errorf("%s: %+v, want %s", letter, got.Numbers, row.ID)
			}
		}
		got := page.Footer([]byte("<p>公网安备"+row.Text("code")+"010502000001号</p>"), "")
		if len(got.Numbers) != 1 || got.Numbers[0].Province != row.ID {
			t.Errorf("code %s: %+v, want %s", row.Text("code"), got.Numbers, row.ID)
		}
	}
}

func FuzzFooter(f *testing.F) {
	pages, err := filepath.Glob("testdata/footers/*.html")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range pages {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, address)
	}
	f.Add([]byte(strings.Repeat("<div>", 2000)+"京ICP备12345678号"), "")
	f.Fuzz(func(t *testing.T, data []byte, address string) {
		got := page.Footer(data, address)
		for _, n := range got.Numbers {
			if n.Text == "" || n.Normal == "" || n.Kind == "" || n.Link == "" || strings.ContainsAny(n.Normal, " \n\t") {
				t.Errorf("%+v", n)
			}
			if n.Kind.Filing() && n.Kind != page.Licence && n.Province == "" {
				t.Errorf("a filing without a province: %+v", n)
			}
		}
		if got.NeedsRender && len(got.Filings()) > 0 {
			t.Error("needs a browser though a number is there")
		}
		again := page.Footer(data, address)
		if len(again.Numbers) != len(got.Numbers) || again.NeedsRender != got.NeedsRender {
			t.Error("the same page reads differently twice")
		}
		page.NewPage(address, got, nil, filing.Origin{})
	})
}
