package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/batch"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/mask"
	"github.com/icpcheck/icpcheck/pkg/resolve"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// dnsWindow is how many names may be read beyond the first that is not written.
const dnsWindow = 1 << 15

// runBatchDNS is batch --only dns: addresses alone, without registries, rules and
// cache.
func (a *app) runBatchDNS(cmd *cobra.Command, path string, f batchFlags) error {
	o, err := a.read(cmd.Flags())
	if err != nil {
		return err
	}
	clock, err := o.clock(a.environment)
	if err != nil {
		return err
	}
	switch {
	case o.Offline:
		return usage("--only dns 与 --offline 同用就没有事可做", "--only dns and --offline: nothing is left to do")
	case o.Queue != "":
		return usage("--only dns 与 --queue：只查地址时在一台机器上做，请去掉其中一个", "--only dns and --queue: addresses alone are asked for on one machine; leave one of the two out")
	case o.Vantage, o.VantageVia != "":
		return usage("--only dns 与 --vantage 或 --vantage-server：只查地址时从本机查，请去掉其中一个", "--only dns and --vantage or --vantage-server: addresses alone are asked for from here; leave one of the two out")
	case f.retry, f.diff != "", len(o.Format) != 1 || o.Format[0] != "text" && o.Format[0] != "ndjson":
		return usage("--only dns 只有 ndjson 一种格式，也不支持 --retry-undetermined 和 --diff", "--only dns knows no other format than ndjson, and neither --retry-undetermined nor --diff")
	}
	out, err := o.batchOutput(f)
	if err != nil {
		return err
	}
	if err := o.spare(path, f.diff); err != nil {
		return err
	}
	resolver, err := o.resolver(clock)
	if err != nil {
		return err
	}
	bulk := &resolve.Bulk{Resolver: resolver, InFlight: 16 * f.workers}
	if err := bulk.Check(); err != nil { // before a file of earlier results is emptied
		return err
	}
	input, err := a.openBatch(cmd.Context(), path)
	if err != nil {
		return err
	}
	defer input.Close()
	columns, err := input.columns(o.rulebook)
	if err != nil {
		return err
	}
	done, err := out.open(a)
	if err != nil {
		return err
	}
	defer out.abandon()
	b := &liner{app: a, o: o, header: columns, worst: done.Worst, missed: map[failure.Kind]int{}}
	w := &dnsWriter{liner: b, out: bufio.NewWriterSize(writerOf(out.put), 1<<16), unordered: f.unordered}
	w.room = sync.NewCond(&w.mu)
	stop := b.progress(path, done.Count, out.toScreen)
	var broken error
	// An interruption ends the reading; what is on its way is waited for.
	err = bulk.Run(context.WithoutCancel(cmd.Context()), w.names(cmd.Context(), input.items(done), &broken), w.emit)
	stop()
	if err == nil {
		err = errors.Join(broken, w.finish())
	}
	switch {
	case err != nil:
		return err
	case cmd.Context().Err() != nil:
		return a.interrupted(out, done.Count+w.next)
	}
	if done.Count+w.next == 0 {
		return nothingIn(path)
	}
	if err := out.finish(); err != nil {
		return err
	}
	return b.status()
}

type writerOf func([]byte) error

// Write implements io.Writer.
func (w writerOf) Write(p []byte) (int, error) {
	if err := w(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

var _ io.Writer = writerOf(nil)

// dnsWriter puts results back into the order of the input.
type dnsWriter struct {
	liner     *liner
	unordered bool

	mu     sync.Mutex
	room   *sync.Cond
	out    *bufio.Writer
	err    error
	lines  [dnsWindow][]byte // results that wait for an earlier one, by number modulo the window
	issued int               // how many names were read
	next   int               // how many results are written
}

// names reads the names to ask for. Lines that are none get their result at once.
func (w *dnsWriter) names(ctx context.Context, items iter.Seq2[batch.Item, error], broken *error) iter.Seq[resolve.Ask] {
	return func(yield func(resolve.Ask) bool) {
		defer context.AfterFunc(ctx, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.room.Signal()
		})()
		for item, err := range items {
			if *broken = err; err != nil {
				return
			}
			name, err := "", item.Err
			if err == nil {
				name, err = w.liner.dnsName(item.Text)
			}
			w.mu.Lock()
			for w.issued-w.next >= dnsWindow && ctx.Err() == nil {
				w.room.Wait()
			}
			if ctx.Err() != nil || w.err != nil {
				w.mu.Unlock()
				return
			}
			number := w.issued
			w.issued++
			w.mu.Unlock()
			if err != nil {
				w.liner.count(verdict.Unknown)
				w.put(number, w.liner.badDNS(item, err))
				continue
			}
			if name != item.Text { // a row of a CSV file may hold personal numbers
				item.Text = mask.Free(item.Text)
			}
			if !yield(resolve.Ask{Name: name, Number: number, Line: item.Line, Text: item.Text}) {
				return
			}
		}
	}
}

// dnsName is the name that a line of the input asks for, in ASCII.
func (b *liner) dnsName(line string) (string, error) {
	if b.header == nil {
		return dnsName(line)
	}
	cells, err := b.cells(line)
	if err != nil {
		return "", err
	}
	name := ""
	for i, c := range b.header {
		if cell := strings.TrimSpace(cells[i]); c == "domain.name" && cell != "" {
			name = cell
		}
	}
	if name == "" {
		return "", text.Errorf("没有可以查询 DNS 的名称：列 domain.name 为空或没有这一列", "no name to ask the DNS for: column domain.name is empty or not there")
	}
	return dnsName(name)
}

// dnsName is the name that a text stands for, in ASCII. Most need no conversion.
func dnsName(line string) (string, error) {
	host := strings.TrimSuffix(hostOf(line), ".")
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.'
	}
	if !strings.ContainsFunc(host, func(r rune) bool { return !plain(r) }) && strings.Contains(host, ".") {
		return host, nil
	}
	// A word alone is no domain name; it may be a telephone number gone astray.
	if ascii, ok := domainname.ToASCII(host); ok && strings.Contains(ascii, ".") {
		return ascii, nil
	}
	return "", text.Errorf("%q 不是可以查询 DNS 的名称", "%q is no name to ask the DNS for", text.Clean(mask.Free(host)))
}

