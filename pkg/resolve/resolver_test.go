package resolve

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/icpcheck/icpcheck/pkg/failure"
)

// long is a time limit that no test is meant to reach, short one that tests
// reach on purpose.
const (
	long  = time.Minute
	short = 500 * time.Millisecond
)

var noon = time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC)

// serve starts a DNS server on UDP and TCP and returns its address.
func serve(t testing.TB, handler dns.HandlerFunc) string {
	t.Helper()
	packets, listener := listen(t)
	for _, server := range []*dns.Server{
		{PacketConn: packets, Handler: handler},
		{Listener: listener, Handler: handler},
	} {
		started, stopped := make(chan struct{}), make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		go func() {
			defer close(stopped)
			if err := server.ActivateAndServe(); err != nil {
				t.Errorf("serving: %v", err)
			}
		}()
		<-started
		t.Cleanup(func() {
			if err := server.Shutdown(); err != nil {
				t.Errorf("stopping: %v", err)
			}
			<-stopped
		})
	}
	return packets.LocalAddr().String()
}

// listen finds a port that is free for both protocols.
func listen(t testing.TB) (net.PacketConn, net.Listener) {
	t.Helper()
	var err error
	for range 20 {
		var l net.Listener
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			continue
		}
		var p net.PacketConn
		if p, err = net.ListenPacket("udp", l.Addr().String()); err != nil {
			l.Close()
			continue
		}
		return p, l
	}
	t.Fatalf("no port is free for both UDP and TCP: %v", err)
	return nil, nil
}

// reply answers a query with these records, as a recursive server would.
func reply(t testing.TB, query *dns.Msg, rcode int, records ...string) *dns.Msg {
	t.Helper()
	msg := new(dns.Msg).SetRcode(query, rcode)
	msg.RecursionAvailable = true
	for _, s := range records {
		rr, err := dns.NewRR(s)
		if err != nil {
			t.Errorf("record %q: %v", s, err)
			continue
		}
		if soa, ok := rr.(*dns.SOA); ok && query.Question[0].Qtype != dns.TypeSOA {
			msg.Ns = append(msg.Ns, soa)
			continue
		}
		msg.Answer = append(msg.Answer, rr)
	}
	return msg
}

// canned answers by question ("www.example.com A"): the first field of the entry
// may be a response code, the rest are records separated by "|". Anything else
// is NODATA.
func canned(t testing.TB, entries map[string]string) dns.HandlerFunc {
	return func(w dns.ResponseWriter, query *dns.Msg) {
		rcode, records := dns.RcodeSuccess, []string(nil)
		for _, part := range strings.Split(entries[asked(query)], "|") {
			if code, ok := dns.StringToRcode[part]; ok {
				rcode = code
			} else if part != "" {
				records = append(records, part)
			}
		}
		w.WriteMsg(reply(t, query, rcode, records...))
	}
}

func asked(query *dns.Msg) string {
	q := query.Question[0]
	return question{q.Name, q.Qtype}.String()
}

