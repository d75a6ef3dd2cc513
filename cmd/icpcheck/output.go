package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// mostLinks is how many symbolic links may follow on each other, as in Linux.
const mostLinks = 40

// followLinks finds the file that a path names: what symbolic links in its last
// part lead to, which need not be there yet. Renaming a file to the path itself
// would put it in the place of the link.
func followLinks(path string) (string, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return path, nil // the pipe behind /dev/stdout has no path of its own
	}
	at := path
	for range mostLinks {
		target, err := os.Readlink(at)
		if err != nil {
			return at, nil // no link; what else is wrong is told by whoever opens it
		}
		if !filepath.IsAbs(target) {
			// Not joined: dir/../x and x differ where dir is a link itself.
			target = filepath.Dir(at) + string(filepath.Separator) + target
		}
		at = target
	}
	return path, syscall.ELOOP
}

// streams are the open files that paths have named, kept for as long as the
// process runs: to collect one would close it.
var streams = struct {
	sync.Mutex
	files map[int]*os.File
}{files: map[int]*os.File{0: nil, 1: os.Stdout, 2: os.Stderr}}

// streamOf gives the open file that a path such as /dev/stdout names, or nil. The
// file behind it may have a path of its own too, but what the shell meant by >>
// is known to the open one alone.
func streamOf(path string) *os.File {
	for range mostLinks {
		path = filepath.Clean(path)
		switch folder, name := filepath.Split(path); folder {
		case "/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/":
			number, err := strconv.Atoi(name)
			if err != nil || number < 0 {
				return nil
			}
			streams.Lock()
			defer streams.Unlock()
			file, known := streams.files[number]
			if !known {
				file = os.NewFile(uintptr(number), path)
				streams.files[number] = file
			}
			return file
		}
		target, err := os.Readlink(path)
		if err != nil {
			return nil
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return nil
}

// place tells outputs apart by the file they go to; "" is standard output.
func place(path string) string {
	if path == "" {
		return ""
	}
	file, err := followLinks(path)
	if err != nil {
		return path
	}
	// The folder may be reached in several ways.
	if folder, err := filepath.EvalSymlinks(filepath.Dir(file)); err == nil {
		return filepath.Join(folder, filepath.Base(file))
	}
	return filepath.Clean(file)
}

// spare refuses an output that is one of the files a run reads: the report
// would be written over the filing that someone typed.
func (o *options) spare(inputs ...string) error {
	for _, out := range o.Output {
		for _, in := range inputs {
			if out != "" && out != "-" && in != "" && in != "-" && sameFile(out, in) {
				return usage("--output %s 就是输入的文件，写进去会覆盖它：请另用一个文件名", "--output %s is the file that is read, and would be written over: name another file", out)
			}
		}
	}
	return nil
}

// sameFile reports whether two paths are one file, by whatever links, or would be.
// A terminal or /dev/null loses nothing by what is written to it.
func sameFile(a, b string) bool {
	if info, err := os.Stat(b); err == nil && !info.Mode().IsRegular() {
		return false
	}
	if place(a) == place(b) {
		return true
	}
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && x.Mode().IsRegular() && os.SameFile(x, y)
}

// writable tries whether writeFile can write a file, and leaves no trace.
func writable(path string) error {
	if streamOf(path) != nil {
		return nil
	}
	path, err := followLinks(path)
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil {
		if !info.Mode().IsRegular() && !info.IsDir() {
			return nil // opening a pipe and closing it would end it for its reader
		}
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	return errors.Join(temporary.Close(), os.Remove(temporary.Name()))
}

// writeFile writes a file whole or not at all, with the permissions of mode, or
// with fewer where the file it replaces has fewer. A file that may not be written is left alone.
// A link is followed, and what is no plain file (a pipe, a device) is written
// to directly: renaming over it would destroy it. So is an open file of ours.
func writeFile(path string, mode os.FileMode, write func(io.Writer) error) (err error) {
	if stream := streamOf(path); stream != nil {
		if err := write(stream); err != nil {
			return fmt.Errorf("--output %s: %w", path, reason(err))
		}
		return nil
	}
	path, err = followLinks(path)
	if err != nil {
		return fmt.Errorf("--output %s: %w", path, reason(err))
	}
	if info, err := os.Stat(path); err == nil {
		plain := info.Mode().IsRegular()
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			if !plain {
				err = write(file)
			}
			err = errors.Join(err, file.Close())
		}
		if err != nil {
			return fmt.Errorf("--output %s: %w", path, reason(err))
		}
		if !plain {
			return nil
		}
		mode &= info.Mode().Perm()
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("--output %s: %w", path, reason(err))
	}
	defer func() {
		if err != nil {
			_ = temporary.Close()
			_ = os.Remove(temporary.Name())
			err = fmt.Errorf("--output %s: %w", path, reason(err))
		}
	}()
	if err := write(temporary); err != nil {
		return err
	}
	if err := temporary.Chmod(mode); err != nil {
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
