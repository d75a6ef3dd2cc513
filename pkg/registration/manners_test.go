package registration

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/failure"
)

// quick are manners for tests; what they wait for is told by counts, not by the clock.
var quick = manners{rateLimited: 50 * time.Millisecond, reset: 50 * time.Millisecond, longest: time.Second, trip: 3, rest: 200 * time.Millisecond}

func kinds(a Answer) (list []failure.Kind) {
	for _, f := range a.Failures {
		list = append(list, f.Kind)
	}
	return list
}

// TestBreaker: a server that fails again and again is left alone, says so, and
// is tried by one query once it has rested.
func TestBreaker(t *testing.T) {
	mended := atomic.Bool{}
	base, asked := rdapServer(t, func(w http.ResponseWriter, r *http.Request) {
		if !mended.Load() {
			reply(503, "")(w, r)
			return
		}
		reply(404, "")(w, r)
	})
	m := quick
	m.rest = time.Minute
	client, _ := fastClient(Fixed{RDAP: base})
	client.manners = &m
	for i := range 10 {
		got := client.Lookup(context.Background(), mustParse(t, fmt.Sprintf("example%d.com", i)))
		want := "rdap:suspended"
		if i < 2 { // two attempts at the first, one more at the second
			want = "rdap:server-error"
		}
		if outcome(got) != want {
			t.Errorf("name %d: got %q, want %q", i, outcome(got), want)
		}
		if i == 9 && got.Failures[0].Err.Error() != "not asked: the server failed 3 times in a row, the last time: server-error" {
			t.Errorf("the reason is %v", got.Failures[0].Err)
		}
	}
	if asked.Load() != 3 {
		t.Errorf("asked %d times", asked.Load())
	}
	// A server that has been mended is found by the next look-up after the rest.
	mended.Store(true)
	client, _ = fastClient(Fixed{RDAP: base})
	client.manners = &quick
	mended.Store(false)
	for i := range 3 {
		client.Lookup(context.Background(), mustParse(t, fmt.Sprintf("example%d.com", i)))
	}
	mended.Store(true)
	deadline := time.Now().Add(time.Minute)
	for outcome(client.Lookup(context.Background(), mustParse(t, "example.com"))) != "free rdap" {
		if time.Now().After(deadline) {
			t.Fatal("the server was never tried again")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestSilence: many names meet a server that refuses for a while. They all wait,
// are answered in the end, and the server is asked a few times and not for each
// name again and again.
func TestSilence(t *testing.T) {
	for name, refusal := range map[string]step{
		"429":         reply(429, ""),
		"Retry-After": func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Retry-After", "1"); w.WriteHeader(429) },
		"broken off":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			const names, refusals = 30, 3
			base, asked := rdapServer(t, refusal, refusal, refusal, reply(404, ""))
			m := quick
			m.trip = 100
			client := &Client{Servers: tableOf{"com": {RDAP: []string{base}}}, Timeout: time.Minute, Patient: true, manners: &m}
			var group sync.WaitGroup
			var free atomic.Int32
			for i := range names {
				group.Go(func() {
					got := client.Lookup(context.Background(), mustParse(t, fmt.Sprintf("example%d.com", i)))
					switch outcome(got) {
					case "free rdap":
						free.Add(1)
					case "rdap:rate-limited", "rdap:refused", "rdap:malformed": // it met two refusals
					default:
						t.Errorf("got %q: %v", outcome(got), got.Failures)
					}
				})
			}
			group.Wait()
			if free.Load() < names-refusals || asked.Load() > names+refusals {
				t.Errorf("%d of %d answered after %d queries", free.Load(), names, asked.Load())
			}
		})
	}
}

// TestStop: the end of a run ends the wait for turns, and nobody is asked any more.
func TestStop(t *testing.T) {
	base, asked := rdapServer(t, reply(404, ""))
	client, _ := fastClient(Fixed{RDAP: base})
	client.PerMinute = 1
	client.sleep = nil
	stop, end := context.WithCancel(context.Background())
	client.Stop = stop
	if got := client.Lookup(context.Background(), mustParse(t, "example.com")); outcome(got) != "free rdap" {
		t.Fatalf("got %q", outcome(got))
	}
	time.AfterFunc(50*time.Millisecond, end)
	for _, name := range []string{"waiting.com", "later.com"} {
		if got := client.Lookup(context.Background(), mustParse(t, name)); outcome(got) != "rdap:canceled" {
			t.Errorf("%s: got %q", name, outcome(got))
		}
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

// TestHurry: who has no time does not wait for a server that wants peace.
func TestHurry(t *testing.T) {
	base, asked := rdapServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(429)
	})
	client := &Client{Servers: Fixed{RDAP: base}, Timeout: time.Minute}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for i := range 20 {
		got := client.Lookup(ctx, mustParse(t, fmt.Sprintf("example%d.com", i)))
		if k := kinds(got); len(k) != 1 || k[0] != failure.RateLimited {
			t.Errorf("got %v", got.Failures)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

// TestAtOnce: no more queries are on their way to a server than it may get.
func TestAtOnce(t *testing.T) {
	var now, most atomic.Int32
	base, _ := rdapServer(t, func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		time.Sleep(time.Millisecond)
		now.Add(-1)
		reply(404, "")(w, r)
	})
	client := &Client{Servers: Fixed{RDAP: base}, Timeout: time.Minute, Patient: true}
	// As for a server that is not on the loopback address.
	host := base[len("http://") : len(base)-len("/v1/")]
	client.limiter.of(host, func() *gate { return newGate(Pace{AtOnce: 2}, usualManners) })
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() { client.Lookup(context.Background(), mustParse(t, fmt.Sprintf("example%d.com", i))) })
	}
	group.Wait()
	if most.Load() != 2 {
		t.Errorf("%d at once", most.Load())
	}
}
