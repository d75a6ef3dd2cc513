//go:build unix

package registration

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/openrdap/rdap"

	"github.com/icpcheck/icpcheck/pkg/domainname"
)

// serverVariable makes the test binary an RDAP server, whose processor time then
// is its own: its value is how long it takes for each answer.
const serverVariable = "ICPCHECK_TEST_RDAP_SERVER"

func TestMain(m *testing.M) {
	if delay := os.Getenv(serverVariable); delay != "" {
		serveRDAP(delay)
		return
	}
	os.Exit(m.Run())
}

// serveRDAP answers every question until its standard input ends.
func serveRDAP(delay string) {
	pause, err := time.ParseDuration(delay)
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("http://%s/\n", listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(pause)
		w.Header().Set("Content-Type", "application/rdap+json")
		_, _ = io.WriteString(w, strings.ReplaceAll(benchAnswer, "NAME", path.Base(r.URL.Path)))
	}))
}

// benchAnswer is of the usual size and shape of a registry's answer.
var benchAnswer = `{"objectClassName":"domain","handle":"2336799_DOMAIN_COM-VRSN","ldhName":"NAME","rdapConformance":["rdap_level_0","icann_rdap_technical_implementation_guide_1","icann_rdap_response_profile_1"],
"links":[{"value":"https://rdap.example/com/v1/domain/NAME","rel":"self","href":"https://rdap.example/com/v1/domain/NAME","type":"application/rdap+json"},{"value":"https://rdap.example/domain/NAME","rel":"related","href":"https://rdap.example/domain/NAME","type":"application/rdap+json"}],
"status":["client transfer prohibited","server delete prohibited"],
"entities":[{"objectClassName":"entity","handle":"1599","roles":["registrar"],"publicIds":[{"type":"IANA Registrar ID","identifier":"1599"}],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Alibaba Cloud Computing Ltd. d/b/a HiChina (www.net.cn)"]]],
"entities":[{"objectClassName":"entity","roles":["abuse"],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text",""],["tel",{"type":"voice"},"uri","tel:+86.95187"],["email",{},"text","abuse@example.com"]]]}]},
{"objectClassName":"entity","roles":["registrant"],"vcardArray":["vcard",[["version",{},"text","4.0"],["org",{},"text","Example Technology Co., Ltd."],["adr",{"cc":"CN"},"text",["","","","","Zhejiang","",""]]]]}],
"events":[{"eventAction":"registration","eventDate":"2019-03-01T04:00:00Z"},{"eventAction":"expiration","eventDate":"2027-02-20T04:00:00Z"},{"eventAction":"last changed","eventDate":"2025-02-20T04:00:00Z"},{"eventAction":"last update of RDAP database","eventDate":"2026-11-23T04:00:00Z"}],
"secureDNS":{"delegationSigned":false},
"nameservers":[{"objectClassName":"nameserver","ldhName":"DNS1.HICHINA.COM"},{"objectClassName":"nameserver","ldhName":"DNS2.HICHINA.COM"}],
"notices":[{"title":"Terms of Use","description":["` + strings.Repeat("Service subject to Terms of Use. ", 20) + `"],"links":[{"href":"https://example/terms","type":"text/html"}]},{"title":"Status Codes","description":["For more information on domain status codes, please visit https://icann.org/epp"],"links":[{"href":"https://icann.org/epp","type":"text/html"}]},{"title":"RDDS Inaccuracy Complaint Form","description":["URL of the ICANN RDDS Inaccuracy Complaint Form: https://icann.org/wicf"],"links":[{"href":"https://icann.org/wicf","type":"text/html"}]}]}`

