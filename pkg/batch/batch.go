// Package batch works through many lines at once: it streams, keeps the order
// of the input, and can go on where a broken run stopped.
package batch

import (
	"context"
	"iter"
	"sync"
)

// Item is one piece of work.
type Item struct {
	// Line is where it stands in the input, counting from 1.
	Line int
	// Text is the line, or whatever the source makes of it.
	Text string
}

// Runner runs Work over items.
type Runner struct {
	// Workers is how many items are worked on at once; at least 1.
	Workers int
	// Unordered writes results as they come, not in the order of the items.
	Unordered bool
	// Work makes the output line of an item, without the newline. It gets a
	// context that an interruption does not end: what is in flight is finished.
	Work func(context.Context, Item) []byte
}

// slot is an item on its way; done gets its output.
type slot struct {
	item Item
	done chan []byte
}

// Run works through items and gives each output line to write, one call at a
// time. Memory is bounded by Workers, whatever the number of items. When ctx
// ends no further item is begun; those in flight are finished and written, and
// Run returns the context's error. An error of write or of the source ends the
// run the same way.
func (r *Runner) Run(ctx context.Context, items iter.Seq2[Item, error], write func([]byte) error) error {
	workers := max(r.Workers, 1)
	// The writer may fall this far behind the fastest worker before reading
	// stops: a slow item holds back what comes after it in the output.
	queue := make(chan slot, 4*workers)
	work := make(chan slot)
	stop, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for s := range work {
				s.done <- r.Work(context.WithoutCancel(ctx), s.item)
			}
		})
	}
	go func() {
		defer close(queue)
		defer close(work)
		shared := make(chan []byte, workers)
		for item, err := range items {
			if err != nil {
				cancel(err)
				return
			}
			s := slot{item: item, done: shared}
			if !r.Unordered {
				s.done = make(chan []byte, 1)
			}
			select {
			case queue <- s:
			case <-stop.Done():
				return
			}
			select {
			case work <- s:
			case <-stop.Done():
				// The slot is in the queue already; nobody will work on it.
				s.done <- nil
				return
			}
		}
	}()

	var failed error
	for s := range queue {
		// Without order every slot shares one channel, so this takes whichever
		// result comes first, once for each item.
		line := <-s.done
		if line == nil || failed != nil {
			continue
		}
		if failed = write(line); failed != nil {
			cancel(failed)
		}
	}
	wg.Wait()
	if failed != nil {
		return failed
	}
	return context.Cause(stop)
}
