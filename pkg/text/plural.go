package text

import "strings"

// optionalPlural ends a noun that follows a number: {0} day(s).
const optionalPlural = "(s)"

// After settles the noun that an English sentence counts with the number before
// it: " day(s) left" after "1" is " day left", after anything else " days left".
// literal is what stands after the number; a text without day(s) right at its
// start stays as it is.
func After(number, literal string) string {
	if !strings.HasPrefix(literal, " ") {
		return literal
	}
	noun, rest, found := strings.Cut(literal, optionalPlural)
	if !found || strings.IndexFunc(noun[1:], notLetter) >= 0 {
		return literal
	}
	if number == "1" {
		return noun + rest
	}
	return noun + "s" + rest
}

func notLetter(r rune) bool { return (r < 'a' || r > 'z') && r != '-' }
