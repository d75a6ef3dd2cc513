package shipped_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// collected reads a file of collected facts. They stand beside the project and
// are material, not part of it: without them the test is skipped.
func collected(t *testing.T, name string) []byte {
	t.Helper()
	file := filepath.Join("../../../../shared/facts", name)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not here; it holds the collected facts", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// leftOut reads from docs/coverage.md which facts of a file are left out, and why.
func leftOut(t *testing.T, file string) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../../docs/coverage.md")
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `"+file+": ([a-z_.]+)` \\| (.+) \\|$").FindAllStringSubmatch(string(page), -1) {
		list[m[1]] = m[2]
	}
	if len(list) == 0 {
		t.Fatalf("docs/coverage.md leaves nothing of %s out; has its table another form?", file)
	}
	return list
}
