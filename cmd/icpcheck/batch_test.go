package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/icpcheck/icpcheck/pkg/playback"
)

// batchRun runs the command in-process.
func batchRun(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	e := &environment{args: args, stdin: strings.NewReader(stdin), stdout: &out, stderr: &errs, getenv: func(string) string { return "" }, clock: time.Now}
	return run(e), out.String(), errs.String()
}

type batchLine struct {
	Line    int    `json:"line"`
	Input   string `json:"input"`
	Verdict string `json:"verdict"`
	Error   string `json:"error"`
	Target  string `json:"target"`
	Facts   map[string]struct {
		Value any `json:"value"`
	} `json:"facts"`
}

func batchLines(t *testing.T, out string) []batchLine {
	t.Helper()
	var lines []batchLine
	for l := range strings.Lines(out) {
		var b batchLine
		if err := json.Unmarshal([]byte(l), &b); err != nil {
			t.Fatalf("%v: %s", err, l)
		}
		lines = append(lines, b)
	}
	return lines
}

// TestBatchKinds: names, URLs, JSON filings and bad lines, each one line of
// output in the order of the input.
func TestBatchKinds(t *testing.T) {
	input := "example.com\n\n# a comment\nbad_name.com\nhttps://www.example.cn/page\n{\"province\": \"浙江\", \"domains\": [\"example.com\"]}\n{\"provence\": 1}\n"
	status, out, errs := batchRun(t, input, "batch", "-", "--offline", "--now", "2026-11-24")
	if status != 3 || errs != "" {
		t.Errorf("status %d, stderr %q", status, errs)
	}
	lines := batchLines(t, out)
	if len(lines) != 5 {
		t.Fatalf("%d lines: %s", len(lines), out)
	}
	for i, want := range []struct {
		line          int
		target, error string
	}{{1, "example.com", ""}, {4, "", "underscore"}, {5, "www.example.cn", ""}, {6, "line 6", ""}, {7, "", "did you mean"}} {
		got := lines[i]
		if got.Line != want.line || got.Target != want.target || (want.error == "") != (got.Error == "") || !strings.Contains(got.Error, want.error) {
			t.Errorf("line %d: got %+v, want %+v", want.line, got, want)
		}
	}
	if got := lines[3].Facts["province"].Value; got != "zhejiang" {
		t.Errorf("province %v", got)
	}
}

func TestBatchCSV(t *testing.T) {
	input := "domain,province,domain.expires_at\nexample.com,上海,2027-03-24\nexample.cn,,\nexample.net,nowhere,\n"
	_, out, _ := batchRun(t, input, "batch", "-", "--offline", "--now", "2026-11-24")
	lines := batchLines(t, out)
	if len(lines) != 3 || lines[0].Verdict != "not-ready" || lines[1].Verdict != "undetermined" || !strings.Contains(lines[2].Error, "nowhere") {
		t.Errorf("got %+v", lines)
	}
}

