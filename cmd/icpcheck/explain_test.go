package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/explain"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// explainRun runs explain with the text on standard input and a terminal width.
func explainRun(t *testing.T, stdin string, width int, args ...string) outcome {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	var stdout, stderr bytes.Buffer
	e := &environment{
		args: append([]string{"explain"}, args...), stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr,
		getenv: func(string) string { return "" }, width: width,
		clock: func() time.Time { return time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC) },
	}
	status := run(e)
	return outcome{status, stdout.String(), stderr.String()}
}

func explainJSON(t *testing.T, args ...string) explained {
	t.Helper()
	got := explainRun(t, "", 0, append(args, "--format", "json")...)
	var e explained
	if err := json.Unmarshal([]byte(got.stdout), &e); err != nil {
		t.Fatalf("%q: %v\n%s%s", args, err, got.stdout, got.stderr)
	}
	if strings.Contains(got.stdout, "null") {
		t.Errorf("%q: JSON has null: %s", args, got.stdout)
	}
	return e
}

func TestExplainStatus(t *testing.T) {
	for _, c := range []struct {
		name, stdin string
		args        []string
		want        int
		stdout      string // a part of it; "" demands none
		stderr      string
	}{
		{"name", "", []string{"域名未实名认证"}, 0, "domain-not-verified", ""},
		{"words of a shell", "", []string{"Domain", "is", "not", "verified"}, 0, "domain-not-verified", ""},
		{"slug", "", []string{"domain-not-verified"}, 0, "domain-not-verified", ""},
		{"code", "", []string{"1046"}, 0, "province-change-refused", ""},
		{"stdin", "您好，备案被退回：主体负责人非法定代表人。\n", []string{"-"}, 0, "lead-not-legal-representative", ""},
		{"nothing found", "", []string{"你好"}, 3, "rules list rejections", ""},
		{"nothing found, reply", "", []string{"--reply", "你好"}, 3, "", "No reason for rejection fits"},
		{"nothing found, a check", "", []string{"服务码已用完或无效"}, 3, "A service code is left  icpcheck explain server-service-codes\n", ""},
		{"nothing found, a check in JSON", "", []string{"服务码已用完或无效", "--format", "json"}, 3, `"id": "server-service-codes"`, ""},
		{"a guess", "", []string{"公安备案没有办理"}, 0, "what follows is a guess", ""},
		{"a guess, reply", "", []string{"--reply", "公安备案没有办理"}, 3, "", "No reason for rejection fits"},
		{"no argument", "", nil, 2, "", "no text to explain"},
		{"empty argument", "", []string{""}, 2, "", "no text to explain"},
		{"empty stdin", " \n", []string{"-"}, 2, "", "no text to explain"},
		{"unknown format", "", []string{"1046", "--format", "sarif"}, 2, "", "knows text and json"},
		{"two forms", "", []string{"1046", "--format", "json", "--reply"}, 2, "", "give one of the two"},
		{"reply for a check", "", []string{"domain-holder", "--reply"}, 2, "", "a check is no reason"},
		{"long stdin", strings.Repeat("好", explain.MaxInput), []string{"-"}, 3, "rules list rejections", "first 64 KB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := explainRun(t, c.stdin, 0, c.args...)
			if got.status != c.want || !strings.Contains(got.stdout, c.stdout) || !strings.Contains(got.stderr, c.stderr) ||
				(c.stdout == "") != (got.stdout == "") || (c.stderr == "") != (got.stderr == "") {
				t.Errorf("status %d, want %d\nstdout: %s\nstderr: %s", got.status, c.want, got.stdout, got.stderr)
			}
		})
	}
}

// The shape of the JSON is a contract.
func TestExplainJSON(t *testing.T) {
	e := explainJSON(t, "您的备案被退回：1、域名 shop.example.com 未实名认证；2、网站名称不符合要求。详见 https://beian.miit.gov.cn", "--lang", "zh")
	ids := []string{}
	for _, m := range e.Matches {
		ids = append(ids, m.ID)
		if m.Title == "" || m.Score <= 0 || m.Score > 1 || m.Meaning == "" || len(m.Causes) == 0 || len(m.Remedy) == 0 || len(m.Sources) == 0 || m.Reply == "" {
			t.Errorf("incomplete: %+v", m)
		}
	}
	slices.Sort(ids)
	if !slices.Equal(ids, []string{"domain-not-verified", "site-name-unacceptable"}) {
		t.Errorf("matches: %v", ids)
	}
	if !slices.Contains(e.Commands, "icpcheck domain example.com") {
		t.Errorf("commands: %v, want the domain of the ticket in them", e.Commands)
	}
	if !strings.HasPrefix(e.Reply, "您好") || strings.Count(e.Reply, "\n") != 3 {
		t.Errorf("reply: %s", e.Reply)
	}
	if e := explainJSON(t, "你好"); e.Matches == nil || len(e.Matches) != 0 || e.Reply != "" {
		t.Errorf("nothing found: %+v", e)
	}
}

