package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/icpcheck/icpcheck/pkg/batch"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/queue"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// inQueue is how many lines are on their way to workers where --workers does
// not say: enough to keep several registries busy at the pace of each.
// For each registry, as in a batch without a queue.
const inQueue = 256

// noLimit is the places of a lane that has no limit to keep.
const noLimit = 1024

// lineJob is what a worker gets. It has all that the result depends on, so that
// it is the same whoever works it out.
type lineJob struct {
	Options json.RawMessage `json:"options"` // of the batch, those that travel
	Line    int             `json:"line"`
	Text    []byte          `json:"text"`
	Columns []string        `json:"columns,omitempty"` // of a CSV input
	File    *[]byte         `json:"file,omitempty"`    // what the file has that the line names
}

// travelling are the options that a result depends on. The others belong to the
// process: where its output goes, and files of its machine, which the identity covers.
func (o *options) travelling(lang text.Lang, now time.Time) options {
	return options{
		Provider: o.Provider, Province: o.Province, Subject: o.Subject, Set: o.Set,
		Lang: string(lang), Now: now.Format(time.RFC3339Nano),
		Offline: o.Offline, Timeout: o.Timeout, Resolver: o.Resolver, RDAPURL: o.RDAPURL, WHOISServer: o.WHOISServer, Rate: o.Rate,
		Vantage: o.Vantage, VantageVia: o.VantageVia, AllowPrivate: o.AllowPrivate,
		Made: o.madeWith(),
	}
}

// identity is what batch and workers must share.
func (o *options) identity(book *rulebook.Rulebook) (queue.Identity, error) {
	made := version
	if made == "dev" {
		made += " " + builtFrom()
	}
	id := queue.Identity{"icpcheck": made, "rulebook": book.Digest()}
	if o.GeoDB != "" {
		file, err := os.Open(o.GeoDB)
		if err != nil {
			return nil, flagError("--geo-db "+o.GeoDB, reason(err))
		}
		defer file.Close()
		sum := sha256.New()
		if _, err := io.Copy(sum, file); err != nil {
			return nil, flagError("--geo-db "+o.GeoDB, reason(err))
		}
		id["geo-db"] = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	}
	return id, nil
}

// dial connects to the server of --queue.
func (a *app) dial(ctx context.Context, o *options, name string) (*queue.Conn, error) {
	c, err := queue.Connect(ctx, queue.Options{URL: o.Queue, Credentials: o.QueueCreds, Authorities: o.QueueCA, Name: name, Tell: a.queueEvent(o, name)})
	if err != nil {
		return nil, fmt.Errorf("--queue: %w", err)
	}
	return c, nil
}

// queueEvent tells on stderr what goes on with the queue.
func (a *app) queueEvent(o *options, command string) func(queue.Event) {
	tell := func(format string, args ...any) {
		fmt.Fprintf(a.stderr, "icpcheck: %s\n", text.Clean(fmt.Sprintf(format, args...)))
	}
	worker := command == "icpcheck worker"
	return func(e queue.Event) {
		switch e.Kind {
		case queue.Lost:
			tell(a.say("与 %s 的连接断开，正在重连", "the connection to %s is lost, trying again"), e.Detail)
		case queue.Back:
			tell(a.say("已重新连接 %s", "connected again to %s"), e.Detail)
		case queue.NoWorker:
			tell(a.say("还没有工作进程；请在任意机器上运行 icpcheck worker --queue %s", "no worker yet; on any machine run icpcheck worker --queue %s"), queue.Redact(o.Queue))
		case queue.Refused:
			if worker {
				tell(a.say("不参与任务 %s，版本或规则库不同：%s", "run %s is refused, it is of another make: %s"), e.Run, e.Detail)
			} else {
				tell(a.say("工作进程 %s 不能参与，版本或规则库不同：%s", "worker %s cannot take part, it is of another make: %s"), e.Worker, e.Detail)
			}
		case queue.Joined:
			if !o.Verbose {
				return
			}
			if worker {
				tell(a.say("参与任务 %s", "working on run %s"), e.Run)
			} else {
				tell(a.say("工作进程 %s 已加入", "worker %s has joined"), e.Worker)
			}
		}
	}
}

// runRecord lies beside the output while a run is on the server, so that
// --resume finds the results that are there.
type runRecord struct {
	Run      string         `json:"run"`
	Began    time.Time      `json:"began"` // all lines are judged as of then, unless --now says otherwise
	Identity queue.Identity `json:"identity"`
}

// distributed is a batch whose lines are worked on elsewhere.
type distributed struct {
	b       *liner
	conn    *queue.Conn
	session *queue.Session
	options json.RawMessage
	record  string // path; empty where the run cannot be gone on with
}

