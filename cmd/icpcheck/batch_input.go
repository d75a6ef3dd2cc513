package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/icpcheck/icpcheck/pkg/batch"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/mask"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// maxLine bounds an input line; a JSON filing is a few kilobytes. Of a longer one
// the first startOfLine bytes stand in its result.
const maxLine, startOfLine = 1 << 20, 200

var errLongLine = text.Errorf("这一行超过 %d KiB，不会是域名或备案", "the line is longer than %d KiB, which no name or filing is", maxLine>>10)

// batchInput reads the lines of a batch.
type batchInput struct {
	path   string
	source io.Closer
	reader *bufio.Reader
	err    error       // that ended the reading
	number int         // of the last line read
	ahead  []inputLine // read, but not given out yet
}

// inputLine is a line that is neither blank nor a comment.
type inputLine struct {
	number int
	raw    string // as it stands, but for a byte order mark
	text   string // without space around it
	long   bool   // it goes on beyond what may be read
}

// openBatch opens the input of a batch. Nobody who interrupts a batch has to wait
// for the next line of a pipe or a terminal.
func (a *app) openBatch(ctx context.Context, path string) (*batchInput, error) {
	source, err := a.openLines(ctx, path)
	if err != nil {
		return nil, err
	}
	return &batchInput{path: path, source: source, reader: bufio.NewReaderSize(source, 1<<16)}, nil
}

func (a *app) openLines(ctx context.Context, path string) (io.ReadCloser, error) {
	input := io.NopCloser(a.stdin)
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, text.Errorf("%s：无法读取：%w", "%s: cannot be read: %w", path, reason(err))
		}
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			return file, nil
		}
		input = file
	}
	r, w := io.Pipe()
	go func() {
		_, err := io.Copy(w, input)
		w.CloseWithError(err)
		_ = input.Close()
	}()
	context.AfterFunc(ctx, func() { w.CloseWithError(context.Cause(ctx)) })
	return r, nil
}

// Close closes the input.
func (in *batchInput) Close() error { return in.source.Close() }

// peek reads so many lines ahead, or as many as there are.
func (in *batchInput) peek(n int) []inputLine {
	for len(in.ahead) < n {
		l, ok := in.scan()
		if !ok {
			break
		}
		in.ahead = append(in.ahead, l)
	}
	return in.ahead[:min(n, len(in.ahead))]
}

func (in *batchInput) next() (inputLine, bool) {
	if len(in.ahead) > 0 {
		l := in.ahead[0]
		in.ahead = in.ahead[1:]
		return l, true
	}
	return in.scan()
}

func (in *batchInput) scan() (inputLine, bool) {
	for in.err == nil {
		raw, long := in.readLine()
		if in.err != nil && (raw == "" || !errors.Is(in.err, io.EOF)) {
			break // half a line is none
		}
		in.number++
		raw = strings.TrimPrefix(raw, "\ufeff")
		if s := strings.TrimSpace(raw); s != "" && s[0] != '#' {
			return inputLine{in.number, raw, s, long}, true
		}
	}
	return inputLine{}, false
}

// readLine reads a line without its end. Of one that is too long it gives the
// start, and passes over the rest.
func (in *batchInput) readLine() (line string, long bool) {
	var before []byte
	for {
		part, err := in.reader.ReadSlice('\n')
		if full := errors.Is(err, bufio.ErrBufferFull); !full {
			in.err = err
		}
		switch {
		case long:
		case len(before)+len(part) > maxLine:
			line, long = startOf(append(before, part...)), true
			before = nil
		case err == nil && before == nil: // nearly all
			line = string(part)
		default:
			before = append(before, part...)
		}
		if in.err != nil || err == nil {
			if before != nil {
				line = string(before)
			}
			return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), long
		}
	}
}

// startOf cuts a line, but no number in two: half of a personal one would not be
// known for one.
func startOf(line []byte) string {
	s := strings.ToValidUTF8(string(line[:startOfLine]), "")
	return strings.TrimRight(s, "0123456789") + "…"
}

// items gives the lines that are work and that are not done yet.
func (in *batchInput) items(done batch.Done) iter.Seq2[batch.Item, error] {
	return func(yield func(batch.Item, error) bool) {
		found := 0
		for l, more := in.next(); more; l, more = in.next() {
			switch {
			case !done.Has(l.number):
				item := batch.Item{Line: l.number, Text: l.text}
				if l.long {
					item.Err = errLongLine
				}
				if !yield(item, nil) {
					return
				}
			case done.Said(l.number, l.text, mask.Free(l.text), report.CSVCell(mask.Free(l.text))):
				found++
			default:
				yield(batch.Item{}, usage("--resume：输入的第 %d 行与 --output 文件里的结果不是同一行；请换一个 --output，或不用 --resume 从头开始",
					"--resume: line %d of the input is not the one that the --output file has a result of; name another --output, or begin anew without --resume", l.number))
				return
			}
		}
		switch err := in.err; {
		case err != nil && !errors.Is(err, io.EOF):
			yield(batch.Item{}, text.Errorf("读取输入：%w", "reading the input: %w", reason(err)))
		case found < done.Count:
			yield(batch.Item{}, usage("--resume：--output 文件里有输入中没有的行；请换一个 --output，或不用 --resume 从头开始",
				"--resume: the --output file has results of lines that the input has not; name another --output, or begin anew without --resume"))
		}
	}
}

