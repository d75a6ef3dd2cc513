package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/icpcheck/icpcheck/pkg/failure"
)

// public is an address of the public internet that stands for the test server.
var public = netip.MustParseAddr("8.8.8.8")

// client reaches the server under any name, as if it stood at public addresses.
func client(server *httptest.Server) *Client {
	return &Client{
		Timeout: time.Minute,
		Resolve: func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{public}, nil },
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, server.Listener.Addr().String())
		},
	}
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func TestGet(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" || r.Header.Get("Referer") != "" || r.Header.Get("Authorization") != "" {
			t.Errorf("sent on: %v", r.Header)
		}
		switch r.URL.Path {
		case "/start":
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
			http.Redirect(w, r, "//other.example/end", http.StatusFound)
		case "/end":
			fmt.Fprintf(w, "at %s", r.Host)
		default:
			http.NotFound(w, r)
		}
	})
	c := client(server)
	got, failed := c.Get(t.Context(), "http://example.com/start#top")
	if failed != nil {
		t.Fatal(failed)
	}
	if got.URL != "http://other.example/end" || got.Status != 200 || string(got.Body) != "at other.example" || got.Charset != "utf-8" {
		t.Errorf("got %+v", got)
	}
	if len(got.Redirects) != 1 || got.Redirects[0] != (Redirect{"http://example.com/start", 302, "http://other.example/end"}) {
		t.Errorf("redirects %+v", got.Redirects)
	}
	if got.Remote != netip.AddrPortFrom(public, 80) || len(got.Addresses) != 1 {
		t.Errorf("remote %v of %v", got.Remote, got.Addresses)
	}
	if got, failed := c.Get(t.Context(), "http://example.com/none"); failed != nil || got.Status != 404 {
		t.Errorf("a status is an answer: %v %v", got.Status, failed)
	}
	c.NoRedirects = true
	if got, failed := c.Get(t.Context(), "http://example.com/start"); failed != nil || got.Status != 302 || got.Location != "http://other.example/end" {
		t.Errorf("a redirect as the result: %+v %v", got, failed)
	}
}

func TestGetRefusesAddresses(t *testing.T) {
	for _, address := range []string{
		"", "example.com", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com", "javascript:alert(1)",
		"http://user@example.com/", "https://user:secret@example.com/", "http://", "http:///x", "http://exa mple.com/", "http://a..b/",
		"http://example.com/" + strings.Repeat("a", maxURL),
	} {
		_, failed := new(Client).Get(t.Context(), address)
		if failed == nil || failed.Kind != failure.Unsupported {
			t.Errorf("%.40q: %v", address, failed)
		}
		if failed != nil && strings.Contains(failed.Err.Error(), "secret") {
			t.Errorf("the message repeats the password: %v", failed.Err)
		}
	}
}

func TestGetNeverConnectsToPrivateAddresses(t *testing.T) {
	dialed := atomic.Int32{}
	c := &Client{
		Timeout: time.Minute,
		Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("10.0.0.7")}, nil
		},
		Dial: func(context.Context, string, string) (net.Conn, error) {
			dialed.Add(1)
			return nil, fmt.Errorf("must not be called")
		},
	}
	for _, address := range []string{
		"http://intranet.example/", "http://127.0.0.1/", "http://[::1]:8080/", "http://169.254.169.254/latest/meta-data/",
		"http://100.64.0.1/", "http://[::ffff:127.0.0.1]/", "http://[fe80::1]/", "http://[fd00::1]/", "http://0.0.0.0/", "http://[64:ff9b::7f00:1]/",
		"http://2130706433/", "http://0x7f.1/",
	} {
		_, failed := c.Get(t.Context(), address)
		if failed == nil || failed.Kind != failure.Forbidden && failed.Kind != failure.Unsupported {
			t.Errorf("%s: %v", address, failed)
		}
	}
	if dialed.Load() != 0 {
		t.Errorf("%d connections", dialed.Load())
	}
	// The default dialer checks by itself.
	if _, err := new(Client).connect(t.Context(), "tcp", "127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), errForbidden.Error()) {
		t.Errorf("dialer: %v", err)
	}
}

// A name whose answer changes between check and connection must not help: there
// is one look-up a connection, and what it said is what is connected to.
func TestGetRebinding(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/again", http.StatusFound)
			return
		}
		fmt.Fprint(w, "inside")
	})
	c := client(server)
	asked := 0
	dial := c.Dial
	var connected []string
	c.Resolve = func(context.Context, string) ([]netip.Addr, error) {
		asked++
		if asked == 1 {
			return []netip.Addr{public}, nil
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		connected = append(connected, address)
		return dial(ctx, network, address)
	}
	got, failed := c.Get(t.Context(), "http://rebind.example/")
	if failed == nil || failed.Kind != failure.Forbidden || got.Status != 0 {
		t.Errorf("got %+v, %v", got, failed)
	}
	if len(connected) != 1 || connected[0] != "8.8.8.8:80" || asked != 2 {
		t.Errorf("connected to %v, asked %d times", connected, asked)
	}
}

