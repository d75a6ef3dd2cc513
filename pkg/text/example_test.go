package text_test

import (
	"fmt"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// Chinese characters take two columns, so columns are padded by width, and
// lines are broken between characters.
func Example() {
	for _, title := range []text.Text{{Zh: "域名", En: "domain"}, {Zh: "有效期", En: "validity"}} {
		fmt.Printf("%s|%s|\n", text.Pad(title.In(text.Zh), 8), text.Pad(title.In(text.En), 8))
	}
	for _, line := range text.Wrap("续费后再提交备案。", 10) {
		fmt.Println(line)
	}
	// Output:
	// 域名    |domain  |
	// 有效期  |validity|
	// 续费后再提
	// 交备案。
}
