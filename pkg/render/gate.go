package render

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/fetch"
)

// Limits of one page, beside those of package fetch for one request.
const (
	// maxRequests is how many requests a page may make.
	maxRequests = 500
	// maxPage bounds all that a page loads, in bytes after decompression.
	maxPage = 30 << 20
	// mostRefusals is how many refused requests are remembered.
	mostRefusals = 32
)

// Refusal is a request of the page that was not made, or not answered in full.
type Refusal struct {
	URL string
	Why *failure.Failure
	// Matters tells that the page could have read the answer and shown something
	// else for it: not so for pictures and for beacons.
	Matters bool
}

// key is what the gates of one browser speak TLS with.
type key struct {
	certificate tls.Certificate
	// hash is the form in which Chromium takes a key to trust.
	hash string
}

func newKey() (*key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	// Name and dates do not matter: the browser goes by the key alone.
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(public)
	return &key{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, base64.StdEncoding.EncodeToString(sum[:])}, nil
}

// gate is a forward proxy on loopback, the only way out of one page.
type gate struct {
	transport *http.Transport
	product   string
	key       *key
	listener  net.Listener
	outer     *http.Server // what the browser connects to
	inner     *http.Server // what speaks inside its tunnels
	tunnels   *tunnels
	ctx       context.Context // ends what goes through
	cancel    context.CancelFunc
	serving   sync.WaitGroup

	mu       sync.Mutex // guards the rest
	open     int        // requests under way
	quiet    time.Time  // when the last one ended
	requests int
	left     int64          // bytes that the page may still load
	hops     map[string]int // redirects that led to an address
	refusals []Refusal
}

func newGate(client *fetch.Client, k *key, product string) (*gate, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	g := &gate{
		transport: client.Transport(), product: product, key: k, listener: listener, ctx: ctx, cancel: cancel,
		quiet: time.Now(), left: maxPage, hops: map[string]int{},
	}
	g.tunnels = &tunnels{waiting: make(chan net.Conn), closed: ctx.Done(), address: listener.Addr()}
	quietly := log.New(io.Discard, "", 0) // a browser that hangs up is no news
	g.outer = &http.Server{Handler: http.HandlerFunc(g.plain), ErrorLog: quietly, ReadHeaderTimeout: fetch.DefaultTimeout}
	g.inner = &http.Server{
		Handler: http.HandlerFunc(g.tunnelled), ErrorLog: quietly, ReadHeaderTimeout: fetch.DefaultTimeout,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, baseKey{}, c.(*tunnel).base)
		},
	}
	g.serving.Go(func() { _ = g.outer.Serve(listener) })
	g.serving.Go(func() { _ = g.inner.Serve(g.tunnels) })
	return g, nil
}

func (g *gate) address() string { return g.listener.Addr().String() }

// close ends everything that goes through, and returns when nothing is left.
func (g *gate) close() {
	g.cancel()
	_ = g.outer.Close()
	_ = g.inner.Close()
	g.serving.Wait()
	g.transport.CloseIdleConnections()
}

// plain serves what the browser asks for over http, and opens tunnels.
func (g *gate) plain(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		g.forward(w, r, r.URL.String())
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		conn.Close()
		return
	}
	g.tunnels.enter(g.ctx, conn, buffered.Reader, r.Host, &tls.Config{Certificates: []tls.Certificate{g.key.certificate}})
}

// tunnelled serves what comes out of a tunnel, once TLS is off.
func (g *gate) tunnelled(w http.ResponseWriter, r *http.Request) {
	base, _ := r.Context().Value(baseKey{}).(string)
	g.forward(w, r, base+r.URL.RequestURI())
}

// Reasons for which a request goes no further.
var (
	errSends     = errors.New("the page is only looked at, so nothing is sent")
	errSocket    = errors.New("WebSocket is not spoken")
	errDownload  = errors.New("a download")
	errRedirects = fmt.Errorf("more than %d redirects", fetch.MaxRedirects)
	errRequests  = fmt.Errorf("more than %d requests", maxRequests)
	errTooMuch   = fmt.Errorf("more than %d megabytes for one page", maxPage>>20)
	errTooLong   = fmt.Errorf("more than %d megabytes", fetch.MaxBody>>20)
	errEncoding  = errors.New("an encoding that was not asked for")
)