// server starts a server in a process of its own.
func server(b *testing.B, delay time.Duration) (base string) {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), serverVariable+"="+delay.String())
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = in.Close(); _ = c.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// cpu is the processor time of this process.
func cpu(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Skip("no getrusage here")
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// many asks about names, so many at once, and fails the benchmark on any error.
func many(b *testing.B, names, atOnce int, ask func(name string) error) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for i := next.Add(1); i <= int64(names); i = next.Add(1) {
				if err := ask(fmt.Sprintf("name%d.com", i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

// askers are the ways to ask that are compared.
func askers(base string) map[string]func(string) error {
	client := &Client{Servers: Fixed{RDAP: base}, Timeout: time.Minute}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost, transport.MaxIdleConns = idleEach, 0
	bare := &http.Client{Transport: transport}
	u, err := url.Parse(base)
	if err != nil {
		panic(err)
	}
	// Its own transport keeps two connections; it gets the tuned one.
	library := &rdap.Client{HTTP: &http.Client{Transport: transport.Clone()}}
	return map[string]func(string) error{
		"icpcheck": func(s string) error {
			name, err := domainname.Parse(s)
			if err != nil {
				return err
			}
			a := client.Lookup(context.Background(), name)
			if a.Record == nil || a.Record.Registrant == "" {
				return fmt.Errorf("%s: %v", s, a.Failures)
			}
			return nil
		},
		"openrdap": func(s string) error {
			response, err := library.Do(rdap.NewDomainRequest(s).WithServer(u))
			if err != nil {
				return err
			}
			if d, ok := response.Object.(*rdap.Domain); !ok || d.LDHName != s {
				return fmt.Errorf("%s: %+v", s, response.Object)
			}
			return nil
		},
		"bare": func(s string) error {
			response, err := bare.Get(base + "domain/" + s)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			_, err = io.Copy(io.Discard, response.Body)
			return err
		},
	}
}

// BenchmarkPeersRDAP asks a server in another process, 64 names at once, by
// turns: our client, the openrdap library, and an HTTP client that reads the
// answer and looks at nothing.
func BenchmarkPeersRDAP(b *testing.B) {
	const names = 4000
	contenders := askers(server(b, 0))
	wall, used := map[string]time.Duration{}, map[string]time.Duration{}
	for name, ask := range contenders {
		many(b, 500, 64, ask) // connect
		_ = name
	}
	for b.Loop() {
		for name, ask := range contenders {
			start, before := time.Now(), cpu(b)
			many(b, names, 64, ask)
			wall[name] += time.Since(start)
			used[name] += cpu(b) - before
		}
	}
	b.ReportMetric(0, "ns/op")
	n := float64(names * b.N)
	for name := range contenders {
		b.ReportMetric(n/wall[name].Seconds(), name+"-names/s")
		b.ReportMetric(float64(used[name].Microseconds())/n, name+"-cpu-µs/name")
	}
}

// BenchmarkDelayed asks 256 names at once of a server that takes 30 ms for each,
// and tells how much longer that takes than it has to: for our client, and for
// the HTTP client that looks at nothing, which shows what the server and the
// machine take.
func BenchmarkDelayed(b *testing.B) {
	const names, atOnce, delay = 256 * 40, 256, 30 * time.Millisecond
	contenders := askers(server(b, delay))
	delete(contenders, "openrdap")
	wall := map[string]time.Duration{}
	for _, ask := range contenders {
		many(b, atOnce, atOnce, ask) // connect
	}
	for b.Loop() {
		for name, ask := range contenders {
			start := time.Now()
			many(b, names, atOnce, ask)
			wall[name] += time.Since(start)
		}
	}
	b.ReportMetric(0, "ns/op")
	for name := range contenders {
		b.ReportMetric(float64(wall[name])/float64(b.N)/float64(names/atOnce*delay), name+"-×ideal")
	}
}

// BenchmarkParseRDAP reads one answer, by our decoder and by the library's.
func BenchmarkParseRDAP(b *testing.B) {
	raw := []byte(benchAnswer)
	for name, parse := range map[string]func(string, []byte) (Record, error){"fast": parseRDAP, "library": parseWithLibrary} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parse("NAME", raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
