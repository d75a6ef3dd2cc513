package mask_test

import (
	"fmt"

	"github.com/icpcheck/icpcheck/pkg/mask"
)

// A message from outside may carry a number anywhere; dates stay readable.
func Example() {
	fmt.Println(mask.Number("13800138000"))
	fmt.Println(mask.Free("holder 110101199001010010, since 2026-11-24"))
	// Output:
	// 138******00
	// holder 110*************10, since 2026-11-24
}
