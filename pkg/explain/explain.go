package explain

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// Table is the rulebook's table of reasons.
const Table = "rejections"

// MaxInput is how much of a text is looked at, in bytes.
const MaxInput = 64 << 10

// Match is a reason found in a text.
type Match struct {
	*rulebook.Row
	// Score says how sure it is, above 0 and up to 1: 1 for the id, name or code
	// alone, 0.95 for the name within a text, less for other wordings.
	Score float64
	// Found are the table's wordings and codes that the text has, best first. They
	// are the table's own words, so they hold nothing personal.
	Found []string
}

// Guess reports that no wording of the reason stands in the text, which is only
// like what the table says of it.
func (m Match) Guess() bool { return m.Score <= likeTop }

// Meaning says what the reason means.
func (m Match) Meaning() text.Text { return m.Both("meaning") }

// Reply is a polite answer to the customer, without greeting and closing.
func (m Match) Reply() text.Text { return m.Both("reply") }

// Causes lists what usually leads to it.
func (m Match) Causes() []text.Text { return texts(m.Value("causes")) }

// Remedies lists what to do, in order.
func (m Match) Remedies() []text.Text { return texts(m.Value("remedies")) }

// texts reads a list of {zh, en}.
func texts(v any) []text.Text {
	list, _ := v.([]any)
	var out []text.Text
	for _, item := range list {
		m, _ := item.(map[string]any)
		zh, _ := m["zh"].(string)
		en, _ := m["en"].(string)
		out = append(out, text.Text{Zh: zh, En: en})
	}
	return out
}

// Matcher finds reasons in texts. It is safe for use by several goroutines.
type Matcher struct {
	rows     []*rulebook.Row
	byFirst  map[string][]*phrase // phrases by their first token
	codes    map[string]int
	exact    map[string][]int // ids and names in full, folded and without punctuation
	checks   map[string][]int // reasons by the check that finds them, the main check's first
	profiles []profile
	weight   map[string]float64
	likeness func() *likenesses // made when the first text needs it
}

// New prepares the table of reasons for matching.
func New(book *rulebook.Rulebook) *Matcher {
	m := &Matcher{byFirst: map[string][]*phrase{}, codes: map[string]int{}, exact: map[string][]int{}, checks: map[string][]int{}}
	if t := book.Table(Table); t != nil {
		m.rows = t.Rows
	}
	for i, row := range m.rows {
		names := append([]string{row.ID, row.Name.Zh, row.Name.En}, row.Also...)
		for n, wording := range slices.Concat(names, row.List("keywords"), row.List("english")) {
			p := newPhrase(i, wording)
			firsts := p.firsts()
			if len(firsts) == 0 {
				continue
			}
			if n < len(names) {
				key := compact(wording)
				if !slices.Contains(m.exact[key], i) {
					m.exact[key] = append(m.exact[key], i)
				}
				p.name = n > 0 && !p.isTwoWords()
			}
			for _, first := range firsts {
				m.byFirst[first] = append(m.byFirst[first], &p)
			}
			if profile, ok := newProfile(p); ok {
				m.profiles = append(m.profiles, profile)
			}
		}
		for _, code := range row.List("codes") {
			m.codes[code] = i
		}
	}
	for i, row := range m.rows {
		for _, id := range row.List("checks") {
			m.checks[id] = append(m.checks[id], i)
		}
	}
	for id, list := range m.checks {
		slices.SortStableFunc(list, func(x, y int) int { return cmp.Compare(m.rank(x, id), m.rank(y, id)) })
	}
	m.weight = weights(m.profiles, len(m.rows))
	m.likeness = sync.OnceValue(func() *likenesses {
		documents := make([]bag, len(m.rows))
		for i, row := range m.rows {
			documents[i] = bagOf(row)
		}
		return newLikenesses(documents)
	})
	return m
}

// rank is the place of a check among those of a reason: its main check stands first.
func (m *Matcher) rank(reason int, check string) int {
	return slices.Index(m.rows[reason].List("checks"), check)
}

// compact folds a text and keeps its tokens alone.
func compact(s string) string {
	var b strings.Builder
	for _, t := range words(s) {
		b.WriteString(t.text)
		b.WriteByte(' ')
	}
	return b.String()
}

// Find looks for reasons in a text; see [Matcher.Match].
func Find(book *rulebook.Rulebook, text string) []Match { return New(book).Match(text) }

type found struct {
	score    float64
	wording  string
	position int
}

// Match finds the reasons that a text names, best first: a ticket, a mail, the
// bureau's answer, a result code, a reason's id or name, or a check's id, which
// gives the reasons that the check finds. It looks at the first MaxInput bytes.
// No reason is an empty list.
func (m *Matcher) Match(s string) []Match {
	s = bounded(s)
	if list, ok := m.checks[strings.ToLower(strings.TrimSpace(s))]; ok {
		return m.ofCheck(list, strings.ToLower(strings.TrimSpace(s)))
	}
	words := words(unwrap(s))
	if len(words) == 0 {
		return nil
	}
	if list, ok := m.exact[compact(s)]; ok {
		var matches []Match
		for _, i := range list {
			matches = append(matches, Match{Row: m.rows[i], Score: 1, Found: []string{m.rows[i].Name.Zh}})
		}
		return matches
	}
	all := map[int][]found{}
	settled := make([]bool, len(words)) // tokens of sentences in which something was found
	for _, c := range codes(words, m.codes) {
		score := 0.93
		if c.whole {
			score = 1
		}
		all[m.codes[c.code]] = append(all[m.codes[c.code]], found{score, c.code, c.position})
		settled[c.position] = true
	}
	hits, denied := m.hits(words)
	for _, h := range hits {
		all[h.phrase.reason] = append(all[h.phrase.reason], found{h.score(), h.phrase.wording, h.positions[0]})
		for _, p := range h.positions {
			settled[p] = true
		}
	}
	m.compare(words, settled, all)
	if len(all) == 0 && !denied && !goodNews(words) {
		m.guess(words, all)
	}
	return m.rated(all)
}

