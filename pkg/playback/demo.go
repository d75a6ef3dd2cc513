package playback

import (
	"embed"
	"io/fs"
)

//go:embed demo
var demo embed.FS

// Demo returns the recording behind `icpcheck demo`. It is made up in the
// layout of the registries and meant for the date 2026-11-24:
//
//   - example.com (RDAP, WHOIS, DNS): expires on 2027-02-20, in 88 days
//   - 我的网站.中国, that is xn--wnu286bc9czuf.xn--fiqs8s (WHOIS, DNS): expires on
//     2027-05-06, in 163 days, held by a company
//   - example.cn (WHOIS only): stopped by the registry with serverHold
func Demo() fs.FS {
	sub, err := fs.Sub(demo, "demo")
	if err != nil {
		panic(err) // only for an invalid path, and this one is constant
	}
	return sub
}
