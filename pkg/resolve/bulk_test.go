package resolve

import (
	"context"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/icpcheck/icpcheck/pkg/failure"
)

func asks(names ...string) iter.Seq[Ask] {
	return func(yield func(Ask) bool) {
		for i, name := range names {
			if !yield(Ask{Name: name, Number: i, Line: i + 1, Text: strings.ToUpper(name)}) {
				return
			}
		}
	}
}

// bulk asks about names and gives the answers in their order.
func bulk(t *testing.T, b *Bulk, names ...string) []Addresses {
	t.Helper()
	list := make([]Addresses, len(names))
	var mu sync.Mutex
	got := 0
	err := b.Run(context.Background(), asks(names...), func(a Addresses) {
		mu.Lock()
		defer mu.Unlock()
		if list[a.Number].Line != 0 || a.Line != a.Number+1 || a.Text != strings.ToUpper(a.Name) {
			t.Errorf("emitted %+v", a)
		}
		list[a.Number] = a
		got++
	})
	if err != nil || got != len(names) {
		t.Fatalf("%d of %d answers, %v", got, len(names), err)
	}
	return list
}

// TestBulkAgrees: whatever an answer looks like, the bulk path says what the
// careful one says.
func TestBulkAgrees(t *testing.T) {
	t.Parallel()
	const soa = "example.com. 60 IN SOA ns.example.net. a.example.com. 1 2 3 4 60"
	server := serve(t, canned(t, map[string]string{
		"both.example.com A":       "both.example.com. 60 IN A 203.0.113.9|both.example.com. 60 IN A 203.0.113.7|both.example.com. 60 IN A 203.0.113.7",
		"both.example.com AAAA":    "both.example.com. 60 IN AAAA 2001:db8::1",
		"four.example.com A":       "four.example.com. 60 IN A 203.0.113.7",
		"four.example.com AAAA":    soa,
		"none.example.com A":       soa,
		"none.example.com AAAA":    soa,
		"free.example.com A":       "NXDOMAIN|" + soa,
		"free.example.com AAAA":    "NXDOMAIN|" + soa,
		"free.example.com CNAME":   "NXDOMAIN|" + soa,
		"alias.example.com A":      "alias.example.com. 60 IN CNAME B.example.net.|b.example.net. 60 IN CNAME c.example.net.|c.example.net. 60 IN A 203.0.113.7",
		"alias.example.com AAAA":   "alias.example.com. 60 IN CNAME b.example.net.|b.example.net. 60 IN CNAME c.example.net.|" + soa,
		"shuffled.example.com A":   "c.example.net. 60 IN A 203.0.113.7|b.example.net. 60 IN CNAME c.example.net.|shuffled.example.com. 60 IN CNAME b.example.net.",
		"open.example.com A":       "open.example.com. 60 IN CNAME four.example.com.",
		"circle.example.com A":     "circle.example.com. 60 IN CNAME circle.example.com.",
		"stranger.example.com A":   "other.example.com. 60 IN A 203.0.113.66",
		"unlike.example.com A":     "other.example.com. 60 IN TXT x",
		"broken.example.com A":     "SERVFAIL",
		"refused.example.com AAAA": "REFUSED",
		"dangling.example.com A":   "NXDOMAIN|dangling.example.com. 60 IN CNAME gone.example.com.|" + soa,
	}))
	r := &Resolver{Servers: []string{server}, Timeout: long}
	names := []string{"both.example.com", "four.example.com", "none.example.com", "free.example.com", "alias.example.com", "shuffled.example.com", "open.example.com",
		"circle.example.com", "stranger.example.com", "unlike.example.com", "broken.example.com", "refused.example.com", "dangling.example.com", "odd name.example.com", "a..example.com"}
	for i, got := range bulk(t, &Bulk{Resolver: r}, names...) {
		want := r.Lookup(context.Background(), names[i], "example.com")
		var fails, wantFails []string
		for _, f := range got.Failures {
			fails = append(fails, f.Query+" "+string(f.Kind))
		}
		for _, f := range want.Failures {
			if q := f.Query + " " + string(f.Kind); strings.Contains(q, " A ") || strings.Contains(q, " AAAA ") {
				wantFails = append(wantFails, q)
			}
		}
		exists := want.Exists != nil && *want.Exists
		if !slices.Equal(got.List, want.Addresses) || !slices.Equal(got.CNAMEs, want.CNAMEs) || !slices.Equal(fails, wantFails) ||
			len(wantFails) < 2 && got.Exists != exists || got.Server != server {
			t.Errorf("%s: got %+v (%q), want %+v (%q)", names[i], got, fails, want, wantFails)
		}
	}
}

// manyNames are distinct names whose address can be told from the number.
func manyNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("n%d.example.com", i)
	}
	return names
}

func addressOf(name string) netip.Addr {
	var i uint32
	fmt.Sscanf(name, "n%d.", &i)
	return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
}

// numbered answers A of manyNames, and no AAAA.
func numbered(t testing.TB, query *dns.Msg) *dns.Msg {
	q := query.Question[0]
	if q.Qtype != dns.TypeA {
		return reply(t, query, dns.RcodeSuccess, "example.com. 60 IN SOA a. b. 1 2 3 4 60")
	}
	return reply(t, query, dns.RcodeSuccess, q.Name+" 60 IN A "+addressOf(q.Name).String())
}

