package registration

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when first used. The
// package has some forty of them, and compiling all at start-up would cost
// every command, `icpcheck version` too, several milliseconds.
type pattern func() *regexp.Regexp

// lazily declares a pattern; a mistake in it panics on first use, which the
// tests would meet.
func lazily(source string) pattern {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(source) })
}
