package diagnose

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/page"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// name is the name under test, machine the public address it pretends to point to.
const (
	name    = "example.com"
	machine = "8.8.8.8"
)

var today = time.Date(2026, 11, 24, 9, 0, 0, 0, calendar.Beijing)

var signatures = []page.Signature{
	{ID: "aliyun-http", Confidence: "high", Statuses: []int{403}, Phrases: []string{"Non-compliance ICP Filing"}},
	{ID: "tencent-http", Confidence: "high", Statuses: []int{302}, Locations: []string{"dnspod.qcloud.com/static/webblock.html"}},
	{ID: "ucloud-http", Confidence: "medium", Phrases: []string{"因该网站未进行备案或涉及发布违禁信息"}, Shared: true},
	{ID: "hint", Confidence: "low", Phrases: []string{"本网站尚未进行备案"}},
}

// world is a machine on loopback, as the network shows it.
type world struct {
	// page answers over http and https; nil means that nothing listens.
	page http.HandlerFunc
	// secure adds https, whose certificate is for example.com.
	secure bool
	// untrusted leaves its authority out of those that are trusted.
	untrusted bool
	// sni decides over a handshake: true resets it.
	sni func(*tls.ClientHelloInfo) bool
	// dial, when set, answers connections instead.
	dial func(address string) (net.Conn, error)
}

// prober starts the machine.
func (w world) prober(t *testing.T) *Prober {
	t.Helper()
	p := &Prober{Signatures: signatures, Timeout: time.Minute, Now: today}
	targets := map[string]string{}
	if w.page != nil {
		plain := httptest.NewServer(w.page)
		t.Cleanup(plain.Close)
		targets[machine+":80"] = plain.Listener.Addr().String()
	}
	if w.secure {
		server := httptest.NewUnstartedServer(w.page)
		server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes are reset on purpose
		server.TLS = &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			if w.sni != nil && w.sni(hello) {
				resetConn(hello.Conn)
				return nil, fmt.Errorf("reset")
			}
			return nil, nil
		}}
		server.StartTLS()
		t.Cleanup(server.Close)
		targets[machine+":443"] = server.Listener.Addr().String()
		p.RootCAs = x509.NewCertPool()
		if !w.untrusted {
			p.RootCAs.AddCert(server.Certificate())
		}
	}
	p.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if w.dial != nil {
			return w.dial(address)
		}
		to, ok := targets[address]
		if !ok {
			return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
		}
		var d net.Dialer
		return d.DialContext(ctx, network, to)
	}
	return p
}

// resetConn makes the peer see a reset.
func resetConn(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a failure makes it an orderly close, which counts the same
	}
	_ = conn.Close()
}

// byName serves one handler for the name and another for the bare address.
func byName(named, bare http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Host, name) {
			named(w, r)
			return
		}
		bare(w, r)
	}
}

// insecurely serves one handler over http and another over https.
func insecurely(plain, secure http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil {
			plain(w, r)
			return
		}
		secure(w, r)
	}
}

func says(status int, server, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if server != "" {
			w.Header().Set("Server", server)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func sendsTo(status int, url string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, url, status) }
}

func hangsUp(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		resetConn(conn)
	}
}

var (
	site  = says(200, "nginx", "<title>示例</title>")
	block = says(403, "Beaver", "<title>Non-compliance ICP Filing</title>")
)

func healthy() filing.Facts {
	return facts("domain.registered", true, "domain.statuses", []string{"ok"}, "domain.expires_at", calendar.AddDays(today, 300),
		"domain.resolves", true, "domain.addresses", []string{machine}, "domain.places", []string{"mainland"})
}

func facts(pairs ...any) filing.Facts {
	f := filing.Facts{}
	for i := 0; i < len(pairs); i += 2 {
		f[pairs[i].(string)] = filing.Fact{Value: pairs[i+1]}
	}
	return f
}

func with(pairs ...any) filing.Facts {
	f := healthy()
	for path, fact := range facts(pairs...) {
		if fact.Value == nil {
			delete(f, path)
			continue
		}
		f[path] = fact
	}
	return f
}

