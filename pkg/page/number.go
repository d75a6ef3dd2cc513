package page

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
)

// Kind says what a number is.
type Kind string

// The kinds. Joke and Placeholder are no filing numbers, whatever they look like.
const (
	Subject     Kind = "subject"      // 京ICP备12345678号: the subject's own number
	Site        Kind = "site"         // 京ICP备12345678号-1: one site of the subject
	App         Kind = "app"          // …-1A
	MiniProgram Kind = "mini-program" // …-1X
	QuickApp    Kind = "quick-app"    // …-1K
	Licence     Kind = "licence"      // 京ICP证030173号, 粤B2-20090059: the licence of a commercial service
	Police      Kind = "police"       // 京公网安备11010502030143号
	Joke        Kind = "joke"         // 萌ICP备…, 茶ICP备…: registries for fun
	Placeholder Kind = "placeholder"  // 京ICP备XXXXXXXX号, or a number without its province
)

// Filing reports whether a number of this kind comes from the filing system of
// the ministry.
func (k Kind) Filing() bool {
	switch k {
	case Subject, Site, App, MiniProgram, QuickApp, Licence:
		return true
	}
	return false
}

// Number is one number on the page, each time it stands there.
type Number struct {
	// Text is the number as written, on one line.
	Text string
	// Normal is its usual form: half-width, simplified characters, no spaces.
	Normal string
	Kind   Kind
	// Province is the id of the province whose letter it begins with; empty where
	// there is none, as in licences for the whole country.
	Province string
	// Link says what the link around or beside it leads to, Href is its target,
	// made absolute where it can be read.
	Link Link
	Href string
}

// provinces gives the province of the letters in numbers. Four provinces have
// two. 蜀, 滇 and 陕 are the ones seen in footers; the others are let through.
var provinces = map[rune]string{
	'京': "beijing", '津': "tianjin", '冀': "hebei", '晋': "shanxi", '蒙': "inner-mongolia", '辽': "liaoning", '吉': "jilin",
	'黑': "heilongjiang", '沪': "shanghai", '苏': "jiangsu", '浙': "zhejiang", '皖': "anhui", '闽': "fujian", '赣': "jiangxi",
	'鲁': "shandong", '豫': "henan", '鄂': "hubei", '湘': "hunan", '粤': "guangdong", '桂': "guangxi", '琼': "hainan",
	'渝': "chongqing", '川': "sichuan", '蜀': "sichuan", '贵': "guizhou", '黔': "guizhou", '云': "yunnan", '滇': "yunnan",
	'藏': "tibet", '陕': "shaanxi", '甘': "gansu", '陇': "gansu", '青': "qinghai", '宁': "ningxia", '新': "xinjiang",
}

// regions gives the province of the first two digits of a public-security
// number (GB/T 2260), for numbers that lack the letter.
var regions = map[string]string{
	"11": "beijing", "12": "tianjin", "13": "hebei", "14": "shanxi", "15": "inner-mongolia", "21": "liaoning", "22": "jilin",
	"23": "heilongjiang", "31": "shanghai", "32": "jiangsu", "33": "zhejiang", "34": "anhui", "35": "fujian", "36": "jiangxi",
	"37": "shandong", "41": "henan", "42": "hubei", "43": "hunan", "44": "guangdong", "45": "guangxi", "46": "hainan",
	"50": "chongqing", "51": "sichuan", "52": "guizhou", "53": "yunnan", "54": "tibet", "61": "shaanxi", "62": "gansu",
	"63": "qinghai", "64": "ningxia", "65": "xinjiang",
}

// jokes begin the numbers of registries for fun.
const jokes = "萌茶"

// The shapes of numbers in text that fold has gone over. Live numbers have 8 or
// 10 digits, the founding document's examples 6; more or fewer are let through
// by a little, since no rule on it was found.
var (
	filingShape = pattern.New(`ICP([备证])案?号?:?(\d{5,12})(号?)(?:-(\d{1,3})([AXK])?)?`)
	maskedShape = pattern.New(`ICP[备证]案?号?:?(\d{0,8}[X*#?…]{2,12}\d{0,8}|0{5,12})号?`)
	// permitShape is that of licences by service: B2 is the one for information
	// services, often with others in front.
	permitShape = pattern.New(`((?:[AB][12][.·、,/]?){1,4})-?(\d{8})(号?)(?:-(\d{1,3})([AXK])?)?`)
	policeShape = pattern.New(`公网安备案?号?:?(\d{10,15})号?`)
)