// emit takes an answer.
func (w *dnsWriter) emit(a resolve.Addresses) {
	v := verdict.Ready
	if dnsStatus(a) == string(verdict.Unknown) {
		v = verdict.Unknown
	}
	w.liner.count(v, a.Failures...)
	w.put(a.Number, appendDNS(nil, a))
}

// put writes a result, or keeps it until those before it are there.
func (w *dnsWriter) put(number int, line []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	line = append(line, '\n')
	if w.unordered {
		w.write(line)
	} else {
		w.lines[number%dnsWindow] = line
		for line := w.lines[w.next%dnsWindow]; line != nil; line = w.lines[w.next%dnsWindow] {
			w.lines[w.next%dnsWindow] = nil
			w.write(line)
		}
	}
	if w.next == w.issued && w.err == nil { // nobody knows when the next line comes
		w.err = w.out.Flush()
	}
	w.room.Signal()
}

// finish ends the output, and makes sure that no line of the input lacks its result.
func (w *dnsWriter) finish() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = w.out.Flush()
	}
	if w.err == nil && w.next != w.issued {
		w.err = text.Errorf("%[2]d 行中有 %[1]d 行没有结果，这是 icpcheck 的错误：请报告，并重新运行", "%d of %d lines have no result, which is a fault of icpcheck: please report it, and run the command again", w.issued-w.next, w.issued)
	}
	return w.err
}

func (w *dnsWriter) write(line []byte) {
	w.next++
	if w.err == nil {
		_, w.err = w.out.Write(line)
	}
}

// dnsStatus says in a word what became of a name.
func dnsStatus(a resolve.Addresses) string {
	switch {
	case len(a.List) > 0:
		return "resolves"
	case len(a.Failures) > 0:
		return string(verdict.Unknown)
	case a.Exists:
		return "no-addresses"
	}
	return "no-such-name"
}

// badDNS is the line of output for a line that names nothing.
func (b *liner) badDNS(item batch.Item, err error) []byte {
	line, _ := json.Marshal(struct {
		Line   int             `json:"line"`
		Input  string          `json:"input"`
		Status verdict.Overall `json:"status"`
		Error  string          `json:"error"`
	}{item.Line, mask.Free(item.Text), verdict.Unknown, mask.Free(text.Clean(b.said(err)))})
	return line
}

// appendDNS is the line of output about one name. It is put together by hand:
// encoding/json would take longer than the look-up.
func appendDNS(line []byte, a resolve.Addresses) []byte {
	line = append(line, `{"line":`...)
	line = strconv.AppendInt(line, int64(a.Line), 10)
	line = append(line, `,"input":`...)
	line = appendJSON(line, a.Text)
	line = append(line, `,"name":`...)
	line = appendJSON(line, a.Name)
	line = append(line, `,"status":"`...)
	line = append(line, dnsStatus(a)...)
	line = append(line, `","addresses":[`...)
	for i, addr := range a.List {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(line, '"')
		line = addr.AppendTo(line)
		line = append(line, '"')
	}
	line = append(line, `],"cnames":[`...)
	for i, name := range a.CNAMEs {
		if i > 0 {
			line = append(line, ',')
		}
		line = appendJSON(line, name)
	}
	line = append(line, `],"server":`...)
	line = appendJSON(line, a.Server)
	if len(a.Failures) > 0 {
		line = append(line, `,"missed":[`...)
		for i, f := range a.Failures {
			if i > 0 {
				line = append(line, ',')
			}
			line = append(line, `{"kind":`...)
			line = appendJSON(line, string(f.Kind))
			line = append(line, `,"query":`...)
			line = appendJSON(line, f.Query)
			line = append(line, '}')
		}
		line = append(line, ']')
	}
	return append(line, '}')
}

// appendJSON appends a JSON string. Plain text, which names are, needs no escapes.
func appendJSON(line []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // a string always encodes
			return append(line, quoted...)
		}
	}
	line = append(line, '"')
	line = append(line, s...)
	return append(line, '"')
}
