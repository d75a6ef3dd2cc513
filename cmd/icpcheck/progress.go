package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/text"
)

const (
	// progressAfter is how long a run may take before it says what it waits for:
	// a line that flashes up tells nobody anything.
	progressAfter = 300 * time.Millisecond
	// progressTick is how often the seconds are brought up to date.
	progressTick = time.Second
)

// progress is a line on a terminal's stderr that says what a run waits for. It
// is written over in place and wiped out at the end, with nothing but carriage
// returns and blanks, which every terminal knows. A nil progress shows nothing.
type progress struct {
	w     io.Writer
	what  string
	total int
	width int // columns of the terminal; 0 is not known
	start time.Time

	mu    sync.Mutex
	done  int
	shown int // columns that the line takes now

	ended chan struct{}
	wg    sync.WaitGroup
}

// startProgress begins the line for so many look-ups, or returns nil where
// nobody would see it or wants to: off a terminal, with --quiet or --offline.
func (a *app) startProgress(o *options, what string, total int) *progress {
	if !a.watched || o.Quiet || o.Offline || total == 0 {
		return nil
	}
	p := &progress{w: a.stderr, what: what, total: total, width: a.watchedWidth, start: time.Now(), ended: make(chan struct{})}
	p.wg.Go(p.run)
	return p
}

// lookUpProgress is the line for the domains of filings.
func (a *app) lookUpProgress(o *options, filings []*filing.Filing) *progress {
	total, name := 0, ""
	for _, f := range filings {
		for _, d := range f.Domains {
			total++
			name = d.Name()
		}
	}
	what := text.Catalogue(text.LookingUpMany)
	if total == 1 {
		what = text.Catalogue(text.LookingUp, text.Clean(name))
	}
	return a.startProgress(o, what.In(o.lang(a.environment)), total)
}

func (p *progress) run() {
	wait := time.NewTimer(progressAfter)
	defer wait.Stop()
	for {
		select {
		case <-p.ended:
			return
		case <-wait.C:
		}
		p.mu.Lock()
		p.show()
		p.mu.Unlock()
		wait.Reset(progressTick)
	}
}

// show writes the line over the last one. The caller holds the lock.
func (p *progress) show() {
	line := p.what
	if p.total > 1 {
		line += fmt.Sprintf(" %d/%d", p.done, p.total)
	}
	line += fmt.Sprintf(" … %d s", int(time.Since(p.start).Seconds()))
	if p.width > 0 {
		// One column stays free: a full line would wrap, and could not be wiped out.
		line = text.Clip(line, max(p.width-1, 1))
	}
	columns := text.Width(line)
	fmt.Fprint(p.w, "\r"+line+strings.Repeat(" ", max(p.shown-columns, 0)))
	p.shown = columns
}

// step counts one look-up as done. It may be called from several goroutines.
func (p *progress) step() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if p.shown > 0 {
		p.show()
	}
}

// end wipes the line out. What is printed next begins where it stood.
func (p *progress) end() {
	if p == nil {
		return
	}
	close(p.ended)
	p.wg.Wait()
	if p.shown > 0 {
		fmt.Fprint(p.w, "\r"+strings.Repeat(" ", p.shown)+"\r")
	}
}
