package domainname

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	tests := []struct {
		in   string
		want Name
	}{
		{" WWW.Example.Com.CN. ", Name{"www.example.com.cn", "www.example.com.cn", "example.com.cn", "example.com.cn", "com.cn", "cn", false}},
		{"example.com", Name{"example.com", "example.com", "example.com", "example.com", "com", "com", false}},
		{"ｅｘａｍｐｌｅ．ｃｏｍ", Name{"example.com", "example.com", "example.com", "example.com", "com", "com", false}},
		{"www。示例。中国", Name{"www.xn--fsq092h.xn--fiqs8s", "www.示例.中国", "xn--fsq092h.xn--fiqs8s", "示例.中国", "xn--fiqs8s", "xn--fiqs8s", false}},
		{"XN--FSQ092H.XN--FIQS8S", Name{"xn--fsq092h.xn--fiqs8s", "示例.中国", "xn--fsq092h.xn--fiqs8s", "示例.中国", "xn--fiqs8s", "xn--fiqs8s", false}},
		{"www.示例.政务.cn", Name{"www.xn--fsq092h.xn--zfr164b.cn", "www.示例.政务.cn", "xn--fsq092h.xn--zfr164b.cn", "示例.政务.cn", "xn--zfr164b.cn", "cn", false}},
		{"示例.公益.cn", Name{"xn--fsq092h.xn--55qw42g.cn", "示例.公益.cn", "xn--fsq092h.xn--55qw42g.cn", "示例.公益.cn", "xn--55qw42g.cn", "cn", false}},
		{"a.example.uk.com", Name{"a.example.uk.com", "a.example.uk.com", "example.uk.com", "example.uk.com", "uk.com", "com", true}},
		{"me.github.io", Name{"me.github.io", "me.github.io", "me.github.io", "me.github.io", "github.io", "io", true}},
		{"ab--cd.example", Name{"ab--cd.example", "ab--cd.example", "ab--cd.example", "ab--cd.example", "example", "example", false}},
		{"12306.cn", Name{"12306.cn", "12306.cn", "12306.cn", "12306.cn", "cn", "cn", false}},
	}
	for _, test := range tests {
		got, err := Parse(test.in)
		if err != nil || got != test.want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", test.in, got, err, test.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	long := strings.Repeat("a", 64)
	tests := []struct{ in, want string }{
		{"", "the domain name is empty"},
		{" \t", "the domain name is empty"},
		{"https://www.example.com/a?b", `"https://www.example.com/a?b" is a URL, give only the host name: www.example.com`},
		{"http://user@示例.中国:80", `"http://user@示例.中国:80" is a URL, give only the host name: 示例.中国`},
		{"example.com/", `"example.com/" is a URL, give only the host name: example.com`},
		{"https://", `"https://" is a URL, give only the host name`},
		{"192.0.2.1", `"192.0.2.1" is an IP address, give a domain name`},
		{"１９２．０．２．１", `"１９２．０．２．１" is an IP address, give a domain name`},
		{"[2001:db8::1]", `"[2001:db8::1]" is an IP address, give a domain name`},
		{"2001:db8::1", `"2001:db8::1" is an IP address, give a domain name`},
		{"example.com:443", `"example.com:443" has a port, give only the domain name`},
		{"me@example.com", `"me@example.com" is an e-mail address, give only the domain name`},
		{"_dmarc.example.com", `"_dmarc.example.com" has an underscore, which no registered name can have`},
		{".example.com", `".example.com" starts with a dot`},
		{"。example.com", `"。example.com" starts with a dot`},
		{"example..com", `"example..com" has an empty label`},
		{"example.com..", `"example.com.." has an empty label`},
		{".", `"." has an empty label`},
		{"exam ple.com", `"exam ple.com" has a space in it`},
		{long + ".com", `"` + strings.Repeat("a", 60) + `…" has a label longer than 63 characters`},
		{strings.Repeat("a.", 126) + "com", `"` + strings.Repeat("a.", 30) + `…" is longer than 253 characters`},
		{strings.Repeat("示", 5000), `"` + strings.Repeat("示", 60) + `…" is longer than 253 characters`},
		{"-a.com", `"-a.com" has a label that starts or ends with a hyphen`},
		{"xn--0.com", `"xn--0.com" is not a domain name: a label is invalid (bad punycode, or letters that do not go together)`},
		{"exa!mple.com", `"exa!mple.com" is not a domain name: disallowed rune U+0021`},
		{"example.123", `"example.123" is not a domain name: its last label is a number`},
		{"example\xff.com", `"example\xff.com" is not valid UTF-8`},
		{"example", `"example" has only one label, give a full name such as example.com`},
		{"com.cn", `"com.cn" is a public suffix, give a name below it`},
		{"政务.cn", `"政务.cn" is a public suffix, give a name below it`},
		{"uk.com", `"uk.com" is a public suffix, give a name below it`},
	}
	for _, test := range tests {
		name, err := Parse(test.in)
		if err == nil {
			t.Errorf("Parse(%q) = %+v, want error %q", test.in, name, test.want)
			continue
		}
		if err.Error() != test.want {
			t.Errorf("Parse(%q): %v, want %s", test.in, err, test.want)
		}
	}
}

