package verdict_test

import (
	"fmt"

	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// A warning never decides; something unknown at error level does.
func Example() {
	overall := verdict.Combine([]verdict.One{
		{Verdict: verdict.Pass, Severity: verdict.Error},
		{Verdict: verdict.Fail, Severity: verdict.Warning},
		{Verdict: verdict.Undetermined, Severity: verdict.Error},
	})
	fmt.Println(overall, overall.ExitStatus(false))
	// Output: undetermined 3
}
