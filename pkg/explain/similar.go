package explain

import (
	"math"
	"slices"
)

// A sentence without any wording of the table is compared with each wording by
// the pairs of neighbouring tokens that both have, rare ones counting more. It
// must hold most of a wording, of some length, and all its negative characters:
// 域名已实名认证 shares all but two pairs with 域名未实名认证 and means the opposite.
const (
	minShared  = 0.72
	minPairs   = 5
	maxSpread  = 3 // a sentence may be this many times longer than the wording
	similarTop = 0.68
)

// polar characters carry a rejection; a sentence without those of the wording is not it.
var polar = []string{"未", "不", "非", "无", "错", "误", "异", "冲", "重", "过", "注", "吊", "失", "黑", "已", "须", "超"}

type profile struct {
	reason  int
	wording string
	pairs   []string
	polar   []string
}

func pairsOf(words []string) []string {
	var list []string
	for i := 0; i+1 < len(words); i++ {
		list = append(list, words[i]+" "+words[i+1])
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// newProfile reports false for a wording that is too short to be compared, has
// gaps, or finds no fault.
func newProfile(p phrase) (profile, bool) {
	f := profile{reason: p.reason, wording: p.wording}
	for _, part := range p.parts {
		f.pairs = append(f.pairs, pairsOf(part)...)
		for _, w := range part {
			if slices.Contains(polar, w) {
				f.polar = append(f.polar, w)
			}
		}
	}
	slices.Sort(f.pairs)
	f.pairs = slices.Compact(f.pairs)
	return f, len(f.pairs) >= minPairs && len(p.parts) == 1 && len(f.polar) > 0
}

// weights gives each pair its inverse document frequency over the reasons.
func weights(profiles []profile, reasons int) map[string]float64 {
	seen := map[string]map[int]bool{}
	for _, p := range profiles {
		for _, pair := range p.pairs {
			if seen[pair] == nil {
				seen[pair] = map[int]bool{}
			}
			seen[pair][p.reason] = true
		}
	}
	w := make(map[string]float64, len(seen))
	for pair, in := range seen {
		w[pair] = math.Log(1 + float64(reasons)/float64(len(in)))
	}
	return w
}

// similar compares a sentence with every wording and gives the best score of
// each reason that is near enough.
func (m *Matcher) similar(sentence []string) map[int]found {
	if len(sentence) < minPairs {
		return nil
	}
	have := pairsOf(sentence)
	best := map[int]found{}
	for _, p := range m.profiles {
		if len(have) > maxSpread*len(p.pairs)+6 {
			continue
		}
		if slices.ContainsFunc(p.polar, func(c string) bool { return !slices.Contains(sentence, c) }) {
			continue
		}
		// 不在黑名单中 has a negation that 在黑名单中 lacks.
		if slices.ContainsFunc(negations, func(n string) bool { return slices.Contains(sentence, n) && !slices.Contains(p.polar, n) }) {
			continue
		}
		var all, shared float64
		for _, pair := range p.pairs {
			w := m.weight[pair]
			all += w
			if _, ok := slices.BinarySearch(have, pair); ok {
				shared += w
			}
		}
		ratio := shared / all
		if ratio < minShared {
			continue
		}
		score := similarTop * ratio
		if f, ok := best[p.reason]; !ok || score > f.score {
			best[p.reason] = found{score: score, wording: p.wording}
		}
	}
	return best
}