func TestGetRedirects(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/file":
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		case "/inside":
			http.Redirect(w, r, "http://192.168.1.1/", http.StatusMovedPermanently)
		case "/password":
			http.Redirect(w, r, "http://a:b@example.com/", http.StatusMovedPermanently)
		}
	})
	c := client(server)
	for path, want := range map[string]failure.Kind{
		"/loop": failure.Redirected, "/file": failure.Redirected, "/inside": failure.Forbidden, "/password": failure.Redirected,
	} {
		got, failed := c.Get(t.Context(), "http://example.com"+path)
		if failed == nil || failed.Kind != want {
			t.Errorf("%s: %v", path, failed)
		}
		if path == "/loop" && len(got.Redirects) != MaxRedirects {
			t.Errorf("followed %d redirects", len(got.Redirects))
		}
	}
}

func TestGetBodyLimits(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 200 {
		if _, err := z.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	var nothing bytes.Buffer
	for range 10000 { // members without content: the stream gives no byte
		z.Reset(&nothing)
		z.Close()
	}
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb.Bytes())
		case "/nothing":
			w.Header().Set("Content-Encoding", "gzip")
			for r.Context().Err() == nil {
				if _, err := w.Write(nothing.Bytes()); err != nil {
					return
				}
			}
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(bytes.Repeat([]byte("a"), 64<<10)); err != nil {
					return
				}
			}
		case "/brotli":
			w.Header().Set("Content-Encoding", "br")
			w.Write([]byte("x"))
		case "/broken":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write([]byte("not gzip at all"))
		case "/header":
			for i := range 100 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("a", 4<<10))
			}
		case "/empty":
			w.Header().Set("Content-Encoding", "gzip")
		}
	})
	c := client(server)
	for _, path := range []string{"/bomb", "/endless"} {
		got, failed := c.Get(t.Context(), "http://example.com"+path)
		if failed != nil || len(got.Body) != MaxBody || !got.Truncated {
			t.Errorf("%s: %d bytes, truncated %v, %v", path, len(got.Body), got.Truncated, failed)
		}
	}
	for _, path := range []string{"/nothing", "/brotli", "/broken", "/header"} {
		if got, failed := c.Get(t.Context(), "http://example.com"+path); failed == nil {
			t.Errorf("%s: %d bytes and no failure", path, len(got.Body))
		}
	}
	if got, failed := c.Get(t.Context(), "http://example.com/empty"); failed != nil || len(got.Body) != 0 {
		t.Errorf("empty: %v", failed)
	}
}

func TestGetTimesOut(t *testing.T) {
	done := make(chan struct{})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("slow"))
		w.(http.Flusher).Flush()
		<-done
	})
	defer close(done)
	c := client(server)
	c.Timeout = 200 * time.Millisecond
	if _, failed := c.Get(t.Context(), "http://example.com/"); failed == nil || failed.Kind != failure.Timeout {
		t.Errorf("got %v", failed)
	}
	c.Timeout = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, failed := c.Get(ctx, "http://example.com/"); failed == nil || failed.Kind != failure.Canceled {
		t.Errorf("got %v", failed)
	}
}

func TestGetTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are the point
	server.StartTLS()
	defer server.Close()
	c := client(server)
	if got, failed := c.Get(t.Context(), "https://example.com/"); failed == nil || failed.Kind != failure.Insecure || got.Status != 0 {
		t.Errorf("an unknown authority: %v", failed)
	}
	c.RootCAs = x509.NewCertPool()
	c.RootCAs.AddCert(server.Certificate())
	if got, failed := c.Get(t.Context(), "https://example.com/"); failed != nil || string(got.Body) != "ok" {
		t.Errorf("a trusted authority: %v", failed)
	}
	if _, failed := c.Get(t.Context(), "https://other.test/"); failed == nil || failed.Kind != failure.Insecure {
		t.Errorf("another name: %v", failed)
	}
	plain := client(serve(t, func(http.ResponseWriter, *http.Request) {}))
	if _, failed := plain.Get(t.Context(), "https://example.com/"); failed == nil || failed.Kind != failure.Insecure {
		t.Errorf("no TLS at all: %v", failed)
	}
}

func TestGetIgnoresProxies(t *testing.T) {
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") })
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "direct") })
	if got, failed := client(server).Get(t.Context(), "http://example.com/"); failed != nil || string(got.Body) != "direct" {
		t.Errorf("%v", failed)
	}
}

func TestGetTriesEveryAddress(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	c := client(server)
	dial := c.Dial
	c.Resolve = func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("10.1.1.1"), netip.MustParseAddr("1.1.1.1"), public}, nil
	}
	c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		switch address {
		case "10.1.1.1:80":
			t.Error("a private address was connected to")
		case "1.1.1.1:80":
			return nil, fmt.Errorf("down")
		}
		return dial(ctx, network, address)
	}
	if got, failed := c.Get(t.Context(), "http://example.com/"); failed != nil || got.Remote.Addr() != public {
		t.Errorf("%v %v", got.Remote, failed)
	}
}

