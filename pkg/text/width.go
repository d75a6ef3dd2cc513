package text

import (
	"strings"
	"unicode"

	"github.com/clipperhouse/displaywidth"
)

// Width is the number of terminal columns that s takes: two for a Chinese
// character, one for an ambiguous one, whatever the locale, so that output does
// not depend on the machine.
func Width(s string) int { return displaywidth.String(s) }

// Pad fills s with spaces to n columns; a longer s stays as it is.
func Pad(s string, n int) string {
	if missing := n - Width(s); missing > 0 {
		return s + strings.Repeat(" ", missing)
	}
	return s
}

// Clip cuts s to at most so many columns, with an ellipsis where something is lost.
func Clip(s string, most int) string { return displaywidth.TruncateString(s, most, "…") }

// closers must not begin a line, by Chinese typesetting rules.
const closers = "，。；：！？、）」』】》”’,.;:!?)]}%"

// Wrap breaks s into lines of at most so many columns; 0 or less means no
// limit. It breaks at spaces and between Chinese characters, and puts a word
// that is wider than a line on a line of its own.
func Wrap(s string, most int) []string {
	if most <= 0 || Width(s) <= most {
		return []string{s}
	}
	var lines []string
	var line strings.Builder
	lineWidth := 0
	flush := func() {
		lines = append(lines, strings.TrimRight(line.String(), " "))
		line.Reset()
		lineWidth = 0
	}
	for _, w := range words(s) {
		n := Width(w)
		if lineWidth > 0 && lineWidth+Width(strings.TrimRight(w, " ")) > most {
			flush()
			w = strings.TrimLeft(w, " ")
			n = Width(w)
		}
		line.WriteString(w)
		lineWidth += n
	}
	if lineWidth > 0 {
		flush()
	}
	return lines
}

// words splits s where it may be broken; the parts joined again give s.
func words(s string) []string {
	var parts []string
	start := 0
	runes := []rune(s)
	for i := 1; i < len(runes); i++ {
		before, after := runes[i-1], runes[i]
		breakable := unicode.IsSpace(before) && !unicode.IsSpace(after) ||
			(wide(before) || wide(after)) && !strings.ContainsRune(closers, after) && !strings.ContainsRune("（「『【《“‘(", before) && !unicode.IsSpace(after)
		if breakable {
			parts = append(parts, string(runes[start:i]))
			start = i
		}
	}
	return append(parts, string(runes[start:]))
}

func wide(r rune) bool { return displaywidth.Rune(r) == 2 }

// Clean makes text from outside safe to print on one line: control characters
// (ANSI escapes, newlines) and marks that turn the writing direction become
// visible dots.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f', r == '\u061c', r == '\u2028', r == '\u2029', r == '\ufeff':
			return '·'
		}
		return r
	}, s)
}
