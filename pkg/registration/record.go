package registration

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
)

// maxAnswer bounds an answer, in bytes. The longest answers seen are below
// 20 KiB; anything near this is not a registration.
const maxAnswer = 256 << 10

// Record is what a registry says about one name. A field that the answer lacks
// is empty or nil, never guessed.
type Record struct {
	Domain          string     // as the answer says, lower-case ASCII; else the domain asked
	Registered      *bool      // nil where the answer does not decide it
	Reserved        bool       // the registry keeps the name back; Registered is then false
	Registrar       string     // name as written, without the registry's handle
	RegistrarIANAID string     // digits
	CreatedAt       *time.Time // UTC; midnight where the answer gives a day only
	ExpiresAt       *time.Time // UTC; midnight where the answer gives a day only
	Statuses        []string   // EPP names (ok, clientHold, autoRenewPeriod); unknown ones as written
	Registrant      string     // organisation, else name; empty where hidden. Personal data: do not log
	Nameservers     []string   // lower-case ASCII, no trailing dot
}

// record gives the stable JSON keys. Absent values are null, lists are never.
type record struct {
	Domain          string     `json:"domain"`
	Registered      *bool      `json:"registered"`
	Reserved        bool       `json:"reserved,omitempty"`
	Registrar       *string    `json:"registrar"`
	RegistrarIANAID *string    `json:"registrar_iana_id"`
	CreatedAt       *time.Time `json:"created_at"`
	ExpiresAt       *time.Time `json:"expires_at"`
	Statuses        []string   `json:"statuses"`
	Registrant      *string    `json:"registrant"`
	Nameservers     []string   `json:"nameservers"`
}

// MarshalJSON writes times as RFC 3339 in UTC, what is absent as null, and
// empty lists as [].
func (r Record) MarshalJSON() ([]byte, error) {
	return json.Marshal(record{
		Domain:          r.Domain,
		Registered:      r.Registered,
		Reserved:        r.Reserved,
		Registrar:       orNil(r.Registrar),
		RegistrarIANAID: orNil(r.RegistrarIANAID),
		CreatedAt:       r.CreatedAt,
		ExpiresAt:       r.ExpiresAt,
		Statuses:        append([]string{}, r.Statuses...),
		Registrant:      orNil(r.Registrant),
		Nameservers:     append([]string{}, r.Nameservers...),
	})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Record) UnmarshalJSON(raw []byte) error {
	var in record
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	*r = Record{
		Domain:          in.Domain,
		Registered:      in.Registered,
		Reserved:        in.Reserved,
		Registrar:       orEmpty(in.Registrar),
		RegistrarIANAID: orEmpty(in.RegistrarIANAID),
		CreatedAt:       in.CreatedAt,
		ExpiresAt:       in.ExpiresAt,
		Statuses:        in.Statuses,
		Registrant:      orEmpty(in.Registrant),
		Nameservers:     in.Nameservers,
	}
	return nil
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// registered, notRegistered and reserved are the three things an answer can say.
func registered(r Record) Record {
	yes := true
	r.Registered = &yes
	return r
}

func notRegistered(domain string) Record {
	no := false
	return Record{Domain: asciiDomain(domain), Registered: &no}
}

func reserved(domain string) Record {
	r := notRegistered(domain)
	r.Reserved = true
	return r
}

// asciiDomain spells a name from an answer or a command line as lower-case
// ASCII; what is no name stays as it is, lower-cased.
func asciiDomain(s string) string {
	if ascii, ok := domainname.ToASCII(s); ok {
		return ascii
	}
	return strings.ToLower(strings.TrimSpace(s))
}

var spaces = pattern.New(`\s+`)

// clean puts a value from a server on one line.
func clean(s string) string {
	if strings.ContainsAny(s, "\t\n\f\r") || strings.Contains(s, "  ") {
		s = spaces().ReplaceAllString(s, " ")
	}
	return strings.TrimSpace(s)
}

// hidden matches what registries and registrars write instead of a holder:
// redaction under privacy law, and services that lend their name. The holder is
// unknown then, so comparing that text with a filing's subject would be wrong.
var hidden = pattern.New(`(?i)redacted|not disclosed|undisclosed|non-disclosed|data protected|withheld|statutory masking|` +
	`^masked$|^hidden|gdpr|not available|non-public|^n/?a$|^none$|^null$|^private( person| registration)?$|` +
	`whois ?(guard|privacy|protect|agent)|privacy ?(protect|service|guardian)|contact privacy|domains by proxy|domain privacy|` +
	`identity protect|perfect privacy|private registration|personal data|registration private|private by design|domain protection services|whois not there|whois ?(proxy|trustee)|` +
	`^private whois|proxy protection|privacydotlink|privatename|^anonymize|^\(?not shown\)?$|隐私|保密|\*|^[\s.*_-]*$`)

// traces are what every text that hidden matches contains, in lower case. To look
// for them first spares nearly every real holder the pattern, which takes longer
// than decoding the answer.
var traces = [...]string{
	"redact", "disclos", "protect", "withheld", "mask", "hidden", "gdpr", "availab", "public", "none", "null", "privat", "privac", "whois", "proxy",
	"personal data", "anonymi", "shown", "隐私", "保密", "*",
}

func isHidden(s string) bool {
	lower := strings.ToLower(s)
	suspect := len(s) <= len("n/a") || strings.Trim(s, " .*_-") == ""
	for _, trace := range traces {
		suspect = suspect || strings.Contains(lower, trace)
	}
	return suspect && hidden().MatchString(s)
}

// holder returns the first candidate that names somebody.
func holder(candidates ...string) string {
	for _, c := range candidates {
		if c = clean(c); c != "" && !isHidden(c) {
			return c
		}
	}
	return ""
}

// hostName matches a host name in ASCII whose last label is not a number, so
// that addresses standing beside a server's name do not pass for one.
var hostName = pattern.New(`^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+([a-z]{2,}|xn--[a-z0-9-]+)$`)

// addHosts appends the host names in value that are not yet in hosts. A value
// may carry addresses, several names or the registry's remarks.
func addHosts(hosts []string, value string) []string {
	if host := strings.ToLower(strings.TrimSuffix(value, ".")); domainname.IsPlain(host) {
		return addNew(hosts, host) // nearly all, without the pattern
	}
	for i, token := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" \t,;", r) }) {
		host := strings.ToLower(strings.TrimSuffix(token, "."))
		if !isASCII(host) {
			if ascii, ok := domainname.ToASCII(host); ok {
				host = ascii
			}
		}
		if !hostName().MatchString(host) {
			if i == 0 {
				return hosts
			}
			continue
		}
		hosts = addNew(hosts, host)
	}
	return hosts
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// maxList bounds the lists of a record. No name has more than a dozen servers
// or statuses; a hostile answer could have 100,000, each compared with all.
const maxList = 100

func addNew(list []string, s string) []string {
	if len(list) >= maxList || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
