package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/batch"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/mask"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// batchOutput is where a batch writes what.
type batchOutput struct {
	flags batchFlags
	say   func(zh, en string) string

	results  string // form of the results: ndjson, csv, or "" for none
	path     string // their file; "" is standard output
	summary  *batchSummary
	changes  string // form of the changes on standard output: text, ndjson, or "" for none
	toScreen bool   // something is written to standard output line by line

	stdout   io.Writer
	file     *os.File      // for the results, or nil
	stream   bool          // file is an open one that a path names, such as /dev/fd/3
	replaces string        // where file goes in the end, if it is a temporary one
	release  func()        // lets others have the temporary one
	differ   *batch.Differ // or nil
	written  int
	worse    bool // there was a change for the worse
}

// batchOutput settles what goes where. Formats pair up with outputs as they do
// everywhere; text stands for NDJSON, and with --diff for changes in words.
func (o *options) batchOutput(f batchFlags) (*batchOutput, error) {
	out := &batchOutput{flags: f}
	switch {
	case f.workers < 1:
		return nil, usage("--workers %d：至少为 1", "--workers %d: want 1 or more", f.workers)
	case f.resume && f.retry:
		return nil, usage("--resume 与 --retry-undetermined 只能用一个", "--resume and --retry-undetermined: give one of them")
	case f.failOnNew && f.diff == "":
		return nil, usage("--fail-on-new 要与 --diff OLD.ndjson 同用", "--fail-on-new goes with --diff OLD.ndjson")
	case len(o.Output) > len(o.Format):
		return nil, usage("有 %d 个 --output，却只有 %d 个 --format：请成对给出", "%d --output but %d --format: give them in pairs", len(o.Output), len(o.Format))
	}
	toStdout := len(o.Format) - len(o.Output)
	taken, results := 0, 0
	for i, form := range o.Format {
		path := ""
		if i >= toStdout && o.Output[i-toStdout] != "-" {
			path = o.Output[i-toStdout]
		}
		if path == "" {
			taken++
		}
		switch {
		case form == "summary":
			out.summary = &batchSummary{path: path}
		case f.diff != "" && path == "" && (form == "text" || form == "ndjson"):
			out.changes = form
		case form == "text" || form == "ndjson" || form == "csv" && (f.diff == "" || path != ""):
			out.results, out.path = strings.Replace(form, "text", "ndjson", 1), path
			out.stream = path != "" && streamOf(path) != nil
			results++
		default:
			return nil, usage("--format %s：batch 的格式有 text、ndjson、csv、summary；与 --diff 同用时，标准输出只能是 text 或 ndjson", "--format %s: batch knows text, ndjson, csv and summary, and with --diff text and ndjson on standard output", form)
		}
	}
	switch {
	case taken > 1:
		return nil, usage("标准输出上有 %d 种格式：只能留一种，其余的要用 --output", "%d formats on standard output: give all but one an --output", taken)
	case results > 1:
		return nil, usage("batch 只写一份结果和一份汇总", "batch writes one --output of results, and one summary")
	case results > 0 && out.path != "" && out.summary != nil && place(out.summary.path) == place(out.path):
		return nil, usage("--output %s 给了两次：每种格式要有自己的文件", "--output %s is given twice: each format needs a file of its own", out.summary.path)
	case (f.resume || f.retry) && (out.path == "" || out.stream):
		return nil, usage("--resume 和 --retry-undetermined 要与写结果的 --output 同用", "--resume and --retry-undetermined go with one --output, whose results they go on from")
	case f.retry && out.results != "ndjson", f.resume && out.results != "ndjson" && (f.diff != "" || out.summary != nil):
		return nil, usage("--format csv 里的信息不够，无法这样接着做：请用 ndjson", "--format csv has not all that is needed to go on this way: use ndjson")
	}
	if f.diff != "" && out.changes == "" && taken == 0 {
		out.changes = "text"
	}
	out.toScreen = out.changes != "" || out.results != "" && out.path == ""
	return out, nil
}

