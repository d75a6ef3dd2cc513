package resolve

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/icpcheck/icpcheck/pkg/cache"
	"github.com/icpcheck/icpcheck/pkg/failure"
)

// Source is the source that every failure of this package names.
const Source = "dns"

// DefaultTimeout is how long one attempt may take when Resolver.Timeout is zero.
const DefaultTimeout = 3 * time.Second

// attempts is the first try and one polite retry.
const attempts = 2

// maxChase is how many more questions one alias chain may cost. Resolvers
// normally answer with the whole chain, so that none is needed.
const maxChase = 8

// Resolver looks names up. The zero value asks the servers of /etc/resolv.conf.
// It is safe for concurrent use.
type Resolver struct {
	// Servers are the recursive servers to ask, each in a form that ParseServer
	// accepts. The first is asked first, the second takes the retry. Empty: the
	// servers of /etc/resolv.conf.
	Servers []string

	// Timeout limits each of the two attempts at a question, TCP after
	// truncation included. Zero or less: DefaultTimeout.
	Timeout time.Duration

	// Now tells the time that answers carry. Nil: time.Now.
	Now func() time.Time

	// Cache keeps answers for as long as their records allow. Nil asks anew every time.
	Cache *cache.Store

	// RootCAs are the authorities that servers over TLS and HTTPS are verified
	// with. Nil: the system's.
	RootCAs *x509.CertPool

	// Public tells which addresses a zone's own servers may have, since a stranger
	// chooses them. Nil: all.
	Public func(netip.Addr) bool

	breakers      sync.Map // of type *breaker, by server
	sockets       sync.Map // of type *sockets, by recursive server
	resolvConf    string   // tests read another file than /etc/resolv.conf
	authorityPort uint16   // tests ask zones' own servers at another port than 53
}

// session is one look-up, with what its questions share.
type session struct {
	resolver *Resolver
	servers  []string // the recursive ones
	timeout  time.Duration
	roots    *x509.CertPool
	web      *http.Client
	tops     sync.Map // whether the servers know a top-level domain, of type func() error, by its name
}

// open begins a look-up; close it for the sake of kept connections.
func (r *Resolver) open() (*session, error) {
	s := &session{resolver: r, timeout: r.Timeout, roots: r.RootCAs}
	if s.timeout <= 0 {
		s.timeout = DefaultTimeout
	}
	s.web = &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: r.RootCAs, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true},
		// A redirected question would go to a server nobody has named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	var err error
	s.servers, err = r.servers()
	return s, err
}

func (s *session) close() { s.web.CloseIdleConnections() }

// Answer is what the DNS says about one name. Names are in ASCII and lower case
// without a trailing dot. A nil slice means unknown, an empty one means none.
type Answer struct {
	Addresses   []netip.Addr // of A and AAAA, IPv4 first, sorted, each once
	CNAMEs      []string     // the alias chain in order, without the name itself
	Nameservers []string     // NS of the apex, sorted
	SOA         *SOA         // of the apex; nil also when the apex has none

	// Exists is false when the servers say NXDOMAIN, true when they know the
	// name even without records, nil when no server told.
	Exists *bool

	Server string    // the server that answered first in question order, else the one asked last, as ParseServer writes it
	At     time.Time // when the look-up ended, which may be an earlier run's time

	// Failures has one entry for each question without an answer, in the order
	// A, AAAA, CNAME, NS, SOA; Query reads like "example.com A".
	Failures []*failure.Failure `json:"-"`
}

// SOA is the start of authority of a zone.
type SOA struct {
	MName  string // primary name server
	RName  string // mailbox of the person in charge, first dot in place of @
	Serial uint32
}

// question is one of the five questions of a look-up.
type question struct {
	name  string // canonical, with trailing dot
	qtype uint16
}

// String is the form used in failures, for example "example.com A".
func (q question) String() string {
	return bare(q.name) + " " + dns.TypeToString[q.qtype]
}

// outcome is what became of one question.
type outcome struct {
	server  string
	known   bool          // the server told whether the name exists
	exists  bool          // valid when known
	chain   []string      // aliases passed, canonical
	records []dns.RR      // of the type asked, at the end of the chain
	ttl     time.Duration // for how long all of this may be kept
	steered bool          // the last answer depends on the client's network
	failure *failure.Failure
}

// Lookup asks A, AAAA and CNAME of name and NS and SOA of apex, the registrable
// name that it belongs to. Both are ASCII host names; case and a trailing dot do
// not matter. It returns when every question is answered or given up, and
// promptly when ctx ends.
func (r *Resolver) Lookup(ctx context.Context, name, apex string) Answer {
	name, apex = dns.CanonicalName(name), dns.CanonicalName(apex)
	questions := []question{
		{name, dns.TypeA}, {name, dns.TypeAAAA}, {name, dns.TypeCNAME},
		{apex, dns.TypeNS}, {apex, dns.TypeSOA},
	}
	s, err := r.open()
	defer s.close()
	key := strings.Join(s.servers, " ") + "\x00" + name + "\x00" + apex
	return cache.Do(r.Cache, cache.DNS, key, func() (Answer, time.Duration) { return r.lookup(ctx, s, err, questions) })
}

