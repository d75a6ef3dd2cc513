package fetch

import (
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// Source is the source that every failure of this package names.
const Source = "http"

// Limits of one Get.
const (
	// DefaultTimeout bounds everything, where Client.Timeout is zero.
	DefaultTimeout = 15 * time.Second
	// MaxRedirects is how many redirects are followed.
	MaxRedirects = 5
	// MaxBody is where a body ends, in bytes after decompression.
	MaxBody = 5 << 20
	// connectTimeout bounds one attempt to connect.
	connectTimeout = 5 * time.Second
	// maxHeader bounds the header of an answer, in bytes.
	maxHeader = 256 << 10
	// maxURL bounds an address, in bytes; redirects can be as long as they like.
	maxURL = 8 << 10
)

// Client gets pages. The zero value is ready; one client may be used by many
// goroutines and keeps nothing between calls.
type Client struct {
	// Timeout bounds a Get as a whole: names, connections, redirects and body.
	// Zero means DefaultTimeout.
	Timeout time.Duration
	// AllowPrivate lets connections go to addresses that are not public.
	AllowPrivate bool
	// NoRedirects gives a redirect as the result instead of following it.
	NoRedirects bool
	// Resolve tells the addresses of a host name (ASCII, lower case); nil asks
	// the system's resolver.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Dial connects to an address that was checked, as "192.0.2.1:443"; nil means
	// a net.Dialer, which checks it a last time.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// RootCAs are the authorities to trust; nil means the system's.
	RootCAs *x509.CertPool
	// UserAgent is sent where set.
	UserAgent string
}

// Redirect is one step on the way to the page.
type Redirect struct {
	From   string // the address that answered
	Status int
	To     string // where it sent on to, absolute
}

// Result is the page that was got, or how far it went.
type Result struct {
	// URL is the address that answered last, after redirects.
	URL string
	// Status and Header are those of the last answer; Status is zero without one.
	Status int
	Header http.Header
	// Location is where the answer points on to, absolute; empty where it does not.
	Location string
	// Body is the page in UTF-8, at most about MaxBody bytes. Truncated tells that
	// it went on. Charset names the encoding that it came in, for example gb18030.
	Body      []byte
	Charset   string
	Truncated bool
	// Addresses are those of the host that answered last; Remote is the one that
	// was connected to.
	Addresses []netip.Addr
	Remote    netip.AddrPort
	Redirects []Redirect
}

// errForbidden is an address that this package does not connect to.
var errForbidden = errors.New("not a public address")

// ParseURL reads an address as Get takes it, and says what is wrong with one
// that it would refuse. The host comes back in ASCII.
func ParseURL(s string) (*url.URL, error) {
	if len(s) > maxURL {
		return nil, text.Errorf("地址超过 %d 字节", "address is longer than %d bytes", maxURL)
	}
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil {
		// The cause repeats the address, which may hold a password.
		var e *url.Error
		if errors.As(err, &e) {
			err = e.Err
		}
		return nil, text.Errorf("地址无法读取：%w", "address cannot be read: %w", err)
	}
	return u, checkURL(u)
}

func checkURL(u *url.URL) error {
	switch u.Scheme {
	case "http", "https":
	case "":
		return text.Errorf("地址没有协议，应以 http:// 或 https:// 开头", "address has no scheme, want http:// or https://")
	default:
		return text.Errorf("地址的协议是 %q，应为 http 或 https", "address has the scheme %q, want http or https", u.Scheme)
	}
	if u.User != nil {
		return text.Errorf("地址里有用户名或口令，请去掉", "address holds a user name or password, give it without")
	}
	host := u.Hostname()
	if host == "" {
		return text.Errorf("地址没有主机，应如 https://example.com/", "address has no host, want https://example.com/")
	}
	if _, err := netip.ParseAddr(host); err != nil {
		ascii, ok := domainname.ToASCII(host)
		if !ok {
			return text.Errorf("%q 不是主机名", "%q is no host name", host)
		}
		if port := u.Port(); port != "" {
			ascii = net.JoinHostPort(ascii, port)
		}
		u.Host = ascii
	}
	u.Fragment, u.RawFragment = "", ""
	return nil
}

// Get gets a page. The result is worth looking at even with a failure: it tells
// how far the way went.
func (c *Client) Get(ctx context.Context, address string) (Result, *failure.Failure) {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	result := Result{URL: address}
	u, err := ParseURL(address)
	for {
		if err != nil {
			return result, failure.New(failure.Unsupported, Source, "", result.URL, err)
		}
		result.URL = u.String()
		next, err := c.once(ctx, u, &result)
		if err != nil {
			return result, Describe(ctx, u, err)
		}
		if next == nil {
			return result, nil
		}
		if len(result.Redirects) == MaxRedirects {
			return result, failure.New(failure.Redirected, Source, u.Host, result.URL, fmt.Errorf("more than %d redirects", MaxRedirects))
		}
		result.Redirects = append(result.Redirects, Redirect{result.URL, result.Status, next.String()})
		if err := checkURL(next); err != nil {
			return result, failure.New(failure.Redirected, Source, u.Host, result.URL, fmt.Errorf("redirect refused: %w", err))
		}
		u = next
	}
}

// once asks one server. next is where to go on, nil at the end.
func (c *Client) once(ctx context.Context, u *url.URL, result *Result) (next *url.URL, err error) {
	result.Status, result.Header, result.Location, result.Body, result.Charset, result.Truncated = 0, nil, "", nil, "", false
	// A connection may still be being made when the request has ended with ctx, so
	// that it must not write into the caller's result.
	var mu sync.Mutex
	var addresses []netip.Addr
	var remote netip.AddrPort
	transport := c.transport(func(all []netip.Addr, to netip.AddrPort) {
		mu.Lock()
		defer mu.Unlock()
		addresses, remote = all, to
	})
	transport.DisableKeepAlives = true
	transport.DisableCompression = true // decompressed here, within the limit
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5")
	request.Header.Set("Accept-Encoding", "gzip, deflate")
	request.Header.Set("Accept-Language", "zh-CN,zh;q=0.9,en;q=0.5")
	request.Header.Set("User-Agent", c.UserAgent) // an empty one leaves Go's out
	response, err := transport.RoundTrip(request)
	mu.Lock()
	result.Addresses, result.Remote = addresses, remote
	mu.Unlock()
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	result.Status, result.Header = response.StatusCode, response.Header
	if location := response.Header.Get("Location"); redirects(response.StatusCode) && location != "" {
		to, err := u.Parse(location)
		if err != nil || len(location) > maxURL {
			return nil, errors.New("redirect to an address that cannot be read")
		}
		result.Location = to.String()
		if !c.NoRedirects {
			return to, nil
		}
	}
	raw, truncated, err := body(response)
	if err != nil {
		return nil, err
	}
	result.Truncated = truncated
	result.Body, result.Charset = toUTF8(raw, response.Header.Get("Content-Type"))
	return nil, nil
}

// Transport sends requests one by one under the same rules for whom to connect
// to and how as Get: addresses are checked when they are connected to, the
// environment's proxies have no say, certificates are verified, and headers
// have their limit. Time, redirects, bodies and cookies are the caller's
// business, and so is [http.Transport.CloseIdleConnections].
func (c *Client) Transport() *http.Transport {
	return c.transport(func([]netip.Addr, netip.AddrPort) {})
}

// transport tells reached the addresses of each host, then the one it connected to.
func (c *Client) transport(reached func(all []netip.Addr, to netip.AddrPort)) *http.Transport {
	return &http.Transport{
		Proxy: nil, // the environment has no say in where a stranger's address leads
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return c.dial(ctx, network, address, reached)
		},
		TLSClientConfig:        &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
		MaxResponseHeaderBytes: maxHeader,
	}
}

