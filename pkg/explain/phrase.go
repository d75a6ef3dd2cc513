package explain

import (
	"math"
	"slices"
	"strings"
	"sync"
)

// maxGap is how many tokens “…” in a wording may stand for: room for a domain
// name and a few words, but not for another thought.
const maxGap = 9

// anyFault is a part of a wording that stands for any word of faults.
const anyFault = "×"

// faults are the words by which a reviewer says that something is wrong or
// demands another, whatever it is; × in a wording stands for one of them.
var faults = sync.OnceValue(func() [][]string {
	return foldAll("不合格", "不一致", "错误", "有误", "不正确", "不准确", "不对", "错了", "选错", "填错", "写错", "无效", "不行", "不予通过", "未通过", "审核不通过", "无法通过",
		"不得", "请勿", "不可", "不允许", "不支持", "无法使用", "不能为", "不能是", "不能含", "不能包含", "不能有", "不能带", "不能用", "不能出现", "请修改", "请更换", "请更正", "请核实", "请改",
		"请重新", "重新填写", "重新上传", "重新拍", "请不要", "不要带", "建议改", "应改", "需改", "不全", "不完整", "不齐", "不清晰", "不清楚", "看不清", "模糊",
		"不够", "不接受", "不认可", "不真实", "不成功", "过不去", "过不了", "失败", "被拒", "被退回", "打回", "有问题", "存在问题")
})

func foldAll(list ...string) [][]string {
	out := make([][]string, len(list))
	for i, s := range list {
		for _, t := range tokens(fold(s)) {
			out[i] = append(out[i], t.text)
		}
	}
	slices.SortStableFunc(out, func(x, y []string) int { return len(y) - len(x) })
	return out
}

// maxSpan is how many tokens a wording whose parts stand in any order may take:
// an English sentence with its names, but not a paragraph.
const maxSpan = 24

// phrase is one wording of the table: parts that follow each other, with up to
// maxGap tokens between them, or parts in any order.
type phrase struct {
	reason  int
	wording string     // as in the table
	parts   [][]string // nil stands for any fault
	// together are the parts of a wording with &, in any order within a line; each
	// is one of several. parts is empty then.
	together [][][]string
	without  [][]string // parts with ! before them: a line that has one is not meant
	size     int        // weight of its tokens: a character 1, a word 2
	name     bool       // a name of the reason that means nothing else
	// instruction marks wordings that begin with 请: what the bureau asks for in a
	// rejection, but also in the notice of a filing that went through.
	instruction bool
	vague       bool // it has ×
}

func newPhrase(reason int, wording string) phrase {
	p := phrase{reason: reason, wording: wording, instruction: strings.HasPrefix(wording, "请")}
	if strings.Contains(wording, "&") {
		return p.inAnyOrder()
	}
	for part := range strings.SplitSeq(wording, "…") {
		if part == anyFault {
			p.parts, p.vague = append(p.parts, nil), true
			continue
		}
		var list []string
		for _, t := range words(part) {
			list = append(list, t.text)
			p.size++
			if !t.isHan() {
				p.size++
			}
		}
		if len(list) > 0 {
			p.parts = append(p.parts, list)
		}
	}
	return p
}

// inAnyOrder reads “domain & holder|owner & differs & !type”: parts between &,
// each with alternatives between |, and what must not stand beside them after !.
// What people are shown has the first of each part.
func (p phrase) inAnyOrder() phrase {
	var shown []string
	for part := range strings.SplitSeq(p.wording, "&") {
		var either [][]string
		most := 0
		part, without := strings.CutPrefix(strings.TrimSpace(part), "!")
		for n, s := range strings.Split(part, "|") {
			if n == 0 && !without {
				shown = append(shown, strings.TrimSpace(s))
			}
			var one []string
			for _, t := range words(s) {
				one = append(one, t.text)
			}
			if len(one) > 0 && !slices.ContainsFunc(either, func(e []string) bool { return slices.Equal(e, one) }) {
				either = append(either, one)
				most = max(most, len(one))
			}
		}
		switch {
		case without:
			p.without = append(p.without, either...)
		case len(either) > 0:
			slices.SortStableFunc(either, func(x, y []string) int { return len(y) - len(x) })
			p.together = append(p.together, either)
			p.size += 2 * most
		}
	}
	p.wording = strings.Join(shown, " … ")
	return p
}

// isTwoWords tells English names that may stand in any sentence: domain conflict.
func (p *phrase) isTwoWords() bool {
	return len(p.parts) == 1 && len(p.parts[0]) < 3 && isEnglish(p.parts[0][0])
}