// open makes the files ready, and tells what an earlier run has done already.
func (out *batchOutput) open(a *app) (done batch.Done, err error) {
	out.stdout, out.say = a.stdout, a.say
	done.Worst = verdict.Ready
	if out.flags.diff != "" {
		if out.differ, err = batch.OpenDiffer(out.flags.diff); err != nil {
			if said := reason(err); said != err {
				err = fmt.Errorf("%s: %w", out.flags.diff, said)
			}
			return done, fmt.Errorf("--diff: %w", err)
		}
	}
	if out.path != "" {
		switch {
		case out.stream:
			out.file = streamOf(out.path)
		case out.flags.resume:
			form := batch.Form(out.results)
			if out.flags.only == "dns" {
				form = batch.DNS
			}
			if out.file, done, err = batch.Resume(out.path, form); err == nil && (out.differ != nil || out.summary != nil) {
				err = batch.EachOutcome(out.path, out.note)
			}
		case out.flags.retry:
			if out.replaces, err = followLinks(out.path); err == nil {
				out.file, out.release, err = batch.Beside(out.replaces)
			}
		default:
			out.file, err = os.Create(out.path)
		}
		if err != nil {
			return done, fmt.Errorf("--output %s: %w", out.path, reason(err))
		}
	}
	if out.results == "csv" && done.Count == 0 {
		if out.file != nil && !out.stream { // the column names of a run that came no further
			if err := errors.Join(out.file.Truncate(0), rewind(out.file)); err != nil {
				return done, fmt.Errorf("--output: %w", err)
			}
		}
		return done, out.csvRow(batchColumns)
	}
	return done, nil
}

// otherRules warns where results that are taken over, or compared with, were made
// by other rules than those of this run.
func (out *batchOutput) otherRules(a *app, now string, done batch.Done, former *batch.Former) {
	other := func(books []string) bool { return slices.ContainsFunc(books, func(b string) bool { return b != now }) }
	kept := done.Books
	if former != nil {
		kept = former.Books
	}
	if other(kept) {
		a.warn("警告：%s 里有按另一版规则库得出的结果，这些结果原样保留；要全部按现在的规则检查，请从头开始",
			"warning: %s holds results by another rulebook, which stay as they are; to check all by the rules of now, begin anew", out.path)
	}
	if out.differ != nil && other(out.differ.Books) {
		a.warn("警告：--diff %s 是按另一版规则库得出的，有些变化可能来自规则，而不是来自网站",
			"warning: --diff %s was made by another rulebook, so some changes may come from the rules and not from the sites", out.flags.diff)
	}
}

// madeWith gives the options that verdicts depend on, as they were given, for the
// lines of a batch's output; without any it is batch.NoOptions. Servers and limits
// are not among them: a line that is undetermined for their sake says so itself.
func (o *options) madeWith() string {
	set := make([]string, len(o.Set))
	for i, s := range o.Set {
		set[i] = mask.Free(s)
	}
	data, _ := json.Marshal(struct {
		Provider string   `json:"provider,omitempty"`
		Province string   `json:"province,omitempty"`
		Subject  string   `json:"subject,omitempty"`
		Set      []string `json:"set,omitempty"`
		Now      string   `json:"now,omitempty"`
		Offline  bool     `json:"offline,omitempty"`
		Vantage  bool     `json:"vantage,omitempty"`
	}{o.Provider, o.Province, o.Subject, set, o.Now, o.Offline, o.Vantage})
	return string(data)
}

// otherOptions warns where results that are taken over were made with options that
// lead to other verdicts than those of this run.
func (out *batchOutput) otherOptions(a *app, now string, done batch.Done, former *batch.Former) {
	kept := done.Options
	if former != nil {
		kept = former.Options
	}
	if i := slices.IndexFunc(kept, func(o string) bool { return o != now }); i >= 0 {
		a.warn("警告：%s 里有用另一些选项得出的结果，原样保留（当时 %s，现在 %s）；要全部按现在的选项检查，请从头开始",
			"warning: %s holds results made with other options, which stay as they are (then %s, now %s); to check all with those of now, begin anew", out.path, kept[i], now)
	}
}

