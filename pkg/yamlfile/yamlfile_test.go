package yamlfile

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// problems parses what must be refused.
func problems(t *testing.T, s string) Problems {
	t.Helper()
	_, err := Parse("file.yaml", []byte(s))
	var ps Problems
	if !errors.As(err, &ps) || len(ps) == 0 {
		t.Fatalf("%q gives %v, want problems", s, err)
	}
	return ps
}

func TestParse(t *testing.T) {
	for _, s := range []string{"a: 1\n", "\xef\xbb\xbfa: 1\n", "---\na: 1\n", "a: 1\n...\n", "a: 1\r\nb: 2\r\n", "{}", "# c\na:\n", "a: {b: [c, {d: e}]}\n"} {
		file, err := Parse("file.yaml", []byte(s))
		if err != nil {
			t.Errorf("%q: %v", s, err)
		} else if file.Root == nil {
			t.Errorf("%q has no root", s)
		}
	}
}

func TestRefused(t *testing.T) {
	tests := []struct{ s, want string }{
		{"", "file.yaml: empty: nothing to read in it"},
		{"# only a comment\n", "file.yaml: empty: nothing to read in it"},
		{"~", "file.yaml: empty: nothing to read in it"},
		{"\xff", "file.yaml: not a UTF-8 text file; if it is text, save it as UTF-8"},
		{"a: \x00", "file.yaml: not a UTF-8 text file; if it is text, save it as UTF-8"},
		{"a: 1\n---\nb: 2\n", "file.yaml:2:1: a second document: only one is read from a file"},
		{"a: 1\na: 2\n", `file.yaml:2:1: key "a" stands here a second time, first on line 1`},
		{"a: &x 1\n", "file.yaml:1:4: anchors and aliases (&, *) are not accepted: write the value out"},
		{"a: &x {b: 1}\nc: *x\nd: *x\n", "file.yaml:1:4: anchors and aliases (&, *) are not accepted: write the value out (2 more, the last on line 3)"},
		{"a: &x [*x]\n", "file.yaml:1:4: anchors and aliases (&, *) are not accepted: write the value out"},
		{"<<: {a: 1}\n", "file.yaml:1:1: merge keys (<<) are not accepted: write the values out"},
		{"a: !x 1\n", "file.yaml:1:4: the tag \"!x\" is not accepted"},
		{"a: !!str 1\n", "file.yaml:1:4: the tag \"!!str\" is not accepted"},
		{"? [a]\n: 1\n", "file.yaml:1:3: a key must be a plain word"},
		{"- a\n", "file.yaml:1:1: want keys with values (key: value), got a list"},
		{"word\n", `file.yaml:1:1: want keys with values (key: value), got "word"`},
		{"a:\n  b: [\n", "file.yaml:2:1: not valid YAML: did not find expected node content"},
		{"a: b: c\n", "file.yaml:1:1: not valid YAML: mapping values are not allowed in this context"},
		{"a:\n\tb: 1\n", "file.yaml:2:1: not valid YAML: found character that cannot start any token; indent with spaces, not tabs"},
		{"subject：\n  name：杭州\n", `file.yaml:1:1: want keys with values (key: value), got "subject： name：杭州"; the colon behind subject is full width, YAML wants a plain one and a space (subject: )`},
		{"province：浙江\nkind: auto\n", "file.yaml:2:1: not valid YAML: mapping values are not allowed in this context; the colon behind province is full width, YAML wants a plain one and a space (province: )"},
		{"域: 1\n名: '\n", "file.yaml:2:1: not valid YAML: found unexpected end of stream"},
		{strings.Repeat(" ", MaxSize+1), "file.yaml: larger than 1024 KiB, which no such file needs to be"},
		{"a: " + strings.Repeat("[", 100) + strings.Repeat("]", 100), "file.yaml:1:68: nested deeper than 64 levels"},
	}
	for _, test := range tests {
		if got := problems(t, test.s)[0].Error(); got != test.want {
			t.Errorf("%.40q: got %q, want %q", test.s, got, test.want)
		}
	}
}

// TestSyntaxInChinese holds that the slips people make are told in Chinese, by
// the parser's messages as this version of it words them.
func TestSyntaxInChinese(t *testing.T) {
	for s, want := range map[string]string{
		"a: b: c\n":                        "这里不能有“键: 值”",
		"a:\n  b: 1\n c: 2\n":              "这里应是一个键",
		"a:\n  - b\n  c: 1\n":              "这里应是以“- ”开头的列表项",
		"a: [b\nc: 1\n":                    "列表的方括号里缺逗号",
		"a: {b: 1\nc: {d: 1}\n":            "花括号里缺逗号",
		"a: [\n":                           "这里缺一个值",
		"a: 1\nb\nc: 2\n":                  "键后面缺冒号",
		"a: @b\n":                          "有不能放在值开头的字符",
		"a:\n\tb: 1\n":                     "行首要用空格缩进，不能用 Tab",
		"a: '\n":                           "引号没有收尾",
		"a: \"\\d\"\n":                     "反斜杠后面是不认识的字符",
		"a: - b\n":                         "列表项（- ）不能放在这里",
		"a: \x01\n":                        "有控制字符",
		"a: " + strings.Repeat("[", 20000): "嵌套太深",
	} {
		if got := problems(t, s)[0].In(text.Zh); !strings.Contains(got, want) {
			t.Errorf("%.40q: got %q, want %q", s, got, want)
		}
	}
}

