package playback

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/miekg/dns"
)

// brief is long enough to see that a server keeps silent, and long bounds
// what must not take any time.
const (
	brief = 200 * time.Millisecond
	long  = time.Minute
)

const whoisAnswer = "# Terms of the registry\nDomain Name: example.cn\nDomain Status: ok\n"

// sample is a small recording with every kind of file.
func sample() fstest.MapFS {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		"README.md":                 file("Made up.\n"),
		"rdap/example.com.json":     file(`{"x_icpcheck_recording":{"recorded":"2026-11-24","server":"s","query":"q","anonymised":"nothing"},"objectClassName":"domain","ldhName":"EXAMPLE.COM"}`),
		"rdap/gone.example.json":    file(`{"x_icpcheck_recording":{"recorded":"2026-11-24","server":"s","query":"q","anonymised":"nothing"},"errorCode":451,"title":"Unavailable For Legal Reasons"}`),
		"whois/example.cn.txt":      file("# recorded: 2026-11-24\n# server: whois.example\r\n# query: example.cn\n# anonymised: nothing\n" + whoisAnswer),
		"http/www.example.com.html": file("<!-- recorded: 2026-11-24 -->\n<!-- server: 203.0.113.7 -->\n<!-- query: / -->\n<!-- anonymised: nothing -->\n<!DOCTYPE html>\n<title>示例</title>\n"),
		"dns.zone": file(`; recorded: 2026-11-24
; server: made up
; query: all
; anonymised: nothing
example.com        SOA    ns.example.com. hostmaster.example.com. 7 1 1 1 60
example.com        NS     ns.example.com.
example.com.       A      203.0.113.7
example.com.       AAAA   2001:db8::7
www.example.com.   CNAME  edge.example.com.
edge.example.com.  CNAME  example.com.
out.example.com.   CNAME  elsewhere.example.net.
a.example.com.     CNAME  b.example.com.
b.example.com.     CNAME  a.example.com.
deep.under.example.com. A 203.0.113.8
` + strings.Repeat("big.example.com. TXT \""+strings.Repeat("x", 200)+"\"\n", 20)),
	}
}

func start(t testing.TB, fsys fs.FS, options Options) *Servers {
	t.Helper()
	s, err := Start(fsys, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return s
}

// get fetches a page; host, if any, is the Host header.
func get(t testing.TB, url, host string) (*http.Response, []byte, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, body, err
}

// whois asks for a line and reads until the server closes.
func whois(t testing.TB, addr, line string, timeout time.Duration) (string, error) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(timeout))
	if _, err := io.WriteString(conn, line); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	return string(answer), err
}

func ask(network, addr, name string, kind uint16, timeout time.Duration) (*dns.Msg, error) {
	client := dns.Client{Net: network, Timeout: timeout}
	answer, _, err := client.Exchange(new(dns.Msg).SetQuestion(name, kind), addr)
	return answer, err
}

func TestRDAP(t *testing.T) {
	t.Parallel()
	s := start(t, sample(), Options{})
	tests := []struct {
		path   string
		status int
		title  string // of an error object
	}{
		{"domain/example.com", 200, ""},
		{"domain/EXAMPLE.com.", 200, ""},
		{"domain/gone.example", 451, "Unavailable For Legal Reasons"}, // recorded so
		{"domain/example.org", 404, "Not Found"},
		{"domain/..%2Fexample.com", 404, "Not Found"},
		{"domain/", 404, "Not Found"},
		{"nameserver/ns.example.com", 404, "Not Found"},
		{"", 404, "Not Found"},
	}
	for _, tt := range tests {
		response, body, err := get(t, s.RDAPURL+tt.path, "")
		if err != nil {
			t.Errorf("%q: %v", tt.path, err)
			continue
		}
		var object struct {
			LDHName   string `json:"ldhName"`
			ErrorCode int    `json:"errorCode"`
			Title     string `json:"title"`
		}
		if err := json.Unmarshal(body, &object); err != nil {
			t.Errorf("%q: %v in %q", tt.path, err, body)
		}
		if response.StatusCode != tt.status || response.Header.Get("Content-Type") != "application/rdap+json" {
			t.Errorf("%q: got %s, %s", tt.path, response.Status, response.Header.Get("Content-Type"))
		}
		if wantCode := tt.status; object.Title != tt.title || tt.status == 200 && object.LDHName != "EXAMPLE.COM" ||
			tt.status != 200 && object.ErrorCode != wantCode {
			t.Errorf("%q: got %s", tt.path, body)
		}
	}
	if got := s.Queries(RDAP, "Example.COM"); got != 2 {
		t.Errorf("got %d queries, want 2", got)
	}
}