func rewind(file *os.File) error {
	_, err := file.Seek(0, io.SeekStart)
	return err
}

// write takes one line of result.
func (out *batchOutput) write(line []byte) error {
	out.written++
	if out.results == "ndjson" {
		if err := out.put(append(line, '\n')); err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\n")
	}
	if out.results != "csv" && out.summary == nil && out.differ == nil {
		return nil
	}
	o, err := batch.ParseOutcome(line)
	if err != nil {
		return text.Errorf("输出的第 %d 行：%w", "line %d of the output: %w", out.written, err)
	}
	if out.results == "csv" {
		if err := out.csvRow(batchRow(o)); err != nil {
			return err
		}
	}
	return out.note(o)
}

// note takes a result into the summary and the comparison.
func (out *batchOutput) note(o batch.Outcome) error {
	if out.summary != nil {
		out.summary.add(o)
	}
	if out.differ != nil {
		return out.change(out.differ.Compare(o))
	}
	return nil
}

// put writes results.
func (out *batchOutput) put(data []byte) error {
	w := out.stdout
	if out.file != nil {
		w = out.file
	}
	_, err := w.Write(data)
	if err != nil && out.file != nil {
		return fmt.Errorf("--output %s: %w", out.path, reason(err))
	}
	return err
}

// finish ends a run that came to its end.
func (out *batchOutput) finish() error {
	if out.differ != nil {
		if err := out.change(out.differ.Gone()); err != nil {
			return err
		}
	}
	if out.file != nil && !out.stream {
		file := out.file
		out.file = nil
		err := file.Close()
		if out.replaces != "" {
			defer out.release()
		}
		if err == nil && out.replaces != "" {
			// Who may read the results stays as it was.
			var old os.FileInfo
			if old, err = os.Stat(out.replaces); err == nil {
				err = os.Chmod(file.Name(), old.Mode().Perm())
			}
			if err == nil {
				err = os.Rename(file.Name(), out.replaces)
			}
		}
		if err != nil {
			return fmt.Errorf("--output %s: %w", out.path, reason(err))
		}
	}
	if out.summary == nil {
		return nil
	}
	words := out.summary.words(out.say)
	if out.summary.path == "" {
		_, err := io.WriteString(out.stdout, words)
		return err
	}
	return writeFile(out.summary.path, 0o644, func(w io.Writer) error {
		_, err := io.WriteString(w, words)
		return err
	})
}

// abandon lets go of the file of a run that did not come to its end.
func (out *batchOutput) abandon() {
	if out.file == nil || out.stream {
		return
	}
	_ = out.file.Close()
	if out.replaces != "" {
		_ = os.Remove(out.file.Name())
		out.release()
	}
}

var batchColumns = []string{"line", "verdict", "input", "target", "failed", "warned", "undetermined", "missed", "expires", "places", "error", "accepted"}

func batchRow(o batch.Outcome) []string {
	missed := make([]string, len(o.Missed))
	for i, k := range o.Missed {
		missed[i] = string(k)
	}
	row := []string{strconv.Itoa(o.Line), string(o.Verdict), o.Input, o.Target, strings.Join(o.Failed, " "), strings.Join(o.Warned, " "),
		strings.Join(o.Open, " "), strings.Join(missed, " "), o.Expires, strings.Join(o.Places, " "), o.Error, strings.Join(o.Accepted, " ")}
	for i := range row {
		row[i] = report.CSVCell(text.Clean(row[i]))
	}
	return row
}

func (out *batchOutput) csvRow(cells []string) error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(cells) // a bytes.Buffer takes everything
	w.Flush()
	return out.put(b.Bytes())
}

