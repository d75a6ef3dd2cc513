package page_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/page"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// corpus is where real footers lie that belong to others; no copy of them is part of the project.
const corpus = "../../../shared/corpus"

type corpusCase struct {
	ID      string
	Where   string
	Markup  string
	Page    string
	Numbers []struct{ Text, Normal, Kind, Link, Href, Province string }
	// Verdicts by check; several joined by "-or-" allow each of them.
	Verdicts map[string]string
}

// plainNormal brings both spellings of a number to one: the corpus keeps
// "公网安备号:" and the case of masks as written.
func plainNormal(s string) string {
	s = strings.ToLower(strings.NewReplacer("号", "", ":", "").Replace(s))
	return s
}

func TestCorpus(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(corpus, "footers.yaml"))
	if err != nil {
		t.Skip("the corpus of real footers is not here: ", err)
	}
	var file struct{ Cases []corpusCase }
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 39 {
		t.Fatalf("only %d cases", len(file.Cases))
	}
	kinds := map[page.Kind]string{page.Site: "site", page.Subject: "subject", page.Licence: "licence", page.Police: "police", page.Joke: "not-a-filing", page.Placeholder: "not-a-number"}
	book := shipped.Book(t)
	for _, c := range file.Cases {
		t.Run(c.ID, func(t *testing.T) {
			data := []byte(c.Markup)
			if c.Page != "" {
				if data, err = os.ReadFile(filepath.Join(corpus, c.Page)); err != nil {
					t.Fatal(err)
				}
			}
			got := page.Footer(data, "")
			agree(t, book, c, got)
			if c.Where != "html" && c.Page == "" {
				if len(got.Numbers) != 0 {
					t.Errorf("not in the markup, yet found: %+v", got.Numbers)
				}
				if want := c.Where == "js"; got.NeedsRender != want {
					t.Errorf("needs a browser: %v", got.NeedsRender)
				}
				return
			}
			var have, want []string
			for _, n := range got.Numbers {
				link := string(n.Link)
				if link == "own-page" {
					link = "other"
				}
				href := n.Href
				if link == "none" {
					href = ""
				}
				have = append(have, strings.Join([]string{plainNormal(n.Normal), kinds[n.Kind], n.Province, link, href}, " "))
			}
			for _, n := range c.Numbers {
				link, province := n.Link, n.Province
				if n.Kind == "police" {
					for _, g := range got.Police() { // the corpus leaves it out
						province = g.Province
					}
				}
				if link == "own-page" {
					link = "other"
				}
				want = append(want, strings.Join([]string{plainNormal(n.Normal), n.Kind, province, link, n.Href}, " "))
			}
			slices.Sort(have)
			slices.Sort(want)
			if !slices.Equal(have, want) {
				t.Errorf("got  %s\nwant %s", strings.Join(have, "\n     "), strings.Join(want, "\n     "))
			}
			if got.NeedsRender {
				t.Error("a page with its footer in the markup needs no browser")
			}
		})
	}
}

// agree holds what the shipped rules make of a page against the corpus.
func agree(t *testing.T, book *rulebook.Rulebook, c corpusCase, found page.Findings) {
	t.Helper()
	f := &filing.Filing{Name: c.ID, Facts: filing.Facts{}, Pages: []*filing.Page{page.NewPage("", found, nil, filing.Origin{Source: filing.FromPage})}}
	judged := 0
	for _, r := range engine.Evaluate(book, f, engine.Options{Now: today, Select: func(c *rulebook.Check) bool { return c.Target == rulebook.TargetPage }}) {
		word, listed := c.Verdicts[r.Check.ID]
		if !listed {
			continue
		}
		judged++
		ok := slices.Contains(strings.Split(word, "-or-"), string(r.Verdict))
		switch word {
		case "unclear": // www.beian.miit.gov.cn: a warning, which the corpus leaves open
			ok = r.Verdict == verdict.Fail && r.Severity == verdict.Warning
		case "present":
			ok = r.Verdict == verdict.Pass
		case "absent": // when the site went online is not known
			ok = r.Verdict == verdict.Undetermined
		}
		if !ok {
			t.Errorf("%s: %s, want %s: %s", r.Check.ID, r.Verdict, word, r.Message.En)
		}
	}
	if judged != len(c.Verdicts) || judged == 0 {
		t.Errorf("%d checks judged, %d expected", judged, len(c.Verdicts))
	}
}