func addrs(list ...string) []netip.Addr {
	out := []netip.Addr{}
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

func failures(a Answer) []string {
	var list []string
	for _, f := range a.Failures {
		list = append(list, f.Query+" "+string(f.Kind))
	}
	return list
}

// exists spells Answer.Exists.
func exists(a Answer) string {
	switch {
	case a.Exists == nil:
		return "unknown"
	case *a.Exists:
		return "yes"
	}
	return "no"
}

func TestLookup(t *testing.T) {
	t.Parallel()
	const (
		negative = "example.com. 60 IN SOA ns.example.net. hostmaster.example.com. 7 1 1 1 1"
		ns       = "example.com. 60 IN NS NS2.Example.net.|example.com. 60 IN NS ns1.example.net."
	)
	tests := []struct {
		name    string
		entries map[string]string
		want    Answer // without Server, At, Exists, Failures
		exists  string
		failed  []string
	}{{
		name: "everything there",
		entries: map[string]string{
			"www.example.com A":    "WWW.example.com. 60 IN A 203.0.113.9|www.example.com. 60 IN A 203.0.113.7|www.example.com. 60 IN A 203.0.113.9",
			"www.example.com AAAA": "www.example.com. 60 IN AAAA 2001:db8::7",
			"example.com NS":       ns,
			"example.com SOA":      negative,
		},
		want: Answer{
			Addresses:   addrs("203.0.113.7", "203.0.113.9", "2001:db8::7"),
			CNAMEs:      []string{},
			Nameservers: []string{"ns1.example.net", "ns2.example.net"},
			SOA:         &SOA{MName: "ns.example.net", RName: "hostmaster.example.com", Serial: 7},
		},
		exists: "yes",
	}, {
		name:    "IPv6 only",
		entries: map[string]string{"www.example.com AAAA": "www.example.com. 60 IN AAAA 2001:db8::7"},
		want:    Answer{Addresses: addrs("2001:db8::7"), CNAMEs: []string{}, Nameservers: []string{}},
		exists:  "yes",
	}, {
		name: "alias chain in the answer",
		entries: map[string]string{
			"www.example.com A":     "www.example.com. 60 IN CNAME A.example.net.|a.example.net. 60 IN CNAME b.example.net.|b.example.net. 60 IN A 203.0.113.7",
			"www.example.com AAAA":  "www.example.com. 60 IN CNAME a.example.net.|a.example.net. 60 IN CNAME b.example.net.|" + negative,
			"www.example.com CNAME": "www.example.com. 60 IN CNAME a.example.net.",
		},
		want:   Answer{Addresses: addrs("203.0.113.7"), CNAMEs: []string{"a.example.net", "b.example.net"}, Nameservers: []string{}},
		exists: "yes",
	}, {
		name: "alias chain link by link",
		entries: map[string]string{
			"www.example.com A":     "www.example.com. 60 IN CNAME a.example.net.",
			"www.example.com AAAA":  "www.example.com. 60 IN CNAME a.example.net.",
			"www.example.com CNAME": "www.example.com. 60 IN CNAME a.example.net.",
			"a.example.net A":       "a.example.net. 60 IN CNAME b.example.net.",
			"a.example.net AAAA":    "a.example.net. 60 IN CNAME b.example.net.",
			"b.example.net A":       "b.example.net. 60 IN A 203.0.113.7",
		},
		want:   Answer{Addresses: addrs("203.0.113.7"), CNAMEs: []string{"a.example.net", "b.example.net"}, Nameservers: []string{}},
		exists: "yes",
	}, {
		name: "alias to a name that does not exist",
		entries: map[string]string{
			"www.example.com A":     "NXDOMAIN|www.example.com. 60 IN CNAME gone.example.net.",
			"www.example.com AAAA":  "NXDOMAIN|www.example.com. 60 IN CNAME gone.example.net.",
			"www.example.com CNAME": "www.example.com. 60 IN CNAME gone.example.net.",
		},
		want:   Answer{Addresses: addrs(), CNAMEs: []string{"gone.example.net"}, Nameservers: []string{}},
		exists: "yes",
	}, {
		name: "alias in a circle",
		entries: map[string]string{
			"www.example.com A":     "www.example.com. 60 IN CNAME a.example.com.|a.example.com. 60 IN CNAME www.example.com.",
			"www.example.com AAAA":  "www.example.com. 60 IN CNAME a.example.com.",
			"a.example.com AAAA":    "a.example.com. 60 IN CNAME www.example.com.",
			"www.example.com CNAME": "www.example.com. 60 IN CNAME a.example.com.",
		},
		want:   Answer{CNAMEs: []string{"a.example.com", "www.example.com"}, Nameservers: []string{}},
		exists: "yes",
		failed: []string{"www.example.com A malformed", "www.example.com AAAA malformed"},
	}, {
		name: "alias chain without end",
		entries: map[string]string{
			"www.example.com A": "www.example.com. 60 IN CNAME n0.example.com.",
			"n0.example.com A":  "n0.example.com. 60 IN CNAME n1.example.com.",
			"n1.example.com A":  "n1.example.com. 60 IN CNAME n2.example.com.",
			"n2.example.com A":  "n2.example.com. 60 IN CNAME n3.example.com.",
			"n3.example.com A":  "n3.example.com. 60 IN CNAME n4.example.com.",
			"n4.example.com A":  "n4.example.com. 60 IN CNAME n5.example.com.",
			"n5.example.com A":  "n5.example.com. 60 IN CNAME n6.example.com.",
			"n6.example.com A":  "n6.example.com. 60 IN CNAME n7.example.com.",
			"n7.example.com A":  "n7.example.com. 60 IN CNAME n8.example.com.",
			"n8.example.com A":  "n8.example.com. 60 IN A 203.0.113.7",
		},
		want: Answer{
			CNAMEs: []string{
				"n0.example.com", "n1.example.com", "n2.example.com", "n3.example.com", "n4.example.com",
				"n5.example.com", "n6.example.com", "n7.example.com", "n8.example.com",
			},
			Nameservers: []string{},
		},
		exists: "yes",
		failed: []string{"www.example.com A malformed"},
	}, {
		name: "no such name",
		entries: map[string]string{
			"www.example.com A": "NXDOMAIN|" + negative, "www.example.com AAAA": "NXDOMAIN|" + negative,
			"www.example.com CNAME": "NXDOMAIN|" + negative, "example.com NS": ns,
		},
		want: Answer{
			Addresses: addrs(), CNAMEs: []string{}, Nameservers: []string{"ns1.example.net", "ns2.example.net"},
		},
		exists: "no",
	}, {
		name: "denied for one type only",
		entries: map[string]string{
			"www.example.com A": "www.example.com. 60 IN A 203.0.113.7", "www.example.com AAAA": "NXDOMAIN",
			"www.example.com CNAME": "NXDOMAIN",
		},
		want:   Answer{Addresses: addrs("203.0.113.7"), CNAMEs: []string{}, Nameservers: []string{}},
		exists: "yes",
	}, {
		name:   "no such record",
		want:   Answer{Addresses: addrs(), CNAMEs: []string{}, Nameservers: []string{}},
		exists: "yes",
	}, {
		name: "server broken for addresses",
		entries: map[string]string{
			"www.example.com A": "SERVFAIL", "www.example.com AAAA": "SERVFAIL",
		},
		want:   Answer{CNAMEs: []string{}, Nameservers: []string{}},
		exists: "yes",
		failed: []string{"www.example.com A server-error", "www.example.com AAAA server-error"},
	}, {
		name: "one family is enough to show an address",
		entries: map[string]string{
			"www.example.com A": "www.example.com. 60 IN A 203.0.113.7", "www.example.com AAAA": "SERVFAIL",
		},
		want:   Answer{Addresses: addrs("203.0.113.7"), CNAMEs: []string{}, Nameservers: []string{}},
		exists: "yes",
		failed: []string{"www.example.com AAAA server-error"},
	}, {
		name: "everything refused",
		entries: map[string]string{
			"www.example.com A": "REFUSED", "www.example.com AAAA": "REFUSED", "www.example.com CNAME": "REFUSED",
			"example.com NS": "REFUSED", "example.com SOA": "REFUSED",
		},
		exists: "unknown",
		failed: []string{
			"www.example.com A refused", "www.example.com AAAA refused", "www.example.com CNAME refused",
			"example.com NS refused", "example.com SOA refused",
		},
	}, {
		name: "records of other names are not the answer",
		entries: map[string]string{
			"www.example.com A": "other.example.com. 60 IN A 203.0.113.7|www.example.com. 60 IN A 203.0.113.8|other.example.com. 60 IN CNAME www.example.com.",
			"example.com NS":    "com. 60 IN NS a.gtld-servers.net.|example.com. 60 IN NS ns1.example.net.",
		},
		want:   Answer{Addresses: addrs("203.0.113.8"), CNAMEs: []string{}, Nameservers: []string{"ns1.example.net"}},
		exists: "yes",
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, canned(t, tt.entries))
			r := Resolver{Servers: []string{server}, Timeout: long, Now: func() time.Time { return noon }}
			got := r.Lookup(t.Context(), "WWW.example.com.", "example.com")

			if got.Server != server || !got.At.Equal(noon) {
				t.Errorf("got server %q at %v, want %q at %v", got.Server, got.At, server, noon)
			}
			if exists(got) != tt.exists {
				t.Errorf("exists: got %s, want %s", exists(got), tt.exists)
			}
			if !slices.Equal(failures(got), tt.failed) {
				t.Errorf("failures: got %q, want %q (%v)", failures(got), tt.failed, got.Failures)
			}
			for _, f := range got.Failures {
				if f.Source != Source || f.Server != server || f.Err == nil {
					t.Errorf("failure without source, server or cause: %#v", f)
				}
			}
			got.Server, got.At, got.Exists, got.Failures = "", time.Time{}, nil, nil
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

// A server that denies every name, as in a closed network, says nothing about any;
// one that answers from its memory, without proof, is believed.
func TestLookupDenied(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		server   dns.HandlerFunc
		secluded bool
	}{
		"every name": {func(w dns.ResponseWriter, query *dns.Msg) { w.WriteMsg(reply(t, query, dns.RcodeNameError)) }, true},
		"below a root of its own": {func(w dns.ResponseWriter, query *dns.Msg) {
			msg := reply(t, query, dns.RcodeNameError)
			msg.Ns = []dns.RR{&dns.SOA{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeSOA, Class: dns.ClassINET}, Ns: "local.", Mbox: "local."}}
			w.WriteMsg(msg)
		}, true},
		"by the public root": {func(w dns.ResponseWriter, query *dns.Msg) {
			msg := reply(t, query, dns.RcodeNameError)
			msg.Ns = []dns.RR{&dns.SOA{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeSOA, Class: dns.ClassINET}, Ns: "A.ROOT-SERVERS.NET.", Mbox: "nstld.verisign-grs.com."}}
			w.WriteMsg(msg)
		}, false},
		"from memory": {func(w dns.ResponseWriter, query *dns.Msg) {
			if asked(query) == "com NS" {
				w.WriteMsg(reply(t, query, dns.RcodeSuccess, "com. 60 IN NS a.gtld-servers.net."))
				return
			}
			w.WriteMsg(reply(t, query, dns.RcodeNameError))
		}, false},
		"and will not say more": {func(w dns.ResponseWriter, query *dns.Msg) {
			rcode := dns.RcodeNameError
			if asked(query) == "com NS" {
				rcode = dns.RcodeRefused
			}
			w.WriteMsg(reply(t, query, rcode))
		}, false},
		"as the zone's own": {func(w dns.ResponseWriter, query *dns.Msg) {
			msg := reply(t, query, dns.RcodeNameError)
			msg.Authoritative = true
			w.WriteMsg(msg)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &Resolver{Servers: []string{serve(t, tt.server)}, Timeout: long}
			got := r.Lookup(t.Context(), "www.example.com", "example.com")
			bulk := func() (all Addresses) {
				names := slices.Values([]Ask{{Name: "www.example.com"}})
				if err := (&Bulk{Resolver: r}).Run(t.Context(), names, func(a Addresses) { all = a }); err != nil {
					t.Error(err)
				}
				return all
			}()
			if tt.secluded {
				if got.Exists != nil || len(got.Failures) != 5 || got.Failures[0].Kind != failure.Refused || len(bulk.Failures) != 2 {
					t.Errorf("got %+v, in bulk %+v", got, bulk)
				}
				return
			}
			if got.Exists == nil || *got.Exists || len(got.Failures) > 0 || bulk.Exists || len(bulk.Failures) > 0 {
				t.Errorf("got %+v, in bulk %+v", got, bulk)
			}
		})
	}
}

