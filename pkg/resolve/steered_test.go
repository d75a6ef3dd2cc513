package resolve

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/miekg/dns"

	"github.com/icpcheck/icpcheck/pkg/failure"
)

// scoped answers a query with records, and says on how much of the client's
// network they depend.
func scoped(w dns.ResponseWriter, query *dns.Msg, scope uint8, records ...string) {
	msg := new(dns.Msg).SetReply(query)
	msg.Authoritative, msg.RecursionAvailable = true, true
	for _, s := range records {
		rr, err := dns.NewRR(s)
		if err != nil {
			panic(err)
		}
		msg.Answer = append(msg.Answer, rr)
	}
	msg.SetEdns0(ednsSize, false)
	echo := clientSubnet(netip.MustParsePrefix("202.96.209.0/24"))
	echo.SourceScope = scope
	msg.IsEdns0().Option = append(msg.IsEdns0().Option, echo)
	_ = w.WriteMsg(msg)
}

// TestSteered: only the answer that has the addresses says whether they are
// those of the client's network, each family for itself.
func TestSteered(t *testing.T) {
	const alias, a, aaaa = "www.example.com. 60 IN CNAME cdn.example.", "cdn.example. 60 IN A 192.0.2.1", "cdn.example. 60 IN AAAA 2001:db8::1"
	v4, v6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	isAlias := func(q dns.Question) bool { return q.Name == "www.example.com." }
	for _, c := range []struct {
		name    string
		handler dns.HandlerFunc
		own     []netip.Addr
		steered bool
		failed  failure.Kind
		none    bool // no address at all
	}{
		{name: "the alias alone", handler: func(w dns.ResponseWriter, query *dns.Msg) {
			switch q := query.Question[0]; {
			case isAlias(q):
				scoped(w, query, 24, alias)
			case q.Qtype == dns.TypeA:
				scoped(w, query, 0, a)
			default:
				scoped(w, query, 0, aaaa)
			}
		}},
		{name: "the addresses alone", own: []netip.Addr{v4, v6}, steered: true, handler: func(w dns.ResponseWriter, query *dns.Msg) {
			switch q := query.Question[0]; {
			case isAlias(q):
				scoped(w, query, 0, alias)
			case q.Qtype == dns.TypeA:
				scoped(w, query, 24, a)
			default:
				scoped(w, query, 24, aaaa)
			}
		}},
		{name: "one family", own: []netip.Addr{v4}, steered: true, handler: func(w dns.ResponseWriter, query *dns.Msg) {
			if query.Question[0].Qtype == dns.TypeA {
				scoped(w, query, 24, alias, a)
			} else {
				scoped(w, query, 0, alias, aaaa)
			}
		}},
		{name: "the family without addresses", handler: func(w dns.ResponseWriter, query *dns.Msg) {
			if query.Question[0].Qtype == dns.TypeA {
				scoped(w, query, 0, alias, a)
			} else {
				scoped(w, query, 24)
			}
		}},
		{name: "one family fails", own: []netip.Addr{v4}, steered: true, failed: failure.Server, handler: func(w dns.ResponseWriter, query *dns.Msg) {
			if query.Question[0].Qtype == dns.TypeA {
				scoped(w, query, 24, alias, a)
			} else {
				_ = w.WriteMsg(new(dns.Msg).SetRcode(query, dns.RcodeServerFailure))
			}
		}},
		{name: "nothing for this network", steered: true, none: true, handler: func(w dns.ResponseWriter, query *dns.Msg) { scoped(w, query, 24) }},
		{name: "nothing for anybody in one family", none: true, handler: func(w dns.ResponseWriter, query *dns.Msg) {
			scope := uint8(24)
			if query.Question[0].Qtype == dns.TypeAAAA {
				scope = 0
			}
			scoped(w, query, scope)
		}},
		// It was told of no network, whatever it says.
		{name: "the retry without EDNS", handler: func(w dns.ResponseWriter, query *dns.Msg) {
			switch {
			case query.IsEdns0() != nil:
				_ = w.WriteMsg(new(dns.Msg).SetRcode(query, dns.RcodeFormatError))
			case query.Question[0].Qtype == dns.TypeA:
				scoped(w, query, 24, alias, a)
			default:
				scoped(w, query, 24, alias, aaaa)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := serve(t, c.handler)
			r := &Resolver{Servers: []string{server}, Timeout: long}
			v := r.Views(t.Context(), "www.example.com", []netip.Prefix{netip.MustParsePrefix("202.96.209.0/24")}, server)[0]
			if !slices.Equal(v.Own, c.own) || v.Steered != c.steered || (len(v.Addresses) == 0) != c.none {
				t.Errorf("got %+v, want own %v, steered %v", v, c.own, c.steered)
			}
			if got := v.Failure; (got == nil) != (c.failed == "") || got != nil && got.Kind != c.failed {
				t.Errorf("failure %v, want %q", got, c.failed)
			}
		})
	}
}

// TestNoBreakerForAuthorities: a batch meets a server of its own at every other
// name, and keeps nothing of it.
func TestNoBreakerForAuthorities(t *testing.T) {
	authority := serve(t, func(w dns.ResponseWriter, query *dns.Msg) { scoped(w, query, 24, "www.example.com. 60 IN A 192.0.2.1") })
	recursive := serve(t, func(w dns.ResponseWriter, query *dns.Msg) {
		switch q := query.Question[0]; {
		case q.Qtype == dns.TypeNS && q.Name == "example.com.":
			scoped(w, query, 0, "example.com. 60 IN NS ns.example.com.")
		case q.Qtype == dns.TypeA && q.Name == "ns.example.com.":
			scoped(w, query, 0, "ns.example.com. 60 IN A 127.0.0.1")
		default:
			scoped(w, query, 0)
		}
	})
	r := &Resolver{Servers: []string{recursive}, Timeout: long}
	r.AskAuthoritiesAt(authority)
	v := r.Views(t.Context(), "www.example.com", []netip.Prefix{netip.MustParsePrefix("202.96.209.0/24")}, "")[0]
	if v.Failure != nil || v.Server != authority || !v.Steered {
		t.Fatalf("got %+v", v)
	}
	var kept []any
	r.breakers.Range(func(server, _ any) bool { kept = append(kept, server); return true })
	if !slices.Equal(kept, []any{recursive}) {
		t.Errorf("breakers of %v, want the recursive server's alone", kept)
	}
}
