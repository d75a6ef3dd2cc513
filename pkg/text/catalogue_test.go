package text_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// TestCatalogue demands of every message both languages, the same placeholders
// in both, numbered without gaps, and no Chinese in the English.
func TestCatalogue(t *testing.T) {
	if len(text.Keys()) == 0 {
		t.Fatal("the catalogue is empty")
	}
	placeholder := regexp.MustCompile(`\{[^{}]*\}`)
	names := func(s string) []string {
		list := placeholder.FindAllString(s, -1)
		slices.Sort(list)
		return slices.Compact(list)
	}
	for _, k := range text.Keys() {
		m := text.Catalogue(k)
		if strings.TrimSpace(m.Zh) == "" || strings.TrimSpace(m.En) == "" {
			t.Errorf("%s: one of the languages is missing: %q, %q", k, m.Zh, m.En)
		}
		for _, name := range slices.Concat(names(m.Zh), names(m.En)) {
			if !regexp.MustCompile(`^\{[0-9]\}$`).MatchString(name) {
				t.Errorf("%s: %s is no placeholder", k, name)
			}
		}
		if strings.ContainsFunc(m.En, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%s: Chinese in the English text %q", k, m.En)
		}
		if zh, en := names(m.Zh), names(m.En); !slices.Equal(zh, en) {
			t.Errorf("%s: the placeholders differ: %q in Chinese, %q in English", k, zh, en)
		}
		filled := text.Catalogue(k, "a", "b", "c", "d", "e", "f")
		if strings.ContainsAny(filled.Zh+filled.En, "{}") {
			t.Errorf("%s: a placeholder is left over in %q or %q", k, filled.Zh, filled.En)
		}
	}
}
