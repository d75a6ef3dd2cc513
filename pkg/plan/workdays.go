package plan

import (
	"slices"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
)

// Workdays knows which days offices work.
type Workdays struct {
	off    map[string]bool
	worked map[string]bool
	years  map[int]bool
	// guessed collects the years that were counted without a table.
	guessed map[int]bool
}

// NewWorkdays reads the table of holidays.
func NewWorkdays(book *rulebook.Rulebook) *Workdays {
	w := &Workdays{off: map[string]bool{}, worked: map[string]bool{}, years: map[int]bool{}, guessed: map[int]bool{}}
	for _, row := range book.Table("holidays").Rows {
		from, _ := row.Value("from").(time.Time)
		to, _ := row.Value("to").(time.Time)
		w.years[from.Year()] = true
		for day := from; !day.After(to); day = calendar.AddDays(day, 1) {
			w.off[calendar.Date(day)] = true
		}
		for _, day := range row.List("worked") {
			w.worked[day] = true
		}
	}
	return w
}

// Works reports whether offices work on the Beijing day of t. In a year whose
// holidays the rulebook does not have, Monday to Friday count as worked.
func (w *Workdays) Works(t time.Time) bool {
	t = t.In(calendar.Beijing)
	if !w.years[t.Year()] {
		w.guessed[t.Year()] = true
	}
	day := calendar.Date(t)
	weekend := t.Weekday() == time.Saturday || t.Weekday() == time.Sunday
	return w.worked[day] || !weekend && !w.off[day]
}

// Add moves t by n working days: one working day from a Friday is Monday.
func (w *Workdays) Add(t time.Time, n int) time.Time {
	for n > 0 {
		t = calendar.AddDays(t, 1)
		if w.Works(t) {
			n--
		}
	}
	return t
}

// Guessed lists the years that were counted without their holidays so far.
func (w *Workdays) Guessed() []int {
	years := make([]int, 0, len(w.guessed))
	for year := range w.guessed {
		years = append(years, year)
	}
	slices.Sort(years)
	return years
}
