package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

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