// firsts are the tokens at which the phrase is looked for.
func (p *phrase) firsts() []string {
	if len(p.parts) > 0 {
		return []string{p.parts[0][0]}
	}
	var list []string
	if len(p.together) > 0 {
		for _, one := range p.together[0] {
			if !slices.Contains(list, one[0]) {
				list = append(list, one[0])
			}
		}
	}
	return list
}

// hit is a phrase found in a text.
type hit struct {
	phrase    *phrase
	positions []int // of the tokens matched, ascending
	about     int   // of these, how many stand before ×
	gaps      int   // tokens passed over
	denied    bool  // the text says that it is not so
}

// find looks for the phrase with its first token at position at. Parts are
// taken where they first occur; there is no going back, which bounds the work.
func (p *phrase) find(text []token, at int) (hit, bool) {
	h := hit{phrase: p}
	if len(p.together) > 0 {
		return p.findTogether(text, at)
	}
	for n, part := range p.parts {
		start := at
		if n > 0 {
			start = -1
			for i := at; i <= at+maxGap && i < len(text) && text[i].line == text[at-1].line; i++ {
				if part = partAt(text, i, p.parts[n]); part != nil && (p.parts[n] != nil || faultOf(text, at-1, i, part)) {
					start = i
					break
				}
			}
			if start < 0 || negated(text[at:start], text[start]) {
				return hit{}, false
			}
			h.gaps += start - at
			if p.parts[n] == nil {
				h.about = len(h.positions)
			}
		} else if !here(text, at, part) {
			return hit{}, false
		}
		for i := range part {
			h.positions = append(h.positions, start+i)
		}
		at = start + len(part)
	}
	return h, true
}

// findTogether looks for the parts around the first of them, at position at, each
// where it is nearest.
func (p *phrase) findTogether(text []token, at int) (hit, bool) {
	h := hit{phrase: p}
	for n, either := range p.together {
		start, size := -1, 0
		if n == 0 {
			start, size = at, oneOf(either, text, at)
		}
		for away := 1; n > 0 && size == 0 && away < maxSpan; away++ {
			for _, i := range [2]int{at + away, at - away} {
				if i < 0 || i >= len(text) || text[i].line != text[at].line || size > 0 {
					continue
				}
				if k := oneOf(either, text, i); k > 0 && !h.takes(i, k) {
					start, size = i, k
				}
			}
		}
		if size == 0 {
			return hit{}, false
		}
		for i := range size {
			h.positions = append(h.positions, start+i)
		}
	}
	slices.Sort(h.positions)
	if slices.ContainsFunc(h.positions, func(i int) bool { return h.deniedInEnglish(text, i) }) || len(p.without) > 0 && p.besideOthers(text, at) {
		return hit{}, false
	}
	span := h.positions[len(h.positions)-1] - h.positions[0] + 1
	h.gaps = span - len(h.positions)
	return h, span <= maxSpan
}

// besideOthers reports whether the line around the position has what must not
// stand in it.
func (p *phrase) besideOthers(text []token, at int) bool {
	for i := max(0, at-maxSpan); i < min(len(text), at+maxSpan); i++ {
		if text[i].line == text[at].line && oneOf(p.without, text, i) > 0 {
			return true
		}
	}
	return false
}

// oneOf gives the length of the first alternative that stands at the position, or 0.
func oneOf(either [][]string, text []token, at int) int {
	for _, one := range either {
		if here(text, at, one) && text[at+len(one)-1].line == text[at].line {
			return len(one)
		}
	}
	return 0
}

// takes reports whether the hit has one of size tokens from the position on.
func (h hit) takes(at, size int) bool {
	return slices.ContainsFunc(h.positions, func(p int) bool { return p >= at && p < at+size })
}

// deniedInEnglish reports whether a denial that is not of the hit itself stands
// right before the position, or one word before it.
func (h hit) deniedInEnglish(text []token, at int) bool {
	for i := max(0, at-2); i < at; i++ {
		if text[i].clause == text[at].clause && slices.Contains([]string{"not", "avoid"}, text[i].text) && !h.takes(i, 1) {
			return true
		}
	}
	return false
}

// partAt returns the words of the part that stand at the position, or nil.
func partAt(text []token, at int, part []string) []string {
	if part != nil {
		if here(text, at, part) {
			return part
		}
		return nil
	}
	for _, fault := range faults() {
		if here(text, at, fault) {
			return fault
		}
	}
	return nil
}

