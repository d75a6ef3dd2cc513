package failure

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
)

// Kind says what went wrong, in the words reports and statistics use.
type Kind string

// The kinds. Every failed look-up has exactly one.
const (
	Timeout     Kind = "timeout"      // no answer in time
	Refused     Kind = "refused"      // the server refused the connection or the query
	Unreachable Kind = "unreachable"  // no route, or the server's own name did not resolve
	RateLimited Kind = "rate-limited" // the server asked for fewer queries
	Malformed   Kind = "malformed"    // an answer came, but it cannot be read
	Server      Kind = "server-error" // the server says that it is broken (SERVFAIL, HTTP 5xx)
	Unsupported Kind = "unsupported"  // no server is known for this name
	NotAsked    Kind = "not-asked"    // look-ups are switched off
	Canceled    Kind = "canceled"     // the run was interrupted
	Insecure    Kind = "tls"          // the TLS handshake or the certificate was not acceptable
	Forbidden   Kind = "forbidden"    // the address is not public, so it was not connected to
	Suspended   Kind = "suspended"    // not asked, since the server failed again and again just before
	Incomplete  Kind = "incomplete"   // an answer came, but it was cut off or not finished
	Redirected  Kind = "redirected"   // sent on too often, or to where nobody may go
	Scripted    Kind = "scripted"     // a page came, but what was wanted is put there by scripts, which were not run
	Unsteered   Kind = "unsteered"    // the DNS answered, but did not tell every network asked for addresses of its own
)

// Trouble reports whether something went wrong on the way, so that a look-up is
// to be told as failed and another try may help. The others matter only to those
// who need the fact.
func (k Kind) Trouble() bool { return k != NotAsked && k != Unsteered }

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{Timeout, Refused, Unreachable, RateLimited, Malformed, Server, Unsupported, NotAsked, Canceled, Insecure, Forbidden, Suspended, Incomplete, Redirected, Scripted, Unsteered}
}

// Failure is one look-up that gave nothing.
type Failure struct {
	Kind   Kind
	Source string // rdap, whois, dns, http
	Server string // whom it asked, empty when nobody
	Query  string // what was asked, for example the domain name
	Err    error  // the cause, may be nil
}

// Error tells what was asked, whom, and what went wrong, in one line.
func (f *Failure) Error() string {
	var b strings.Builder
	b.WriteString(f.Source)
	if f.Server != "" {
		b.WriteString(" " + f.Server)
	}
	if f.Query != "" {
		b.WriteString(" " + f.Query)
	}
	b.WriteString(": " + string(f.Kind))
	if f.Err != nil {
		// Causes come from servers; keep them on one line.
		b.WriteString(" (" + strings.Join(strings.Fields(f.Err.Error()), " ") + ")")
	}
	return b.String()
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// New builds a Failure of a known kind.
func New(kind Kind, source, server, query string, err error) *Failure {
	return &Failure{Kind: kind, Source: source, Server: server, Query: query, Err: err}
}

// Of classifies a network error: time-outs, refusals, cancellation and
// unreachable servers; anything else is Malformed with the cause kept.
func Of(source, server, query string, err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return New(kindOf(err), source, server, query, err)
}

func kindOf(err error) Kind {
	var dnsErr *net.DNSError
	var netErr net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return Timeout
	case errors.As(err, &netErr) && netErr.Timeout():
		return Timeout
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		return Refused
	case errors.As(err, &dnsErr), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return Unreachable
	}
	return Malformed
}
