package queue

import (
	"context"
	"crypto/x509"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// Times of the connection.
const (
	connectTimeout = 5 * time.Second
	// reconnectWait is the pause between attempts to find a server again.
	reconnectWait = 500 * time.Millisecond
	// requestTimeout bounds one request to JetStream. While a stream has no
	// leader requests go unanswered, and are made again.
	requestTimeout = 5 * time.Second
	// startPatience bounds how long a cluster may take to choose its leaders.
	startPatience = 30 * time.Second
)

// Options say where the queue is.
type Options struct {
	// URL is one or several addresses of servers of one cluster, between commas:
	// nats://, tls://, ws:// or wss://. It may carry a user, or a token.
	URL string
	// Credentials is a file of credentials (JWT and seed), as nsc makes it; may be empty.
	Credentials string
	// Authorities is a PEM file of the authorities that vouch for the server's
	// certificate, where those of the system do not; may be empty.
	Authorities string
	// Name is how the server lists the connection.
	Name string
	// Tell is told when the connection is lost and when it is back; may be nil.
	Tell func(Event)
}

// Conn is a connection to the queue. It finds its way back when servers go
// away and come again.
type Conn struct {
	nc    *nats.Conn
	js    jetstream.JetStream
	where string // as in messages

	mu   sync.Mutex
	lost time.Time // since when there is no connection; zero while there is one
}

// ErrURL is returned for an address that is none; it does not repeat it, since
// what is wrong may be the password.
var ErrURL = text.Errorf("应为地址，如 nats://host:4222、tls://host:4222 或 wss://host", "want an address such as nats://host:4222, tls://host:4222 or wss://host")

// Redact gives the addresses without what stands before their @.
func Redact(addresses string) string {
	list := strings.Split(addresses, ",")
	for i, s := range list {
		s = strings.TrimSpace(s)
		scheme, rest, found := strings.Cut(s, "://")
		if !found {
			scheme, rest = "nats", s
		}
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			rest = "***" + rest[at:]
		}
		host, _, _ := strings.Cut(rest, "?")
		list[i] = scheme + "://" + host
	}
	return strings.Join(list, ",")
}

// checkURL refuses what the client would misread or repeat in its errors.
func checkURL(addresses string) error {
	for _, s := range strings.Split(addresses, ",") {
		s = strings.TrimSpace(s)
		if !strings.Contains(s, "://") {
			s = "nats://" + s
		}
		u, err := url.Parse(s)
		if err != nil || u.Hostname() == "" {
			return ErrURL
		}
		switch u.Scheme {
		case "nats", "tls", "ws", "wss":
		default:
			return ErrURL
		}
	}
	return nil
}

// Connect connects, and makes sure that JetStream answers. Its errors are one
// line, name the server and hold no secret.
func Connect(ctx context.Context, o Options) (*Conn, error) {
	if err := checkURL(o.URL); err != nil {
		return nil, err
	}
	c := &Conn{where: Redact(o.URL)}
	tell := o.Tell
	if tell == nil {
		tell = func(Event) {}
	}
	options := []nats.Option{
		nats.Name(o.Name), nats.Timeout(connectTimeout),
		nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait), nats.ReconnectJitter(reconnectWait/2, reconnectWait/2),
		nats.PingInterval(10 * time.Second), nats.MaxPingsOutstanding(2),
		// While there is no connection nothing is kept for later: requests are made again.
		nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(nc *nats.Conn, _ error) {
			if nc.IsClosed() {
				return
			}
			if c.setLost(time.Now()) {
				tell(Event{Kind: Lost, Detail: c.where})
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			c.setLost(time.Time{})
			tell(Event{Kind: Back, Detail: Redact(nc.ConnectedUrl())})
		}),
		// Without a handler the client prints on stderr. What it has to say
		// here, those who wait for an answer notice themselves.
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}
	if o.Credentials != "" {
		if _, err := os.Stat(o.Credentials); err != nil {
			return nil, text.Errorf("凭据文件 %s：无法读取：%w", "credentials %s: cannot be read: %w", o.Credentials, bare(err))
		}
		options = append(options, nats.UserCredentials(o.Credentials))
	}
	if o.Authorities != "" {
		pem, err := os.ReadFile(o.Authorities)
		if err != nil {
			return nil, text.Errorf("证书文件 %s：无法读取：%w", "certificates %s: cannot be read: %w", o.Authorities, bare(err))
		}
		if !x509.NewCertPool().AppendCertsFromPEM(pem) {
			return nil, text.Errorf("证书文件 %s：里面没有 PEM 格式的证书", "certificates %s: holds no certificate in PEM form", o.Authorities)
		}
		options = append(options, nats.RootCAs(o.Authorities))
	}
	nc, err := nats.Connect(o.URL, options...)
	if err != nil {
		return nil, text.Errorf("%s：连不上：%w", "%s: cannot be reached: %w", c.where, err)
	}
	c.nc = nc
	if c.js, err = jetstream.New(nc, jetstream.WithDefaultTimeout(requestTimeout)); err == nil {
		err = c.patiently(ctx, func(ctx context.Context) error {
			_, err := c.js.AccountInfo(ctx)
			return err
		})
	}
	switch {
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		err = text.Errorf("%s：没有启用 JetStream；启动服务器时加 -js，或为该账号启用", "%s: JetStream is off there; start the server with -js, or switch it on for the account", c.where)
	case err != nil:
		err = text.Errorf("%s：JetStream 没有应答：%w", "%s: JetStream does not answer: %w", c.where, err)
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return c, nil
}

// bare drops the name of a file from its error, which the message names already.
func bare(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// setLost notes since when there is no connection, and tells whether that is news.
func (c *Conn) setLost(at time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	news := at.IsZero() != c.lost.IsZero()
	if news {
		c.lost = at
	}
	return news
}

// lostFor is how long there has been no connection.
func (c *Conn) lostFor() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost.IsZero() {
		return 0
	}
	return time.Since(c.lost)
}

// Where is the server as messages may name it.
func (c *Conn) Where() string { return c.where }

// Close ends the connection, after what is still on its way out.
func (c *Conn) Close() {
	if c.nc.IsConnected() {
		_ = c.nc.FlushTimeout(requestTimeout)
	}
	c.nc.Close()
}

// patiently makes a request again while the server has no leader for it.
func (c *Conn) patiently(ctx context.Context, request func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		attempt, cancel := context.WithTimeout(ctx, requestTimeout)
		err := request(attempt)
		cancel()
		if !transient(err) || pause(ctx, 200*time.Millisecond) != nil {
			return err
		}
	}
}

// unavailable is JetStream's code for having no leader at the moment.
const unavailable jetstream.ErrorCode = 10008

// transient tells errors that end by themselves from those that stay.
func transient(err error) bool {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return api.ErrorCode == unavailable
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, nats.ErrNoResponders) ||
		errors.Is(err, nats.ErrDisconnected) || errors.Is(err, nats.ErrConnectionReconnecting) || errors.Is(err, nats.ErrReconnectBufExceeded)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