// A server that answers only once it holds all five questions is never answered
// by a resolver that asks one after the other.
func TestLookupAsksAllAtOnce(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	all.Add(5)
	server := serve(t, func(w dns.ResponseWriter, query *dns.Msg) {
		all.Done()
		all.Wait()
		w.WriteMsg(reply(t, query, dns.RcodeSuccess))
	})
	r := Resolver{Servers: []string{server}, Timeout: long}
	if got := r.Lookup(t.Context(), "example.com", "example.com"); len(got.Failures) > 0 {
		t.Errorf("got failures %v", got.Failures)
	}
}

// firstTime calls rare for the first arrival of each question and usual for the
// others.
func firstTime(rare, usual dns.HandlerFunc) dns.HandlerFunc {
	var seen sync.Map
	return func(w dns.ResponseWriter, query *dns.Msg) {
		if _, again := seen.LoadOrStore(asked(query), true); !again {
			rare(w, query)
			return
		}
		usual(w, query)
	}
}

func TestLookupRetries(t *testing.T) {
	t.Parallel()
	good := canned(t, map[string]string{"example.com A": "example.com. 60 IN A 203.0.113.7"})
	silent := func(dns.ResponseWriter, *dns.Msg) {}
	fails := func(rcode int) dns.HandlerFunc {
		return func(w dns.ResponseWriter, query *dns.Msg) { w.WriteMsg(reply(t, query, rcode)) }
	}
	tests := []struct {
		name    string
		servers func() []string
		timeout time.Duration
		last    int // which server answers
	}{
		{"lost datagram", func() []string { return []string{serve(t, firstTime(silent, good))} }, short, 0},
		{"server busy once", func() []string { return []string{serve(t, firstTime(fails(dns.RcodeServerFailure), good))} }, long, 0},
		{"next server after silence", func() []string { return []string{serve(t, silent), serve(t, good)} }, short, 1},
		{"next server after a refusal", func() []string { return []string{serve(t, fails(dns.RcodeRefused)), serve(t, good)} }, long, 1},
		{"next server after a closed port", func() []string { return []string{closedPort(t), serve(t, good)} }, long, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			servers := tt.servers()
			r := Resolver{Servers: servers, Timeout: tt.timeout}
			got := r.Lookup(t.Context(), "example.com", "example.com")
			if len(got.Failures) > 0 || !slices.Equal(got.Addresses, addrs("203.0.113.7")) {
				t.Errorf("got %v, failures %v", got.Addresses, got.Failures)
			}
			if got.Server != servers[tt.last] {
				t.Errorf("got server %s, want number %d of %s", got.Server, tt.last, servers)
			}
		})
	}
}

