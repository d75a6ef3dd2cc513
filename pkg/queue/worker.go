package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/semaphore"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// Times of a worker.
const (
	// pullFor is how long one request for jobs stands. A request that is lost
	// with its server costs no more than this, and so does the end of a worker.
	pullFor = time.Second
	// unheardOf is how long a worker goes on with a run that nobody announces.
	unheardOf = time.Hour
	// storePatience is how long an interrupted worker tries to store what it has
	// done while it has no connection.
	storePatience = 30 * time.Second
)

// Worker does the jobs of every run that is announced and of its own make.
type Worker struct {
	// Name tells workers apart in messages.
	Name string
	// Identity has to be that of a run, else the worker refuses it.
	Identity Identity
	// AtOnce is how many jobs of one lane it does at the same time; at least 1.
	AtOnce int
	// Work does a job. Its context is not ended by an interruption: what is
	// begun is finished. A panic ends the process, as it would anywhere; the job
	// is then given to another worker, and given up at last.
	Work func(ctx context.Context, data []byte) []byte
	// Tell is told what a person may want to know; may be nil.
	Tell func(Event)
}

// serving is a worker at work.
type serving struct {
	*Worker
	c    *Conn
	stop context.Context // ends when nothing new is begun
	work context.Context // ends when even what is begun is given up
	wg   sync.WaitGroup
	// alone is held for writing while a suspect is worked on: should the worker
	// break off, no other job is to blame.
	alone sync.RWMutex

	mu    sync.Mutex
	lanes map[laneKey]bool
	heard map[string]time.Time // when a run was last announced
	told  map[string]bool      // runs that were refused
	held  map[*holding]bool
}

type laneKey struct{ run, consumer string }

// holding is a job that the server believes this worker to be at.
type holding struct {
	msg     jetstream.Msg
	silence time.Duration
	sign    time.Time // the last sign of life
}

// Serve does jobs until ctx ends; then it begins nothing new, finishes what it
// has, and returns nil. An error says what could not be finished.
func (w *Worker) Serve(ctx context.Context, c *Conn) error {
	s := &serving{
		Worker: w, c: c, stop: ctx,
		lanes: map[laneKey]bool{}, heard: map[string]time.Time{}, told: map[string]bool{}, held: map[*holding]bool{},
	}
	var giveUp context.CancelCauseFunc
	s.work, giveUp = context.WithCancelCause(context.WithoutCancel(ctx))
	defer giveUp(nil)
	heard := make(chan *nats.Msg, 64)
	sub, err := c.nc.ChanSubscribe(announceSubject, heard)
	if err != nil {
		return fmt.Errorf("%s: %w", c.where, err)
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case m := <-heard:
			s.hear(m)
		case <-tick.C:
			s.giveSigns()
		case <-ctx.Done():
		}
	}
	_ = sub.Unsubscribe()
	finished := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(finished)
	}()
	for {
		select {
		case <-finished:
			if n := s.holdings(); n > 0 {
				return text.Errorf("%s：有 %d 个结果没能交回；会由其他工作进程重做", "%s: %d jobs could not be handed in; other workers will do them again", c.where, n)
			}
			return nil
		case <-tick.C:
			s.giveSigns()
			if c.lostFor() > storePatience {
				giveUp(errors.New("no server"))
			}
		}
	}
}

