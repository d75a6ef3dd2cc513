// Command icpcheck tells whether a website is ready for an ICP filing (ICP备案)
// in mainland China, before the papers are handed in.
package main

import (
	"os"
	"runtime/debug"
)

func main() {
	if os.Getenv("GOGC") == "" {
		// Most runs allocate some megabytes and end. Collecting first at 8 MB
		// rather than at 4 spares them the only collection they would make.
		debug.SetGCPercent(200)
	}
	os.Exit(run(system()))
}
