package text

import (
	"strings"

	"golang.org/x/text/width"
)

// Fold makes names comparable: lower case, full width to half, brackets and
// all spaces, dots, commas, hyphens and underscores gone.
func Fold(s string) string {
	s = strings.ToLower(width.Fold.String(s))
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\n', '\r', '\u00a0', '\u3000', '.', ',', '-', '_', '(', ')', '[', ']', '【', '】', '〔', '〕', '、', '。', '·':
			return -1
		}
		return r
	}, s)
}