// hear answers an announcement, and begins to work on the lanes it names.
func (s *serving) hear(m *nats.Msg) {
	var a announcement
	if json.Unmarshal(m.Data, &a) != nil || a.Run == "" {
		return
	}
	differences := s.Identity.Differences(a.Identity)
	if m.Reply != "" {
		// To the batch it is the worker that differs.
		if answer, err := json.Marshal(offer{Worker: s.Name, Differences: a.Identity.Differences(s.Identity)}); err == nil {
			_ = m.Respond(answer)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if differences != "" {
		if !s.told[a.Run] {
			s.told[a.Run] = true
			s.tell(Event{Kind: Refused, Run: a.Run, Detail: differences})
		}
		return
	}
	if _, known := s.heard[a.Run]; !known {
		s.tell(Event{Kind: Joined, Run: a.Run})
	}
	s.heard[a.Run] = time.Now()
	for _, consumer := range a.Lanes {
		key := laneKey{a.Run, consumer}
		if !s.lanes[key] {
			s.lanes[key] = true
			s.wg.Go(func() {
				s.serveLane(key)
				s.mu.Lock()
				defer s.mu.Unlock()
				delete(s.lanes, key)
			})
		}
	}
}

func (s *serving) tell(e Event) {
	if s.Tell != nil {
		s.Tell(e)
	}
}

// wanted tells whether to go on with a run.
func (s *serving) wanted(run string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.heard[run]) > unheardOf {
		delete(s.heard, run)
		return false
	}
	return s.stop.Err() == nil
}

// serveLane does the jobs of one lane until the run ends.
func (s *serving) serveLane(key laneKey) {
	var consumer jetstream.Consumer
	err := s.c.patiently(s.stop, func(ctx context.Context) (err error) {
		consumer, err = s.c.js.Consumer(ctx, jobStream(key.run), key.consumer)
		return err
	})
	if err != nil {
		return // the next announcement brings it up again
	}
	config := consumer.CachedInfo().Config
	atOnce := int64(min(max(s.AtOnce, 1), max(config.MaxAckPending, 1)))
	places := semaphore.NewWeighted(atOnce)
	for s.wanted(key.run) {
		if places.Acquire(s.stop, 1) != nil {
			return
		}
		// Nothing is asked for that could not be begun at once: a job that waits
		// here would be missed elsewhere.
		free := 1
		for int64(free) < atOnce && places.TryAcquire(1) {
			free++
		}
		jobs, err := consumer.Fetch(free, jetstream.FetchMaxWait(pullFor))
		if err == nil {
			// An interruption does not end the request, whose jobs would be
			// lost until their time is up.
			for m := range jobs.Messages() {
				free--
				h := s.hold(m, config.AckWait)
				s.wg.Go(func() { s.do(key, h, sync.OnceFunc(func() { places.Release(1) })) })
			}
			err = jobs.Error()
		}
		places.Release(int64(free))
		switch {
		case err == nil:
		case errors.Is(err, jetstream.ErrConsumerDeleted), errors.Is(err, jetstream.ErrConsumerNotFound), errors.Is(err, jetstream.ErrStreamNotFound):
			return
		case s.gone(key):
			return
		default:
			_ = pause(s.stop, 200*time.Millisecond)
		}
	}
}

// gone tells whether a consumer is not on the server any more. Without a leader
// it does not answer, which is not the same.
func (s *serving) gone(key laneKey) bool {
	ctx, cancel := context.WithTimeout(s.stop, requestTimeout)
	defer cancel()
	_, err := s.c.js.Consumer(ctx, jobStream(key.run), key.consumer)
	return errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound)
}

// do does a job: its result is stored, its place kept as long as the lane's
// pace demands, and then it is acknowledged. release lets the next job begin.
func (s *serving) do(key laneKey, h *holding, release func()) {
	defer release()
	began := time.Now()
	meta, err := h.msg.Metadata()
	p, bad := placeOf(h.msg.Subject())
	if err != nil || bad != nil {
		s.drop(h) // nothing of ours
		return
	}
	id := h.msg.Headers().Get(nats.MsgIdHdr)
	suspect := key.consumer == suspectLane
	if !suspect && meta.NumDelivered > 1 {
		// The worker that had it fell silent, and perhaps this job was why.
		m := nats.NewMsg(suspectSubject(key.run, p))
		m.Data = h.msg.Data()
		if hold := h.msg.Headers().Get(holdHeader); hold != "" {
			m.Header.Set(holdHeader, hold)
		}
		if s.c.put(s.work, jobStream(key.run), m, id+".suspect") == nil {
			s.ack(h)
		} else {
			s.drop(h)
		}
		return
	}
	m := nats.NewMsg(resultSubject(key.run, p))
	switch {
	case suspect && meta.NumDelivered > trials:
		m.Header.Set(failHeader, "poison")
	case suspect:
		s.alone.Lock()
		m.Data = s.Work(s.work, h.msg.Data())
		s.alone.Unlock()
	default:
		s.alone.RLock()
		m.Data = s.Work(s.work, h.msg.Data())
		s.alone.RUnlock()
	}
	err = s.c.put(s.work, resultStream(key.run), m, id)
	if errors.Is(err, ErrTooLarge) {
		m.Data = nil
		m.Header.Set(failHeader, "too-large")
		err = s.c.put(s.work, resultStream(key.run), m, id)
	}
	switch {
	case errors.Is(err, errGone):
		s.drop(h) // the run is over
		return
	case err != nil:
		return // stays held, and is counted at the end
	}
	release()
	_ = pause(s.work, holdOf(h.msg.Headers())-time.Since(began))
	s.ack(h)
}

// hold takes a job in hand, of which the server is told now and then.
func (s *serving) hold(m jetstream.Msg, silence time.Duration) *holding {
	h := &holding{m, silence, time.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[h] = true
	return h
}

// ack tells the server that a job is done. Once nothing more is asked for, it
// waits for the server to confirm, since the connection is about to end.
func (s *serving) ack(h *holding) {
	if s.stop.Err() != nil {
		ctx, cancel := context.WithTimeout(s.work, requestTimeout)
		defer cancel()
		_ = h.msg.DoubleAck(ctx)
	} else {
		_ = h.msg.Ack()
	}
	s.drop(h)
}

func (s *serving) drop(h *holding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, h)
}

func (s *serving) holdings() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.held)
}

// giveSigns tells the server of each job in hand that it is worked on.
func (s *serving) giveSigns() {
	now := time.Now()
	var due []*holding
	s.mu.Lock()
	for h := range s.held {
		if now.Sub(h.sign) >= h.silence/3 {
			h.sign = now
			due = append(due, h)
		}
	}
	s.mu.Unlock()
	for _, h := range due {
		_ = h.msg.InProgress() // after Ack it is an error that says nothing new
	}
}
