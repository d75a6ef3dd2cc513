package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// bench runs the command in-process, so that the figures leave out the start
// of the process itself; docs/performance.md has both.
func bench(b *testing.B, args ...string) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		var out bytes.Buffer
		e := &environment{args: args, stdin: &bytes.Buffer{}, stdout: &out, stderr: &out, getenv: func(string) string { return "" }, clock: time.Now}
		if status := run(e); status == 2 {
			b.Fatal(out.String())
		}
	}
}

func BenchmarkVersion(b *testing.B) { bench(b, "version") }

func BenchmarkCheckOffline(b *testing.B) {
	path := filepath.Join(b.TempDir(), "filing.yaml")
	if err := os.WriteFile(path, exampleFiling, 0o600); err != nil {
		b.Fatal(err)
	}
	bench(b, "check", path, "--offline")
}