var cases = []struct {
	name  string
	world world
	facts filing.Facts
	want  Conclusion
	says  string // in the reason or in a step, English
}{
	{"Alibaba's block page", world{page: byName(block, site)}, healthy(), NotFiled, "aliyun-http"},
	{"Tencent's redirect", world{page: byName(sendsTo(302, "https://dnspod.qcloud.com/static/webblock.html?d=example.com"), site)}, healthy(), NotFiled, "webblock"},
	{"block page over https only", world{page: byName(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			block(w, r)
			return
		}
		site(w, r)
	}, site), secure: true}, healthy(), NotFiled, "https://example.com/"},
	{"blocked though filed", world{page: byName(block, site)}, with("domain.filed", true), NotTakenOver, ""},
	{"blocked, filed elsewhere", world{page: byName(block, site)}, with("domain.filed", true, "subject.filed_at_provider", false), NotTakenOver, ""},
	{"blocked, filed here before", world{page: byName(block, site)}, with("domain.filed", true, "subject.filed_at_provider", true), AccessCancelled, ""},
	{"blocked and known not to be filed", world{page: byName(block, site)}, with("domain.filed", false, "subject.filed_at_provider", true), NotFiled, ""},

	{"server hold", world{page: site}, with("domain.statuses", []string{"server hold"}), OnHold, "serverHold"},
	{"client hold, no addresses", world{}, with("domain.statuses", []string{"clientHold"}, "domain.addresses", []string{}), OnHold, "clientHold"},
	{"past its day", world{page: site}, with("domain.expires_at", calendar.AddDays(today, -1)), Expired, "2026-11-23"},
	{"its last day", world{page: site}, with("domain.expires_at", today), Fine, ""},
	{"redemption", world{}, with("domain.statuses", []string{"redemptionPeriod"}, "domain.addresses", []string{}), Expired, "redemptionPeriod"},
	{"not registered", world{}, facts("domain.registered", false, "domain.resolves", false), Expired, "does not have it"},
	{"a registry that does not know it though it resolves", world{page: site}, with("domain.registered", false), Fine, ""},

	{"no address", world{}, with("domain.addresses", []string{}, "domain.resolves", false), PointsElsewhere, "no address"},
	{"a private address", world{page: site}, with("domain.addresses", []string{"192.168.1.7"}), PointsElsewhere, "not public"},
	{"not the declared server", world{page: site}, with("server.addresses", []string{"1.1.1.1"}), PointsElsewhere, "declared"},
	{"the declared server", world{page: site}, with("server.addresses", []string{"1.1.1.1", machine}), Fine, ""},
	{"abroad", world{page: site}, with("domain.places", []string{"hong-kong"}), PointsAbroad, "Hong Kong"},
	{"partly abroad", world{page: site}, with("domain.places", []string{"abroad", "mainland"}), Fine, ""},
	{"place unknown", world{page: site}, with("domain.places", []string{"unknown"}), Fine, ""},

	{"http reset by name", world{page: byName(hangsUp, site)}, healthy(), ResetByName, "by name"},
	{"TLS reset by name, http fine", world{page: site, secure: true, sni: func(h *tls.ClientHelloInfo) bool { return h.ServerName == name }}, healthy(), ResetByName, "TLS 1.2 reset, TLS 1.3 reset"},
	{"TLS 1.2 reset by name, TLS 1.3 not", world{page: site, secure: true, sni: func(h *tls.ClientHelloInfo) bool {
		return h.ServerName == name && !slices.Contains(h.SupportedVersions, tls.VersionTLS13)
	}}, healthy(), ResetByName, "TLS 1.2 reset, TLS 1.3 goes through"},
	{"reset by name abroad", world{page: byName(hangsUp, site)}, with("domain.places", []string{"hong-kong"}), PointsAbroad, "reset"},
	{"reset by name, place unknown", world{page: byName(hangsUp, site)}, with("domain.places", []string{"unknown"}), ResetByName, "by name"},
	{"TLS reset for everybody", world{page: site, secure: true, sni: func(*tls.ClientHelloInfo) bool { return true }}, healthy(), Fine, ""},
	{"reset for everybody", world{page: hangsUp}, healthy(), ServerDown, "neither name nor address"},

	{"nothing listens", world{}, healthy(), ServerDown, "refused"},
	{"an error of the server", world{page: says(502, "nginx", "")}, healthy(), ServerDown, "502"},
	{"no way there", world{dial: func(string) (net.Conn, error) { return nil, &net.OpError{Op: "dial", Err: syscall.ENETUNREACH} }}, healthy(), Undetermined, "no way"},
	{"sends on to https, which is closed", world{page: sendsTo(301, "https://example.com/")}, healthy(), ServerDown, "HTTPS"},

	{"the server's own 403", world{page: says(403, "nginx", "403 Forbidden")}, healthy(), ServerRefuses, "403"},
	{"the server's own 403 by name", world{page: byName(says(403, "nginx", ""), site)}, healthy(), ServerRefuses, "403"},
	{"a 403 of somebody else's", world{page: byName(says(403, "", "blocked"), site)}, healthy(), Undetermined, "unknown block page"},
	{"a 403 of somebody else's over http only", world{page: insecurely(byName(says(403, "", "blocked"), site), site), secure: true}, healthy(), Undetermined, "http://example.com/ gives 403, while"},
	{"on to another name over http only", world{page: insecurely(byName(sendsTo(302, "http://block.example.net/"), site), site), secure: true}, healthy(), Undetermined, "http://example.com/ gives 302, on to another"},
	{"the server's own 404 over http only", world{page: insecurely(says(404, "nginx", ""), site), secure: true}, healthy(), Fine, "https://example.com/ gives 200"},
	{"http sends on to https", world{page: insecurely(sendsTo(301, "https://example.com/"), site), secure: true}, healthy(), Fine, "https://example.com/ gives 200"},
	{"not found", world{page: says(404, "nginx", "")}, healthy(), ServerRefuses, "404"},
	{"a bad certificate", world{page: byName(func(w http.ResponseWriter, r *http.Request) {
		sendsTo(301, "https://example.com/")(w, r)
	}, site), secure: true, untrusted: true}, healthy(), ServerRefuses, "certificate"},

	{"fine", world{page: site, secure: true}, healthy(), Fine, "https://example.com/ gives 200"},
	{"fine over http only", world{page: site}, healthy(), Fine, "http://example.com/ gives 200"},
	{"on to another page of its own", world{page: sendsTo(302, "https://www.example.com/")}, healthy(), Fine, ""},
	{"moved to another name", world{page: byName(sendsTo(301, "https://example.cn/"), site)}, healthy(), Fine, ""},
	{"on to another name", world{page: byName(sendsTo(302, "https://block.example.net/"), site)}, healthy(), Undetermined, "another name"},
	{"a block page for other reasons too", world{page: byName(says(200, "", "因该网站未进行备案或涉及发布违禁信息"), site)}, healthy(), Undetermined, "need not be why"},
	{"the same, known to be filed", world{page: byName(says(200, "", "因该网站未进行备案或涉及发布违禁信息"), site)}, with("domain.filed", true), Undetermined, "ucloud-http"},
	{"much like a block page", world{page: says(200, "", "本网站尚未进行备案")}, healthy(), Undetermined, "no proof"},
	{"no look-up gave anything", world{page: site}, filing.Facts{}, Undetermined, "not known"},
}