// closedPort returns an address that nobody listens on.
func closedPort(t testing.TB) string {
	packets, listener := listen(t)
	packets.Close()
	listener.Close()
	return packets.LocalAddr().String()
}

func TestLookupAsksTwiceAtMost(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	count := map[string]int{}
	server := serve(t, func(w dns.ResponseWriter, query *dns.Msg) {
		mu.Lock()
		count[asked(query)]++
		mu.Unlock()
		w.WriteMsg(reply(t, query, dns.RcodeServerFailure))
	})
	r := Resolver{Servers: []string{server}, Timeout: long}
	r.Lookup(t.Context(), "www.example.com", "example.com")
	mu.Lock()
	defer mu.Unlock()
	want := map[string]int{
		"www.example.com A": 2, "www.example.com AAAA": 2, "www.example.com CNAME": 2,
		"example.com NS": 2, "example.com SOA": 2,
	}
	if !reflect.DeepEqual(count, want) {
		t.Errorf("got %v, want %v", count, want)
	}
}

func TestLookupTruncated(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w dns.ResponseWriter, query *dns.Msg) {
		if query.IsEdns0() == nil || query.IsEdns0().UDPSize() != ednsSize {
			t.Errorf("%s: asked without EDNS0 %d", asked(query), ednsSize)
		}
		msg := reply(t, query, dns.RcodeSuccess)
		if query.Question[0].Qtype == dns.TypeA {
			for i := range 200 {
				msg.Answer = append(msg.Answer, &dns.A{
					Hdr: dns.RR_Header{Name: query.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET},
					A:   net.IPv4(203, 0, 113, byte(i)),
				})
			}
		}
		if _, overUDP := w.RemoteAddr().(*net.UDPAddr); overUDP {
			msg.Truncate(ednsSize)
		}
		w.WriteMsg(msg)
	})
	r := Resolver{Servers: []string{server}, Timeout: long}
	got := r.Lookup(t.Context(), "example.com", "example.com")
	if len(got.Addresses) != 200 || len(got.Failures) > 0 {
		t.Errorf("got %d addresses, failures %v", len(got.Addresses), got.Failures)
	}
}

