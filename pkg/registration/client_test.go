package registration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/domainname"
)

// step is what a loopback server does with one query.
type step func(http.ResponseWriter, *http.Request)

func reply(code int, body string) step {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/rdap+json")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// rdapServer plays the steps in order, repeating the last.
func rdapServer(t *testing.T, steps ...step) (base string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(asked.Add(1))
		if got := r.Header.Get("Accept"); got != "application/rdap+json" {
			t.Errorf("Accept: %q", got)
		}
		steps[min(n, len(steps))-1](w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/v1/", asked
}

// whoisServer plays the steps in order, repeating the last. A step gets the
// query without its line end; the connection closes when it returns.
func whoisServer(t *testing.T, steps ...func(conn *net.TCPConn, query string)) (address string, asked *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked = new(atomic.Int32)
	var handlers sync.WaitGroup
	t.Cleanup(func() { listener.Close(); handlers.Wait() })
	handlers.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			n := int(asked.Add(1))
			handlers.Go(func() {
				defer conn.Close()
				buffer := make([]byte, 512)
				read, err := conn.Read(buffer)
				if err != nil || !strings.HasSuffix(string(buffer[:read]), "\r\n") {
					return
				}
				steps[min(n, len(steps))-1](conn.(*net.TCPConn), strings.TrimSpace(string(buffer[:read])))
			})
		}
	})
	return listener.Addr().String(), asked
}

func say(text string) func(*net.TCPConn, string) {
	return func(conn *net.TCPConn, _ string) { _, _ = io.WriteString(conn, text) }
}

// stall says text and then nothing until the client hangs up.
func stall(text string) func(*net.TCPConn, string) {
	return func(conn *net.TCPConn, _ string) {
		_, _ = io.WriteString(conn, text)
		_, _ = io.Copy(io.Discard, conn)
	}
}

// reset says text and breaks the connection.
func reset(text string) func(*net.TCPConn, string) {
	return func(conn *net.TCPConn, _ string) {
		_, _ = io.WriteString(conn, text)
		// Let the text arrive; a reset discards what has not been read.
		time.Sleep(20 * time.Millisecond)
		_ = conn.SetLinger(0)
	}
}

