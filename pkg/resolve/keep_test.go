package resolve

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/icpcheck/icpcheck/pkg/cache"
	"github.com/icpcheck/icpcheck/pkg/failure"
)

func TestKeep(t *testing.T) {
	for _, test := range []struct {
		name    string
		rcode   int
		records []string
		want    time.Duration
	}{
		{"a record", dns.RcodeSuccess, []string{"example.com. 60 IN A 203.0.113.7"}, time.Minute},
		{"the shortest of several", dns.RcodeSuccess, []string{"example.com. 60 IN CNAME b.example.", "b.example. 20 IN A 203.0.113.7"}, 20 * time.Second},
		{"capped", dns.RcodeSuccess, []string{"example.com. 86400 IN A 203.0.113.7"}, maxKeep},
		{"zero", dns.RcodeSuccess, []string{"example.com. 0 IN A 203.0.113.7"}, 0},
		{"no such name, by the SOA's minimum", dns.RcodeNameError, []string{"com. 900 IN SOA a. b. 1 2 3 4 60"}, time.Minute},
		{"no such name, by the SOA's own time", dns.RcodeNameError, []string{"com. 30 IN SOA a. b. 1 2 3 4 60"}, 30 * time.Second},
		{"no such record, capped", dns.RcodeSuccess, []string{"com. 86400 IN SOA a. b. 1 2 3 4 86400"}, maxKeepNot},
		{"no such record at the end of an alias", dns.RcodeSuccess, []string{"example.com. 10 IN CNAME b.example.", "b.example. 900 IN SOA a. b. 1 2 3 4 60"}, 10 * time.Second},
		{"no such name without an SOA", dns.RcodeNameError, nil, 0},
	} {
		query := new(dns.Msg).SetQuestion("example.com.", dns.TypeA)
		if got := keep(reply(t, query, test.rcode, test.records...)); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// TestCached: a whole answer is asked once, one with a failure every time.
func TestCached(t *testing.T) {
	var queries atomic.Int32
	broken := atomic.Bool{}
	handler := canned(t, map[string]string{
		"example.com A": "example.com. 60 IN A 203.0.113.7", "example.com NS": "example.com. 60 IN NS ns.example.",
		"example.com SOA":   "example.com. 60 IN SOA a. b. 1 2 3 4 60",
		"example.com AAAA":  "example.com. 60 IN SOA a. b. 1 2 3 4 60",
		"example.com CNAME": "example.com. 60 IN SOA a. b. 1 2 3 4 60",
	})
	server := serve(t, func(w dns.ResponseWriter, query *dns.Msg) {
		queries.Add(1)
		if broken.Load() && query.Question[0].Qtype == dns.TypeAAAA {
			w.WriteMsg(reply(t, query, dns.RcodeServerFailure))
			return
		}
		handler(w, query)
	})
	now := noon
	r := &Resolver{Servers: []string{server}, Timeout: long, Now: func() time.Time { return noon }, Cache: &cache.Store{Now: func() time.Time { return now }}}
	ask := func(want int32) {
		t.Helper()
		before := queries.Load()
		a := r.Lookup(context.Background(), "example.com", "example.com")
		if got := queries.Load() - before; got != want || len(a.Addresses) != 1 || a.Server != server || !a.At.Equal(noon) {
			t.Errorf("%d queries, want %d; %+v", got, want, a)
		}
	}
	broken.Store(true)
	ask(6) // AAAA twice
	ask(6)
	broken.Store(false)
	ask(5)
	ask(0)
	now = now.Add(time.Minute)
	ask(5)
}

// TestSuspended: a server that answers nobody is not waited for at every name,
// and the failure says so.
func TestSuspended(t *testing.T) {
	packets, listener := listen(t) // open, and nobody reads
	t.Cleanup(func() { packets.Close(); listener.Close() })
	r := &Resolver{Servers: []string{packets.LocalAddr().String()}, Timeout: 20 * time.Millisecond}
	waited := 0
	for range 100 {
		a := r.Lookup(context.Background(), "example.com", "example.com")
		if len(a.Failures) != 5 || a.Addresses != nil || a.Exists != nil {
			t.Fatalf("got %+v", a)
		}
		switch k := a.Failures[4].Kind; k {
		case failure.Timeout:
			waited++
		case failure.Suspended:
		default:
			t.Errorf("got %v", a.Failures[4])
		}
	}
	if most := tripAfter/(5*attempts) + 1; waited > most {
		t.Errorf("waited for %d names, want at most %d", waited, most)
	}
}
