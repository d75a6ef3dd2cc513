package batch

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// head is the beginning of a line of output, which tells what a later run has
// to know without reading the rest.
type head struct {
	line    int
	input   string
	verdict verdict.Overall
	form    Form
	book    string // digest of the rulebook, empty where none is named
	options string // see madeWith
}

// Form is the kind of lines that an output consists of.
type Form string

// The forms.
const (
	NDJSON Form = "ndjson"
	CSV    Form = "csv"
	DNS    Form = "dns" // NDJSON about addresses alone
)

// headOf reads a line of NDJSON up to its verdict, or a line of CSV. The line
// of column names of a CSV has the number 0.
func headOf(raw []byte) (head, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' {
		return csvHead(raw)
	}
	h := head{form: NDJSON}
	status := ""
	var rules book
	var options json.RawMessage
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return h, errNoOutcome
	}
	for h.verdict == "" && d.More() {
		key, err := d.Token()
		if err != nil {
			return h, errNoOutcome
		}
		var skipped json.RawMessage
		into := any(&skipped)
		switch key {
		case "line":
			into = &h.line
		case "input":
			into = &h.input
		case "verdict":
			into = &h.verdict
		case "status":
			into = &status
		case "rulebook":
			into = &rules
		case "options":
			into = &options
		}
		if err := d.Decode(into); err != nil {
			return h, errNoOutcome
		}
		// A line of the DNS alone judges nothing.
		switch status {
		case "":
			continue
		case string(verdict.Unknown):
			h.verdict = verdict.Unknown
		default:
			h.verdict = verdict.Ready
		}
		h.form = DNS
	}
	h.book, h.options = rules.Digest, madeWith(rules, options)
	if h.line < 1 || h.verdict == "" {
		return h, errNoOutcome
	}
	return h, nil
}

// csvColumns are the first columns of a batch's CSV.
var csvColumns = [3]string{"line", "verdict", "input"}

func csvHead(raw []byte) (head, error) {
	cells, err := csv.NewReader(bytes.NewReader(raw)).Read()
	if err != nil || len(cells) < len(csvColumns) {
		return head{}, errNoOutcome
	}
	if [3]string(cells[:3]) == csvColumns {
		return head{form: CSV}, nil
	}
	n, err := strconv.Atoi(cells[0])
	if err != nil || n < 1 {
		return head{}, errNoOutcome
	}
	return head{line: n, verdict: verdict.Overall(cells[1]), input: cells[2], form: CSV}, nil
}

// eachLine goes through the whole lines of a file, newline included, with the
// offset of each.
func eachLine(path string, file io.Reader, each func(raw []byte, offset int64) error) error {
	reader := bufio.NewReaderSize(file, 1<<16)
	var offset int64
	for n := 1; ; n++ {
		raw, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // what is left has no newline: half a line
		}
		if err == nil {
			err = each(raw, offset)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
		offset += int64(len(raw))
	}
}

// EachOutcome goes through an output in NDJSON.
func EachOutcome(path string, each func(Outcome) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	err = eachLine(path, file, func(raw []byte, _ int64) error {
		o, err := ParseOutcome(raw)
		if err != nil {
			return err
		}
		return each(o)
	})
	return errors.Join(err, file.Close())
}

// Former is the output of an earlier run, of which single lines are taken over.
type Former struct {
	// Books are the digests of the rulebooks that made the lines kept, each once.
	Books []string
	// Options are the options that the lines kept were made with, each set once.
	Options []string

	file  *os.File
	lines map[int]span // by the number of the input line
}

type span struct {
	offset int64
	length int
}

// addKnown adds a text, if there is one.
func addKnown(texts []string, s string) []string {
	if s == "" {
		return texts
	}
	return add(texts, s)
}

// NoOptions are the options of a line that was made without any, and names none.
const NoOptions = "{}"

// madeWith gives the options that a line of output was made with, as JSON. It is
// empty for a line that no rules were applied to, which depends on none.
func madeWith(rules book, options json.RawMessage) string {
	switch {
	case rules.Digest == "":
		return ""
	case options == nil:
		return NoOptions
	}
	return string(options)
}

// OpenFormer reads an output in NDJSON and keeps the lines that keep wants.
func OpenFormer(path string, keep func(Outcome) bool) (*Former, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f := &Former{file: file, lines: map[int]span{}}
	err = eachLine(path, file, func(raw []byte, offset int64) error {
		o, err := ParseOutcome(raw)
		if err == nil && keep(o) {
			f.lines[o.Line] = span{offset, len(raw) - 1}
			f.Books = addKnown(f.Books, o.Rulebook)
			f.Options = addKnown(f.Options, o.Options)
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return f, nil
}

// Line returns what the earlier run wrote for a line of the input, without the
// newline. It reports false where that line is not kept, or was about another
// input.
func (f *Former) Line(n int, input string) ([]byte, bool) {
	at, ok := f.lines[n]
	if !ok {
		return nil, false
	}
	raw := make([]byte, at.length)
	if _, err := f.file.ReadAt(raw, at.offset); err != nil {
		return nil, false
	}
	h, err := headOf(raw)
	return raw, err == nil && h.input == input
}

// Close closes the file.
func (f *Former) Close() error { return f.file.Close() }
