package resolve

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"slices"
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
	// errSecluded keeps "no such name" of a server that knows no name from being believed.
	errSecluded = errors.New("the server does not know the public DNS")
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
	case errors.As(err, &code) && code.rcode == dns.RcodeRefused, errors.Is(err, errReferral), errors.Is(err, errSecluded):
		return failure.New(failure.Refused, Source, server, query, err)
	case code != nil:
		return failure.New(failure.Server, Source, server, query, err)
	case errors.Is(err, errSuspended):
		return failure.New(failure.Suspended, Source, server, query, err)
	}
	var status *statusError
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &status) && status.status == http.StatusTooManyRequests:
		return failure.New(failure.RateLimited, Source, server, query, err)
	case errors.As(err, &status) && status.status >= 500:
		return failure.New(failure.Server, Source, server, query, err)
	case errors.As(err, &status):
		return failure.New(failure.Refused, Source, server, query, err)
	case errors.As(err, &verification), errors.As(err, &record):
		return failure.New(failure.Insecure, Source, server, query, err)
	}
	f := failure.Of(Source, server, query, err)
	if f.Kind == failure.Malformed && errors.Is(err, errNotSent) {
		f.Kind = failure.Unreachable // nothing came that could be malformed
	}
	return f
}

// manner is how a question is put.
type manner struct {
	// authority asks a zone's own server, which is not to ask others for it.
	authority bool
	// subnet is the network whose answer is wanted (RFC 7871); the zero one asks
	// for one's own.
	subnet netip.Prefix
}

// attempt asks one server one time, over UDP and, if the answer did not fit,
// over TCP, or over the transport that the server's address names. Its errors
// are those that describe knows.
func (s *session) attempt(ctx context.Context, server string, q question, m manner, edns bool) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()

	query := new(dns.Msg).SetQuestion(q.name, q.qtype) // random id, recursion desired
	query.RecursionDesired = !m.authority
	if edns {
		query.SetEdns0(ednsSize, false)
		if m.subnet.IsValid() {
			opt := query.IsEdns0()
			opt.Option = append(opt.Option, clientSubnet(m.subnet))
		}
	}
	msg, err := s.send(ctx, server, query)
	if err != nil {
		return nil, err
	}
	if !edns {
		// Not asked for, so that it tells nothing: no network was named either.
		msg.Extra = slices.DeleteFunc(msg.Extra, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeOPT })
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

// clientSubnet is the option that names the network of a client. A server takes
// it as it is or not at all, so that the scope is left to it.
func clientSubnet(p netip.Prefix) *dns.EDNS0_SUBNET {
	family := uint16(1) // IANA address family numbers
	if p.Addr().Is6() {
		family = 2
	}
	return &dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: family, SourceNetmask: uint8(p.Bits()), Address: p.Masked().Addr().AsSlice()}
}

// scopeOf is how many bits of the client's network the answer depends on; 0
// where it depends on none, or where the server knows nothing of networks.
func scopeOf(msg *dns.Msg) uint8 {
	opt := msg.IsEdns0()
	if opt == nil {
		return 0
	}
	for _, option := range opt.Option {
		if subnet, ok := option.(*dns.EDNS0_SUBNET); ok {
			return subnet.SourceScope
		}
	}
	return 0
}

// send sends a query by the transport that the server's address names.
func (s *session) send(ctx context.Context, server string, query *dns.Msg) (*dns.Msg, error) {
	if strings.HasPrefix(server, overHTTPS) {
		return s.sendHTTPS(ctx, server, query)
	}
	if address, ok := strings.CutPrefix(server, overTLS); ok {
		host, _, _ := net.SplitHostPort(address)
		dialer := tls.Dialer{Config: &tls.Config{ServerName: host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}}
		return overStream(ctx, dialer.DialContext, address, query)
	}
	msg, err := s.overUDP(ctx, server, query, slices.Contains(s.servers, server))
	if err == nil && msg.Truncated {
		msg, err = overStream(ctx, new(net.Dialer).DialContext, server, query)
		if err == nil && msg.Truncated {
			err = errors.New("answer cut short even over TCP")
		}
	}
	return msg, err
}

// overStream asks over TCP or TLS.
func overStream(ctx context.Context, dial func(ctx context.Context, network, address string) (net.Conn, error), address string, query *dns.Msg) (*dns.Msg, error) {
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return nil, notSent(ctx, err)
	}
	defer conn.Close()
	return exchange(ctx, conn, true, query)
}

// notSent is the error of a question that nobody got.
func notSent(ctx context.Context, err error) error {
	return ended(ctx, fmt.Errorf("%w: %w", errNotSent, err))
}

// message is the media type of DNS over HTTPS (RFC 8484).
const message = "application/dns-message"

func (s *session) sendHTTPS(ctx context.Context, server string, query *dns.Msg) (*dns.Msg, error) {
	query.Id = 0 // so that caches on the way can tell equal questions
	data, err := query.Pack()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotSent, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server, bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotSent, err)
	}
	request.Header.Set("Content-Type", message)
	request.Header.Set("Accept", message)
	response, err := s.web.Do(request)
	if err != nil {
		return nil, ended(ctx, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, &statusError{response.StatusCode}
	}
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind != message {
		return nil, errors.New("the answer is no DNS message")
	}
	data, err = io.ReadAll(io.LimitReader(response.Body, dns.MaxMsgSize+1))
	if err != nil {
		return nil, ended(ctx, err)
	}
	return decode(data, query)
}

// statusError is an answer over HTTPS that says no.
type statusError struct{ status int }

func (e *statusError) Error() string { return fmt.Sprintf("HTTP status %d", e.status) }

// exchange sends the query and waits for its answer until ctx ends. A connection
// is fit for another query when there is no error.
func exchange(ctx context.Context, raw net.Conn, stream bool, query *dns.Msg) (_ *dns.Msg, err error) {
	conn := &dns.Conn{Conn: raw, UDPSize: bufferSize}
	// A deadline in the past wakes a blocked read or write.
	stop := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		if !stop() && err == nil {
			err = ctx.Err() // the deadline would hit the next query
		}
	}()

	if err := conn.WriteMsg(query); err != nil {
		return nil, notSent(ctx, err)
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
		if !stream && errors.Is(err, errStray) {
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
