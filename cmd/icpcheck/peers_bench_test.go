//go:build unix

package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/ipv4"
)

// fastDNS is an authoritative server on loopback that is faster than any client
// here: it copies the question and adds one record. It answers A and AAAA, and
// holds each answer back for delay.
func fastDNS(b *testing.B, delay time.Duration) string {
	b.Helper()
	address := ""
	for range 2 {
		config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
			return raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, 15 /* SO_REUSEPORT */, 1) })
		}}
		listen := address
		if listen == "" {
			listen = "127.0.0.1:0"
		}
		conn, err := config.ListenPacket(b.Context(), "udp", listen)
		if err != nil {
			b.Fatal(err)
		}
		_ = conn.(*net.UDPConn).SetReadBuffer(8 << 20)
		address = conn.LocalAddr().String()
		b.Cleanup(func() { _ = conn.Close() })
		packets := ipv4.NewPacketConn(conn)
		if delay == 0 {
			go serveFast(packets, func(answers []ipv4.Message) { writeAll(packets, answers) })
			continue
		}
		line := make(chan delayed, 1<<16)
		b.Cleanup(func() { close(line) })
		go func() {
			runtime.LockOSThread() // the runtime's own timers are late by up to a millisecond
			for d := range line {
				if rest := time.Until(d.due); rest > 0 {
					pause := syscall.NsecToTimespec(rest.Nanoseconds())
					_ = syscall.Nanosleep(&pause, nil)
				}
				writeAll(packets, d.answers)
			}
		}()
		go serveFast(packets, func(answers []ipv4.Message) {
			kept := make([]ipv4.Message, len(answers))
			for i, m := range answers {
				kept[i] = ipv4.Message{Buffers: [][]byte{slices.Clone(m.Buffers[0])}, Addr: m.Addr}
			}
			line <- delayed{time.Now().Add(delay), kept}
		})
	}
	return address
}

// delayed are answers and when they may be sent.
type delayed struct {
	due     time.Time
	answers []ipv4.Message
}

func writeAll(p *ipv4.PacketConn, answers []ipv4.Message) {
	for len(answers) > 0 {
		sent, err := p.WriteBatch(answers, 0)
		if err != nil {
			return
		}
		answers = answers[sent:]
	}
}

// serveFast reads questions and gives the answers, whose buffers serve again.
func serveFast(p *ipv4.PacketConn, give func([]ipv4.Message)) {
	const vector = 64
	in := make([]ipv4.Message, vector)
	for i := range in {
		in[i].Buffers = [][]byte{make([]byte, 512)}
	}
	out := make([]ipv4.Message, vector)
	for i := range out {
		out[i].Buffers = make([][]byte, 1)
	}
	for {
		n, err := p.ReadBatch(in, 0)
		if err != nil {
			return
		}
		k := 0
		for _, m := range in[:n] {
			if answer := answerFast(m.Buffers[0][:m.N:512]); answer != nil {
				out[k].Buffers[0], out[k].Addr = answer, m.Addr
				k++
			}
		}
		give(out[:k])
	}
}

func answerFast(query []byte) []byte {
	end := 12
	for end < len(query) && query[end] != 0 {
		end += int(query[end]) + 1
	}
	if end += 5; end > len(query) {
		return nil
	}
	answer := query[:end] // without EDNS
	binary.BigEndian.PutUint16(answer[2:], 0x8580)
	copy(answer[4:12], []byte{0, 1, 0, 1, 0, 0, 0, 0})
	switch binary.BigEndian.Uint16(query[end-4:]) {
	case 1:
		return append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 203, 0, 113, 7)
	case 28:
		return append(answer, 0xc0, 12, 0, 28, 0, 1, 0, 0, 1, 44, 0, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
	}
	answer[7] = 0
	return answer
}

// contender is a program that is measured.
type contender struct {
	name string
	args []string
}

