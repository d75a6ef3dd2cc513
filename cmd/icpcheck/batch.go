package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/batch"
	"github.com/icpcheck/icpcheck/pkg/collect"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/mask"
	"github.com/icpcheck/icpcheck/pkg/queue"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// batchFlags are the flags of batch alone.
type batchFlags struct {
	resume, retry, unordered, failOnNew bool
	diff, only                          string
	workers                             int
}

func (a *app) batch() *cobra.Command {
	var f batchFlags
	c := &cobra.Command{
		Use:   "batch FILE|-",
		Short: a.say("批量检查域名或备案文件", "check many names or filings"),
		Long: a.say(`每行一个域名、网址、备案文件路径（.yaml）或一份 JSON 备案；也可以是首行为列名的 CSV，列名是事实的路径（如 domain.name,province）。
空行和 # 开头的行跳过。每个输入行得到一行 NDJSON，顺序与输入相同；出错的行也是一行结果。--format csv 每行一个摘要，--format summary 只给总数。
中断后用 --resume 和同一个 --output 接着做；--retry-undetermined 只重新查询没有查到的；--diff 与以前的结果比较。退出状态取最差的一行。
用 --queue 时由别处的 icpcheck worker 检查，结果与在本机检查相同。`,
			`One name, URL, path of a filing file (.yaml) or JSON filing a line; or CSV whose first line names the columns by the paths of facts (domain.name,province).
Blank lines and lines that begin with # are passed over. Each line gives one line of NDJSON, in the order of the input; a bad line is a result too.
--format csv gives a short line for each, --format summary the totals alone. After an interruption --resume with the same --output goes on;
--retry-undetermined asks again only what could not be asked; --diff compares with an earlier output. The exit status is that of the worst line.
With --queue, icpcheck worker elsewhere does the checking; the results are the same as here.`),
		Example: "  icpcheck batch names.txt --output results.ndjson\n  icpcheck batch names.txt --output results.ndjson --resume\n" +
			"  icpcheck batch names.txt --output results.ndjson --retry-undetermined\n  icpcheck batch names.txt --output today.ndjson --diff yesterday.ndjson --fail-on-new",
		Args: atLeastOne("batch", "icpcheck batch names.txt --output results.ndjson"),
	}
	c.Flags().BoolVar(&f.resume, "resume", false, a.say("从 --output 文件已有的结果接着做", "go on from the results that the --output file holds"))
	c.Flags().BoolVar(&f.retry, "retry-undetermined", false, a.say("只重做 --output 文件里没有查到的行", "do again only those lines of the --output file for which a look-up failed"))
	c.Flags().StringVar(&f.diff, "diff", "", a.say("与以前的 NDJSON 结果比较，输出变化", "print what has changed since this earlier NDJSON output"))
	c.Flags().BoolVar(&f.failOnNew, "fail-on-new", false, a.say("与 --diff 同用：只有变坏时才以 1 退出", "with --diff: exit with 1 where something got worse, else with 0"))
	c.Flags().StringVar(&f.only, "only", "", a.say("dns：只查 DNS 地址，每个域名一行 JSON", "dns: ask for addresses alone, one line of JSON for each name"))
	c.Flags().BoolVar(&f.unordered, "unordered", false, a.say("完成一个输出一个，不按输入顺序", "write results as they come, not in the order of the input"))
	c.Flags().IntVar(&f.workers, "workers", 64, a.say("每个注册局同时检查的数量", "how many are checked at once for each registry"))
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage("batch：要一个 FILE，给了 %d 个", "batch: want one FILE, got %d", len(args))
		}
		switch f.only {
		case "":
			return a.runBatch(cmd, args[0], f)
		case "dns":
			return a.runBatchDNS(cmd, args[0], f)
		}
		return usage("--only %q：只能是 dns", "--only %q: want dns", f.only)
	}
	return c
}

// liner is everything a batch needs for each line.
type liner struct {
	app       *app
	o         *options
	book      *rulebook.Rulebook
	clock     func() time.Time
	collector *collect.Collector
	header    []string                     // of a CSV input
	read      func(string) ([]byte, error) // reads the file that a line names
	former    *batch.Former                // whose lines are taken over, or nil
	made      string                       // what lines say of the options, as JSON
	memo      engine.Memo
	stop      context.Context // ends the run, and the wait for turns; nil in a worker

	mu     sync.Mutex
	done   int
	worst  verdict.Overall
	missed map[failure.Kind]int // look-ups that gave nothing
}

