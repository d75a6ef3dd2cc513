package yamlfile_test

import (
	"errors"
	"fmt"

	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// Every mistake is found, and each says where it is.
func Example() {
	_, err := yamlfile.Parse("filing.yaml", []byte("省份: 浙江\n省份: 北京\nsite: &a {}\n"))
	var problems yamlfile.Problems
	if !errors.As(err, &problems) {
		return
	}
	for _, p := range problems {
		fmt.Println(p.Error())
		fmt.Println(p.Detail())
	}
	// Output:
	// filing.yaml:2:1: key "省份" stands here a second time, first on line 1
	//     省份: 北京
	//     ^
	// filing.yaml:3:7: anchors and aliases (&, *) are not accepted: write the value out
	//     site: &a {}
	//           ^
}