// bounded cuts a text to MaxInput bytes at a character.
func bounded(s string) string {
	if len(s) <= MaxInput {
		return s
	}
	s = s[:MaxInput]
	for len(s) > 0 {
		if r, n := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || n != 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s
}

// ofCheck gives the reasons of a check: those it is the main check of come first.
func (m *Matcher) ofCheck(reasons []int, check string) []Match {
	matches := make([]Match, 0, len(reasons))
	for _, i := range reasons {
		matches = append(matches, Match{Row: m.rows[i], Score: max(0.5, 1-0.1*float64(m.rank(i, check))), Found: []string{check}})
	}
	return matches
}

// hits finds every wording, leaving out what is denied and what belongs to a
// longer wording of another reason. denied tells that the text denies some.
func (m *Matcher) hits(words []token) (kept []hit, denied bool) {
	good := goodNews(words)
	var hits []hit
	for at, t := range words {
		for _, p := range m.byFirst[t.text] {
			if p.instruction && good {
				continue
			}
			if h, ok := p.find(words, at); ok {
				h.denied = h.isDenied(words)
				denied = denied || h.denied
				hits = append(hits, h)
			}
		}
	}
	slices.SortStableFunc(hits, func(x, y hit) int { return cmp.Compare(x.positions[0], y.positions[0]) })
	// Hits are in the order of their first token, so one that holds another stands
	// near it.
	for i, h := range hits {
		within := h.denied
		for j := i - 1; j >= 0 && !within && hits[j].positions[0] > h.positions[0]-reach; j-- {
			within = hits[j].explains(h)
		}
		for j := i + 1; j < len(hits) && !within && hits[j].positions[0] == h.positions[0]; j++ {
			within = hits[j].explains(h)
		}
		if !within {
			kept = append(kept, h)
		}
	}
	return kept, denied
}

// reach is how far before its last tokens a wording may begin.
const reach = 60

// goodNews reports whether the text tells that a filing went through: its
// instructions are then duties, not demands for a correction.
func goodNews(words []token) bool {
	for i := range words {
		for _, w := range [][]string{{"恭", "喜"}, {"备", "案", "已", "通", "过"}, {"备", "案", "审", "核", "通", "过"}, {"已", "审", "核", "通", "过"}, {"审", "核", "已", "通", "过"}, {"备", "案", "成", "功"}} {
			if here(words, i, w) && (i+len(w) == len(words) || words[i+len(w)].text != "的" && words[i+len(w)].text != "后") &&
				(i == 0 || words[i-1].text != "未" && words[i-1].text != "已") {
				return true
			}
		}
	}
	return false
}

// compare looks at the sentences in which nothing was found.
func (m *Matcher) compare(words []token, settled []bool, all map[int][]found) {
	for start, sentence := range sentences(words) {
		if slices.Contains(settled[start:start+len(sentence)], true) {
			continue
		}
		texts := make([]string, len(sentence))
		for i, w := range sentence {
			texts[i] = w.text
		}
		for reason, f := range m.similar(texts) {
			f.position = start
			all[reason] = append(all[reason], f)
		}
	}
}

// guess compares the sentences of a text in which nothing at all was found
// with what the table says of each reason.
func (m *Matcher) guess(words []token, all map[int][]found) {
	for start, sentence := range sentences(words) {
		if reason, score, ok := m.likeness().like(sentence); ok {
			all[reason] = append(all[reason], found{score, m.rows[reason].Name.Zh, start})
		}
	}
}

// sentences gives the lines of a text, each with the position of its first token.
func sentences(words []token) iter.Seq2[int, []token] {
	return func(yield func(int, []token) bool) {
		for start := 0; start < len(words); {
			end := start
			for end < len(words) && words[end].line == words[start].line {
				end++
			}
			if !yield(start, words[start:end]) {
				return
			}
			start = end
		}
	}
}

// rated turns what was found into matches: the best wording counts, each
// further one adds a little.
func (m *Matcher) rated(all map[int][]found) []Match {
	type rated struct {
		Match
		reason, position int
	}
	var list []rated
	for reason, founds := range all {
		slices.SortFunc(founds, func(x, y found) int {
			return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.position, y.position), cmp.Compare(x.wording, y.wording))
		})
		r := rated{Match{Row: m.rows[reason], Score: founds[0].score}, reason, founds[0].position}
		const most, more = 5, 0.01
		for _, f := range founds {
			if len(r.Found) < most && !slices.Contains(r.Found, f.wording) {
				r.Found = append(r.Found, f.wording)
			}
		}
		if r.Score < 1 {
			r.Score = min(0.99, r.Score+more*float64(len(r.Found)-1))
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(x, y rated) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.position, y.position), cmp.Compare(x.reason, y.reason))
	})
	var matches []Match
	for _, r := range list {
		matches = append(matches, r.Match)
	}
	return matches
}