func TestWHOIS(t *testing.T) {
	t.Parallel()
	s := start(t, sample(), Options{})
	tests := []struct{ line, want string }{
		{"example.cn\r\n", whoisAnswer},
		{"EXAMPLE.CN\n", whoisAnswer},
		{" example.cn. \r\n", whoisAnswer},
		{"example.org\r\n", "No matching record.\n"},
		{"\r\n", "No matching record.\n"},
		{"../whois/example.cn\r\n", "No matching record.\n"},
	}
	for _, tt := range tests {
		if got, err := whois(t, s.WHOISAddr, tt.line, long); got != tt.want || err != nil {
			t.Errorf("%q: got %q, %v; want %q", tt.line, got, err, tt.want)
		}
	}
	if got := s.Queries(WHOIS, "example.cn"); got != 3 {
		t.Errorf("got %d queries, want 3", got)
	}
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, sample(), Options{})
	tests := []struct {
		path, host string
		status     int
		body       string
	}{
		{"/", "www.example.com", 200, "<!DOCTYPE html>\n<title>示例</title>\n"},
		{"/", "WWW.example.com:80", 200, "<!DOCTYPE html>\n<title>示例</title>\n"},
		{"/about", "www.example.com", 404, "<!DOCTYPE html>\n<title>404 Not Found</title>\n"},
		{"/", "example.org", 404, "<!DOCTYPE html>\n<title>404 Not Found</title>\n"},
	}
	for _, tt := range tests {
		response, body, err := get(t, "http://"+s.HTTPAddr+tt.path, tt.host)
		if err != nil || response.StatusCode != tt.status || string(body) != tt.body {
			t.Errorf("%s%s: got %q, %v", tt.host, tt.path, body, err)
		}
	}
	if got := s.Queries(HTTP, "www.example.com"); got != 3 {
		t.Errorf("got %d queries, want 3", got)
	}
}

func TestDNS(t *testing.T) {
	t.Parallel()
	s := start(t, sample(), Options{})
	tests := []struct {
		name      string
		kind      uint16
		rcode     int
		answer    []string // owner and data of each record
		authority int      // SOA records
	}{
		{"example.com.", dns.TypeA, dns.RcodeSuccess, []string{"example.com. 203.0.113.7"}, 0},
		{"EXAMPLE.com.", dns.TypeAAAA, dns.RcodeSuccess, []string{"example.com. 2001:db8::7"}, 0},
		{"example.com.", dns.TypeNS, dns.RcodeSuccess, []string{"example.com. ns.example.com."}, 0},
		{"example.com.", dns.TypeSOA, dns.RcodeSuccess, []string{"example.com. ns.example.com. hostmaster.example.com. 7 1 1 1 60"}, 0},
		{"example.com.", dns.TypeTXT, dns.RcodeSuccess, nil, 1},
		{"www.example.com.", dns.TypeA, dns.RcodeSuccess, []string{
			"www.example.com. edge.example.com.", "edge.example.com. example.com.", "example.com. 203.0.113.7",
		}, 0},
		{"www.example.com.", dns.TypeCNAME, dns.RcodeSuccess, []string{"www.example.com. edge.example.com."}, 0},
		{"www.example.com.", dns.TypeTXT, dns.RcodeSuccess, []string{
			"www.example.com. edge.example.com.", "edge.example.com. example.com.",
		}, 1},
		{"out.example.com.", dns.TypeA, dns.RcodeNameError, []string{"out.example.com. elsewhere.example.net."}, 0},
		{"a.example.com.", dns.TypeA, dns.RcodeSuccess, []string{"a.example.com. b.example.com.", "b.example.com. a.example.com."}, 0},
		{"under.example.com.", dns.TypeA, dns.RcodeSuccess, nil, 1}, // nothing there, but something below
		{"nothing.example.com.", dns.TypeA, dns.RcodeNameError, nil, 1},
		{"example.org.", dns.TypeA, dns.RcodeNameError, nil, 0},
	}
	for _, network := range []string{"udp", "tcp"} {
		for _, tt := range tests {
			got, err := ask(network, s.DNSAddr, tt.name, tt.kind, long)
			if err != nil {
				t.Errorf("%s %s %d: %v", network, tt.name, tt.kind, err)
				continue
			}
			var answer []string
			for _, rr := range got.Answer {
				answer = append(answer, rr.Header().Name+" "+strings.TrimPrefix(rr.String(), rr.Header().String()))
			}
			if got.Rcode != tt.rcode || !slices.Equal(answer, tt.answer) || len(got.Ns) != tt.authority ||
				!got.Authoritative || !got.RecursionAvailable || !got.Response {
				t.Errorf("%s %s %d: got %v", network, tt.name, tt.kind, got)
			}
		}
	}
	if got := s.Queries(DNS, "example.com"); got != 10 {
		t.Errorf("got %d queries, want 10", got)
	}
	if got := s.Queries(DNS, "example.com a"); got != 2 {
		t.Errorf("got %d queries for A, want 2", got)
	}
}