// found is a number with its place: runes [start, end) of the folded text.
type found struct {
	Number
	start, end int
	digits     int // where the digits begin, which is what people link
}

// scan finds the numbers in folded text, in their order.
func scan(text []rune) []found {
	if !slices.Contains(text, 'P') && !slices.Contains(text, 'B') && !slices.Contains(text, '网') {
		return nil
	}
	s := &scanner{text: text, flat: string(text)}
	s.filings()
	s.permits()
	s.police()
	slices.SortStableFunc(s.list, func(a, b found) int { return a.start - b.start })
	return s.list
}

type scanner struct {
	text []rune
	flat string
	list []found
}

// each calls match with the places of every match, in runes.
func (s *scanner) each(shape *regexp.Regexp, match func(at func(group int) (start, end int))) {
	bytes, runes := 0, 0 // one place in both counts, moving on
	for _, m := range shape.FindAllStringSubmatchIndex(s.flat, -1) {
		places := make([]int, len(m))
		runes += utf8.RuneCountInString(s.flat[bytes:m[0]])
		bytes = m[0]
		for i, b := range m {
			if b < 0 {
				places[i] = -1
				continue
			}
			places[i] = runes + utf8.RuneCountInString(s.flat[bytes:b])
		}
		match(func(group int) (int, int) { return places[2*group], places[2*group+1] })
	}
}

func (s *scanner) get(start, end int) string {
	if start < 0 || end < start {
		return ""
	}
	return string(s.text[start:end])
}

// province reads the letter before a number.
func (s *scanner) province(start int) (id string, from int) {
	if start > 0 {
		if id := provinces[s.text[start-1]]; id != "" {
			return id, start - 1
		}
	}
	return "", start
}

func (s *scanner) digitAt(i int) bool {
	return i < len(s.text) && s.text[i] >= '0' && s.text[i] <= '9'
}

// ending reads what follows the digits: where the number ends, its suffix and
// the kind that the suffix makes it. "-2024" is a year and no suffix.
func (s *scanner) ending(at func(int) (int, int), mark, count, letter int, kind Kind) (end int, suffix string, _ Kind) {
	_, end = at(0)
	start, countEnd := at(count)
	if start < 0 {
		return end, "", kind
	}
	_, markEnd := at(mark)
	_, letterEnd := at(letter)
	if letterEnd < 0 && s.digitAt(countEnd) {
		return markEnd, "", kind
	}
	word := s.get(countEnd, letterEnd)
	if word != "" && letterEnd < len(s.text) && s.text[letterEnd] < utf8.RuneSelf && unicode.IsLetter(s.text[letterEnd]) {
		end, word = countEnd, "" // the beginning of a word, as in "-1 App"
	}
	if kind == Subject {
		kind = map[string]Kind{"": Site, "A": App, "X": MiniProgram, "K": QuickApp}[word]
	}
	return end, "-" + s.get(start, countEnd) + word, kind
}

