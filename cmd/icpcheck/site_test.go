package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/playback"
	"github.com/icpcheck/icpcheck/pkg/render"
)

// liveReport is what these tests read of a JSON report.
type liveReport struct {
	Verdict string
	Reports []struct {
		Target  string
		Verdict string
		Facts   map[string]struct{ Value any }
		Missed  []struct{ Kind string }
		Checks  []struct {
			ID, Verdict, Severity string
			Needs                 []string
		}
	}
	Conclusion, Because, Remedy, Signature string
	Steps                                  []struct{ ID, Target, Outcome, Seen string }
}

func (r liveReport) verdict(check string) string {
	for _, c := range r.Reports[0].Checks {
		if c.ID == check {
			if c.Verdict == "fail" && c.Severity == "warning" {
				return "warning"
			}
			return c.Verdict
		}
	}
	return "missing"
}

func live(t *testing.T, wantStatus int, args ...string) liveReport {
	t.Helper()
	status, out, errs := batchRun(t, "", append(args, "--format", "json", "--now", "2026-11-24", "--timeout", "1m")...)
	if status != wantStatus {
		t.Errorf("%v: status %d, want %d; stderr %q", args, status, wantStatus, errs)
	}
	var r liveReport
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %v: %s%s", args, err, out, errs)
	}
	return r
}

