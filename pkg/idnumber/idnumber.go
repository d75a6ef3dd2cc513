package idnumber

import (
	"strings"
	"time"

	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
)

// usccAlphabet has no I, O, S, V and Z, which people mistake for digits and
// other letters (GB 32100-2015).
const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// USCC reports whether s is a well-formed unified social credit code: 18
// characters, digits for the region, and the check character of GB 32100-2015.
func USCC(s string) bool {
	s = normal(s)
	if len(s) != 18 {
		return false
	}
	sum, weight := 0, 1
	for i := range 17 {
		value := strings.IndexByte(usccAlphabet, s[i])
		// Positions 3 to 8 are the region code, digits only.
		if value < 0 || i >= 2 && i < 8 && value > 9 {
			return false
		}
		sum += value * weight
		weight = weight * 3 % 31 // weights are the powers of 3 modulo 31
	}
	return s[17] == usccAlphabet[(31-sum%31)%31]
}

var residentID = pattern.New(`^[1-9]\d{5}(?:18|19|20)\d{9}[0-9X]$`)

// ResidentID reports whether s is a well-formed citizen identity number: 18
// characters, a date of birth that exists and is not after now, and the check
// character of GB 11643-1999.
func ResidentID(s string, now time.Time) bool {
	s = normal(s)
	if !residentID().MatchString(s) {
		return false
	}
	born, err := time.Parse("20060102", s[6:14])
	if err != nil || born.After(now) {
		return false
	}
	sum, weight := 0, 1
	for i := 16; i >= 0; i-- { // weights are the powers of 2 modulo 11, from the right
		weight = weight * 2 % 11
		sum += int(s[i]-'0') * weight
	}
	return s[17] == "10X98765432"[sum%11]
}

// Age returns the age in full years on the day of now that a citizen identity
// number gives; false where the number is not well-formed.
func Age(s string, now time.Time) (int, bool) {
	if !ResidentID(s, now) {
		return 0, false
	}
	born, _ := time.Parse("20060102", normal(s)[6:14]) // ResidentID has read it
	age := now.Year() - born.Year()
	if now.Month() < born.Month() || now.Month() == born.Month() && now.Day() < born.Day() {
		age--
	}
	return age, true
}

// normal drops spaces and hyphens that people put in, and folds case.
func normal(s string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\u3000", "").Replace(s))
}
