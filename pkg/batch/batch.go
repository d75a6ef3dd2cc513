// Package batch works through many lines at once: it streams, keeps the order
// of the input, and can go on where a broken run stopped.
package batch

import (
	"context"
	"iter"
	"runtime"
	"sync"
)

// Item is one piece of work.
type Item struct {
	// Line is where it stands in the input, counting from 1.
	Line int
	// Text is the line, or whatever the source makes of it.
	Text string
	// Err is why the line is no work; nil for nearly all.
	Err error
}

// Runner runs Work over items.
type Runner struct {
	// Workers is how many items of one lane are worked on at once; at least 1.
	Workers int
	// Lane names what an item has to wait for, such as the server that it asks. A
	// lane that is stuck leaves the others their workers. Nil: all share one.
	Lane func(Item) string
	// Unordered writes results as they come, not in the order of the items.
	Unordered bool
	// Work makes the output line of an item, without the newline. It gets a
	// context that an interruption does not end: what is in flight is finished.
	// Nil is for an item that comes to nothing since the run ends.
	Work func(context.Context, Item) []byte
}

const (
	// maxLanes is how many full lanes work at the same time.
	maxLanes = 16
	// readAhead is how many items may be unfinished or unwritten for each worker:
	// a slow item holds back what comes after it in the output.
	readAhead = 128
	// maxUnwritten is about how many bytes of results may wait to be written.
	maxUnwritten = 48 << 20
)

// Run works through items and gives each output line to write, one call at a
// time. Memory is bounded by Workers, whatever the number of items. When ctx
// ends no further item is begun, those in flight are finished, and Run returns
// the context's error; what is written then has no gap, so that a later run can
// go on from its end. An error of write or of the source ends the run the same
// way.
func (r *Runner) Run(ctx context.Context, items iter.Seq2[Item, error], write func([]byte) error) error {
	stop, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := newSchedule(r, context.WithoutCancel(ctx), stop)
	// What waits for a worker when the run ends never gets one.
	defer context.AfterFunc(stop, s.drop)()

	go func() {
		defer close(s.queue)
		for item, err := range items {
			if err != nil {
				cancel(err)
				return
			}
			if !s.room() {
				return
			}
			s.submit(item)
		}
	}()

	var failed error
	whole := true
	for slot := range s.queue {
		line := s.result(slot)
		if line == nil {
			whole = whole && r.Unordered
		}
		if line == nil || failed != nil || !whole {
			continue
		}
		if failed = write(line); failed != nil {
			cancel(failed)
		}
	}
	if failed != nil {
		return failed
	}
	return context.Cause(stop)
}

// slot is an item on its way; done gets its output, nil where it is not worked on.
type slot struct {
	item Item
	lane string
	done chan []byte
}

// lane is what waits for one server, or whatever lanes stand for.
type lane struct {
	waiting []slot
	active  int
}

// schedule hands items to workers, lane by lane.
type schedule struct {
	runner  *Runner
	ctx     context.Context // of the work
	stop    context.Context // ends the run
	workers int
	// queue has the slots in the order of the input. It never is full: room sees to it.
	queue  chan slot
	shared chan []byte // of all slots, where order does not matter

	mu        sync.Mutex
	change    *sync.Cond // of what follows
	lanes     map[string]*lane
	active    int // in all lanes
	open      int // items submitted and not written
	unwritten int // bytes of results that are not written
}

func newSchedule(r *Runner, ctx, stop context.Context) *schedule {
	workers := max(r.Workers, 1)
	s := &schedule{
		runner: r, ctx: ctx, stop: stop, workers: workers, lanes: map[string]*lane{},
		queue: make(chan slot, readAhead*workers), shared: make(chan []byte, readAhead*workers),
	}
	s.change = sync.NewCond(&s.mu)
	return s
}

// room waits until one more item may be read, and reports false where the run
// ends first.
func (s *schedule) room() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.stop.Err() == nil && (s.open >= readAhead*s.workers || s.unwritten > maxUnwritten) {
		s.change.Wait()
	}
	return s.stop.Err() == nil
}

func (s *schedule) submit(item Item) {
	slot := slot{item: item, done: s.shared}
	if s.runner.Lane != nil {
		slot.lane = s.runner.Lane(item)
	}
	if !s.runner.Unordered {
		slot.done = make(chan []byte, 1)
	}
	s.mu.Lock()
	s.open++
	s.queue <- slot
	l := s.lanes[slot.lane]
	if l == nil {
		l = &lane{}
		s.lanes[slot.lane] = l
	}
	switch {
	case s.stop.Err() != nil:
		slot.done <- nil
	case l.active < s.workers && s.active < maxLanes*s.workers:
		l.active++
		s.active++
		go s.work(slot)
	default:
		l.waiting = append(l.waiting, slot)
	}
	s.mu.Unlock()
}

// work is a worker: it goes on with what waits in its lane, else in another.
func (s *schedule) work(slot slot) {
	for more := true; more; {
		line := s.runner.Work(s.ctx, slot.item)
		s.mu.Lock()
		s.unwritten += len(line)
		slot.done <- line
		s.mu.Unlock()
		// Work that waits for nobody would keep the processor until it is taken
		// away in the middle of an item, for which the output then waits while
		// others run ahead by thousands. It is given up between two items instead.
		runtime.Gosched()
		s.mu.Lock()
		slot, more = s.next(slot.lane)
		s.mu.Unlock()
	}
}

// next takes what a worker of a lane does next; s.mu is held.
func (s *schedule) next(name string) (slot, bool) {
	if s.stop.Err() != nil {
		s.giveUp()
	}
	l := s.lanes[name]
	l.active--
	if len(l.waiting) == 0 {
		if l.active == 0 {
			delete(s.lanes, name)
		}
		l = nil
		// Only where all workers are taken can another lane wait for one.
		for _, other := range s.lanes {
			if s.active == maxLanes*s.workers && len(other.waiting) > 0 && other.active < s.workers {
				l = other
				break
			}
		}
	}
	if l == nil {
		s.active--
		return slot{}, false
	}
	first := l.waiting[0]
	l.waiting[0] = slot{}
	l.waiting = l.waiting[1:]
	l.active++
	return first, true
}

// drop gives up what no worker has begun.
func (s *schedule) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.giveUp()
	s.change.Broadcast()
}

// giveUp is drop with s.mu held.
func (s *schedule) giveUp() {
	for _, l := range s.lanes {
		for _, slot := range l.waiting {
			slot.done <- nil
		}
		l.waiting = nil
	}
}

// result waits for the output of a slot; without order it takes whichever comes
// first, once for each item.
func (s *schedule) result(slot slot) []byte {
	line := <-slot.done
	s.mu.Lock()
	s.open--
	s.unwritten -= len(line)
	s.change.Signal()
	s.mu.Unlock()
	return line
}