// refusing is an address where nobody listens.
func refusing(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// fastClient waits for nothing and notes how long it would have waited.
func fastClient(servers Servers) (*Client, *[]time.Duration) {
	var waits []time.Duration
	return &Client{
		Servers: servers,
		Timeout: 5 * time.Second,
		Clock:   func() time.Time { return *at("2026-11-24T00:00:00Z") },
		sleep: func(ctx context.Context, d time.Duration) error {
			waits = append(waits, d)
			return ctx.Err()
		},
	}, &waits
}

func mustParse(t *testing.T, s string) domainname.Name {
	t.Helper()
	name, err := domainname.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// rdapFor is an RDAP record about domain.
func rdapFor(domain string) string {
	return fmt.Sprintf(`{"objectClassName":"domain","ldhName":%q,"events":[{"eventAction":"expiration","eventDate":"2027-01-01T00:00:00Z"}]}`, domain)
}

// outcome tells an answer in few words: what it says, by which protocol, and
// the kinds of its failures.
func outcome(a Answer) string {
	var words []string
	if r := a.Record; r != nil {
		says := "free"
		if *r.Registered {
			says = "registered"
		}
		words = append(words, says, a.Source)
	}
	for _, f := range a.Failures {
		words = append(words, f.Source+":"+string(f.Kind))
	}
	return strings.Join(words, " ")
}

func TestLookupRDAP(t *testing.T) {
	ok := reply(200, rdapFor("example.com"))
	slow := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		_, _ = io.WriteString(w, `{"objectClassName":`)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	hangUp := func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }
	loop := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"x", http.StatusFound) }
	once := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }
	tests := []struct {
		name    string
		steps   []step
		want    string
		queries int32
	}{
		{"record", []step{ok}, "registered rdap", 1},
		{"record after a redirect", []step{once, ok}, "registered rdap", 2},
		{"404 with an RDAP body", []step{reply(404, `{"errorCode":404}`)}, "free rdap", 1},
		{"404 with no body", []step{reply(404, "")}, "free rdap", 1},
		{"404 of a web server", []step{reply(404, "<html>not found</html>")}, "rdap:malformed", 1},
		{"404 with other JSON", []step{reply(404, `{"detail":"no such route"}`)}, "rdap:malformed", 1},
		{"404 with no body of a web server", []step{func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(404)
		}}, "rdap:malformed", 1},
		{"404 that says 429", []step{reply(404, `{"errorCode":429}`)}, "rdap:rate-limited", 2},
		{"404 that says 503", []step{reply(404, `{"errorCode":"503"}`)}, "rdap:server-error", 2},
		{"200 with code 404", []step{reply(200, `{"errorCode":404}`)}, "free rdap", 1},
		{"429 twice", []step{reply(429, "")}, "rdap:rate-limited", 2},
		{"429, then a record", []step{reply(429, ""), ok}, "registered rdap", 2},
		{"500, then a record", []step{reply(500, "oops"), ok}, "registered rdap", 2},
		{"503 twice", []step{reply(503, "")}, "rdap:server-error", 2},
		{"403", []step{reply(403, "")}, "rdap:refused", 1},
		{"304", []step{reply(304, "")}, "rdap:malformed", 1},
		{"garbage", []step{reply(200, "\x00\xff garbage")}, "rdap:malformed", 1},
		{"another name", []step{reply(200, rdapFor("other.com"))}, "rdap:malformed", 1},
		{"too long", []step{reply(200, strings.Repeat(" ", maxAnswer+1))}, "rdap:malformed", 1},
		{"stalls mid-answer", []step{slow}, "rdap:timeout", 2},
		{"stalls, then a record", []step{slow, ok}, "registered rdap", 2},
		{"hangs up, then a record", []step{hangUp, ok}, "registered rdap", 2},
		{"redirects for ever", []step{loop}, "rdap:redirected", 6},
		{"redirects to a file", []step{func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/hosts", http.StatusFound)
		}}, "rdap:redirected", 1},
		{"cut short", []step{func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, rdapFor("example.com"))
		}}, "rdap:incomplete", 2},
		{"a head without end", []step{func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 2*maxHeader))
		}}, "rdap:malformed", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			base, asked := rdapServer(t, test.steps...)
			client, _ := fastClient(Fixed{RDAP: base})
			client.Timeout = 300 * time.Millisecond
			client.UserAgent = "icpcheck-test"
			got := client.Lookup(context.Background(), mustParse(t, "www.example.com"))
			if outcome(got) != test.want || asked.Load() != test.queries {
				t.Errorf("got %q after %d queries, want %q after %d; %v", outcome(got), asked.Load(), test.want, test.queries, got.Failures)
			}
			if got.Record != nil && (got.Server != base || got.Record.Domain != "example.com" || !got.At.Equal(*at("2026-11-24T00:00:00Z"))) {
				t.Errorf("got %+v", got)
			}
			for _, f := range got.Failures {
				if f.Server != base || f.Query != "example.com" || strings.Contains(f.Error(), "\n") {
					t.Errorf("failure %v", f)
				}
			}
		})
	}
}