// distribute connects to the queue, before the output of an earlier run is touched.
func (b *liner) distribute(ctx context.Context, out *batchOutput) (*distributed, error) {
	conn, err := b.app.dial(ctx, b.o, "icpcheck batch")
	if err != nil {
		return nil, err
	}
	d := &distributed{b: b, conn: conn}
	if out.path != "" && !out.stream && !out.flags.retry {
		d.record = out.path + ".run"
	}
	return d, nil
}

// begin begins the run, or takes it up, and makes the runner give its lines to
// workers. It returns the context that ends the run, and write with word to the
// queue of what is written.
func (d *distributed) begin(ctx context.Context, resume bool, runner *batch.Runner, write func([]byte) error) (context.Context, func([]byte) error, error) {
	o := d.b.o
	identity, err := o.identity(d.b.book)
	if err != nil {
		return nil, nil, err
	}
	run := runRecord{Run: queue.NewRun(), Began: d.b.clock(), Identity: identity}
	if d.record != "" {
		earlier, err := readRecord(d.record)
		switch {
		case err != nil:
			return nil, nil, err
		case earlier == nil:
		case resume && len(identity.Differences(earlier.Identity)) == 0:
			run = *earlier
		default:
			// Its results are of another make, or will never be asked for.
			if err := d.conn.Remove(ctx, earlier.Run); err != nil {
				return nil, nil, fmt.Errorf("--queue: %w", err)
			}
		}
		data, err := json.Marshal(run)
		if err == nil {
			err = writeFile(d.record, 0o644, func(w io.Writer) error { _, err := w.Write(append(data, '\n')); return err })
		}
		if err != nil {
			return nil, nil, err
		}
	}
	now := run.Began
	if o.Now != "" {
		now = d.b.clock()
	}
	if d.options, err = json.Marshal(o.travelling(o.lang(d.b.app.environment), now)); err != nil {
		return nil, nil, err
	}
	d.session, err = d.conn.Start(ctx, queue.Run{ID: run.Run, Identity: identity, Silence: o.Timeout, Tell: d.b.app.queueEvent(o, "icpcheck batch")})
	if err != nil {
		return nil, nil, fmt.Errorf("--queue: %w", err)
	}
	runner.Work = d.work
	return d.session.Context(), func(line []byte) error {
		if err := write(line); err != nil {
			return err
		}
		d.written(line)
		return nil
	}, nil
}

// readRecord reads the record of an earlier run, nil where there is none.
func readRecord(path string) (*runRecord, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var r runRecord
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err == nil && r.Run == "" {
		err = text.Errorf("里面没有任务编号", "it names no run")
	}
	if err != nil {
		return nil, text.Errorf("%s：不是任务记录，删除后可从头开始：%w", "%s: not the record of a run, remove it to begin anew: %w", path, reason(err))
	}
	return &r, nil
}

// work is the runner's: a worker somewhere makes the line. Without one, since
// the run ends, there is no line.
func (d *distributed) work(_ context.Context, item batch.Item) []byte {
	if line, ok := d.b.formerly(item); ok {
		return line
	}
	if item.Err != nil {
		return d.b.bad(item, item.Err)
	}
	job, err := d.job(item)
	if err != nil {
		return d.b.bad(item, err)
	}
	line, err := d.session.Do(job)
	switch {
	case errors.Is(err, queue.ErrPoison), errors.Is(err, queue.ErrTooLarge):
		return d.b.bad(item, err)
	case err != nil:
		return nil
	}
	return d.b.again(line)
}

