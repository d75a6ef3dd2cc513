package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// typing runs init with lines on standard input.
func typing(t *testing.T, input string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	e := &environment{
		args: append([]string{"init", "--offline"}, args...), stdin: strings.NewReader(input), stdout: &stdout, stderr: &stderr,
		getenv: func(string) string { return "" },
		clock:  func() time.Time { return time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC) },
	}
	status := run(e)
	return outcome{status, stdout.String(), stderr.String()}
}

// enterpriseAnswers answers everything for a company in order, by path.
const enterpriseAnswers = `domain.name: example.com
provider: 阿里云
province: 浙江
account.holds_other_subject: false
subject.type: 企业
subject.name: 杭州示例科技有限公司
subject.name_changed: false
subject.lead.identity: mainland
subject.lead.legal_representative: true
domain.registered: true
domain.real_name: verified
domain.holder: 杭州示例科技有限公司
domain.expires_at: 2028-01-01
domain.registrar: 阿里云计算有限公司
domain.statuses: [ok]
site.content: [company]
site.commercial: false
server.type: ecs
server.region: cn-hangzhou
server.billing: subscription
server.months: 12
server.public_bandwidth: true
server.service_codes_used: 0
materials: [id-card, business-license]
subject.lead.phone: "13800000000"
`

// TestInitExists: the hint about a file that exists fits what was typed.
func TestInitExists(t *testing.T) {
	name := write(t, "province: zhejiang\n")
	for _, test := range []struct {
		args  []string
		again int // how often the hint names --from
	}{{nil, 1}, {[]string{"--from", name}, 0}} {
		o := typing(t, "", append(test.args, name)...)
		_, hint, _ := strings.Cut(o.stderr, "hint: ")
		if o.status != 2 || !strings.Contains(hint, "--force") || strings.Count(hint, "--from") != test.again {
			t.Errorf("%v: status %d, %s", test.args, o.status, o.stderr)
		}
	}
}

func TestInitAnswers(t *testing.T) {
	answers := write(t, enterpriseAnswers)
	name := filepath.Join(t.TempDir(), "filing.yaml")
	o := typing(t, "", name, "--answers", answers, "--lang", "zh")
	if o.status != 0 || o.stdout != "" {
		t.Fatalf("status %d\n%s%s", o.status, o.stdout, o.stderr)
	}
	for _, want := range []string{"结论：可以提交备案", "没有问到", "subject.lead.phone", "已写入 " + name} {
		if !strings.Contains(o.stderr, want) {
			t.Errorf("no %q in %s", want, o.stderr)
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# 备案文件", "type: enterprise # 主办单位性质", "- name: example.com", "expires_on: 2028-01-01"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %q in\n%s", want, data)
		}
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the file may be read by others: %v %v", info.Mode(), err)
	}
	check := inProcess(t, "check", name, "--offline")
	if check.status != 0 {
		t.Errorf("the file that was written is not ready: %d\n%s%s", check.status, check.stdout, check.stderr)
	}
	// A second time it would write over the first.
	refused(t, typing(t, "", name, "--answers", answers))
	if again := typing(t, "", name, "--answers", answers, "--force"); again.status != 0 {
		t.Errorf("--force: status %d, %s", again.status, again.stderr)
	}
}

// TestInitWrongAnswers: what is wrong with an answer is told in the language of
// the questions, and a file that cannot be written before the first of them.
func TestInitWrongAnswers(t *testing.T) {
	o := typing(t, "exa mple\nexample.com\n", "--lang", "zh")
	if !strings.Contains(o.stderr, `"exa mple" 里有空格`) || strings.Contains(o.stderr, "has a space") {
		t.Errorf("got %s", o.stderr)
	}
	o = typing(t, "", "--lang", "zh", "--domain", "example.com", "--answers", write(t, "province: 四穿\nsubject.name: {a: b}\n"))
	refused(t, o)
	for _, want := range []string{`province: 没有 "四穿" 这个值`, "subject.name：应为一个值或列表，而不是键值"} {
		if !strings.Contains(o.stderr, want) {
			t.Errorf("no %q in %s", want, o.stderr)
		}
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "nowhere", "filing.yaml"), t.TempDir()} {
		o = typing(t, "example.com\n", path, "--lang", "zh", "--force")
		refused(t, o)
		if strings.Contains(o.stderr, "问题") || !strings.Contains(o.stderr, "写不了：") {
			t.Errorf("%s: got %s", path, o.stderr)
		}
	}
}

// TestKeys holds that every key that a form shows is explained in Chinese.
func TestKeys(t *testing.T) {
	k := keys(text.Zh)
	in, one, several := k.Input, k.Select, k.MultiSelect
	for _, help := range []string{
		in.Submit.Help().Desc, one.Submit.Help().Desc, one.Up.Help().Desc, one.Down.Help().Desc, one.Filter.Help().Desc, one.SetFilter.Help().Desc, one.ClearFilter.Help().Desc,
		several.Submit.Help().Desc, several.Toggle.Help().Desc, several.Up.Help().Desc, several.Down.Help().Desc, several.Filter.Help().Desc,
		several.SetFilter.Help().Desc, several.ClearFilter.Help().Desc, several.SelectAll.Help().Desc, several.SelectNone.Help().Desc,
	} {
		if strings.ContainsAny(help, "abcdefghijklmnopqrstuvwxyz") {
			t.Errorf("%q is not Chinese", help)
		}
	}
}

