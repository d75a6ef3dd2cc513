//go:build unix

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/playback"
)

// program is a file that runs as icpcheck: the test binary, as scripts use it.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "icpcheck")
	if err := os.Symlink(self, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	return link
}

// slowNames is an input of names and servers that take a while for each answer,
// with the flags that point there.
func slowNames(t *testing.T, names int) (input string, flags []string, servers *playback.Servers) {
	t.Helper()
	servers, err := playback.Start(playback.Demo(), playback.Options{Delay: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = servers.Close() })
	var b strings.Builder
	for i := range names {
		fmt.Fprintf(&b, "example.com\nname%d.com\nbad_name%[1]d\n\n", i)
	}
	input = filepath.Join(t.TempDir(), "names.txt")
	if err := os.WriteFile(input, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return input, []string{"--now", "2026-11-24", "--workers", "3", "--rdap-url", servers.RDAPURL, "--whois-server", servers.WHOISAddr, "--resolver", servers.DNSAddr}, servers
}

// holdBack puts a pipe in the place of an input, which has all lines but the last
// and no end: what reads it cannot be done before it is stopped, however late a
// busy machine gets to that. let puts the whole input back.
func holdBack(t *testing.T, input string) (let func()) {
	t.Helper()
	whole := input + ".whole"
	if err := os.Rename(input, whole); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(input, 0o600); err != nil {
		t.Skipf("no named pipes here: %v", err)
	}
	pipe, err := os.OpenFile(input, os.O_RDWR, 0) // for both, as this does not wait for a reader
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pipe.Write(data[:bytes.LastIndexByte(bytes.TrimSpace(data), '\n')+1]); err != nil {
		t.Fatal(err)
	}
	return func() {
		_ = pipe.Close()
		if err := os.Rename(whole, input); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBatchKilled: a run that is killed ten times, anywhere, and gone on with
// leaves the same bytes as an undisturbed one.
func TestBatchKilled(t *testing.T) {
	icpcheck := program(t)
	input, flags, _ := slowNames(t, 60)
	dir := t.TempDir()
	command := func(output string, args ...string) *exec.Cmd {
		c := exec.Command(icpcheck, append(append([]string{"batch", input, "--output", output, "--cache-dir", filepath.Join(dir, "cache of "+filepath.Base(output))}, flags...), args...)...)
		c.Stderr = os.Stderr
		c.Env = append(os.Environ(), "ICPCHECK_NO_CACHE=") // its own, and killed with it
		return c
	}
	whole := filepath.Join(dir, "whole")
	if err := command(whole).Run(); err == nil || err.Error() != "exit status 1" {
		t.Fatalf("got %v", err)
	}
	want, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	const kills = 10
	broken := filepath.Join(dir, "broken")
	for k := range kills + 1 {
		var args []string
		if k > 0 {
			args = []string{"--resume"}
		}
		c := command(broken, args...)
		if k == kills {
			if err := c.Run(); err == nil || err.Error() != "exit status 1" {
				t.Fatalf("the last run: %v", err)
			}
			break
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		// The moment is told by what is written, not by the clock of a busy machine.
		target := int64(len(want)) * int64(k) / kills
		target += rand.Int64N(int64(len(want)) / kills)
		for {
			info, err := os.Stat(broken)
			if err == nil && info.Size() >= target {
				break
			}
			time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
		}
		if err := c.Process.Kill(); err != nil { // SIGKILL; it may have ended by itself just now
			t.Logf("kill %d: %v", k, err)
		}
		_ = c.Wait()
	}
	got, err := os.ReadFile(broken)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes after %d kills, want the %d bytes of the undisturbed run", len(got), kills, len(want))
	}
}

// TestBatchInterruptedInTurn: Ctrl-C does not wait for the turns of names that
// nobody has been asked about, and those have no line yet.
func TestBatchInterruptedInTurn(t *testing.T) {
	icpcheck := program(t)
	input, flags, _ := slowNames(t, 20)
	output := filepath.Join(t.TempDir(), "out.ndjson")
	var stderr bytes.Buffer
	c := exec.Command(icpcheck, append([]string{"batch", input, "--output", output, "--no-cache", "--rate", "1/m"}, flags...)...)
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for {
		if info, err := os.Stat(output); err == nil && info.Size() > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	began := time.Now()
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	// The next name would have its turn after a minute.
	if err := c.Wait(); err == nil || err.Error() != "exit status 2" || time.Since(began) > 30*time.Second {
		t.Errorf("got %v after %v", err, time.Since(began))
	}
	data := readString(t, output)
	if n := strings.Count(data, "\n"); n == 0 || n > 10 || strings.Contains(data, "canceled") || !strings.Contains(stderr.String(), fmt.Sprintf("interrupted after %d lines; go on with: ", n)) {
		t.Errorf("%d lines, stderr %q", n, stderr.String())
	}
}

// TestBatchInterrupted: Ctrl-C finishes and writes what is in flight, says how to
// go on, and the advice is right.
func TestBatchInterrupted(t *testing.T) {
	icpcheck := program(t)
	input, flags, _ := slowNames(t, 100)
	output := filepath.Join(t.TempDir(), "out.ndjson")
	var stderr bytes.Buffer
	c := exec.Command(icpcheck, append([]string{"batch", input, "--output", output, "--no-cache"}, flags...)...)
	c.Stderr = &stderr
	let := holdBack(t, input)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for {
		if info, err := os.Stat(output); err == nil && info.Size() > 20000 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err == nil || err.Error() != "exit status 2" {
		t.Errorf("got %v", err)
	}
	let()
	data, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	n := bytes.Count(data, []byte("\n"))
	want := fmt.Sprintf("icpcheck: error: interrupted after %d lines; go on with: icpcheck batch %s --output %s --no-cache %s --resume\n", n, input, output, strings.Join(flags, " "))
	if stderr.String() != want || n == 0 || n >= 300 || data[len(data)-1] != '\n' {
		t.Errorf("%d lines, stderr %q, want %q", n, stderr.String(), want)
	}
	_, advice, _ := strings.Cut(strings.TrimSpace(stderr.String()), "go on with: icpcheck ")
	c = exec.Command(icpcheck, strings.Fields(advice)...)
	if err := c.Run(); err == nil || err.Error() != "exit status 1" {
		t.Errorf("the advice: %v", err)
	}
	if lines := batchLines(t, readString(t, output)); len(lines) != 300 {
		t.Errorf("%d lines in the end", len(lines))
	} else {
		for i, l := range lines {
			if l.Line != i+1+i/3 { // every fourth line of the input is blank
				t.Fatalf("place %d has line %d", i, l.Line)
			}
		}
	}
}
