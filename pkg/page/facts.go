package page

import (
	"slices"

	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/filing"
)

// paths are the facts that a page gives beside its address.
var paths = []string{
	"page.filing_numbers", "page.number_kinds", "page.link_kinds", "page.link_targets", "page.not_filings",
	"page.copyright", "page.copyright_names", "page.police_numbers", "page.police_links",
}

// NewPage turns findings into the facts that rules judge. origin says where the
// page came from, missing why it was not seen whole; nil if it was. What a
// visitor may see in a browser but this package did not, for that reason or
// because the page is built by script, stays absent, with the reason in Missed.
// The province of the numbers stands as the filing's where the filing does not
// name one.
func NewPage(address string, f Findings, missing *failure.Failure, origin filing.Origin) *filing.Page {
	p := &filing.Page{Facts: filing.Facts{}}
	if missing == nil && f.NeedsRender {
		missing = failure.New(failure.Scripted, "page", "", address, nil)
	}
	whole := missing == nil
	set := func(path string, value any) { p.Facts[path] = filing.Fact{Value: value, Origin: origin} }
	list := func(path string, values []string) {
		if whole || len(values) > 0 {
			set(path, values)
		}
	}
	set("page.url", address)
	numbers := f.Filings()
	list("page.filing_numbers", each(numbers, func(n Number) string { return n.Normal }))
	list("page.number_kinds", each(numbers, func(n Number) string { return string(n.Kind) }))
	list("page.link_kinds", each(numbers, func(n Number) string { return string(n.Link) }))
	if len(numbers) > 0 || whole {
		set("page.link_targets", each(numbers, func(n Number) string { return n.Href }))
	}
	if whole || len(f.NotFilings()) > 0 {
		set("page.not_filings", each(f.NotFilings(), func(n Number) string { return n.Normal }))
	}
	list("page.police_numbers", each(f.Police(), func(n Number) string { return n.Normal }))
	list("page.police_links", each(f.Police(), func(n Number) string { return string(n.Link) }))
	lines, names := []string{}, []string{}
	for _, c := range f.Copyright {
		lines = append(lines, c.Line)
		names = append(names, c.Names...)
	}
	list("page.copyright", unique(lines))
	if _, known := p.Facts["page.copyright"]; known {
		set("page.copyright_names", unique(names))
	}
	if province := provinceOf(numbers); province != "" {
		set("page.province", province)
		set("province", province)
	}
	if !whole {
		p.Missed = append(p.Missed, missed(p, missing))
	}
	return p
}

// FailedPage is a page that could not be had.
func FailedPage(address string, why *failure.Failure, origin filing.Origin) *filing.Page {
	p := &filing.Page{Facts: filing.Facts{"page.url": {Value: address, Origin: origin}}}
	p.Missed = []filing.Missed{missed(p, why)}
	return p
}

// missed lists the facts that the page does not have.
func missed(p *filing.Page, why *failure.Failure) filing.Missed {
	m := filing.Missed{Failure: why}
	for _, path := range paths {
		if _, known := p.Facts[path]; !known {
			m.Paths = append(m.Paths, path)
		}
	}
	return m
}

// provinceOf is the province of the first number that has one, those of sites
// and subjects before licences: a unit's licence may come from elsewhere.
func provinceOf(numbers []Number) string {
	licence := ""
	for _, n := range numbers {
		switch {
		case n.Province == "":
		case n.Kind != Licence:
			return n.Province
		case licence == "":
			licence = n.Province
		}
	}
	return licence
}

// each takes one word of every number; empty ones and repetitions are left out.
func each(numbers []Number, word func(Number) string) []string {
	words := []string{}
	for _, n := range numbers {
		words = append(words, word(n))
	}
	return unique(words)
}

func unique(words []string) []string {
	out := []string{}
	for _, w := range words {
		if w != "" && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}
