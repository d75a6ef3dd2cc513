package diagnose

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/fetch"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/page"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// Conclusion is why a site cannot be reached, or that it can.
type Conclusion string

// The conclusions, also the ids of rulebook table conclusions.
const (
	NotFiled        Conclusion = "not-filed"        // blocked; not filed, as far as is known
	NotTakenOver    Conclusion = "not-taken-over"   // blocked; filed, but not accessed with this provider
	AccessCancelled Conclusion = "access-cancelled" // blocked; was filed with this provider
	Expired         Conclusion = "expired"          // the name has run out, or is not registered
	OnHold          Conclusion = "on-hold"          // the registry or registrar took the name out of the DNS
	PointsElsewhere Conclusion = "points-elsewhere" // to nothing, to a private address, or not to the declared server
	PointsAbroad    Conclusion = "points-abroad"    // outside the mainland
	ResetByName     Conclusion = "reset-by-name"    // cut off by name, fine by address
	ServerDown      Conclusion = "server-down"      // no connection, no answer, or an error of the server
	ServerRefuses   Conclusion = "server-refuses"   // the server's own 4xx or certificate
	Fine            Conclusion = "fine"             // GET by name gave the site
	Undetermined    Conclusion = "undetermined"
)

// Conclusions lists them all.
func Conclusions() []Conclusion {
	return []Conclusion{NotFiled, NotTakenOver, AccessCancelled, Expired, OnHold, PointsElsewhere, PointsAbroad, ResetByName,
		ServerDown, ServerRefuses, Fine, Undetermined}
}

// Outcome says how a step went.
type Outcome string

// The outcomes. Open means that the step tells nothing either way.
const (
	OK      Outcome = "ok"
	Failed  Outcome = "failed"
	Blocked Outcome = "blocked"
	Open    Outcome = "open"
	Skipped Outcome = "skipped"
)

// Step is one thing that was tried.
type Step struct {
	// ID is registration, dns, vantage, connect, http, http-address, https, tls or tls-address.
	ID string
	// Target is whom or what it asked, for example http://example.com/ at 192.0.2.7.
	Target  string
	Outcome Outcome
	// Seen is what came of it, in a sentence.
	Seen text.Text
}

// Diagnosis is what came of all steps.
type Diagnosis struct {
	Conclusion Conclusion
	// Because names the observation that decided it.
	Because text.Text
	// Signature is the block page that was recognised; nil for none.
	Signature *page.Signature
	Steps     []Step
}

// Target is the name to diagnose, with the port and scheme where they are not
// the usual two.
type Target struct {
	Name   domainname.Name
	Scheme string // http, https, or empty for both
	Port   uint16 // 0 for the usual ones
}

// ParseTarget reads example.com, example.com:8080 or a URL. Providers block by
// name on any port.
func ParseTarget(s string) (Target, error) {
	var t Target
	rest := strings.TrimSpace(s)
	if strings.Contains(rest, "://") {
		u, err := fetch.ParseURL(rest)
		if err != nil {
			return t, err
		}
		t.Scheme, rest = u.Scheme, u.Host
	}
	if host, port, err := net.SplitHostPort(rest); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return t, text.Errorf("%q 不是端口，应为 1 到 65535", "%q is no port, want 1 to 65535", port)
		}
		t.Port, rest = uint16(n), host
	}
	if _, err := netip.ParseAddr(strings.Trim(rest, "[]")); err == nil {
		return t, text.Errorf("%q 是地址，请给出域名：接入商是按域名阻断的", "%q is an address, give the name: providers block by name", rest)
	}
	var err error
	t.Name, err = domainname.Parse(rest)
	return t, err
}

// Prober makes the connections. The zero value is ready, but knows no
// signatures and so recognises no block page.
type Prober struct {
	Signatures []page.Signature
	// Timeout bounds the connections as a whole; zero means fetch.DefaultTimeout.
	Timeout time.Duration
	// AllowPrivate lets connections go to addresses that are not public.
	AllowPrivate bool
	// Dial connects to "192.0.2.7:80"; nil means a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// RootCAs are the authorities to trust; nil means the system's.
	RootCAs   *x509.CertPool
	UserAgent string
	// Now is the day that expiry is judged on; zero means the present.
	Now time.Time
	// Offline makes no connection.
	Offline bool
	// Views are what visitors elsewhere are told; Describe puts one into words.
	Views    []filing.View
	Describe func(filing.View) text.Text
	// Explain puts a failed look-up into words; nil leaves it at the failure's own.
	Explain func(*failure.Failure) text.Text
	// CDN names those that the name goes through, in words; empty for none.
	CDN text.Text
	// Mainland tells which addresses are in the mainland, where names are blocked:
	// these are asked before others. Nil knows of none.
	Mainland func(netip.Addr) bool
}

