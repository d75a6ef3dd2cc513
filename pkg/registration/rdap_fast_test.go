package registration

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/playback"
)

// TestFastAgrees: where the fast decoder reads an answer, the record is the one
// that the library's gives; and it reads most real answers.
func TestFastAgrees(t *testing.T) {
	answers := map[string][]byte{}
	take := func(name string, raw []byte) {
		if bytes.Contains(raw, []byte(`"domain"`)) {
			answers[name] = raw
		}
	}
	recorded, err := fs.Glob(playback.Demo(), "rdap/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range recorded {
		raw, err := fs.ReadFile(playback.Demo(), name)
		if err != nil {
			t.Fatal(err)
		}
		take(name, raw)
	}
	corpus, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "corpus", "rdap", "*.json")) // nothing where there is no corpus
	for _, name := range corpus {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		take(name, raw)
	}
	odd := map[string]string{
		"status is a text":        `{"objectClassName":"domain","ldhName":"a.com","status":"active"}`,
		"a date is a number":      `{"objectClassName":"domain","ldhName":"a.com","events":[{"eventAction":"expiration","eventDate":2027}]}`,
		"org in parts":            `{"objectClassName":"domain","ldhName":"a.com","entities":[{"roles":["registrant"],"vcardArray":["vcard",[["org",{},"text",["A","B"]]]]}]}`,
		"several values":          `{"objectClassName":"domain","ldhName":"a.com","entities":[{"roles":["registrar"],"vcardArray":["vcard",[["fn",{},"text","A","B"]]]}]}`,
		"a broken property":       `{"objectClassName":"domain","ldhName":"a.com","entities":[{"roles":["registrar"],"vcardArray":["vcard",[["tel",{},"uri"],["fn",{},"text","A"]]]}]}`,
		"a card that is none":     `{"objectClassName":"domain","ldhName":"a.com","entities":[{"roles":["registrar"],"vcardArray":{}}]}`,
		"nulls":                   `{"objectClassName":"domain","ldhName":null,"unicodeName":"a.com","status":null,"events":null,"entities":[{"roles":null,"vcardArray":null}]}`,
		"members twice":           `{"objectClassName":"domain","ldhName":"b.com","ldhName":"a.com","status":["ok"],"status":["inactive"],"events":[{"eventAction":"registration","eventDate":"2019-03-01T04:00:00Z"}],"events":[],"entities":[{"handle":"1","handle":"2","roles":["registrar"]}]}`,
		"an error":                `{"errorCode":404,"objectClassName":"domain"}`,
		"an empty card":           `{"objectClassName":"domain","ldhName":"a.com","entities":[{"roles":["registrar"],"vcardArray":["vcard",[]]}]}`,
		"parameters that are not": `{"objectClassName":"domain","ldhName":"a.com","entities":[{"roles":["registrar"],"vcardArray":["vcard",[["fn",[],"text","A"]]]}]}`,
	}
	for name, raw := range odd {
		answers[name] = []byte(raw)
	}
	fast := 0
	for name, raw := range answers {
		want, wantErr := parseWithLibrary("example.com", raw)
		got, err := parseRDAP("example.com", raw)
		if !reflect.DeepEqual(got, want) || (err == nil) != (wantErr == nil) {
			t.Errorf("%s:\ngot  %+v, %v\nwant %+v, %v", name, got, err, want, wantErr)
		}
		if new(domainAnswer).decodeFast(raw) && strings.Contains(name, ".json") {
			fast++
		}
	}
	if files := len(answers) - len(odd); fast*2 < files {
		t.Errorf("only %d of %d recorded answers are read fast", fast, files)
	}
}

// TestTraces: what the pattern takes for hidden is not let through by the short cut.
func TestTraces(t *testing.T) {
	for _, s := range []string{
		"REDACTED FOR PRIVACY", "Not Disclosed", "undisclosed", "Non-disclosed", "Data Protected", "Withheld for Privacy Purposes", "Statutory Masking Enabled",
		"Masked", "Hidden upon user request", "GDPR Masked", "Not Available From Registry", "Non-Public Data", "N/A", "na", "none", "NULL", "Private", "Private Person",
		"Whois Guard", "whoisprivacy", "WHOIS AGENT", "Privacy Protect, LLC", "Privacy Service Provided by X", "Privacy Guardian", "Contact Privacy Inc. Customer 1",
		"Domains By Proxy, LLC", "Domain Privacy", "Identity Protect Limited", "Perfect Privacy, LLC", "Private Registration", "personal data, can not be publicly disclosed",
		"域名隐私保护", "注册人信息保密", "张**", "张*", "", " . * _ - ", "---",
		"Private by Design, LLC", "Registration Private", "Domain Protection Services, Inc.", "Knock Knock WHOIS Not There, LLC", "Whoisproxy.com", "WhoisTrustee.com Limited",
		"Private Whois", "Proxy Protection LLC", "PrivacyDotLink Customer 1", "PrivateName Services Inc.", "Anonymize, Inc.", "(not shown)",
	} {
		if !hidden().MatchString(s) {
			t.Errorf("%q is no example: the pattern does not match it", s)
		}
		if !isHidden(s) {
			t.Errorf("%q is let through", s)
		}
	}
	for _, s := range []string{"杭州示例科技有限公司", "Example Co., Ltd.", "Nullmeier GmbH", "Nonesuch", "Publicis", "Private Bank Ltd", "Protection Systems GmbH", "Shown Ltd", "张三"} {
		if isHidden(s) {
			t.Errorf("%q is taken for hidden", s)
		}
	}
}
