package playback

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestCheckHeaders(t *testing.T) {
	t.Parallel()
	const header = "# recorded: 2026-11-24\n# server: s\n# query: q\n# anonymised: nothing\n"
	tests := []struct{ name, path, content, want string }{
		{"nothing new", "", "", ""},
		{"complete", "whois/a.cn.txt", header + "x\n", ""},
		{"notes", "whois/README.md", "x", ""},
		{"no header", "whois/a.cn.txt", "x\n", `whois/a.cn.txt: header without "recorded"`},
		{"empty file", "whois/a.cn.txt", "", `header without "recorded"`},
		{"one missing", "whois/a.cn.txt", strings.Replace(header, "# query: q\n", "", 1), `header without "query"`},
		{"one empty", "whois/a.cn.txt", strings.Replace(header, "nothing", " ", 1), `header without "anonymised"`},
		{"below the answer", "whois/a.cn.txt", "x\n" + header, `header without "recorded"`},
		{"no date", "whois/a.cn.txt", strings.Replace(header, "2026-11-24", "yesterday", 1), "is not a date"},
		{"zone with the wrong comment", "dns.zone", header, `header without "recorded"`},
		{"page without header", "http/a.cn.html", "<p>", `header without "recorded"`},
		{"JSON without header", "rdap/a.com.json", "{}", `header without "recorded"`},
		{"JSON with an odd header", "rdap/a.com.json", `{"x_icpcheck_recording": 1}`, jsonKey},
		{"no JSON", "rdap/a.com.json", "<html>", "no JSON object"},
		{"wrong extension", "whois/a.cn.text", header, "not a place"},
		{"wrong folder", "whois/cn/a.cn.txt", header, "not a place"},
		{"upper case", "whois/A.cn.txt", header, "not a place"},
	}
	for _, tt := range tests {
		fsys := sample()
		if tt.path != "" {
			fsys[tt.path] = &fstest.MapFile{Data: []byte(tt.content)}
		}
		err := CheckHeaders(fsys)
		if (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}

	two := sample()
	two["whois/a.cn.txt"], two["whois/b.cn.txt"] = &fstest.MapFile{}, &fstest.MapFile{}
	if err := CheckHeaders(two); err == nil || !strings.Contains(err.Error(), "a.cn") || !strings.Contains(err.Error(), "b.cn") {
		t.Errorf("got %v, want both files", err)
	}
}

func TestValid(t *testing.T) {
	t.Parallel()
	for _, k := range []FaultKind{Refuse, Stall, Garbage, RateLimit, ServerError, Truncate} {
		if !k.Valid() {
			t.Errorf("%q is not valid", k)
		}
	}
	for _, p := range []Protocol{RDAP, WHOIS, DNS, HTTP} {
		if !p.Valid() {
			t.Errorf("%q is not valid", p)
		}
	}
	if FaultKind("").Valid() || Protocol("").Valid() {
		t.Error("the empty word is valid")
	}
}