// forward makes one request of the browser's under the rules of package fetch.
// A request that may not be made is cut off, so that nothing of ours can be
// taken for the site's.
func (g *gate) forward(w http.ResponseWriter, r *http.Request, address string) {
	g.begin()
	defer g.end()
	if err := g.pass(w, r, address); err != nil {
		g.refuse(r, address, err)
		panic(http.ErrAbortHandler)
	}
}

func (g *gate) pass(w http.ResponseWriter, r *http.Request, address string) error {
	u, err := fetch.ParseURL(address)
	if err != nil {
		return failure.New(failure.Unsupported, fetch.Source, "", address, err)
	}
	if err := g.admit(r, u.String()); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(g.ctx)
	defer cancel()
	defer context.AfterFunc(r.Context(), cancel)()
	request, err := http.NewRequestWithContext(ctx, r.Method, u.String(), nil)
	if err != nil {
		return err
	}
	request.Header = r.Header.Clone()
	// Without its Accept-Encoding the transport asks for gzip and takes it off.
	drop(request.Header, "Accept-Encoding", "Cookie", "Authorization", "Proxy-Authorization", "Range")
	agent := strings.Replace(r.UserAgent(), "HeadlessChrome", "Chrome", 1)
	request.Header.Set("User-Agent", strings.TrimSpace(agent+" "+g.product))
	response, err := g.transport.RoundTrip(request)
	if err != nil {
		if r.Context().Err() != nil && g.ctx.Err() == nil {
			panic(http.ErrAbortHandler) // the browser wants it no more
		}
		return fetch.Describe(g.ctx, u, err)
	}
	defer response.Body.Close()
	if err := g.check(u, response); err != nil {
		return err
	}
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	drop(w.Header(), "Set-Cookie", "Alt-Svc", "Content-Length", "Content-Disposition", "Proxy-Authenticate", "Www-Authenticate", "Report-To", "Reporting-Endpoints", "Nel")
	w.WriteHeader(response.StatusCode)
	return g.copy(w, response.Body)
}

// drop takes headers out, and those that belong to one connection only.
func drop(header http.Header, names ...string) {
	for _, line := range header.Values("Connection") {
		for name := range strings.SplitSeq(line, ",") {
			header.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range append(names, "Connection", "Proxy-Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade") {
		header.Del(name)
	}
}

// admit judges a request.
func (g *gate) admit(r *http.Request, address string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests++
	switch {
	case r.Header.Get("Upgrade") != "":
		return errSocket
	case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions, r.ContentLength != 0:
		return errSends
	case g.hops[address] > fetch.MaxRedirects:
		return errRedirects
	case g.requests > maxRequests:
		return errRequests
	case g.left <= 0:
		return errTooMuch
	}
	return nil
}

// check judges an answer by its header.
func (g *gate) check(from *url.URL, response *http.Response) error {
	if disposition, _, _ := mime.ParseMediaType(response.Header.Get("Content-Disposition")); strings.EqualFold(disposition, "attachment") {
		return errDownload
	}
	if response.Header.Get("Content-Encoding") != "" {
		return errEncoding
	}
	location := response.Header.Get("Location")
	if response.StatusCode < 300 || response.StatusCode > 399 || location == "" {
		return nil
	}
	to, err := from.Parse(location)
	if err != nil {
		return failure.New(failure.Redirected, fetch.Source, from.Host, from.String(), errors.New("redirect to an address that cannot be read"))
	}
	if to, err = fetch.ParseURL(to.String()); err != nil {
		return failure.New(failure.Redirected, fetch.Source, from.Host, from.String(), fmt.Errorf("redirect refused: %w", err))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hops[to.String()] = max(g.hops[to.String()], g.hops[from.String()]+1)
	return nil
}

// copy hands the body on as it comes, within the limits.
func (g *gate) copy(w http.ResponseWriter, body io.Reader) error {
	control := http.NewResponseController(w)
	buffer := make([]byte, 32<<10)
	for sum := int64(0); ; {
		n, err := body.Read(buffer)
		sum += int64(n)
		g.mu.Lock()
		g.left -= int64(n)
		left := g.left
		g.mu.Unlock()
		switch {
		case sum > fetch.MaxBody:
			return errTooLong
		case left < 0:
			return errTooMuch
		}
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				panic(http.ErrAbortHandler) // the browser wants no more
			}
			_ = control.Flush()
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the body: %w", err)
		}
	}
}

func (g *gate) begin() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open++
}

