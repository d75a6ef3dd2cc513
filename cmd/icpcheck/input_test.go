package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// outcome is what one run in-process gave.
type outcome struct {
	status         int
	stdout, stderr string
}

// inProcess runs the command line with a fixed clock and no environment.
func inProcess(t testing.TB, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	e := &environment{
		args: args, stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr,
		getenv: func(string) string { return "" },
		clock:  func() time.Time { return time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC) },
	}
	status := run(e)
	return outcome{status, stdout.String(), stderr.String()}
}

// at moves to a folder of testdata, so that messages name files as a user
// would, and keeps the config file of whoever runs the tests out of them.
func at(t *testing.T, folder string) {
	t.Helper()
	empty := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", empty)
	t.Setenv("HOME", empty)
	t.Setenv("AppData", empty)
	t.Chdir(filepath.Join("..", "..", "testdata", folder))
}

// entries lists a folder of testdata; an empty one would make a test vacuous.
func entries(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatalf("nothing matches %s", pattern)
	}
	return names
}

// golden compares with the file of that name, which -update rewrites.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test ./cmd/icpcheck -update rewrites it), got:\n%s\nwant:\n%s", name, got, want)
	}
}

// refused demands of a run that could not be made: status 2, nothing on
// stdout, and on stderr lines that each begin with the program's name or show
// the place of the mistake.
func refused(t *testing.T, o outcome) {
	t.Helper()
	if o.status != 2 || o.stdout != "" || o.stderr == "" {
		t.Errorf("want status 2 and a message on stderr alone, got %d\nstdout: %s\nstderr: %s", o.status, o.stdout, o.stderr)
	}
	for line := range strings.Lines(o.stderr) {
		if !strings.HasPrefix(line, "icpcheck: ") && !strings.HasPrefix(line, "    ") {
			t.Errorf("a line that is neither a message nor an excerpt: %q", line)
		}
		if strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\x1b\a\r\n") || len(line) > 1000 {
			t.Errorf("a line that would upset a terminal: %q", line)
		}
	}
}

// TestFilings checks every example under testdata/filings/ok; none may be refused.
func TestFilings(t *testing.T) {
	at(t, "filings/ok")
	for _, name := range entries(t, "*.yaml") {
		t.Run(name, func(t *testing.T) {
			if o := inProcess(t, "check", name, "--offline"); o.status == 2 || o.stdout == "" || o.stderr != "" {
				t.Errorf("status %d, stderr: %s", o.status, o.stderr)
			}
		})
	}
}

// TestBadFilings compares what is said about every file under
// testdata/filings/bad with the .stderr beside it.
func TestBadFilings(t *testing.T) {
	at(t, "filings/bad")
	for _, name := range entries(t, "*.yaml") {
		t.Run(name, func(t *testing.T) {
			o := inProcess(t, "check", name, "--offline")
			refused(t, o)
			golden(t, strings.TrimSuffix(name, ".yaml")+".stderr", o.stderr)
		})
	}
}

// TestBadFilingWritesNothing holds that a report file is not touched when the
// input is refused.
func TestBadFilingWritesNothing(t *testing.T) {
	out := filepath.Join(t.TempDir(), "report.json")
	at(t, "filings")
	refused(t, inProcess(t, "check", "ok/full.yaml", "bad/unknown-key.yaml", "--offline", "--format", "json", "--output", out))
	if names, _ := filepath.Glob(filepath.Join(filepath.Dir(out), "*")); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
}

func TestOddInputs(t *testing.T) {
	dir := t.TempDir()
	at(t, "filings")
	want := map[string]string{
		"10-mb":          "larger than 1024 KiB",
		"deep-flow":      "nested deeper than 64 levels",
		"deep-block":     "nested deeper than 64 levels",
		"billion-laughs": "anchors and aliases",
		"binary":         "not a UTF-8 text file",
		"invalid-utf-8":  "not a UTF-8 text file",
		"long-name":      "longer than 253 characters",
		"long-label":     "longer than 63 characters",
		"many-mistakes":  "… and 10 more",
	}
	for name, make := range oddInputs {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name+".yaml")
			if err := os.WriteFile(path, make(), 0o600); err != nil {
				t.Fatal(err)
			}
			o := inProcess(t, "check", path, "--offline")
			refused(t, o)
			if want[name] == "" || !strings.Contains(o.stderr, want[name]) {
				t.Errorf("want %q, got %s", want[name], o.stderr)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	at(t, "filings")
	locked := filepath.Join(dir, "locked.yaml")
	if err := os.WriteFile(locked, []byte("province: zhejiang\n"), 0o000); err != nil {
		t.Fatal(err)
	}
	through := filepath.Join("ok", "full.yaml", "nothing.yaml")
	tests := map[string]struct{ path, want string }{
		"missing":      {"nowhere.yaml", "nowhere.yaml: no such file"},
		"directory":    {"ok", "ok: is a folder, want a filing file"},
		"below a file": {through, through + ": cannot be read: not a directory"},
	}
	if os.Geteuid() > 0 { // root reads everything
		tests["locked"] = struct{ path, want string }{locked, locked + ": cannot be read: permission denied"}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && name == "below a file" {
				t.Skip("windows says that there is no such file")
			}
			o := inProcess(t, "check", test.path, "--offline")
			refused(t, o)
			if !strings.HasPrefix(o.stderr, "icpcheck: error: "+test.want+"\n") {
				t.Errorf("want %q, got %q", test.want, o.stderr)
			}
		})
	}
}

// TestOverlays lints and tests every folder under testdata/rules/ok laid over
// the built-in rules.
func TestOverlays(t *testing.T) {
	at(t, "rules/ok")
	for _, name := range entries(t, "*") {
		t.Run(name, func(t *testing.T) {
			for _, command := range []string{"lint", "test"} {
				if o := inProcess(t, "rules", command, "--rules", name); o.status != 0 || o.stderr != "" {
					t.Errorf("rules %s: status %d\n%s", command, o.status, o.stderr)
				}
			}
		})
	}
}

// TestBadOverlays compares what is said about every folder under
// testdata/rules/bad with the .stderr beside it.
func TestBadOverlays(t *testing.T) {
	at(t, "rules/bad")
	for _, name := range entries(t, "*") {
		if info, err := os.Stat(name); err != nil || !info.IsDir() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			o := inProcess(t, "check", filepath.Join("..", "..", "filings", "ok", "full.yaml"), "--offline", "--rules", name)
			refused(t, o)
			golden(t, name+".stderr", o.stderr)
		})
	}
}
