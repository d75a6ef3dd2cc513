package shipped_test

import (
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
)

// ruleRows names the rows of table naming that answer a collected rule where
// they are not called as it is.
var ruleRows = map[string]string{
	"length_min": "length-chinese", "length_count": "length-chinese", "length_individual": "individual-length",
	"special_characters": "characters", "national_prefix": "national", "preapproval_words": "content-publishing",
	"江苏省": "individual-jiangsu", "广东省": "unit-guangdong",
}

// wordRows names the rows that hold a collected list of words.
var wordRows = map[string][]string{
	"national_words": {"national", "national-anywhere"}, "national_words_more": {"national-more"}, "sensitive_words": {"sensitive"},
	"individual_words": {"individual-words"}, "forum_words": {"individual-forum-words"}, "finance_words": {"finance-words"},
}

// TestNaming compares table naming with the collected rules for names: each has
// a row with its sources and words, and each kind of pre-approval a row here and in
// table content.
func TestNaming(t *testing.T) {
	var file struct {
		NameRules []struct {
			ID      string
			Pattern string
			Effect  string
			Source  []string
		} `yaml:"name_rules"`
		ProvinceRules []struct {
			Province, Pattern string
			Source            []string
		} `yaml:"province_name_rules"`
		Words map[string]struct {
			Source    []string
			List      []string
			Provinces map[string][]string
		}
		Preapproval []struct {
			ID, Zh   string
			Permit   any `yaml:"permit_zh"`
			State    string
			Words    []string
			WordsRef string `yaml:"words_ref"`
			Source   []string
			Bit, Wx  int
		}
		ServiceContent struct {
			Codes map[int]string
		} `yaml:"service_content"`
	}
	if err := yaml.Unmarshal(collected(t, "naming.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	leftOut(t, "naming")
	book := shipped.Book(t)
	row := func(id string) *rulebook.Row {
		name := strings.ReplaceAll(id, "_", "-")
		if other := ruleRows[id]; other != "" {
			name = other
		}
		r := book.Row("naming", name)
		if r == nil {
			t.Errorf("%s: table naming has no row %q", id, name)
		}
		return r
	}
	cites := func(what string, r *rulebook.Row, sources []string) {
		for _, s := range sources {
			if r != nil && !slices.Contains(r.AllSources(), "naming/"+s) {
				t.Errorf("%s: row %q cites %q, want %q as well", what, r.ID, r.AllSources(), s)
			}
		}
	}
	for _, rule := range file.NameRules {
		r := row(rule.ID)
		cites(rule.ID, r, rule.Source)
		if r != nil && (r.Confidence == "" || r.Verified == "") {
			t.Errorf("%s: row %q has no confidence or date", rule.ID, r.ID)
		}
	}
	for _, rule := range file.ProvinceRules {
		r := row(rule.Province)
		cites(rule.Province, r, rule.Source)
		if r != nil && (r.Text("pattern") != rule.Pattern || len(r.List("provinces")) != 1) {
			t.Errorf("%s: got pattern %q in %q, want %q", rule.Province, r.Text("pattern"), r.List("provinces"), rule.Pattern)
		}
	}
	// What Jiangsu wants is refused elsewhere, so the ban leaves Jiangsu out.
	for _, id := range []string{"individual-words", "individual-forum-words"} {
		if !slices.Equal(book.Row("naming", id).List("except"), book.Row("naming", "individual-jiangsu").List("provinces")) {
			t.Errorf("%s is in force where a rule of its own is", id)
		}
	}
	for name, words := range file.Words {
		if name == "province_words" {
			for province, list := range words.Provinces {
				if got := book.Find("provinces", province).List("individual_banned_words"); !slices.Equal(got, list) {
					t.Errorf("%s: got %q, want %q", province, got, list)
				}
			}
			continue
		}
		if len(wordRows[name]) == 0 {
			t.Errorf("no row has the words of %s", name)
		}
		for _, id := range wordRows[name] {
			r := book.Row("naming", id)
			if got := slices.Concat(r.List("not_containing"), r.List("not_beginning")); !slices.Equal(got, words.List) {
				t.Errorf("%s: row %q has %q, want %q", name, id, got, words.List)
			}
		}
	}
	for _, kind := range file.Preapproval {
		id := strings.ReplaceAll(kind.ID, "_", "-")
		content := book.Row("content", id)
		if content == nil {
			t.Errorf("table content has no row %q", id)
			continue
		}
		want := map[string]string{"in_force": "needed", "dropped": "dropped", "mostly_dropped": "mostly-dropped"}[kind.State]
		if content.Text("approval") != want || (kind.State == "in_force") == content.Both("permit").Empty() {
			t.Errorf("%s: approval %q with permit %q, want %q", id, content.Text("approval"), content.Both("permit").Zh, want)
		}
		if kind.WordsRef != "" {
			continue // finance, whose words are a row of their own
		}
		r := row("content-" + id)
		if r != nil && (!slices.Equal(r.List("hints"), kind.Words) || !slices.Contains(r.List("content"), id)) {
			t.Errorf("%s: got %q for %q, want %q", id, r.List("hints"), r.List("content"), kind.Words)
		}
	}
	for code, name := range file.ServiceContent.Codes {
		if _, ok := book.Resolve("content", name, ""); !ok {
			t.Errorf("service content %d: no row of table content is called %q", code, name)
		}
	}
}
