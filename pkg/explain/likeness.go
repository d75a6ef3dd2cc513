package explain

import (
	"math"
	"slices"
	"sync"

	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// A text in which no wording of the table stands may still say in other words
// what a reason is about. It is then compared with all that the table says of
// each reason: its wordings, meaning, causes and remedies. Likeness is a guess,
// so much is asked of it: the sentence has to be about a filing and read like a
// rejection, one reason has to be well ahead of all others, and its score is
// below that of any wording. The limits were set on testdata/unseen.yaml, tune.
const (
	minLikeness = 0.06
	minLead     = 1.15 // times the likeness of the next reason
	likeTop     = 0.49
)

// subjects are what filings are about.
var subjects = sync.OnceValue(func() [][]string {
	return foldAll("备案", "域名", "网站", "网页", "首页", "主体", "单位", "企业", "公司", "负责人", "法人", "证件", "执照", "身份证", "信用代码", "管局", "工信部", "接入", "核验", "实名", "注册商", "幕布", "人脸", "批文", "审批", "地址", "邮箱", "手机")
})

// refusals are what makes a sentence read like a rejection: something is
// missing, wrong or in the way, or has to be done first.
var refusals = sync.OnceValue(func() [][]string {
	return foldAll("未", "不", "无法", "无此", "没", "非", "错", "误", "失败", "退回", "驳回", "超时", "超期", "冲突", "重复", "重名", "已被", "已有", "已存在", "仍", "尚",
		"须", "应为", "应是", "应按", "应选", "请先", "请换", "请更", "请改", "请修改", "请重", "请补", "请核", "请注销", "请恢复", "请处理", "请整改", "请删除", "请撤回", "请到", "请按", "请提供", "请上传",
		"请把", "请将", "请等", "请稍后", "请待", "请转", "再提交", "再备案", "再报", "再申请", "暂停", "关闭", "吊销", "停机", "拉黑", "过期")
})

// calm words tell that a sentence asks something, or that all is well.
var calm = sync.OnceValue(func() [][]string {
	return foldAll("请问", "请教", "怎么", "怎样", "如何", "吗", "多久", "多长时间", "什么", "哪里", "哪些", "几个", "多少", "是不是", "能不能", "可不可以", "要不要", "恭喜", "成功", "已完成",
		"已通过", "已恢复", "不在黑名单", "未列入黑名单", "已提交", "已生效", "已受理", "已收到", "已开具", "已支付", "无误", "无需", "不需要", "欢迎", "感谢", "耐心等待", "客服", "优惠")
})

// strange words name what a filing can be refused for and no reason is about: the
// codes of providers. What else such a sentence says is like some reason by accident.
var strange = sync.OnceValue(func() [][]string {
	return foldAll("授权码", "服务码", "服务号", "备案密码")
})

// likenesses compares sentences with documents, one for each reason or check, by
// the cosine of their features.
type likenesses struct {
	weight map[string]float64
	rows   []map[string]float64 // of each document, of length 1
}

// features are the pairs of neighbouring tokens, and words of other scripts by
// themselves.
func features(words []token) map[string]int {
	have := map[string]int{}
	for i, w := range words {
		if !w.isHan() {
			have[w.text]++
		}
		if i > 0 && words[i-1].clause == w.clause {
			have[words[i-1].text+" "+w.text]++
		}
	}
	return have
}

// bag counts the features of a document. What stands for it in a few words counts
// more than what explains it at length.
type bag map[string]int

func (b bag) add(weight int, texts ...string) {
	for _, s := range texts {
		for f, n := range features(words(s)) {
			b[f] += weight * n
		}
	}
}

func (b bag) addBoth(weight int, texts ...text.Text) {
	for _, t := range texts {
		b.add(weight, t.Zh, t.En)
	}
}

// bagOf reads all that the table says of a reason.
func bagOf(row *rulebook.Row) bag {
	b, m := bag{}, Match{Row: row}
	b.addBoth(3, row.Name)
	b.addBoth(2, m.Meaning())
	b.addBoth(2, m.Causes()...)
	b.addBoth(1, m.Remedies()...)
	b.add(1, row.Also...)
	b.add(1, row.List("keywords")...)
	return b
}

func newLikenesses(documents []bag) *likenesses {
	seen := map[string]int{}
	for _, b := range documents {
		for f := range b {
			seen[f]++
		}
	}
	l := &likenesses{weight: map[string]float64{}, rows: make([]map[string]float64, len(documents))}
	for f, n := range seen {
		l.weight[f] = math.Log(1 + float64(len(documents))/float64(n))
	}
	for i, have := range documents {
		l.rows[i] = l.vector(have)
	}
	return l
}

// vector weighs features by how rare they are, and gives the whole length 1. A
// feature that no reason has weighs as much as the rarest: a sentence about
// something else is like none.
func (l *likenesses) vector(have map[string]int) map[string]float64 {
	rarest := math.Log(1 + float64(len(l.rows)))
	v := make(map[string]float64, len(have))
	var sum float64
	for _, f := range sorted(have) { // in one order, so that two runs add up to the same
		w, ok := l.weight[f]
		if !ok {
			w = rarest
		}
		v[f] = (1 + math.Log(float64(have[f]))) * w
		sum += v[f] * v[f]
	}
	for f := range v {
		v[f] /= math.Sqrt(sum)
	}
	return v
}

// like finds the reason that a sentence is about, or reports false.
func (l *likenesses) like(sentence []token) (reason int, score float64, ok bool) {
	const enough = 6 // tokens
	if len(sentence) < enough || !holds(sentence, subjects()) || !holds(sentence, refusals()) || holds(sentence, calm()) || holds(sentence, strange()) {
		return 0, 0, false
	}
	var first, second float64
	for i, sum := range l.cosines(sentence) {
		switch {
		case sum > first:
			reason, first, second = i, sum, first
		case sum > second:
			second = sum
		}
	}
	const sure = 0.5 // no sentence is more like a reason's whole text
	return reason, likeTop * (0.6 + 0.4*min(1, first/sure)), first >= minLikeness && first >= minLead*second
}

// cosines compares a sentence with each document.
func (l *likenesses) cosines(sentence []token) []float64 {
	have := features(sentence)
	v, order := l.vector(have), sorted(have)
	sums := make([]float64, len(l.rows))
	for i, row := range l.rows {
		for _, f := range order {
			sums[i] += v[f] * row[f]
		}
	}
	return sums
}

func sorted(have map[string]int) []string {
	list := make([]string, 0, len(have))
	for f := range have {
		list = append(list, f)
	}
	slices.Sort(list)
	return list
}

// holds reports whether one of the words stands in the sentence.
func holds(sentence []token, words [][]string) bool {
	for i := range sentence {
		if slices.ContainsFunc(words, func(w []string) bool { return here(sentence, i, w) }) {
			return true
		}
	}
	return false
}
