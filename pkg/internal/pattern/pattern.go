// Package pattern holds regular expressions that are compiled when first used.
// The program has some seventy of them; compiling all at start-up would cost
// every command, `icpcheck version` too, several milliseconds.
package pattern

import (
	"regexp"
	"sync"
)

// Pattern returns the compiled expression.
type Pattern func() *regexp.Regexp

// New declares a pattern; a mistake in it panics on first use, which the tests
// of its package would meet.
func New(source string) Pattern {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(source) })
}
