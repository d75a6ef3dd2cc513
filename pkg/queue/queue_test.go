package queue_test

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/icpcheck/icpcheck/pkg/batch"
	"github.com/icpcheck/icpcheck/pkg/queue"
	"github.com/icpcheck/icpcheck/pkg/queue/queuetest"
)

// identity is that of every worker and run here which does not differ on purpose.
var identity = queue.Identity{"tool": "1", "rulebook": "sha256:1"}

// silence makes the tests' workers count as dead soon.
const silence = time.Second

// TestMain lets the test binary stand in for a worker process, so that one can
// be killed.
func TestMain(m *testing.M) {
	if address := os.Getenv("QUEUE_TEST_WORKER"); address != "" {
		workerProcess(address)
	}
	// The tests wait for one another's servers and processes more than they compute.
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// workerProcess works until it is killed, and breaks off at a job that says so.
// With QUEUE_TEST_STALL it finishes so many jobs and keeps those that follow in
// hand: what is to be killed in the middle of its jobs cannot be done before.
func workerProcess(address string) {
	var begun atomic.Int64
	stall, err := strconv.ParseInt(cmp.Or(os.Getenv("QUEUE_TEST_STALL"), strconv.Itoa(math.MaxInt)), 10, 64)
	if err != nil {
		panic(err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the test, however that ends
		os.Exit(1)
	}()
	c, err := queue.Connect(context.Background(), queue.Options{URL: address})
	if err == nil {
		w := &queue.Worker{Name: fmt.Sprint(os.Getpid()), Identity: identity, AtOnce: 8, Work: func(_ context.Context, data []byte) []byte {
			fmt.Println("at", string(data))
			if strings.HasPrefix(string(data), "poison") {
				os.Exit(1)
			}
			if begun.Add(1) > stall {
				select {}
			}
			time.Sleep(5 * time.Millisecond)
			return answer(data)
		}}
		err = w.Serve(context.Background(), c)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// answer is the work done here.
func answer(data []byte) []byte { return fmt.Appendf(nil, "%s %x", data, sha256.Sum256(data)) }

// process is a worker process.
type process struct {
	cmd  *exec.Cmd
	at   chan string // the jobs it begins
	gone chan struct{}
}

func newProcess(t *testing.T, address string, variables ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0]), at: make(chan string, 10000), gone: make(chan struct{})}
	p.cmd.Env = append(append(os.Environ(), "QUEUE_TEST_WORKER="+address), variables...)
	p.cmd.Stderr = os.Stderr
	_, err := p.cmd.StdinPipe()
	var out io.ReadCloser
	if err == nil {
		out, err = p.cmd.StdoutPipe()
	}
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Error(err)
		close(p.gone)
		return p
	}
	go func() {
		defer close(p.gone)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.at <- lines.Text()
		}
		_ = p.cmd.Wait()
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends the process as a power cut does.
func (p *process) kill() {
	if p.cmd.Process != nil {
		_ = p.cmd.Process.Kill()
	}
	<-p.gone
}

// begun waits until the process has begun n jobs.
func (p *process) begun(n int) error {
	for range n {
		select {
		case <-p.at:
		case <-p.gone:
			return errors.New("the worker ended")
		case <-time.After(30 * time.Second):
			return errors.New("the worker gets no jobs")
		}
	}
	return nil
}

func connect(t *testing.T, address string) *queue.Conn {
	t.Helper()
	c, err := queue.Connect(t.Context(), queue.Options{URL: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// work runs a worker in this process until the test ends, or until stop.
func work(t *testing.T, address string, w *queue.Worker) (stop func()) {
	t.Helper()
	w.Identity, w.AtOnce = identity, 8
	c := connect(t, address)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- w.Serve(ctx, c) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("worker %s: %v", w.Name, err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// session begins or takes up a run.
func session(t *testing.T, address, run string) *queue.Session {
	t.Helper()
	return sessionOf(t, address, run, silence)
}

func sessionOf(t *testing.T, address, run string, silence time.Duration) *queue.Session {
	t.Helper()
	s, err := connect(t, address).Start(t.Context(), queue.Run{ID: run, Identity: identity, Silence: silence})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func job(line int) queue.Job {
	return queue.Job{Line: line, Lane: queue.Lane{Name: fmt.Sprintf("rdap.%d.example", line%3), AtOnce: 16}, Data: fmt.Appendf(nil, "job %d", line)}
}

// complete does all jobs through a session as the batch does, and demands each
// result once, in order.
func complete(t *testing.T, s *queue.Session, from, to int) {
	t.Helper()
	runner := batch.Runner{Workers: 64, Work: func(_ context.Context, i batch.Item) []byte {
		data, err := s.Do(job(i.Line))
		if err != nil {
			t.Error(err)
		}
		return data
	}}
	next := from
	err := runner.Run(s.Context(), func(yield func(batch.Item, error) bool) {
		for line := from; line <= to && yield(batch.Item{Line: line}, nil); line++ {
		}
	}, func(data []byte) error {
		if want := answer(job(next).Data); string(data) != string(want) {
			return fmt.Errorf("place %d has %s", next, data)
		}
		s.Written(next)
		next++
		return nil
	})
	if err != nil || next != to+1 {
		t.Fatalf("ended before line %d: %v", next, err)
	}
}

// streams counts what is left on a server.
func streams(t *testing.T, address string) int {
	t.Helper()
	nc, err := nats.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range js.StreamNames(t.Context()).Name() {
		n++
	}
	return n
}

// TestKilledWorkers: two worker processes are killed in the middle of their jobs,
// the first while the second works, and another comes later. Neither can do all
// there is before the other begins, however late a busy machine starts it.
func TestKilledWorkers(t *testing.T) {
	t.Parallel()
	address := queuetest.Single(t).ClientURL()
	s := session(t, address, queue.NewRun())
	var killer sync.WaitGroup
	killer.Go(func() {
		var before *process
		for range 2 {
			p := newProcess(t, address, "QUEUE_TEST_STALL=20")
			if err := p.begun(30); err != nil {
				t.Error(err)
			}
			if before != nil {
				before.kill()
			}
			before = p
		}
		before.kill()
		newProcess(t, address)
	})
	complete(t, s, 1, 500)
	killer.Wait()
	if err := s.End(false); err != nil {
		t.Error(err)
	}
	if n := streams(t, address); n != 0 {
		t.Errorf("%d streams are left", n)
	}
}

// TestLostServer: of three servers one goes away in the middle, and a worker
// process with it.
func TestLostServer(t *testing.T) {
	t.Parallel()
	servers, addresses := queuetest.Cluster(t)
	s := session(t, addresses, queue.NewRun())
	var killer sync.WaitGroup
	killer.Go(func() {
		first := newProcess(t, addresses)
		if err := first.begun(40); err != nil {
			t.Error(err)
		}
		servers[0].Shutdown()
		if err := first.begun(40); err != nil {
			t.Error(err)
		}
		newProcess(t, addresses)
		first.kill()
	})
	complete(t, s, 1, 600)
	killer.Wait()
	if err := s.End(false); err != nil {
		t.Error(err)
	}
}

// TestResume: what was computed when the batch broke off is not computed again.
func TestResume(t *testing.T) {
	t.Parallel()
	address := queuetest.Single(t).ClientURL()
	var done atomic.Int32
	work(t, address, &queue.Worker{Name: "w", Work: func(_ context.Context, data []byte) []byte {
		done.Add(1)
		return answer(data)
	}})
	run := queue.NewRun()
	const n = 40
	// However slow the machine, no live worker is to be taken for dead here.
	first := sessionOf(t, address, run, time.Minute)
	var wg sync.WaitGroup
	for line := 1; line <= n; line++ {
		wg.Go(func() {
			if _, err := first.Do(job(line)); err != nil {
				t.Error(err)
			}
			if line <= n/2 {
				first.Written(line)
			}
		})
	}
	wg.Wait()
	if err := first.End(true); err != nil {
		t.Fatal(err)
	}
	second := sessionOf(t, address, run, time.Minute)
	complete(t, second, n/2+1, 2*n)
	if got := done.Load(); got != 2*n {
		t.Errorf("%d jobs were done for %d lines", got, 2*n)
	}
	if err := second.End(false); err != nil {
		t.Error(err)
	}
}

// TestChangedLine: a result is not taken for that of what the line says now.
func TestChangedLine(t *testing.T) {
	t.Parallel()
	address := queuetest.Single(t).ClientURL()
	work(t, address, &queue.Worker{Name: "w", Work: func(_ context.Context, data []byte) []byte { return answer(data) }})
	run := queue.NewRun()
	first := session(t, address, run)
	if _, err := first.Do(job(1)); err != nil {
		t.Fatal(err)
	}
	if err := first.End(true); err != nil {
		t.Fatal(err)
	}
	second := session(t, address, run)
	changed := job(1)
	changed.Data = []byte("changed")
	if got, err := second.Do(changed); err != nil || string(got) != string(answer(changed.Data)) {
		t.Errorf("got %s, %v", got, err)
	}
}

// TestTwoRuns: two runs over the same lines get their own results.
func TestTwoRuns(t *testing.T) {
	t.Parallel()
	address := queuetest.Single(t).ClientURL()
	for _, name := range []string{"a", "b"} {
		work(t, address, &queue.Worker{Name: name, Work: func(_ context.Context, data []byte) []byte { return answer(data) }})
	}
	var wg sync.WaitGroup
	for range 2 {
		s := session(t, address, queue.NewRun())
		wg.Go(func() {
			complete(t, s, 1, 100)
			if err := s.End(false); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestSecondResult: a result that comes twice is reported once, and leaves nothing behind.
func TestSecondResult(t *testing.T) {
	t.Parallel()
	address := queuetest.Single(t).ClientURL()
	work(t, address, &queue.Worker{Name: "w", Work: func(_ context.Context, data []byte) []byte { return answer(data) }})
	run := queue.NewRun()
	s := session(t, address, run)
	complete(t, s, 1, 3)
	nc, err := nats.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	late := fmt.Sprintf("icpcheck.%s.result.2.%x", run, sha256.Sum256(job(2).Data))[:len("icpcheck..result.2.")+len(run)+16]
	if _, err := js.Publish(t.Context(), late, []byte("late")); err != nil {
		t.Fatal(err)
	}
	complete(t, s, 4, 20)
	results, err := js.Stream(t.Context(), "icpcheck-"+run+"-results")
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		info, err := results.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if info.State.Msgs == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d results are left of those that were written", info.State.Msgs)
		}
	}
}

// TestPoison: a job that breaks whoever works on it ends as a failure, and no
// other does, though other jobs were in the same hands each time.
func TestPoison(t *testing.T) {
	t.Parallel()
	address := queuetest.Single(t).ClientURL()
	ctx, cancel := context.WithCancel(t.Context())
	var keeper sync.WaitGroup
	keeper.Go(func() { // as a supervisor restarts a service
		for ctx.Err() == nil {
			p := newProcess(t, address)
			select {
			case <-p.gone:
			case <-ctx.Done():
			}
			p.kill()
		}
	})
	t.Cleanup(func() { cancel(); keeper.Wait() })
	s := session(t, address, queue.NewRun())
	var wg sync.WaitGroup
	wg.Go(func() {
		poison := job(7)
		poison.Data = []byte("poison")
		if _, err := s.Do(poison); !errors.Is(err, queue.ErrPoison) {
			t.Errorf("poison: got %v", err)
		}
	})
	for line := range 40 {
		if line == 7 {
			continue
		}
		wg.Go(func() {
			if got, err := s.Do(job(line + 1000)); err != nil || string(got) != string(answer(job(line+1000).Data)) {
				t.Errorf("line %d: got %s, %v", line, got, err)
			}
		})
	}
	wg.Wait()
}

// TestLane: three workers together never have more jobs of a lane at once than
// it allows, nor begin them faster than its pace.
func TestLane(t *testing.T) {
	t.Parallel()
	address := queuetest.Single(t).ClientURL()
	const atOnce, hold, jobs = 3, 300 * time.Millisecond, 20
	var now, most atomic.Int32
	var mu sync.Mutex
	var last time.Time
	for _, name := range []string{"a", "b", "c"} {
		work(t, address, &queue.Worker{Name: name, Work: func(_ context.Context, data []byte) []byte {
			mu.Lock()
			last = time.Now()
			mu.Unlock()
			n := now.Add(1)
			defer now.Add(-1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			time.Sleep(10 * time.Millisecond)
			return answer(data)
		}})
	}
	s := sessionOf(t, address, queue.NewRun(), time.Minute)
	start := time.Now()
	var wg sync.WaitGroup
	for line := 1; line <= jobs; line++ {
		wg.Go(func() {
			if _, err := s.Do(queue.Job{Line: line, Lane: queue.Lane{Name: "whois.example", AtOnce: atOnce, Hold: hold}, Data: job(line).Data}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() > atOnce {
		t.Errorf("%d at once", most.Load())
	}
	// However slow the machine: every full set of places takes a hold.
	if took := last.Sub(start); took < (jobs-1)/atOnce*hold {
		t.Errorf("the last of %d jobs began after %v", jobs, took)
	}
}

// TestStop: an interrupted worker hands in what it has begun.
func TestStop(t *testing.T) {
	t.Parallel()
	address := queuetest.Single(t).ClientURL()
	begun, finish := make(chan bool), make(chan bool)
	var done atomic.Int32
	stop := work(t, address, &queue.Worker{Name: "w", Work: func(ctx context.Context, data []byte) []byte {
		begun <- true
		<-finish
		if ctx.Err() != nil {
			t.Error("the interruption ended work in hand")
		}
		done.Add(1)
		return answer(data)
	}})
	s := session(t, address, queue.NewRun())
	var wg sync.WaitGroup
	wg.Go(func() { complete(t, s, 1, 1) })
	<-begun
	wg.Go(stop)
	close(finish)
	wg.Wait()
	if done.Load() != 1 {
		t.Errorf("the job was done %d times", done.Load())
	}
}

// TestRefused: a worker of another make is refused on both sides.
func TestRefused(t *testing.T) {
	t.Parallel()
	address := queuetest.Single(t).ClientURL()
	told := make(chan queue.Event, 10)
	work(t, address, &queue.Worker{Name: "w", Tell: func(e queue.Event) { told <- e }, Work: func(context.Context, []byte) []byte {
		t.Error("worked on a run of another make")
		return nil
	}})
	other := queue.Identity{"tool": "1", "rulebook": "sha256:2"}
	s, err := connect(t, address).Start(t.Context(), queue.Run{ID: queue.NewRun(), Identity: other, Silence: silence})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Do(job(1)); err == nil || !strings.Contains(err.Error(), "rulebook sha256:1, not sha256:2") {
		t.Errorf("the batch got %v", err)
	}
	if e := <-told; e.Kind != queue.Refused || e.Detail != "rulebook sha256:2, not sha256:1" {
		t.Errorf("the worker told %+v", e)
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	address := queuetest.Single(t).ClientURL()
	work(t, address, &queue.Worker{Name: "w", Work: func(context.Context, []byte) []byte { return make([]byte, 2<<20) }})
	s := session(t, address, queue.NewRun())
	large := job(1)
	large.Data = make([]byte, 2<<20)
	if _, err := s.Do(large); !errors.Is(err, queue.ErrTooLarge) {
		t.Errorf("a large job: %v", err)
	}
	if _, err := s.Do(job(2)); !errors.Is(err, queue.ErrTooLarge) {
		t.Errorf("a large result: %v", err)
	}
}
