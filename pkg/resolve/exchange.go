package resolve

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/icpcheck/icpcheck/pkg/failure"
)

// ednsSize is the answer size that fits every common path unfragmented
// (DNS flag day 2020).
const ednsSize = 1232

// bufferSize leaves room for servers that send more than was asked for.
const bufferSize = 4096

// headerSize is the length of a DNS header in bytes.
const headerSize = 12

var (
	errNotSent = errors.New("could not send")
	errStray   = errors.New("not an answer to the question asked")
	// errReferral keeps "ask someone else" from being read as "no such record".
	errReferral = errors.New("the server neither knows the name nor asks others for it")
)

// rcodeError is an answer that carries an error code instead of an answer.
type rcodeError struct {
	rcode    int
	extended []string // names of extended errors (RFC 8914)
}

func (e *rcodeError) Error() string {
	name, ok := dns.RcodeToString[e.rcode]
	if !ok {
		name = fmt.Sprintf("RCODE %d", e.rcode)
	}
	if len(e.extended) > 0 {
		name += ": " + strings.Join(e.extended, ", ")
	}
	return name
}

// rejectsEDNS reports whether the server may be too old for EDNS0, so that the
// retry has to do without.
func rejectsEDNS(err error) bool {
	var code *rcodeError
	return errors.As(err, &code) &&
		(code.rcode == dns.RcodeFormatError || code.rcode == dns.RcodeNotImplemented || code.rcode == dns.RcodeBadVers)
}

// describe turns the error of a question into a failure.
func describe(server, query string, err error) *failure.Failure {
	var code *rcodeError
	switch {
	case errors.As(err, &code) && code.rcode == dns.RcodeRefused, errors.Is(err, errReferral):
		return failure.New(failure.Refused, Source, server, query, err)
	case code != nil:
		return failure.New(failure.Server, Source, server, query, err)
	case errors.Is(err, errSuspended):
		return failure.New(failure.Suspended, Source, server, query, err)
	}
	f := failure.Of(Source, server, query, err)
	if f.Kind == failure.Malformed && errors.Is(err, errNotSent) {
		f.Kind = failure.Unreachable // nothing came that could be malformed
	}
	return f
}

// attempt asks one server one time, over UDP and, if the answer did not fit,
// over TCP. Its errors are those that describe knows.
func attempt(ctx context.Context, server string, q question, edns bool, timeout time.Duration) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	query := new(dns.Msg).SetQuestion(q.name, q.qtype) // random id, recursion desired
	if edns {
		query.SetEdns0(ednsSize, false)
	}
	msg, err := exchange(ctx, "udp", server, query)
	if err == nil && msg.Truncated {
		msg, err = exchange(ctx, "tcp", server, query)
		if err == nil && msg.Truncated {
			err = errors.New("answer cut short even over TCP")
		}
	}
	if err != nil {
		return nil, err
	}
	switch {
	case msg.Rcode != dns.RcodeSuccess && msg.Rcode != dns.RcodeNameError:
		return nil, &rcodeError{rcode: msg.Rcode, extended: extendedErrors(msg)}
	case msg.Rcode == dns.RcodeSuccess && len(msg.Answer) == 0 && !msg.Authoritative && !msg.RecursionAvailable:
		return nil, errReferral
	}
	return msg, nil
}

// extendedErrors names the reasons that the server gives, from the well-known
// list only: its free text is not ours to print.
func extendedErrors(msg *dns.Msg) []string {
	opt := msg.IsEdns0()
	if opt == nil {
		return nil
	}
	var names []string
	for _, option := range opt.Option {
		if e, ok := option.(*dns.EDNS0_EDE); ok {
			if name, ok := dns.ExtendedErrorCodeToString[e.InfoCode]; ok {
				names = append(names, name)
			}
		}
	}
	return names
}

// exchange sends the query from a fresh port and waits for its answer until ctx
// ends.
func exchange(ctx context.Context, network, server string, query *dns.Msg) (*dns.Msg, error) {
	var dialer net.Dialer
	raw, err := dialer.DialContext(ctx, network, server)
	if err != nil {
		return nil, ended(ctx, fmt.Errorf("%w: %w", errNotSent, err))
	}
	conn := &dns.Conn{Conn: raw, UDPSize: bufferSize}
	defer conn.Close()
	// A deadline in the past wakes a blocked read or write.
	stop := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	if err := conn.WriteMsg(query); err != nil {
		return nil, ended(ctx, fmt.Errorf("%w: %w", errNotSent, err))
	}
	var stray error
	for {
		data, err := conn.ReadMsgHeader(nil)
		if errors.Is(err, dns.ErrShortRead) {
			data, err = nil, nil // decode calls it stray
		}
		if err != nil {
			if err = ended(ctx, err); stray != nil && errors.Is(err, context.DeadlineExceeded) {
				return nil, stray
			}
			return nil, err
		}
		msg, err := decode(data, query)
		// Anybody can send a datagram that claims to come from the server, so a
		// wrong one must not end the wait for the right one (RFC 5452).
		if network == "udp" && errors.Is(err, errStray) {
			stray = err
			continue
		}
		return msg, err
	}
}

// ended replaces the i/o error that the end of ctx causes by the cause itself.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// decode reads an answer to query. The error wraps errStray if the data does
// not belong to the query.
func decode(data []byte, query *dns.Msg) (*dns.Msg, error) {
	if len(data) < headerSize {
		return nil, fmt.Errorf("%w: shorter than a header", errStray)
	}
	if binary.BigEndian.Uint16(data) != query.Id {
		return nil, fmt.Errorf("%w: other id", errStray)
	}
	msg := new(dns.Msg)
	// Some servers cut a truncated answer inside a record.
	if err := msg.Unpack(data); err != nil && !msg.Truncated {
		return nil, fmt.Errorf("unreadable answer: %w", err)
	}
	if !msg.Response || !sameQuestion(msg, query.Question[0]) {
		return nil, fmt.Errorf("%w: other question", errStray)
	}
	return msg, nil
}

// sameQuestion reports whether msg repeats the question. Servers that reject a
// message unread may leave it out.
func sameQuestion(msg *dns.Msg, want dns.Question) bool {
	if len(msg.Question) == 0 {
		return msg.Rcode != dns.RcodeSuccess && msg.Rcode != dns.RcodeNameError
	}
	got := msg.Question[0]
	return len(msg.Question) == 1 && got.Qtype == want.Qtype && got.Qclass == want.Qclass &&
		strings.EqualFold(got.Name, want.Name)
}
