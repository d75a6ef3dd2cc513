package mask

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestNumber(t *testing.T) {
	for given, want := range map[string]string{
		"":                   "",
		"1234567":            "*******",
		"12345678":           "123***78",
		"110101199001010010": "110*************10",
		"护照E12345678":        "护照E******78",
	} {
		if got := Number(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

func TestFree(t *testing.T) {
	hidden := map[string]string{
		"identity":           "110101199001010010",
		"identity with X":    "11010119900101001X",
		"in a sentence":      "证件110101199001010010有误",
		"phone":              "13800138000",
		"phone with hyphens": "138-0013-8000",
		"phone with spaces":  "138 0013 8000",
		"credit code":        "91330100MA27XXXX0A",
		"permit":             "H12345678",
		"passport":           "E12345678",
		"full width":         "１１０１０１１９９００１０１００１０",
		"no date":            "2026-13-45-99",
		"after a word":       "holder 110101199001010010",
	}
	for name, s := range hidden {
		got := Free(s)
		if got == s || !strings.Contains(got, "***") {
			t.Errorf("%s: %q stays as it is", name, s)
		}
		// Positions in excerpts depend on it.
		if utf8.RuneCountInString(got) != utf8.RuneCountInString(s) {
			t.Errorf("%s: %q has another length than %q", name, got, s)
		}
	}
	for _, s := range []string{
		"", "2026-11-24", "2026-11-24T08:00:00+08:00", "2026-11-24 08:00", "203.0.113.7", "浙ICP备12345号", "v1.15.7", "example.com", "port 5353", "2001:db8::1",
		"since 2026-11-24", "on 2026-11-24 10 days",
	} {
		if got := Free(s); got != s {
			t.Errorf("%q becomes %q", s, got)
		}
	}
}

// TestStretches: looking for stretches with digits enough changes nothing.
func TestStretches(t *testing.T) {
	piece := rapid.SampledFrom([]string{"1", "12345678", "８", "٣", "-", " ", "a", "XYZ", "x", ",", "，", "证件", "2026-11-24", "T08", "\xff", "é", "\n"})
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(piece, 0, 20).Draw(t, "pieces"), "")
		if got, want := Free(s), numberLike().ReplaceAllStringFunc(s, hide); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	})
}
