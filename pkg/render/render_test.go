package render_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/fetch"
	"github.com/icpcheck/icpcheck/pkg/render"
)

// footer builds a footer as frameworks do, after asking for something.
const footer = `<!DOCTYPE html><html><head><title>示例</title></head><body><div id="app"></div><script>
fetch("/api/site").then((r) => r.json()).then((site) => {
  const foot = document.createElement("footer");
  foot.innerHTML = '© 2026 ' + site.owner + ' <a href="https://beian.miit.gov.cn/">' + site.number + '</a>';
  document.getElementById("app").append(foot);
});
</script></body></html>`

// world is a web on loopback: names of the public internet lead to its server,
// and what is asked of the server and of the names is written down.
type world struct {
	server *httptest.Server
	mu     sync.Mutex
	asked  []string
	names  []string
}

func (w *world) note(list *[]string, s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*list = append(*list, s)
}

func (w *world) saw(list *[]string, s string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(*list, func(have string) bool { return strings.Contains(have, s) })
}

// private are names of the inside.
var private = map[string]string{"intranet.example": "10.0.0.7", "loopback.example": "127.0.0.1", "localhost": "127.0.0.1"}

func (w *world) client() *fetch.Client {
	rebound := 0
	return &fetch.Client{
		Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
			w.note(&w.names, host)
			if a, ok := private[host]; ok {
				return []netip.Addr{netip.MustParseAddr(a)}, nil
			}
			if host == "rebind.example" {
				w.mu.Lock()
				defer w.mu.Unlock()
				if rebound++; rebound > 1 {
					return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
				}
			}
			return []netip.Addr{netip.MustParseAddr("8.8.8.8")}, nil
		},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if !strings.HasPrefix(address, "8.8.8.8:") {
				return nil, fmt.Errorf("dialled %s", address)
			}
			var d net.Dialer
			return d.DialContext(ctx, network, w.server.Listener.Addr().String())
		},
	}
}

// serve starts the web. pages are by path.
func serve(t *testing.T, pages map[string]http.HandlerFunc) *world {
	t.Helper()
	w := &world{}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.note(&w.asked, r.Method+" "+r.Host+r.URL.Path)
		if h := pages[r.URL.Path]; h != nil {
			h(rw, r)
			return
		}
		http.NotFound(rw, r)
	}))
	t.Cleanup(w.server.Close)
	return w
}

func html(s string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, s)
	}
}

func start(t *testing.T, w *world, options render.Options) *render.Browser {
	t.Helper()
	if options.Client == nil {
		options.Client = w.client()
	}
	if options.Timeout == 0 {
		options.Timeout = time.Minute
	}
	b, err := render.Start(t.Context(), options)
	if errors.Is(err, render.ErrNoChromium) {
		t.Skip("pages cannot be rendered here: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// each opens pages several at a time, as waiting is most of it.
func each[K comparable, V any](cases map[K]V, do func(K, V)) {
	gate := make(chan struct{}, 6)
	var wg sync.WaitGroup
	for k, v := range cases {
		wg.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			do(k, v)
		})
	}
	wg.Wait()
}

func has(s string) func(render.Page) bool {
	return func(p render.Page) bool { return strings.Contains(string(p.HTML), s) }
}

func TestOpen(t *testing.T) {
	pages := map[string]http.HandlerFunc{
		"/": html(footer),
		"/api/site": func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
			fmt.Fprint(w, `{"owner": "杭州示例科技有限公司", "number": "浙ICP备2021000001号-1"}`)
		},
		"/late": html(`<body><script>setTimeout(() => document.body.append("浙ICP备2021000002号-1"), 2500)</script>`),
		"/shadow": html(`<body><div id="host"></div><iframe src="/frame" width="300" height="80"></iframe><script>
			document.getElementById("host").attachShadow({mode: "open"}).innerHTML = "<p>浙ICP备2021000003号-1</p>"</script>`),
		"/frame":     html(`<p>浙公网安备33010602000001号</p>`),
		"/hidden":    html(`<style>.off {display: none} .faint {visibility: hidden}</style><p class="off">浙ICP备2021000004号-1</p><p class="faint">浙ICP备2021000005号-1</p><p>旧版</p>`),
		"/dialog":    html(`<body><script>alert("欢迎"); confirm("继续？"); document.body.append("浙ICP备2021000006号-1")</script>`),
		"/moves":     html(`<body><script>location.href = "/to"</script>`),
		"/to":        html(`<p>浙ICP备2021000007号-1</p>`),
		"/scroll":    html(`<body><div style="height: 3000px"></div><div id="end"></div><script>new IntersectionObserver((list) => { if (list.some((e) => e.isIntersecting)) document.getElementById("end").textContent = "浙ICP备2021000008号-1" }).observe(document.getElementById("end"))</script>`),
		"/redefined": html(`<body><script>JSON.stringify = Array.prototype.join = () => "x"; Document.prototype.querySelector = () => { throw 1 }; document.body.append("浙ICP备2021000009号-1")</script>`),
	}
	w := serve(t, pages)
	b := start(t, w, render.Options{Product: "icpcheck/test", Enough: has("ICP备")})
	each(map[string]string{
		"/": `<a href="https://beian.miit.gov.cn/">浙ICP备2021000001号-1</a>`, "/late": "浙ICP备2021000002号-1", "/shadow": "<p>浙ICP备2021000003号-1</p>", "/dialog": "浙ICP备2021000006号-1",
		"/moves": "浙ICP备2021000007号-1", "/scroll": "浙ICP备2021000008号-1", "/redefined": "浙ICP备2021000009号-1",
		"/hidden": `hidden>浙ICP备2021000004号-1</p><p><span hidden>浙ICP备2021000005号-1</span></p><p>旧版</p>`,
	}, func(path, want string) {
		p, failed := b.Open(t.Context(), "http://www.example.com"+path)
		if failed != nil || !strings.Contains(string(p.HTML), want) || !p.Finished || p.Missing() != nil {
			t.Errorf("%s: %v, %v: %s", path, failed, p.Missing(), p.HTML)
		}
		if path == "/moves" && p.URL != "http://www.example.com/to" {
			t.Errorf("%s: at %s", path, p.URL)
		}
		if path == "/shadow" && !strings.Contains(string(p.HTML), "浙公网安备33010602000001号") {
			t.Errorf("the frame is not read: %s", p.HTML)
		}
	})
	// The browser asks for nothing of its own.
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, request := range w.asked {
		if !strings.HasPrefix(request, "GET www.example.com/") {
			t.Errorf("asked for %s", request)
		}
	}
	for _, name := range w.names {
		if name != "www.example.com" {
			t.Errorf("looked %s up", name)
		}
	}
}