// TestInitAsksNothing: from a filing that is ready nothing is asked.
func TestInitAsksNothing(t *testing.T) {
	o := typing(t, "", "--from", filepath.Join("..", "..", "testdata", "filings", "ok", "ready.yaml"), "--lang", "en")
	if o.status != 0 || !strings.Contains(o.stderr, "0 questions answered, verdict: ready to file") || strings.Contains(o.stderr, "question 1") {
		t.Errorf("status %d: %s", o.status, o.stderr)
	}
}

// TestInitLines: line by line, with numbers, names, ids and wrong answers; the
// end of the input keeps what was answered.
func TestInitLines(t *testing.T) {
	o := typing(t, "例子\nexample.com\nno such type\n企业\n", "--lang", "en")
	if o.status != 3 {
		t.Errorf("status %d", o.status)
	}
	for _, want := range []string{"type: enterprise", "- name: example.com", "# still missing:", "#   province: province of the filing"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("no %q in\n%s", want, o.stdout)
		}
	}
	for _, want := range []string{"question 1: domain", "unknown value", "interrupted, 2 answers kept"} {
		if !strings.Contains(o.stderr, want) {
			t.Errorf("no %q in\n%s", want, o.stderr)
		}
	}
	if strings.Contains(o.stderr, "\x1b") {
		t.Errorf("escape sequences in lines that are no terminal's: %q", o.stderr)
	}
	// An empty line leaves a question open, and it is not put again.
	skipped := typing(t, strings.Repeat("\n", 60), "--lang", "en", "--domain", "example.com")
	if skipped.status != 3 || strings.Count(skipped.stderr, ": province of the filing") != 1 || !strings.Contains(skipped.stderr, "0 questions answered") {
		t.Errorf("status %d:\n%s", skipped.status, skipped.stderr)
	}
}

func TestInitUsage(t *testing.T) {
	bad := write(t, "subject.type: nobody\nserver: {region: a}\n")
	o := typing(t, "", "--answers", bad)
	refused(t, o)
	for _, want := range []string{"unknown value", "server"} {
		if !strings.Contains(o.stderr, want) {
			t.Errorf("no %q in %s", want, o.stderr)
		}
	}
	for _, args := range [][]string{{"--format", "json"}, {"a.yaml", "b.yaml"}, {"--from", "none.yaml"}, {"--answers", "none.yaml"}, {"--domain", "例子"}} {
		refused(t, typing(t, "", args...))
	}
}

// TestInitInterrupted: Ctrl-C while waiting for a line ends the question.
func TestInitInterrupted(t *testing.T) {
	in, out := io.Pipe()
	defer out.Close()
	e := &environment{stdin: in, stderr: io.Discard, getenv: func(string) string { return "" }}
	asker := (&app{environment: e}).promptFor(&options{}, text.En)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := asker.ask(ctx, prompt{title: "?", check: func(string) error { return nil }}); !errors.Is(err, errInterrupted) {
		t.Errorf("got %v", err)
	}
}

// TestInitForm: the form of a terminal takes the option chosen, and Ctrl-C.
func TestInitForm(t *testing.T) {
	p := prompt{title: "subject", options: []option{{"enterprise", "enterprise"}, {"individual", "individual"}}, check: func(string) error { return nil }}
	for _, test := range []struct {
		name, keys, answer string
		err                error
	}{
		{"first", "\r", "enterprise", nil},
		{"second", "\x1b[B\r", "individual", nil},
		{"interrupted", "\x03", "", errInterrupted},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &formAsker{in: strings.NewReader(test.keys), out: io.Discard, lang: text.En, plain: true}
			answer, err := f.ask(t.Context(), p)
			if answer != test.answer || !errors.Is(err, test.err) {
				t.Errorf("got %q, %v", answer, err)
			}
		})
	}
}

// TestInitKeepsWaivers: what a file accepts is kept and not asked about.
func TestInitKeepsWaivers(t *testing.T) {
	from := filepath.Join("..", "..", "testdata", "filings", "ok", "accepted.yaml")
	name := filepath.Join(t.TempDir(), "filing.yaml")
	o := typing(t, "", name, "--from", from, "--lang", "en")
	if o.status != 3 {
		t.Fatalf("status %d: %s", o.status, o.stderr)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want := `accepted:
  - check: domain-real-name
    reason: 实名审核已提交，预计下周完成
    until: 2026-12-01
  - check: domain-validity
    reason: 'renewal ordered: #42'
    until: 2026-11-30
`
	if !strings.Contains(string(data), want) {
		t.Errorf("no\n%s in\n%s", want, data)
	}
	if strings.Contains(string(data), "expires_on") {
		t.Errorf("a fact is called missing that only an accepted check wants:\n%s", data)
	}
}