func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// body reads at most MaxBody bytes of what the server sends, decompressed. The
// compressed stream has the same limit: a gzip stream may go on for ever
// without giving a byte.
func body(response *http.Response) (data []byte, truncated bool, err error) {
	var reader io.Reader = io.LimitReader(response.Body, MaxBody+1)
	switch encoding := strings.ToLower(strings.TrimSpace(response.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		unzipped, err := gzip.NewReader(reader)
		if errors.Is(err, io.EOF) {
			return nil, false, nil // an empty body, as with 304
		}
		if err != nil {
			return nil, false, fmt.Errorf("reading the gzip body: %w", err)
		}
		reader = unzipped
	case "deflate":
		inflated, err := zlib.NewReader(reader)
		if errors.Is(err, io.EOF) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("reading the deflate body: %w", err)
		}
		reader = inflated
	default:
		return nil, false, fmt.Errorf("body in the encoding %q, which was not asked for", encoding)
	}
	data, err = io.ReadAll(io.LimitReader(reader, MaxBody+1))
	if len(data) > MaxBody {
		return data[:MaxBody], true, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading the body: %w", err)
	}
	return data, false, nil
}

// dial resolves the host, refuses what is not public, and connects to the
// addresses that were checked, one after the other.
func (c *Client) dial(ctx context.Context, network, address string, reached func([]netip.Addr, netip.AddrPort)) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addresses, err := c.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	reached(addresses, netip.AddrPort{})
	var refused netip.Addr
	var last error
	for _, a := range addresses {
		if !c.AllowPrivate && !Public(a) {
			refused = a
			continue
		}
		conn, err := c.connect(ctx, network, net.JoinHostPort(a.String(), port))
		if err == nil {
			if remote, err := netip.ParseAddrPort(net.JoinHostPort(a.String(), port)); err == nil {
				reached(addresses, remote)
			}
			return conn, nil
		}
		last = err
		if ctx.Err() != nil {
			break
		}
	}
	switch {
	case last != nil:
		return nil, last
	case refused.IsValid():
		return nil, fmt.Errorf("%w: %s has %s", errForbidden, host, refused)
	}
	return nil, &net.DNSError{Err: "the name has no address", Name: host, IsNotFound: true}
}

func (c *Client) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	var list []netip.Addr
	var err error
	if c.Resolve != nil {
		list, err = c.Resolve(ctx, host)
	} else {
		list, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}
	out := make([]netip.Addr, len(list))
	for i, a := range list {
		out[i] = a.Unmap()
	}
	return slices.Compact(out), err
}

func (c *Client) connect(ctx context.Context, network, address string) (net.Conn, error) {
	// One address that does not answer must not eat the time of the others.
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if c.Dial != nil {
		return c.Dial(ctx, network, address)
	}
	dialer := net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !c.AllowPrivate && !Public(to.Addr()) {
			return fmt.Errorf("%w: %s", errForbidden, address)
		}
		return nil
	}}
	return dialer.DialContext(ctx, network, address)
}

// Describe turns the error of a request to u into a failure.
func Describe(ctx context.Context, u *url.URL, err error) *failure.Failure {
	query := u.String()
	fail := func(kind failure.Kind) *failure.Failure { return failure.New(kind, Source, u.Host, query, err) }
	if ctx.Err() != nil {
		err = ctx.Err() // the i/o error that the end of the time causes is no news
	}
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.Is(err, errForbidden):
		return fail(failure.Forbidden)
	case errors.As(err, &verification), errors.As(err, &record), errors.As(err, &alert):
		return fail(failure.Insecure)
	case errors.Is(err, io.EOF):
		return fail(failure.Refused) // closed without an answer
	}
	return failure.Of(Source, u.Host, query, err)
}