// A check's id gives the reasons it finds and explains the check itself.
func TestExplainCheck(t *testing.T) {
	e := explainJSON(t, "domain-holder", "--lang", "zh")
	if len(e.Matches) < 2 || e.Matches[0].ID != "domain-holder-incorrect" || e.Check == nil || e.Check.ID != "domain-holder" ||
		len(e.Check.Message) == 0 || len(e.Check.Remedy) == 0 || len(e.Check.Sources) == 0 {
		t.Errorf("domain-holder: %+v", e)
	}
	e = explainJSON(t, "server-terms", "--lang", "en")
	if len(e.Matches) != 1 || e.Matches[0].ID != "server-terms" || e.Matches[0].Score != 1 || e.Matches[0].Meaning == "" || len(e.Matches[0].Remedy) == 0 {
		t.Errorf("server-terms, which no reason names: %+v", e)
	}
	for _, lang := range []string{"zh", "en"} {
		got := explainRun(t, "", 0, "domain-holder", "--lang", lang)
		if strings.ContainsAny(got.stdout, "{}") {
			t.Errorf("a placeholder is left: %s", got.stdout)
		}
	}
}

// Every check can be explained, in both languages.
func TestExplainEveryCheck(t *testing.T) {
	book, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range book.Checks() {
		for _, lang := range text.Langs() {
			e := explanationOf(book, c.ID, lang)
			if len(e.Matches) == 0 || e.Check == nil || len(e.Check.Message) == 0 && len(c.Parts) == 1 || len(e.Check.Remedy) == 0 {
				t.Errorf("%s in %s: %+v", c.ID, lang, e.Check)
			}
		}
	}
}

func TestExplainText(t *testing.T) {
	const ticket = "主体负责人非法定代表人，证件照片模糊"
	for _, lang := range []string{"zh", "en"} {
		for _, width := range []int{40, 80, 120} {
			got := explainRun(t, "", width, ticket, "--lang", lang, "--verbose")
			for line := range strings.Lines(got.stdout) {
				line = strings.TrimRight(line, "\n")
				// A reason's title stands on one line with its id, and an id is never broken.
				if text.Width(line) > width && strings.HasPrefix(line, "  ") && width >= 80 {
					t.Errorf("%s, %d columns: %q takes %d", lang, width, line, text.Width(line))
				}
			}
		}
	}
	plain := explainRun(t, "", 80, ticket, "--lang", "zh").stdout
	if strings.Contains(plain, "\x1b") || !strings.Contains(plain, "  含义  ") {
		t.Errorf("got %q", plain)
	}
	if coloured := explainRun(t, "", 80, ticket, "--lang", "zh", "--color", "always").stdout; !strings.Contains(coloured, "\x1b[") {
		t.Errorf("--color always: got %q", coloured)
	}
	if quiet := explainRun(t, "", 80, ticket, "--lang", "zh", "--quiet").stdout; strings.Count(quiet, "\n") != 2 {
		t.Errorf("--quiet: got %q", quiet)
	}
}

func TestExplainReply(t *testing.T) {
	got := explainRun(t, "", 80, "--reply", "域名未实名认证", "--lang", "zh")
	if got.status != 0 || !strings.HasPrefix(got.stdout, "您好") || strings.Contains(got.stdout, "domain-not-verified") || strings.Contains(got.stdout, "icpcheck") {
		t.Errorf("got %d %q", got.status, got.stdout)
	}
}

func TestDomainIn(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"域名example.com已过期", "example.com"},
		{"www.example.com 和 example.com", "example.com"},
		{"example.com 与 example.cn", ""},
		{"邮箱 me@example.com 无效", ""},
		{"链接到 https://beian.miit.gov.cn/", ""},
		{"192.0.2.1", ""},
		{"版本 1.2.3", ""},
		{"没有域名", ""},
	} {
		if got := domainIn(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}