func TestIsPrivateSuffix(t *testing.T) {
	for suffix, want := range map[string]bool{
		"github.io": true, "uk.com": true, "gz.cn": false,
		"com": false, "com.cn": false, "xn--zfr164b.cn": false, "example": false, "example.com": false,
	} {
		if got := IsPrivateSuffix(suffix); got != want {
			t.Errorf("IsPrivateSuffix(%q) = %t, want %t", suffix, got, want)
		}
	}
}

// TestCorpus compares with the Public Suffix List's own tests and with .cn
// names, kept beside the project.
func TestCorpus(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "corpus", "names.json")
	raw, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		t.Skipf("no corpus at %s", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	var corpus struct {
		Cases []struct {
			Name        string
			Registrable *string
		}
	}
	if err := json.Unmarshal(raw, &corpus); err != nil {
		t.Fatal(err)
	}
	if len(corpus.Cases) == 0 {
		t.Fatal("the corpus has no cases")
	}
	for _, c := range corpus.Cases {
		want := ""
		if c.Registrable != nil {
			want, _ = ToASCII(*c.Registrable)
		}
		got, ok := Registrable(c.Name)
		if got != want || ok != (c.Registrable != nil) {
			t.Errorf("Registrable(%q) = %q, %t, want %q", c.Name, got, ok, want)
		}
	}
	t.Logf("%d names", len(corpus.Cases))
}

// checkStable holds for every input: no panic, one-line errors, and a name read
// from its own output is the same name.
func checkStable(t interface {
	Helper()
	Fatalf(string, ...any)
}, s string) {
	t.Helper()
	name, err := Parse(s)
	if err != nil {
		if text := err.Error(); text == "" || strings.ContainsAny(text, "\n\r") {
			t.Fatalf("Parse(%q): error %q is not one line", s, text)
		}
		return
	}
	for _, again := range []string{name.ASCII, name.Unicode} {
		got, err := Parse(again)
		if err != nil || got != name {
			t.Fatalf("Parse(%q) = %+v, but Parse(%q) = %+v, %v", s, name, again, got, err)
		}
	}
	apex, err := Parse(name.ApexUnicode)
	if err != nil || apex.Apex != name.Apex || apex.ASCII != name.Apex {
		t.Fatalf("Parse(%q) has apex %q, read again as %+v, %v", s, name.Apex, apex, err)
	}
}

func TestParseStable(t *testing.T) {
	label := rapid.StringMatching(`[a-zA-Z0-9示例中国ａＡ\-]{1,12}`)
	suffix := rapid.SampledFrom([]string{"cn", "com.cn", "中国", "政务.cn", "XN--FIQS8S", "uk.com", "github.io", "ck", "example"})
	rapid.Check(t, func(t *rapid.T) {
		labels := rapid.SliceOfN(label, 0, 4).Draw(t, "labels")
		checkStable(t, strings.Join(append(labels, suffix.Draw(t, "suffix")), "."))
	})
}

// TestIsPlain: a plain name is what the mapping makes of it, and the usual ones are plain.
func TestIsPlain(t *testing.T) {
	for _, s := range []string{"example.com", "www.example.com.cn", "a-b.c1.cn", "163.com", "a--b.cn"} {
		if !IsPlain(s) {
			t.Errorf("%q is not taken for plain", s)
		}
	}
	for _, s := range []string{
		"", ".", "com", "Example.com", "example.com.", ".example.com", "a..cn", "-a.cn", "a-.cn", "a.c-n", "a.cn-", "a_b.cn", "xn--fiqs8s.cn",
		"a.xn--fiqs8s", "a.c1", "192.0.2.1", "a.c", "示例.cn", " a.cn", strings.Repeat("a", 64) + ".cn", strings.Repeat("a.", 126) + "cn",
	} {
		if IsPlain(s) {
			t.Errorf("%q is taken for plain", s)
		}
	}
	label := rapid.StringMatching(`[a-z0-9A-Z_\-]{0,4}|xn--[a-z0-9]{1,5}`)
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(label, 0, 4).Draw(t, "labels"), ".")
		if !IsPlain(s) {
			return
		}
		if ascii, err := mapped(s); err != nil || ascii != s {
			t.Fatalf("%q is taken for plain, and the mapping makes it %q, %v", s, ascii, err)
		}
		if unicode, err := profile.ToUnicode(s); err != nil || unicode != s {
			t.Fatalf("%q is taken for plain, and reads %q, %v", s, unicode, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"example.com", "WWW.示例.中国.", "xn--fsq092h.xn--fiqs8s", "https://example.com/", "a@b.cn",
		"192.0.2.1", "::1", "。。", "xn--.com", "ｅｘａｍｐｌｅ．ｃｏｍ", "faß.de", "a\u200db.com", "\u0627b.com",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) { checkStable(t, s) })
}