// lookup asks the questions at once, and tells for how long the answer may be
// kept. noServers says why there is nobody to ask.
func (r *Resolver) lookup(ctx context.Context, s *session, noServers error, questions []question) (Answer, time.Duration) {
	outcomes := make([]outcome, len(questions))
	var wg sync.WaitGroup
	for i, q := range questions {
		if noServers != nil {
			outcomes[i].failure = failure.New(failure.Unsupported, Source, "", q.String(), noServers)
			continue
		}
		wg.Go(func() { outcomes[i] = s.resolve(ctx, q, s.recursively) })
	}
	wg.Wait()

	now := r.Now
	if now == nil {
		now = time.Now
	}
	answer := combine(questions, outcomes)
	answer.At = now()
	ttl := maxKeep
	for _, o := range outcomes {
		if o.failure != nil {
			ttl = 0
		}
		ttl = min(ttl, o.ttl)
	}
	return answer, ttl
}

// combine builds the answer from the outcomes, which stand in the order of the
// questions.
func combine(questions []question, outcomes []outcome) Answer {
	a, aaaa, cname, ns, soa := outcomes[0], outcomes[1], outcomes[2], outcomes[3], outcomes[4]
	answer := Answer{
		Addresses:   addresses(a, aaaa),
		CNAMEs:      aliases(a, aaaa, cname),
		Nameservers: nameservers(ns),
		SOA:         authority(soa),
	}
	answered := false
	for i, o := range outcomes {
		if o.failure != nil {
			answer.Failures = append(answer.Failures, o.failure)
		}
		if ok := o.failure == nil; o.server != "" && !answered {
			answer.Server, answered = o.server, ok
		}
		// A server that knows the name for one type and denies it for another is
		// broken; believe the one that saw something.
		if o.known && questions[i].name == questions[0].name && (answer.Exists == nil || o.exists) {
			answer.Exists = &o.exists
		}
	}
	return answer
}

