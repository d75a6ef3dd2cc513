package resolve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"github.com/icpcheck/icpcheck/pkg/failure"
)

// View is what the clients of one network are told about a name.
type View struct {
	// Addresses, CNAMEs and Server are as in Answer.
	Addresses []netip.Addr
	CNAMEs    []string
	Server    string
	// Own are those of Addresses whose answer depends on the client's network, as
	// the server that gave it says (RFC 7871, a scope above 0). Nothing shows that
	// these clients are given the others: IPv4 and IPv6 are answered apart, and
	// what an alias on the way depends on says nothing of where it leads.
	Own []netip.Addr
	// Steered tells that there are Own ones, or that both answers depend on the
	// network and have no address.
	Steered bool
	// Failure tells why addresses are missing, all or those of one family; nil
	// where both were answered.
	Failure *failure.Failure
}

// Views asks for the addresses of name (as in Lookup) on behalf of clients in
// the networks given, and answers in their order. The questions go to the own
// servers of the name's zone, and of the zones that its aliases lead to, since
// public resolvers mostly ignore a network that is not the asker's. With via
// they go to that recursive server instead, in a form that ParseServer accepts.
func (r *Resolver) Views(ctx context.Context, name string, networks []netip.Prefix, via string) []View {
	name = dns.CanonicalName(name)
	views := make([]View, len(networks))
	s, err := r.open()
	defer s.close()
	if err == nil && via != "" {
		via, err = ParseServer(via)
	}
	if err != nil {
		for i := range views {
			views[i].Failure = failure.New(failure.Unsupported, Source, "", bare(name), err)
		}
		return views
	}
	zones := &zones{session: s, public: r.Public, port: r.authorityPort, found: map[string]func() ([]string, error){}}
	var wg sync.WaitGroup
	for i, network := range networks {
		wg.Go(func() { views[i] = s.view(ctx, name, network, via, zones) })
	}
	wg.Wait()
	return views
}

func (s *session) view(ctx context.Context, name string, network netip.Prefix, via string, zones *zones) View {
	ask := func(ctx context.Context, q question) (*dns.Msg, string, error) {
		servers, m := []string{via}, manner{subnet: network}
		if via == "" {
			var err error
			if servers, err = zones.of(ctx, q.name); err != nil {
				return nil, "", fmt.Errorf("finding the zone's servers: %w", err)
			}
			m.authority = true
		}
		return s.ask(ctx, servers, q, m)
	}
	var a, aaaa outcome
	var wg sync.WaitGroup
	wg.Go(func() { a = s.resolve(ctx, question{name, dns.TypeA}, ask) })
	wg.Go(func() { aaaa = s.resolve(ctx, question{name, dns.TypeAAAA}, ask) })
	wg.Wait()
	v := View{Addresses: addresses(a, aaaa), CNAMEs: aliases(a, aaaa), Server: a.server, Failure: cmp.Or(a.failure, aaaa.failure)}
	for _, o := range []outcome{a, aaaa} {
		if o.steered {
			v.Own = append(v.Own, addresses(o, outcome{})...)
		}
	}
	v.Steered = len(v.Own) > 0 || v.Failure == nil && len(v.Addresses) == 0 && a.steered && aaaa.steered
	return v
}

// zones finds the own servers of zones, each zone's once.
type zones struct {
	*session
	public func(netip.Addr) bool
	port   uint16

	mu    sync.Mutex
	found map[string]func() ([]string, error) // by zone
}

// Limits of looking for a zone's servers, which a stranger has set up.
const (
	mostLabels  = 8 // how far up a zone is looked for
	mostServers = 3 // how many of its servers are taken
)

var errNoZone = errors.New("no zone with servers found")

// of returns the servers of the zone that a name is in.
func (z *zones) of(ctx context.Context, name string) ([]string, error) {
	for range mostLabels {
		servers, err := z.at(ctx, name)
		if err != nil || len(servers) > 0 {
			return servers, err
		}
		next, end := dns.NextLabel(name, 0)
		if end {
			break
		}
		name = name[next:]
	}
	return nil, failure.New(failure.Unsupported, Source, "", bare(name), errNoZone)
}

// at returns the servers of the zone that begins at a name, none where none does.
func (z *zones) at(ctx context.Context, zone string) ([]string, error) {
	z.mu.Lock()
	find, ok := z.found[zone]
	if !ok {
		find = sync.OnceValues(func() ([]string, error) { return z.find(ctx, zone) })
		z.found[zone] = find
	}
	z.mu.Unlock()
	return find()
}

func (z *zones) find(ctx context.Context, zone string) ([]string, error) {
	if err := checkName(zone); err != nil {
		return nil, err
	}
	msg, _, err := z.recursively(ctx, question{zone, dns.TypeNS})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, rr := range msg.Answer {
		if ns, ok := rr.(*dns.NS); ok && dns.CanonicalName(ns.Hdr.Name) == zone {
			names = append(names, dns.CanonicalName(ns.Ns))
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 {
		return nil, nil
	}
	names = names[:min(len(names), mostServers)]
	found := make([]outcome, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { found[i] = z.resolve(ctx, question{name, dns.TypeA}, z.recursively) })
	}
	wg.Wait()
	port := z.port
	if port == 0 {
		port = 53
	}
	var servers []string
	var refused, failed error
	for i, o := range found {
		if o.failure != nil {
			failed = o.failure
			continue
		}
		for _, a := range addresses(o, outcome{}) {
			if z.public != nil && !z.public(a) {
				refused = fmt.Errorf("%s of %s is not a public address", a, bare(names[i]))
				continue
			}
			servers = append(servers, netip.AddrPortFrom(a, port).String())
		}
	}
	switch {
	case len(servers) > 0:
		return servers, nil
	case refused != nil:
		return nil, failure.New(failure.Forbidden, Source, "", bare(zone)+" NS", refused)
	case failed != nil:
		return nil, failed
	}
	return nil, fmt.Errorf("the servers of %s (%s) have no address", bare(zone), strings.Join(names, " "))
}
