package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
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

func TestBatchUsage(t *testing.T) {
	for name, args := range map[string][]string{
		"no file":                {"batch"},
		"resume without output":  {"batch", "-", "--resume"},
		"two files":              {"batch", "a", "b"},
		"no such file":           {"batch", filepath.Join(t.TempDir(), "none.txt")},
		"no workers":             {"batch", "-", "--workers", "0"},
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
