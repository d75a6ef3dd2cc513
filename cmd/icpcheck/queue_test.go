//go:build unix

package main

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/icpcheck/icpcheck/pkg/locate"
	"github.com/icpcheck/icpcheck/pkg/playback"
	"github.com/icpcheck/icpcheck/pkg/queue/queuetest"
)

// child is an icpcheck process.
type child struct {
	t      testing.TB
	cmd    *exec.Cmd
	stderr *os.File
	ended  chan struct{}
}

// spawn starts icpcheck as a process of its own, which can be killed.
func spawn(t testing.TB, args ...string) *child {
	t.Helper()
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: exec.Command("icpcheck", append(args, "--lang", "en")...), stderr: stderr, ended: make(chan struct{})}
	c.cmd.Stderr = stderr
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.cmd.Wait()
		close(c.ended)
	}()
	t.Cleanup(func() {
		c.kill()
		_ = stderr.Close()
	})
	return c
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.ended
}

// status waits for the end.
func (c *child) status() int {
	c.t.Helper()
	select {
	case <-c.ended:
	case <-time.After(time.Minute):
		c.t.Fatalf("%v does not end; it said: %s", c.cmd.Args, c.said())
	}
	return c.cmd.ProcessState.ExitCode()
}

func (c *child) said() string {
	data, err := os.ReadFile(c.stderr.Name())
	if err != nil {
		c.t.Error(err)
	}
	return string(data)
}

// until waits for something that has to come.
func until(t testing.TB, what string, there func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !there(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come", what)
		}
	}
}

func linesIn(path string) int {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	return bytes.Count(data, []byte("\n"))
}

