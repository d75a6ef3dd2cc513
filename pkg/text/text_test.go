package text_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/icpcheck/icpcheck/pkg/text"
)

func TestDetect(t *testing.T) {
	tests := []struct {
		choice string
		env    map[string]string
		want   text.Lang
	}{
		{"", nil, text.En},
		{"zh", nil, text.Zh},
		{"en", map[string]string{"LANG": "zh_CN.UTF-8"}, text.En},
		{"zh", map[string]string{"LC_ALL": "C"}, text.Zh},
		{"", map[string]string{"LANG": "zh_CN.UTF-8"}, text.Zh},
		{"", map[string]string{"LANG": "ZH_cn"}, text.Zh},
		{"", map[string]string{"LANG": "zh_CN", "LC_ALL": "en_US"}, text.En},
		{"", map[string]string{"LANG": "en_US", "LC_MESSAGES": "zh_CN"}, text.Zh},
		{"", map[string]string{"LANG": "fr_FR.UTF-8"}, text.En},
		{"", map[string]string{"LANG": "C.UTF-8"}, text.En},
	}
	for _, test := range tests {
		if got := text.Detect(test.choice, func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("%q with %v: got %s, want %s", test.choice, test.env, got, test.want)
		}
	}
}

func TestIn(t *testing.T) {
	both := text.Text{Zh: "域名", En: "domain"}
	if both.In(text.Zh) != "域名" || both.In(text.En) != "domain" {
		t.Error("the wrong language is given")
	}
	// One language stands in for the other.
	if (text.Text{Zh: "域名"}).In(text.En) != "域名" || (text.Text{En: "domain"}).In(text.Zh) != "domain" {
		t.Error("nothing is said although one language is there")
	}
	if !(text.Text{}).Empty() || text.Same("x").Empty() || text.Same("x").Zh != text.Same("x").En {
		t.Error("emptiness is mistaken")
	}
}

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "domain": 6, "域名": 4, "（）": 4, "✓": 1, "✗": 1, "…": 1, "“”": 2, "域 n": 4, "é": 1, "e\u0301": 1,
	} {
		if got := text.Width(s); got != want {
			t.Errorf("%q: got %d, want %d", s, got, want)
		}
		if got := text.Pad(s, 10); text.Width(got) != 10 || !strings.HasPrefix(got, s) {
			t.Errorf("%q is padded to %q", s, got)
		}
	}
	if got := text.Pad("域名剩余有效期", 4); got != "域名剩余有效期" {
		t.Errorf("a wide text is cut to %q", got)
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		s    string
		most int
		want []string
	}{
		{"", 10, []string{""}},
		{"one two three", 0, []string{"one two three"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"one two three", 8, []string{"one two", "three"}},
		{"incomprehensible word", 8, []string{"incomprehensible", "word"}},
		{"域名剩余有效期", 6, []string{"域名剩", "余有效", "期"}},
		// Punctuation does not begin a line, an opening bracket does not end one.
		{"续费域名，再提交", 8, []string{"续费域", "名，再提", "交"}},
		{"见（备案）", 4, []string{"见", "（备", "案）"}},
		{"在 console 查看", 9, []string{"在", "console", "查看"}},
	}
	for _, test := range tests {
		if got := text.Wrap(test.s, test.most); !slices.Equal(got, test.want) {
			t.Errorf("%q at %d: got %q, want %q", test.s, test.most, got, test.want)
		}
	}
}

// TestWrapKeeps holds for any text that wrapping loses nothing but spaces.
func TestWrapKeeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOfN(rapid.SampledFrom([]rune("ab ，（）域名é")), 0, 60, -1).Draw(t, "s")
		most := rapid.IntRange(1, 30).Draw(t, "most")
		lines := text.Wrap(s, most)
		squeeze := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if got := squeeze(strings.Join(lines, "")); got != squeeze(s) {
			t.Fatalf("%q becomes %q", s, lines)
		}
	})
}

func TestClean(t *testing.T) {
	for given, want := range map[string]string{
		"plain 文字":            "plain 文字",
		"a\x1b[31mb":          "a·[31mb",
		"a\nb\tc\rd":          "a b c d",
		"\x00\x07\u009b":      "···",
		"moc\u202eexample":    "moc·example",
		"\u2066x\u2069\ufeff": "·x··",
	} {
		if got := text.Clean(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

func TestFold(t *testing.T) {
	same := [][2]string{
		{"杭州示例（集团）有限公司", "杭州示例(集团)有限公司"},
		{" 杭州示例 有限公司", "杭州示例有限公司"},
		{"ＡＢＣ公司", "abc公司"},
		{"Dynadot, LLC", "dynadot llc"},
		{"server hold", "serverHold"},
		{"client-hold", "clientHold"},
		{"北京·示例", "北京示例"},
	}
	for _, pair := range same {
		if text.Fold(pair[0]) != text.Fold(pair[1]) {
			t.Errorf("%q and %q differ", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"示例一", "示例二"}, {"a1", "a2"}, {"张三", "张三丰"}} {
		if text.Fold(pair[0]) == text.Fold(pair[1]) {
			t.Errorf("%q and %q are one", pair[0], pair[1])
		}
	}
	if !text.SameWord("server hold", "serverHold") || !text.SameWord("OK", "ok") || text.SameWord("hold", "holds") {
		t.Error("SameWord is mistaken")
	}
}

func TestList(t *testing.T) {
	words := []string{"甲", "乙", "丙"}
	if got := text.List(words, text.Zh); got != "甲、乙、丙" {
		t.Errorf("got %q", got)
	}
	if got := text.List(words, text.En); got != "甲, 乙, 丙" {
		t.Errorf("got %q", got)
	}
	if text.List(nil, text.Zh) != "" {
		t.Error("no words make a text")
	}
}
