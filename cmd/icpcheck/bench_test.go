package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/playback"
)

// bench runs the command in-process, so that the figures leave out the start
// of the process itself; docs/performance.md has both.
func bench(b *testing.B, args ...string) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		var out bytes.Buffer
		e := &environment{args: args, stdin: &bytes.Buffer{}, stdout: io.Discard, stderr: &out, getenv: func(string) string { return "" }, clock: time.Now}
		if status := run(e); status == 2 {
			b.Fatal(out.String())
		}
	}
}

func BenchmarkVersion(b *testing.B) { bench(b, "version") }

func BenchmarkCheckOffline(b *testing.B) {
	path := filepath.Join(b.TempDir(), "filing.yaml")
	if err := os.WriteFile(path, exampleFiling, 0o600); err != nil {
		b.Fatal(err)
	}
	bench(b, "check", path, "--offline")
}

// BenchmarkDomain looks names up on loopback servers that take 100 ms for every
// answer. The slowest chain of one name is one answer: RDAP or WHOIS, and the
// five DNS questions, all go out at once.
func BenchmarkDomain(b *testing.B) {
	servers, err := playback.Start(playback.Demo(), playback.Options{Delay: 100 * time.Millisecond})
	if err != nil {
		b.Fatal(err)
	}
	defer servers.Close()
	flags := []string{"--rdap-url", servers.RDAPURL, "--whois-server", servers.WHOISAddr, "--resolver", servers.DNSAddr}
	b.Run("one", func(b *testing.B) { bench(b, append([]string{"domain", "example.com"}, flags...)...) })
	b.Run("three", func(b *testing.B) {
		bench(b, append([]string{"domain", "example.com", "我的网站.中国", "example.cn"}, flags...)...)
	})
}

// BenchmarkBatch checks a thousand JSON filings without look-ups.
func BenchmarkBatch(b *testing.B) {
	bench(b, "batch", benchmarkFilings(b, 1000), "--offline")
}

func benchmarkFilings(b *testing.B, n int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "filings.ndjson")
	var lines bytes.Buffer
	for i := range n {
		fmt.Fprintf(&lines, `{"provider":"aliyun","province":"zhejiang","subject":{"type":"enterprise","name":"n%d","lead":{"identity":"mainland","legal_representative":true}},"domains":[{"name":"example%[1]d.com","real_name":"verified","expires_on":"2027-12-01"}],"server":{"type":"ecs","region":"cn-hangzhou","billing":"subscription","months":12}}`+"\n", i)
	}
	if err := os.WriteFile(path, lines.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}