func TestDiagnose(t *testing.T) {
	target, err := ParseTarget(name)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[Conclusion]bool{}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := c.world.prober(t).Diagnose(t.Context(), target, c.facts, nil)
			seen[d.Conclusion] = true
			if d.Conclusion != c.want {
				t.Errorf("got %s (%s), want %s", d.Conclusion, d.Because.En, c.want)
			}
			words := d.Because.En
			for _, s := range d.Steps {
				words += "\n" + s.ID + " " + s.Target + " " + string(s.Outcome) + " " + s.Seen.En
				if s.ID == "" || s.Outcome == "" || s.Seen.Zh == "" || s.Seen.En == "" {
					t.Errorf("step %+v is not whole", s)
				}
			}
			if d.Signature != nil {
				words += "\n" + d.Signature.ID
			}
			if !strings.Contains(words, c.says) {
				t.Errorf("nothing says %q: %s", c.says, words)
			}
			if d.Because.Zh == "" || d.Because.En == "" {
				t.Errorf("no reason in both languages: %+v", d.Because)
			}
		})
	}
	for _, c := range Conclusions() {
		if !seen[c] {
			t.Errorf("no case ends in %s", c)
		}
	}
}

// A handshake that goes through proves nothing: without a page there is no clearing.
func TestHandshakeDoesNotClear(t *testing.T) {
	target, err := ParseTarget("https://" + name)
	if err != nil {
		t.Fatal(err)
	}
	d := world{page: hangsUp, secure: true}.prober(t).Diagnose(t.Context(), target, healthy(), nil)
	if d.Conclusion == Fine {
		t.Errorf("cleared by a handshake: %+v", d.Steps)
	}
	for _, s := range d.Steps {
		if s.ID == "tls" && s.Outcome != Open {
			t.Errorf("a handshake counts as %s", s.Outcome)
		}
	}
}