func TestLookupCutInsideRecord(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w dns.ResponseWriter, query *dns.Msg) {
		msg := reply(t, query, dns.RcodeSuccess)
		if query.Question[0].Qtype == dns.TypeA {
			msg = reply(t, query, dns.RcodeSuccess, "example.com. 60 IN A 203.0.113.7")
		}
		if _, overUDP := w.RemoteAddr().(*net.UDPAddr); overUDP && len(msg.Answer) > 0 {
			msg.Truncated = true
			data, err := msg.Pack()
			if err != nil {
				t.Error(err)
			}
			w.Write(data[:len(data)-3])
			return
		}
		w.WriteMsg(msg)
	})
	r := Resolver{Servers: []string{server}, Timeout: long}
	got := r.Lookup(t.Context(), "example.com", "example.com")
	if !slices.Equal(got.Addresses, addrs("203.0.113.7")) || len(got.Failures) > 0 {
		t.Errorf("got %v, failures %v", got.Addresses, got.Failures)
	}
}

// Servers older than EDNS0 answer FORMERR, some without repeating the question.
func TestLookupWithoutEDNS(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w dns.ResponseWriter, query *dns.Msg) {
		if query.IsEdns0() != nil {
			msg := reply(t, query, dns.RcodeFormatError)
			msg.Question = nil
			w.WriteMsg(msg)
			return
		}
		w.WriteMsg(reply(t, query, dns.RcodeSuccess))
	})
	r := Resolver{Servers: []string{server}, Timeout: long}
	if got := r.Lookup(t.Context(), "example.com", "example.com"); len(got.Failures) > 0 {
		t.Errorf("got failures %v", got.Failures)
	}
}