// mixedInput writes an input with every kind of line, and returns its path.
func mixedInput(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	filing := filepath.Join(dir, "filing.yaml")
	var input bytes.Buffer
	for i := range n {
		switch i % 6 {
		case 0:
			fmt.Fprintln(&input, "example.com")
		case 1:
			fmt.Fprintf(&input, `{"province":"浙江","subject":{"type":"enterprise","name":"第%d家"},"domains":["example.cn","example.com"]}`+"\n", i)
		case 2:
			fmt.Fprintln(&input, filing)
		case 3:
			fmt.Fprintln(&input, "我的网站.中国\n\n# passed over")
		case 4:
			fmt.Fprintf(&input, "bad_name%d.com\n", i)
		case 5:
			fmt.Fprintln(&input, filepath.Join(dir, "none.yaml"))
		}
	}
	path := filepath.Join(dir, "input.txt")
	for name, data := range map[string][]byte{filing: exampleFiling, path: input.Bytes()} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// TestQueueCrashes: on a cluster of three servers a worker is killed, a server
// goes, the batch itself is killed and gone on with; the output has the bytes
// of an undisturbed run in one process.
func TestQueueCrashes(t *testing.T) {
	t.Parallel()
	looked, err := playback.Start(playback.Demo(), playback.Options{Delay: 40 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer looked.Close()
	servers, addresses := queuetest.Cluster(t)
	const n = 180
	input, dir := mixedInput(t, n), t.TempDir()
	batch := func(output string, more ...string) []string {
		return append([]string{"batch", input, "--output", output, "--now", "2026-11-24", "--province", "zhejiang", "--lang", "en", "--no-cache",
			"--rdap-url", looked.RDAPURL, "--whois-server", looked.WHOISAddr, "--resolver", looked.DNSAddr}, more...)
	}
	alone, output := filepath.Join(dir, "alone.ndjson"), filepath.Join(dir, "output.ndjson")
	if status := spawn(t, batch(alone)...).status(); status != 1 {
		t.Fatalf("status %d", status)
	}
	queued := batch(output, "--queue", addresses, "--timeout", "2s")
	work := []string{"worker", "--queue", addresses, "--workers", "1"}

	victim := spawn(t, work...)
	spawn(t, work...)
	let := holdBack(t, input)
	first := spawn(t, queued...)
	until(t, "the first lines", func() bool { return linesIn(output) >= 20 })
	victim.kill()
	servers[0].Shutdown()
	spawn(t, work...)
	until(t, "lines after the server has gone", func() bool { return linesIn(output) >= 60 })
	first.kill()
	let()
	t.Logf("%d of %d lines were written when the batch was killed", linesIn(output), n)
	if _, err := os.Stat(output + ".run"); err != nil {
		t.Errorf("the record of the run: %v", err)
	}
	second := spawn(t, append(queued, "--resume")...)
	if status := second.status(); status == 2 { // else it is that of what was left
		t.Errorf("status %d; stderr %s", status, second.said())
	}
	got, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(alone)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Count(want, []byte("\n")) != n || !bytes.Equal(got, want) {
		t.Errorf("%d and %d lines, not the same bytes", bytes.Count(got, []byte("\n")), bytes.Count(want, []byte("\n")))
	}
	if _, err := os.Stat(output + ".run"); err == nil {
		t.Error("the record of the run is left behind")
	}
}

// TestQueueCSV: the columns of the first line reach the workers; a worker that
// is interrupted ends well; a password is in no message.
func TestQueueCSV(t *testing.T) {
	t.Parallel()
	s := queuetest.Start(t, &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), Username: "u", Password: "verysecret"})
	address := "nats://u:verysecret@" + s.Addr().String()
	worker := spawn(t, "worker", "--queue", address)
	input := "domain,province,domain.expires_at\nexample.com,上海,2027-03-24\nexample.cn,,\nexample.net,nowhere,\n"
	args := []string{"batch", "-", "--offline", "--now", "2026-11-24"}
	wantStatus, want, _ := batchRun(t, input, args...)
	var runs [2]string
	for i := range runs {
		status, out, errs := batchRun(t, input, append(args, "--queue", address, "--verbose")...)
		if status != wantStatus || strings.Contains(errs, "verysecret") {
			t.Errorf("status %d, want %d; stderr %q", status, wantStatus, errs)
		}
		runs[i] = out
	}
	if runs[0] != want || runs[1] != want {
		t.Errorf("got %s, want %s", runs, want)
	}
	if err := worker.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if status := worker.status(); status != 0 || strings.Contains(worker.said(), "verysecret") || !strings.Contains(worker.said(), "waiting for work from nats://***@127.0.0.1") {
		t.Errorf("the worker ended with %d, stderr %q", status, worker.said())
	}
}

// TestQueueInterrupted: a batch that nobody works for can be stopped, says how
// to go on without telling the password, and is gone on with.
func TestQueueInterrupted(t *testing.T) {
	t.Parallel()
	s := queuetest.Start(t, &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), Username: "u", Password: "verysecret"})
	address := "nats://u:verysecret@" + s.Addr().String()
	input, output := mixedInput(t, 6), filepath.Join(t.TempDir(), "output.ndjson")
	args := []string{"batch", input, "--offline", "--now", "2026-11-24", "--output", output, "--queue", address}
	first := spawn(t, args...)
	until(t, "the record of the run", func() bool { _, err := os.Stat(output + ".run"); return err == nil })
	if err := first.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if status := first.status(); status != 2 || !strings.Contains(first.said(), "nats://***@") || !strings.Contains(first.said(), "--resume") || strings.Contains(first.said(), "verysecret") {
		t.Errorf("status %d, stderr %q", status, first.said())
	}
	record, err := os.ReadFile(output + ".run")
	if err != nil || bytes.Contains(record, []byte("verysecret")) {
		t.Errorf("the record: %s, %v", record, err)
	}
	spawn(t, "worker", "--queue", address)
	second := spawn(t, append(args, "--resume")...)
	if status := second.status(); status == 2 || linesIn(output) != 6 {
		t.Errorf("status %d, %d lines, stderr %q", status, linesIn(output), second.said())
	}
}

