package domainname_test

import (
	"fmt"

	"github.com/icpcheck/icpcheck/pkg/domainname"
)

func Example() {
	name, err := domainname.Parse("WWW。示例。公司.CN")
	fmt.Println(name.Unicode, name.Apex, name.Suffix, err)
	_, err = domainname.Parse("https://www.example.com/about")
	fmt.Println(err)
	// Output:
	// www.示例.公司.cn xn--fsq092h.xn--55qx5d.cn xn--55qx5d.cn <nil>
	// "https://www.example.com/about" is a URL, give only the host name: www.example.com
}