// Wrong datagrams must neither be believed nor end the wait for the right one.
func TestLookupIgnoresStrays(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w dns.ResponseWriter, query *dns.Msg) {
		forged := reply(t, query, dns.RcodeSuccess, "example.com. 60 IN A 192.0.2.66")
		forged.Id++
		w.WriteMsg(forged)
		forged.Id--
		forged.Question[0].Name = "example.org."
		w.WriteMsg(forged)
		w.Write([]byte("?"))
		w.WriteMsg(query) // an echo of the question is no answer
		if query.Question[0].Name = "example.com."; query.Question[0].Qtype == dns.TypeA {
			w.WriteMsg(reply(t, query, dns.RcodeSuccess, "example.com. 60 IN A 203.0.113.7"))
			return
		}
		w.WriteMsg(reply(t, query, dns.RcodeSuccess))
	})
	r := Resolver{Servers: []string{server}, Timeout: long}
	got := r.Lookup(t.Context(), "example.com", "example.com")
	if !slices.Equal(got.Addresses, addrs("203.0.113.7")) || len(got.Failures) > 0 {
		t.Errorf("got %v, failures %v", got.Addresses, got.Failures)
	}
}

func TestLookupFailureKinds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		handler dns.HandlerFunc // nil: nobody listens
		timeout time.Duration
		want    failure.Kind
		cause   string
	}{
		{"silence", func(dns.ResponseWriter, *dns.Msg) {}, short, failure.Timeout, "deadline"},
		{"only another id", func(w dns.ResponseWriter, query *dns.Msg) {
			msg := reply(t, query, dns.RcodeSuccess)
			msg.Id++
			w.WriteMsg(msg)
		}, short, failure.Malformed, "other id"},
		{"only garbage", func(w dns.ResponseWriter, _ *dns.Msg) { w.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }, short, failure.Malformed, "other id"},
		{"right id, then garbage", func(w dns.ResponseWriter, query *dns.Msg) {
			data, err := reply(t, query, dns.RcodeSuccess).Pack()
			if err != nil {
				t.Error(err)
			}
			w.Write(append(data[:12], "\xff\xff\xff\xff"...))
		}, long, failure.Malformed, "unreadable"},
		{"truncated even over TCP", func(w dns.ResponseWriter, query *dns.Msg) {
			msg := reply(t, query, dns.RcodeSuccess)
			msg.Truncated = true
			w.WriteMsg(msg)
		}, long, failure.Malformed, "TCP"},
		{"TCP closed without an answer", func(w dns.ResponseWriter, query *dns.Msg) {
			if _, overTCP := w.RemoteAddr().(*net.TCPAddr); overTCP {
				w.Close()
				return
			}
			msg := reply(t, query, dns.RcodeSuccess)
			msg.Truncated = true
			w.WriteMsg(msg)
		}, long, failure.Malformed, "EOF"},
		{"broken server says why", func(w dns.ResponseWriter, query *dns.Msg) {
			msg := reply(t, query, dns.RcodeServerFailure).SetEdns0(ednsSize, false)
			msg.IsEdns0().Option = append(msg.IsEdns0().Option, &dns.EDNS0_EDE{InfoCode: dns.ExtendedErrorCodeDNSBogus})
			w.WriteMsg(msg)
		}, long, failure.Server, "SERVFAIL: DNSSEC Bogus"},
		{"code nobody knows", func(w dns.ResponseWriter, query *dns.Msg) { w.WriteMsg(reply(t, query, 13)) }, long, failure.Server, "RCODE 13"},
		{"not a resolver", func(w dns.ResponseWriter, query *dns.Msg) {
			msg := reply(t, query, dns.RcodeSuccess)
			msg.RecursionAvailable = false
			w.WriteMsg(msg)
		}, long, failure.Refused, "neither"},
		{"about another name", func(w dns.ResponseWriter, query *dns.Msg) {
			w.WriteMsg(reply(t, query, dns.RcodeSuccess, "other.example. 60 IN A 203.0.113.9", "other.example. 60 IN AAAA 2001:db8::9"))
		}, long, failure.Malformed, "another name"},
		{"closed port", nil, long, failure.Refused, "refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := ""
			if tt.handler == nil {
				server = closedPort(t)
			} else {
				server = serve(t, tt.handler)
			}
			r := Resolver{Servers: []string{server}, Timeout: tt.timeout}
			got := r.Lookup(t.Context(), "example.com", "example.com")
			if len(got.Failures) != 5 || got.Exists != nil || got.Addresses != nil || got.CNAMEs != nil || got.Nameservers != nil {
				t.Errorf("got %+v, want nothing but five failures", got)
			}
			for _, f := range got.Failures {
				if f.Kind != tt.want || !strings.Contains(f.Error(), tt.cause) || f.Server != server {
					t.Errorf("got %v, want %s of %s with %q", f, tt.want, server, tt.cause)
				}
			}
		})
	}
}