// Only GET is used: HEAD can pass where GET is cut off.
func TestProbesWithGET(t *testing.T) {
	target, err := ParseTarget(name)
	if err != nil {
		t.Fatal(err)
	}
	world{page: func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("asked with %s", r.Method)
		}
	}}.prober(t).Diagnose(t.Context(), target, healthy(), nil)
}

func TestDiagnosePort(t *testing.T) {
	server := httptest.NewServer(byName(block, site))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	target, err := ParseTarget(name + ":" + port)
	if err != nil {
		t.Fatal(err)
	}
	known := with("domain.addresses", []string{"127.0.0.1"}, "domain.places", nil)
	p := &Prober{Signatures: signatures, Timeout: time.Minute, Now: today, AllowPrivate: true}
	if d := p.Diagnose(t.Context(), target, known, nil); d.Conclusion != NotFiled {
		t.Errorf("got %s: %+v", d.Conclusion, d.Steps)
	}
	p.AllowPrivate = false
	if d := p.Diagnose(t.Context(), target, known, nil); d.Conclusion != PointsElsewhere {
		t.Errorf("got %s: %+v", d.Conclusion, d.Steps)
	}
}

func TestDiagnoseOffline(t *testing.T) {
	target, err := ParseTarget(name)
	if err != nil {
		t.Fatal(err)
	}
	missed := []filing.Missed{{Failure: failure.New(failure.NotAsked, "rdap", "", name, nil), Paths: []string{"domain.registered", "domain.addresses"}}}
	d := (&Prober{Offline: true, Now: today}).Diagnose(t.Context(), target, filing.Facts{}, missed)
	if d.Conclusion != Undetermined || len(d.Steps) != 3 {
		t.Errorf("got %+v", d)
	}
}

// TestAbroadAsSeenFromHere: what mainland visitors get decides whether a name
// points abroad. Asked for in vain, the addresses seen from here are no proof.
func TestAbroadAsSeenFromHere(t *testing.T) {
	target, err := ParseTarget(name)
	if err != nil {
		t.Fatal(err)
	}
	abroad := func(pairs ...any) filing.Facts {
		return with(append([]any{"domain.places", []string{"hong-kong"}}, pairs...)...)
	}
	lost := []filing.Missed{{Failure: failure.New(failure.Unsteered, "dns", "", name, nil), Paths: []string{"domain.vantage_places"}}}
	views := []filing.View{{ID: "telecom", Mainland: true, Subnet: "1.2.3.0/24"}, {ID: "abroad", Subnet: "8.8.8.0/24"}}
	for label, c := range map[string]struct {
		facts  filing.Facts
		missed []filing.Missed
		views  []filing.View
		cdn    bool
		want   Conclusion
		dns    Outcome
	}{
		"not asked":            {facts: abroad(), want: PointsAbroad, dns: Failed},
		"asked only abroad":    {facts: abroad(), views: views[1:], want: PointsAbroad, dns: Failed},
		"asked in vain":        {facts: abroad(), missed: lost, views: views, want: Undetermined, dns: Open},
		"no answer to use":     {facts: abroad(), views: views, want: Undetermined, dns: Open},
		"told: abroad":         {facts: abroad("domain.vantage_places", []string{"hong-kong"}), views: views, want: PointsAbroad, dns: Failed},
		"told: the mainland":   {facts: abroad("domain.vantage_places", []string{"mainland"}), views: views, want: Fine, dns: OK},
		"inside, in vain":      {facts: healthy(), missed: lost, views: views, want: Fine, dns: OK},
		"elsewhere, in vain":   {facts: abroad("server.addresses", []string{"1.1.1.1"}), missed: lost, views: views, want: PointsElsewhere, dns: Failed},
		"a CDN, not asked":     {facts: abroad(), cdn: true, want: Undetermined, dns: Open},
		"a CDN, told: abroad":  {facts: abroad("domain.vantage_places", []string{"abroad"}), cdn: true, want: PointsAbroad, dns: Failed},
		"a CDN inside":         {facts: healthy(), cdn: true, want: Fine, dns: OK},
		"on hold all the same": {facts: abroad("domain.statuses", []string{"serverHold"}), missed: lost, views: views, want: OnHold, dns: Open},
	} {
		p := world{page: site}.prober(t)
		p.Views, p.Describe = c.views, func(filing.View) text.Text { return text.Same("…") }
		settles := "--vantage-server"
		if c.cdn {
			p.CDN, settles = text.Same("a CDN"), "--vantage"
		}
		d := p.Diagnose(t.Context(), target, c.facts, c.missed)
		i := slices.IndexFunc(d.Steps, func(s Step) bool { return s.ID == "dns" })
		if d.Conclusion != c.want || d.Steps[i].Outcome != c.dns {
			t.Errorf("%s: got %s (%s), DNS %s; want %s, %s", label, d.Conclusion, d.Because.En, d.Steps[i].Outcome, c.want, c.dns)
		}
		for _, because := range []string{d.Because.Zh, d.Because.En} {
			if c.want == Undetermined && (!strings.Contains(because, settles) || !strings.Contains(because, "--set domain.vantage_places=abroad")) {
				t.Errorf("%s: %q does not say what would settle it", label, because)
			}
		}
	}
}

