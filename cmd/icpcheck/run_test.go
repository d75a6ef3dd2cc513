package main

import (
	"errors"
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