func TestLookupWHOIS(t *testing.T) {
	record := "Domain Name: example.com\nExpiration Date: 2027-01-01T00:00:00Z\n"
	tests := []struct {
		name    string
		steps   []func(*net.TCPConn, string)
		want    string
		queries int32
	}{
		{"record", []func(*net.TCPConn, string){say(record)}, "registered whois", 1},
		{"referral without a line end", []func(*net.TCPConn, string){say(record + "refer: x")}, "registered whois", 1},
		{"nothing but a referral", []func(*net.TCPConn, string){say("refer: x")}, "whois:malformed", 1},
		{"free", []func(*net.TCPConn, string){say("No matching record.\r\n")}, "free whois", 1},
		{"rate limit twice", []func(*net.TCPConn, string){say("Queried interval is too short.\n")}, "whois:rate-limited", 2},
		{"rate limit, then a record", []func(*net.TCPConn, string){say("Queried interval is too short."), say(record)}, "registered whois", 2},
		{"bad query", []func(*net.TCPConn, string){say("Invalid query\n")}, "whois:refused", 1},
		{"empty, then a record", []func(*net.TCPConn, string){say(""), say(record)}, "registered whois", 2},
		{"empty twice", []func(*net.TCPConn, string){say("")}, "whois:malformed", 2},
		{"a blank line, then a record", []func(*net.TCPConn, string){say("\r\n"), say(record)}, "registered whois", 2},
		{"garbage", []func(*net.TCPConn, string){say("\x00\x01\xfe")}, "whois:malformed", 1},
		{"another name", []func(*net.TCPConn, string){say("Domain Name: com\nCreation Date: 1985-01-01\n")}, "whois:malformed", 1},
		{"stalls mid-answer", []func(*net.TCPConn, string){stall(record)}, "whois:timeout", 2},
		{"reset", []func(*net.TCPConn, string){reset("")}, "whois:refused", 2},
		{"reset mid-answer", []func(*net.TCPConn, string){reset(record)}, "whois:refused", 2},
		{"reset after a rate limit", []func(*net.TCPConn, string){reset("Quota exceeded\n")}, "whois:rate-limited", 2},
		{"too long", []func(*net.TCPConn, string){say(strings.Repeat("x", maxAnswer+10))}, "whois:malformed", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			address, asked := whoisServer(t, test.steps...)
			client, _ := fastClient(Fixed{WHOIS: address})
			client.Timeout = 300 * time.Millisecond
			got := client.Lookup(context.Background(), mustParse(t, "www.example.com"))
			if outcome(got) != test.want || asked.Load() != test.queries {
				t.Errorf("got %q after %d queries, want %q after %d; %v", outcome(got), asked.Load(), test.want, test.queries, got.Failures)
			}
			if got.Record != nil && got.Server != address {
				t.Errorf("server %q, want %q", got.Server, address)
			}
		})
	}
}

func TestLookupFallsBack(t *testing.T) {
	base, _ := rdapServer(t, reply(500, ""))
	address, _ := whoisServer(t, say(cnnicAnswer))
	client, _ := fastClient(Fixed{RDAP: base, WHOIS: address})
	if got := outcome(client.Lookup(context.Background(), mustParse(t, "example.cn"))); got != "registered whois rdap:server-error" {
		t.Errorf("got %q", got)
	}
	client, waits := fastClient(Fixed{RDAP: "http://" + refusing(t), WHOIS: refusing(t)})
	got := client.Lookup(context.Background(), mustParse(t, "example.cn"))
	if outcome(got) != "rdap:refused whois:refused" || got.Record != nil || len(*waits) != 2 {
		t.Errorf("got %q after waits %v", outcome(got), *waits)
	}
	client, _ = fastClient(Fixed{RDAP: "no url"})
	if got := outcome(client.Lookup(context.Background(), mustParse(t, "example.cn"))); got != "rdap:unreachable" {
		t.Errorf("got %q", got)
	}
}

// TestLookupQuery holds the names sent to their ASCII spelling.
func TestLookupQuery(t *testing.T) {
	queries := make(chan string, 2)
	base, _ := rdapServer(t, func(w http.ResponseWriter, r *http.Request) {
		queries <- r.URL.Path
		reply(400, "")(w, r)
	})
	address, _ := whoisServer(t, func(conn *net.TCPConn, query string) {
		queries <- query
		say("No matching record.")(conn, query)
	})
	client, _ := fastClient(Fixed{RDAP: base, WHOIS: address})
	client.Lookup(context.Background(), mustParse(t, "www.示例.中国"))
	if got := <-queries; got != "/v1/domain/xn--fsq092h.xn--fiqs8s" {
		t.Errorf("asked RDAP for %q", got)
	}
	if got := <-queries; got != "xn--fsq092h.xn--fiqs8s" {
		t.Errorf("asked WHOIS for %q", got)
	}
}

