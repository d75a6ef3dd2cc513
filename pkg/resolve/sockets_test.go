package resolve

import (
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// TestSocketsServeAgain: questions share a port, though none for long, and the
// answer to one that was given up is not taken for that to the next.
func TestSocketsServeAgain(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	uses := map[string]int{} // questions by the port they came from
	server := serve(t, func(w dns.ResponseWriter, query *dns.Msg) {
		mu.Lock()
		uses[w.RemoteAddr().String()]++
		mu.Unlock()
		stray := reply(t, query, dns.RcodeSuccess, query.Question[0].Name+" 60 IN A 203.0.113.9")
		stray.Id++
		w.WriteMsg(stray)
		w.WriteMsg(reply(t, query, dns.RcodeSuccess, query.Question[0].Name+" 60 IN A 203.0.113.7"))
		w.WriteMsg(stray) // waits on the socket for the next question
	})
	r := &Resolver{Servers: []string{server}, Timeout: long}
	s, err := r.open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	const questions = 3 * socketUses
	for range questions {
		o := s.resolve(t.Context(), question{"example.com.", dns.TypeA}, s.recursively)
		if o.failure != nil || len(o.records) != 1 || o.records[0].(*dns.A).A.String() != "203.0.113.7" {
			t.Fatalf("got %+v", o)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(uses) < questions/socketUses || len(uses) == questions {
		t.Errorf("%d questions came from %d ports", questions, len(uses))
	}
	for port, n := range uses {
		if n > socketUses {
			t.Errorf("%d questions came from %s", n, port)
		}
	}
}

// TestSocketsStale: what a kept socket says about an earlier question does not
// decide the next one.
func TestSocketsStale(t *testing.T) {
	t.Parallel()
	server := serve(t, canned(t, map[string]string{"example.com A": "example.com. 60 IN A 203.0.113.7"}))
	r := &Resolver{Servers: []string{server}, Timeout: long}
	s, err := r.open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	ask := func() {
		t.Helper()
		if o := s.resolve(t.Context(), question{"example.com.", dns.TypeA}, s.recursively); o.failure != nil {
			t.Fatal(o.failure)
		}
	}
	ask()
	kept, _ := r.sockets.Load(server)
	if n := len(kept.(*sockets).idle); n != 1 {
		t.Fatalf("%d sockets are kept", n)
	}
	kept.(*sockets).idle[0].conn.Close()
	ask()
	if n := len(kept.(*sockets).idle); n != 1 {
		t.Errorf("%d sockets are kept after one broke", n)
	}
}