// addresses joins the two families. None is only certain when both questions
// were answered.
func addresses(a, aaaa outcome) []netip.Addr {
	list := []netip.Addr{}
	for _, rr := range slices.Concat(a.records, aaaa.records) {
		var raw []byte
		switch rr := rr.(type) {
		case *dns.A:
			raw = rr.A.To4()
		case *dns.AAAA:
			raw = rr.AAAA.To16()
		}
		if addr, ok := netip.AddrFromSlice(raw); ok {
			list = append(list, addr)
		}
	}
	if len(list) == 0 && (a.failure != nil || aaaa.failure != nil) {
		return nil
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return slices.Compact(list)
}

// aliases takes the longest chain seen: the answer to CNAME shows one link, and
// a chain that was cut short by a failure is a prefix of the whole.
func aliases(outcomes ...outcome) []string {
	var list []string
	for _, o := range outcomes {
		if o.failure == nil && list == nil {
			list = []string{}
		}
		if len(o.chain) > len(list) {
			list = make([]string, len(o.chain))
			for i, name := range o.chain {
				list[i] = bare(name)
			}
		}
	}
	return list
}

func nameservers(o outcome) []string {
	if o.failure != nil {
		return nil
	}
	list := []string{}
	for _, rr := range o.records {
		if ns, ok := rr.(*dns.NS); ok {
			list = append(list, bare(dns.CanonicalName(ns.Ns)))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func authority(o outcome) *SOA {
	for _, rr := range o.records {
		if soa, ok := rr.(*dns.SOA); ok {
			return &SOA{
				MName:  bare(dns.CanonicalName(soa.Ns)),
				RName:  bare(dns.CanonicalName(soa.Mbox)),
				Serial: soa.Serial,
			}
		}
	}
	return nil
}

// asker puts one question to whoever knows, and returns the server asked last.
type asker func(ctx context.Context, q question) (msg *dns.Msg, server string, err error)

// recursively asks the recursive servers.
func (s *session) recursively(ctx context.Context, q question) (*dns.Msg, string, error) {
	msg, server, err := s.ask(ctx, s.servers, q, manner{})
	if err == nil && !proven(msg) {
		err = s.reaches(ctx, q.name)
	}
	return msg, server, err
}

// proven reports whether an answer does not deny the name, or comes from or shows
// an authority that does (RFC 2308): one of a domain, or the public root. Behind a
// captive portal, in a sandbox or in a closed network servers deny every name, and
// show nothing, or a root of their own.
func proven(msg *dns.Msg) bool {
	return msg.Rcode != dns.RcodeNameError || len(msg.Answer) > 0 || msg.Authoritative ||
		slices.ContainsFunc(msg.Ns, func(rr dns.RR) bool {
			soa, ok := rr.(*dns.SOA)
			return ok && (soa.Hdr.Name != "." || dns.CanonicalName(soa.Ns) == publicRoot)
		})
}

// publicRoot is the primary server that the root of the public DNS names. Where it
// denies a name, there is no such top-level domain.
const publicRoot = "a.root-servers.net."

// reaches tells why the servers do not know the public DNS, or nil: they must not
// deny the top-level domain as well. Some that are sound leave the proof out when
// they answer from their memory.
func (s *session) reaches(ctx context.Context, name string) error {
	labels := dns.SplitDomainName(name)
	top := dns.Fqdn(labels[len(labels)-1])
	ask, _ := s.tops.LoadOrStore(top, sync.OnceValue(func() error {
		msg, _, err := s.ask(ctx, s.servers, question{top, dns.TypeNS}, manner{})
		if err == nil && msg.Rcode == dns.RcodeNameError && !msg.Authoritative {
			return fmt.Errorf("%w: not even .%s", errSecluded, bare(top))
		}
		return nil
	}))
	return ask.(func() error)()
}

// resolve answers one question, following aliases for addresses.
func (s *session) resolve(ctx context.Context, q question, ask asker) outcome {
	o := outcome{ttl: maxKeep}
	if err := checkName(q.name); err != nil {
		o.failure = failure.New(failure.Unsupported, Source, "", q.String(), err)
		return o
	}
	follow := q.qtype == dns.TypeA || q.qtype == dns.TypeAAAA
	owner, seen := q.name, map[string]bool{q.name: true}
	fail := func(err error) outcome {
		if owner != q.name {
			err = fmt.Errorf("following the alias %s: %w", bare(owner), err)
		}
		o.failure = describe(o.server, q.String(), err)
		return o
	}
	for chased := 0; ; chased++ {
		if chased > maxChase {
			return fail(fmt.Errorf("gave up after %d aliases", len(o.chain)))
		}
		msg, server, err := ask(ctx, question{owner, q.qtype})
		o.server = server
		if err != nil {
			return fail(err)
		}
		if !concerns(msg, owner) {
			return fail(errors.New("the answer is about another name"))
		}
		o.ttl, o.steered = min(o.ttl, keep(msg)), scopeOf(msg) > 0
		links := map[string]string{}
		for _, rr := range msg.Answer {
			if c, ok := rr.(*dns.CNAME); ok {
				links[dns.CanonicalName(c.Hdr.Name)] = dns.CanonicalName(c.Target)
			}
		}
		target, aliased := links[owner]
		if chased == 0 {
			// The code of an answer with aliases speaks of the last one.
			o.known, o.exists = true, aliased || msg.Rcode != dns.RcodeNameError
		}
		if q.qtype == dns.TypeCNAME && aliased {
			o.chain = []string{target}
			return o
		}
		asked := owner
		for ; follow && aliased; target, aliased = links[owner] {
			o.chain = append(o.chain, target)
			if seen[target] {
				return fail(fmt.Errorf("the aliases go round in a circle at %s", bare(target)))
			}
			seen[target], owner = true, target
		}
		for _, rr := range msg.Answer {
			if rr.Header().Rrtype == q.qtype && dns.CanonicalName(rr.Header().Name) == owner {
				o.records = append(o.records, rr)
			}
		}
		// Ask for the end of the chain only if this answer left it open: an SOA
		// beside it says that the end has no such record.
		open := owner != asked && len(o.records) == 0 &&
			msg.Rcode == dns.RcodeSuccess && !hasSOA(msg.Ns)
		if !open {
			return o
		}
	}
}

// concerns reports whether an answer with records has one of the name asked.
// Records of others alone do not say that the name has none.
func concerns(msg *dns.Msg, name string) bool {
	return len(msg.Answer) == 0 || slices.ContainsFunc(msg.Answer, func(rr dns.RR) bool { return dns.CanonicalName(rr.Header().Name) == name })
}

func hasSOA(list []dns.RR) bool {
	return slices.ContainsFunc(list, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeSOA })
}

// ask sends one question, once more if the first attempt fails, and returns the
// server it asked last.
func (s *session) ask(ctx context.Context, servers []string, q question, m manner) (msg *dns.Msg, server string, err error) {
	edns := true
	for i := range attempts {
		server = servers[i%len(servers)]
		msg, err = s.guarded(ctx, server, q, m, edns)
		if err == nil || ctx.Err() != nil {
			break
		}
		edns = !rejectsEDNS(err)
	}
	return msg, server, err
}

// bare drops the trailing dot.
func bare(name string) string { return strings.TrimSuffix(name, ".") }

// checkName refuses what is no host name in ASCII, above all Unicode names,
// which the caller has to convert first, and dots and escapes that the DNS
// would read in its own way.
func checkName(name string) error {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.'
	}
	_, ok := dns.IsDomainName(name)
	if !ok || name == "." || strings.ContainsFunc(name, func(r rune) bool { return !plain(r) }) {
		return fmt.Errorf("%q is not a host name in ASCII", bare(name))
	}
	return nil
}
