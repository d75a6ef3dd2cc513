// Command icpcheck tells whether a website is ready for an ICP filing (ICP备案)
// in mainland China, before the papers are handed in.
package main

import "os"

func main() { os.Exit(run(system())) }
