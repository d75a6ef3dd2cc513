package mask

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
)

// Number shows the first three and last two characters of a number and hides
// the rest; up to seven characters are hidden altogether.
func Number(s string) string {
	r := []rune(s)
	if len(r) <= 7 {
		return strings.Repeat("*", len(r))
	}
	return string(r[:3]) + strings.Repeat("*", len(r)-5) + string(r[len(r)-2:])
}

// numberLike finds runs that may be a document or telephone number. The
// shortest are permits of eight digits; a few letters before them and
// separators inside are part of the run, and digits may be full width.
var numberLike = pattern.New(`[A-Za-z]{0,3}[0-9０-９][0-9０-９A-Za-z]*(?:[- ]?[0-9０-９]{2,}[0-9０-９A-Za-z]*)*`)

// minDigits is how many digits make a run a number to hide. A date written
// with hyphens has eight as well, with the hour ten, and is let through.
const minDigits = 8

var date = pattern.New(`^(?:19|20)\d\d-\d\d-\d\d(?:[Tt ]\d\d)?$`)

// Free hides every number-like run in free text, for excerpts of files and
// messages of servers, where a personal number may stand anywhere.
func Free(s string) string {
	var b strings.Builder
	done := 0
	// A run stands within a stretch of characters that runs are made of; hardly a
	// stretch has digits enough for one to hide.
	for at := 0; at < len(s); {
		end, digits := at, 0
		for end < len(s) {
			r, size := rune(s[end]), 1
			if r >= utf8.RuneSelf {
				r, size = utf8.DecodeRuneInString(s[end:])
			}
			if unicode.IsDigit(r) {
				digits++
			} else if !inRun(r) {
				break
			}
			end += size
		}
		if digits >= minDigits {
			b.WriteString(s[done:at])
			b.WriteString(numberLike().ReplaceAllStringFunc(s[at:end], hide))
			done = end
		}
		_, size := utf8.DecodeRuneInString(s[end:])
		at = end + size
	}
	if done == 0 {
		return s
	}
	return b.String() + s[done:]
}

// inRun reports whether a character other than a digit can stand in a run.
func inRun(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '-' || r == ' '
}

// hide hides a run that is a number to hide.
func hide(run string) string {
	digits := 0
	for _, r := range run {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if digits < minDigits || date().MatchString(run) {
		return run
	}
	return Number(run)
}