// BenchmarkPeersDNS has icpcheck and what other programs there are ask a fast
// server on loopback about 100,000 names, one after the other and round again, so
// that what else the machine does hits all alike. A program that is not installed
// is left out. ICPCHECK_BENCH_NAMES is another number of names. dnsx and massdns
// ask for A alone unless told otherwise, so both are measured.
func BenchmarkPeersDNS(b *testing.B) {
	names := 100_000
	if n, err := strconv.Atoi(os.Getenv("ICPCHECK_BENCH_NAMES")); err == nil {
		names = n
	}
	server := fastDNS(b, 0)
	dir := b.TempDir()
	input, resolvers := filepath.Join(dir, "names"), filepath.Join(dir, "resolvers")
	var list strings.Builder
	for i := range names {
		fmt.Fprintf(&list, "name%d.example.com\n", i)
	}
	for path, content := range map[string]string{input: list.String(), resolvers: server + "\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	output := filepath.Join(dir, "out")
	contenders := []contender{
		{"icpcheck-A-AAAA", []string{release(b), "batch", input, "--only", "dns", "--resolver", server, "--output", output, "--quiet"}},
		{"dnsx-A", []string{"dnsx", "-l", input, "-r", server, "-a", "-json", "-silent", "-o", output, "-duc", "-t", "1000", "-retry", "3"}},
		{"dnsx-A-AAAA", []string{"dnsx", "-l", input, "-r", server, "-a", "-aaaa", "-json", "-silent", "-o", output, "-duc", "-t", "1000", "-retry", "3"}},
		{"zdns-A", []string{"zdns", "A", "--input-file", input, "--output-file", output, "--name-servers", server, "--threads", "1000"}},
		{"zdns-A-AAAA", []string{"zdns", "ALOOKUP", "--ipv4-lookup", "--ipv6-lookup", "--input-file", input, "--output-file", output, "--name-servers", server, "--threads", "1000"}},
		{"massdns-A", []string{"massdns", "-r", resolvers, "-o", "J", "-w", output, "-q", input}},
	}
	race(b, contenders, func(name string, wall, cpu time.Duration) {
		b.ReportMetric(float64(names)/wall.Seconds(), name+"-names/s")
		b.ReportMetric(float64(cpu.Microseconds())/float64(names), name+"-cpu-µs/name")
	})
}

// BenchmarkDelayedDNS asks a server that takes 30 ms for each answer about 256
// names at once, and tells how much longer that takes than it has to, start and
// end of the program included.
func BenchmarkDelayedDNS(b *testing.B) {
	const names, atOnce, delay = 256 * 200, 256, 30 * time.Millisecond
	server := fastDNS(b, delay)
	dir := b.TempDir()
	input, output := filepath.Join(dir, "names"), filepath.Join(dir, "out")
	var list strings.Builder
	for i := range names {
		fmt.Fprintf(&list, "name%d.example.com\n", i)
	}
	if err := os.WriteFile(input, []byte(list.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	// 16 questions for each of --workers, two for each name.
	workers := strconv.Itoa(atOnce * 2 / 16)
	contenders := []contender{
		{"icpcheck-A-AAAA", []string{release(b), "batch", input, "--only", "dns", "--resolver", server, "--output", output, "--quiet", "--workers", workers}},
		{"dnsx-A", []string{"dnsx", "-l", input, "-r", server, "-a", "-json", "-silent", "-o", output, "-duc", "-t", strconv.Itoa(atOnce)}},
		{"zdns-A", []string{"zdns", "A", "--input-file", input, "--output-file", output, "--name-servers", server, "--threads", strconv.Itoa(atOnce)}},
	}
	race(b, contenders, func(name string, wall, _ time.Duration) {
		b.ReportMetric(float64(wall)/float64(names/atOnce*delay), name+"-×ideal")
	})
}

// race measures contenders in turns, and gives the mean wall time and processor
// time of each. A child's greatest memory counts what it inherited from the test;
// /usr/bin/time -v tells it.
func race(b *testing.B, contenders []contender, report func(name string, wall, cpu time.Duration)) {
	type total struct {
		wall, cpu time.Duration
		runs      int
	}
	totals := make([]total, len(contenders))
	for b.Loop() {
		for i, c := range contenders {
			path, err := exec.LookPath(c.args[0])
			if err != nil {
				continue
			}
			command := exec.Command(path, c.args[1:]...)
			command.Env = append(os.Environ(), "HOME="+b.TempDir())
			start := time.Now()
			if out, err := command.CombinedOutput(); command.ProcessState == nil || command.ProcessState.ExitCode() != 0 {
				b.Errorf("%s: %v: %.500s", c.name, err, out)
				continue
			}
			t := &totals[i]
			t.wall += time.Since(start)
			t.cpu += command.ProcessState.UserTime() + command.ProcessState.SystemTime()
			t.runs++
		}
	}
	b.ReportMetric(0, "ns/op")
	for i, c := range contenders {
		if t := totals[i]; t.runs > 0 {
			report(c.name, t.wall/time.Duration(t.runs), t.cpu/time.Duration(t.runs))
		}
	}
}
