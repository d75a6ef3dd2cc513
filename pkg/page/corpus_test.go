package page

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// corpus is where real footers lie that belong to others; no copy of them is part of the project.
const corpus = "../../../shared/corpus"

type corpusCase struct {
	ID      string
	Where   string
	Markup  string
	Page    string
	Numbers []struct{ Text, Normal, Kind, Link, Href, Province string }
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
	kinds := map[Kind]string{Site: "site", Subject: "subject", Licence: "licence", Police: "police", Joke: "not-a-filing", Placeholder: "not-a-number"}
	for _, c := range file.Cases {
		t.Run(c.ID, func(t *testing.T) {
			page := []byte(c.Markup)
			if c.Page != "" {
				if page, err = os.ReadFile(filepath.Join(corpus, c.Page)); err != nil {
					t.Fatal(err)
				}
			}
			got := Footer(page, "")
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