func TestDNSSizes(t *testing.T) {
	t.Parallel()
	s := start(t, sample(), Options{})
	for _, tt := range []struct {
		network   string
		edns      uint16
		truncated bool
	}{{"udp", 0, true}, {"udp", 1232, true}, {"udp", 8192, false}, {"tcp", 0, false}, {"tcp", 512, false}} {
		query := new(dns.Msg).SetQuestion("big.example.com.", dns.TypeTXT)
		if tt.edns > 0 {
			query.SetEdns0(tt.edns, false)
		}
		client := dns.Client{Net: tt.network, Timeout: long}
		got, _, err := client.Exchange(query, s.DNSAddr)
		if err != nil || got.Truncated != tt.truncated || (got.IsEdns0() != nil) != (tt.edns > 0) || (len(got.Answer) == 20) == tt.truncated {
			t.Errorf("%s with %d bytes: got %v, %v", tt.network, tt.edns, got, err)
		}
	}
	query := new(dns.Msg).SetQuestion("example.com.", dns.TypeA)
	query.Question[0].Qclass = dns.ClassCHAOS
	if got, _, err := new(dns.Client).Exchange(query, s.DNSAddr); err != nil || got.Rcode != dns.RcodeRefused {
		t.Errorf("class CHAOS: got %v, %v", got, err)
	}
}

func TestWebFaults(t *testing.T) {
	t.Parallel()
	whole := string(sample()["rdap/example.com.json"].Data)
	tests := []struct {
		kind  FaultKind
		check func(*http.Response, []byte, error) bool
	}{
		{Refuse, func(_ *http.Response, _ []byte, err error) bool { return err != nil }},
		{Garbage, func(r *http.Response, body []byte, err error) bool {
			return err == nil && r.StatusCode == 200 && string(body) == garbage
		}},
		{RateLimit, func(r *http.Response, body []byte, err error) bool {
			return err == nil && r.StatusCode == 429 && bytes.Contains(body, []byte("Too Many Requests"))
		}},
		{ServerError, func(r *http.Response, body []byte, err error) bool {
			return err == nil && r.StatusCode == 500 && bytes.Contains(body, []byte("Internal Server Error"))
		}},
		{Truncate, func(r *http.Response, body []byte, err error) bool {
			return errors.Is(err, io.ErrUnexpectedEOF) && r.StatusCode == 200 && len(body) > 0
		}},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			s := start(t, sample(), Options{Faults: map[string]Fault{
				"rdap/example.com": {Kind: tt.kind, Times: 2}, "http/www.example.com": {Kind: tt.kind},
			}})
			for range 2 {
				if response, body, err := get(t, s.RDAPURL+"domain/example.com", ""); !tt.check(response, body, err) {
					t.Errorf("RDAP: got %v %q %v", response, body, err)
				}
				if response, body, err := get(t, "http://"+s.HTTPAddr+"/", "www.example.com"); !tt.check(response, body, err) {
					t.Errorf("HTTP: got %v %q %v", response, body, err)
				}
			}
			if _, body, err := get(t, s.RDAPURL+"domain/example.com", ""); string(body) != whole || err != nil {
				t.Errorf("RDAP the third time: got %q %v", body, err)
			}
			if got := s.Queries(RDAP, "example.com"); got != 3 {
				t.Errorf("got %d queries, want 3", got)
			}
		})
	}
}

func TestWHOISFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind   FaultKind
		want   string
		broken bool // the connection breaks
	}{
		{Refuse, "", true},
		{Stall, "", true},
		{Garbage, garbage, false},
		{RateLimit, "Queried interval is too short.\n", false},
		{ServerError, "", false},
		{Truncate, whoisAnswer[:len(whoisAnswer)/2], false},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			s := start(t, sample(), Options{Faults: map[string]Fault{"example.cn": {Kind: tt.kind, Times: 1}}})
			timeout := long
			if tt.kind == Stall {
				timeout = brief
			}
			if got, err := whois(t, s.WHOISAddr, "example.cn\r\n", timeout); got != tt.want || (err != nil) != tt.broken {
				t.Errorf("got %q, %v", got, err)
			}
			if got, err := whois(t, s.WHOISAddr, "example.cn\r\n", long); got != whoisAnswer || err != nil {
				t.Errorf("the second time: got %q, %v", got, err)
			}
		})
	}
}

func TestDNSFaults(t *testing.T) {
	t.Parallel()
	code := func(want int) func(*dns.Msg, error) bool {
		return func(m *dns.Msg, err error) bool { return err == nil && m.Rcode == want && len(m.Answer) == 0 }
	}
	tests := []struct {
		kind     FaultKind
		udp, tcp func(*dns.Msg, error) bool
	}{
		{Refuse, code(dns.RcodeRefused), code(dns.RcodeRefused)},
		{RateLimit, code(dns.RcodeRefused), code(dns.RcodeRefused)},
		{ServerError, code(dns.RcodeServerFailure), code(dns.RcodeServerFailure)},
		{Stall, timedOut, timedOut},
		{
			Garbage,
			func(_ *dns.Msg, err error) bool { return err != nil && !timedOut(nil, err) },
			func(_ *dns.Msg, err error) bool { return err != nil && !timedOut(nil, err) },
		},
		{
			Truncate,
			func(m *dns.Msg, err error) bool { return err == nil && m.Truncated && len(m.Answer) == 0 },
			func(m *dns.Msg, err error) bool { return err == nil && !m.Truncated && len(m.Answer) == 1 },
		},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			timeout := long
			if tt.kind == Stall {
				timeout = brief
			}
			always := start(t, sample(), Options{Faults: map[string]Fault{"dns/example.com": {Kind: tt.kind}}})
			if got, err := ask("udp", always.DNSAddr, "example.com.", dns.TypeA, timeout); !tt.udp(got, err) {
				t.Errorf("UDP: got %v, %v", got, err)
			}
			if got, err := ask("tcp", always.DNSAddr, "example.com.", dns.TypeA, timeout); !tt.tcp(got, err) {
				t.Errorf("TCP: got %v, %v", got, err)
			}
			once := start(t, sample(), Options{Faults: map[string]Fault{"example.com": {Kind: tt.kind, Times: 1}}})
			for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
				if got, err := ask("udp", once.DNSAddr, "example.com.", kind, timeout); !tt.udp(got, err) {
					t.Errorf("first time: got %v, %v", got, err)
				}
				if got, err := ask("udp", once.DNSAddr, "example.com.", kind, long); err != nil || len(got.Answer) != 1 {
					t.Errorf("second time: got %v, %v", got, err)
				}
			}
		})
	}
}

