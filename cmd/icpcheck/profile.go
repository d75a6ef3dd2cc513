package main

import (
	"fmt"
	"os"
	"runtime/pprof"
)

// startProfile begins the profile of --cpuprofile, which docs/performance.md is
// written with.
func (e *environment) startProfile(path string) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("--cpuprofile: %w", err)
	}
	e.profile = file
	return pprof.StartCPUProfile(file)
}

// stopProfile ends the profile, where there is one.
func (e *environment) stopProfile() error {
	if e.profile == nil {
		return nil
	}
	pprof.StopCPUProfile()
	return e.profile.Close()
}
