package registration

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/icpcheck/icpcheck/pkg/failure"
)

// Answers made up in the layouts of real registries.
const (
	cnnicAnswer = `Domain Name: example.cn
ROID: 20200102s10001s00000001-cn
Domain Status: ok
Registrant: 杭州示例科技有限公司
Registrant Contact Email: nobody@example.cn
Sponsoring Registrar: 阿里云计算有限公司（万网）
Name Server: dns1.example.cn
Name Server: dns2.example.cn
Registration Time: 2020-01-02 07:30:00
Expiration Time: 2027-01-02 07:30:00
DNSSEC: unsigned
`
	cnnicVariants = `Domain Name: 实例.中国
Puny Name: xn--fsq270a.xn--fiqs8s
Domain Name: 实例.中國
Puny Name: xn--fsq270a.xn--fiqz9s
ROID: 20200805s12345s00000001-cn
Domain Status: serverHold
Sponsoring Registrar: 示例注册商
Registration Date: 2020-08-05 00:00
Expiration Date: 2027-08-05 00:00
`
	icannAnswer = `   Domain Name: EXAMPLE.COM
   Registry Domain ID: 1_DOMAIN_COM-VRSN
   Registrar WHOIS Server: whois.example.net
   Creation Date: 2001-02-03T04:05:06Z
   Registry Expiry Date: 2027-02-03T04:05:06Z
   Registrar Registration Expiration Date: 2028-02-03T04:05:06Z
   Registrar: Example Registrar, Inc.
   Registrar IANA ID: 9995
   Domain Status: clientHold https://icann.org/epp#clientHold
   Domain Status: autoRenewPeriod https://icann.org/epp#autoRenewPeriod
   Registrant Organization: REDACTED FOR PRIVACY
   Registrant Name: Data Protected
   Name Server: NS1.EXAMPLE.NET.
   Name Server: NS2.EXAMPLE.NET. 192.0.2.1
>>> Last update of whois database: 2026-11-24T00:00:00Z <<<
TERMS OF USE: queries may be limited; a name that was not found is not
necessarily available. All rights reserved.
`
	hkAnswer = `Domain Name:  EXAMPLE.HK
Domain Status: Active
Registrar Name: Example Registrar (HK) Limited
Registrant Contact Information:

Company English Name (It should be the same as on the certificate): EXAMPLE LIMITED
Company Chinese name: 示例有限公司
Domain Name Commencement Date: 02-04-2004
Expiry Date: 31-03-2027

Name Servers Information:

NS1.EXAMPLE.NET
NS2.EXAMPLE.NET 192.0.2.9

Status Information:

Domain Prohibit Status:
`
)

func at(s string) *time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return &t
}

