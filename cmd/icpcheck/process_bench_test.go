//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// BenchmarkProcess measures whole processes, start included, of the program as
// it is released: wall time by the benchmark, and the most memory it held.
func BenchmarkProcess(b *testing.B) {
	dir := b.TempDir()
	program := filepath.Join(dir, "icpcheck")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	filing := filepath.Join(dir, "filing.yaml")
	if err := os.WriteFile(filing, exampleFiling, 0o600); err != nil {
		b.Fatal(err)
	}
	for name, args := range map[string][]string{
		"version":       {"version"},
		"check-offline": {"check", filing, "--offline", "--now", demoDay},
	} {
		b.Run(name, func(b *testing.B) {
			var most int64
			for b.Loop() {
				c := exec.Command(program, args...)
				err := c.Run()
				if c.ProcessState == nil {
					b.Fatal(err)
				}
				if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
					most = max(most, int64(usage.Maxrss))
				}
			}
			if runtime.GOOS == "linux" { // in KiB there, in bytes elsewhere
				b.ReportMetric(float64(most)/1024, "MB-max")
			}
		})
	}
}