// Whatever a page tries, it gets nowhere that package fetch would not go.
func TestOpenRefuses(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the inside was asked for %s %s", r.Method, r.URL)
	}))
	defer inside.Close()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	go func() {
		buffer := make([]byte, 1500)
		if n, from, err := packets.ReadFrom(buffer); err == nil {
			t.Errorf("%d bytes over UDP from %v", n, from)
		}
	}()
	secret := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(secret, []byte("geheim"), 0o600); err != nil {
		t.Fatal(err)
	}
	result := `.then((r) => r.text()).then((s) => document.body.append("got " + s), (e) => document.body.append("refused " + e))`
	rtc := `<script>try { const c = new RTCPeerConnection({iceServers: [{urls: "stun:` + packets.LocalAddr().String() + `"}]}); c.createDataChannel("x"); c.createOffer().then((o) => c.setLocalDescription(o)) } catch {}</script>`
	pages := map[string]http.HandlerFunc{
		"/fetch":     html(`<body><script>fetch("` + inside.URL + `/fetch")` + result + `</script>`),
		"/nocors":    html(`<body><script>fetch("` + inside.URL + `/nocors", {mode: "no-cors"})` + result + `</script>`),
		"/name":      html(`<body><script>fetch("http://intranet.example/", {mode: "no-cors"})` + result + `</script>`),
		"/localhost": html(`<body><script>fetch("http://localhost:` + inside.URL[strings.LastIndexByte(inside.URL, ':')+1:] + `/", {mode: "no-cors"})` + result + `</script>`),
		"/picture":   html(`<img src="` + inside.URL + `/picture" onerror="document.body.append('refused')">`),
		"/frame":     html(`<iframe src="` + inside.URL + `/frame"></iframe><p>refused?</p>`),
		"/post":      html(`<body><script>fetch("/to", {method: "POST", body: "x"})` + result + `</script>`),
		"/form":      html(`<form action="/to" method="post"><input name="a" value="b"></form><script>document.forms[0].submit()</script>refused`),
		"/beacon": html(`<body><script>
			// A beacon goes when the browser likes: the page says so when it came to its end.
			new PerformanceObserver((l) => { if (l.getEntries().some((e) => e.initiatorType == "beacon")) document.body.append("refused") }).observe({type: "resource"})
			navigator.sendBeacon("/to", "x")</script>`),
		"/worker": html(`<body><script>new Worker(URL.createObjectURL(new Blob(['fetch("` + inside.URL + `/worker", {mode: "no-cors"}).then(() => postMessage("got"), () => postMessage("refused"))']))).onmessage = (m) => document.body.append(m.data)</script>`),
		"/socket": html(`<body><script>new WebSocket("ws://` + inside.Listener.Addr().String() + `/socket").onerror = () => document.body.append("refused")</script>`),
		"/file":   html(`<body><script>fetch("file://` + secret + `")` + result + `</script><iframe src="file://` + secret + `"></iframe>`),
		"/webrtc": html(rtc + `<p>refused</p>`),
		"/cookie": func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b", Path: "/"})
			html(`<body><script>document.cookie = "c=d"; fetch("/cookies").then((r) => r.text()).then((s) => document.body.append(s))</script>`)(w, r)
		},
		"/cookies": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "refused [%s]", r.Header.Get("Cookie"))
		},
		"/download": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Disposition", "attachment; filename=a.exe")
			fmt.Fprint(w, "MZ")
		},
		"/refetch": html(`<body><script>fetch("http://rebind.example/again").then(() => fetch("http://rebind.example:81/inside"))` + result + `</script>`),
		"/again": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			fmt.Fprint(w, "again")
		},
		"/to": html("got"),
		"/away": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://loopback.example/", http.StatusFound)
		},
		"/loop": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/loop?"+r.URL.RawQuery+"x", http.StatusFound)
		},
		"/goes": html(`<body><script>location.href = "http://10.0.0.7/"</script>`),
		"/big": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<p>refused</p>")
			for range 200 {
				if _, err := io.WriteString(w, strings.Repeat("<br>", 16<<10)); err != nil {
					return
				}
			}
		},
	}
	w := serve(t, pages)
	b := start(t, w, render.Options{Enough: has("refused")})
	type refusal struct {
		url     string
		kind    failure.Kind
		matters bool
	}
	each(map[string]refusal{
		"/fetch": {inside.URL + "/fetch", failure.Forbidden, true}, "/nocors": {inside.URL + "/nocors", failure.Forbidden, false},
		"/name": {"http://intranet.example/", failure.Forbidden, true}, "/localhost": {"http://localhost:", failure.Forbidden, false},
		"/picture": {inside.URL + "/picture", failure.Forbidden, false}, "/frame": {inside.URL + "/frame", failure.Forbidden, true},
		"/post": {"http://www.example.com/to", failure.Malformed, true}, "/beacon": {"http://www.example.com/to", failure.Malformed, true},
		"/worker": {inside.URL + "/worker", failure.Forbidden, false}, "/socket": {inside.URL + "/socket", failure.Malformed, true},
		"/file": {"", "", false}, "/webrtc": {"", "", false}, "/cookie": {"", "", false}, "/big": {"http://www.example.com/big", failure.Malformed, true},
		"/refetch": {"http://rebind.example:81/inside", failure.Forbidden, true},
	}, func(path string, want refusal) {
		p, failed := b.Open(t.Context(), "http://www.example.com"+path)
		text := string(p.HTML)
		if failed != nil || !strings.Contains(text, "refused") || strings.Contains(text, "got") || strings.Contains(text, "geheim") {
			t.Errorf("%s: %v: %.300s", path, failed, text)
		}
		i := slices.IndexFunc(p.Refused, func(r render.Refusal) bool { return strings.HasPrefix(r.URL, want.url) })
		if want.url == "" {
			if len(p.Refused) != 0 {
				t.Errorf("%s: %v", path, p.Refused)
			}
		} else if i < 0 || p.Refused[i].Why.Kind != want.kind || p.Refused[i].Matters != want.matters {
			t.Errorf("%s: refused %+v", path, p.Refused)
		}
		if path == "/cookie" && !strings.Contains(text, "refused []") {
			t.Errorf("cookies are sent: %s", text)
		}
	})
	each(map[string]failure.Kind{
		"/away": failure.Forbidden, "/loop": failure.Redirected, "/goes": failure.Forbidden, "/download": failure.Malformed, "/form": failure.Malformed,
	}, func(path string, kind failure.Kind) {
		if p, failed := b.Open(t.Context(), "http://www.example.com"+path); failed == nil || failed.Kind != kind {
			t.Errorf("%s: %v: %.200s", path, failed, p.HTML)
		}
	})
	for _, address := range []string{"http://10.0.0.7/", "http://intranet.example/", "http://[::1]/", inside.URL, "file://" + secret, "http://user:geheim@example.com/", "chrome://version", "data:text/html,x"} {
		if p, failed := b.Open(t.Context(), address); failed == nil || failed.Kind != failure.Forbidden && failed.Kind != failure.Unsupported {
			t.Errorf("%s: %v: %.200s", address, failed, p.HTML)
		}
	}
	if n := strings.Count(strings.Join(w.asked, "\n"), "/loop"); n != fetch.MaxRedirects+1 {
		t.Errorf("%d requests for a loop", n)
	}
	if w.saw(&w.asked, "POST") {
		t.Errorf("something was posted: %q", w.asked)
	}
}