func (a *app) runBatch(cmd *cobra.Command, path string, f batchFlags) error {
	ctx := cmd.Context()
	o, book, clock, err := a.setUp(cmd)
	if err != nil {
		return err
	}
	out, err := o.batchOutput(f)
	if err != nil {
		return err
	}
	if err := o.spare(path, f.diff); err != nil {
		return err
	}
	b := &liner{app: a, o: o, book: book, clock: clock, missed: map[failure.Kind]int{}, read: a.readInput, made: o.madeWith()}
	if b.collector, err = o.collector(book, clock); err != nil {
		return err
	}
	defer b.collector.Close()
	input, err := a.openBatch(ctx, path)
	if err != nil {
		return err
	}
	defer input.Close()
	if b.header, err = input.columns(func() (*rulebook.Rulebook, error) { return book, nil }); err != nil {
		return err
	}
	if f.retry {
		if b.former, err = batch.OpenFormer(out.path, func(o batch.Outcome) bool { return !o.Unasked() }); err != nil {
			return fmt.Errorf("--retry-undetermined: %w", err)
		}
		defer b.former.Close()
	}
	var far *distributed
	if o.Queue != "" {
		if far, err = b.distribute(ctx, out); err != nil {
			return err
		}
		defer far.conn.Close()
	}
	done, err := out.open(a)
	if err != nil {
		return err
	}
	defer out.abandon()
	b.worst = done.Worst
	out.otherRules(a, book.Digest(), done, b.former)
	out.otherOptions(a, b.made, done, b.former)

	runner := batch.Runner{Workers: f.workers, Unordered: f.unordered, Work: b.work}
	if unhurried(b.collector) {
		runner.Lane = b.lane
		b.stop, b.collector.Registration.Stop = ctx, ctx
	}
	write := out.write
	if far == nil && b.former == nil { // then each line is of our own making
		write = func(line []byte) error {
			defer spare.Put(&line)
			return out.write(line)
		}
	}
	if far != nil {
		if !cmd.Flags().Changed("workers") {
			runner.Workers = inQueue
		}
		ctx, write, err = far.begin(ctx, f.resume, &runner, write)
	} else {
		book.WarmRules(nil)
	}
	if err == nil {
		stop := b.progress(path, done.Count, out.toScreen)
		err = runner.Run(ctx, input.items(done), write)
		stop()
	}
	if far != nil {
		err = errors.Join(err, far.end(err == nil))
	}
	switch {
	case errors.Is(err, context.Canceled) && f.retry:
		return text.Errorf("已中断；%s 没有改动，重新运行同一条命令即可", "interrupted; %s is as it was, and the same command begins again", out.path)
	case errors.Is(err, context.Canceled):
		return a.interrupted(out, done.Count+out.written)
	case err != nil:
		return err
	}
	if done.Count+out.written == 0 { // before the results of an earlier run are replaced by none
		return nothingIn(path)
	}
	if err := out.finish(); err != nil {
		return err
	}
	if f.failOnNew {
		if out.worse {
			return statusError(verdict.ExitNotReady)
		}
		return nil
	}
	return b.status()
}

// nothingIn refuses a list without a line to check: a job that watches names
// and is given none has not found them ready.
func nothingIn(path string) error {
	return text.Errorf("%s：没有要检查的行", "%s: no line to check", path)
}

// status ends a run by the worst verdict.
func (b *liner) status() error {
	if status := b.worst.ExitStatus(b.o.AllowUndetermined); status != 0 {
		return statusError(status)
	}
	return nil
}

// interrupted ends a run that was broken off after so many lines.
func (a *app) interrupted(out *batchOutput, lines int) error {
	if out.path == "" {
		return text.Errorf("已中断，完成了 %d 行；用 --output FILE 可以接着做", "interrupted after %d lines; with --output FILE a run can be resumed", lines)
	}
	return text.Errorf("已中断，完成了 %d 行；接着做：%s --resume", "interrupted after %d lines; go on with: %s --resume", lines, a.commandLine())
}

