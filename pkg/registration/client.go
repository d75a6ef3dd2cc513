package registration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/icpcheck/icpcheck/pkg/cache"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/failure"
)

// Defaults and manners of a look-up.
const (
	defaultTimeout = 8 * time.Second
	// rateLimitWait is the least pause after a refusal for asking too fast.
	rateLimitWait = 2 * time.Second
	// longestWait bounds the pause a server may ask for where the context has no
	// deadline, and patientWait where Patient says that time does not matter.
	longestWait, patientWait = 30 * time.Second, 2 * time.Minute
	// shortWait is the pause before any other second attempt, plus up to as much
	// again at random, so that many names do not come back together.
	shortWait = 200 * time.Millisecond
)

// Client looks names up. Only Servers must be set; one client may be used by
// many goroutines, and spaces their queries to each server.
type Client struct {
	Servers Servers
	// HTTP asks RDAP servers; nil means a client of its own. Its redirect policy
	// is replaced: at most five, and never from HTTPS to HTTP.
	HTTP *http.Client
	// Dial connects to WHOIS servers; nil means a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Timeout bounds each attempt, connecting included; zero means 8 seconds.
	Timeout time.Duration
	// Clock tells when an answer came; nil means time.Now.
	Clock func() time.Time
	// UserAgent is sent to RDAP servers where set.
	UserAgent string
	// Cache keeps answers; nil asks anew every time.
	Cache *cache.Store
	// PerMinute is how many queries a minute each server gets; zero is what
	// Servers says of it.
	PerMinute int
	// Patient waits minutes for a server that wants to be left in peace, for
	// runs over thousands of names.
	Patient bool
	// Stop ends every wait for a turn, which then counts as canceled; what a server
	// has been asked already is finished. Nil is for runs that nobody stops.
	Stop context.Context

	limiter limiter
	hosts   sync.Map  // hosts of base URLs, as text, by the URL
	once    sync.Once // makes client
	client  *http.Client
	// manners are the pauses after refusals; tests shorten them. Nil is usualManners.
	manners *manners
	// sleep waits between attempts; tests replace it.
	sleep func(context.Context, time.Duration) error
}

// Answer is what a look-up found. Record is nil where no server gave an answer;
// Failures then says why, one entry for each protocol asked. A failure may stand
// beside a record: RDAP failed, and WHOIS answered.
type Answer struct {
	Record   *Record            `json:"record"`
	Source   string             `json:"source"` // "rdap" or "whois"; empty without a record
	Server   string             `json:"server"` // base URL or host of the server that answered
	At       time.Time          `json:"at"`     // when the answer came, which may be an earlier run's time
	Failures []*failure.Failure `json:"-"`
}

// How long answers are kept. A registration changes by what its holder does, and
// a holder who has just registered or mended something asks again soon.
const (
	keepRegistered = 4 * time.Hour
	keepOther      = 10 * time.Minute // not registered, or the second-best server's word
)

// keep tells for how long an answer may serve later look-ups. Failures never do.
func (a Answer) keep() time.Duration {
	switch {
	case a.Record == nil:
		return 0
	case len(a.Failures) > 0, a.Record.Registered == nil, !*a.Record.Registered:
		return keepOther
	}
	return keepRegistered
}

// problem is one failed attempt, and whether a second is worth while.
type problem struct {
	failure *failure.Failure
	retry   bool
	wait    time.Duration // least pause before the second attempt
	unasked bool          // nothing was sent
	says    evidence
}

// evidence is what a failed attempt says about its server.
type evidence int

const (
	nothing evidence = iota // about this name or this run
	alive                   // it answers, though not what was wanted
	failing                 // it gives no answer
	hasty                   // it was asked too fast
	cut                     // it breaks connections, as some do instead of saying so
)

// Lookup asks for the registrable part of name: RDAP first, then WHOIS where
// there is no RDAP or it failed. Each is asked a second time after a transient
// failure. Cancelling ctx ends it promptly. Names below a private suffix
// (me.github.io) are unsupported unless Servers knows that very suffix. With a
// Cache an earlier answer of the same servers may stand in, with the time at
// which it came.
func (c *Client) Lookup(ctx context.Context, name domainname.Name) Answer {
	server, ok := longestMatch(c.Servers, name.Suffix)
	if !ok || len(server.RDAP) == 0 && server.WHOIS == "" {
		err := fmt.Errorf("no server is known for names below %s", name.Suffix)
		return Answer{At: c.now(), Failures: []*failure.Failure{failure.New(failure.Unsupported, SourceRDAP, "", name.Apex, err)}}
	}
	if c.Cache == nil {
		return c.ask(ctx, server, name)
	}
	key := strings.Join(server.RDAP, " ") + "\x00" + server.WHOIS + "\x00" + name.Apex
	return cache.Do(c.Cache, cache.Registration, key, func() (Answer, time.Duration) {
		answer := c.ask(ctx, server, name)
		return answer, answer.keep()
	})
}

