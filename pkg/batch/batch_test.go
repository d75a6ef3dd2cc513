package batch_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/batch"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

func numbers(n int) iter.Seq2[batch.Item, error] {
	return func(yield func(batch.Item, error) bool) {
		for i := 1; i <= n; i++ {
			if !yield(batch.Item{Line: i, Text: fmt.Sprint(i)}, nil) {
				return
			}
		}
	}
}

func ExampleRunner() {
	r := &batch.Runner{Workers: 4, Work: func(_ context.Context, i batch.Item) []byte { return []byte("item " + i.Text) }}
	err := r.Run(context.Background(), numbers(3), func(line []byte) error {
		fmt.Println(string(line))
		return nil
	})
	fmt.Println(err)
	// Output:
	// item 1
	// item 2
	// item 3
	// <nil>
}

// TestOrder: the first item finishes last, and yet comes first.
func TestOrder(t *testing.T) {
	const n = 1000
	last := make(chan struct{})
	r := &batch.Runner{Workers: 8, Work: func(_ context.Context, i batch.Item) []byte {
		switch i.Line {
		case 1:
			<-last
		case 8:
			close(last)
		}
		return []byte(i.Text)
	}}
	var got []string
	if err := r.Run(context.Background(), numbers(n), func(line []byte) error {
		got = append(got, string(line))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for i, s := range got {
		if s != fmt.Sprint(i+1) {
			t.Fatalf("place %d has %s", i, s)
		}
	}
	if len(got) != n {
		t.Errorf("%d of %d", len(got), n)
	}
}

// TestUnordered: a stuck item holds nothing back.
func TestUnordered(t *testing.T) {
	const n = 200
	var written atomic.Int32
	released := make(chan struct{})
	r := &batch.Runner{Workers: 4, Unordered: true, Work: func(_ context.Context, i batch.Item) []byte {
		if i.Line == 1 {
			<-released
		}
		return []byte(i.Text)
	}}
	seen := map[string]bool{}
	if err := r.Run(context.Background(), numbers(n), func(line []byte) error {
		seen[string(line)] = true
		if written.Add(1) == 100 {
			close(released)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(seen) != n {
		t.Errorf("%d of %d", len(seen), n)
	}
}

// TestInterrupted: what is in flight is finished and written, in order and
// without a gap; nothing more is begun.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r := &batch.Runner{Workers: 4, Work: func(work context.Context, i batch.Item) []byte {
		if i.Line == 50 {
			cancel()
		}
		if work.Err() != nil {
			t.Error("the interruption ended work in flight")
		}
		return []byte(i.Text)
	}}
	var got []string
	err := r.Run(ctx, numbers(100000), func(line []byte) error {
		got = append(got, string(line))
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(got) < 50 || len(got) > 200 {
		t.Errorf("%d lines written", len(got))
	}
	for i, s := range got {
		if s != fmt.Sprint(i+1) {
			t.Fatalf("place %d has %s", i, s)
		}
	}
}

func TestErrors(t *testing.T) {
	full := errors.New("disk full")
	r := &batch.Runner{Workers: 2, Work: func(_ context.Context, i batch.Item) []byte { return []byte(i.Text) }}
	if err := r.Run(context.Background(), numbers(1000), func([]byte) error { return full }); !errors.Is(err, full) {
		t.Errorf("a failing write: got %v", err)
	}
	broken := errors.New("broken input")
	source := func(yield func(batch.Item, error) bool) {
		if yield(batch.Item{Line: 1, Text: "1"}, nil) {
			yield(batch.Item{}, broken)
		}
	}
	n := 0
	if err := r.Run(context.Background(), source, func([]byte) error { n++; return nil }); !errors.Is(err, broken) || n != 1 {
		t.Errorf("a failing source: got %v after %d lines", err, n)
	}
}

func TestResume(t *testing.T) {
	const (
		one   = `{"line":1,"input":"a","verdict":"ready"}`
		three = `{"line":3,"input":"c","tool":{"verdict":"no"},"verdict":"not-ready","facts":{}}`
		four  = `{"line":4,"input":"d","verdict":"undetermined"}`
	)
	path := filepath.Join(t.TempDir(), "out.ndjson")
	file, done, err := batch.Resume(path, batch.NDJSON)
	if err != nil || done.Count != 0 {
		t.Fatal(err, done)
	}
	if _, err := file.WriteString(one + "\n" + three + "\n{\"line\":4,\"half"); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	file, done, err = batch.Resume(path, batch.NDJSON)
	if err != nil {
		t.Fatal(err)
	}
	if !done.Said(1, "x", "a") || done.Said(1, "b") || done.Said(2, "a", "") {
		t.Errorf("lines are taken for others: %+v", done)
	}
	if done.Count != 2 || !done.Has(1) || done.Has(2) || !done.Has(3) || done.Has(4) || done.Has(1000) || done.Worst != verdict.NotReady {
		t.Errorf("got %+v", done)
	}
	if _, err := file.WriteString(four + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{one, three, four}; !slices.Equal(strings.Fields(string(data)), want) {
		t.Errorf("got %q", data)
	}
	if err := os.WriteFile(path, []byte("something else\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := batch.Resume(path, batch.NDJSON); err == nil {
		t.Error("a file that is no batch output was resumed")
	}
}

// TestLanes: a lane that is stuck holds back neither the work of the others nor
// more than its own place in the output.
// TestResumeForeign: a file that no batch of this form has written stays as it is.
func TestResumeForeign(t *testing.T) {
	const line = `{"line":1,"input":"a.com","verdict":"ready"}` + "\n"
	for name, test := range map[string]struct {
		text string
		form batch.Form
		ok   bool
	}{
		"nothing":                   {"", batch.NDJSON, true},
		"half of the first line":    {`{"li`, batch.NDJSON, true},
		"more of the first line":    {`{"line":1,"inp`, batch.NDJSON, true},
		"half of the columns":       {"line,ver", batch.CSV, true},
		"zeros after a power cut":   {"\x00\x00\x00", batch.NDJSON, true},
		"NDJSON":                    {line, batch.NDJSON, true},
		"NDJSON for CSV":            {line, batch.CSV, false},
		"NDJSON for the DNS":        {line, batch.DNS, false},
		"CSV for NDJSON":            {"line,verdict,input\n1,ready,a.com\n", batch.NDJSON, false},
		"CSV columns for NDJSON":    {"line,verdict,input\n", batch.NDJSON, false},
		"DNS":                       {`{"line":1,"input":"a.com","status":"resolves"}` + "\n", batch.DNS, true},
		"DNS for NDJSON":            {`{"line":1,"input":"a.com","status":"undetermined"}` + "\n", batch.NDJSON, false},
		"somebody's note":           {"buy milk", batch.NDJSON, false},
		"somebody's JSON":           {`{"a": 1}`, batch.NDJSON, false},
		"a list of names, no end":   {"example.com", batch.NDJSON, false},
		"a list of names, with end": {"example.com\n", batch.NDJSON, false},
	} {
		path := filepath.Join(t.TempDir(), "out")
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, _, err := batch.Resume(path, test.form)
		if (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			_ = file.Close()
			continue
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != test.text {
			t.Errorf("%s: the file is %q now, %v", name, got, err)
		}
	}
}

func TestLanes(t *testing.T) {
	const each, lanes = 200, 4
	for _, unordered := range []bool{true, false} {
		var others sync.WaitGroup
		others.Add(each * (lanes - 1))
		lane := func(i batch.Item) string { return fmt.Sprint(i.Line % lanes) }
		r := &batch.Runner{Workers: 8, Lane: lane, Unordered: unordered, Work: func(_ context.Context, i batch.Item) []byte {
			if lane(i) == "0" {
				others.Wait() // stuck until all the others are done
			} else {
				others.Done()
			}
			return []byte(i.Text)
		}}
		n := 0
		if err := r.Run(context.Background(), numbers(each*lanes), func([]byte) error { n++; return nil }); err != nil || n != each*lanes {
			t.Errorf("unordered: %t: %d lines, %v", unordered, n, err)
		}
	}
}

// TestManyLanes: more lanes than can work at once all get their turn, and no
// lane has more workers than it may.
func TestManyLanes(t *testing.T) {
	const workers, lanes = 2, 100
	var active [lanes]atomic.Int32
	r := &batch.Runner{Workers: workers, Lane: func(i batch.Item) string { return fmt.Sprint(i.Line % lanes) }, Work: func(_ context.Context, i batch.Item) []byte {
		if n := active[i.Line%lanes].Add(1); n > workers {
			t.Errorf("%d at once in one lane", n)
		}
		runtime.Gosched()
		active[i.Line%lanes].Add(-1)
		return []byte(i.Text)
	}}
	n := 0
	if err := r.Run(context.Background(), numbers(5000), func([]byte) error { n++; return nil }); err != nil || n != 5000 {
		t.Errorf("%d lines, %v", n, err)
	}
}

// TestOptions: a line that rules were applied to was made with the options that
// it names, or with none; any other line depends on none.
func TestOptions(t *testing.T) {
	for line, want := range map[string]string{
		`{"line":1,"verdict":"ready","rulebook":{"digest":"x"},"options":{"province":"beijing"}}`: `{"province":"beijing"}`,
		`{"line":1,"verdict":"ready","rulebook":{"digest":"x"}}`:                                  batch.NoOptions,
		`{"line":1,"verdict":"undetermined","error":"…","options":{"province":"beijing"}}`:        "",
	} {
		if o, err := batch.ParseOutcome([]byte(line)); err != nil || o.Options != want {
			t.Errorf("%s: got %q, %v, want %q", line, o.Options, err, want)
		}
	}
}