func TestLookupWaits(t *testing.T) {
	header := func(value string) step {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", value)
			w.Header().Set("Date", "Tue, 24 Nov 2026 00:00:00 GMT")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}
	ok := reply(200, rdapFor("example.com"))
	tests := []struct {
		name     string
		first    step
		deadline time.Duration
		min, max time.Duration // of the one wait; zero for none
	}{
		{"server error", reply(500, ""), time.Minute, shortWait, 2 * shortWait},
		{"rate limit", reply(429, ""), time.Minute, rateLimitWait, rateLimitWait + shortWait},
		{"rate limit with seconds", header("7"), time.Minute, 7 * time.Second, 7*time.Second + shortWait},
		{"rate limit with a date", header("Tue, 24 Nov 2026 00:00:05 GMT"), time.Minute, 5 * time.Second, 5*time.Second + shortWait},
		{"rate limit, less than is polite", header("1"), time.Minute, rateLimitWait, rateLimitWait + shortWait},
		{"rate limit, no room", header("3600"), time.Minute, 0, 0},
		{"rate limit, no deadline", header("29"), 0, 29 * time.Second, 29*time.Second + shortWait},
		{"rate limit, too long without a deadline", header("31"), 0, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			base, _ := rdapServer(t, test.first, ok)
			client, waits := fastClient(Fixed{RDAP: base})
			client.Clock = func() time.Time { return *at("2020-01-01T00:00:00Z") } // a run may play another day
			ctx := context.Background()
			if test.deadline > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, test.deadline)
				defer cancel()
			}
			got := client.Lookup(ctx, mustParse(t, "example.com"))
			if test.max == 0 {
				if outcome(got) != "rdap:rate-limited" || len(*waits) != 0 {
					t.Errorf("got %q after waits %v", outcome(got), *waits)
				}
				return
			}
			if outcome(got) != "registered rdap" || len(*waits) != 1 || (*waits)[0] < test.min || (*waits)[0] > test.max {
				t.Errorf("got %q after waits %v, want one of %v to %v", outcome(got), *waits, test.min, test.max)
			}
		})
	}
}

// TestLookupCanceled ends a stalled read, a stalled connection and a pause.
func TestLookupCanceled(t *testing.T) {
	whois, _ := whoisServer(t, stall("Domain Name: example.com\n"))
	rdap, _ := rdapServer(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	limited, _ := rdapServer(t, reply(429, ""))
	unanswered := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for name, test := range map[string]struct {
		client *Client
		want   string
	}{
		"whois":           {&Client{Servers: Fixed{WHOIS: whois}, Timeout: time.Minute}, "whois:canceled"},
		"rdap then whois": {&Client{Servers: Fixed{RDAP: rdap, WHOIS: whois}, Timeout: time.Minute}, "rdap:canceled"},
		"connecting":      {&Client{Servers: Fixed{WHOIS: "192.0.2.1"}, Dial: unanswered, Timeout: time.Minute}, "whois:canceled"},
		"pause":           {&Client{Servers: Fixed{RDAP: limited}, Timeout: time.Minute}, "rdap:rate-limited"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Second, cancel) // a busy machine has time to come to the pause
			// Left to its own time limit the look-up would end as a timeout, or later as a success.
			got := test.client.Lookup(ctx, mustParse(t, "example.com"))
			if outcome(got) != test.want {
				t.Errorf("got %q, want %q", outcome(got), test.want)
			}
		})
	}
}

