package playback

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"golang.org/x/net/idna"
)

func TestDemoHeaders(t *testing.T) {
	t.Parallel()
	if err := CheckHeaders(Demo()); err != nil {
		t.Error(err)
	}
}

// The demo tells a story, and the figures in it must not drift.
func TestDemo(t *testing.T) {
	t.Parallel()
	s := start(t, Demo(), Options{})

	chinese, err := idna.Lookup.ToASCII("我的网站.中国")
	if err != nil {
		t.Fatal(err)
	}
	for name, lines := range map[string][]string{
		"example.com": {"   Registry Expiry Date: 2027-02-20T04:00:00Z", "   Registrar IANA ID: 1599"},
		chinese: {
			"Domain Name: 我的网站.中国", "Puny Name: " + chinese, "Domain Status: ok", "Registrant: 杭州示例科技有限公司",
			"Sponsoring Registrar: 阿里云计算有限公司（万网）", "Expiration Time: 2027-05-06 10:00:00",
		},
		"example.cn": {
			"Domain Status: serverHold", "Registrant: 成都示例商贸有限公司",
			"Sponsoring Registrar: 厦门易名科技股份有限公司", "Expiration Time: 2027-12-01 12:00:00",
		},
	} {
		answer, err := whois(t, s.WHOISAddr, name+"\r\n", long)
		if err != nil || strings.Contains(answer, "recorded") {
			t.Errorf("%s: got %q, %v", name, answer, err)
		}
		for _, line := range lines {
			if !slices.Contains(strings.Split(answer, "\n"), line) {
				t.Errorf("%s: no line %q in %q", name, line, answer)
			}
		}
	}

	response, body, err := get(t, s.RDAPURL+"domain/example.com", "")
	if err != nil || response.StatusCode != 200 || !json.Valid(body) {
		t.Errorf("RDAP: got %v %q %v", response, body, err)
	}
	for _, part := range []string{`"2027-02-20T04:00:00Z"`, `"2019-03-01T`, `"1599"`, `"client transfer prohibited"`, `"Alibaba Cloud Computing Ltd. d/b/a HiChina (www.net.cn)"`} {
		if !bytes.Contains(body, []byte(part)) {
			t.Errorf("RDAP: no %s in %s", part, body)
		}
	}

	for name, want := range map[string]string{
		"example.com.": "203.0.113.7", "www.example.com.": "203.0.113.7",
		chinese + ".": "198.51.100.23", "example.cn.": "",
	} {
		got, err := ask("udp", s.DNSAddr, name, dns.TypeA, long)
		if err != nil || (got.Rcode == dns.RcodeNameError) != (want == "") {
			t.Errorf("%s: got %v, %v", name, got, err)
			continue
		}
		if want != "" && got.Answer[len(got.Answer)-1].(*dns.A).A.String() != want {
			t.Errorf("%s: got %v, want %s", name, got.Answer, want)
		}
	}
}
