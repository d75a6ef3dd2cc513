package registration

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/failure"
)

const rdapAnswer = `{
 "objectClassName": "domain", "ldhName": "EXAMPLE.TOP", "rdapConformance": ["rdap_level_0"],
 "status": ["active", "server hold", "auto renew period"],
 "events": [
  {"eventAction": "registration", "eventDate": "2020-01-01T16:00:00.0Z"},
  {"eventAction": "registrar expiration", "eventDate": "2030-01-01T16:00:00Z"},
  {"eventAction": "expiration", "eventDate": "2027-01-02T00:00:00+08:00"}],
 "nameservers": [{"ldhName": "NS1.EXAMPLE.NET."}, {"ldhName": "ns2.example.net"}, {"handle": "x"}],
 "entities": [
  {"roles": ["registrar"], "handle": "1068", "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Example Registrar"], ["tel"]]]},
  {"roles": ["registrant"], "handle": "C1", "vcardArray": ["vcard", [["fn", {}, "text", ""], ["org", {}, "text", "Example Limited"]]]}]
}`

func TestParseRDAP(t *testing.T) {
	yes := true
	want := Record{
		Domain: "example.top", Registered: &yes, Registrar: "Example Registrar", RegistrarIANAID: "1068",
		CreatedAt: at("2020-01-01T16:00:00Z"), ExpiresAt: at("2027-01-01T16:00:00Z"),
		Statuses: []string{"ok", "serverHold", "autoRenewPeriod"}, Registrant: "Example Limited",
		Nameservers: []string{"ns1.example.net", "ns2.example.net"},
	}
	got, err := ParseRDAP("example.top", []byte(rdapAnswer))
	if err != nil || !reflect.DeepEqual(got, want) {
		g, _ := json.Marshal(got)
		w, _ := json.Marshal(want)
		t.Errorf("got  %s, %v\nwant %s", g, err, w)
	}
	redacted, err := ParseRDAP("", []byte(strings.Replace(rdapAnswer, "Example Limited", "Redacted for privacy", 1)))
	if err != nil || redacted.Registrant != "" {
		t.Errorf("redacted: got %+v, %v", redacted, err)
	}
	named, err := ParseRDAP("", []byte(strings.Replace(rdapAnswer, `"handle": "1068"`,
		`"handle": "77", "publicIds": [{"type": "IANA Registrar ID", "identifier": "292"}]`, 1)))
	if err != nil || named.RegistrarIANAID != "292" {
		t.Errorf("publicIds: got %+v, %v", named, err)
	}
	// A card that is no card at all must cost no other fact.
	broken, err := ParseRDAP("", []byte(strings.ReplaceAll(rdapAnswer, `"vcardArray": ["vcard", [`, `"vcardArray": [7, [`)))
	if err != nil || broken.Registrar != "" || broken.ExpiresAt == nil {
		t.Errorf("broken cards: got %+v, %v", broken, err)
	}
}

func TestParseRDAPWithoutRecord(t *testing.T) {
	for text, want := range map[string]string{
		`{"errorCode": 404, "title": "Not found"}`:  "free",
		`{"errorCode": "404"}`:                      "free",
		`{"errorCode": 429, "title": "slow\ndown"}`: "rate-limited",
		`{"errorCode": 503}`:                        "server-error",
		`{"errorCode": 400}`:                        "refused",
		`{"errorCode": 200}`:                        "malformed",
		`{"errorCode": []}`:                         "malformed",
		``:                                          "malformed",
		`null`:                                      "malformed",
		`[]`:                                        "malformed",
		`{`:                                         "malformed",
		`{}`:                                        "malformed",
		`<html>`:                                    "malformed",
		`{"objectClassName": "domain"}`:             "malformed",
		`{"objectClassName": "entity", "handle": "x"}`: "malformed",
		`{"objectClassName": 7}`:                       "malformed",
		// A number among the roles is for the library, which is not to dig down that far.
		`{"objectClassName": "domain", "ldhName": "example.com", "entities": ` + strings.Repeat(`[{"roles": ["registrant", 5], "entities": `, 1000) + `[]` + strings.Repeat(`}]`, 1000) + `}`: "malformed",
		`{"objectClassName": "domain", "ldhName": "` + strings.Repeat("x", maxAnswer) + `"}`:                                                                                                  "malformed",
	} {
		r, err := ParseRDAP("example.com", []byte(text))
		got := "registered"
		var f *failure.Failure
		switch {
		case errors.As(err, &f):
			got = string(f.Kind)
		case r.Registered != nil && !*r.Registered:
			got = "free"
		}
		if got != want {
			t.Errorf("%.60q: got %s (%v), want %s", text, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%.60q: the error has several lines: %v", text, err)
		}
	}
}

// TestParseRDAPReserved: a registry may describe a name that nobody can have.
func TestParseRDAPReserved(t *testing.T) {
	for text, want := range map[string]bool{
		`{"objectClassName": "domain", "ldhName": "example.top", "status": ["reserved"], "events": [{"eventAction": "last update of RDAP database", "eventDate": "2026-01-01T00:00:00Z"}]}`: true,
		`{"objectClassName": "domain", "ldhName": "example.top", "status": ["reserved"], "events": [{"eventAction": "registration", "eventDate": "2020-01-01T00:00:00Z"}]}`:                 false,
		`{"objectClassName": "domain", "ldhName": "example.top", "status": ["active"]}`:                                                                                                     false,
	} {
		r, err := ParseRDAP("example.top", []byte(text))
		if err != nil || r.Reserved != want || *r.Registered == want || r.Domain != "example.top" {
			t.Errorf("%s: got %+v, %v", text, r, err)
		}
	}
}

func FuzzParseRDAP(f *testing.F) {
	for _, seed := range []string{rdapAnswer, `{"errorCode": 404}`, `{"objectClassName": "domain", "entities": [{"roles": ["registrar"], "vcardArray": [["fn"]]}]}`, "{}", "null"} {
		f.Add("example.top", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, domain string, raw []byte) {
		r, err := ParseRDAP(domain, raw)
		checkParsed(t, r, err)
	})
}
