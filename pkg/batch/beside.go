package batch

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// besideMark is in the names of files that Beside makes.
const besideMark = ".icpcheck-retry-"

// Beside makes a file in the folder of an output, to replace it in the end, and
// removes those that killed runs have left there. release tells that the file is
// in use no longer; until then no other run takes it for left over.
func Beside(path string) (file *os.File, release func(), err error) {
	prefix := "." + filepath.Base(path) + besideMark
	removeLeftovers(filepath.Dir(path), prefix)
	const tries = 10 // another run may find a file before it is locked
	for range tries {
		if file, err = os.CreateTemp(filepath.Dir(path), prefix+"*"); err != nil {
			return nil, nil, err
		}
		release = hold(file.Name())
		made, err := file.Stat()
		if err != nil {
			release()
			return nil, nil, errors.Join(err, file.Close(), os.Remove(file.Name()))
		}
		if named, err := os.Stat(file.Name()); err == nil && os.SameFile(made, named) {
			return file, release, nil
		}
		release()
		_ = file.Close()
	}
	return nil, nil, os.ErrNotExist
}

// removeLeftovers removes what Beside has made and no process holds. What cannot
// be removed harms nobody, so that errors are passed over.
func removeLeftovers(folder, prefix string) {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		number, ours := strings.CutPrefix(e.Name(), prefix)
		if !ours || !e.Type().IsRegular() || number == "" || strings.Trim(number, "0123456789") != "" {
			continue
		}
		name := filepath.Join(folder, e.Name())
		if file, err := os.Open(name); err == nil {
			ours = begun(file)
			_ = file.Close()
			if ours {
				removeFree(name)
			}
		}
	}
}
