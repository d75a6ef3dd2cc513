package calendar

import (
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	parsed, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestDaysBetween(t *testing.T) {
	tests := []struct {
		from, to string
		want     int
	}{
		{"2026-11-24", "2026-11-24", 0},
		{"2026-11-24", "2027-02-22", 90},
		{"2026-11-24", "2026-11-23", -1},
		{"2027-02-28", "2027-03-01", 1},
		{"2028-02-28", "2028-03-01", 2}, // a leap year
		{"2026-11-24T23:59:59+08:00", "2026-11-25T00:00:00+08:00", 1},
		{"2026-11-24T00:00:00+08:00", "2026-11-24T23:59:59+08:00", 0},
		// 16:00 in UTC is midnight in Beijing.
		{"2026-11-24", "2027-02-22T15:59:59Z", 90},
		{"2026-11-24", "2027-02-22T16:00:00Z", 91},
		{"2026-11-23T16:00:00Z", "2026-11-24", 0},
		{"2026-11-23T15:59:59Z", "2026-11-24", 1},
		// Zones with daylight saving time do not shorten a day.
		{"2026-03-28T12:00:00+01:00", "2026-03-30T12:00:00+02:00", 2},
		// Beijing had daylight saving time from 1986 to 1991; days are whole days still.
		{"1986-05-03", "1986-05-05", 2},
		{"0001-01-01", "9999-12-31", 3652058},
	}
	for _, test := range tests {
		if got := DaysBetween(at(t, test.from), at(t, test.to)); got != test.want {
			t.Errorf("from %s to %s: got %d, want %d", test.from, test.to, got, test.want)
		}
	}
}

func TestAddDays(t *testing.T) {
	for _, n := range []int{-400, -1, 0, 1, 90, 180, 366, 10000} {
		from := at(t, "2026-11-24T15:30:00Z")
		moved := AddDays(from, n)
		if got := DaysBetween(from, moved); got != n {
			t.Errorf("%d days moved: got %d apart", n, got)
		}
	}
	if got := Date(AddDays(at(t, "2026-11-24T16:00:00Z"), 1)); got != "2026-11-26" {
		t.Errorf("got %s, want the day after that in Beijing", got)
	}
}

func TestAddMonths(t *testing.T) {
	for _, c := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-01-31", 1, "2026-02-28"}, {"2028-01-31", 1, "2028-02-29"}, {"2026-11-26", 3, "2027-02-26"}, {"2026-12-31", 12, "2027-12-31"},
		{"2026-03-31", -1, "2026-02-28"}, {"2026-02-28", 1, "2026-03-28"},
		{"2026-01-31T16:30:00Z", 1, "2026-03-01"}, // 1 February in Beijing
	} {
		if got := Date(AddMonths(at(t, c.from), c.n)); got != c.want {
			t.Errorf("%s and %d months: got %s, want %s", c.from, c.n, got, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	if got := at(t, "2026-11-24"); !got.Equal(time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC)) {
		t.Errorf("a date is not the start of that day in Beijing: %v", got)
	}
	if got := Date(at(t, "2026-11-24T20:00:00Z")); got != "2026-11-25" {
		t.Errorf("got %s", got)
	}
	for _, s := range []string{
		"", "today", "2026-02-30", "2026-13-01", "2026-00-10", "2026-1-1", "26-11-24", "2026/11/24", "20261124",
		"2026-11-24T25:00:00Z", "2026-11-24T08:00:00", "2026-11-24 08:00:00", "1700000000", "2026-11-24 ",
	} {
		if parsed, err := Parse(s); err == nil {
			t.Errorf("%q is read as %v", s, parsed)
		} else if strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "2026-11-24") {
			t.Errorf("%q: %v shows no right way", s, err)
		}
	}
}