// TestQueueOtherRules: a worker with other rules is refused, by name.
func TestQueueOtherRules(t *testing.T) {
	t.Parallel()
	address := queuetest.Single(t).ClientURL()
	layer := t.TempDir()
	if err := os.Mkdir(filepath.Join(layer, "tables"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(layer, "tables", "provinces.yaml"), []byte("table: provinces\nrows:\n  - {id: hebei, patch: true, min_validity_days: 45}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	worker := spawn(t, "worker", "--queue", address, "--rules", layer)
	until(t, "the worker", func() bool { return strings.Contains(worker.said(), "waiting for work") })
	status, out, errs := batchRun(t, "example.com\n", "batch", "-", "--offline", "--queue", address)
	if status != 2 || out != "" || !strings.Contains(errs, "icpcheck: error: "+address+": the workers there are of another make") || !strings.Contains(errs, "rulebook sha256:") {
		t.Errorf("status %d, stdout %q, stderr %q", status, out, errs)
	}
	if !strings.Contains(worker.said(), "is refused, it is of another make: rulebook sha256:") {
		t.Errorf("the worker said %q", worker.said())
	}
}

func TestQueueUsage(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	off := queuetest.Start(t, &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT})
	output := filepath.Join(t.TempDir(), "out.ndjson")
	if err := os.WriteFile(output, []byte("earlier\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"worker without a server": {[]string{"worker"}, "--queue says which server"},
		"worker for nothing":      {[]string{"worker", "--queue", off.ClientURL(), "--workers", "0"}, "want 1 or more"},
		"an argument":             {[]string{"worker", "x"}, `unexpected argument "x"`},
		"nobody there":            {[]string{"batch", "-", "--queue", "nats://u:verysecret@" + nobody, "--output", output}, "nats://***@" + nobody + ": cannot be reached"},
		"no address":              {[]string{"batch", "-", "--queue", "http://u:verysecret@" + nobody}, "want an address such as nats://"},
		"jetstream off":           {[]string{"worker", "--queue", off.ClientURL()}, "JetStream is off there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, errs := batchRun(t, "example.com\n", test.args...)
			if status != 2 || out != "" || strings.Count(errs, "icpcheck: error: ") != 1 || !strings.Contains(errs, test.want) || strings.Contains(errs, "verysecret") {
				t.Errorf("status %d, stdout %q, stderr %q", status, out, errs)
			}
		})
	}
	t.Cleanup(func() {
		if data, err := os.ReadFile(output); err != nil || string(data) != "earlier\n" {
			t.Errorf("an unreachable server cost the earlier output: %q, %v", data, err)
		}
	})
}

// TestTravelling: of every option it is settled whether a result depends on it.
func TestTravelling(t *testing.T) {
	stay := []string{
		"Config", "Format", "Output", "Color", "Quiet", "Verbose", "AllowUndetermined", // of the process
		"NoCache", "CacheDir", "cache", // workers keep nothing beyond a run
		"Rules", "GeoDB", // covered by the identity
		"Queue", "QueueCreds", "QueueCA",
	}
	full := &options{}
	v := reflect.ValueOf(full).Elem()
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue
		}
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int64:
			f.SetInt(1)
		case reflect.Slice:
			f.Set(reflect.ValueOf([]string{"x"}))
		default:
			t.Fatalf("option %s is of a kind unknown here", v.Type().Field(i).Name)
		}
	}
	travelling := reflect.ValueOf(full.travelling("en", time.Now()))
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if travelling.Field(i).IsZero() != slices.Contains(stay, name) {
			t.Errorf("option %s neither travels nor is said to stay, or both", name)
		}
	}
}

// TestWorkerRuns: a worker ends the runs it is done with, and none that a job is
// at work on, however many it meets.
func TestWorkerRuns(t *testing.T) {
	w := &lineWorker{app: &app{environment: &environment{clock: time.Now}}, own: &options{GeoDB: countryFile(t)}}
	prepare := func(i int) *preparedRun {
		t.Helper()
		run, err := w.prepare(fmt.Sprintf(`{"Offline":true,"Now":"2026-11-24","Timeout":%d}`, 1000+i))
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	// A file that is closed tells of no address.
	open := func(run *preparedRun) bool {
		return run.collector.Locator.Locate(netip.MustParseAddr("93.184.216.34")).Place == locate.Mainland
	}
	busy, first := prepare(0), prepare(1)
	if prepare(0) != busy || !open(busy) || !open(first) {
		t.Fatal("a run is prepared twice, or its file says nothing")
	}
	w.release(first)
	if !open(first) {
		t.Error("a run that fits is not kept for its next job")
	}
	for i := range 3 * mostRuns {
		w.release(prepare(2 + i))
	}
	if len(w.runs) > mostRuns || open(first) {
		t.Errorf("%d runs, the first open: %v", len(w.runs), open(first))
	}
	w.release(busy)
	w.close()
	if len(w.runs) != 1 || !open(busy) {
		t.Errorf("%d runs at the end, want the one at work", len(w.runs))
	}
	w.release(busy)
	if len(w.runs) != 0 || open(busy) {
		t.Errorf("%d runs, the last open: %v", len(w.runs), open(busy))
	}
}

// BenchmarkBatchQueue is BenchmarkBatch by two workers through a server on loopback.
func BenchmarkBatchQueue(b *testing.B) {
	address := queuetest.Single(b).ClientURL()
	for range 2 {
		worker := spawn(b, "worker", "--queue", address)
		until(b, "the worker", func() bool { return strings.Contains(worker.said(), "waiting for work") })
	}
	bench(b, "batch", benchmarkFilings(b, 1000), "--offline", "--queue", address)
}