// written tells the queue that a line of output is in its place.
func (d *distributed) written(line []byte) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"line":`))
	number, _, more := bytes.Cut(rest, []byte(","))
	if n, err := strconv.Atoi(string(number)); ok && more && err == nil {
		d.session.Written(n)
	}
}

// job makes a line into a job. A mistake in it is found here where that takes no more
// than what has to be known anyway.
func (d *distributed) job(item batch.Item) (queue.Job, error) {
	job := lineJob{Options: d.options, Line: item.Line, Text: []byte(item.Text), Columns: d.b.header}
	lane := queue.Lane{Name: "none", AtOnce: noLimit}
	if d.b.namesFile(item.Text) {
		data, err := d.b.read(filepath.Clean(item.Text))
		if err != nil {
			return queue.Job{}, err
		}
		job.File = &data
	}
	if !d.b.o.Offline {
		f, _, err := d.b.with(job).filing(item)
		if err != nil {
			return queue.Job{}, err
		}
		lane = d.lane(f)
	}
	data, err := json.Marshal(job)
	return queue.Job{Line: item.Line, Lane: lane, Data: data}, err
}

// lane is that of the look-up server which the filing occupies longest.
func (d *distributed) lane(f *filing.Filing) queue.Lane {
	longest := queue.Lane{Name: "none", AtOnce: noLimit}
	lanes := map[string]queue.Lane{}
	for _, domain := range f.Domains {
		host, _ := domain.Facts.Text("domain.host")
		name, err := domainname.Parse(host)
		if err != nil {
			continue // work says so
		}
		server, pace := d.b.collector.Registration.Turn(name)
		if server == "" {
			continue
		}
		lane := queue.Lane{Name: server, AtOnce: pace.AtOnce, Hold: lanes[server].Hold}
		if lane.AtOnce == 0 {
			lane.AtOnce = noLimit
		}
		if pace.PerMinute > 0 {
			// n places that are kept for n/pace pass on pace jobs in its time.
			lane.AtOnce = min(lane.AtOnce, max(pace.PerMinute/30, 1))
			lane.Hold += time.Duration(lane.AtOnce) * time.Minute / time.Duration(pace.PerMinute)
		}
		lanes[server] = lane
	}
	for _, lane := range lanes {
		if longest.Name == "none" || lane.Hold > longest.Hold || lane.Hold == longest.Hold && lane.Name < longest.Name {
			longest = lane
		}
	}
	return longest
}

// end ends the run: what is complete, or cannot be gone on with, is removed.
func (d *distributed) end(complete bool) error {
	defer d.conn.Close()
	if d.session == nil {
		return nil
	}
	keep := !complete && d.record != ""
	err := d.session.End(keep)
	if !keep && d.record != "" {
		err = errors.Join(err, os.Remove(d.record))
	}
	if err != nil {
		return text.Errorf("--queue：任务已结束，但是：%w", "--queue: the run is over, but: %w", err)
	}
	return nil
}

// errOtherCommand is what jobs of a future form would meet.
var errOtherCommand = text.Errorf("不是本程序的任务", "not a job of this program")

// lineWorker works out lines for batches elsewhere.
type lineWorker struct {
	app  *app
	own  *options
	book *rulebook.Rulebook

	mu    sync.Mutex
	runs  map[string]*preparedRun // by the options that travelled
	ended bool                    // runs go as soon as nobody is at work on them
}

// preparedRun is what the jobs of a run share.
type preparedRun struct {
	*liner
	users int // jobs at work
}

// mostRuns bounds the runs a worker is prepared for at a time, but for those
// that it is at work on.
const mostRuns = 16

// work makes a job into its line of output.
func (w *lineWorker) work(ctx context.Context, data []byte) []byte {
	var job lineJob
	err := json.Unmarshal(data, &job)
	if err == nil && job.Line < 1 {
		err = errOtherCommand
	}
	item := batch.Item{Line: job.Line, Text: string(job.Text)}
	if err != nil {
		return (&liner{worst: verdict.Ready}).bad(item, err)
	}
	prepared, err := w.prepare(string(job.Options))
	if err != nil {
		return (&liner{worst: verdict.Ready}).bad(item, err)
	}
	defer w.release(prepared)
	return prepared.with(job).work(ctx, item)
}

// close ends the runs: at once where no job is at work, else with the last job.
func (w *lineWorker) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.evict()
}

func (w *lineWorker) release(run *preparedRun) {
	w.mu.Lock()
	defer w.mu.Unlock()
	run.users--
	if w.ended {
		w.evict()
	}
}

// evict ends the runs that no job is at work on; w.mu is held.
func (w *lineWorker) evict() {
	for travelled, run := range w.runs {
		if run.users == 0 {
			delete(w.runs, travelled)
			run.collector.Close()
		}
	}
}

// prepare makes ready for a job of a run, which is to be released after it.
// What the jobs of a run share is made once.
func (w *lineWorker) prepare(travelled string) (*preparedRun, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if run := w.runs[travelled]; run != nil {
		run.users++
		return run, nil
	}
	o := &options{}
	if err := json.Unmarshal([]byte(travelled), o); err != nil {
		return nil, err
	}
	o.GeoDB = w.own.GeoDB
	// What this machine was told earlier must not tell its results from another's;
	// within the run the same question is asked once.
	o.NoCache = true
	o.cache = o.keep(w.app)
	clock, err := o.clock(w.app.environment)
	if err != nil {
		return nil, err
	}
	b := &liner{app: w.app, o: o, book: w.book, clock: clock, worst: verdict.Ready, made: o.Made}
	if b.collector, err = o.collector(w.book, clock); err != nil {
		return nil, err
	}
	unhurried(b.collector)
	if len(w.runs) >= mostRuns {
		w.evict()
	}
	if w.runs == nil {
		w.runs = map[string]*preparedRun{}
	}
	run := &preparedRun{liner: b, users: 1}
	w.runs[travelled] = run
	return run, nil
}

// with is the liner for one job, which brings its own columns and file.
func (b *liner) with(job lineJob) *liner {
	return &liner{
		app: b.app, o: b.o, book: b.book, clock: b.clock, collector: b.collector, worst: verdict.Ready, missed: map[failure.Kind]int{}, made: b.made,
		header: slices.Clone(job.Columns),
		read: func(path string) ([]byte, error) {
			if job.File == nil {
				return nil, text.Errorf("%s：没有随任务发来", "%s: was not sent along", path)
			}
			return *job.File, nil
		},
	}
}
