package locate_test

import (
	"fmt"
	"net/netip"

	"github.com/icpcheck/icpcheck/pkg/locate"
)

func ExampleLocator_Locate() {
	var l locate.Locator // reads the table in the binary
	for _, s := range []string{"47.96.0.1", "47.52.0.1", "2001:b000:168::1", "203.0.113.7"} {
		at := l.Locate(netip.MustParseAddr(s))
		fmt.Println(s, at.Place, at.Provider, at.Confidence, at.Reason.Text().En)
	}
	// Output:
	// 47.96.0.1 mainland aliyun high country and network agree
	// 47.52.0.1 hong-kong aliyun high country and network agree
	// 2001:b000:168::1 taiwan  medium by the country of the address
	// 203.0.113.7 unknown  low not a public address
}
