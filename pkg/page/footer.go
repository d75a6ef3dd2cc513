package page

import (
	"bytes"
	"net/url"
	"slices"

	"golang.org/x/net/html"
)

// Findings are what a page says about its filing.
type Findings struct {
	// Numbers are all that a visitor can see, in the order of the page; a number
	// that stands there twice is there twice.
	Numbers []Number
	// Unseen are those that stand in scripts, templates or hidden parts; they may
	// or may not be shown in a browser. Their Link is not looked for.
	Unseen []Number
	// Copyright are the copyright lines.
	Copyright []Copyright
	// NeedsRender tells that no filing number is to be seen, and that the page
	// seems to be put together by script, so that a browser may well show one.
	NeedsRender bool
}

// Filings are the visible numbers of the filing system, see Kind.Filing.
func (f Findings) Filings() []Number { return f.of(Kind.Filing) }

// Police are the visible public-security numbers.
func (f Findings) Police() []Number { return f.of(func(k Kind) bool { return k == Police }) }

// NotFilings are the visible numbers that look like a filing number and are none.
func (f Findings) NotFilings() []Number {
	return f.of(func(k Kind) bool { return k == Joke || k == Placeholder })
}

func (f Findings) of(want func(Kind) bool) []Number {
	var list []Number
	for _, n := range f.Numbers {
		if want(n.Kind) {
			list = append(list, n)
		}
	}
	return list
}

// most is how many numbers of a page are kept, the first half and the last: a
// footer has a handful, and a list of thousands is no footer.
const most = 256

// Footer reads a page. address is where it comes from; it makes relative links
// absolute, and may be empty.
func Footer(page []byte, address string) Findings {
	r := &reader{}
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		r.base = u
		r.page = u
	}
	if root, err := html.Parse(bytes.NewReader(page)); err == nil {
		r.tree(root)
	} else {
		// The parser refuses hostile nesting; the tokens still tell most.
		r.tokens(page)
	}
	return r.findings()
}

func (r *reader) findings() Findings {
	var f Findings
	list := scan(r.folded)
	filing := func(n found) bool { return n.Kind != Police }
	// Some pages put the parts of a number into blocks of their own. Blocks are
	// joined only where nothing was found otherwise: joining could make a number
	// of two neighbours.
	for _, wanted := range []func(found) bool{filing, func(n found) bool { return !filing(n) }} {
		if slices.ContainsFunc(list, wanted) {
			continue
		}
		for _, n := range r.scanJoined() {
			if wanted(n) && n.Kind != Placeholder {
				list = append(list, n)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b found) int { return a.start - b.start })
	if len(list) > most {
		list = slices.Concat(list[:most/2], list[len(list)-most/2:])
	}
	for i := range list {
		n := &list[i]
		n.Text = r.written(n.start, n.end)
		n.Link, n.Href = r.linkOf(*n, list)
		f.Numbers = append(f.Numbers, n.Number)
	}
	for _, n := range scan(foldText(r.unseen.String())) {
		if len(f.Unseen) < most && !slices.ContainsFunc(f.Unseen, func(have Number) bool { return have.Normal == n.Normal }) {
			n.Text, n.Link = n.Normal, LinkNone
			f.Unseen = append(f.Unseen, n.Number)
		}
	}
	f.Copyright = r.copyright(list)
	f.NeedsRender = len(f.Filings()) == 0 && r.needsRender(f.Unseen)
	return f
}

// scanJoined looks for numbers over the borders of blocks.
func (r *reader) scanJoined() []found {
	joined := make([]rune, 0, len(r.folded))
	places := make([]int, 0, len(r.folded)+1)
	for i, c := range r.folded {
		if c != '\n' {
			joined = append(joined, c)
			places = append(places, i)
		}
	}
	list := scan(joined)
	for i := range list {
		n := &list[i]
		n.start, n.digits, n.end = places[n.start], places[n.digits], places[n.end-1]+1
	}
	return list
}

// linkOf finds the link of a number: the one around it, else one beside it in
// the same block that leads to the authority and belongs to no other number, as
// in <a href="https://beian.miit.gov.cn/">备案号</a>：京ICP备12345678号.
func (r *reader) linkOf(n found, all []found) (Link, string) {
	around := r.anchor[n.digits]
	for i := n.start; i < n.end && around < 0; i++ {
		around = r.anchor[i]
	}
	if around >= 0 {
		if kind, href := classify(&r.anchors[around], r.base, r.page); kind != LinkNone {
			return kind, href
		}
	}
	start, end := n.start, n.end
	for start > 0 && r.folded[start-1] != '\n' {
		start--
	}
	for end < len(r.folded) && r.folded[end] != '\n' {
		end++
	}
	best, kind, href := -1, LinkNone, ""
	from, _ := slices.BinarySearchFunc(r.anchors, start, func(a anchor, start int) int { return a.start - start })
	for i := from; i < len(r.anchors) && r.anchors[i].start <= end; i++ {
		a := &r.anchors[i]
		taken := slices.ContainsFunc(all, func(o found) bool { return o.start < a.end && a.start < o.end })
		if a.end > end || !a.hasHref || taken {
			continue
		}
		k, h := classify(a, r.base, r.page)
		if n.Kind == Police && k != LinkPolice || n.Kind != Police && !k.ministry() {
			continue
		}
		distance := max(n.start-a.end, a.start-n.end)
		if best < 0 || distance < best {
			best, kind, href = distance, k, h
		}
	}
	return kind, href
}
