package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWritePipe: the pipe behind a link such as /dev/stdout is written to, and is
// no input that a report would spoil.
func TestWritePipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	path := fmt.Sprintf("/proc/self/fd/%d", w.Fd())
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no such paths here: %v", err)
	}
	if err := writeFile(path, 0o644, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 3)
	if _, err := io.ReadFull(r, got); err != nil || string(got) != "new" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, other := range []string{path, os.DevNull} {
		o := &options{Output: []string{other}}
		if err := o.spare(other); err != nil {
			t.Error(err)
		}
	}
}

// TestWriteStream: what a shell opened with >> is written on, by whatever path it
// is named, and neither emptied nor replaced.
func TestWriteStream(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(log, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	path := fmt.Sprintf("/proc/self/fd/%d", file.Fd())
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no such paths here: %v", err)
	}
	want := "old\n"
	for _, args := range [][]string{
		{"batch", "-", "--offline", "--format", "csv", "--now", "2026-11-24", "--output"},
		{"init", "--offline", "--province", "zhejiang", "--force"},
		{"plan", "-", "--format", "json", "--now", "2026-11-24", "--output"},
	} {
		if status, stdout, errs := batchRun(t, "{}\n", append(args, path)...); status != 3 || stdout != "" {
			t.Errorf("%s: status %d, stdout %q, stderr %q", args[0], status, stdout, errs)
		}
		got := readString(t, log)
		if more, kept := strings.CutPrefix(got, want); !kept || more == "" {
			t.Errorf("%s: got %q after %q", args[0], got, want)
		}
		want = got
	}
	for _, path := range []string{"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"} {
		if streamOf(path) != os.Stdout {
			continue // no such path here
		}
		for _, command := range []string{"batch", "check"} {
			if status, stdout, errs := batchRun(t, "{}\n", command, "-", "--offline", "--output", path); status != 3 || stdout == "" || errs != "" {
				t.Errorf("%s to %s: status %d, stdout %q, stderr %q", command, path, status, stdout, errs)
			}
		}
		if status, _, errs := batchRun(t, "a.com\n", "batch", "-", "--output", path, "--resume"); status != 2 {
			t.Errorf("--resume from %s: status %d, %s", path, status, errs)
		}
	}
	if status, _, errs := batchRun(t, "a.com\n", "batch", "-", "--output", path, "--resume"); status != 2 || readString(t, log) != want {
		t.Errorf("--resume from %s: status %d, %s", path, status, errs)
	}
}

// TestWriteFile holds that a file that others may not read stays so, and that
// one that may not be written is left alone.
func TestWriteFile(t *testing.T) {
	put := func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }
	path := filepath.Join(t.TempDir(), "report")
	for _, test := range []struct{ before, mode, after os.FileMode }{{0o600, 0o644, 0o600}, {0o644, 0o644, 0o644}, {0o644, 0o600, 0o600}, {0o664, 0o644, 0o644}} {
		if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, test.before); err != nil {
			t.Fatal(err)
		}
		if err := writeFile(path, test.mode, put); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != test.after {
			t.Errorf("%o over %o: got %v, %v", test.mode, test.before, info.Mode(), err)
		}
	}
	if os.Geteuid() == 0 {
		t.Skip("root writes everything")
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(path, 0o644, put); err == nil {
		t.Error("a file that may not be written was written")
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "new" {
		t.Errorf("got %q, %v", data, err)
	}
}