// unhurried lets a collector take its time: each request has its own limit, and
// a name that waits for its turn at a busy registry is not to be given up for
// that. It reports whether any registry is asked.
func unhurried(c *collect.Collector) bool {
	if c.Registration == nil {
		return false
	}
	c.Registration.Patient = true
	c.Timeout = 0
	return true
}

// commandLine is the command as it was typed, for advice how to repeat it.
func (a *app) commandLine() string {
	words := []string{"icpcheck"}
	for i, arg := range a.args {
		if arg == "--resume" {
			continue
		}
		// Its address may hold a password.
		if address, ok := strings.CutPrefix(arg, "--queue="); ok {
			arg = "--queue=" + queue.Redact(address)
		} else if i > 0 && a.args[i-1] == "--queue" {
			arg = queue.Redact(arg)
		}
		words = append(words, quoted(arg))
	}
	return strings.Join(words, " ")
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	if strings.ContainsAny(word, " \t\n'\"\\$&|;<>()*?[]#~`!") || word == "" {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}

// work checks one line and gives its line of output.
func (b *liner) work(ctx context.Context, item batch.Item) []byte {
	if line, ok := b.formerly(item); ok {
		return line
	}
	if item.Err != nil {
		return b.bad(item, item.Err)
	}
	f, only, err := b.filing(item)
	if err == nil {
		err = b.o.apply(b.book, []*filing.Filing{f})
	}
	if err != nil {
		return b.bad(item, err)
	}
	b.collector.Collect(ctx, f)
	if b.stop != nil && b.stop.Err() != nil && givenUp(f) {
		return nil
	}
	// Rules count from the minute, so that what one line's checks conclude serves the next.
	results := engine.Evaluate(b.book, f, engine.Options{Now: b.clock().Truncate(time.Minute), Select: only, Memo: &b.memo})
	r := &report.Report{Tool: tool(), Book: b.book, GeneratedAt: b.clock(), Targets: []report.Target{report.NewTarget(f.Name, f, results)}}
	head, _ := json.Marshal(mask.Free(item.Text)) // a JSON filing holds personal numbers
	out := fmt.Appendf((*spare.Get().(*[]byte))[:0], `{"line":%d,"input":%s`, item.Line, head)
	if b.made != batch.NoOptions {
		out = append(append(out, `,"options":`...), b.made...)
	}
	at := len(out)
	out, err = report.AppendNDJSON(out, r, &r.Targets[0], b.o.lang(b.app.environment))
	if err != nil {
		return b.bad(item, err)
	}
	out[at] = ',' // in the place of the report's own opening brace
	b.count(r.Overall(), r.Targets[0].Missed()...)
	return out
}

// givenUp tells that a look-up was not made since the run ends.
func givenUp(f *filing.Filing) bool {
	return slices.ContainsFunc(f.Domains, func(d *filing.Domain) bool {
		return slices.ContainsFunc(d.Missed, func(m filing.Missed) bool { return m.Failure.Kind == failure.Canceled })
	})
}

// usualLine is the length in bytes that few lines of output exceed.
const usualLine = 28 << 10

// spare are what lines of output are made in, which serve again once those are written.
var spare = sync.Pool{New: func() any { return new(make([]byte, 0, usualLine)) }}

// formerly gives the line that an earlier run made of an item, if it is taken over.
func (b *liner) formerly(item batch.Item) ([]byte, bool) {
	if b.former == nil {
		return nil, false
	}
	line, ok := b.former.Line(item.Line, mask.Free(item.Text))
	if !ok {
		return nil, false
	}
	return b.again(line), true
}

// again takes a line over from an earlier run, or from a worker.
func (b *liner) again(line []byte) []byte {
	if o, err := batch.ParseOutcome(line); err == nil {
		b.count(o.Verdict)
	}
	return line
}

// said is an error in the language of the run; a worker that cannot even read
// the options of a job says it in English.
func (b *liner) said(err error) string {
	if b.o == nil {
		return err.Error()
	}
	return text.ErrorIn(err, b.o.lang(b.app.environment))
}

// bad is the output for a line that cannot be checked, which leaves the whole undetermined.
func (b *liner) bad(item batch.Item, err error) []byte {
	b.count(verdict.Unknown)
	line, _ := json.Marshal(struct {
		Line    int             `json:"line"`
		Input   string          `json:"input"`
		Verdict verdict.Overall `json:"verdict"`
		Error   string          `json:"error"`
	}{item.Line, mask.Free(item.Text), verdict.Unknown, mask.Free(text.Clean(b.said(err)))})
	return line
}

// count keeps the worst verdict, and why look-ups failed.
func (b *liner) count(v verdict.Overall, missed ...*failure.Failure) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done++
	b.worst = verdict.Worst([]verdict.Overall{b.worst, v})
	for _, f := range missed {
		if f.Kind.Trouble() {
			b.missed[f.Kind]++
		}
	}
}

