//go:build !unix || solaris || aix

package batch

import (
	"os"
	"runtime"
)

// hold does nothing: Windows removes no file that is open.
func hold(string) (release func()) { return func() {} }

func removeFree(name string) {
	if runtime.GOOS == "windows" {
		_ = os.Remove(name)
	}
}
