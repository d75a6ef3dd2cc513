package batch

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// Done is what an earlier run left in its output file.
type Done struct {
	// Count is how many results there are.
	Count int
	// Worst is the worst verdict among them.
	Worst verdict.Overall
	// Books are the digests of the rulebooks that made them, each once.
	Books []string
	// Options are the options that they were made with, each set once.
	Options []string

	inputs []uint64 // for each line of the input a hash of what it said; 0 without a result
}

// Has reports whether there is a result for a line of the input.
func (d *Done) Has(line int) bool { return line < len(d.inputs) && d.inputs[line] != 0 }

// Said reports whether the result for a line was made of one of these texts.
func (d *Done) Said(line int, texts ...string) bool {
	return d.Has(line) && slices.ContainsFunc(texts, func(s string) bool { return d.inputs[line] == hashOf(s) })
}

func hashOf(s string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, s) // a hash takes everything
	return max(h.Sum64(), 1)
}

// maxLines is more lines than any input has; a number beyond it is damage.
const maxLines = 1 << 27

func (d *Done) add(h head) error {
	if h.line > maxLines {
		return errNoOutcome
	}
	for h.line >= len(d.inputs) {
		d.inputs = append(d.inputs, 0)
	}
	d.inputs[h.line] = hashOf(h.input)
	d.Count++
	d.Books = addKnown(d.Books, h.book)
	d.Options = addKnown(d.Options, h.options)
	d.Worst = verdict.Worst([]verdict.Overall{d.Worst, h.verdict})
	return nil
}

// Resume opens an output file to go on with it: it reads the whole lines that
// are there and cuts off what was half written when the run broke off. A file
// that does not exist is begun. One that is not of this form, or never was of a
// batch, is left as it is.
func Resume(path string, form Form) (*os.File, Done, error) {
	done := Done{Worst: verdict.Ready}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, done, err
	}
	var size int64
	err = eachLine(path, file, func(raw []byte, offset int64) error {
		h, err := headOf(raw)
		switch {
		case err != nil:
		case h.form != form:
			err = text.Errorf("里面是另一种格式（%s）的结果，不能接着写", "holds results of another form (%s), which cannot be gone on with", string(h.form))
		case h.line > 0:
			err = done.add(h)
		}
		size = offset + int64(len(raw))
		return err
	})
	if err == nil && size == 0 && !begun(file) {
		err = fmt.Errorf("%s: %w", path, errNoOutcome)
	}
	if errors.Is(err, errNoOutcome) {
		err = text.Errorf("%w，不能接着做", "%w, so it cannot be gone on with", err)
	}
	if err == nil {
		err = file.Truncate(size)
	}
	if err == nil {
		_, err = file.Seek(size, io.SeekStart)
	}
	if err != nil {
		return nil, done, errors.Join(err, file.Close())
	}
	return file, done, nil
}

// begun tells the beginning of a first line that a batch half wrote from a text
// of somebody else. A power cut may leave zeros in the place of what was written.
func begun(file *os.File) bool {
	const ndjson, columns = `{"line":`, "line,verdict,input"
	start := make([]byte, len(columns))
	n, err := file.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	s := string(start[:n])
	return n == 0 || s[0] == 0 || strings.HasPrefix(ndjson, s[:min(n, len(ndjson))]) || strings.HasPrefix(columns, s)
}
