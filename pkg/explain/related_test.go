package explain_test

import (
	"testing"

	"github.com/icpcheck/icpcheck/pkg/explain"
)

// TestRelated: what no reason of the table is about leads to the check that is,
// and what has nothing to do with filings leads nowhere.
func TestRelated(t *testing.T) {
	for s, want := range map[string]string{
		"服务码已用完或无效":                               "server-service-codes",
		"备案授权码不正确":                                "server-service-codes",
		"授权码无效":                                   "server-service-codes",
		"负责人年龄未满18周岁不能备案":                         "lead-age",
		"域名处于 serverHold 状态":                      "domain-status",
		"党政机关网站必须使用 gov.cn 域名":                    "government-suffix",
		"服务器不在中国内地":                               "server-mainland",
		"购买的是按量付费实例":                              "server-terms",
		"阿里云账号不能是国际站账号":                           "account-channel",
		"The domain expires in less than 90 days": "domain-validity",
	} {
		related := explain.Related(book(), s)
		if len(related) == 0 || related[0].ID != want {
			t.Errorf("%s: got %d checks, want %s first", s, len(related), want)
		}
	}
	for _, s := range []string{"", "！？", "今天天气不错", "您的订单已发货", "请问怎么登录控制台", "恭喜，您的备案已审核通过", "Thank you for your order"} {
		if related := explain.Related(book(), s); len(related) > 0 {
			t.Errorf("%s: got %s", s, related[0].ID)
		}
	}
	if n := len(explain.Related(book(), "域名持有者与主办单位不一致，域名实名认证未完成，域名剩余有效期不足")); n == 0 || n > 3 {
		t.Errorf("a text about several checks has %d", n)
	}
}
