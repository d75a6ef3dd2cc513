package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
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