// TestBatchResume: cut anywhere and resumed, a run leaves the same bytes as an
// undisturbed one.
func TestBatchResume(t *testing.T) {
	servers, err := playback.Start(playback.Demo(), playback.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer servers.Close()
	dir := t.TempDir()
	names := filepath.Join(dir, "names.txt")
	if err := os.WriteFile(names, []byte("example.com\n我的网站.中国\nexample.cn\n# passed over\nbad_name\nexample.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	output := filepath.Join(dir, "out.ndjson")
	args := []string{"batch", names, "--output", output, "--now", "2026-11-24", "--rdap-url", servers.RDAPURL, "--whois-server", servers.WHOISAddr, "--resolver", servers.DNSAddr}
	if status, _, errs := batchRun(t, "", args...); status != 1 || errs != "" {
		t.Fatalf("status %d, stderr %q", status, errs)
	}
	whole, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(whole, []byte("\n")); n != 5 {
		t.Fatalf("%d lines", n)
	}
	for cut := 0; cut < len(whole); cut += len(whole)/17 + 1 {
		if err := os.WriteFile(output, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, errs := batchRun(t, "", append(args, "--resume")...); errs != "" {
			t.Fatalf("cut at %d: %s", cut, errs)
		}
		got, err := os.ReadFile(output)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, whole) {
			t.Errorf("cut at %d: the resumed run differs from the undisturbed one", cut)
		}
	}
}

// TestBatchLongLine: a line of any length is one bad line, with and without order,
// and its result does not grow with it.
func TestBatchLongLine(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("x", startOfLine-10) + "330106199001011234" + strings.Repeat("y", 3*maxLine)
	names := filepath.Join(dir, "names.txt")
	if err := os.WriteFile(names, []byte("a.com\n"+long+"\r\nb.com\n"+strings.Repeat("z", maxLine-1)+"\n# "+long+"\n"+long), 0o600); err != nil {
		t.Fatal(err)
	}
	output := filepath.Join(dir, "out")
	args := []string{"batch", names, "--offline", "--now", "2026-11-24", "--output", output}
	if status, _, errs := batchRun(t, "", args...); status != 3 || errs != "" {
		t.Fatalf("status %d, stderr %q", status, errs)
	}
	whole := readString(t, output)
	lines := batchLines(t, whole)
	var got []string
	for _, l := range lines {
		got = append(got, fmt.Sprintf("%d %t %t", l.Line, l.Error != "", len(l.Input) > 2*startOfLine))
	}
	if want := "1 false false,2 true false,3 false false,4 true true,6 true false"; strings.Join(got, ",") != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !strings.Contains(lines[1].Error, "1024 KiB") || strings.Contains(whole, "3301") {
		t.Errorf("got %+v", lines[1])
	}
	first, _, _ := strings.Cut(whole[strings.Index(whole, "\n")+1:], "\n")
	if err := os.WriteFile(output, []byte(whole[:strings.Index(whole, "\n")+1]+first+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, errs := batchRun(t, "", append(args, "--resume")...); errs != "" || readString(t, output) != whole {
		t.Errorf("the resumed run differs, stderr %q", errs)
	}
	if _, out, errs := batchRun(t, "", "batch", names, "--only", "dns", "--resolver", "127.0.0.1:1", "--timeout", "100ms"); errs != "" || strings.Count(out, "\n") != 5 {
		t.Errorf("DNS alone: stderr %q, %d lines", errs, strings.Count(out, "\n"))
	}
}

// TestBatchOverInput: the output is not the input, by whatever name.
func TestBatchOverInput(t *testing.T) {
	dir := t.TempDir()
	names, link := filepath.Join(dir, "names.txt"), filepath.Join(dir, "link")
	if err := os.WriteFile(names, []byte("a.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(names, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	for _, args := range [][]string{
		{"--output", names}, {"--output", link}, {"--output", link, "--resume"}, {"--format", "summary", "--output", names}, {"--only", "dns", "--output", names},
	} {
		status, _, errs := batchRun(t, "", append([]string{"batch", names}, args...)...)
		if got := readString(t, names); status != 2 || got != "a.com\n" {
			t.Errorf("%q: status %d, %q, the input is %q now", args, status, errs, got)
		}
	}
}

// TestBatchOtherRules: results of another rulebook that are taken over or compared
// with are told.
func TestBatchOtherRules(t *testing.T) {
	dir := t.TempDir()
	old, before := filepath.Join(dir, "old"), filepath.Join(dir, "before")
	args := []string{"batch", "-", "--offline", "--now", "2026-11-24", "--output", old}
	if status, _, errs := batchRun(t, "a.com\nb.com\n", args...); status != 3 || errs != "" {
		t.Fatalf("status %d, stderr %q", status, errs)
	}
	if err := os.WriteFile(before, []byte(readString(t, old)), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := batchRun(t, "a.com\nb.com\n", append(args, "--resume", "--diff", before)...); status != 3 || errs != "" {
		t.Errorf("the same rulebook: status %d, stderr %q", status, errs)
	}
	other := strings.ReplaceAll(readString(t, old), `"digest":"sha256:`, `"digest":"sha256:0`)
	for name, test := range map[string]struct {
		args []string
		want int
	}{
		"resume": {[]string{"--output", old, "--resume"}, 1},
		"retry":  {[]string{"--output", old, "--retry-undetermined"}, 1},
		"diff":   {[]string{"--output", filepath.Join(dir, "new"), "--diff", old}, 1},
		"both":   {[]string{"--output", old, "--resume", "--diff", before}, 2},
		"anew":   {[]string{"--output", old}, 0},
	} {
		for _, file := range []string{old, before} {
			if err := os.WriteFile(file, []byte(other), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		status, _, errs := batchRun(t, "a.com\nb.com\n", append([]string{"batch", "-", "--offline", "--now", "2026-11-24"}, test.args...)...)
		if status != 3 || strings.Count(errs, "icpcheck: warning: ") != test.want || strings.Count(errs, "\n") != test.want {
			t.Errorf("%s: status %d, stderr %q", name, status, errs)
		}
	}
}

// TestBatchOtherOptions: results of other options that are taken over are told.
func TestBatchOtherOptions(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old")
	input := "a.com\nb.com\nbad_name\n"
	args := []string{"batch", "-", "--offline", "--output", old}
	first := append(slices.Clone(args), "--province", "浙江", "--set", "subject.lead.phone=13812345678")
	begin := func() {
		t.Helper()
		if status, _, errs := batchRun(t, input, first...); status != 3 || errs != "" {
			t.Fatalf("status %d, stderr %q", status, errs)
		}
	}
	begin()
	lines := readString(t, old)
	if n := strings.Count(lines, `,"options":{"province":"浙江","set":["subject.lead.phone=`); n != 2 || strings.Contains(lines, "13812345678") {
		t.Errorf("%d lines name their options: %s", n, lines)
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"the same":     {append(slices.Clone(first), "--resume", "--timeout", "5s", "--lang", "zh"), ""},
		"none":         {append(slices.Clone(args), "--resume"), `now {"offline":true})`},
		"retry":        {append(slices.Clone(args), "--retry-undetermined", "--province", "beijing"), `then {"province":"浙江",`},
		"another time": {append(slices.Clone(first), "--resume", "--now", "2026-11-24"), `"now":"2026-11-24"`},
	} {
		begin()
		status, _, errs := batchRun(t, input, test.args...)
		if status != 3 || (errs == "") != (test.want == "") || !strings.Contains(errs, test.want) || strings.Count(errs, "\n") > 1 {
			t.Errorf("%s: status %d, stderr %q", name, status, errs)
		}
	}
	// Lines that no option decided name none.
	if _, out, _ := batchRun(t, "bad_name\n", "batch", "-", "--offline", "--province", "beijing"); strings.Contains(out, "options") {
		t.Errorf("got %s", out)
	}
}

func TestHostOf(t *testing.T) {
	for in, want := range map[string]string{
		"example.com": "example.com", "https://example.com": "example.com", "http://www.example.com:8080/a?b#c": "www.example.com",
		"https://user:secret@example.com/": "example.com", "https://example.com?q=a@b": "example.com", "https://example.com#x": "example.com",
	} {
		if got := hostOf(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestBatchUsage(t *testing.T) {
	for name, args := range map[string][]string{
		"no file":                {"batch"},
		"resume without output":  {"batch", "-", "--resume"},
		"two files":              {"batch", "a", "b"},
		"no such file":           {"batch", filepath.Join(t.TempDir(), "none.txt")},
		"no workers":             {"batch", "-", "--workers", "0"},
		"resume and retry":       {"batch", "-", "--resume", "--retry-undetermined", "--output", filepath.Join(t.TempDir(), "out")},
		"retry without output":   {"batch", "-", "--retry-undetermined"},
		"retry of nothing":       {"batch", "-", "--retry-undetermined", "--output", filepath.Join(t.TempDir(), "none")},
		"fail-on-new alone":      {"batch", "-", "--fail-on-new"},
		"no earlier output":      {"batch", "-", "--diff", filepath.Join(t.TempDir(), "none")},
		"another format":         {"batch", "-", "--format", "sarif"},
		"changes as CSV":         {"batch", "-", "--format", "csv", "--diff", os.DevNull},
		"two on stdout":          {"batch", "-", "--format", "ndjson", "--format", "summary"},
		"two results":            {"batch", "-", "--format", "ndjson", "--format", "csv", "--output", filepath.Join(t.TempDir(), "a"), "--output", "b"},
		"output in no directory": {"batch", "-", "--output", filepath.Join(t.TempDir(), "no", "out")},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, errs := batchRun(t, "", args...)
			if status != 2 || out != "" || strings.Count(errs, "icpcheck: error: ") != 1 {
				t.Errorf("status %d, stdout %q, stderr %q", status, out, errs)
			}
		})
	}
}

// TestBatchDuplicates: the same name is asked once, wherever it stands.
func TestBatchDuplicates(t *testing.T) {
	servers, err := playback.Start(playback.Demo(), playback.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer servers.Close()
	_, out, _ := batchRun(t, strings.Repeat("example.com\nexample.cn\nhttps://EXAMPLE.com/a\n", 50), "batch", "-", "--no-cache", "--now", "2026-11-24",
		"--rdap-url", servers.RDAPURL, "--whois-server", servers.WHOISAddr, "--resolver", servers.DNSAddr)
	if lines := batchLines(t, out); len(lines) != 150 {
		t.Errorf("%d lines", len(lines))
	}
	if r, w, d := servers.Queries(playback.RDAP, "example.com"), servers.Queries(playback.WHOIS, "example.cn"), servers.Queries(playback.DNS, "example.com A"); r != 1 || w != 1 || d != 1 {
		t.Errorf("asked RDAP %d times, WHOIS %d times, the DNS %d times", r, w, d)
	}
}

// TestBatchDeadServers: with nobody there every name still gets its line, with
// the reason, and the whole is undetermined.
func TestBatchDeadServers(t *testing.T) {
	closed := strings.TrimSuffix(strings.TrimPrefix(closedURL(t), "http://"), "/")
	var input strings.Builder
	const names = 300
	for i := range names {
		fmt.Fprintf(&input, "name%d.com\n", i)
	}
	status, out, errs := batchRun(t, input.String(), "batch", "-", "--now", "2026-11-24", "--rdap-url", "http://"+closed+"/", "--whois-server", closed, "--resolver", closed)
	if status != 3 || errs != "" {
		t.Errorf("status %d, stderr %q", status, errs)
	}
	n := 0
	for l := range strings.Lines(out) {
		var line missedLine
		if err := json.Unmarshal([]byte(l), &line); err != nil {
			t.Fatal(err)
		}
		sources := map[string]bool{}
		for _, m := range line.Missed {
			sources[m.Source] = true
			if m.Kind != "refused" && m.Kind != "suspended" {
				t.Errorf("%s: %s", line.Target, m.Kind)
			}
		}
		if n++; line.Target != fmt.Sprintf("name%d.com", n-1) || line.Verdict != "undetermined" || !sources["rdap"] || !sources["whois"] || !sources["dns"] {
			t.Fatalf("line %d: %+v", n, line)
		}
	}
	if n != names {
		t.Errorf("%d lines", n)
	}
}

// TestBatchRetry: only what could not be asked is asked again; the rest stays to
// the byte, and so does the order.
func TestBatchRetry(t *testing.T) {
	fault := playback.Fault{Kind: playback.Refuse}
	broken, err := playback.Start(playback.Demo(), playback.Options{Faults: map[string]playback.Fault{"rdap/example.com": fault, "whois/example.com": fault}})
	if err != nil {
		t.Fatal(err)
	}
	defer broken.Close()
	whole, err := playback.Start(playback.Demo(), playback.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	dir := t.TempDir()
	names, output := filepath.Join(dir, "names.txt"), filepath.Join(dir, "out.ndjson")
	if err := os.WriteFile(names, []byte("example.cn\nexample.com\nbad_name\n# no\nfree.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(s *playback.Servers, args ...string) (int, string) {
		status, stdout, errs := batchRun(t, "", append([]string{"batch", names, "--output", output, "--now", "2026-11-24", "--rdap-url", s.RDAPURL,
			"--whois-server", s.WHOISAddr, "--resolver", s.DNSAddr}, args...)...)
		if stdout != "" {
			t.Errorf("stdout %q", stdout)
		}
		return status, errs
	}
	if status, errs := run(broken); status != 1 || errs != "" {
		t.Fatalf("status %d, %s", status, errs)
	}
	before := strings.SplitAfter(readString(t, output), "\n")
	if err := os.Chmod(output, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".out.ndjson.icpcheck-retry-1"), []byte(`{"line":1`), 0o600); err != nil { // of a killed run
		t.Fatal(err)
	}
	if status, errs := run(whole, "--retry-undetermined"); status != 1 || errs != "" {
		t.Fatalf("status %d, %s", status, errs)
	}
	if info, err := os.Stat(output); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
		t.Errorf("%v has other permissions than before: %v", info.Mode(), err)
	}
	after := strings.SplitAfter(readString(t, output), "\n")
	if len(before) != 5 || len(after) != 5 {
		t.Fatalf("%d lines before, %d after", len(before), len(after))
	}
	for i := range before {
		if same := before[i] == after[i]; same != (i != 1) {
			t.Errorf("line %d is the same: %t", i, same)
		}
	}
	if strings.Contains(before[1], `"missed":[]`) || !strings.Contains(after[1], `"missed":[]`) {
		t.Error("what was missed before is missed still")
	}
	if n := whole.Queries(playback.WHOIS, "example.cn") + whole.Queries(playback.RDAP, "free.com"); n > 0 {
		t.Errorf("%d questions that had been answered", n)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("left over: %v", entries)
	}
	// A line of the input that has become another is checked anew.
	if err := os.WriteFile(names, []byte("example.cn\nexample.com\nfree.cn\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(whole, "--retry-undetermined")
	results := readString(t, output)
	if lines := batchLines(t, results); len(lines) != 3 || lines[2].Target != "free.cn" {
		t.Errorf("got %+v", lines)
	}
	// A list that came to nothing takes no results away.
	if err := os.WriteFile(names, []byte("# no\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, errs := run(whole, "--retry-undetermined"); status != 2 || readString(t, output) != results {
		t.Errorf("an empty list: status %d, %q, results of %d bytes", status, errs, len(readString(t, output)))
	}
}

func readString(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestCountLines: a file that cannot be read to its end is counted up to there.
func TestCountLines(t *testing.T) {
	lines := "a.cn\n\n # no name\n  b.cn\r\n" + strings.Repeat("x", 100_000) + "\nc.cn"
	if got := countLines(strings.NewReader(lines)); got != 4 {
		t.Errorf("got %d lines, want 4", got)
	}
	if got := countLines(io.MultiReader(strings.NewReader("a.cn\nb.cn\n"), iotest.ErrReader(errors.New("disk on fire")))); got != 2 {
		t.Errorf("got %d lines before the error, want 2", got)
	}
}