// The server keeps silent and the time limit is long, so only the context can
// end this look-up before the test's own time limit.
func TestLookupCanceled(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		end  func(context.Context) (context.Context, context.CancelFunc)
		want failure.Kind
	}{
		{"interrupted", context.WithCancel, failure.Canceled},
		{"out of time", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithTimeout(ctx, short)
			return ctx, func() { time.AfterFunc(2*short, cancel) }
		}, failure.Timeout},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := tt.end(t.Context())
			server := serve(t, func(dns.ResponseWriter, *dns.Msg) { cancel() })
			r := Resolver{Servers: []string{server, server}, Timeout: time.Hour}
			got := r.Lookup(ctx, "example.com", "example.com")
			if len(got.Failures) != 5 {
				t.Errorf("got %d failures, want 5", len(got.Failures))
			}
			for _, f := range got.Failures {
				if f.Kind != tt.want {
					t.Errorf("got %v, want %s", f, tt.want)
				}
			}
		})
	}
}

func TestLookupRefusesOddNames(t *testing.T) {
	t.Parallel()
	server := serve(t, func(_ dns.ResponseWriter, query *dns.Msg) { t.Errorf("asked %s", asked(query)) })
	r := Resolver{Servers: []string{server}, Timeout: long}
	for _, name := range []string{
		"", ".", "a..b", ".example.com", "我的网站.中国", `a\.b.com`, "a b.com", "a/b.com", "a;b.com", "*.example.com",
		strings.Repeat("a", 64) + ".com", strings.Repeat("a.", 130) + "com",
	} {
		got := r.Lookup(t.Context(), name, name)
		if len(got.Failures) != 5 || got.Failures[0].Kind != failure.Unsupported || strings.Contains(got.Failures[0].Error(), "\n") {
			t.Errorf("%q: got %v", name, got.Failures)
		}
	}
}

