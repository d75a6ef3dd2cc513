package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progressEvery is how often a line on stderr says how far a batch is where no
// bar can be drawn.
const progressEvery = 10 * time.Second

// progress tells how far the batch is until stop is called: by a bar on a
// terminal, else by a line now and then. toScreen says that standard output gets
// lines meanwhile, which on a terminal a bar would get in the way of.
func (b *liner) progress(path string, before int, toScreen bool) (stop func()) {
	if b.o.Quiet {
		return func() {}
	}
	started := time.Now()
	if b.app.watched && !(toScreen && b.app.terminal) {
		return b.bar(started, lineCount(path)-before)
	}
	ended := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		total := -1
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
				if total < 0 { // short runs need not know
					total = max(lineCount(path)-before, 0)
				}
				n, failures := b.sofar()
				line := fmt.Sprintf(b.app.say("已完成 %d", "%d done"), n)
				if total > 0 {
					line = fmt.Sprintf(b.app.say("已完成 %d / %d", "%d of %d done"), n, total)
				}
				fmt.Fprintf(b.app.stderr, "icpcheck: %s%s\n", line, b.pace(n, total, time.Since(started))+failures)
			}
		}
	})
	return func() { close(ended); wg.Wait() }
}

// pace tells the rate, and the time left where the total is known.
func (b *liner) pace(n, total int, elapsed time.Duration) string {
	rate := float64(n) / max(elapsed.Seconds(), 0.001)
	s := fmt.Sprintf(b.app.say("，每秒 %.0f", ", %.0f a second"), rate)
	if left := total - n; left > 0 && n > 0 {
		remaining := time.Duration(float64(left) / rate * float64(time.Second)).Round(time.Second)
		s += fmt.Sprintf(b.app.say("，约剩 %v", ", about %v left"), remaining)
	}
	return s
}

// sofar is how many lines are done, and the failures by kind in words.
func (b *liner) sofar() (int, string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var s strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(b.missed)) {
		fmt.Fprintf(&s, b.app.say("，%s %d", ", %s %d"), kind, b.missed[kind])
	}
	return b.done, s.String()
}

// bar draws a bar on stderr.
func (b *liner) bar(started time.Time, total int) (stop func()) {
	p := mpb.New(mpb.WithOutput(b.app.stderr), mpb.WithWidth(64), mpb.WithAutoRefresh())
	bar := p.AddBar(int64(max(total, 0)),
		mpb.PrependDecorators(decor.CountersNoUnit("%d / %d ")),
		mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string {
			n, failures := b.sofar()
			return strings.TrimPrefix(strings.TrimPrefix(b.pace(n, total, time.Since(started))+failures, ", "), "，")
		})))
	ended := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			n, _ := b.sofar()
			bar.SetCurrent(int64(n))
			select {
			case <-ended:
				n, _ := b.sofar()
				bar.SetCurrent(int64(n))
				bar.Abort(false) // keeps what it says on the screen, whether all is done or not
				return
			case <-tick.C:
			}
		}
	})
	return func() { close(ended); wg.Wait(); p.Wait() }
}

// lineCount is how many lines of a file are work; 0 where that cannot be told.
func lineCount(path string) int {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() { // "-" too, standard input
		return 0
	}
	file, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer file.Close()
	return countLines(file)
}

// countLines counts the lines that are work, up to the end or to where reading
// fails: the batch itself tells why.
func countLines(r io.Reader) (n int) {
	reader := bufio.NewReaderSize(r, 1<<16)
	for {
		line, err := reader.ReadSlice('\n')
		line = bytes.TrimSpace(line)
		long := err == bufio.ErrBufferFull
		if !long && len(line) > 0 && line[0] != '#' {
			n++
		}
		if err != nil && !long {
			return n
		}
	}
}
