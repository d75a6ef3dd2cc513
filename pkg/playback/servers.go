package playback

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"sync"
	"time"
)

// loopback is where every server listens, each on a free port.
const loopback = "127.0.0.1:0"

// Options says how the servers behave. The zero value answers at once and
// without faults.
type Options struct {
	// Delay passes before each answer.
	Delay time.Duration

	// Faults by name ("example.com": all protocols) or by protocol and name
	// ("whois/example.cn"), which takes precedence. Names are lower-case ASCII.
	Faults map[string]Fault
}

// Servers are running servers. All methods are safe for concurrent use.
type Servers struct {
	RDAPURL   string // base to which domain/NAME is added, with a trailing slash
	WHOISAddr string // host:port
	DNSAddr   string // host:port, for UDP and TCP alike
	// DNSOverTLS and DNSOverHTTPS are tls://host:port and https://host:port/dns-query.
	// Their certificate is good for 127.0.0.1 with those who trust Certificate.
	DNSOverTLS   string
	DNSOverHTTPS string
	Certificate  *x509.Certificate
	HTTPAddr     string // host:port; the Host header selects the site

	recording *recording
	options   Options
	tls       *tls.Config
	closing   chan struct{}  // closed by Close: answers no longer wait
	stops     []func() error // each ends one server and all of its goroutines
	close     func() error   // once
	mu        sync.Mutex     // guards queries
	queries   map[string]int // by protocol/name and protocol/name detail
}

// Start serves a recording, laid out as the package comment says. The servers
// accept queries when it returns; the caller has to Close them. It fails if the
// recording cannot be read, if a fault names nothing, or if no port is free.
func Start(fsys fs.FS, options Options) (*Servers, error) {
	if err := checkFaults(options.Faults); err != nil {
		return nil, err
	}
	rec, err := load(fsys)
	if err != nil {
		return nil, err
	}
	s := &Servers{
		recording: rec,
		options:   options,
		closing:   make(chan struct{}),
		queries:   map[string]int{},
	}
	s.close = sync.OnceValue(s.stop)
	if err := s.certify(); err != nil {
		return nil, fmt.Errorf("starting playback: %w", err)
	}
	for _, start := range []func() error{s.startRDAP, s.startWHOIS, s.startDNS, s.startHTTP} {
		if err := start(); err != nil {
			return nil, errors.Join(fmt.Errorf("starting playback: %w", err), s.Close())
		}
	}
	return s, nil
}

// certify makes the certificate of the servers that speak TLS, good for a day.
func (s *Servers) certify() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 1),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	s.Certificate, err = x509.ParseCertificate(der)
	s.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return err
}

// Close ends the servers and every connection, and returns when all of their
// goroutines are gone. Later calls return the same error.
func (s *Servers) Close() error { return s.close() }

func (s *Servers) stop() error {
	close(s.closing)
	var errs []error
	for _, stop := range s.stops {
		errs = append(errs, stop())
	}
	return errors.Join(errs...)
}

// pause waits for the delay of an answer; Close cuts it short.
func (s *Servers) pause() {
	if s.options.Delay <= 0 {
		return
	}
	timer := time.NewTimer(s.options.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.closing:
	}
}

// reset makes the close of a connection abrupt, as from a firewall or a crashed
// server, so that the client sees a refusal and not an empty answer.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
}

// garbage is neither JSON nor a WHOIS answer, nor text at all.
const garbage = "\x00\xff\xfe{\x1f\x8b garbage \x80\x81\n"
