package registration

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/likexian/whois"

	"github.com/icpcheck/icpcheck/pkg/failure"
)

const whoisPort = "43"

// askWHOIS makes one query.
func (c *Client) askWHOIS(ctx context.Context, server string, pace Pace, domain string) (_ Record, failed *problem) {
	host, address := whoisAddress(server)
	turn, failed := c.take(ctx, SourceWHOIS, server, address, pace, domain)
	if failed != nil {
		return Record{}, failed
	}
	defer func() { turn.end(failed) }()
	ctx, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()
	text, err := c.queryWHOIS(ctx, host, address, domain)
	if err != nil {
		// A server may say why and then break the connection; a whole record,
		// however, ends with the connection's orderly end.
		var f *failure.Failure
		if _, parseErr := ParseWHOIS(domain, []byte(text)); errors.As(parseErr, &f) && f.Kind == failure.RateLimited {
			err = f
		}
		return Record{}, problemOf(SourceWHOIS, server, domain, err)
	}
	record, err := ParseWHOIS(domain, []byte(text))
	if err == nil {
		err = about(domain, record)
	}
	if err != nil {
		failed := problemOf(SourceWHOIS, server, domain, err)
		if strings.TrimSpace(text) == "" {
			// CNNIC answers nothing at all when it is asked too fast.
			failed.retry, failed.says = true, hasty
		}
		return Record{}, failed
	}
	return record, nil
}

// queryWHOIS sends domain to address through github.com/likexian/whois, whose
// manners it corrects: it connects where we say, asks nobody else, and stops
// when ctx ends. The library panics on some answers, which then are malformed.
func (c *Client) queryWHOIS(ctx context.Context, host, address, domain string) (text string, err error) {
	defer func() {
		if p := recover(); p != nil {
			text, err = "", fmt.Errorf("the answer broke the client: %v", p)
		}
	}()
	client := whois.NewClient().
		SetDialer(&boundDialer{ctx: ctx, dial: c.Dial, address: address}).
		SetTimeout(c.timeout()).
		SetDisableReferral(true).
		SetDisableStats(true)
	return client.Whois(domain, host)
}

// whoisAddress splits a server into its host, for display and pacing, and the
// address to connect to.
func whoisAddress(server string) (host, address string) {
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		host, port = strings.Trim(server, "[]"), whoisPort
	}
	return host, net.JoinHostPort(host, port)
}

// boundDialer gives the library connections that live no longer than ctx. The
// library names an address too, but mistakes the end of an IPv6 address for a
// port, so ours is used.
type boundDialer struct {
	ctx     context.Context
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	address string
}

// Dial implements the library's dialer.
func (d *boundDialer) Dial(network, _ string) (net.Conn, error) {
	dial := d.dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	conn, err := dial(d.ctx, network, d.address)
	if err != nil {
		return nil, err
	}
	// The library sets deadlines of its own and knows no context; closing is the
	// one thing that ends a stalled read at once.
	stop := context.AfterFunc(d.ctx, func() { conn.Close() })
	return &boundConn{Conn: conn, ctx: d.ctx, stop: stop}, nil
}

// boundConn ends with its context, and reads no more than maxAnswer bytes.
type boundConn struct {
	net.Conn
	ctx  context.Context
	stop func() bool
	read int
}

var errTooLong = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)

// Read implements net.Conn. The reason of a closed connection is its context's.
func (c *boundConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.read += n; c.read > maxAnswer {
		return n, errTooLong
	}
	return n, c.reason(err)
}

// Write implements net.Conn.
func (c *boundConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	return n, c.reason(err)
}

func (c *boundConn) reason(err error) error {
	if err != nil && errors.Is(err, net.ErrClosed) && c.ctx.Err() != nil {
		return c.ctx.Err()
	}
	return err
}

// Close implements net.Conn.
func (c *boundConn) Close() error {
	c.stop()
	return c.Conn.Close()
}

// SetReadDeadline does nothing: the context bounds the connection.
func (c *boundConn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing: the context bounds the connection.
func (c *boundConn) SetWriteDeadline(time.Time) error { return nil }