// A page that never comes to rest is read as it is, and one that does not even
// answer ends with its time.
func TestOpenEnds(t *testing.T) {
	done := make(chan struct{})
	w := serve(t, map[string]http.HandlerFunc{
		"/polls":   html(`<p>浙ICP备2021000001号-1</p><script>const again = () => fetch("/poll?" + Math.random()).then(again, again); again()</script>`),
		"/poll":    func(http.ResponseWriter, *http.Request) { <-done },
		"/hangs":   html(`<p>浙ICP备2021000001号-1</p><img src="/silent">`),
		"/silent":  func(w http.ResponseWriter, r *http.Request) { <-done },
		"/spins":   html(`<p>浙ICP备2021000001号-1</p><script>for (;;);</script>`),
		"/reloads": html(`<p>浙ICP备2021000001号-1</p><script>location.reload()</script>`),
	})
	defer close(done)
	const limit = 20 * time.Second
	b := start(t, w, render.Options{Timeout: limit})
	each(map[string]bool{"/polls": true, "/hangs": true, "/silent": false, "/spins": false, "/reloads": false}, func(path string, readable bool) {
		began := time.Now()
		p, failed := b.Open(t.Context(), "http://www.example.com"+path)
		if p.Finished || readable && (failed != nil || !strings.Contains(string(p.HTML), "浙ICP备") || p.Missing() == nil) {
			t.Errorf("%s: %v, finished %v: %.200s", path, failed, p.Finished, p.HTML)
		}
		if (path == "/silent" || path == "/spins") && (failed == nil || failed.Kind != failure.Timeout) {
			t.Errorf("%s: %v", path, failed)
		}
		// Closing a tab that hangs takes the browser's library up to ten seconds more.
		if took := time.Since(began); took > 4*limit {
			t.Errorf("%s took %v", path, took)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, failed := b.Open(ctx, "http://www.example.com/polls"); failed == nil || failed.Kind != failure.Canceled {
		t.Errorf("after an interrupt: %v", failed)
	}
}

// Certificates are verified by us; the browser's trust in the gate does not
// extend to servers.
func TestOpenTLS(t *testing.T) {
	w := &world{}
	w.server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/site" {
			fmt.Fprint(rw, `{"owner": "示例", "number": "浙ICP备2021000001号-1"}`)
			return
		}
		if r.Header.Get("User-Agent") == "" || strings.Contains(r.UserAgent(), "Headless") {
			t.Errorf("User-Agent %q", r.UserAgent())
		}
		html(footer)(rw, r)
	}))
	w.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	w.server.StartTLS()
	defer w.server.Close()
	b := start(t, w, render.Options{})
	if p, failed := b.Open(t.Context(), "https://example.com/"); failed == nil || failed.Kind != failure.Insecure {
		t.Errorf("an unknown authority: %v: %s", failed, p.HTML)
	}
	trusting := w.client()
	trusting.RootCAs = x509.NewCertPool()
	trusting.RootCAs.AddCert(w.server.Certificate())
	b = start(t, w, render.Options{Client: trusting, Enough: has("ICP备")})
	if p, failed := b.Open(t.Context(), "https://example.com/"); failed != nil || !strings.Contains(string(p.HTML), "浙ICP备2021000001号-1") || p.URL != "https://example.com/" {
		t.Errorf("a trusted one: %v: %s", failed, p.HTML)
	}
	if _, failed := b.Open(t.Context(), "https://other.test/"); failed == nil || failed.Kind != failure.Insecure {
		t.Errorf("another name: %v", failed)
	}
}

func TestStartWithoutChromium(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := render.Find(); err == nil {
		t.Skip("this system has one outside PATH")
	}
	if _, err := render.Start(t.Context(), render.Options{}); !errors.Is(err, render.ErrNoChromium) {
		t.Errorf("got %v", err)
	}
}

// Nothing is left behind.
func TestClose(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w := serve(t, map[string]http.HandlerFunc{"/": html("<p>x</p>")})
	b := start(t, w, render.Options{})
	if _, failed := b.Open(t.Context(), "http://example.com/"); failed != nil {
		t.Error(failed)
	}
	b.Close()
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}
