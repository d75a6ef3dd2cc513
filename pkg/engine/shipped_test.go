package engine_test

import (
	"testing"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
)

// TestShippedRules runs the tests that every check of the rulebook carries.
func TestShippedRules(t *testing.T) {
	book := shipped.Book(t)
	for _, c := range book.Checks() {
		t.Run(c.ID, func(t *testing.T) {
			for _, test := range c.Tests() {
				if _, err := engine.RunTest(book, c, test); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
