package failure_test

import (
	"context"
	"fmt"

	"github.com/icpcheck/icpcheck/pkg/failure"
)

// A failure says what was asked, whom, and what went wrong.
func Example() {
	f := failure.Of("whois", "whois.example", "example.cn", context.DeadlineExceeded)
	fmt.Println(f.Kind)
	fmt.Println(f)
	// Output:
	// timeout
	// whois whois.example example.cn: timeout (context deadline exceeded)
}