func TestToUTF8(t *testing.T) {
	const words = "粤ICP备12345678号 镕"
	in := func(e encoding.Encoding, s string) []byte {
		b, err := e.NewEncoder().Bytes([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	const traditional = "版權所有 粵ICP備12345678號"
	for _, c := range []struct {
		name, contentType string
		raw               []byte
		want, charset     string
	}{
		{"plain UTF-8", "text/html", []byte(words), words, "utf-8"},
		{"mark", "text/html; charset=gbk", []byte("\xef\xbb\xbf" + words), words, "utf-8"},
		{"UTF-16", "text/html", append([]byte{0xff, 0xfe}, in(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), words)...), words, "utf-16le"},
		{"header", "text/html; charset=GB2312", in(simplifiedchinese.GB18030, words), words, "gb18030"},
		{"meta", "text/html", in(simplifiedchinese.GBK, `<html><head><meta charset="gbk">`+words), `<html><head><meta charset="gbk">` + words, "gb18030"},
		{"old meta", "", in(simplifiedchinese.GBK, `<META http-equiv=Content-Type content="text/html; charset=gb2312">`+words), `<META http-equiv=Content-Type content="text/html; charset=gb2312">` + words, "gb18030"},
		{"Big5", "text/html; charset=big5", in(traditionalchinese.Big5, traditional), traditional, "big5"},
		{"undeclared GBK", "text/html", in(simplifiedchinese.GBK, words), words, "gb18030"},
		{"header wrong, meta right", "text/html; charset=utf-8", in(simplifiedchinese.GBK, `<meta charset=gb18030>`+words), `<meta charset=gb18030>` + words, "gb18030"},
		{"four bytes", "text/html; charset=gb18030", in(simplifiedchinese.GB18030, "𠮷"+words), "𠮷" + words, "gb18030"},
		{"unknown label", "text/html; charset=martian", []byte(words), words, "utf-8"},
		{"cut in a character", "text/html; charset=utf-8", []byte(strings.Repeat(words, 10) + "号")[:len(words)*10+1], strings.Repeat(words, 10) + "\uFFFD", "utf-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, name := toUTF8(c.raw, c.contentType)
			if string(got) != c.want || name != c.charset {
				t.Errorf("got %q as %s, want %q as %s", got, name, c.want, c.charset)
			}
		})
	}
}

func TestPublic(t *testing.T) {
	for s, want := range map[string]bool{
		"8.8.8.8": true, "119.29.29.29": true, "2400:3200::1": true, "64:ff9b::808:808": true, "::ffff:8.8.8.8": true,
		"0.0.0.0": false, "10.0.0.1": false, "100.64.0.1": false, "100.127.255.255": false, "100.128.0.1": true, "127.0.0.1": false,
		"169.254.169.254": false, "172.16.0.1": false, "172.32.0.1": true, "192.0.2.1": false, "192.168.0.1": false, "198.18.0.1": false,
		"198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "fe80::1": false, "fc00::1": false, "ff02::1": false, "2001:db8::1": false, "2002:7f00:1::": false,
		"2001::1": false, "64:ff9b::a00:1": false, "::ffff:10.0.0.1": false, "100::1": false,
	} {
		if got := Public(netip.MustParseAddr(s)); got != want {
			t.Errorf("Public(%s) = %v", s, got)
		}
	}
	if Public(netip.Addr{}) || Public(netip.MustParseAddr("2400:3200::1%eth0")) {
		t.Error("no address, or one with a zone, is not public")
	}
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{"http://example.com/", "https://示例.中国:8443/a?b#c", "http://[::1%25lo]/", "http://a@b/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := ParseURL(s)
		if err != nil {
			return
		}
		if u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Hostname() == "" {
			t.Errorf("%q passed as %#v", s, u)
		}
		if again, err := url.Parse(u.String()); err != nil || again.Hostname() != u.Hostname() {
			t.Errorf("%q does not read back: %q, %v", s, u, err)
		}
	})
}

func FuzzToUTF8(f *testing.F) {
	f.Add([]byte("<meta charset=gbk>\xbb\xa6ICP\xb1\xb82021000002\xba\xc5-1"), "text/html; charset=gb2312")
	f.Add([]byte("\xff\xfea\x00"), "text/html")
	f.Add([]byte(`<meta http-equiv=content-type content="text/html; charset=big5">`), "")
	f.Add([]byte("\xef\xbb\xbf号"), "text/html; charset=utf-16")
	f.Fuzz(func(t *testing.T, raw []byte, contentType string) {
		body, name := toUTF8(raw, contentType)
		if !utf8.Valid(body) || name == "" {
			t.Errorf("%q as %q", body, name)
		}
		if again, _ := toUTF8(raw, contentType); !bytes.Equal(again, body) {
			t.Error("the same page reads differently twice")
		}
	})
}