// changeWords are the kinds of change in both languages.
func changeWords(k batch.Kind) text.Text {
	switch k {
	case batch.NewlyFailing:
		return text.Text{Zh: "新增不通过", En: "newly failing"}
	case batch.NewlyExpiring:
		return text.Text{Zh: "域名有效期不足了", En: "too little time left now"}
	case batch.MovedAbroad:
		return text.Text{Zh: "解析到境外了", En: "moved abroad"}
	case batch.Mended:
		return text.Text{Zh: "已改正", En: "mended"}
	case batch.New:
		return text.Text{Zh: "新增", En: "new"}
	case batch.Gone:
		return text.Text{Zh: "不再列出", En: "gone"}
	}
	return text.Text{Zh: string(k), En: string(k)}
}

// change prints differences.
func (out *batchOutput) change(changes []batch.Change) error {
	for _, c := range changes {
		// A new one that fails is worse than none.
		out.worse = out.worse || c.Kind.Bad() || c.Kind == batch.New && len(c.Checks) > 0
		var line []byte
		switch out.changes {
		case "ndjson":
			encoded, err := json.Marshal(c)
			if err != nil {
				return err
			}
			line = append(encoded, '\n')
		case "text":
			what := changeWords(c.Kind)
			line = fmt.Appendf(nil, "%s%s%s", text.Clean(c.Target), out.say("：", ": "), out.say(what.Zh, what.En))
			if details := strings.Join(append(slices.Clone(c.Checks), c.Places...), " "); details != "" {
				line = fmt.Appendf(line, "%s%s%s", out.say("（", " ("), details, out.say("）", ")"))
			}
			line = append(line, '\n')
		default:
			continue
		}
		if _, err := out.stdout.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// batchSummary counts results.
type batchSummary struct {
	path     string // of its file; "" is standard output
	total    int
	bad      int // lines that could not be checked
	verdicts map[verdict.Overall]int
	failed   map[string]int
	missed   map[failure.Kind]int
}

func (s *batchSummary) add(o batch.Outcome) {
	if s.verdicts == nil {
		s.verdicts, s.failed, s.missed = map[verdict.Overall]int{}, map[string]int{}, map[failure.Kind]int{}
	}
	s.total++
	if o.Error != "" {
		s.bad++
	} else {
		s.verdicts[o.Verdict]++
	}
	for _, id := range o.Failed {
		s.failed[id]++
	}
	for _, k := range o.Missed {
		s.missed[k]++
	}
}

// words puts the summary into a few lines, the most frequent first.
func (s *batchSummary) words(say func(zh, en string) string) string {
	var b strings.Builder
	fmt.Fprintf(&b, say("共 %d 行：可以提交 %d，不能提交 %d，待定 %d，无法检查 %d\n", "%d lines: %d ready, %d not ready, %d undetermined, %d could not be checked\n"),
		s.total, s.verdicts[verdict.Ready], s.verdicts[verdict.NotReady], s.verdicts[verdict.Unknown], s.bad)
	if len(s.failed) > 0 {
		fmt.Fprintf(&b, "%s\n", say("不通过的检查：", "checks that fail:"))
		counted(&b, s.failed, func(id string) string { return id })
	}
	if len(s.missed) > 0 {
		fmt.Fprintf(&b, "%s\n", say("查询失败：", "look-ups without an answer:"))
		counted(&b, s.missed, func(k failure.Kind) string {
			words := report.Voice{Lang: text.Zh}.Failure(&failure.Failure{Kind: k})
			return say(string(k)+" "+strings.TrimSpace(words), string(k))
		})
	}
	return b.String()
}

func counted[K ~string](b *strings.Builder, counts map[K]int, name func(K) string) {
	keys := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(keys, func(x, y K) int { return counts[y] - counts[x] })
	for _, k := range keys {
		fmt.Fprintf(b, "%8d  %s\n", counts[k], name(k))
	}
}
