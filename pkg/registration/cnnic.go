package registration

import (
	"slices"
	"strings"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/epp"
)

// isCNNIC recognises the layout of whois.cnnic.cn by its object id, which ends
// in -cn and which no other registry writes under this name. Two of them are two
// records, of which one must not lend the other its dates.
func isCNNIC(text string) bool {
	objects := 0
	for line := range strings.Lines(text) {
		key, value, ok := cutField(line)
		if ok && key == "ROID" && strings.HasSuffix(value, "-cn") {
			objects++
		}
	}
	return objects == 1
}

// localZone is the zone of times that name none: Beijing's for the names of
// CNNIC, else UTC, which is right to the day.
func localZone(domain string) *time.Location {
	switch domain[strings.LastIndexByte(domain, '.')+1:] {
	case "cn", "xn--fiqs8s", "xn--fiqz9s":
		return calendar.Beijing
	}
	return time.UTC
}

// parseCNNIC reads the layout of whois.cnnic.cn, its older field names
// included. Times are Beijing time without saying so: google.cn and apple.cn
// both show 12:20:05 on the day second-level names opened at noon, Beijing time.
// For .中国 the answer lists every variant; the one asked is the domain.
func parseCNNIC(domain, text string) (Record, bool) {
	var r Record
	var names []string
	var person string
	for line := range strings.Lines(text) {
		key, value, ok := cutField(line)
		if !ok || value == "" {
			continue
		}
		switch key {
		case "Domain Name", "Puny Name":
			if ascii, ok := domainname.ToASCII(value); ok {
				names = addNew(names, ascii)
			}
		case "Domain Status":
			for _, status := range epp.Parse(value) {
				r.Statuses = addNew(r.Statuses, status)
			}
		case "Registrant", "Registrant Organization":
			if r.Registrant == "" {
				r.Registrant = holder(value)
			}
		case "Registrant Name":
			person = value
		case "Sponsoring Registrar":
			r.Registrar = clean(value)
		case "Name Server":
			r.Nameservers = addHosts(r.Nameservers, value)
		case "Registration Time", "Registration Date":
			if t, ok := parseTime(value, calendar.Beijing); ok {
				r.CreatedAt = &t
			}
		case "Expiration Time", "Expiration Date":
			if t, ok := parseTime(value, calendar.Beijing); ok {
				r.ExpiresAt = &t
			}
		}
	}
	if len(names) == 0 {
		return Record{}, false
	}
	if r.Registrant == "" {
		r.Registrant = holder(person)
	}
	r.Domain = names[0]
	if asked := asciiDomain(domain); slices.Contains(names, asked) {
		r.Domain = asked
	}
	return registered(r), true
}

// cutField splits "Key: value", with or without the space.
func cutField(line string) (key, value string, ok bool) {
	key, value, ok = strings.Cut(line, ":")
	return strings.TrimSpace(key), strings.TrimSpace(value), ok
}
