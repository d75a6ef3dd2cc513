package explain_test

import (
	"fmt"

	"github.com/icpcheck/icpcheck/pkg/explain"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/rules"
)

func Example() {
	book, err := rulebook.Load(rulebook.Layer{FS: rules.FS})
	if err != nil {
		panic(err)
	}
	for _, m := range explain.Find(book, "管局退回：域名还没有实名认证；網站名稱不符合要求。") {
		fmt.Println(m.ID, m.Name.Zh)
	}
	fmt.Println(len(explain.Find(book, "恭喜，备案已通过，请在网站底部添加备案号。")))
	// Output:
	// site-name-unacceptable 网站名称不合格
	// domain-not-verified 域名未实名认证
	// 0
}
