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

// FoldName makes names of people and units comparable: lower case, full width
// to half, one kind of bracket and of middle dot, no spaces. Brackets stay:
// 北京（天地）公司 and 北京天地公司 are two companies.
func FoldName(s string) string {
	s = strings.ToLower(width.Fold.String(s))
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\n', '\r', '\u00a0', '\u3000', '.', ',', '、', '。':
			return -1
		case '[', '【', '〔', '〈', '《':
			return '('
		case ']', '】', '〕', '〉', '》':
			return ')'
		case '·', '•', '・', '‧', '∙', '●':
			return '·'
		}
		return r
	}, s)
}

// SameWord compares two words ignoring case and spaces. It allocates nothing,
// unlike comparing what Fold gives.
func SameWord(a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	if !strings.Contains(a, " ") && !strings.Contains(b, " ") {
		return false
	}
	return strings.EqualFold(strings.ReplaceAll(a, " ", ""), strings.ReplaceAll(b, " ", ""))
}