// filing makes a filing of a line.
func (b *liner) filing(item batch.Item) (*filing.Filing, func(*rulebook.Check) bool, error) {
	s := item.Text
	switch {
	case s[0] == '{':
		f, err := filing.Decode(fmt.Sprintf("line %d", item.Line), []byte(s), b.book)
		return f, nil, err
	case b.header != nil:
		f, err := b.row(s)
		return f, nil, err
	case b.namesFile(s):
		data, err := b.read(filepath.Clean(s))
		if err != nil {
			return nil, nil, err
		}
		f, err := filing.Decode(s, data, b.book)
		return f, nil, err
	}
	filings, err := nameFilings([]string{hostOf(s)})
	if err != nil {
		return nil, nil, err
	}
	return filings[0], onlyDomain, nil
}

// lane is the registry that a line asks first, which is what it has to wait for.
func (b *liner) lane(item batch.Item) string {
	s := item.Text
	switch {
	case b.header != nil:
		// The name may stand in any column, but most files have it first.
		s, _, _ = strings.Cut(s, ",")
	case s[0] == '{':
		var f struct {
			Domains []json.RawMessage `json:"domains"`
		}
		if json.Unmarshal([]byte(s), &f) != nil || len(f.Domains) == 0 {
			return ""
		}
		var d struct {
			Name string `json:"name"`
		}
		if json.Unmarshal(f.Domains[0], &d.Name) != nil && json.Unmarshal(f.Domains[0], &d) != nil {
			return ""
		}
		s = d.Name
	}
	name, err := domainname.Parse(hostOf(s))
	if err != nil {
		return ""
	}
	return b.collector.Registration.Host(name)
}

// hostOf takes the host of a URL; anything else stays as it is.
func hostOf(s string) string {
	_, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:] // after a name and password
	host, _, _ := strings.Cut(rest, ":")
	return host
}

// namesFile tells whether a line is the path of a filing file.
func (b *liner) namesFile(s string) bool {
	return s[0] != '{' && b.header == nil && isFilingPath(s)
}

func isFilingPath(s string) bool {
	return strings.HasSuffix(s, ".yaml") || strings.HasSuffix(s, ".yml")
}

// cells splits a CSV row into as many cells as there are columns.
func (b *liner) cells(s string) ([]string, error) {
	cells, err := csv.NewReader(strings.NewReader(s)).Read()
	if err != nil {
		return nil, text.Errorf("不是 CSV 行：%w", "not a CSV row: %w", err)
	}
	if len(cells) != len(b.header) {
		return nil, text.Errorf("有 %d 格，而首行有 %d 个列名", "%d cells, but the first line names %d columns", len(cells), len(b.header))
	}
	return cells, nil
}

// row makes a filing of a CSV row: each cell is the fact its column names, an
// empty one is unknown.
func (b *liner) row(s string) (*filing.Filing, error) {
	cells, err := b.cells(s)
	if err != nil {
		return nil, err
	}
	f := &filing.Filing{Name: cells[0], Facts: filing.Facts{}}
	for i, c := range b.header {
		if c == "domain.name" && strings.TrimSpace(cells[i]) != "" {
			filings, err := nameFilings([]string{cells[i]})
			if err != nil {
				return nil, err
			}
			f.Name, f.Domains = filings[0].Name, filings[0].Domains
		}
	}
	provider := ""
	for pass := range 2 { // the provider first: names of its products are its own
		for i, c := range b.header {
			value := strings.TrimSpace(cells[i])
			if value == "" || c == "domain.name" || (c == "provider") != (pass == 0) {
				continue
			}
			assignment, err := filing.ParseAssignment(c+"="+value, b.book, provider)
			if err != nil {
				return nil, err
			}
			assignment.Fact.Origin.Source = filing.FromFile
			if pass == 0 {
				provider, _ = assignment.Fact.Value.(string)
			}
			if err := f.Apply(assignment); err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}
