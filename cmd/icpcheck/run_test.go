package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestFullDisk: a report that could not be written is no verdict.
func TestFullDisk(t *testing.T) {
	for _, args := range [][]string{{"rules", "list"}, {"version"}, {"domain", "example.com", "--offline"}} {
		var errs strings.Builder
		e := &environment{args: args, stdin: strings.NewReader(""), stdout: full{}, stderr: &errs, getenv: func(string) string { return "" }, clock: time.Now}
		if status := run(e); status != 2 || strings.Count(errs.String(), "no space left") != 1 {
			t.Errorf("%v: status %d, stderr %q", args, status, errs.String())
		}
	}
}

// TestReadme: the sample in the README is what the demo's filing prints.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, sample, _ := strings.Cut(string(readme), "$ icpcheck check filing.yaml\n")
	sample, _, found := strings.Cut(sample, "$ echo $?\n1\n```")
	if !found {
		t.Fatal("the README's first sample is gone")
	}
	var out, errs strings.Builder
	day := time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC)
	e := &environment{args: []string{"demo", "--lang", "zh"}, stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
		getenv: func(string) string { return "" }, clock: func() time.Time { return day }}
	if status := run(e); status != 1 {
		t.Fatalf("status %d, stderr %q", status, errs.String())
	}
	for line := range strings.Lines(sample) {
		if strings.TrimSpace(line) != "…" && !strings.Contains(out.String(), line) {
			t.Errorf("the demo does not print %q", line)
		}
	}
}