func TestReadAll(t *testing.T) {
	if b, err := ReadAll("f", strings.NewReader("a: 1")); err != nil || string(b) != "a: 1" {
		t.Errorf("got %q, %v", b, err)
	}
	if _, err := ReadAll("f", iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
	// Reading stops soon after the limit, however long the input goes on.
	endless := io.MultiReader(strings.NewReader(strings.Repeat("x", MaxSize)), iotest.DataErrReader(strings.NewReader("yy")), iotest.ErrReader(errors.New("read too far")))
	var ps Problems
	if _, err := ReadAll("f", endless); !errors.As(err, &ps) {
		t.Errorf("got %v", err)
	}
}

// TestDetail holds that the caret stands below the character, though Chinese
// ones take two columns.
func TestDetail(t *testing.T) {
	tests := []struct {
		column        int
		excerpt, want string
	}{
		{1, "abc", "    abc\n    ^"},
		{3, "a: x", "    a: x\n      ^"},
		{5, "域名: x", "    域名: x\n          ^"},
		{4, "\ta: x", "     a: x\n       ^"},
		{9, "ab", "    ab\n      ^"},
		{1, "a\x1b[31m", "    a·[31m\n    ^"},
		{1, "", ""},
		{6, "id: x 110101199001010010", "    id: x 110*************10\n         ^"},
	}
	for _, test := range tests {
		p := Problem{Position: Position{File: "f", Line: 1, Column: test.column}, Excerpt: test.excerpt}
		if got := p.Detail(); got != test.want {
			t.Errorf("%q at %d: got\n%s\nwant\n%s", test.excerpt, test.column, got, test.want)
		}
	}
	// A long line is cut around the caret.
	long := Problem{Position: Position{File: "f", Line: 1, Column: 3001}, Excerpt: strings.Repeat("域", 3000) + "X" + strings.Repeat("名", 3000)}
	line, caret, _ := strings.Cut(long.Detail(), "\n")
	if len([]rune(line)) > 110 || !strings.Contains(line, "X") || len(caret) != 4+2*50+1 {
		t.Errorf("got\n%s\n%s", line, caret)
	}
}

func TestProblems(t *testing.T) {
	at := func(file string, line, column int, message string) Problem {
		return Problem{Position: Position{file, line, column}, Message: message}
	}
	ps := Problems{at("b", 1, 1, "x"), at("a", 2, 1, "x"), at("a", 1, 9, "x"), at("a", 1, 2, "y"), at("a", 1, 2, "x"), at("a", 1, 2, "x"), at("a", 0, 0, "x")}
	want := "a: x\na:1:2: x\na:1:2: y\na:1:9: x\na:2:1: x\nb:1:1: x"
	if got := fmt.Sprint(ps.Err()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if Problems(nil).Err() != nil {
		t.Error("no problems are an error")
	}
}

func TestNearest(t *testing.T) {
	known := []string{"province", "provider", "subject", "server", "site", "浙江", "上海"}
	for word, want := range map[string]string{
		"provinec": "province", "Province": "province", "provder": "provider", "sever": "server", "ste": "site",
		"subjcet": "subject", "浙江省": "浙江", "": "", "xyz": "", "materials": "", "a": "",
		strings.Repeat("province", 20): "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
	if got := DidYouMean("provinec", known); got != `, did you mean "province"?` {
		t.Errorf("got %q", got)
	}
	if got := DidYouMean("zzzzzzzz", []string{"a", "b"}); got != "; known: a, b" {
		t.Errorf("got %q", got)
	}
	if got := DidYouMean("zzzzzzzz", slices.Repeat([]string{"a"}, 13)); got != "" {
		t.Errorf("got %q", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: 1", "a: {b: [c]}", "- a", "a: &x [*x]", "? {}", "a: |\n b", "%YAML 1.2\n---\na: b", "\xff", "a: !!binary x", "a:\n\t- b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("f", data)
		var ps Problems
		if err != nil && !errors.As(err, &ps) {
			t.Fatalf("%v is no list of problems", err)
		}
		if err == nil && file.Root == nil {
			t.Fatal("neither a file nor an error")
		}
		for _, p := range ps {
			if strings.ContainsAny(p.Error(), "\n\r") || strings.Count(p.Detail(), "\n") > 1 {
				t.Fatalf("more than a line: %q, %q", p.Error(), p.Detail())
			}
		}
	})
}