// Diagnose probes the target. facts are what is known from look-ups (domain.*)
// and from the user: domain.filed, subject.filed_at_provider and
// subject.filed_elsewhere tell the kinds of block apart, server.addresses says
// where the name should point. missed are look-ups that gave nothing.
func (p *Prober) Diagnose(ctx context.Context, t Target, facts filing.Facts, missed []filing.Missed) Diagnosis {
	timeout := p.Timeout
	if timeout <= 0 {
		timeout = fetch.DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	o := &observations{now: p.Now, target: t, facts: facts, allowPrivate: p.AllowPrivate, cdn: p.CDN, explain: p.Explain}
	if o.explain == nil {
		o.explain = func(f *failure.Failure) text.Text { return text.Text{Zh: f.Error(), En: f.Error()} }
	}
	if o.now.IsZero() {
		o.now = time.Now()
	}
	_, told := facts.List("domain.vantage_places")
	o.asked = lost(missed, "domain.vantage_places") != nil || slices.ContainsFunc(p.Views, func(v filing.View) bool { return v.Mainland })
	// A CDN gives visitors in the mainland other nodes than it gives us.
	o.untold = !told && (o.asked || !p.CDN.Empty())
	for _, v := range p.Views {
		for _, at := range v.Addresses {
			if a, err := netip.ParseAddr(at.Address); err == nil && v.Mainland && at.Own {
				o.sent = append(o.sent, a.Unmap())
			}
		}
	}
	o.registration(missed)
	o.dns(missed)
	for _, v := range p.Views {
		p.viewed(o, v)
	}
	if p.Offline {
		o.step("connect", "", Skipped, "未连接（离线）", "not connected (offline)")
	} else if addresses := o.reachable(); len(addresses) > 0 {
		p.probe(ctx, o, p.mainlandFirst(o.sent, addresses))
	}
	return o.conclude()
}

// mainland reports whether an address is known to be there.
func (p *Prober) mainland(a netip.Addr) bool { return p.Mainland != nil && p.Mainland(a) }

// mainlandFirst puts the addresses in the mainland before the others, those that
// only its visitors are sent to included: a name is blocked there, and what a
// node abroad answers tells nothing of that.
func (p *Prober) mainlandFirst(sent, addresses []netip.Addr) []netip.Addr {
	var inside, others []netip.Addr
	for _, a := range sent {
		if p.mainland(a) && (p.AllowPrivate || fetch.Public(a)) {
			inside = append(inside, a)
		}
	}
	for _, a := range addresses {
		if p.mainland(a) {
			inside = append(inside, a)
		} else {
			others = append(others, a)
		}
	}
	var list []netip.Addr
	for _, a := range append(inside, others...) {
		if !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}

// viewed makes a step of where visitors elsewhere are sent.
func (p *Prober) viewed(o *observations, v filing.View) {
	outcome := OK
	switch {
	case v.Addresses == nil, !v.Steered:
		outcome = Open // not known, or not known to be what they get
	case len(v.Addresses) == 0:
		outcome = Failed
	}
	words := p.Describe(v)
	zh, en := "解析到 ", " is sent to "
	if len(v.Addresses) == 0 {
		zh, en = "：", ": "
	}
	o.step("vantage", v.Subnet, outcome, v.Name.Zh+zh+words.Zh, v.Name.En+en+words.En)
}

// mostAddresses is how many addresses of a name are connected to.
const mostAddresses = 4

// probe connects, and asks by name and by address at once.
func (p *Prober) probe(ctx context.Context, o *observations, addresses []netip.Addr) {
	addresses = addresses[:min(len(addresses), mostAddresses)]
	o.probed = addresses
	plain, secure := o.target.ports()
	ports := []uint16{}
	for _, port := range []uint16{plain, secure} {
		if port != 0 && (len(ports) == 0 || ports[0] != port) {
			ports = append(ports, port)
		}
	}
	o.connects = make([]connect, len(addresses)*len(ports))
	var wg sync.WaitGroup
	for i := range o.connects {
		c := &o.connects[i]
		c.to = netip.AddrPortFrom(addresses[i/len(ports)], ports[i%len(ports)])
		wg.Go(func() { c.state = p.connect(ctx, c.to) })
	}
	wg.Wait()
	o.connected()

	// All that follows goes to one address, so that name and control compare: one
	// in the mainland where there is one that takes connections.
	// The connections are the same that a browser would make, one after the
	// other, but no answer waits for another.
	via, ok := o.via(p.mainland)
	if !ok {
		return
	}
	name := o.target.Name.ASCII
	if plain != 0 && o.open(via, plain) {
		wg.Go(func() { o.http = p.get(ctx, "http", name, plain, via) })
		wg.Go(func() { o.control = p.get(ctx, "http", via.String(), plain, via) })
	}
	if secure != 0 && o.open(via, secure) {
		wg.Go(func() { o.https = p.get(ctx, "https", name, secure, via) })
		wg.Go(func() { o.tls12 = p.handshake(ctx, netip.AddrPortFrom(via, secure), name, false) })
		wg.Go(func() { o.tls13 = p.handshake(ctx, netip.AddrPortFrom(via, secure), name, true) })
		wg.Go(func() { o.tlsControl = p.handshake(ctx, netip.AddrPortFrom(via, secure), "", true) })
	}
	wg.Wait()
	o.answered(p.Signatures)
}

// ports are where http and https are asked; 0 leaves one out. On a port of the
// user's both are tried, since nothing tells which it speaks.
func (t Target) ports() (plain, secure uint16) {
	plain, secure = 80, 443
	if t.Port != 0 {
		plain, secure = t.Port, t.Port
	}
	switch t.Scheme {
	case "http":
		if t.Port != 0 {
			secure = 0
		}
	case "https":
		if t.Port != 0 {
			plain = 0
		}
	}
	return plain, secure
}

// address writes the URL asked for, without the usual ports.
func address(scheme, host string, port uint16) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if scheme == "http" && port != 80 || scheme == "https" && port != 443 {
		host += ":" + strconv.Itoa(int(port))
	}
	return (&url.URL{Scheme: scheme, Host: host, Path: "/"}).String()
}
