package registration

import (
	"context"
	"net/netip"
	"sync"

	"golang.org/x/time/rate"
)

// cnnicHost refuses queries that come "too short" after one another and
// publishes no figure, so it gets a pace of its own.
const cnnicHost = "whois.cnnic.cn"

// Paces in queries a second, and how many may start at once.
const (
	cnnicPace, cnnicBurst   = 1, 3
	commonPace, commonBurst = 10, 20
)

// limiter spaces the queries to each server; different servers do not wait for
// one another. The zero value is ready, and safe for concurrent use.
type limiter struct {
	mu    sync.Mutex
	hosts map[string]*rate.Limiter // guarded by mu
}

// wait returns when host may be asked. It fails at once where ctx ends earlier.
func (l *limiter) wait(ctx context.Context, host string) error {
	// A loopback server is a test or the user's own.
	if addr, err := netip.ParseAddr(host); host == "localhost" || err == nil && addr.IsLoopback() {
		return ctx.Err()
	}
	return l.of(host).Wait(ctx)
}

func (l *limiter) of(host string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	pace, ok := l.hosts[host]
	if ok {
		return pace
	}
	pace = rate.NewLimiter(commonPace, commonBurst)
	if host == cnnicHost {
		pace = rate.NewLimiter(cnnicPace, cnnicBurst)
	}
	if l.hosts == nil {
		l.hosts = map[string]*rate.Limiter{}
	}
	l.hosts[host] = pace
	return pace
}
