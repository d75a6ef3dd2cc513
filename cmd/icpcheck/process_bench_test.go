package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkProcess measures whole processes, start included, of the program as
// it is released. Memory is not measured here: a child's maximum counts what it
// inherited from the test binary. /usr/bin/time -v tells it.
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
			for b.Loop() {
				c := exec.Command(program, args...)
				if err := c.Run(); c.ProcessState == nil || c.ProcessState.ExitCode() == 2 {
					b.Fatal(err)
				}
			}
		})
	}
}
