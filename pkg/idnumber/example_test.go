package idnumber_test

import (
	"fmt"
	"time"

	"github.com/icpcheck/icpcheck/pkg/idnumber"
)

// One mistyped character is found by the check character.
func Example() {
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	fmt.Println(idnumber.ResidentID("110101 18000101 0015", now), idnumber.ResidentID("110101 18000101 0025", now))
	// Output: true false
}
