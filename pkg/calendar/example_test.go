package calendar_test

import (
	"fmt"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
)

// A name that expires at 16:00 UTC expires on the next day in Beijing.
func Example() {
	today, err := calendar.Parse("2026-11-24")
	if err != nil {
		fmt.Println(err)
		return
	}
	expires := time.Date(2027, 2, 22, 16, 0, 0, 0, time.UTC)
	fmt.Println(calendar.Date(expires), calendar.DaysBetween(today, expires))
	// Output: 2027-02-23 91
}
