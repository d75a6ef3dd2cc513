package batch

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestBeside: what a killed run has left goes, what a run is at work on and what
// is somebody else's stays.
func TestBeside(t *testing.T) {
	dir := t.TempDir()
	output := filepath.Join(dir, "out.ndjson")
	live, release, err := Beside(output)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	write := func(name, data string) string {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	left := []string{
		write(".out.ndjson.icpcheck-retry-1", ""),
		write(".out.ndjson.icpcheck-retry-23", `{"line":1,"inp`),
	}
	kept := []string{
		filepath.Base(live.Name()),
		write("out.ndjson", ""),
		write(".out.ndjson.1", ""),
		write(".out.ndjson.icpcheck-retry-4", "my notes"),
		write(".out.ndjson.icpcheck-retry-", ""),
		write(".out.ndjson.icpcheck-retry-5.bak", ""),
		write(".other.ndjson.icpcheck-retry-6", ""),
	}
	if err := os.Mkdir(filepath.Join(dir, ".out.ndjson.icpcheck-retry-7"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("out.ndjson", filepath.Join(dir, ".out.ndjson.icpcheck-retry-8")); err != nil {
		t.Logf("no symbolic links here: %v", err)
	}
	again := func(left, kept []string) {
		t.Helper()
		file, release, err := Beside(output)
		if err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(file.Name()); err != nil {
			t.Error(err)
		}
		release()
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if slices.Contains(left, e.Name()) {
				t.Errorf("%s is there still", e.Name())
			}
		}
		for _, name := range kept {
			if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
				t.Error(err)
			}
		}
	}
	again(left, append(kept, ".out.ndjson.icpcheck-retry-7"))
	// Closed for writing and not yet in its place, the file is in use.
	if err := live.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(live.Name()); err != nil {
		t.Error(err)
	}
	release()
	again([]string{filepath.Base(live.Name())}, kept[1:])
}
