package yamlfile

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"

	"github.com/icpcheck/icpcheck/pkg/mask"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// Position is a place in a file. Line and Column count from 1; Column counts
// characters. The zero Position means the file as a whole.
type Position struct {
	File   string
	Line   int
	Column int
}

// String is the place as compilers write it, file:line:column, or the file alone.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// Problem is one mistake in a file.
type Problem struct {
	Position
	// Message says what is wrong, in one line, with the nearest right word where there is one.
	Message string
	// Zh is the message in Chinese, empty where it is said in English alone.
	Zh string
	// Excerpt is the offending line, empty when there is none to show.
	Excerpt string
}

// Error gives file:line:column and the message in one line.
func (p Problem) Error() string { return p.In(text.En) }

// In is Error in a language.
func (p Problem) In(l text.Lang) string {
	return p.Position.String() + ": " + text.Text{Zh: cmp.Or(p.Zh, p.Message), En: p.Message}.In(l)
}

// Detail gives the offending line with a caret below, or "" without one. The
// caret counts display columns, since Chinese characters take two.
func (p Problem) Detail() string {
	if p.Excerpt == "" {
		return ""
	}
	// The line may hold an identity number; masking keeps its length, so the caret still fits.
	line := mask.Free(strings.ReplaceAll(p.Excerpt, "\t", " "))
	column := max(p.Column-1, 0)
	runes := []rune(line)
	if column > len(runes) {
		column = len(runes)
	}
	// A long line is cut to a window around the caret.
	const window = 100
	from := 0
	if column > window/2 {
		from = column - window/2
	}
	shown := runes[from:min(len(runes), from+window)]
	indent := displaywidth.String(string(runes[from:column]))
	return "    " + printable(string(shown)) + "\n    " + strings.Repeat(" ", indent) + "^"
}

// printable replaces control characters, so that a hostile file cannot drive the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == utf8.RuneError {
			return '·'
		}
		return r
	}, s)
}

// Problems are all the mistakes of one or more files.
type Problems []Problem

// Error gives one line a problem.
func (ps Problems) Error() string { return ps.In(text.En) }

// In is Error in a language.
func (ps Problems) In(l text.Lang) string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.In(l)
	}
	return strings.Join(lines, "\n")
}

// Sort orders by file, line, column and message.
func (ps Problems) Sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
}

// Err returns ps sorted as an error, each mistake once, or nil when there are none.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	ps.Sort()
	return slices.Compact(ps)
}

// Nearest returns the known word closest to word, or "" when none is close
// enough to be what was meant.
func Nearest(word string, known []string) string {
	best, bestDistance := "", len([]rune(word))/2+1
	if bestDistance > 4 {
		bestDistance = 4
	}
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// DidYouMean returns `, did you mean "x"?` or the list of a few known words, or "".
func DidYouMean(word string, known []string) string { return Suggest(word, known).En }

// Suggest is DidYouMean in both languages.
func Suggest(word string, known []string) text.Text {
	if n := Nearest(word, known); n != "" {
		return Meant(n)
	}
	if len(known) > 0 && len(known) <= 12 {
		return text.Text{Zh: "；可用：" + strings.Join(known, "、"), En: "; known: " + strings.Join(known, ", ")}
	}
	return text.Text{}
}

// Meant asks whether a word was meant, at the end of a message.
func Meant(word string) text.Text {
	return text.Text{Zh: fmt.Sprintf("，是否想写 %q？", word), En: fmt.Sprintf(", did you mean %q?", word)}
}

// distance is the Damerau-Levenshtein distance (adjacent swaps count once).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 {
		return 1 << 20
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