func TestParseWHOIS(t *testing.T) {
	yes := true
	tests := []struct {
		name, domain, text string
		want               Record
	}{
		{"cnnic, beijing time", "example.cn", cnnicAnswer, Record{
			Domain: "example.cn", Registered: &yes, Registrar: "阿里云计算有限公司（万网）",
			CreatedAt: at("2020-01-01T23:30:00Z"), ExpiresAt: at("2027-01-01T23:30:00Z"),
			Statuses: []string{"ok"}, Registrant: "杭州示例科技有限公司", Nameservers: []string{"dns1.example.cn", "dns2.example.cn"},
		}},
		{"cnnic, the variant asked", "实例.中國", cnnicVariants, Record{
			Domain: "xn--fsq270a.xn--fiqz9s", Registered: &yes, Registrar: "示例注册商",
			CreatedAt: at("2020-08-04T16:00:00Z"), ExpiresAt: at("2027-08-04T16:00:00Z"), Statuses: []string{"serverHold"},
		}},
		{"icann, the registry's expiry wins", "example.com", icannAnswer, Record{
			Domain: "example.com", Registered: &yes, Registrar: "Example Registrar, Inc.", RegistrarIANAID: "9995",
			CreatedAt: at("2001-02-03T04:05:06Z"), ExpiresAt: at("2027-02-03T04:05:06Z"),
			Statuses: []string{"clientHold", "autoRenewPeriod"}, Nameservers: []string{"ns1.example.net", "ns2.example.net"},
		}},
		{"sections of .hk", "example.hk", hkAnswer, Record{
			Domain: "example.hk", Registered: &yes, Registrar: "Example Registrar (HK) Limited",
			CreatedAt: at("2004-04-02T00:00:00Z"), ExpiresAt: at("2027-03-31T00:00:00Z"), Statuses: []string{"ok"},
			Registrant: "示例有限公司", Nameservers: []string{"ns1.example.net", "ns2.example.net"},
		}},
		{"sections of .hk without a Chinese name", "example.hk", strings.Replace(hkAnswer, "示例有限公司", "", 1), Record{
			Domain: "example.hk", Registered: &yes, Registrar: "Example Registrar (HK) Limited",
			CreatedAt: at("2004-04-02T00:00:00Z"), ExpiresAt: at("2027-03-31T00:00:00Z"), Statuses: []string{"ok"},
			Registrant: "EXAMPLE LIMITED", Nameservers: []string{"ns1.example.net", "ns2.example.net"},
		}},
		{"registrar's answer after the registry's", "example.com", icannAnswer + `
Domain Name: example.com
Registrar: Somebody Else
Registrar Registration Expiration Date: 2030-01-01T00:00:00-0700
Registrant Organization: Example Limited
Domain Status: ok
`, Record{
			Domain: "example.com", Registered: &yes, Registrar: "Example Registrar, Inc.", RegistrarIANAID: "9995",
			CreatedAt: at("2001-02-03T04:05:06Z"), ExpiresAt: at("2027-02-03T04:05:06Z"), Registrant: "Example Limited",
			Statuses: []string{"clientHold", "autoRenewPeriod"}, Nameservers: []string{"ns1.example.net", "ns2.example.net"},
		}},
		{"registrar on the next line, odd times", "example.com", `Domain Name: example.com
Registrar:
    Example Registrar (R12-ABCD)
Creation Date: 2015-06-16 T09:08:50Z
Registrar Registration Expiration Date: 2027-06-16T02:08:50-0700
`, Record{
			Domain: "example.com", Registered: &yes, Registrar: "Example Registrar",
			CreatedAt: at("2015-06-16T09:08:50Z"), ExpiresAt: at("2027-06-16T09:08:50Z"),
		}},
		{"host entries that begin alike", "example.com", `   Server Name: EXAMPLE.COM.EVIL.EXAMPLE
   Registrar: WRONG, INC.

   Domain Name: EXAMPLE.COM
   Registrar: RIGHT, INC.
   Expiration Date: 20-feb-2027
`, Record{Domain: "example.com", Registered: &yes, Registrar: "RIGHT, INC.", ExpiresAt: at("2027-02-20T00:00:00Z")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseWHOIS(test.domain, []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, test.want) {
				g, _ := json.Marshal(got)
				w, _ := json.Marshal(test.want)
				t.Errorf("got  %s\nwant %s", g, w)
			}
		})
	}
}

func TestParseWHOISEncodings(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(cnnicAnswer)
	if err != nil {
		t.Fatal(err)
	}
	want, err := ParseWHOIS("example.cn", []byte(cnnicAnswer))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"gb18030": gb,
		"crlf":    strings.ReplaceAll(cnnicAnswer, "\n", "\r\n"),
		"bom":     "\ufeff" + cnnicAnswer,
	} {
		got, err := ParseWHOIS("example.cn", []byte(text))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	latin, err := ParseWHOIS("example.com", []byte("Domain Name: example.com\nRegistrar: Caf\xe9 GmbH\n"))
	if err != nil || latin.Registrar != "Café GmbH" {
		t.Errorf("latin-1: got %+v, %v", latin, err)
	}
	short, err := ParseWHOIS("example.com", []byte("Domain Name: example.com\nRegistrar: \xca\xbe\xc0\xfd\n"))
	if err != nil || short.Registrar != "示例" {
		t.Errorf("gb2312 in an unknown layout: got %+v, %v", short, err)
	}
}

