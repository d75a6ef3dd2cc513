package registration

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
)

var (
	weekday    = pattern.New(`(?i)^(mon|tue|wed|thu|fri|sat|sun)[a-z]*[,.]?\s+`)
	ctime      = pattern.New(`^([A-Za-z]{3}) (\d{1,2}) (\d{1,2}:\d{2}:\d{2})(?: ([A-Za-z]{3,4}))? (\d{4})$`)
	offsetName = pattern.New(`(?i)\s*\(?(?:utc|gmt)([+-]\d{1,2})(?::?00)?\)?$`)
	utcName    = pattern.New(`(?i)\s*\(?\b(utc|gmt)\)?$`)
	otherZone  = pattern.New(`\s+\(?[A-Za-z]{2,5}\)?$`)
	remark     = pattern.New(`\s*(\(.*|#.*|\[.*)$`)
	looseT     = pattern.New(`(\d)\s+T(\d)|(\d)T\s+(\d)`)
	dayOnly    = pattern.New(`^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2})?`)
	digitZ     = pattern.New(`(\d)\s+Z$`)
)

var timeLayouts = sync.OnceValue(func() []string {
	dates := []string{
		"2006-1-2", "2006/1/2", "2006.1.2", "2006. 1. 2", "20060102",
		"2-Jan-2006", "2 Jan 2006", "2 January 2006", "2-January-2006", "2.Jan.2006",
		"Jan 2 2006", "January 2 2006", "Jan 2, 2006", "January 2, 2006", "2006-Jan-2", "2006 Jan 2",
		"2-Jan-06",
		// Day first, as most registries write; month first where only that fits.
		"2.1.2006", "2/1/2006", "2-1-2006", "1/2/2006",
	}
	times := []string{"", " 15:04:05", "T15:04:05", " 15:04", "T15:04"}
	zones := []string{"", "Z07:00", "-0700", "-07", " -0700", " -07:00", " Z07:00"}
	var layouts []string
	layouts = append(layouts, dates...)
	for _, t := range times[1:] {
		for _, d := range dates {
			for _, z := range zones {
				layouts = append(layouts, d+t+z)
			}
		}
	}
	return append(layouts, "20060102150405")
})

// parseTime reads a time as registries write it. A zone in s wins; otherwise
// local applies, or UTC, which is right to the day. False where s is no time,
// or one that no registration can have.
func parseTime(s string, local *time.Location) (time.Time, bool) {
	if len(s) > 100 {
		return time.Time{}, false
	}
	// Nearly all answers have one of these two, and the rest takes a hundred times
	// as long.
	for _, usual := range []struct {
		layout string
		zone   *time.Location
	}{{time.RFC3339, time.UTC}, {time.DateTime, local}} {
		if len(s) < len(time.DateTime) || s[len(time.DateOnly)] != usual.layout[len(time.DateOnly)] {
			continue
		}
		if t, err := time.ParseInLocation(usual.layout, s, usual.zone); err == nil {
			return t.UTC(), plausible(t)
		}
	}
	s = clean(s)
	s = strings.TrimPrefix(strings.TrimPrefix(s, "before "), "on ")
	s = weekday().ReplaceAllString(s, "")
	if m := ctime().FindStringSubmatch(s); m != nil {
		s = strings.TrimSpace(m[1] + " " + m[2] + " " + m[5] + " " + m[3] + " " + m[4])
	}
	// One of the readings of "2015-06-16 T09:08:50Z" that registrars produce.
	s = looseT().ReplaceAllString(s, "${1}${3}T${2}${4}")
	s = digitZ().ReplaceAllString(s, "${1}Z")
	zone := local
	if m := offsetName().FindStringSubmatch(s); m != nil {
		hours, _ := strconv.Atoi(m[1])
		zone = time.FixedZone("", hours*60*60)
		s = offsetName().ReplaceAllString(s, "")
	} else if utcName().MatchString(s) {
		zone = time.UTC
		s = utcName().ReplaceAllString(s, "")
	}
	s = remark().ReplaceAllString(s, "")
	s = strings.TrimRight(s, " .;,")
	if t, ok := parseLayouts(s, zone); ok {
		return t, true
	}
	// Zone names such as EST or CST mean different offsets in different places;
	// without them the day is still right to within one.
	if t, ok := parseLayouts(otherZone().ReplaceAllString(s, ""), zone); ok {
		return t, true
	}
	// Of a broken time the day is what matters: "2017-12-18T19:00:-0500Z".
	if m := dayOnly().FindString(s); m != "" && len(s) > len(m) {
		return parseLayouts(m, zone)
	}
	return time.Time{}, false
}

func parseLayouts(s string, zone *time.Location) (time.Time, bool) {
	if s == "" || !strings.ContainsAny(s, "0123456789") {
		return time.Time{}, false
	}
	for _, layout := range timeLayouts() {
		t, err := time.ParseInLocation(layout, s, zone)
		if err != nil {
			continue
		}
		return t.UTC(), plausible(t)
	}
	return time.Time{}, false
}

// plausible reports whether a registration can have the time: the first names
// date from 1985.
func plausible(t time.Time) bool { return t.Year() >= 1980 && t.Year() <= 2200 }
