package batch

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Done is what an earlier run left in its output file.
type Done struct {
	// Count is how many whole lines there are.
	Count int
	// Lines are the input lines they are about, by the key "line".
	Lines map[int]bool
}

// Resume opens an output file to go on with it: it reads the whole lines that
// are there and cuts off what was half written when the run broke off. A file
// that does not exist is begun.
func Resume(path string) (*os.File, Done, error) {
	done := Done{Lines: map[int]bool{}}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, done, err
	}
	var size int64
	reader := bufio.NewReaderSize(file, 1<<16)
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break // what is left has no newline: half a line
		}
		if err != nil {
			return nil, done, errors.Join(err, file.Close())
		}
		var head struct {
			Line int `json:"line"`
		}
		if json.Unmarshal(bytes.TrimSpace(line), &head) != nil || head.Line == 0 {
			return nil, done, errors.Join(fmt.Errorf("%s: line %d is not the output of a batch, so it cannot be resumed", path, done.Count+1), file.Close())
		}
		done.Count++
		done.Lines[head.Line] = true
		size += int64(len(line))
	}
	if err := file.Truncate(size); err != nil {
		return nil, done, errors.Join(err, file.Close())
	}
	if _, err := file.Seek(size, io.SeekStart); err != nil {
		return nil, done, errors.Join(err, file.Close())
	}
	return file, done, nil
}
