package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// Bounds of a run's streams.
const (
	// maxAge is how long jobs and results wait for somebody: over a weekend.
	maxAge = 72 * time.Hour
	// maxBytes bounds each stream. One that is full takes no more for a while,
	// and those who publish wait.
	maxBytes = 256 << 20
)

// Times of a session.
const (
	announceEvery = time.Second
	// offerPatience is how long a batch waits for a worker of its own make after
	// one of another make has shown itself.
	offerPatience = 3 * time.Second
	// workerPatience is how long a batch waits before it says that nobody works.
	workerPatience = 10 * time.Second
	// serverPatience is how long a batch waits for the connection to come back.
	serverPatience = 2 * time.Minute
	// again is when a job without a result is published once more, which changes
	// nothing as long as it is on the server.
	again = 10 * time.Minute
)

// Run describes a run to the server and to workers.
type Run struct {
	// ID is from NewRun; a run that is gone on with has that of its beginning.
	ID string
	// Identity is what workers must share.
	Identity Identity
	// Silence is how long a worker may give no sign of life before its jobs go
	// to another; at least a second.
	Silence time.Duration
	// Tell is told what a person may want to know; may be nil.
	Tell func(Event)
}

// Session is the batch's end of a run.
type Session struct {
	c     *Conn
	run   Run
	nonce string // of this process, in the ids of its messages
	ctx   context.Context
	fail  context.CancelCauseFunc
	inbox *nats.Subscription
	wg    sync.WaitGroup

	mu      sync.Mutex
	lanes   map[string]*laneState // by consumer
	waiting map[place]chan result // jobs that somebody waits for
	early   map[int]result        // of lines that nobody has asked for yet, by line
	taken   map[int]result        // given to Do and not written yet
	highest int                   // the highest line asked for
	offers  map[string]string     // differences by worker
	refused time.Time             // when the first worker refused
}

type laneState struct {
	once sync.Once
	err  error
}

type result struct {
	place place
	data  []byte
	err   error
	msg   jetstream.Msg
	seq   uint64    // of the message, the same however often it is delivered
	sign  time.Time // when the server last heard that it is in good hands
}

// Start begins a run, or takes up one that is on the server. It returns when
// the results that are there have been read. The session ends with ctx; a
// failure that nothing can be done about ends it too, and is then the cause of
// [Session.Context].
func (c *Conn) Start(ctx context.Context, run Run) (*Session, error) {
	run.Silence = max(run.Silence, time.Second)
	if run.Tell == nil {
		run.Tell = func(Event) {}
	}
	s := &Session{
		c: c, run: run, nonce: nuid.Next(),
		lanes: map[string]*laneState{}, waiting: map[place]chan result{}, early: map[int]result{},
		taken: map[int]result{}, offers: map[string]string{},
	}
	s.ctx, s.fail = context.WithCancelCause(ctx)
	if err := s.begin(); err != nil {
		s.fail(err)
		return nil, fmt.Errorf("%s: %w", c.where, err)
	}
	return s, nil
}

func (s *Session) begin() error {
	for _, config := range []jetstream.StreamConfig{
		{Name: jobStream(s.run.ID), Subjects: []string{root + "." + s.run.ID + ".job.>", root + "." + s.run.ID + ".suspect.>"}},
		{Name: resultStream(s.run.ID), Subjects: []string{root + "." + s.run.ID + ".result.>"}},
	} {
		if err := s.stream(config); err != nil {
			return fmt.Errorf("making the stream %s: %w", config.Name, err)
		}
	}
	_, err := s.consumer(jetstream.ConsumerConfig{
		Durable: suspectLane, FilterSubject: root + "." + s.run.ID + ".suspect.>",
		AckWait: s.run.Silence, MaxAckPending: 1,
	}, jobStream(s.run.ID))
	if err != nil {
		return fmt.Errorf("making the consumer %s: %w", suspectLane, err)
	}
	s.lanes[suspectLane] = &laneState{}
	// What an earlier process has been given and not written comes anew.
	err = s.c.patiently(s.ctx, func(ctx context.Context) error {
		err := s.c.js.DeleteConsumer(ctx, resultStream(s.run.ID), resultConsumer)
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			return nil
		}
		return err
	})
	var results jetstream.Consumer
	if err == nil {
		results, err = s.consumer(jetstream.ConsumerConfig{
			Durable: resultConsumer, FilterSubject: root + "." + s.run.ID + ".result.>",
			AckWait: 2 * s.run.Silence, MaxAckPending: -1,
		}, resultStream(s.run.ID))
	}
	if err != nil {
		return fmt.Errorf("making the consumer %s: %w", resultConsumer, err)
	}
	there := make(chan struct{})
	allThere := sync.OnceFunc(func() { close(there) })
	if results.CachedInfo().NumPending == 0 {
		allThere()
	}
	s.wg.Go(func() { s.read(results, allThere) })
	select {
	case <-there:
	case <-time.After(startPatience): // what comes later is made use of if it can be
	case <-s.ctx.Done():
		s.wg.Wait()
		return context.Cause(s.ctx)
	}
	if s.inbox, err = s.c.nc.Subscribe(s.c.nc.NewInbox(), s.offered); err != nil {
		return err
	}
	s.wg.Go(s.watch)
	return nil
}

