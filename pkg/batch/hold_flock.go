//go:build unix && !solaris && !aix

package batch

import (
	"os"
	"syscall"
)

// hold locks a file, through an opening of its own that outlasts the writing: a
// lock ends with the process, however that ends.
func hold(name string) (release func()) {
	file, err := os.Open(name)
	if err != nil {
		return func() {}
	}
	_ = syscall.Flock(int(file.Fd()), syscall.LOCK_EX) // where there are no locks, nobody gets one to remove it by
	return func() { _ = file.Close() }
}

// removeFree removes a file that no process holds.
func removeFree(name string) {
	file, err := os.Open(name)
	if err != nil {
		return
	}
	defer file.Close()
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return
	}
	locked, err := file.Stat()
	if err != nil {
		return
	}
	if named, err := os.Lstat(name); err == nil && os.SameFile(locked, named) {
		_ = os.Remove(name)
	}
}
