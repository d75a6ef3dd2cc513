package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// release builds the program as it is released.
func release(b *testing.B) string {
	b.Helper()
	file := filepath.Join(b.TempDir(), "icpcheck")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return file
}

// BenchmarkProcess measures whole processes, start included, of the program as
// it is released. Memory is not measured here: a child's maximum counts what it
// inherited from the test binary. /usr/bin/time -v tells it.
func BenchmarkProcess(b *testing.B) {
	program := release(b)
	filing := filepath.Join(b.TempDir(), "filing.yaml")
	if err := os.WriteFile(filing, exampleFiling, 0o600); err != nil {
		b.Fatal(err)
	}
	for name, args := range map[string][]string{
		"version":       {"version"},
		"check-offline": {"check", filing, "--offline", "--now", demoDay},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				c := exec.Command(program, args...)
				if err := c.Run(); c.ProcessState == nil || c.ProcessState.ExitCode() == 2 {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBatchScale compares a million filings with a hundred thousand, each
// batch a process of its own. Ten hundred thousands stand around the million, so
// that a machine which slows down or speeds up meanwhile hits both alike.
func BenchmarkBatchScale(b *testing.B) {
	const small, times = 100_000, 10
	program := release(b)
	few, many := benchmarkFilings(b, small), benchmarkFilings(b, small*times)
	run := func(file string) time.Duration {
		c := exec.Command(program, "batch", file, "--offline", "--now", demoDay, "--quiet")
		c.Env = append(os.Environ(), "GOMEMLIMIT=256MiB")
		start := time.Now()
		if err := c.Run(); c.ProcessState == nil || c.ProcessState.ExitCode() == 2 {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	var fewTook, manyTook time.Duration
	for b.Loop() {
		for range times / 2 {
			fewTook += run(few)
		}
		manyTook += run(many)
		for range times / 2 {
			fewTook += run(few)
		}
	}
	b.ReportMetric(0, "ns/op")
	n := float64(b.N * small * times)
	b.ReportMetric(n/fewTook.Seconds(), "few-filings/s")
	b.ReportMetric(n/manyTook.Seconds(), "many-filings/s")
	b.ReportMetric(times*float64(manyTook)/float64(fewTook), "×few")
}