// TestMainlandFirst: a name is blocked at its mainland server, whatever the others
// answer, and whoever is sent there.
func TestMainlandFirst(t *testing.T) {
	target, err := ParseTarget(name)
	if err != nil {
		t.Fatal(err)
	}
	const inside = "1.2.3.4" // beside machine, which is abroad here
	blocked, open := world{page: byName(block, site)}, world{page: site}
	sent := func(own bool) []filing.View {
		return []filing.View{{ID: "telecom", Mainland: true, Subnet: "1.2.3.0/24", Steered: own, Addresses: []filing.Located{{Address: inside, Place: "mainland", Own: own}}}}
	}
	both := with("domain.addresses", []string{machine, inside}, "domain.places", []string{"abroad", "mainland"})
	alone := with("domain.places", []string{"abroad"}, "domain.vantage_places", []string{"mainland"})
	declared := with("domain.places", []string{"abroad"}, "domain.vantage_places", []string{"mainland"}, "server.addresses", []string{inside})
	for label, c := range map[string]struct {
		facts filing.Facts
		views []filing.View
		down  bool // the mainland server
		blind bool // places of addresses are not known
		filed bool // the mainland server lets the name through
		want  Conclusion
	}{
		"one of both":                {facts: both, want: NotFiled},
		"places not known":           {facts: both, blind: true, want: Fine},
		"the mainland's is down":     {facts: both, down: true, want: Fine},
		"where visitors are sent":    {facts: alone, views: sent(true), want: NotFiled},
		"to the declared server":     {facts: declared, views: sent(true), filed: true, want: Fine},
		"maybe to it":                {facts: declared, views: sent(false), filed: true, want: PointsElsewhere},
		"where they may not be sent": {facts: alone, views: sent(false), want: Fine},
	} {
		abroad, mainland := open.prober(t), blocked.prober(t)
		if c.filed {
			mainland = open.prober(t)
		}
		p := open.prober(t)
		p.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			host, port, _ := net.SplitHostPort(address)
			switch {
			case host == inside && c.down:
				return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
			case host == inside:
				return mainland.Dial(ctx, network, machine+":"+port)
			}
			return abroad.Dial(ctx, network, address)
		}
		if !c.blind {
			p.Mainland = func(a netip.Addr) bool { return a.String() == inside }
		}
		p.Views, p.Describe = c.views, func(filing.View) text.Text { return text.Same("…") }
		d := p.Diagnose(t.Context(), target, c.facts, nil)
		if d.Conclusion != c.want {
			t.Errorf("%s: got %s (%s), want %s", label, d.Conclusion, d.Because.En, c.want)
		}
	}
}

func TestParseTarget(t *testing.T) {
	for s, want := range map[string]string{
		"example.com": "example.com  0", "Example.COM.": "example.com  0", "example.com:8080": "example.com  8080",
		"https://example.com/": "example.com https 0", "http://www.示例.中国:81/x?y": "www.xn--fsq092h.xn--fiqs8s http 81",
	} {
		got, err := ParseTarget(s)
		if line := fmt.Sprintf("%s %s %d", got.Name.ASCII, got.Scheme, got.Port); err != nil || line != want {
			t.Errorf("%s: %s, %v; want %s", s, line, err, want)
		}
	}
	for _, s := range []string{"", "203.0.113.7", "http://203.0.113.7/", "[::1]:80", "example.com:0", "example.com:http", "http://a@example.com", "com"} {
		if got, err := ParseTarget(s); err == nil {
			t.Errorf("%q passed as %+v", s, got)
		}
	}
}