// TestParseWHOISWithoutRecord covers what servers say instead: free, kept back,
// or nothing that may count as either.
func TestParseWHOISWithoutRecord(t *testing.T) {
	terms := "\n% Terms of use: you may not exceed reasonable limits. The name may be reserved.\n" +
		"% By submitting a query you agree that no information is guaranteed to be\n% available, and that a domain not found here may be registered.\n"
	tests := []struct {
		text string
		want string // free, reserved, or the kind of failure
	}{
		{"No matching record.", "free"},
		{"no matching record.\n", "free"},
		{"NOT FOUND\n" + terms, "free"},
		{"No match for \"EXAMPLE.COM\".\n", "free"},
		{"The domain has not been registered.", "free"},
		{"Domain not found.\n", "free"},
		{"No Data Found\n", "free"},
		{"Domain Name: example.com\nDomain Status: No Object Found\n", "free"},
		{"Domain: example.com\nStatus: free\n", "free"},
		{"Domain: example.com\nStatus: AVAILABLE\n", "free"},
		{">>> Domain example.com is available for registration\n", "free"},
		{"Sorry, The domain you requested is in the reserved list.", "reserved"},
		{"The domain you requested is prohibited.", "reserved"},
		{"the domain you want to register is reserved.", "reserved"},
		{"This name is reserved by the Registry.", "reserved"},
		{"Queried interval is too short.", "rate-limited"},
		{"% Quota exceeded\n", "rate-limited"},
		{"Number of allowed queries exceeded.\r\n", "rate-limited"},
		{"WHOIS LIMIT EXCEEDED - SEE WWW.EXAMPLE.ORG/WHOIS FOR DETAILS\n", "rate-limited"},
		{"No match: too many requests, please try again later.\n", "rate-limited"},
		{"Your connection limit exceeded. Please slow down and try again later.\n", "rate-limited"},
		{"查询过于频繁，请稍后再试\n", "rate-limited"},
		{"您的查询频率过高，请稍候\n", "rate-limited"},
		{"% Error: 55000000010 Non bijective ace-idn convertible domain\n", "refused"},
		{"Invalid input\n", "refused"},
		{"", "malformed"},
		{" \r\n\t", "malformed"},
		{"\x00\x01\x02\xff\xfe", "malformed"},
		{"hello", "malformed"},
		{terms, "malformed"},
		{"<html><head><title>404 Not Found</title></head></html>", "malformed"},
		{"Domain Name: example.com\n", "malformed"},
		{"Domain Name: example.com\nStatus: NOT AVAILABLE\n", "malformed"},
		{strings.Repeat("x", maxAnswer+1), "malformed"},
	}
	for _, test := range tests {
		r, err := ParseWHOIS("EXAMPLE.com", []byte(test.text))
		got := ""
		var f *failure.Failure
		switch {
		case errors.As(err, &f):
			got = string(f.Kind)
		case r.Registered == nil || *r.Registered:
			got = "registered"
		case r.Reserved:
			got = "reserved"
		default:
			got = "free"
		}
		if got != test.want {
			t.Errorf("%.80q: got %s (%v), want %s", test.text, got, err, test.want)
		}
		if err == nil && r.Domain != "example.com" {
			t.Errorf("%.80q: domain %q", test.text, r.Domain)
		}
	}
}