// columns reads the first line if it names the columns of a CSV file, which are
// the paths of facts; nil is a list without columns. What cannot be right in any
// line is told here once, before anything is asked or written: a column that
// nobody knows, or a filing file in the place of a list. A list of names is
// never refused. The rulebook is asked for only where there are columns.
func (in *batchInput) columns(rules func() (*rulebook.Rulebook, error)) ([]string, error) {
	head := in.peek(1)
	if len(head) == 0 {
		return nil, nil
	}
	if err := in.refuseFiling(); err != nil {
		return nil, err
	}
	first := head[0]
	reader := csv.NewReader(strings.NewReader(first.raw))
	names, err := reader.Read()
	if err != nil || len(names) < 2 || first.text[0] == '{' {
		return nil, nil
	}
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
	}
	header := slices.ContainsFunc(names, func(name string) bool {
		_, ok := filing.FieldOf(columnPath(name))
		return ok
	})
	if !header && in.onlyList(first.text, names) {
		return nil, nil
	}
	book, err := rules()
	if err != nil {
		return nil, err
	}
	if !header && !in.likeHeader(names, book) {
		return nil, nil
	}
	var problems yamlfile.Problems
	paths := make([]string, len(names))
	for i, name := range names {
		_, at := reader.FieldPos(i)
		place := yamlfile.Position{File: in.path, Line: first.number, Column: utf8.RuneCountInString(first.raw[:at-1]) + 1}
		said, err := column(name, book)
		if err == nil && said != "" && slices.Contains(paths, said) {
			err = text.Errorf("列 %q 第二次出现", "column %q stands here a second time", said)
		}
		if err != nil {
			problems = append(problems, yamlfile.Problem{Position: place, Excerpt: first.raw, Message: err.Error(), Zh: text.ErrorIn(err, text.Zh)})
			continue
		}
		paths[i] = said
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	_, _ = in.next()
	return paths, nil
}

// columnPath is the path that a column may be called by a shorter name.
func columnPath(name string) string {
	switch name {
	case "name", "domain":
		return "domain.name"
	}
	return name
}

// column is the path that the name of a column stands for. A column without a
// name is there to stay empty, as tables of spreadsheets have them at the end.
func column(name string, book *rulebook.Rulebook) (string, error) {
	path := columnPath(name)
	if path == "domain.name" || path == "" {
		return path, nil
	}
	field, _, err := filing.ParsePath(path, book)
	switch {
	case err == nil:
		return path, nil
	case field.Path != "":
		return "", text.Errorf("列 %q 由域名得出；请把列命名为 domain.name", "column %q is read off the name; call the column domain.name", name)
	}
	suggestion := text.Text{Zh: "；列名是事实的路径，如 domain.name、province", En: "; columns are paths of facts such as domain.name or province"}
	if n := nearestColumn(name, book); n != "" {
		suggestion = yamlfile.Meant(n)
	}
	return "", text.Errorf("没有列 %q%s", "unknown column %q%s", mask.Free(text.Clean(name)), suggestion)
}

// nearestColumn is the path that the name of a column was probably meant to be,
// or "": one that is spelt alike, or what people call the fact.
func nearestColumn(name string, book *rulebook.Rulebook) string {
	key := text.Fold(name)
	for _, f := range filing.Fields() {
		if label := book.FactLabel(f.Path); key != "" && (text.Fold(label.Zh) == key || text.Fold(label.En) == key) {
			return f.Path
		}
	}
	if yamlfile.Nearest(name, []string{"domain"}) != "" {
		return "domain.name"
	}
	return filing.NearestPath(name)
}

// onlyList tells that a line of which no cell is a column is no header for sure:
// it may stand in a list, or names something itself.
func (in *batchInput) onlyList(line string, cells []string) bool {
	return entry(line) || slices.ContainsFunc(cells, entry)
}

// likeHeader tells whether cells that are no columns were meant as such: with rows
// of as many cells below, and at least one of them resembles a column where the
// rows do not tell.
func (in *batchInput) likeHeader(cells []string, book *rulebook.Rulebook) bool {
	near := slices.ContainsFunc(cells, func(c string) bool { return nearestColumn(c, book) != "" })
	lines := in.peek(2)
	if len(lines) < 2 {
		return near
	}
	row, err := csv.NewReader(strings.NewReader(lines[1].raw)).Read()
	return err == nil && len(row) == len(cells) && (near || !entry(lines[1].text))
}

// entry tells whether a text can be a line of a list: a name, a URL, the path of
// a filing file or a filing in JSON.
func entry(s string) bool {
	if s == "" {
		return false
	}
	_, err := dnsName(s)
	return err == nil || isFilingPath(s) || s[0] == '{' && len(s) > 1
}

// refuseFiling tells whoever gives a filing file as the list what to do. A file
// counts as one where its first line is a key that such files have, or opens a
// filing in JSON, and where what follows could not stand in a list.
func (in *batchInput) refuseFiling() error {
	lines := in.peek(1)
	at := 0
	if lines[0].text == "---" {
		if lines = in.peek(2); len(lines) < 2 {
			return nil
		}
		at = 1
	}
	first := lines[at].raw
	key, rest, found := strings.Cut(first, ":")
	switch {
	case found && (rest == "" || rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r') && filing.TopKey(strings.Trim(key, `"'`)):
	case strings.HasPrefix(first, "{") && !strings.Contains(first, "}"): // goes on on the next line
	default:
		return nil
	}
	if lines = in.peek(at + 2); len(lines) == at+2 && entry(lines[at+1].text) {
		return nil
	}
	return usage("%s：这是一份备案文件，不是列表；请用：icpcheck check %[1]s", "%s: is a filing file, not a list of them; check it with: icpcheck check %[1]s", in.path)
}
