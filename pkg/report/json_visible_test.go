package report

import (
	"encoding/json"
	"testing"
	"unicode"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// TestVisibleAll: of all characters exactly those that text.Clean takes out are
// escaped, and the escape means the character.
func TestVisibleAll(t *testing.T) {
	for r := rune(' '); r <= unicode.MaxRune; r++ {
		if r >= 0xd800 && r < 0xe000 || r == '"' || r == '\\' {
			continue
		}
		in := `"a` + string(r) + `b"`
		out := string(visible([]byte(in)))
		if escaped, want := out != in, text.Clean(string(r)) != string(r); escaped != want {
			t.Errorf("%U: escaped %v, want %v", r, escaped, want)
		}
		var back string
		if err := json.Unmarshal([]byte(out), &back); err != nil || back != in[1:len(in)-1] {
			t.Errorf("%U: %q reads back as %q, %v", r, out, back, err)
		}
	}
}
