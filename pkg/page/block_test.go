package page_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/page"
)

var signatures = []page.Signature{
	{ID: "hint", Confidence: "low", Phrases: []string{"尚未进行备案"}},
	{ID: "aliyun", Confidence: "high", Statuses: []int{403}, Phrases: []string{"Non-compliance ICP Filing", "aliyun.com/beian/beian-block"}},
	{ID: "edge", Confidence: "medium", Statuses: []int{403}, Headers: []string{"Server: Beaver"}},
	{ID: "tencent", Confidence: "high", Statuses: []int{302}, Locations: []string{"dnspod.qcloud.com/static/webblock.html"}},
	{ID: "title", Confidence: "low", Titles: []string{"网站未备案提示"}},
	{ID: "tls", Confidence: "high"},
}

func TestBlock(t *testing.T) {
	beaver := http.Header{"Server": {"Beaver"}}
	for _, c := range []struct {
		name     string
		status   int
		header   http.Header
		body     string
		location string
		want     string
	}{
		{"a page about filing", 200, nil, "<h1>Non-compliance ICP Filing</h1> explained", "", ""},
		{"Alibaba", 403, beaver, "<title>Non-compliance ICP Filing</title>", "", "aliyun"},
		{"Alibaba's frame", 403, nil, `<script>src="http://www.aliyun.com/beian/beian-block?id=1"</script>`, "", "aliyun"},
		{"Alibaba without words", 403, beaver, "", "", "edge"},
		{"a 403 of the server's own", 403, http.Header{"Server": {"nginx"}}, "<title>403 Forbidden</title>", "", ""},
		{"Tencent", 302, nil, "", "https://dnspod.qcloud.com/static/webblock.html?d=example.com", "tencent"},
		{"Tencent over http", 302, nil, "", "http://dnspod.qcloud.com/static/webblock.html", "tencent"},
		{"a redirect elsewhere that names it", 302, nil, "", "https://example.com/?u=https://dnspod.qcloud.com/static/webblock.html", ""},
		{"words only", 200, nil, "本网站尚未进行备案", "", "hint"},
		{"a title", 200, nil, "<title> 网站未备案提示\n</title>", "", "title"},
		{"nothing", 200, nil, "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := page.Block(c.status, c.header, []byte(c.body), c.location, signatures)
			id := ""
			if got != nil {
				id = got.ID
			}
			if id != c.want {
				t.Errorf("got %q, want %q", id, c.want)
			}
			if got != nil && got.Decides() != (got.Confidence != "low") {
				t.Errorf("%s decides: %v", got.Confidence, got.Decides())
			}
		})
	}
}

func FuzzBlock(f *testing.F) {
	f.Add(403, "Server", "Beaver", []byte("<title>Non-compliance ICP Filing</title>"), "")
	f.Add(302, "Location", "x", []byte{}, "https://dnspod.qcloud.com/static/webblock.html?d=a")
	f.Fuzz(func(t *testing.T, status int, key, value string, body []byte, location string) {
		got := page.Block(status, http.Header{key: {value}}, body, location, signatures)
		if got != nil && got.ID == "tls" {
			t.Error("a signature without conditions matched")
		}
	})
}

// TestHostilePages gives pages that are made to be slow.
func TestHostilePages(t *testing.T) {
	const size = 512 << 10
	for name, piece := range map[string]string{
		"nesting": "<div>", "unclosed links": `<a href="https://beian.miit.gov.cn/">`, "numbers": "浙ICP备2021000001号-1 ", "formatting": "<b><i><font>",
		"tables": "<table><td>", "handlers": `<p onclick="x('https://a/')">备`, "text": "ICP备", "brackets": "<<<", "licences": "A2.B1.", "copyright": "© 2020-",
		"script": `<script>\u5907</script>`, "hidden": `<p hidden>浙ICP备`, "entities": "&#x5907;", "digits": "ICP备1111111",
	} {
		t.Run(name, func(t *testing.T) {
			got := page.Footer([]byte(strings.Repeat(piece, size/len(piece))), address)
			if len(got.Numbers) > 256 || len(got.Unseen) > 256 {
				t.Errorf("%d numbers, %d unseen", len(got.Numbers), len(got.Unseen))
			}
		})
	}
}

func BenchmarkFooter(b *testing.B) {
	data := []byte(strings.Repeat("<p>正文内容，和一些 <a href='/x'>链接</a>。</p>", 1000) + `<footer>© 2026 杭州示例科技有限公司 <a href="https://beian.miit.gov.cn/">浙ICP备2021000001号-1</a></footer>`)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		page.Footer(data, address)
	}
}