func (s *scanner) filings() {
	s.each(filingShape(), func(at func(int) (int, int)) {
		start, _ := at(0)
		digits, digitsEnd := at(2)
		if s.digitAt(digitsEnd) {
			return
		}
		kindStart, kindEnd := at(1)
		word := s.get(kindStart, kindEnd)
		number := s.get(digits, digitsEnd)
		f := found{start: start, digits: digits}
		kind := Subject
		if word == "证" {
			kind = Licence
		}
		var suffix string
		f.end, suffix, f.Kind = s.ending(at, 3, 4, 5, kind)
		f.Normal = "ICP" + word + number + "号" + suffix
		f.Province, f.start = s.province(start)
		switch {
		case f.Province != "":
			f.Normal = s.get(f.start, start) + f.Normal
		case start > 0 && strings.ContainsRune(jokes, s.text[start-1]):
			f.start, f.Kind = start-1, Joke
			f.Normal = s.get(f.start, start) + f.Normal
		default:
			f.Kind = Placeholder // without its province it names no filing
		}
		if strings.Trim(number, "0") == "" {
			f.Kind = Placeholder
		}
		s.list = append(s.list, f)
	})
	whole, i := s.list, 0
	s.each(maskedShape(), func(at func(int) (int, int)) {
		start, end := at(0)
		for i < len(whole) && whole[i].end <= start {
			i++
		}
		if i < len(whole) && whole[i].start <= start {
			return // a whole number already
		}
		digits, _ := at(1)
		f := found{start: start, end: end, digits: digits}
		f.Kind = Placeholder
		f.Province, f.start = s.province(start)
		f.Normal = s.get(f.start, end)
		s.list = append(s.list, f)
	})
}

func (s *scanner) permits() {
	s.each(permitShape(), func(at func(int) (int, int)) {
		start, _ := at(0)
		letters, lettersEnd := at(1)
		services := strings.TrimRight(s.get(letters, lettersEnd), ".·、,/")
		digits, digitsEnd := at(2)
		if !strings.Contains(services, "B2") || s.digitAt(digitsEnd) {
			return
		}
		f := found{start: start, digits: digits}
		prefix := ""
		if f.Province, f.start = s.province(start); f.Province != "" {
			prefix = s.get(f.start, start)
		} else if start >= 2 && s.get(start-2, start) == "合字" {
			f.start, prefix = start-2, "合字"
		} else {
			// Licences for the whole country have no letter; such a number alone
			// could be an article number, so it takes a word for it or several services.
			before := s.get(max(start-30, 0), start)
			if start > 0 && (s.text[start-1] < utf8.RuneSelf && unicode.IsLetter(s.text[start-1]) || s.digitAt(start-1)) ||
				len(services) < 4 && !strings.Contains(before, "许可证") {
				return
			}
		}
		var suffix string
		f.end, suffix, f.Kind = s.ending(at, 3, 4, 5, Licence)
		f.Normal = prefix + services + "-" + s.get(digits, digitsEnd) + suffix
		s.list = append(s.list, f)
	})
}

func (s *scanner) police() {
	s.each(policeShape(), func(at func(int) (int, int)) {
		start, end := at(0)
		digits, digitsEnd := at(1)
		if s.digitAt(digitsEnd) {
			return
		}
		number := s.get(digits, digitsEnd)
		f := found{start: start, end: end, digits: digits}
		f.Kind = Police
		f.Province, f.start = s.province(start)
		f.Normal = s.get(f.start, start) + "公网安备" + number + "号"
		if f.Province == "" {
			f.Province = regions[number[:2]]
		}
		if strings.Trim(number, "0") == "" {
			f.Kind = Placeholder
		}
		s.list = append(s.list, f)
	})
}

// simplified turns the traditional characters that occur in numbers, and the
// variants of dashes, into the usual ones.
var simplified = map[rune]rune{
	'備': '备', '號': '号', '証': '证', '證': '证', '網': '网',
	'晉': '晋', '遼': '辽', '滬': '沪', '蘇': '苏', '閩': '闽', '贛': '赣', '魯': '鲁', '粵': '粤', '瓊': '琼', '貴': '贵',
	'雲': '云', '陝': '陕', '隴': '陇', '寧': '宁',
	'_': '-', '‐': '-', '‑': '-', '‒': '-', '–': '-', '—': '-', '―': '-', '−': '-', '﹣': '-',
	'：': ':', '﹕': ':', '＊': '*', '×': 'X', '•': '·', '・': '·',
}

// fold brings a character into the form that the shapes are written in; 0
// drops it.
func fold(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		if r <= ' ' {
			return 0
		}
	case r >= '！' && r <= '～': // full width
		return fold(r - '！' + '!')
	case unicode.IsSpace(r), unicode.Is(unicode.Cf, r), r == '\u3164': // zero-width, soft hyphen, direction marks
		return 0
	}
	if s, ok := simplified[r]; ok {
		return s
	}
	return r
}