// Host is where Lookup asks first about name, as a URL or host; empty where no
// server is known.
func (c *Client) Host(name domainname.Name) string {
	server, _ := longestMatch(c.Servers, name.Suffix)
	if len(server.RDAP) > 0 {
		return server.RDAP[0]
	}
	return server.WHOIS
}

// ask is Lookup at the servers of a suffix.
func (c *Client) ask(ctx context.Context, server Server, name domainname.Name) Answer {
	var failures []*failure.Failure
	if len(server.RDAP) > 0 {
		// Several base URLs are the same service; the second attempt uses the next.
		record, base, err := c.try(ctx, server.RDAP, func(ctx context.Context, base string) (Record, *problem) {
			return c.askRDAP(ctx, base, server.Pace, name.Apex)
		})
		if err == nil {
			return Answer{Record: &record, Source: SourceRDAP, Server: base, At: c.now()}
		}
		failures = append(failures, err)
	}
	if server.WHOIS != "" && (ctx.Err() == nil || len(failures) == 0) {
		record, host, err := c.try(ctx, []string{server.WHOIS}, func(ctx context.Context, host string) (Record, *problem) {
			return c.askWHOIS(ctx, host, server.Pace, name.Apex)
		})
		if err == nil {
			return Answer{Record: &record, Source: SourceWHOIS, Server: host, At: c.now(), Failures: failures}
		}
		failures = append(failures, err)
	}
	return Answer{At: c.now(), Failures: failures}
}

// try makes one attempt, and a second one after a transient failure if ctx
// leaves room for the pause before it.
func (c *Client) try(ctx context.Context, servers []string, once func(context.Context, string) (Record, *problem)) (Record, string, *failure.Failure) {
	var last *problem
	for attempt := range 2 {
		server := servers[attempt%len(servers)]
		if attempt > 0 && (!last.retry || !c.breathe(ctx, last)) {
			break
		}
		record, failed := once(ctx, server)
		if failed == nil {
			return record, server, nil
		}
		if last == nil || !failed.unasked || c.Stop != nil && c.Stop.Err() != nil {
			last = failed // that there was no second turn, unless the run ends, says less than how the first ended
		}
		if ctx.Err() != nil {
			break
		}
	}
	return Record{}, "", last.failure
}

// breathe makes the pause before a second attempt. After a refusal the pause
// for everybody at that server's gate is pause enough.
func (c *Client) breathe(ctx context.Context, p *problem) bool {
	if p.says == hasty || p.says == cut {
		return true
	}
	pause := shortWait + rand.N(shortWait)
	return c.fits(ctx, pause) && c.pause(ctx, pause) == nil
}

// fits reports whether a pause ends before ctx does.
func (c *Client) fits(ctx context.Context, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	switch {
	case ok:
		return time.Until(deadline) > pause
	case c.Patient:
		return pause <= patientWait
	}
	return pause <= longestWait
}

func (c *Client) pause(ctx context.Context, d time.Duration) error {
	if c.sleep != nil {
		return c.sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// problemOf judges an error of the network, or of reading the answer.
func problemOf(source, server, domain string, err error) *problem {
	f := failure.Of(source, server, domain, err)
	// Failures of the parsers do not know whom they came from.
	f = failure.New(f.Kind, source, server, domain, cause(f))
	if f.Kind == failure.Malformed && errors.Is(err, io.ErrUnexpectedEOF) {
		f.Kind = failure.Incomplete
	}
	switch {
	case f.Kind == failure.RateLimited:
		return &problem{failure: f, retry: true, says: hasty}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &problem{failure: f, retry: true, says: cut}
	case f.Kind == failure.Timeout, f.Kind == failure.Server, errors.Is(err, syscall.ECONNREFUSED):
		return &problem{failure: f, retry: true, says: failing}
	case f.Kind == failure.Unreachable, f.Kind == failure.Insecure:
		return &problem{failure: f, says: failing}
	}
	return &problem{failure: f}
}

func cause(f *failure.Failure) error {
	if f.Err != nil {
		return f.Err
	}
	return errors.New(string(f.Kind))
}

// about refuses an answer that is about another name, as a server may give for
// a name below one it knows.
func about(domain string, r Record) error {
	if r.Registered != nil && *r.Registered && r.Domain != domain {
		return fmt.Errorf("the answer is about %s", r.Domain)
	}
	return nil
}

func (c *Client) now() time.Time {
	if c.Clock != nil {
		return c.Clock()
	}
	return time.Now()
}

func (c *Client) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return defaultTimeout
}