// stream makes a stream unless it is there, on three servers where the cluster has them.
func (s *Session) stream(config jetstream.StreamConfig) error {
	config.Description = "a run of icpcheck batch; removed when it is complete"
	config.Retention = jetstream.WorkQueuePolicy
	config.Discard = jetstream.DiscardNew
	config.MaxAge, config.MaxBytes = maxAge, maxBytes
	return s.c.patiently(s.ctx, func(ctx context.Context) error {
		_, err := s.c.js.Stream(ctx, config.Name)
		if !errors.Is(err, jetstream.ErrStreamNotFound) {
			return err
		}
		for _, config.Replicas = range []int{3, 1} {
			_, err = s.c.js.CreateStream(ctx, config)
			var api *jetstream.APIError
			if !errors.As(err, &api) || api.ErrorCode != oneServer && api.ErrorCode != tooFewServers {
				break
			}
		}
		return err
	})
}

// JetStream's codes for servers that cannot hold three copies.
const (
	oneServer     jetstream.ErrorCode = 10074
	tooFewServers jetstream.ErrorCode = 10005
)

func (s *Session) consumer(config jetstream.ConsumerConfig, stream string) (jetstream.Consumer, error) {
	config.AckPolicy = jetstream.AckExplicitPolicy
	config.MaxDeliver = -1
	var made jetstream.Consumer
	err := s.c.patiently(s.ctx, func(ctx context.Context) (err error) {
		made, err = s.c.js.CreateOrUpdateConsumer(ctx, stream, config)
		return err
	})
	return made, err
}

// Context ends when the session does; its cause says why.
func (s *Session) Context() context.Context { return s.ctx }

// Do has a job done by a worker and returns its result, which may be there
// already from an earlier process of the run. Its error is ErrPoison or
// ErrTooLarge, which are the end of this job, or else the end of the session.
// Who got a result calls Written when it is in its place.
func (s *Session) Do(job Job) ([]byte, error) {
	p := job.place()
	arrives, r := s.expect(p)
	if r != nil {
		return r.data, r.err
	}
	defer s.forget(p)
	token := job.Lane.token()
	if err := s.open(job.Lane, token); err != nil {
		s.fail(err)
		return nil, context.Cause(s.ctx)
	}
	for attempt := 1; ; attempt++ {
		id := fmt.Sprintf("%s.%d.%d", s.nonce, job.Line, attempt)
		m := nats.NewMsg(jobSubject(s.run.ID, token, p))
		m.Data = job.Data
		if job.Lane.Hold > 0 {
			m.Header.Set(holdHeader, job.Lane.Hold.String())
		}
		switch err := s.c.put(s.ctx, jobStream(s.run.ID), m, id); {
		case errors.Is(err, ErrTooLarge):
			return nil, err
		case err != nil:
			s.fail(err)
			return nil, context.Cause(s.ctx)
		}
		timer := time.NewTimer(again)
		select {
		case r := <-arrives:
			timer.Stop()
			return r.data, r.err
		case <-s.ctx.Done():
			timer.Stop()
			return nil, context.Cause(s.ctx)
		case <-timer.C:
		}
	}
}

