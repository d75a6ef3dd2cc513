package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/icpcheck/icpcheck/pkg/playback"
)

// rdapStub is a registry on loopback that says “registered” for every name, and
// does something else first where before says so.
func rdapStub(t testing.TB, before func(http.ResponseWriter, *http.Request) (answered bool)) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before != nil && before(w, r) {
			return
		}
		w.Header().Set("Content-Type", "application/rdap+json")
		fmt.Fprintf(w, `{"objectClassName":"domain","ldhName":%q,"events":[{"eventAction":"expiration","eventDate":"2030-01-01T00:00:00Z"}]}`, path.Base(r.URL.Path))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/"
}

// registries is a folder of rules that sends suffixes to servers on loopback.
func registries(t testing.TB, bySuffix map[string]string) string {
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("table: lookup-servers\nrows:\n")
	for suffix, base := range bySuffix {
		fmt.Fprintf(&b, "  - {id: %s, patch: true, rdap: [%q], whois: \"\"}\n", suffix, base)
	}
	if err := os.MkdirAll(filepath.Join(dir, "tables"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tables", "lookup-servers.yaml"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// closedURL is a base URL where nobody listens.
func closedURL(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String() + "/"
}

// missedLine is what the tests read of a line of batch output.
type missedLine struct {
	Target  string `json:"target"`
	Verdict string `json:"verdict"`
	Missed  []struct {
		Kind   string `json:"kind"`
		Source string `json:"source"`
	} `json:"missed"`
}

// TestBatchBadNeighbour: a registry that misbehaves holds up no other. Each of
// its servers goes on misbehaving until every name of the other registries is
// answered, so that a run in which they had to wait for it would not end well.
func TestBatchBadNeighbour(t *testing.T) {
	const each = 120
	good := []string{"com", "net", "top"}
	dns, err := playback.Start(fstest.MapFS{}, playback.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer dns.Close()
	for name, test := range map[string]struct {
		bad  func(others <-chan struct{}) string
		want map[string]bool // kinds of failure that names of the bad registry may end with; "" is none
	}{
		"refuses": {func(<-chan struct{}) string { return closedURL(t) }, map[string]bool{"refused": true, "suspended": true}},
		"stalls mid-answer": {func(others <-chan struct{}) string {
			return rdapStub(t, func(w http.ResponseWriter, r *http.Request) bool {
				w.Header().Set("Content-Type", "application/rdap+json")
				_, _ = io.WriteString(w, `{"objectClassName":"domain",`)
				_ = http.NewResponseController(w).Flush()
				select {
				case <-others:
				case <-r.Context().Done():
					t.Error("a name was given up before those of other registries were answered")
				}
				fmt.Fprintf(w, `"ldhName":%q}`, path.Base(r.URL.Path))
				return true
			})
		}, map[string]bool{"": true}},
		"answers garbage": {func(<-chan struct{}) string {
			return rdapStub(t, func(w http.ResponseWriter, r *http.Request) bool {
				_, _ = io.WriteString(w, "\x00\xff what?")
				return true
			})
		}, map[string]bool{"malformed": true}},
		"wants to be left in peace": {func(others <-chan struct{}) string {
			return rdapStub(t, func(w http.ResponseWriter, r *http.Request) bool {
				select {
				case <-others:
					return false
				default:
				}
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusTooManyRequests)
				return true
			})
		}, map[string]bool{"": true, "rate-limited": true, "suspended": true}},
	} {
		t.Run(name, func(t *testing.T) {
			var answered atomic.Int32
			others := make(chan struct{})
			var once sync.Once
			count := func(http.ResponseWriter, *http.Request) bool {
				if answered.Add(1) == int32(each*len(good)) {
					once.Do(func() { close(others) })
				}
				return false
			}
			servers := map[string]string{"cc": test.bad(others)}
			for _, suffix := range good {
				servers[suffix] = rdapStub(t, count)
			}
			var input strings.Builder
			for i := range each {
				fmt.Fprintf(&input, "example%d.cc\n", i)
				for _, suffix := range good {
					fmt.Fprintf(&input, "example%d.%s\n", i, suffix)
				}
			}
			status, out, errs := batchRun(t, input.String(), "batch", "-", "--rules", registries(t, servers), "--resolver", dns.DNSAddr,
				"--timeout", "2m", "--workers", "16", "--now", "2026-11-24", "--set", "domain.real_name=verified")
			if status == 2 || errs != "" {
				t.Fatalf("status %d, stderr %s", status, errs)
			}
			n, seen := 0, map[string]bool{}
			for l := range strings.Lines(out) {
				var line missedLine
				if err := json.Unmarshal([]byte(l), &line); err != nil {
					t.Fatal(err)
				}
				kind := ""
				for _, m := range line.Missed {
					kind = m.Kind
				}
				if strings.HasSuffix(line.Target, ".cc") {
					seen[kind] = true
					if !test.want[kind] {
						t.Errorf("%s: missed %q", line.Target, kind)
					}
				} else if kind != "" {
					t.Errorf("%s: missed %q", line.Target, kind)
				}
				n++
			}
			if n != each*(len(good)+1) || answered.Load() != each*int32(len(good)) {
				t.Errorf("%d lines, %d names answered", n, answered.Load())
			}
			if test.want["suspended"] && test.want["refused"] && !seen["suspended"] {
				t.Error("a server that refuses every time was asked for every name")
			}
		})
	}
}

// BenchmarkBadNeighbour tells how many names a second three registries answer
// beside a fourth that answers too, or misbehaves until they are done.
func BenchmarkBadNeighbour(b *testing.B) {
	const each = 1000
	dns, err := playback.Start(fstest.MapFS{}, playback.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer dns.Close()
	// until has a stub misbehave while the others are not done.
	until := func(others <-chan struct{}, misbehave func(http.ResponseWriter)) string {
		return rdapStub(b, func(w http.ResponseWriter, _ *http.Request) bool {
			select {
			case <-others:
				return false
			default:
				misbehave(w)
				return true
			}
		})
	}
	for _, neighbour := range []struct {
		name  string
		serve func(others <-chan struct{}) string
	}{
		{"answers", func(<-chan struct{}) string { return rdapStub(b, nil) }},
		{"refuses", func(<-chan struct{}) string { return closedURL(b) }},
		{"stalls", func(others <-chan struct{}) string { return until(others, func(http.ResponseWriter) { <-others }) }},
		{"garbage", func(others <-chan struct{}) string {
			return until(others, func(w http.ResponseWriter) { _, _ = io.WriteString(w, "\x00\xff what?") })
		}},
		{"429", func(others <-chan struct{}) string {
			return until(others, func(w http.ResponseWriter) {
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusTooManyRequests)
			})
		}},
	} {
		b.Run(neighbour.name, func(b *testing.B) {
			var elapsed time.Duration
			for b.Loop() {
				var answered atomic.Int32
				others, start := make(chan struct{}), time.Now()
				count := func(http.ResponseWriter, *http.Request) bool {
					if answered.Add(1) == 3*each {
						elapsed += time.Since(start)
						close(others)
					}
					return false
				}
				dir := registries(b, map[string]string{"cc": neighbour.serve(others), "com": rdapStub(b, count), "net": rdapStub(b, count), "top": rdapStub(b, count)})
				input := filepath.Join(dir, "names")
				var names strings.Builder
				for i := range each {
					fmt.Fprintf(&names, "a%d.cc\na%[1]d.com\na%[1]d.net\na%[1]d.top\n", i)
				}
				if err := os.WriteFile(input, []byte(names.String()), 0o600); err != nil {
					b.Fatal(err)
				}
				e := &environment{args: []string{"batch", input, "--rules", dir, "--resolver", dns.DNSAddr, "--timeout", "5m", "--workers", "16", "--unordered"},
					stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }, clock: time.Now}
				run(e)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(3*each*float64(b.N)/elapsed.Seconds(), "names/s")
		})
	}
}
