// Package shipped gives tests the rulebook that the program carries. Only
// tests import it: other packages are handed a rulebook and do not care which.
package shipped

import (
	"sync"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/rules"
)

// Base is the layer that the program starts from.
func Base() rulebook.Layer { return rulebook.Layer{FS: rules.FS, Snapshot: rules.Snapshot} }

// Book loads the shipped rulebook with the layers over it. A mistake fails the test.
func Book(t testing.TB, layers ...rulebook.Layer) *rulebook.Rulebook {
	t.Helper()
	book, err := rulebook.Load(Base(), layers...)
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// Shared is one book for all tests of a package, for those that read large
// tables many times. It may be used by several goroutines.
var Shared = sync.OnceValue(func() *rulebook.Rulebook {
	book, err := rulebook.Load(Base())
	if err != nil {
		panic(err)
	}
	return book
})
