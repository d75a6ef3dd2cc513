package queue_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/icpcheck/icpcheck/pkg/queue"
	"github.com/icpcheck/icpcheck/pkg/queue/queuetest"
)

func TestRedact(t *testing.T) {
	for address, want := range map[string]string{
		"nats://127.0.0.1:4222":                           "nats://127.0.0.1:4222",
		"nats://user:secret@host:4222":                    "nats://***@host:4222",
		"nats://token@host":                               "nats://***@host",
		"tls://u:p@ss@a:4222, u:secret@b":                 "tls://***@a:4222,nats://***@b",
		"wss://host/path?token=secret":                    "wss://host/path",
		"nats://user:se/cret@host:4222,nats://host2:4222": "nats://***@host:4222,nats://host2:4222",
	} {
		if got := queue.Redact(address); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

// TestConnectErrors: one line, which names the server and what is wrong, and no secret.
func TestConnectErrors(t *testing.T) {
	t.Parallel()
	off := queuetest.Start(t, &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT})
	closed := queuetest.Start(t, &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), Username: "u", Password: "right"})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		options queue.Options
		want    string
	}{
		"nobody there":       {queue.Options{URL: "nats://u:secret@" + nobody}, "nats://***@" + nobody + ": cannot be reached: "},
		"no such address":    {queue.Options{URL: "http://u:secret@" + nobody}, "want an address such as"},
		"bad port":           {queue.Options{URL: "nats://u:secret@host:port"}, "want an address such as"},
		"jetstream off":      {queue.Options{URL: off.ClientURL()}, off.ClientURL() + ": JetStream is off there"},
		"wrong password":     {queue.Options{URL: "nats://u:secret@" + closed.Addr().String()}, "Authorization Violation"},
		"no credentials":     {queue.Options{URL: off.ClientURL(), Credentials: "none.creds"}, "credentials none.creds: cannot be read: "},
		"not credentials":    {queue.Options{URL: off.ClientURL(), Credentials: empty}, "cannot be reached"},
		"no certificates":    {queue.Options{URL: off.ClientURL(), Authorities: empty}, "holds no certificate"},
		"no tls at the port": {queue.Options{URL: "tls://" + off.Addr().String()}, "cannot be reached: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := queue.Connect(context.Background(), test.options)
			if err == nil {
				c.Close()
				t.Fatal("connected")
			}
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestTLS: a run over an encrypted connection with a user, whose certificate a
// file vouches for.
func TestTLS(t *testing.T) {
	t.Parallel()
	certificate, authorities := selfSigned(t)
	s := queuetest.Start(t, &server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), Username: "u", Password: "secret",
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}}, TLS: true, TLSTimeout: 5,
	})
	address := "tls://u:secret@" + s.Addr().String()
	if c, err := queue.Connect(t.Context(), queue.Options{URL: address}); err == nil {
		c.Close()
		t.Error("an unknown authority was trusted")
	} else if !strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), "secret") {
		t.Errorf("an unknown authority: %v", err)
	}
	c, err := queue.Connect(t.Context(), queue.Options{URL: address, Authorities: authorities})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	run, err := c.Start(t.Context(), queue.Run{ID: queue.NewRun(), Identity: identity})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.End(false); err != nil {
		t.Error(err)
	}
}

func selfSigned(t *testing.T) (certificate tls.Certificate, authorities string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	authorities = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authorities, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, authorities
}