func TestParseServer(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"1.2.3.4", "1.2.3.4:53"},
		{"1.2.3.4:5353", "1.2.3.4:5353"},
		{"::1", "[::1]:53"},
		{"[::1]", "[::1]:53"},
		{"[::1]:5353", "[::1]:5353"},
		{"2001:DB8::53", "[2001:db8::53]:53"},
		{"fe80::1%eth0", "[fe80::1%eth0]:53"}, // as routers announce themselves
		{"", ""},
		{"1.2.3", ""},
		{"1.2.3.4:", ""},
		{"1.2.3.4:0", ""},
		{"1.2.3.4:65536", ""},
		{"1.2.3.4:dns", ""},
		{"[::1", ""},
		{"::1]", ""},
		{"dns.example.com", ""}, // would need another server first
		{"udp://1.2.3.4", ""},
		{" 1.2.3.4", ""},
		{"tls://223.5.5.5", "tls://223.5.5.5:853"},
		{"tls://dns.example.com:8853", "tls://dns.example.com:8853"},
		{"tls://[2400:3200::1]", "tls://[2400:3200::1]:853"},
		{"https://223.5.5.5/dns-query", "https://223.5.5.5/dns-query"},
		{"https://doh.example.com:8443/dns-query", "https://doh.example.com:8443/dns-query"},
		{"tls://", ""},
		{"tls://1.2.3.4/path", ""},
		{"tls://1.2.3.4:", ""},
		{"tls://1.2.3.4:0", ""},
		{"https://", ""},
		{"https://1.2.3.4", ""}, // the path cannot be guessed
		{"https://a@1.2.3.4/dns-query", ""},
		{"https://1.2.3.4/dns-query?dns=x", ""},
		{"http://1.2.3.4/dns-query", ""},
	}
	for _, tt := range tests {
		got, err := ParseServer(tt.in)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("ParseServer(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
		}
	}
}

func TestServers(t *testing.T) {
	t.Parallel()
	write := func(content string) string {
		path := filepath.Join(t.TempDir(), "resolv.conf")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct {
		name string
		r    *Resolver
		want []string
		err  string
	}{
		{"given", &Resolver{Servers: []string{"192.0.2.1", "::1"}, resolvConf: "none"}, []string{"192.0.2.1:53", "[::1]:53"}, ""},
		{"given but wrong", &Resolver{Servers: []string{"192.0.2.1", "nowhere"}}, nil, `"nowhere" is not`},
		{"of the machine", &Resolver{resolvConf: write("nameserver 192.0.2.1\nnameserver oops\nnameserver fe80::1%eth0\n")}, []string{"192.0.2.1:53", "[fe80::1%eth0]:53"}, ""},
		{"none named", &Resolver{resolvConf: write("search example.com\n")}, nil, "no DNS server in"},
		{"no file", &Resolver{resolvConf: filepath.Join(t.TempDir(), "absent")}, nil, "finding the DNS servers"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.r.servers()
			if !slices.Equal(got, tt.want) || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %v, %v; want %v, %q", got, err, tt.want, tt.err)
			}
			if tt.err == "" {
				return
			}
			answer := tt.r.Lookup(t.Context(), "example.com", "example.com")
			if len(answer.Failures) != 5 || answer.Failures[0].Kind != failure.Unsupported || !strings.Contains(answer.Failures[0].Error(), tt.err) {
				t.Errorf("got failures %v", answer.Failures)
			}
		})
	}
}

func TestDescribeNotSent(t *testing.T) {
	t.Parallel()
	err := errors.Join(errNotSent, os.ErrPermission) // what a local firewall answers
	if got := describe("192.0.2.1:53", "example.com A", err); got.Kind != failure.Unreachable {
		t.Errorf("got %v, want %s", got, failure.Unreachable)
	}
}

// BenchmarkLookup shows that five questions to a server that takes 100 ms for
// each take about 100 ms together.
func BenchmarkLookup(b *testing.B) {
	server := serve(b, func(w dns.ResponseWriter, query *dns.Msg) {
		time.Sleep(100 * time.Millisecond)
		w.WriteMsg(reply(b, query, dns.RcodeSuccess))
	})
	r := Resolver{Servers: []string{server}, Timeout: long}
	for b.Loop() {
		if got := r.Lookup(b.Context(), "www.example.com", "example.com"); len(got.Failures) > 0 {
			b.Fatal(got.Failures)
		}
	}
}
