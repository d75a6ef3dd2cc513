package page

import (
	"slices"
	"strings"
	"unicode"

	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
)

// Copyright is a line that claims the rights to the page.
type Copyright struct {
	Line string // as written, on one line
	// Owner is whom it names; empty where it names nobody. Names is everything in
	// the line that may be a name, since a line can give a site's name, a unit's
	// and its English one.
	Owner string
	Names []string
}

var (
	claims = pattern.New(`(?i)©|\(c\)|（c）|copyright|版权所有|版權所有|著作权|all rights reserved|保留所有权利|保留一切权利`)
	// words of a copyright line that name nobody.
	empty = pattern.New(`(?i)©|[(（]c[)）]|copyrights?|版权(?:信息)?(?:所有|归属|©)?|版權所有|著作权(?:所有|归)?|all\s+rights?\s+reserved\.?|保留(?:所有|一切)(?:权利|版权)|` +
		`(?:19|20)\d\d\s*年?(?:\s*[-–—~～/至到]\s*(?:(?:19|20)\d\d年?|now|present|至今|今))?|至今|\bby\b`)
	// tails begin what no longer belongs to the owner's name.
	tails = pattern.New(`(?i)(?:powered by|网络视听|信息网络传播|互联网新闻|网站标识码|值班|design(?:ed)? by|技术支持|网站建设|建站|主题|theme|地址|电话|邮箱|邮编|客服|联系|传真|tel\b|e-?mail|icp|ICP备案|备案号|备案|许可证|经营许可|公网安备|增值电信).*$`)
	// breaks part the names in a line.
	breaks = pattern.New(`[|｜·•;；，。\n\t]|\s{2,}|\s[-–—]\s`)
	units  = pattern.New(`公司|集团|中心|学校|大学|学院|医院|协会|学会|委员会|研究院|研究所|事务所|工作室|基金会|政府|局|厅|部$|店$|厂$|社$`)
)

// longest is the longest line taken for a copyright line, in characters.
const longest = 400

// copyright finds the copyright lines and whom they name. The numbers in them
// are not part of a name.
func (r *reader) copyright(numbers []found) []Copyright {
	masked := slices.Clone(r.raw)
	for _, n := range numbers {
		for i := r.at[n.start]; i <= r.at[n.end-1] && int(i) < len(masked); i++ {
			if masked[i] != '\n' {
				masked[i] = '\t'
			}
		}
	}
	lines, shown := strings.Split(string(masked), "\n"), strings.Split(string(r.raw), "\n")
	var list []Copyright
	for i, line := range lines {
		if !claims().MatchString(line) || len([]rune(line)) > longest || len(list) == most {
			continue
		}
		c := Copyright{Line: strings.TrimSpace(strings.Join(strings.Fields(shown[i]), " "))}
		c.Owner, c.Names = owners(line)
		if c.Owner == "" && i+1 < len(lines) && len([]rune(lines[i+1])) <= 60 && !claims().MatchString(lines[i+1]) {
			// The name often stands in the next block.
			if next, names := owners(lines[i+1]); units().MatchString(next) {
				c.Owner, c.Names = next, names
			}
		}
		if !slices.ContainsFunc(list, func(have Copyright) bool { return have.Line == c.Line && have.Owner == c.Owner }) {
			list = append(list, c)
		}
	}
	return list
}

// owners picks the names out of a copyright line, and the one that most looks
// like the owner's.
func owners(line string) (owner string, names []string) {
	line = empty().ReplaceAllString(line, "\t")
	for _, part := range breaks().Split(line, -1) {
		part = tails().ReplaceAllString(part, "")
		for _, name := range apart(part) {
			name = strings.TrimFunc(name, func(c rune) bool {
				return unicode.IsSpace(c) || strings.ContainsRune("-–—:：,，.。、/\\|*_~&@\"'“”‘’《》<>【】[]", c)
			})
			name = strings.TrimPrefix(strings.TrimPrefix(name, "主办单位："), "主办：")
			if strings.ContainsFunc(name, unicode.IsLetter) && len([]rune(name)) >= 2 && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for _, name := range names {
		if units().MatchString(name) {
			return name, names
		}
	}
	if len(names) > 0 {
		owner = names[0]
	}
	return owner, names
}

// apart splits at spaces beside Chinese words, which a name does not have;
// English names do.
func apart(s string) []string {
	var parts []string
	runes := []rune(s)
	start := 0
	han := func(c rune) bool { return unicode.Is(unicode.Han, c) }
	for i := 1; i+1 < len(runes); i++ {
		if runes[i] == ' ' && (han(runes[i-1]) || han(runes[i+1])) {
			parts = append(parts, string(runes[start:i]))
			start = i + 1
		}
	}
	return append(parts, string(runes[start:]))
}
