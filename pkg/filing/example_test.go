package filing_test

import (
	"fmt"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/rules"
)

// The rulebook knows the words; every fact knows where it comes from.
func Example() {
	book, err := rulebook.Load(rulebook.Layer{FS: rules.FS})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := filing.Decode("filing.yaml", []byte("province: 浙\ndomains: [www.示例.中国]\n"), book)
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := filing.ParseAssignment("domains[0].real_name=已认证", book, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := f.Apply(a); err != nil {
		fmt.Println(err)
		return
	}
	scope := f.Scope(f.Domains[0])
	for _, path := range scope.Paths() {
		fmt.Println(path, "=", scope[path].Value, "from", scope[path].Origin.Source)
	}
	// Output:
	// province = zhejiang from file
	// domain.name = 示例.中国 from file
	// domain.host = www.示例.中国 from file
	// domain.suffix = xn--fiqs8s from name
	// domain.real_name = verified from flag
}