// expect registers that somebody waits for a job's result, or returns the one
// that is there.
func (s *Session) expect(p place) (chan result, *result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.highest = max(s.highest, p.line)
	if r, ok := s.early[p.line]; ok {
		delete(s.early, p.line)
		if r.place == p {
			s.taken[p.line] = r
			return nil, &r
		}
		_ = r.msg.Ack() // of a line that has changed since
	}
	arrives := make(chan result, 1)
	s.waiting[p] = arrives
	return arrives, nil
}

func (s *Session) forget(p place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, p)
}

// arrived hands a result to who waits for it. One that was on its way when a
// server went is delivered once more, and so may be one that waits here.
func (s *Session) arrived(r result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := r.place.line
	if arrives, ok := s.waiting[r.place]; ok {
		delete(s.waiting, r.place)
		s.taken[line] = r
		arrives <- r
		return
	}
	if held, ok := s.taken[line]; ok && held.seq == r.seq {
		return
	}
	if held, ok := s.early[line]; ok && held.seq != r.seq {
		_ = held.msg.Ack() // the line has changed since, or its job was done twice
	}
	if line > s.highest {
		s.early[line] = r
		return
	}
	// Its line has been asked for, and nobody waits: it was had before, or the
	// line has changed, or gave no job.
	_ = r.msg.Ack()
}

// Written tells the server that it need not keep the result of a line any
// longer. Lines without one are passed over.
func (s *Session) Written(line int) {
	s.mu.Lock()
	r, ok := s.taken[line]
	delete(s.taken, line)
	s.mu.Unlock()
	if ok {
		// Should this get lost the result comes again, and is acknowledged then.
		_ = r.msg.Ack()
	}
}

// giveSigns tells the server that the results which wait for those of the lines
// before them are in good hands.
func (s *Session) giveSigns() {
	now := time.Now()
	var due []jetstream.Msg
	s.mu.Lock()
	for _, held := range []map[int]result{s.taken, s.early} {
		for line, r := range held {
			if now.Sub(r.sign) >= s.run.Silence {
				due = append(due, r.msg)
				r.sign = now
				held[line] = r
			}
		}
	}
	s.mu.Unlock()
	for _, m := range due {
		_ = m.InProgress() // comes again
	}
}

// open makes the consumer of a lane, once.
func (s *Session) open(lane Lane, token string) error {
	name := laneConsumer(token)
	s.mu.Lock()
	state := s.lanes[name]
	if state == nil {
		state = &laneState{}
		s.lanes[name] = state
	}
	s.mu.Unlock()
	state.once.Do(func() {
		_, state.err = s.consumer(jetstream.ConsumerConfig{
			Durable: name, FilterSubject: fmt.Sprintf("%s.%s.job.%s.>", root, s.run.ID, token),
			// A place is not free before its time, even if its worker is dead.
			AckWait: max(s.run.Silence, lane.Hold), MaxAckPending: max(lane.AtOnce, 1),
		}, jobStream(s.run.ID))
		if state.err != nil {
			state.err = fmt.Errorf("%s: making the consumer %s: %w", s.c.where, name, state.err)
			return
		}
		s.announce()
	})
	return state.err
}

// read takes in results until the session ends, and calls allThere when it has
// seen those that were there.
func (s *Session) read(results jetstream.Consumer, allThere func()) {
	for s.ctx.Err() == nil {
		messages, err := results.Messages(jetstream.PullMaxMessages(256), jetstream.PullExpiry(4*time.Second), jetstream.PullHeartbeat(time.Second))
		for err == nil {
			var m jetstream.Msg
			if m, err = messages.Next(jetstream.NextContext(s.ctx)); err != nil {
				messages.Stop()
				break
			}
			r, last, bad := resultOf(m)
			if bad == nil {
				s.arrived(r)
			}
			if last {
				allThere()
			}
		}
		if s.ctx.Err() != nil {
			return
		}
		// The consumer is gone, or its leader is.
		err = s.c.patiently(s.ctx, func(ctx context.Context) error {
			_, err := s.c.js.Consumer(ctx, resultStream(s.run.ID), resultConsumer)
			return err
		})
		switch {
		case errors.Is(err, jetstream.ErrConsumerNotFound), errors.Is(err, jetstream.ErrStreamNotFound):
			s.fail(text.Errorf("%s：任务 %s 已由另一个批量检查接手，或已删除", "%s: the run %s was taken over by another batch, or removed", s.c.where, s.run.ID))
			return
		case err != nil && !transient(err):
			s.fail(text.Errorf("%s：读取结果：%w", "%s: reading results: %w", s.c.where, err))
			return
		}
		_ = pause(s.ctx, 200*time.Millisecond)
	}
}