// TestBulkMany: each of very many names gets its own address, though the server
// answers out of order, loses a tenth, repeats itself, cuts some answers short
// and is accompanied by forgeries.
func TestBulkMany(t *testing.T) {
	t.Parallel()
	var n atomic.Uint32
	server := serve(t, func(w dns.ResponseWriter, query *dns.Msg) {
		msg := numbered(t, query)
		if _, overUDP := w.RemoteAddr().(*net.UDPAddr); overUDP {
			forged := msg.Copy()
			forged.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: query.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(6, 6, 6, 6)}}
			switch n.Add(1) % 10 {
			case 0:
				return // lost
			case 1:
				forged.Question[0].Name = "other.example.com." // right id, other question
				w.WriteMsg(forged)
			case 2:
				forged.Id++ // right question, an id of another question or of none
				w.WriteMsg(forged)
			case 3:
				forged.Response = false
				w.WriteMsg(forged)
			case 4:
				w.Write([]byte{1, 2, 3})
			case 5:
				msg.Answer, msg.Truncated = nil, true
			case 6:
				w.WriteMsg(msg)
			}
		}
		w.WriteMsg(msg)
	})
	names := manyNames(3000)
	for _, a := range bulk(t, &Bulk{Resolver: &Resolver{Servers: []string{server}, Timeout: 300 * time.Millisecond}, InFlight: 64}, names...) {
		// A server may be so slow on a busy machine that three attempts do not do;
		// a wrong address is what must never be.
		for _, addr := range a.List {
			if addr != addressOf(a.Name) {
				t.Fatalf("%s: got %v", a.Name, a.List)
			}
		}
		if len(a.List) == 0 && len(a.Failures) == 0 {
			t.Fatalf("%s: %+v", a.Name, a)
		}
	}
}

// TestBulkDead: a server that is not there is given up after a hundred questions,
// and every name is told about.
func TestBulkDead(t *testing.T) {
	t.Parallel()
	packets, listener := listen(t)
	t.Cleanup(func() { packets.Close(); listener.Close() })
	closed, other := listen(t)
	address := closed.LocalAddr().String()
	closed.Close()
	other.Close()
	for name, test := range map[string]struct {
		server string
		kind   failure.Kind
	}{
		"nobody reads":   {packets.LocalAddr().String(), failure.Timeout},
		"nobody listens": {address, failure.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := map[failure.Kind]bool{}
			for _, a := range bulk(t, &Bulk{Resolver: &Resolver{Servers: []string{test.server}, Timeout: 200 * time.Millisecond}}, manyNames(20000)...) {
				if len(a.Failures) != 2 || a.Exists || len(a.List) > 0 {
					t.Fatalf("got %+v", a)
				}
				for _, f := range a.Failures {
					seen[f.Kind] = true
				}
			}
			// The system's word may come too late on a busy machine.
			delete(seen, failure.Timeout)
			seen[test.kind] = seen[test.kind] || test.kind == failure.Timeout
			if !seen[test.kind] || !seen[failure.Suspended] || len(seen) != 2 {
				t.Errorf("kinds %v, want %v and suspended", seen, test.kind)
			}
		})
	}
}

func TestBulkCanceled(t *testing.T) {
	t.Parallel()
	packets, listener := listen(t)
	t.Cleanup(func() { packets.Close(); listener.Close() })
	ctx, cancel := context.WithCancel(context.Background())
	begun, emitted := 0, atomic.Int32{}
	names := func(yield func(Ask) bool) {
		for i := 0; ; i++ {
			if i == 300 {
				cancel()
			}
			begun++
			if !yield(Ask{Name: "example.com", Number: i}) {
				return
			}
		}
	}
	err := (&Bulk{Resolver: &Resolver{Servers: []string{packets.LocalAddr().String()}, Timeout: long}}).Run(ctx, names, func(a Addresses) {
		emitted.Add(1)
		if len(a.Failures) != 2 || a.Failures[0].Kind != failure.Canceled {
			t.Errorf("got %v", a.Failures)
		}
	})
	if err != context.Canceled || int(emitted.Load()) != begun {
		t.Errorf("%v, %d of %d emitted", err, emitted.Load(), begun)
	}
}

// TestBulkBrokenQuestion: an answer whose second question cannot be read is an
// answer that cannot be read, and the name is told about.
func TestBulkBrokenQuestion(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w dns.ResponseWriter, query *dns.Msg) {
		data, err := numbered(t, query).Pack()
		if err != nil {
			t.Error(err)
			return
		}
		data[5] = 2 // questions, of which there is one
		end := headerSize + len(query.Question[0].Name) + 1 + 4
		w.Write(append(data[:end], 0xff))
	})
	for _, a := range bulk(t, &Bulk{Resolver: &Resolver{Servers: []string{server}, Timeout: long}}, "example.com") {
		if len(a.Failures) != 2 || !strings.Contains(a.Failures[0].Error(), "unreadable answer") {
			t.Errorf("got %+v", a.Failures)
		}
	}
}

// TestBulkHalfConnected: where one of the servers cannot be connected to, nothing
// is left running. It is not parallel: it looks at all goroutines.
func TestBulkHalfConnected(t *testing.T) {
	server := serve(t, func(w dns.ResponseWriter, query *dns.Msg) { w.WriteMsg(numbered(t, query)) })
	b := &Bulk{Resolver: &Resolver{Servers: []string{server, "[fe80::1]:53"}, Timeout: long}} // link-local without a link
	if err := b.Run(context.Background(), asks("n1.example.com"), func(a Addresses) { t.Errorf("emitted %+v", a) }); err == nil {
		t.Fatal("connected to a link-local address without a link")
	}
	stacks := make([]byte, 1<<20)
	if stacks = stacks[:runtime.Stack(stacks, true)]; strings.Contains(string(stacks), "(*shard)") {
		t.Errorf("left running:\n%s", stacks)
	}
}
