package diagnose

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/fetch"
)

// state is how a connection, a request or a handshake ended.
type state string

const (
	untried     state = ""
	answered    state = "answered"    // connected; an HTTP answer; a handshake that went through
	reset       state = "reset"       // cut off after something was sent
	refused     state = "refused"     // nobody listens
	timedOut    state = "timed-out"   // no answer in time
	unreachable state = "unreachable" // no way there from here
	spoke       state = "spoke"       // an answer that is no success: a TLS alert, a bad certificate, not HTTP
)

// stateOf sorts an error. Closing without a word counts as a reset: some
// middleboxes send FIN where others send RST.
func stateOf(err error) state {
	var netErr net.Error
	switch {
	case err == nil:
		return answered
	case errors.Is(err, syscall.ECONNREFUSED):
		return refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return reset
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return timedOut
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, context.Canceled):
		return unreachable
	}
	return spoke
}

// connect is a TCP connection that was tried.
type connect struct {
	to    netip.AddrPort
	state state
}

// connectTimeout bounds one connection.
const connectTimeout = 5 * time.Second

func (p *Prober) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if p.Dial != nil {
		return p.Dial(ctx, "tcp", to.String())
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", to.String())
}

func (p *Prober) connect(ctx context.Context, to netip.AddrPort) state {
	conn, err := p.dial(ctx, to)
	if err != nil {
		if s := stateOf(err); s != spoke {
			return s
		}
		return unreachable
	}
	_ = conn.Close() // nothing was sent
	return answered
}

// exchange is a GET and what came of it.
type exchange struct {
	url    string
	state  state
	result fetch.Result
	failed *failure.Failure
}

// get asks the address for the page. host is the name, or the address itself
// for the control.
func (p *Prober) get(ctx context.Context, scheme, host string, port uint16, via netip.Addr) exchange {
	x := exchange{url: address(scheme, host, port)}
	c := fetch.Client{
		AllowPrivate: p.AllowPrivate, NoRedirects: true, Dial: p.Dial, RootCAs: p.RootCAs, UserAgent: p.UserAgent,
		Resolve: func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{via}, nil },
	}
	if deadline, ok := ctx.Deadline(); ok {
		c.Timeout = time.Until(deadline)
	}
	x.result, x.failed = c.Get(ctx, x.url)
	switch {
	case x.result.Status != 0:
		x.state = answered
	case x.failed == nil:
		x.state = spoke
	default:
		if x.state = stateOf(x.failed.Err); x.failed.Kind == failure.Insecure {
			x.state = spoke
		}
	}
	return x
}

// handshake tries a TLS handshake with a name, or with none as the control.
// The certificate is not looked at here: no data follows, and the GET over
// https looks at it.
func (p *Prober) handshake(ctx context.Context, to netip.AddrPort, name string, newest bool) state {
	raw, err := p.dial(ctx, to)
	if err != nil {
		return stateOf(err)
	}
	defer raw.Close()
	config := &tls.Config{ServerName: name, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12}
	if newest {
		config.MaxVersion = tls.VersionTLS13
	}
	conn := tls.Client(raw, config)
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return stateOf(err)
	}
	return answered
}
