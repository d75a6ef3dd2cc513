package explain

import (
	"slices"
	"strings"
	"unicode"
)

// codeWords stand before a result code of the ministry.
var codeWords = []string{"代码", "错误码", "结果码", "返回码", "状态码", "错误号", "原因", "返回", "报错", "结果", "提示", "code", "errcode", "errorcode", "resultcode", "error", "err", "status", "result"}

// otherCodes are codes of other things that end in a code word.
var otherCodes = []string{"发票代码", "邮政代码", "股票代码", "信用代码", "机构代码", "国家代码", "省市县代码", "源代码", "查询结果"}

// units after a number say that it counts something or is part of a date or address.
var units = []string{"年", "月", "日", "号", "元", "块", "人", "个", "次", "条", "行", "天", "台", "家", "分", "秒", "米", "楼", "室", "路", "km", "mb", "gb", "kb", "px", "usd", "cny", "rmb", "lines"}

// codeHit is a result code found in a text.
type codeHit struct {
	code     string
	position int
	whole    bool // the text is nothing else
}

// codes finds result codes: numbers that stand alone, after a word such as
// 错误码, or in front of a sentence (“1003 网站主办者冲突”). A year, a price or a
// part of a telephone number is none.
func codes(text []token, known map[string]int) []codeHit {
	var hits []codeHit
	whole := len(text) > 0 && !slices.ContainsFunc(text, func(t token) bool { _, ok := known[t.text]; return !ok })
	for i, t := range text {
		if _, ok := known[t.text]; !ok {
			continue
		}
		if whole {
			hits = append(hits, codeHit{t.text, i, true})
			continue
		}
		if i+1 < len(text) && slices.Contains(units, text[i+1].raw) {
			continue
		}
		first := i == 0 || text[i-1].line != t.line
		leads := first && i+1 < len(text) && text[i+1].line == t.line && text[i+1].isHan()
		if leads || afterCodeWord(text, i) {
			hits = append(hits, codeHit{t.text, i, false})
		}
	}
	return hits
}

// afterCodeWord looks for a code word in the few tokens before the number.
func afterCodeWord(text []token, at int) bool {
	var before strings.Builder
	const reach = 6
	for i := max(0, at-reach); i < at; i++ {
		if text[i].line == text[at].line {
			before.WriteString(text[i].raw)
			if !text[i].isHan() {
				before.WriteByte(' ')
			}
		}
	}
	s := strings.TrimSpace(before.String())
	for _, filler := range []string{"为", "是", "is"} {
		s = strings.TrimSpace(strings.TrimSuffix(s, filler))
	}
	if slices.ContainsFunc(otherCodes, func(w string) bool { return strings.HasSuffix(s, w) }) {
		return false
	}
	for _, w := range codeWords {
		if rest, ok := strings.CutSuffix(s, w); ok {
			last := []rune(rest)
			return w[0] >= 0x80 || len(last) == 0 || !unicode.IsLetter(last[len(last)-1]) || unicode.Is(unicode.Han, last[len(last)-1])
		}
	}
	return false
}
