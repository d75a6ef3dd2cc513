package calendar

import (
	"time"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// Beijing is UTC+8; mainland China has kept no daylight saving time since 1991.
var Beijing = time.FixedZone("UTC+8", 8*60*60)

// DateLayout is how dates are written in files, flags and reports.
const DateLayout = "2006-01-02"

// DaysBetween returns the calendar days in Beijing time from the day of a to
// the day of b; negative when b lies before a.
func DaysBetween(a, b time.Time) int {
	// A time.Duration ends after 292 years, and dates of placeholders lie beyond.
	const day = 24 * 60 * 60
	return int((midnight(b).Unix() - midnight(a).Unix()) / day)
}

// midnight returns the start of t's Beijing day, expressed in UTC so that the
// difference of two is a whole number of 24 hours.
func midnight(t time.Time) time.Time {
	y, m, d := t.In(Beijing).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// AddDays moves t by n Beijing calendar days.
func AddDays(t time.Time, n int) time.Time { return t.In(Beijing).AddDate(0, 0, n) }

// AddMonths moves t by n months in Beijing, to the same day of the month or to its last.
func AddMonths(t time.Time, n int) time.Time {
	t = t.In(Beijing)
	first := t.AddDate(0, 0, 1-t.Day()).AddDate(0, n, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// Date formats the Beijing day of t as 2006-01-02.
func Date(t time.Time) string { return t.In(Beijing).Format(DateLayout) }

// Parse reads an RFC 3339 time or a date, which means the start of that day in
// Beijing. Impossible dates such as 2026-02-30 are errors.
func Parse(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	t, err := time.ParseInLocation(DateLayout, s, Beijing)
	if err != nil {
		return time.Time{}, text.Errorf("%q 不是日期（2026-11-24），也不是 RFC 3339 时间（2026-11-24T08:00:00+08:00）", "%q is not a date (2026-11-24) or an RFC 3339 time (2026-11-24T08:00:00+08:00)", s)
	}
	return t, nil
}