func TestRecordJSON(t *testing.T) {
	r, err := ParseWHOIS("example.com", []byte("NOT FOUND"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"domain":"example.com","registered":false,"registrar":null,"registrar_iana_id":null,` +
		`"created_at":null,"expires_at":null,"statuses":[],"registrant":null,"nameservers":[]}`
	if string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
	for _, text := range []string{cnnicAnswer, icannAnswer} {
		r, err := ParseWHOIS("", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := json.Marshal(r)
		var back Record
		if err := json.Unmarshal(raw, &back); err != nil || !reflect.DeepEqual(back, r) {
			t.Errorf("round trip of %s: %+v, %v", raw, back, err)
		}
	}
	if err := new(Record).UnmarshalJSON([]byte("[]")); err == nil {
		t.Error("a list was read as a record")
	}
}

func TestParseTime(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-24T08:00:00Z":             "2026-11-24T08:00:00Z",
		"2026-11-24T08:00:00.0Z":           "2026-11-24T08:00:00Z",
		"2026-11-24T08:00:00-0700":         "2026-11-24T15:00:00Z",
		"2026-11-24T08:00:00+08:00":        "2026-11-24T00:00:00Z",
		"2026-11-24 T08:00:00Z":            "2026-11-24T08:00:00Z",
		"2026-11-24 08:00:00 UTC":          "2026-11-24T08:00:00Z",
		"2026-11-24 08:00:00 (UTC+8)":      "2026-11-24T00:00:00Z",
		"2026-11-24 08:00:00 (GMT+0:00)":   "2026-11-24T08:00:00Z",
		"2026-11-24 08:00:00+08":           "2026-11-24T00:00:00Z",
		"24-Nov-2026 08:00:00 UTC":         "2026-11-24T08:00:00Z",
		"Tue Nov 24 08:00:00 GMT 2026":     "2026-11-24T08:00:00Z",
		"Tuesday, 24 Nov 2026 08:00:00":    "2026-11-24T08:00:00Z",
		"2026. 11. 24.":                    "2026-11-24T00:00:00Z",
		"20261124 #1234":                   "2026-11-24T00:00:00Z",
		"24.11.2026":                       "2026-11-24T00:00:00Z",
		"24-11-2026":                       "2026-11-24T00:00:00Z",
		"11/24/2026":                       "2026-11-24T00:00:00Z",
		"29-APR-05":                        "2005-04-29T00:00:00Z",
		"2026-11-24 08:00:00 CST":          "2026-11-24T08:00:00Z",
		"2026-11-24T08:00:-0500Z":          "2026-11-24T08:00:00Z",
		"2026-11-24 (YYYY-MM-DD)":          "2026-11-24T00:00:00Z",
		"":                                 "",
		"N/A":                              "",
		"2026-02-30":                       "",
		"0000-00-00 00:00:00":              "",
		"1000-01-01":                       "",
		strings.Repeat("2026-11-24 ", 100): "",
	} {
		got, ok := parseTime(in, time.UTC)
		if ok != (want != "") || ok && got.Format(time.RFC3339) != want {
			t.Errorf("parseTime(%q) = %v, %t, want %s", in, got, ok, want)
		}
	}
}

func TestHolder(t *testing.T) {
	for in, want := range map[string]string{
		"Example  Limited":                   "Example Limited",
		"REDACTED FOR PRIVACY":               "",
		"Not Disclosed":                      "",
		"Data Protected":                     "",
		"Domains By Proxy, LLC":              "",
		"Privacy service provided by Nobody": "",
		"王**":                                "",
		"***":                                "",
		"-":                                  "",
		"杭州示例科技有限公司":                         "杭州示例科技有限公司",
	} {
		if got := holder(in); got != want {
			t.Errorf("holder(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestParseWHOISOther covers layouts that only the library reads.
func TestParseWHOISOther(t *testing.T) {
	yes := true
	text := "Domain Name: example.com\nExpired Date: 2027-01-02 03:04:05\n"
	got, err := ParseWHOIS("example.com", []byte(text))
	want := Record{Domain: "example.com", Registered: &yes, ExpiresAt: at("2027-01-02T03:04:05Z")}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	// Its "not found" counts for nothing, nor does a name without a date.
	for _, text := range []string{
		"Domain Name: example.com\nUpdated Date: 2026-01-01\n",
		"Welcome. A name that is not available may be one that is free elsewhere.\n",
	} {
		var f *failure.Failure
		if r, err := ParseWHOIS("example.com", []byte(text)); !errors.As(err, &f) || f.Kind != failure.Malformed {
			t.Errorf("%q: got %+v, %v", text, r, err)
		}
	}
}

// TestParseWHOISHostile holds long answers to a time that no quadratic reading
// would meet.
func TestParseWHOISHostile(t *testing.T) {
	const size = maxAnswer / 16 // under the race detector this is slow enough
	var hosts strings.Builder
	for i := 0; hosts.Len() < size; i++ {
		fmt.Fprintf(&hosts, "ns: a%d.b.cn\n", i)
	}
	fill := func(line string) string { return strings.Repeat(line, size/len(line)) }
	for name, text := range map[string]string{
		"hosts":            hosts.String(),
		"hosts, no label":  "Name Server:\n" + strings.ReplaceAll(hosts.String(), "ns: ", ""),
		"hosts, one line":  "Name Server: " + strings.ReplaceAll(strings.ReplaceAll(hosts.String(), "ns: ", ""), "\n", " "),
		"labels":           fill("Registrar:\n"),
		"separators":       fill("Name Server:\n----\n"),
		"domains":          fill("Domain: a.cn\nStatus: ok\n"),
		"variants":         "ROID: 1-cn\n" + fill("Domain Name: a.cn\n"),
		"one long line":    fill("x"),
		"brackets":         fill("["),
		"open parentheses": fill("Domain (("),
		"not found":        fill("domain not found x\n"),
		"spaces":           fill(" \t"),
		"dots":             fill("a...."),
		"unreadable times": fill("Expiration Date: 99/99/zz 11:aa foo\n"),
	} {
		t.Run(name, func(t *testing.T) {
			r, err := ParseWHOIS("a.cn", []byte(text))
			checkParsed(t, r, err)
		})
	}
}

// TestUnreadableTimes: an answer full of them takes no more than a few.
func TestUnreadableTimes(t *testing.T) {
	text := strings.Repeat("Domain: a.cn\nStatus: ok\nExpiration Date: 99/99/zz\n", 1000)
	for _, b := range readBlocks(text, "") {
		if *b.unreadable != mostUnreadable {
			t.Fatalf("%d times were tried", *b.unreadable)
		}
	}
}

func FuzzParseWHOIS(f *testing.F) {
	for _, seed := range []string{cnnicAnswer, cnnicVariants, icannAnswer, hkAnswer, "No matching record.", "Status: free", "refer: x", "[Domain Name] EXAMPLE.JP\n", "Registrar:\n\n\n"} {
		f.Add("example.cn", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, domain string, raw []byte) {
		r, err := ParseWHOIS(domain, raw)
		checkParsed(t, r, err)
		if len(strings.TrimSpace(string(raw))) == 0 && err == nil {
			t.Errorf("an empty answer gave %+v", r)
		}
	})
}

// checkParsed holds for every answer whatever its bytes.
func checkParsed(t *testing.T, r Record, err error) {
	t.Helper()
	if err != nil {
		var f *failure.Failure
		if !errors.As(err, &f) {
			t.Errorf("%v is not a failure", err)
		}
		return
	}
	if r.Registered == nil || r.Reserved && *r.Registered {
		t.Errorf("a record that decides nothing, or reserved and registered: %+v", r)
	}
	raw, err := json.Marshal(r)
	if err != nil || !json.Valid(raw) {
		t.Errorf("marshalling: %v", err)
	}
	for _, at := range []*time.Time{r.CreatedAt, r.ExpiresAt} {
		if at != nil && (at.Location() != time.UTC || at.Year() < 1979) {
			t.Errorf("time %v is not one in UTC", at)
		}
	}
	for _, ns := range r.Nameservers {
		if ns != strings.ToLower(ns) || strings.HasSuffix(ns, ".") {
			t.Errorf("name server %q", ns)
		}
	}
}

// TestBeijingTime: CNNIC's times name no zone, in whatever layout they come; read
// as UTC they would let a name live eight hours, and maybe a day, too long.
func TestBeijingTime(t *testing.T) {
	const other = "Domain Name: other.cn\nROID: 20200101s10001s87654321-cn\nRegistration Time: 2001-01-01 20:00:00\nExpiration Time: 2030-05-23 20:00:00\n"
	lines := strings.Split(strings.TrimSpace(cnnicAnswer), "\n")
	for i, line := range lines {
		label, value, _ := strings.Cut(line, ":")
		lines[i] = strings.ToLower(label) + ":" + value
	}
	whole, err := ParseWHOIS("", []byte(cnnicAnswer))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"no object id":   regexp.MustCompile(`(?m)^ROID:.*\n`).ReplaceAllString(cnnicAnswer, ""),
		"lower case":     strings.Join(lines, "\n"),
		"wide colons":    strings.ReplaceAll(cnnicAnswer, ": ", "："),
		"another after":  cnnicAnswer + "\n" + other,
		"another before": other + "\n" + cnnicAnswer,
	} {
		for _, asked := range []string{whole.Domain, ""} {
			if asked == "" && strings.HasPrefix(name, "another") {
				continue
			}
			r, err := ParseWHOIS(asked, []byte(text))
			if err != nil || r.Domain != whole.Domain || !r.ExpiresAt.Equal(*whole.ExpiresAt) || !r.CreatedAt.Equal(*whole.CreatedAt) {
				t.Errorf("%s, asked %q: got %s from %v to %v, %v; want %v", name, asked, r.Domain, r.CreatedAt, r.ExpiresAt, err, whole.ExpiresAt)
			}
		}
	}
	r, err := ParseWHOIS("example.com.cn", []byte("created: 2020-01-01 20:00:00\nexpires: 2027-05-23 20:00:00\n"))
	if err != nil || !r.ExpiresAt.Equal(*at("2027-05-23T12:00:00Z")) {
		t.Errorf("an answer without a name: %+v, %v", r, err)
	}
	if r, err := ParseWHOIS("example.com", []byte(strings.ReplaceAll(icannAnswer, "Z\n", "\n"))); err != nil || r.ExpiresAt.Location() != time.UTC {
		t.Errorf("another suffix: %+v, %v", r, err)
	}
}