func timedOut(_ *dns.Msg, err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

func TestFaultPrecedence(t *testing.T) {
	t.Parallel()
	s := start(t, sample(), Options{Faults: map[string]Fault{
		"example.cn": {Kind: Refuse}, "whois/example.cn": {Kind: RateLimit},
	}})
	if got, err := whois(t, s.WHOISAddr, "example.cn\r\n", long); got != whoisRateLimit || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, _, err := get(t, s.RDAPURL+"domain/example.cn", ""); err == nil {
		t.Error("RDAP was not refused")
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	s := start(t, sample(), Options{Delay: brief})
	began := time.Now()
	if _, err := ask("udp", s.DNSAddr, "example.com.", dns.TypeA, long); err != nil {
		t.Error(err)
	}
	// A lower bound holds on every machine, however slow.
	if took := time.Since(began); took < brief {
		t.Errorf("took %v, less than the delay", took)
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	with := func(name, content string) fstest.MapFS {
		fsys := sample()
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
		return fsys
	}
	tests := []struct {
		name   string
		fsys   fs.FS
		faults map[string]Fault
		want   string
	}{
		{"upper case", with("whois/Example.cn.txt", ""), nil, "lower-case ASCII"},
		{"unicode", with("rdap/我的网站.中国.json", "{}"), nil, "lower-case ASCII"},
		{"broken zone", with("dns.zone", "example.com. A nowhere\n"), nil, "dns.zone"},
		{"unknown fault", sample(), map[string]Fault{"example.com": {Kind: "explode"}}, "explode"},
		{"no fault", sample(), map[string]Fault{"example.com": {}}, `fault "example.com"`},
		{"negative times", sample(), map[string]Fault{"example.com": {Kind: Stall, Times: -1}}, "-1 times"},
		{"unknown protocol", sample(), map[string]Fault{"smtp/example.com": {Kind: Stall}}, "smtp"},
		{"fault for a name never looked up", sample(), map[string]Fault{"Example.com": {Kind: Stall}}, "lower-case ASCII"},
	}
	for _, tt := range tests {
		s, err := Start(tt.fsys, Options{Faults: tt.faults})
		if err == nil {
			s.Close()
			t.Errorf("%s: started", tt.name)
			continue
		}
		if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %q, want %q in one line", tt.name, err, tt.want)
		}
	}
}

func TestEmptyRecording(t *testing.T) {
	t.Parallel()
	s := start(t, fstest.MapFS{}, Options{})
	if got, err := whois(t, s.WHOISAddr, "example.cn\r\n", long); got != whoisNotFound || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := ask("udp", s.DNSAddr, "example.com.", dns.TypeA, long); err != nil || got.Rcode != dns.RcodeNameError {
		t.Errorf("got %v, %v", got, err)
	}
}

// Close has to end clients that wait for an answer, clients that have not asked
// yet, and every goroutine. This test runs alone, since it looks at all of them.
func TestCloseEndsEverything(t *testing.T) {
	before := runtime.NumGoroutine()
	s, err := Start(sample(), Options{Faults: map[string]Fault{
		"example.com": {Kind: Stall}, "example.cn": {Kind: Stall},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var idle []net.Conn
	for _, addr := range []string{strings.Trim(s.RDAPURL, "htp:/"), s.WHOISAddr, s.DNSAddr, s.HTTPAddr} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		idle = append(idle, conn)
	}
	ended := make(chan string, 3)
	go func() {
		_, _, err := get(t, s.RDAPURL+"domain/example.com", "")
		ended <- failed("RDAP", err)
	}()
	go func() {
		whois(t, s.WHOISAddr, "example.cn\r\n", long)
		ended <- ""
	}()
	go func() {
		_, err := ask("tcp", s.DNSAddr, "example.com.", dns.TypeA, long)
		ended <- failed("DNS", err)
	}()
	for s.Queries(RDAP, "example.com") == 0 || s.Queries(WHOIS, "example.cn") == 0 || s.Queries(DNS, "example.com") == 0 {
		time.Sleep(time.Millisecond)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	for range cap(ended) {
		if problem := <-ended; problem != "" {
			t.Error(problem)
		}
	}
	for _, conn := range idle {
		conn.SetReadDeadline(time.Now().Add(long))
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("idle connection to %s: %v", conn.RemoteAddr(), err)
		}
		if again, err := net.Dial("tcp", conn.RemoteAddr().String()); err == nil {
			again.Close()
			t.Errorf("%s still accepts connections", conn.RemoteAddr())
		}
	}
	// A goroutine that has signalled its end may need a moment to leave.
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// failed describes an answer where an error was due.
func failed(protocol string, err error) string {
	if err == nil {
		return protocol + " got an answer from a server that stalls"
	}
	return ""
}

func TestStartFailureLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	if _, err := Start(fstest.MapFS{"dns.zone": {Data: []byte("?")}}, Options{}); err == nil {
		t.Fatal("started")
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}
