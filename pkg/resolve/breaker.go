package resolve

import (
	"context"
	"errors"
	"time"

	"github.com/miekg/dns"
	"github.com/sony/gobreaker/v2"

	"github.com/icpcheck/icpcheck/pkg/failure"
)

// A server that left so many questions in a row without any answer is dead, or
// not there; one broken zone alone costs ten. It is left alone for a while, so
// that a batch does not wait for it at every name.
const (
	tripAfter = 100
	restFor   = 10 * time.Second
)

// errSuspended is the reason of questions that such a server is not asked.
var errSuspended = errors.New("not asked: the server left many questions in a row unanswered")

type breaker = gobreaker.TwoStepCircuitBreaker[struct{}]

func (r *Resolver) breaker(server string) *breaker {
	if b, ok := r.breakers.Load(server); ok {
		return b.(*breaker)
	}
	b, _ := r.breakers.LoadOrStore(server, gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:      restFor,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
		IsSuccessful: func(err error) bool { return !unanswered(err) },
		IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) },
	}))
	return b.(*breaker)
}

// unanswered reports whether nothing came back at all.
func unanswered(err error) bool {
	if err == nil {
		return false
	}
	switch describe("", "", err).Kind {
	case failure.Timeout, failure.Unreachable:
		return true
	case failure.Refused: // by the system, not in a message
		return errors.Is(err, errNotSent) || !isAnswer(err)
	}
	return false
}

// isAnswer reports whether an error was said by the server.
func isAnswer(err error) bool {
	var code *rcodeError
	var status *statusError
	return errors.As(err, &code) || errors.As(err, &status) || errors.Is(err, errReferral)
}

// guarded is attempt at a server that is not left alone. A zone's own server
// always is asked: a batch meets a new one at every other name, and a breaker for
// each would pile up, while few names share one that is dead.
func (s *session) guarded(ctx context.Context, server string, q question, m manner, edns bool) (*dns.Msg, error) {
	if m.authority {
		return s.attempt(ctx, server, q, m, edns)
	}
	done, err := s.resolver.breaker(server).Allow()
	if err != nil {
		return nil, errSuspended
	}
	msg, err := s.attempt(ctx, server, q, m, edns)
	done(err)
	return msg, err
}