func (g *gate) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open--
	g.quiet = time.Now()
}

// quietFor is how long nothing has gone through; zero while something does.
func (g *gate) quietFor() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open > 0 {
		return 0
	}
	return time.Since(g.quiet)
}

// refuse remembers why a request was not made. Browsers try again what is cut off.
func (g *gate) refuse(r *http.Request, address string, err error) {
	if g.ctx.Err() != nil {
		return // the page is closed
	}
	var why *failure.Failure
	switch {
	case errors.As(err, &why):
	case errors.Is(err, errRedirects):
		why = failure.New(failure.Redirected, fetch.Source, r.Host, address, err)
	default:
		why = failure.Of(fetch.Source, r.Host, address, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, have := range g.refusals {
		if have.URL == address {
			return
		}
	}
	if len(g.refusals) < mostRefusals {
		g.refusals = append(g.refusals, Refusal{URL: address, Why: why, Matters: matters(r)})
	}
}

// matters reports whether a page could have read an answer. Over http the
// browser does not say what a request is for; then all do but pictures.
func matters(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "image", "font", "style", "audio", "video", "track", "manifest", "report":
		return false
	case "empty":
		return r.Header.Get("Sec-Fetch-Mode") != "no-cors" || r.Header.Get("Upgrade") != ""
	case "":
		return !strings.HasPrefix(r.Header.Get("Accept"), "image/")
	}
	return true
}

// refused returns what was refused so far.
func (g *gate) refused() []Refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Refusal(nil), g.refusals...)
}

// baseKey is the context key for scheme and host of what a tunnel leads to.
type baseKey struct{}

// tunnel is a connection inside a CONNECT tunnel, TLS taken off.
type tunnel struct {
	net.Conn
	base string // https://example.com
}

// tunnels hands connections that come out of tunnels to a server.
type tunnels struct {
	waiting chan net.Conn
	closed  <-chan struct{}
	address net.Addr
}

// enter passes a tunnel on. What speaks no TLS in it is plain HTTP, as for a
// WebSocket without TLS, or nothing that the server will answer.
func (t *tunnels) enter(ctx context.Context, conn net.Conn, reader *bufio.Reader, target string, config *tls.Config) {
	_ = conn.SetReadDeadline(time.Now().Add(fetch.DefaultTimeout))
	first, err := reader.Peek(1)
	if err != nil {
		conn.Close()
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	const handshake = 0x16 // RFC 8446, 5.1
	inside := &tunnel{&bufferedConn{conn, reader}, "http://" + strings.TrimSuffix(target, ":80")}
	if first[0] == handshake {
		inside = &tunnel{tls.Server(inside.Conn, config), "https://" + strings.TrimSuffix(target, ":443")}
	}
	select {
	case t.waiting <- inside:
	case <-ctx.Done():
		conn.Close()
	}
}

func (t *tunnels) Accept() (net.Conn, error) {
	select {
	case c := <-t.waiting:
		return c, nil
	case <-t.closed:
		return nil, net.ErrClosed
	}
}

func (t *tunnels) Close() error   { return nil }
func (t *tunnels) Addr() net.Addr { return t.address }

// bufferedConn reads what was read ahead first.
type bufferedConn struct {
	net.Conn
	reader *bufio.Reader
}

func (c *bufferedConn) Read(p []byte) (int, error) { return c.reader.Read(p) }
