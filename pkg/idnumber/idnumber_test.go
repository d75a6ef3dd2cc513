package idnumber_test

import (
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/idnumber"
)

func TestUSCC(t *testing.T) {
	for s, want := range map[string]bool{
		"11110000000000000N":    true, // made up
		"91110000000000000E":    true, // made up
		"9111 0000 0000 00000e": true, // as people type it
		"31110000000000000L":    true,
		"91110000000000000F":    false, // check character
		"A1110000000000000E":    false,
		"9111000000000000OE":    false, // the letter O
		"9111000000000000E":     false, // 17
		"91A10000000000000E":    false, // letter in the region
		"":                      false,
	} {
		if got := idnumber.USCC(s); got != want {
			t.Errorf("USCC(%q) = %v, want %v", s, got, want)
		}
	}
}

func TestResidentID(t *testing.T) {
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	// Valid ones carry 19th-century births, so that they belong to nobody alive.
	for s, want := range map[string]bool{
		"110101180001010015":   true,
		"310101189912310025":   true,
		"110101-18000101-0015": true,
		"110101180001010014":   false, // check character
		"110101180013010015":   false, // month 13
		"110101180002300015":   false, // 30 February
		"110101209901010012":   false, // not born yet
		"11010118000101001":    false,
	} {
		if got := idnumber.ResidentID(s, now); got != want {
			t.Errorf("ResidentID(%q) = %v, want %v", s, got, want)
		}
	}
}

func TestAge(t *testing.T) {
	for day, want := range map[string]int{"2018-01-01": 218, "2017-12-31": 217, "1818-01-01": 18, "1817-12-31": 17} {
		now, err := time.Parse("2006-01-02", day)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := idnumber.Age("110101180001010015", now); !ok || got != want {
			t.Errorf("on %s: got %d, %v, want %d", day, got, ok, want)
		}
	}
	if _, ok := idnumber.Age("110101180001010014", time.Now()); ok {
		t.Error("a wrong number has an age")
	}
}
