package resolve_test

import (
	"crypto/x509"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/playback"
	"github.com/icpcheck/icpcheck/pkg/resolve"
)

const header = "; recorded: 2026-11-24\n; server: 127.0.0.1\n; query: example.com\n; anonymised: invented\n"

// steered is a name that a CDN in another zone answers by network; the zone's
// own servers are on loopback.
var steered = fstest.MapFS{
	"dns.zone": {Data: []byte(header + `
example.com 60 IN SOA ns.example.com host.example.com 1 1 1 1 1
example.com 60 IN NS ns.example.com
example.com 60 IN A 203.0.113.9
ns.example.com 60 IN A 127.0.0.1
www.example.com 60 IN CNAME www.example.com.w.cdn.example
same.example.com 60 IN A 203.0.113.1
broken.example.com 60 IN CNAME away.inside.example
cdn.example 60 IN SOA ns.cdn.example host.cdn.example 1 1 1 1 1
cdn.example 60 IN NS ns.cdn.example
ns.cdn.example 60 IN A 127.0.0.1
www.example.com.w.cdn.example 60 IN A 203.0.113.2
inside.example 60 IN SOA ns.inside.example host.inside.example 1 1 1 1 1
inside.example 60 IN NS ns.inside.example
ns.inside.example 60 IN A 10.0.0.1
`)},
	"subnet/202.96.209.0_24.zone": {Data: []byte(header + "www.example.com.w.cdn.example 60 IN A 203.0.113.3\nwww.example.com.w.cdn.example 60 IN AAAA 2001:db8::3\n")},
	"subnet/168.126.0.0_16.zone":  {Data: []byte(header + "www.example.com.w.cdn.example 60 IN A 203.0.113.4\n")},
}

func startSteered(t *testing.T) *playback.Servers {
	t.Helper()
	if err := playback.CheckHeaders(steered); err != nil {
		t.Fatal(err)
	}
	servers, err := playback.Start(steered, playback.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = servers.Close() })
	return servers
}

var networks = []netip.Prefix{netip.MustParsePrefix("202.96.209.0/24"), netip.MustParsePrefix("202.106.0.0/24"), netip.MustParsePrefix("168.126.63.0/24")}

func addresses(list ...string) []netip.Addr {
	out := []netip.Addr{}
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

func TestViews(t *testing.T) {
	servers := startSteered(t)
	loopback := func(a netip.Addr) bool { return a.IsLoopback() }
	r := resolve.Resolver{Servers: []string{servers.DNSAddr}, Timeout: time.Minute, Public: loopback}
	r.AskAuthoritiesAt(servers.DNSAddr)
	alias := []string{"www.example.com.w.cdn.example"}
	for _, c := range []struct {
		name, via string
		want      []resolve.View
	}{
		{"WWW.example.com.", "", []resolve.View{
			{Addresses: addresses("203.0.113.3", "2001:db8::3"), CNAMEs: alias, Own: addresses("203.0.113.3", "2001:db8::3"), Steered: true},
			{Addresses: addresses("203.0.113.2"), CNAMEs: alias},
			{Addresses: addresses("203.0.113.4"), CNAMEs: alias, Own: addresses("203.0.113.4"), Steered: true},
		}},
		{"www.example.com", servers.DNSOverTLS, nil}, // not trusted here
		{"same.example.com", "", []resolve.View{
			{Addresses: addresses("203.0.113.1"), CNAMEs: []string{}}, {Addresses: addresses("203.0.113.1"), CNAMEs: []string{}}, {Addresses: addresses("203.0.113.1"), CNAMEs: []string{}},
		}},
		{"www.example.com", servers.DNSAddr, []resolve.View{
			{Addresses: addresses("203.0.113.3", "2001:db8::3"), CNAMEs: alias, Own: addresses("203.0.113.3", "2001:db8::3"), Steered: true},
			{Addresses: addresses("203.0.113.2"), CNAMEs: alias},
			{Addresses: addresses("203.0.113.4"), CNAMEs: alias, Own: addresses("203.0.113.4"), Steered: true},
		}},
	} {
		got := r.Views(t.Context(), c.name, networks, c.via)
		if c.want == nil {
			for _, v := range got {
				if v.Failure == nil || v.Failure.Kind != failure.Insecure {
					t.Errorf("%s via %s: %+v", c.name, c.via, v)
				}
			}
			continue
		}
		for i, v := range got {
			if v.Server != servers.DNSAddr {
				t.Errorf("%s: asked %s", c.name, v.Server)
			}
			if v.Server = ""; !reflect.DeepEqual(v, c.want[i]) {
				t.Errorf("%s for %s: got %+v, want %+v", c.name, networks[i], v, c.want[i])
			}
		}
	}
	// A zone whose servers are inside is not asked, nor is one that has none.
	for _, v := range r.Views(t.Context(), "broken.example.com", networks[:1], "") {
		if v.Failure == nil || v.Failure.Kind != failure.Forbidden {
			t.Errorf("servers inside: %+v", v)
		}
	}
	if v := r.Views(t.Context(), "none.test", networks[:1], "")[0]; v.Failure == nil || !strings.Contains(v.Failure.Error(), "no zone") {
		t.Errorf("no zone: %+v", v)
	}
	if v := r.Views(t.Context(), "www.example.com", networks[:1], "dns.example")[0]; v.Failure == nil || v.Failure.Kind != failure.Unsupported {
		t.Errorf("no server: %+v", v)
	}
}

func TestLookupEncrypted(t *testing.T) {
	servers := startSteered(t)
	roots := x509.NewCertPool()
	roots.AddCert(servers.Certificate)
	for _, server := range []string{servers.DNSOverTLS, servers.DNSOverHTTPS} {
		r := resolve.Resolver{Servers: []string{server}, Timeout: time.Minute, RootCAs: roots}
		a := r.Lookup(t.Context(), "www.example.com", "example.com")
		if len(a.Failures) != 0 || !reflect.DeepEqual(a.Addresses, addresses("203.0.113.2")) || a.Server != server || a.SOA == nil {
			t.Errorf("%s: %+v", server, a)
		}
		r.RootCAs = nil
		if a := r.Lookup(t.Context(), "www.example.com", "example.com"); len(a.Failures) != 5 || a.Failures[0].Kind != failure.Insecure {
			t.Errorf("%s, not trusted: %v", server, a.Failures)
		}
	}
	r := resolve.Resolver{Servers: []string{strings.Replace(servers.DNSOverHTTPS, "dns-query", "elsewhere", 1)}, Timeout: time.Minute, RootCAs: roots}
	if a := r.Lookup(t.Context(), "www.example.com", "example.com"); len(a.Failures) != 5 || a.Failures[0].Kind != failure.Refused {
		t.Errorf("another path: %v", a.Failures)
	}
}
