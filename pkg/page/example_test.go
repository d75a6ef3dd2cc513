package page_test

import (
	"fmt"

	"github.com/icpcheck/icpcheck/pkg/page"
)

// Reads a footer whose number is spread over elements.
func ExampleFooter() {
	found := page.Footer([]byte(`<footer>© 2026 杭州示例科技有限公司
		<a href="https://beian.miit.gov.cn/"><b>浙ＩＣＰ备</b> 2021000001 号<i>-1</i></a></footer>`), "https://www.example.com/")
	for _, n := range found.Numbers {
		fmt.Println(n.Normal, n.Kind, n.Province, n.Link)
	}
	fmt.Println(found.Copyright[0].Owner)
	// Output:
	// 浙ICP备2021000001号-1 site zhejiang miit
	// 杭州示例科技有限公司
}
