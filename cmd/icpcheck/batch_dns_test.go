package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/icpcheck/icpcheck/pkg/batch"
	"github.com/icpcheck/icpcheck/pkg/failure"
)

// serveAddresses runs a DNS server that knows the A record of every name.
func serveAddresses(t *testing.T) string {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	server := &dns.Server{PacketConn: packets, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, query *dns.Msg) {
		answer := new(dns.Msg).SetReply(query)
		answer.RecursionAvailable = true
		if q := query.Question[0]; q.Qtype == dns.TypeA {
			answer.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(203, 0, 113, 7)}}
		}
		_ = w.WriteMsg(answer)
	})}
	go func() { _ = server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() { _ = server.Shutdown() })
	return packets.LocalAddr().String()
}

// TestOnlyDNSManyBadLines: a name that is followed by more unusable lines than
// may wait for it is asked about all the same.
func TestOnlyDNSManyBadLines(t *testing.T) {
	input := "example.com\n" + strings.Repeat("word\n", dnsWindow+300)
	status, out, errs := batchRun(t, input, "batch", "-", "--only", "dns", "--resolver", serveAddresses(t))
	if n := strings.Count(out, "\n"); status != 3 || errs != "" || n != dnsWindow+301 || !strings.HasPrefix(out, `{"line":1,"input":"example.com","name":"example.com","status":"resolves"`) {
		t.Errorf("status %d, %d lines, stderr %q, begins %.100q", status, n, errs, out)
	}
}

// TestOnlyDNSSlowInput: a name has its answer before the next one comes.
func TestOnlyDNSSlowInput(t *testing.T) {
	stdin, names := io.Pipe()
	lines, stdout := io.Pipe()
	e := &environment{args: []string{"batch", "-", "--only", "dns", "--resolver", serveAddresses(t)}, stdin: stdin, stdout: stdout, stderr: io.Discard,
		getenv: func(string) string { return "" }, clock: time.Now}
	status := make(chan int)
	go func() { status <- run(e) }()
	answers := bufio.NewScanner(lines)
	for _, name := range []string{"a.example", "b.example", "c.example"} {
		if _, err := io.WriteString(names, name+"\n"); err != nil {
			t.Fatal(err)
		}
		if !answers.Scan() || !strings.Contains(answers.Text(), `"name":"`+name+`","status":"resolves"`) {
			t.Errorf("%s: %s", name, answers.Text())
		}
	}
	names.Close()
	if s := <-status; s != 0 {
		t.Errorf("status %d", s)
	}
}

// TestOnlyDNSInterrupted: who waits for room wakes when the run is interrupted.
func TestOnlyDNSInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	w := &dnsWriter{liner: &liner{missed: map[failure.Kind]int{}}, out: bufio.NewWriter(io.Discard), issued: dnsWindow}
	w.room = sync.NewCond(&w.mu)
	var items iter.Seq2[batch.Item, error] = func(yield func(batch.Item, error) bool) { yield(batch.Item{Line: 1, Text: "example.com"}, nil) }
	time.AfterFunc(20*time.Millisecond, cancel)
	var broken error
	for ask := range w.names(ctx, items, &broken) {
		t.Errorf("got %+v", ask)
	}
	if err := w.finish(); err == nil || !strings.Contains(err.Error(), "32768 of 32768 lines have no result") {
		t.Errorf("a run without results ends with %v", err)
	}
	w.err = errors.New("disk full")
	if err := w.finish(); err == nil || err.Error() != "disk full" {
		t.Errorf("got %v", err)
	}
}

func TestOnlyDNSCSV(t *testing.T) {
	input := "province,domain\n上海,www.example.com\n13800138000,b.example\n上海,\n上海\n"
	status, out, errs := batchRun(t, input, "batch", "-", "--only", "dns", "--resolver", serveAddresses(t))
	if status != 3 || errs != "" || strings.Contains(out, "13800138000") {
		t.Errorf("status %d, stderr %q, %s", status, errs, out)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	want := []struct{ name, err string }{{"www.example.com", ""}, {"b.example", ""}, {"", "domain.name is empty"}, {"", "1 cells"}}
	if len(lines) != len(want) {
		t.Fatalf("got %s", out)
	}
	for i, l := range lines {
		var got struct{ Name, Error string }
		if err := json.Unmarshal([]byte(l), &got); err != nil || got.Name != want[i].name || !strings.Contains(got.Error, want[i].err) || (got.Error == "") != (want[i].err == "") {
			t.Errorf("got %s, want %+v", l, want[i])
		}
	}
}

// TestOnlyDNSRefuses: what cannot be done is refused before the output of an
// earlier run is emptied.
func TestOnlyDNSRefuses(t *testing.T) {
	for name, args := range map[string][]string{
		"over TLS":           {"--resolver", "tls://192.0.2.1"},
		"over HTTPS":         {"--resolver", "https://192.0.2.1/dns-query"},
		"one of them is TLS": {"--resolver", "127.0.0.1", "--resolver", "tls://192.0.2.1"},
		"vantage":            {"--resolver", "127.0.0.1", "--vantage"},
		"vantage server":     {"--resolver", "127.0.0.1", "--vantage-server", "192.0.2.1"},
	} {
		t.Run(name, func(t *testing.T) {
			output := filepath.Join(t.TempDir(), "out")
			if err := os.WriteFile(output, []byte("earlier\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			status, _, errs := batchRun(t, "", append([]string{"batch", "-", "--only", "dns", "--output", output}, args...)...)
			if status != 2 || strings.Count(errs, "icpcheck: error: ") != 1 || readString(t, output) != "earlier\n" {
				t.Errorf("status %d, stderr %q, output %q", status, errs, readString(t, output))
			}
		})
	}
}