func TestLookupUnsupported(t *testing.T) {
	table := tableOf{"io": {RDAP: []string{"http://" + refusing(t)}}, "xn--fiqs8s": {}}
	client, _ := fastClient(table)
	for _, name := range []string{"example.com", "me.github.io", "示例.中国"} {
		got := client.Lookup(context.Background(), mustParse(t, name))
		if outcome(got) != "rdap:unsupported" {
			t.Errorf("%s: got %q", name, outcome(got))
		}
	}
}

// TestLookupManyAtOnce: ten names are asked at once. The server answers none
// before it has been asked for all of them.
func TestLookupManyAtOnce(t *testing.T) {
	const names = 10
	var asked sync.WaitGroup
	asked.Add(names)
	base, _ := rdapServer(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Done()
		asked.Wait()
		reply(200, rdapFor(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]))(w, r)
	})
	client := &Client{Servers: Fixed{RDAP: base}, Timeout: time.Minute}
	var group sync.WaitGroup
	for i := range names {
		name := mustParse(t, fmt.Sprintf("example%d.com", i))
		group.Go(func() {
			if got := client.Lookup(context.Background(), name); outcome(got) != "registered rdap" {
				t.Errorf("%s: %q %v", name.ASCII, outcome(got), got.Failures)
			}
		})
	}
	group.Wait()
}

// tableOf is a table of servers by suffix.
type tableOf map[string]Server

func (t tableOf) For(suffix string) (Server, bool) {
	server, ok := t[suffix]
	return server, ok
}

func TestServers(t *testing.T) {
	table := tableOf{
		"cn": {WHOIS: "whois.cnnic.cn"}, "edu.cn": {WHOIS: "whois.edu.cn"},
		"com": {RDAP: []string{"https://rdap.example/"}, WHOIS: "whois.example"}, "uk.com": {WHOIS: "whois.uk.example"},
	}
	both := Fixed{RDAP: "http://127.0.0.1:1/", WHOIS: "127.0.0.1:2", Table: table}
	tests := []struct {
		servers     Servers
		suffix      string
		rdap, whois string
	}{
		{table, "com.cn", "", "whois.cnnic.cn"},
		{table, "edu.cn", "", "whois.edu.cn"},
		{table, "uk.com", "", "whois.uk.example"},
		{table, "us.com", "", ""},
		{table, "org", "", ""},
		{nil, "com", "", ""},
		{Fixed{}, "com", "", ""},
		{Fixed{Table: table}, "com", "https://rdap.example/", "whois.example"},
		{Fixed{WHOIS: "127.0.0.1:2", Table: table}, "com", "https://rdap.example/", "127.0.0.1:2"},
		{Fixed{WHOIS: "127.0.0.1:2", Table: table}, "com.cn", "", "127.0.0.1:2"},
		{Fixed{RDAP: "http://127.0.0.1:1/", Table: table}, "com.cn", "http://127.0.0.1:1/", "whois.cnnic.cn"},
		{both, "com", "http://127.0.0.1:1/", "127.0.0.1:2"},
		{both, "com.cn", "", "127.0.0.1:2"}, // the table says that .cn has no RDAP
		{both, "github.io", "http://127.0.0.1:1/", "127.0.0.1:2"},
	}
	for _, test := range tests {
		got, ok := longestMatch(test.servers, test.suffix)
		if strings.Join(got.RDAP, " ") != test.rdap || got.WHOIS != test.whois || ok != (test.rdap+test.whois != "") {
			t.Errorf("%+v for %s: got %+v, %t", test.servers, test.suffix, got, ok)
		}
	}
}

