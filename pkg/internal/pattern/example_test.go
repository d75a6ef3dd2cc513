package pattern_test

import (
	"fmt"

	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
)

var digits = pattern.New(`\d+`)

func Example() {
	fmt.Println(digits().FindString("91 days"))
	// Output: 91
}
