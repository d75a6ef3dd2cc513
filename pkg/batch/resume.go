package batch

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// Done is what an earlier run left in its output file.
type Done struct {
	// Count is how many results there are.
	Count int
	// Worst is the worst verdict among them.
	Worst verdict.Overall

	lines []uint64 // a bit for each line of the input
}

// Has reports whether there is a result for a line of the input.
func (d *Done) Has(line int) bool {
	return line/64 < len(d.lines) && d.lines[line/64]&(1<<(line%64)) != 0
}

// maxLines is more lines than any input has; a number beyond it is damage.
const maxLines = 1 << 31

func (d *Done) add(h head) error {
	if h.line > maxLines {
		return errNoOutcome
	}
	for h.line/64 >= len(d.lines) {
		d.lines = append(d.lines, 0)
	}
	d.lines[h.line/64] |= 1 << (h.line % 64)
	d.Count++
	d.Worst = verdict.Worst([]verdict.Overall{d.Worst, h.verdict})
	return nil
}

// Resume opens an output file to go on with it: it reads the whole lines that
// are there and cuts off what was half written when the run broke off. A file
// that does not exist is begun.
func Resume(path string) (*os.File, Done, error) {
	done := Done{Worst: verdict.Ready}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, done, err
	}
	var size int64
	err = eachLine(path, file, func(raw []byte, offset int64) error {
		h, err := headOf(raw)
		if err == nil && h.line > 0 {
			err = done.add(h)
		}
		size = offset + int64(len(raw))
		return err
	})
	if errors.Is(err, errNoOutcome) {
		err = fmt.Errorf("%w, so it cannot be gone on with", err)
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