func TestSite(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good":
			fmt.Fprint(w, `<p>版权所有 南京示例科技有限公司</p><a href="https://beian.miit.gov.cn/">苏ICP备2021000001号-1</a>`)
		case "/moved":
			http.Redirect(w, r, "/good", http.StatusFound)
		case "/gbk":
			w.Header().Set("Content-Type", "text/html; charset=gb2312")
			fmt.Fprint(w, "<a href='https://beian.miit.gov.cn/'>\xbb\xa6ICP\xb1\xb82021000002\xba\xc5-1</a>")
		case "/script":
			fmt.Fprint(w, `<div id="app"></div><script src="/a.js"></script>`)
		case "/block":
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "<title>Non-compliance ICP Filing</title>")
		case "/data":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{}`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	filingFile := filepath.Join(t.TempDir(), "filing.yaml")
	if err := os.WriteFile(filingFile, []byte("province: 江苏\nsubject: {name: 南京示例科技有限公司}\nsite: {commercial: false, online_on: 2026-11-20}\ndomains: [example.com]\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	r := live(t, 0, "site", server.URL+"/good", "--allow-private", "--subject-name", "南京示例科技有限公司")
	for check, want := range map[string]string{"footer-number": "pass", "footer-number-kind": "pass", "footer-link": "pass", "footer-copyright": "pass", "police-number": "undetermined", "commercial-licence": "undetermined", "domain-registered": "missing"} {
		if got := r.verdict(check); got != want {
			t.Errorf("%s: %s, want %s", check, got, want)
		}
	}
	if r.Reports[0].Target != server.URL+"/good" || r.Reports[0].Facts["province"].Value != "jiangsu" {
		t.Errorf("target %s, facts %v", r.Reports[0].Target, r.Reports[0].Facts)
	}

	r = live(t, 0, "site", server.URL+"/moved", "--allow-private", "--filing", filingFile)
	if r.verdict("footer-copyright") != "pass" || r.verdict("police-number") != "pass" || r.verdict("commercial-licence") != "not-applicable" {
		t.Errorf("with a filing file: %+v", r.Reports[0].Checks)
	}
	if got := r.Reports[0].Facts["page.url"].Value; got != server.URL+"/good" {
		t.Errorf("final address %v", got)
	}

	r = live(t, 1, "site", server.URL+"/good", "--allow-private", "--province", "广东")
	if r.verdict("footer-number-kind") != "fail" {
		t.Errorf("the province given counts: %+v", r.Reports[0].Checks)
	}
	waived := filepath.Join(t.TempDir(), "waived.yaml")
	if err := os.WriteFile(waived, []byte("province: 广东\naccepted: [{check: footer-number-kind, reason: the new footer goes live on Friday, until: 2027-12-31}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r = live(t, 0, "site", server.URL+"/good", "--allow-private", "--filing", waived, "--now", "2026-11-24"); r.verdict("footer-number-kind") != "fail" {
		t.Errorf("an accepted finding keeps its verdict: %+v", r.Reports[0].Checks)
	}
	if r = live(t, 0, "site", server.URL+"/gbk", "--allow-private"); r.verdict("footer-number") != "pass" || r.Reports[0].Facts["province"].Value != "shanghai" {
		t.Errorf("GBK: %+v", r.Reports[0])
	}
	// A bare host is asked over https, then over http.
	if r = live(t, 0, "site", strings.TrimPrefix(server.URL, "http://")+"/good", "--allow-private"); r.Reports[0].Target != server.URL+"/good" {
		t.Errorf("target %s", r.Reports[0].Target)
	}
	for _, path := range []string{"/script", "/block", "/data", "/none"} {
		r := live(t, 3, "site", server.URL+path, "--allow-private")
		if r.verdict("footer-number") != "undetermined" || r.verdict("footer-link") != "undetermined" {
			t.Errorf("%s: %+v", path, r.Reports[0].Checks)
		}
	}
	// Without leave nothing on loopback is asked.
	if r := live(t, 3, "site", server.URL+"/good"); r.verdict("footer-number") != "undetermined" {
		t.Errorf("%+v", r.Reports[0].Checks)
	}
	live(t, 3, "site", server.URL+"/good", "--offline", "--allow-private")
	if r := live(t, 1, "site", server.URL+"/good", server.URL+"/gbk", "--allow-private", "--province", "广东"); len(r.Reports) != 2 || r.Reports[1].Target != server.URL+"/gbk" {
		t.Errorf("two pages: %+v", r.Reports)
	}
}

// TestSiteRender opens pages in a real Chromium, which --render needs.
func TestSiteRender(t *testing.T) {
	if _, err := render.Find(); err != nil {
		t.Skip("pages cannot be rendered here: ", err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/script":
			fmt.Fprint(w, `<div id="app"></div><script src="/a.js"></script>`)
		case "/a.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `document.getElementById("app").innerHTML = '<footer><a href="https://beian.miit.gov.cn/">浙ICP备2021000001号-1</a></footer>'`)
		case "/bare":
			fmt.Fprint(w, `<div id="app"></div><script>document.getElementById("app").textContent = "你好"</script>`)
		case "/post":
			fmt.Fprint(w, `<div id="app"></div><script>fetch("/api", {method: "POST"}).then((r) => r.text()).then((s) => document.body.append(s))</script>`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	r := live(t, 3, "site", server.URL+"/script", "--allow-private")
	if missed := r.Reports[0].Missed; len(missed) != 1 || missed[0].Kind != "scripted" {
		t.Errorf("without a browser: %+v", missed)
	}
	r = live(t, 1, "site", server.URL+"/script", server.URL+"/bare", server.URL+"/post", "--allow-private", "--render")
	for i, want := range []string{"pass", "fail", "undetermined"} {
		for _, c := range r.Reports[i].Checks {
			if c.ID == "footer-number" && c.Verdict != want {
				t.Errorf("%s: %s, want %s", r.Reports[i].Target, c.Verdict, want)
			}
		}
	}
	if missed := r.Reports[2].Missed; len(missed) != 1 || missed[0].Kind != "incomplete" {
		t.Errorf("a page that has to post: %+v", missed)
	}
	// Without --allow-private nothing is fetched, so nothing is opened either.
	if r := live(t, 3, "site", server.URL+"/script", "--render"); r.verdict("footer-number") != "undetermined" || r.Reports[0].Missed[0].Kind != "forbidden" {
		t.Errorf("%+v", r.Reports[0])
	}
}

func TestSiteRenderWithoutChromium(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := render.Find(); err == nil {
		t.Skip("this system has one outside PATH")
	}
	status, out, errs := batchRun(t, "", "site", "https://example.com/", "--render")
	if status != 2 || out != "" || !strings.Contains(errs, "--render: no Chromium found; install") || strings.Count(errs, "\n") != 1 {
		t.Errorf("status %d, stdout %q, stderr %q", status, out, errs)
	}
}

func TestSiteUsage(t *testing.T) {
	for _, args := range [][]string{{"site"}, {"site", "ftp://example.com/"}, {"site", "https://user:secret@example.com/"}, {"site", "http://"}, {"site", "example.com", "--filing", "none.yaml"}} {
		status, out, errs := batchRun(t, "", args...)
		if status != 2 || out != "" || !strings.HasPrefix(errs, "icpcheck: error: ") || strings.Contains(errs, "secret") {
			t.Errorf("%v: status %d, stdout %q, stderr %q", args, status, out, errs)
		}
	}
}

// TestDiagnoseVantage asks where visitors elsewhere are sent by a CDN.
func TestDiagnoseVantage(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<title>示例</title>") }))
	defer server.Close()
	const header = "; recorded: 2026-11-24\n; server: 127.0.0.1\n; query: example.com\n; anonymised: invented\n"
	servers, err := playback.Start(fstest.MapFS{
		"dns.zone":                    {Data: []byte(header + "www.example.com 60 IN CNAME www.example.com.cdn.dnsv1.com\nwww.example.com.cdn.dnsv1.com 60 IN A 127.0.0.1\n")},
		"subnet/202.96.209.0_24.zone": {Data: []byte(header + "www.example.com.cdn.dnsv1.com 60 IN A 42.192.0.1\n")},
	}, playback.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer servers.Close()
	port := server.URL[strings.LastIndexByte(server.URL, ':')+1:]
	r := live(t, 0, "diagnose", "www.example.com:"+port, "--resolver", servers.DNSAddr, "--rdap-url", servers.RDAPURL, "--whois-server", servers.WHOISAddr,
		"--allow-private", "--vantage", "--vantage-server", servers.DNSAddr, "--set", "server.addresses=203.0.113.7", "--set", "domain.filed=false", "--lang", "zh")
	// The addresses of a CDN are never the declared server's.
	if r.Conclusion != "fine" || r.verdict("cdn-filing") != "warning" || r.verdict("dns-points-to-server") != "not-applicable" {
		t.Errorf("got %+v", r)
	}
	seen := map[string]string{}
	for _, s := range r.Steps {
		seen[s.ID+" "+s.Target] = s.Outcome + " " + s.Seen
	}
	for step, want := range map[string]string{
		"dns www.example.com": "经过腾讯云 CDN；加速范围含内地的，域名也要备案", "vantage 202.96.209.0/24": "ok 上海电信解析到 42.192.0.1（中国内地，腾讯云）", "vantage 202.106.0.0/24": "open 北京联通解析到 127.0.0.1（所在地未知）；DNS 没有",
	} {
		if !strings.Contains(seen[step], want) {
			t.Errorf("%s: %q, want %q", step, seen[step], want)
		}
	}
}

// countryFile writes a file for --geo-db, in which 93.184.0.0/16 is in the mainland.
func countryFile(t *testing.T) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "Test-Country", BuildEpoch: 1790000000})
	if err != nil {
		t.Fatal(err)
	}
	_, network, err := net.ParseCIDR("93.184.0.0/16")
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Insert(network, mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String("CN")}}); err != nil {
		t.Fatal(err)
	}
	var data bytes.Buffer
	if _, err := tree.WriteTo(&data); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "geo.mmdb")
	if err := os.WriteFile(path, data.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestGeoDB reads places from a file of the user's.
func TestGeoDB(t *testing.T) {
	path := countryFile(t)
	servers, err := playback.Start(fstest.MapFS{
		"dns.zone": {Data: []byte("; recorded: 2026-11-24\n; server: 127.0.0.1\n; query: example.com\n; anonymised: invented\nexample.com 60 IN A 93.184.216.34\n")},
	}, playback.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer servers.Close()
	args := []string{"domain", "example.com", "--resolver", servers.DNSAddr, "--rdap-url", servers.RDAPURL, "--whois-server", servers.WHOISAddr}
	for want, more := range map[string][]string{"[abroad]": nil, "[mainland]": {"--geo-db", path}} {
		r := live(t, 1, append(args, more...)...)
		if got := fmt.Sprint(r.Reports[0].Facts["domain.places"].Value); got != want {
			t.Errorf("%v: %s, want %s", more, got, want)
		}
	}
	if status, _, errs := batchRun(t, "", append(args, "--geo-db", path+".none")...); status != 2 || !strings.Contains(errs, "--geo-db: ") {
		t.Errorf("a file that is not there: status %d, stderr %q", status, errs)
	}
}

// TestCDNs holds the table of CDNs to what stands in it, and to names of each kind.
func TestCDNs(t *testing.T) {
	book, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	list, err := cdns(book)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range book.Table("cdns").Rows {
		if len(list[i].Patterns)+len(list[i].Suffixes) == 0 {
			t.Errorf("%s: neither suffix nor pattern", row.ID)
		}
		for _, suffix := range row.List("suffixes") {
			if ascii, ok := domainname.ToASCII(suffix); !ok || ascii != suffix {
				t.Errorf("%s: %q is no name in lower-case ASCII", row.ID, suffix)
			}
		}
	}
	for name, want := range map[string]string{
		"www.example.com.w.kunlunsl.com": "aliyun-cdn", "www.example.com.queniuzz.cn": "aliyun-cdn", "a.aliyunddos1001.com": "aliyun-waf",
		"www.example.com.cdn.dnsv1.com.cn": "tencent-cdn", "x.eo.dnse3.com": "tencent-edgeone", "a.cdnhwcbzj102.com": "huawei-cdn", "cname.365cyd.cn": "jiasule-cdn",
		"notkunlunsl.com": "", "kunlunsl.com.example.net": "", "gtm-a1b2c3d4.com": "", "www.example.com": "", "": "",
	} {
		got := ""
		for _, c := range list {
			if c.Has(name) {
				got = c.ID
				break
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestDiagnose(t *testing.T) {
	blocked, ucloud := true, false
	edge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ucloud {
			fmt.Fprint(w, "<title>无法访问</title>因该网站未进行备案或涉及发布违禁信息")
			return
		}
		if blocked && strings.HasPrefix(r.Host, "www.example.com") {
			w.Header().Set("Server", "Beaver")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "<title>Non-compliance ICP Filing</title>")
			return
		}
		fmt.Fprint(w, "<title>示例</title>")
	}))
	defer edge.Close()
	const header = "recorded: 2026-11-24\n; server: 127.0.0.1\n; query: example.com\n; anonymised: invented\n"
	servers, err := playback.Start(fstest.MapFS{
		"dns.zone": {Data: []byte("; " + header + "www.example.com 60 IN A 127.0.0.1\n")},
	}, playback.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer servers.Close()
	port := edge.URL[strings.LastIndexByte(edge.URL, ':')+1:]
	args := []string{"diagnose", "www.example.com:" + port, "--resolver", servers.DNSAddr, "--rdap-url", servers.RDAPURL, "--whois-server", servers.WHOISAddr, "--allow-private"}

	r := live(t, 1, args...)
	if r.Conclusion != "not-filed" || r.Signature != "aliyun-http" || r.Verdict != "not-ready" || len(r.Steps) < 4 || r.Remedy == "" || r.Because == "" || len(r.Reports) != 1 {
		t.Errorf("got %+v", r)
	}
	if r := live(t, 1, append(args, "--set", "domain.filed=true")...); r.Conclusion != "not-taken-over" {
		t.Errorf("filed: %s", r.Conclusion)
	}
	if r := live(t, 1, append(args, "--set", "domain.filed=true", "--set", "subject.filed_at_provider=true")...); r.Conclusion != "access-cancelled" {
		t.Errorf("filed here: %s", r.Conclusion)
	}
	ucloud = true
	if r := live(t, 3, args...); r.Conclusion != "undetermined" || r.Signature != "ucloud-http" {
		t.Errorf("a page that serves banned content too: %+v", r)
	}
	ucloud = false
	blocked = false
	if r := live(t, 1, append(args, "--set", "server.addresses=203.0.113.7")...); r.Conclusion != "points-elsewhere" {
		t.Errorf("declared elsewhere: %s", r.Conclusion)
	}
	if r := live(t, 0, args...); r.Conclusion != "fine" {
		t.Errorf("got %+v", r)
	}
	status, out, _ := batchRun(t, "", append(args, "--lang", "zh", "--now", "2026-11-24")...)
	if status != 0 || !strings.Contains(out, "没有发现问题（fine）") || !strings.Contains(out, "GET 得到 200") {
		t.Errorf("status %d: %s", status, out)
	}
	for _, args := range [][]string{{"diagnose"}, {"diagnose", "a.com", "b.com"}, {"diagnose", "192.0.2.1"}, {"diagnose", "example.com", "--format", "csv"}} {
		if status, _, errs := batchRun(t, "", args...); status != 2 || !strings.HasPrefix(errs, "icpcheck: error: ") {
			t.Errorf("%v: status %d, stderr %q", args, status, errs)
		}
	}
}