// resultOf reads a result, and whether it is the last that is there.
func resultOf(m jetstream.Msg) (r result, last bool, err error) {
	meta, err := m.Metadata()
	if err != nil {
		return r, false, err
	}
	p, err := placeOf(m.Subject())
	r = result{place: p, data: m.Data(), err: failures[m.Headers().Get(failHeader)], msg: m, seq: meta.Sequence.Stream, sign: time.Now()}
	return r, meta.NumPending == 0, err
}

// announce tells workers of the run.
func (s *Session) announce() {
	s.mu.Lock()
	a := announcement{Run: s.run.ID, Identity: s.run.Identity, Lanes: slices.Sorted(maps.Keys(s.lanes))}
	s.mu.Unlock()
	data, err := json.Marshal(a)
	if err == nil && s.inbox != nil {
		_ = s.c.nc.PublishRequest(announceSubject, s.inbox.Subject, data) // comes again
	}
}

// offered hears a worker's answer to an announcement.
func (s *Session) offered(m *nats.Msg) {
	var o offer
	if json.Unmarshal(m.Data, &o) != nil {
		return
	}
	s.mu.Lock()
	before, known := s.offers[o.Worker]
	s.offers[o.Worker] = o.Differences
	if o.Differences != "" && s.refused.IsZero() {
		s.refused = time.Now()
	}
	s.mu.Unlock()
	if known && before == o.Differences {
		return
	}
	event := Event{Kind: Joined, Run: s.run.ID, Worker: o.Worker, Detail: o.Differences}
	if o.Differences != "" {
		event.Kind = Refused
	}
	s.run.Tell(event)
}

// watch announces the run, and ends it when nobody can be expected to work on it.
func (s *Session) watch() {
	began, said := time.Now(), false
	tick := time.NewTicker(announceEvery)
	defer tick.Stop()
	for {
		s.announce()
		s.giveSigns()
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
		}
		joined, differences := 0, ""
		s.mu.Lock()
		for _, worker := range slices.Sorted(maps.Keys(s.offers)) {
			if d := s.offers[worker]; d == "" {
				joined++
			} else if differences == "" {
				differences = d
			}
		}
		refused := s.refused
		s.mu.Unlock()
		switch {
		case s.c.lostFor() > serverPatience:
			s.fail(text.Errorf("%s：服务器已有 %v 没有响应", "%s: no server has been there for %v", s.c.where, serverPatience))
		case joined > 0:
		case !refused.IsZero() && time.Since(refused) > offerPatience:
			s.fail(text.Errorf("%s：那里的工作进程版本或规则库不同，而结果不能因谁计算而不同：%s", "%s: the workers there are of another make, and results must not depend on who computed them: %s", s.c.where, differences))
		case !said && time.Since(began) > workerPatience:
			said = true
			s.run.Tell(Event{Kind: NoWorker, Run: s.run.ID})
		}
	}
}

// End ends the session. The run is removed from the server unless it is kept
// for a later process to go on with. The connection stays open.
func (s *Session) End(keep bool) error {
	s.fail(context.Canceled)
	s.wg.Wait()
	if s.inbox != nil {
		_ = s.inbox.Unsubscribe()
	}
	if keep {
		return nil
	}
	return s.c.Remove(context.Background(), s.run.ID)
}

// Remove removes a run from the server, if it is there.
func (c *Conn) Remove(ctx context.Context, run string) error {
	var errs []error
	for _, stream := range []string{jobStream(run), resultStream(run)} {
		err := c.patiently(ctx, func(ctx context.Context) error { return c.js.DeleteStream(ctx, stream) })
		if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			errs = append(errs, fmt.Errorf("%s: removing the stream %s: %w", c.where, stream, err))
		}
	}
	return errors.Join(errs...)
}
