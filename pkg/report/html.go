package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page's template, style and script
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"sync"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

var (
	//go:embed page/page.html
	pageHTML string
	//go:embed page/page.css
	pageStyle string
	//go:embed page/page.js
	pageScript string
)

// page is parsed when first used, since few runs write HTML.
var page = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageHTML)) })

// pagePolicy lets the page use its own style and script and nothing else, so
// that neither a mistake of ours nor a hostile fact can make it fetch anything.
var pagePolicy = sync.OnceValue(func() string {
	return fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; base-uri 'none'; form-action 'none'",
		contentHash(pageStyle), contentHash(pageScript))
})

func contentHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// What the template shows; every text is plain and quoted by html/template.
type (
	pageData struct {
		Lang, Policy, Tool, Title, Heading, Checked, Rules, Digest string
		Total, Filter, All, Nothing, Masked                        string
		Style                                                      template.CSS
		Script                                                     template.JS
		Labels                                                     pageLabels
		Count                                                      int
		Kinds                                                      []pageKind
		Targets                                                    []pageTarget
	}
	pageLabels struct{ Accepted, Remedy, Missing, Give, Evidence, Fact, Value, Origin string }
	pageKind   struct {
		ID, Word string
		Count    int
	}
	pageTarget struct {
		Anchor, Name, Class, Mark, Verdict, Counts, Outcome, FactsTitle string
		Remarks                                                         []string
		Checks                                                          []pageCheck
		Facts                                                           []pageFact
	}
	pageCheck struct {
		Kind, Mark, Word, ID, Title, Domain, Message, Waiver, Remedy, Broken string
		Depends                                                              []string
		Needs                                                                []pageNeed
		Evidence                                                             []pageFact
		Sources                                                              []pageSource
	}
	pageNeed   struct{ About, Give string }
	pageFact   struct{ Name, Value, Origin string }
	pageSource struct{ Title, URL, Date string }
)

// HTML prints the report as one page that stands alone: no request leaves it,
// it reads without script, which only filters, and it prints.
func HTML(w io.Writer, r *Report, o Options) error {
	v := Voice{r.Book, o.Lang}
	data := pageData{
		Lang: v.pick("zh-CN", "en"), Policy: pagePolicy(), Tool: r.Tool.Name + " " + r.Tool.Version,
		Heading: v.Say(text.PageTitle), Checked: v.Say(text.PageChecked, r.GeneratedAt.In(calendar.Beijing).Format("2006-01-02 15:04")),
		Rules: v.rules(), Digest: r.Book.Info().Digest,
		Filter: v.Say(text.PageFilter), All: v.Say(text.PageAll), Nothing: v.Say(text.PageNothing), Masked: v.Say(text.PageMasked),
		Style: template.CSS(pageStyle), Script: template.JS(pageScript), //nolint:gosec // both are files of this package
		Labels: pageLabels{
			Accepted: v.Say(text.LabelAccepted), Remedy: v.Say(text.LabelRemedy), Missing: v.Say(text.LabelMissing), Give: v.Say(text.PageGive), Evidence: v.Say(text.PageEvidence),
			Fact: v.Say(text.PageFact), Value: v.Say(text.PageValue), Origin: v.Say(text.PageOrigin),
		},
	}
	if len(r.Targets) > 1 {
		data.Total = v.total(r)
	}
	summary := r.Summary()
	for _, k := range kinds {
		data.Kinds = append(data.Kinds, pageKind{k.id, v.Say(k.word), k.count(summary)})
		data.Count += k.count(summary)
	}
	names := make([]string, len(r.Targets))
	for i := range r.Targets {
		t := pageTargetOf(v, &r.Targets[i])
		t.Anchor = "target-" + strconv.Itoa(i+1)
		names[i] = t.Name
		data.Targets = append(data.Targets, t)
	}
	data.Title = data.Heading
	if len(names) == 1 {
		data.Title = names[0] + " · " + data.Heading
	}
	var b bytes.Buffer
	if err := page().Execute(&b, data); err != nil {
		return fmt.Errorf("writing HTML: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func pageTargetOf(v Voice, t *Target) pageTarget {
	out := pageTarget{
		Name: text.Clean(t.Name), Class: string(t.Overall), Verdict: v.overallOf(t.Overall, t), Counts: v.counts(t), Outcome: v.outcome(t),
		Mark: map[verdict.Overall]string{verdict.Ready: "✓", verdict.NotReady: "✗", verdict.Unknown: "?"}[t.Overall], Remarks: v.remarks(t, false),
	}
	groups := byKind(t)
	for _, k := range kinds {
		for _, r := range groups[k.id] {
			c := pageCheck{
				Kind: k.id, Mark: mark(r), Word: v.word(r), ID: r.Check.ID, Title: v.title(r.Check), Message: v.message(r),
				Waiver: v.waiver(r), Remedy: v.remedy(r), Broken: v.broken(r), Depends: v.dependences(r),
			}
			if len(t.Filing.Domains) > 1 {
				c.Domain = domainName(t, r)
			}
			for _, n := range r.Needs {
				s := v.need(n)
				c.Needs = append(c.Needs, pageNeed{v.about(s), s.give})
			}
			for _, e := range r.Evidence {
				c.Evidence = append(c.Evidence, pageFactOf(v, e.Path, e.Fact))
			}
			for _, id := range r.Sources {
				s := v.source(id)
				c.Sources = append(c.Sources, pageSource{s.title, s.url, s.date})
			}
			out.Checks = append(out.Checks, c)
		}
	}
	for _, path := range t.Filing.Facts.Paths() {
		out.Facts = append(out.Facts, pageFactOf(v, path, t.Filing.Facts[path]))
	}
	for _, d := range t.Filing.Domains {
		for _, path := range d.Facts.Paths() {
			f := pageFactOf(v, path, d.Facts[path])
			if len(t.Filing.Domains) > 1 {
				f.Name += v.Bracket(text.Clean(d.Name()))
			}
			out.Facts = append(out.Facts, f)
		}
	}
	out.FactsTitle = v.Say(text.PageFacts, strconv.Itoa(len(out.Facts)))
	return out
}

func pageFactOf(v Voice, path string, f filing.Fact) pageFact {
	return pageFact{v.label(path), v.value(path, f.Value), v.origin(f)}
}