// faultOf reports whether a fault at position i is found with what ends at
// position end: it stands in the same clause, or asks for a correction at the
// start of the next (网站名称太长，请修改). 保持手机畅通，审核不通过会通知 finds no
// fault with the phone.
func faultOf(text []token, end, i int, fault []string) bool {
	if text[i].clause == text[end].clause {
		return true
	}
	first := text[i-1].clause != text[i].clause
	return first && text[i].clause == text[end].clause+1 && fault[0] == "请" && fault[1] != "勿" && fault[1] != "不"
}

// here reports whether the part stands at the position, within one sentence.
// Two characters are a word and stand in one clause: 待审 is not in 等待，审核. So
// do English words that belong together. And
// the 无 of 无法 is no word of its own.
func here(text []token, at int, part []string) bool {
	if at+len(part) > len(text) {
		return false
	}
	for i, word := range part {
		if text[at+i].text != word || text[at+i].sentence != text[at].sentence {
			return false
		}
	}
	end := at + len(part)
	if (len(part) == 2 || !text[at].isHan()) && text[at].clause != text[end-1].clause {
		return false
	}
	return part[len(part)-1] != "无" || end == len(text) || !slices.Contains(notAlone, text[end].text)
}

// notAlone make another word of a 无 before them.
var notAlone = []string{"法", "需", "须", "误"}

// negations turn the words after them around: 证件未过期 is not 证件…过期.
var negations = []string{"未", "不", "非", "无", "not"}

// negated reports whether the gap before next holds a negation in next's clause.
func negated(gap []token, next token) bool {
	return slices.ContainsFunc(gap, func(t token) bool {
		return t.clause == next.clause && slices.Contains(negations, t.text)
	})
}

// denials in front of a wording say that it is not so, or not yet. They are
// folded like the text (没有 reads 未).
var denials = []string{"不存在", "未发现", "未出现", "未见", "未", "无", "并非", "不属于", "不是", "不会", "避免", "防止", "以免", "以防", "杜绝"}

// others in front of a wording say that it is about somebody else's: 客服电话.
var others = []string{"客服", "咨询", "投诉", "热线"}

// isDenied reports whether a denial stands before the hit, in its clause, with
// at most two tokens between, or somebody else's name right before, or whether it
// is so is asked.
func (h hit) isDenied(text []token) bool {
	start := h.positions[0]
	if h.deniedInEnglish(text, start) {
		return true
	}
	if next := h.positions[len(h.positions)-1] + 1; next < len(text) && text[next].text == "吗" {
		return true // asked: 备案期间网站可以打开吗
	}
	var before strings.Builder
	const reach = 6
	for i := max(0, start-reach); i < start; i++ {
		if text[i].clause == text[start].clause {
			before.WriteString(text[i].text)
		}
	}
	s := before.String()
	if slices.ContainsFunc(others, func(o string) bool { return strings.HasSuffix(s, o) }) {
		return true
	}
	for cut := 0; ; cut++ {
		for _, d := range denials {
			if strings.HasSuffix(s, d) && (cut == 0 || len(d) > len("未")) {
				return true
			}
		}
		runes := []rune(s)
		if cut == 2 || len(runes) == 0 {
			return false
		}
		s = string(runes[:len(runes)-1])
	}
}

// score grows with the length of the wording and shrinks with the gaps. A name
// in full is as good as certain.
func (h hit) score() float64 {
	s := 0.55 + 0.43*(1-math.Exp(-float64(h.phrase.size)/5)) - 0.015*float64(h.gaps)
	if h.phrase.name {
		s = max(s, 0.95)
	}
	return max(s, 0.5)
}

// explains reports whether o means nothing of its own beside h, since its tokens
// belong to the longer h as well: 证件号码重复 in 网站负责人证件号码重复, or
// 非法定代表人 in a denied 主体负责人非法定代表人. Of a vague wording only what it is
// about counts: beside 网站名称重复 a 网站名称…请修改 says no more.
func (h hit) explains(o hit) bool {
	if h.phrase.reason == o.phrase.reason && !h.denied {
		return false
	}
	positions := o.positions
	if o.phrase.vague && !h.phrase.vague {
		positions = positions[:o.about]
	}
	if len(positions) >= len(h.positions) {
		return false
	}
	for _, p := range positions {
		if _, ok := slices.BinarySearch(h.positions, p); !ok {
			return false
		}
	}
	return true
}