func TestWHOISAddress(t *testing.T) {
	for server, want := range map[string]string{
		"whois.example":    "whois.example whois.example:43",
		"127.0.0.1:4343":   "127.0.0.1 127.0.0.1:4343",
		"2001:db8::1":      "2001:db8::1 [2001:db8::1]:43",
		"[2001:db8::1]":    "2001:db8::1 [2001:db8::1]:43",
		"[2001:db8::1]:44": "2001:db8::1 [2001:db8::1]:44",
	} {
		host, address := whoisAddress(server)
		if host+" "+address != want {
			t.Errorf("whoisAddress(%q) = %s %s, want %s", server, host, address, want)
		}
	}
}

func TestRedirectPolicy(t *testing.T) {
	check := (&Client{HTTP: &http.Client{}}).httpClient().CheckRedirect
	secure, _ := http.NewRequest(http.MethodGet, "https://rdap.example/", nil)
	plain, _ := http.NewRequest(http.MethodGet, "http://rdap.example/", nil)
	if err := check(plain, []*http.Request{secure}); err == nil {
		t.Error("a redirect from https to http was followed")
	}
	if err := check(secure, []*http.Request{plain}); err != nil {
		t.Error(err)
	}
}

// TestPace: a query whose turn comes after the deadline is refused now, not then.
func TestPace(t *testing.T) {
	const address = "192.0.2.1:43"
	dials := 0
	client := &Client{
		Servers: tableOf{"cn": {WHOIS: address, Pace: Pace{PerMinute: 2, AtOnce: 1}}},
		Dial: func(context.Context, string, string) (net.Conn, error) {
			dials++
			return nil, errors.New("no route")
		},
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var got []string
	for range 3 {
		got = append(got, outcome(client.Lookup(ctx, mustParse(t, "example.cn"))))
	}
	if want := []string{"whois:malformed", "whois:rate-limited", "whois:rate-limited"}; !slices.Equal(got, want) || dials != 1 {
		t.Errorf("got %q after %d queries, want %q", got, dials, want)
	}
	canceled, stop := context.WithCancel(context.Background())
	stop()
	if got := client.Lookup(canceled, mustParse(t, "example.cn")); outcome(got) != "whois:canceled" {
		t.Errorf("got %q", outcome(got))
	}
}

func TestPaceOf(t *testing.T) {
	table := Pace{PerMinute: 60, AtOnce: 1}
	for _, test := range []struct {
		address   string
		perMinute int
		want      Pace
	}{
		{"whois.example:43", 0, table},
		{"rdap.example", 0, table},
		{"rdap.example", 6, Pace{PerMinute: 6, AtOnce: 1}},
		{"127.0.0.1:43", 0, Pace{}},
		{"localhost:43", 0, Pace{}},
		{"[::1]:43", 0, Pace{}},
		{"[::1]:43", 6, Pace{PerMinute: 6}},
	} {
		if got := (&Client{PerMinute: test.perMinute}).paceOf(test.address, table); got != test.want {
			t.Errorf("%s with %d a minute: %+v, want %+v", test.address, test.perMinute, got, test.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := *at("2026-11-24T00:00:00Z")
	for in, want := range map[string]time.Duration{
		"": 0, "x": 0, "-5": 0, " 3 ": 3 * time.Second, "999999999999": 24 * time.Hour,
		"Tue, 24 Nov 2026 00:01:00 GMT": time.Minute, "Mon, 23 Nov 2026 00:00:00 GMT": 0,
		"Fri, 31 Dec 9999 23:59:59 GMT": 24 * time.Hour,
	} {
		if got := retryAfter(in, now); got != want {
			t.Errorf("retryAfter(%q) = %v, want %v", in, got, want)
		}
	}
}

// TestFailuresUnwrap keeps the cause for callers that look for it.
func TestFailuresUnwrap(t *testing.T) {
	client, _ := fastClient(Fixed{WHOIS: "192.0.2.1"})
	cause := errors.New("no route")
	client.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, cause }
	got := client.Lookup(context.Background(), mustParse(t, "example.com"))
	if len(got.Failures) != 1 || !errors.Is(got.Failures[0], cause) {
		t.Errorf("got %v", got.Failures)
	}
}
