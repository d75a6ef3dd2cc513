package explain

import (
	"math"
	"slices"
	"strings"
)

// maxGap is how many tokens “…” in a wording may stand for: room for a domain
// name and a few words, but not for another thought.
const maxGap = 9

// phrase is one wording of the table: parts that follow each other, with up to
// maxGap tokens between them.
type phrase struct {
	reason  int
	wording string // as in the table
	parts   [][]string
	size    int  // weight of its tokens: a character 1, a word 2
	name    bool // the reason's name or id
	// instruction marks wordings that begin with 请: what the bureau asks for in a
	// rejection, but also in the notice of a filing that went through.
	instruction bool
}

func newPhrase(reason int, wording string) phrase {
	p := phrase{reason: reason, wording: wording, instruction: strings.HasPrefix(wording, "请")}
	for part := range strings.SplitSeq(wording, "…") {
		var words []string
		for _, t := range tokens(fold(part)) {
			words = append(words, t.text)
			p.size++
			if !t.isHan() {
				p.size++
			}
		}
		if len(words) > 0 {
			p.parts = append(p.parts, words)
		}
	}
	return p
}

// hit is a phrase found in a text.
type hit struct {
	phrase    *phrase
	positions []int // of the tokens matched, ascending
	gaps      int   // tokens passed over
	denied    bool  // the text says that it is not so
}

// find looks for the phrase with its first token at position at. Parts are
// taken where they first occur; there is no going back, which bounds the work.
func (p *phrase) find(text []token, at int) (hit, bool) {
	h := hit{phrase: p}
	for n, part := range p.parts {
		start := at
		if n > 0 {
			start = -1
			for i := at; i <= at+maxGap && i < len(text) && text[i].line == text[at-1].line; i++ {
				if here(text, i, part) {
					start = i
					break
				}
			}
			if start < 0 || negated(text[at:start], text[start]) {
				return hit{}, false
			}
			h.gaps += start - at
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

// here reports whether the part stands at the position, within one sentence.
func here(text []token, at int, part []string) bool {
	if at+len(part) > len(text) {
		return false
	}
	for i, word := range part {
		if text[at+i].text != word || text[at+i].sentence != text[at].sentence {
			return false
		}
	}
	return true
}

// negations turn the words after them around: 证件未过期 is not 证件…过期.
var negations = []string{"未", "不", "非", "无", "not", "no", "never"}

// negated reports whether the gap before next holds a negation in next's clause.
func negated(gap []token, next token) bool {
	return slices.ContainsFunc(gap, func(t token) bool {
		return t.clause == next.clause && slices.Contains(negations, t.text)
	})
}

// denials in front of a wording say that it is not so, or not yet. They are
// folded like the text (没有 reads 未).
var denials = []string{"不存在", "未发现", "未出现", "未见", "未", "无", "并非", "不属于", "不是", "不会", "避免", "防止", "以免", "以防", "杜绝", "no", "not", "without", "avoid"}

// isDenied reports whether a denial stands before the hit, in its clause, with
// at most two tokens between.
func (h hit) isDenied(text []token) bool {
	start := h.positions[0]
	var before strings.Builder
	const reach = 6
	for i := max(0, start-reach); i < start; i++ {
		if text[i].clause == text[start].clause {
			before.WriteString(text[i].text)
		}
	}
	s := before.String()
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

// explains reports whether all tokens of o belong to the longer hit h as well,
// so that o means nothing of its own: 证件号码重复 in 网站负责人证件号码重复, or
// 非法定代表人 in a denied 主体负责人非法定代表人.
func (h hit) explains(o hit) bool {
	if len(o.positions) >= len(h.positions) || h.phrase.reason == o.phrase.reason && !h.denied {
		return false
	}
	for _, p := range o.positions {
		if _, ok := slices.BinarySearch(h.positions, p); !ok {
			return false
		}
	}
	return true
}
