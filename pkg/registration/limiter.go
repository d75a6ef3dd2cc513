package registration

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"

	"github.com/icpcheck/icpcheck/pkg/failure"
)

// Pace is how fast a server may be asked. The zero value sets no limit.
type Pace struct {
	PerMinute int // queries that may start in a minute
	AtOnce    int // queries on their way at a time
}

// burst lets a few seconds' queries go at once: a filing has several domains.
const burst = 2 * time.Second

// manners are the pauses after refusals. Tests shorten them.
type manners struct {
	rateLimited, reset time.Duration // first pause after a refusal for asking too fast, and after a broken connection; each next one doubles
	longest            time.Duration // of the pauses that we choose
	trip               uint32        // failures in a row after which a server is left alone
	rest               time.Duration // for how long
}

var usualManners = manners{rateLimited: rateLimitWait, reset: shortWait, longest: time.Minute, trip: 5, rest: 30 * time.Second}

// limiter keeps the manners towards each server; different servers do not wait
// for one another. The zero value is ready, and safe for concurrent use.
type limiter struct {
	hosts sync.Map // host:port to *gate
}

func (l *limiter) of(host string, fresh func() *gate) *gate {
	if g, ok := l.hosts.Load(host); ok {
		return g.(*gate)
	}
	g, _ := l.hosts.LoadOrStore(host, fresh())
	return g.(*gate)
}

// gate is the way to one server.
type gate struct {
	manners manners
	pace    *rate.Limiter // nil for no limit
	slots   chan struct{} // nil for no limit
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	last    atomic.Pointer[failure.Failure] // the failure that counted last

	mu      sync.Mutex
	hushed  time.Time // when the last time of silence began
	silence time.Time // and when it ends
	refused int       // how many there were in a row
}

// errNeutral is the outcome that tells nothing about a server.
var errNeutral = errors.New("neither good nor bad")

func newGate(pace Pace, m manners) *gate {
	g := &gate{manners: m}
	if pace.PerMinute > 0 {
		perSecond := float64(pace.PerMinute) / 60
		g.pace = rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond*burst.Seconds())))
	}
	if pace.AtOnce > 0 {
		g.slots = make(chan struct{}, pace.AtOnce)
	}
	g.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:     m.rest,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= m.trip },
		IsExcluded:  func(err error) bool { return errors.Is(err, errNeutral) },
	})
	return g
}

// resting tells why the server is left alone, or nil.
func (g *gate) resting() error {
	if g.breaker.State() != gobreaker.StateOpen {
		return nil
	}
	return g.suspended()
}

func (g *gate) suspended() error {
	if last := g.last.Load(); last != nil {
		return fmt.Errorf("not asked: the server failed %d times in a row, the last time: %s", g.manners.trip, last.Kind)
	}
	return errors.New("not asked: the server failed again and again")
}

// quiet is how long the server is to be left in peace from now on.
func (g *gate) quiet() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Until(g.silence)
}

// judge learns from an attempt, and tells the breaker what to count.
func (g *gate) judge(began time.Time, p *problem) error {
	switch {
	case p == nil || p.says == alive:
		g.mu.Lock()
		g.refused = 0
		g.mu.Unlock()
		return nil
	case p.says == nothing || !g.counts(began, p):
		return errNeutral
	}
	g.last.Store(p.failure)
	return p.failure
}

// counts reports whether a failure is one more in a row, and begins a time of
// silence after a refusal. That counts once for all attempts that were on their
// way together: they got the same answer to the same haste.
func (g *gate) counts(began time.Time, p *problem) bool {
	first := map[evidence]time.Duration{hasty: g.manners.rateLimited, cut: g.manners.reset}[p.says]
	if first == 0 {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	fresh := !began.Before(g.hushed)
	pause := p.wait
	if fresh {
		g.hushed = time.Now()
		pause = max(pause, min(first<<min(g.refused, 10), g.manners.longest))
		g.refused++
	}
	// A little more, so that several runs do not come back together.
	if until := time.Now().Add(pause + rand.N(shortWait)); until.After(g.silence) {
		g.silence = until
	}
	return fresh
}

// turn is the right to ask a server once.
type turn struct {
	gate  *gate
	began time.Time
	done  func(error)
}

// end gives the turn back, with what came of it.
func (t *turn) end(p *problem) {
	t.done(t.gate.judge(t.began, p))
	if t.gate.slots != nil {
		<-t.gate.slots
	}
}

// take waits for a turn at address (host:port), one of a server's. It fails at
// once where the turn would come too late, or the server is left alone.
func (c *Client) take(ctx context.Context, source, server, address string, pace Pace, domain string) (*turn, *problem) {
	m := usualManners
	if c.manners != nil {
		m = *c.manners
	}
	g := c.limiter.of(address, func() *gate { return newGate(c.paceOf(address, pace), m) })
	refuse := func(kind failure.Kind, err error) (*turn, *problem) {
		return nil, &problem{failure: failure.New(kind, source, server, domain, err), unasked: true}
	}
	if err := g.resting(); err != nil {
		return refuse(failure.Suspended, err)
	}
	if c.Stop != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(c.Stop, cancel)()
		if c.Stop.Err() != nil {
			cancel() // before AfterFunc gets to it
		}
	}
	if g.slots != nil {
		select {
		case g.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, &problem{failure: failure.Of(source, server, domain, ctx.Err()), unasked: true}
		}
	}
	err := c.await(ctx, g)
	var done func(error)
	if err == nil {
		if done, err = g.breaker.Allow(); err != nil {
			err = fmt.Errorf("%w: %w", errSuspended, g.suspended())
		}
	}
	if err == nil {
		return &turn{gate: g, began: time.Now(), done: done}, nil
	}
	if g.slots != nil {
		<-g.slots
	}
	switch {
	case errors.Is(err, errSuspended):
		return refuse(failure.Suspended, g.suspended())
	case ctx.Err() != nil:
		return nil, &problem{failure: failure.Of(source, server, domain, ctx.Err()), unasked: true}
	}
	return refuse(failure.RateLimited, err)
}

var errSuspended = errors.New("left alone")

// await waits until the server may be asked by the pace and after refusals.
func (c *Client) await(ctx context.Context, g *gate) error {
	if pause := g.quiet(); pause > 0 {
		if !c.fits(ctx, pause) {
			return fmt.Errorf("not asked in time: the server wants to be left in peace for %v", pause.Round(time.Second))
		}
		if err := c.pause(ctx, pause); err != nil {
			return err
		}
	}
	if g.pace != nil && g.pace.Wait(ctx) != nil {
		return errors.New("not asked in time: too many queries to this server in one run")
	}
	return ctx.Err()
}

// paceOf is the pace of --rate where given, else the table's; a loopback server
// is a test or the user's own.
func (c *Client) paceOf(address string, table Pace) Pace {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	addr, err := netip.ParseAddr(host)
	switch local := host == "localhost" || err == nil && addr.IsLoopback(); {
	case c.PerMinute > 0 && local:
		return Pace{PerMinute: c.PerMinute}
	case c.PerMinute > 0:
		return Pace{PerMinute: c.PerMinute, AtOnce: table.AtOnce}
	case local:
		return Pace{}
	}
	return table
}
