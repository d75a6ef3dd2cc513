package golden_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/internal/golden"
)

func TestEqual(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hello.txt")
	if err := os.WriteFile(file, []byte("你好\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, file, []byte("你好\n"))
}
