package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/fatih/color"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/mask"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// palette holds the colours, switched on or off together.
type palette struct {
	good, bad, doubt, faint, strong *color.Color
}

func newPalette(on bool) palette {
	p := palette{
		good: color.New(color.FgGreen), bad: color.New(color.FgRed, color.Bold),
		doubt: color.New(color.FgYellow), faint: color.New(color.Faint), strong: color.New(color.Bold),
	}
	for _, c := range []*color.Color{p.good, p.bad, p.doubt, p.faint, p.strong} {
		if on {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
	}
	return p
}

// printer prints one report as text.
type printer struct {
	bytes.Buffer
	report *Report
	o      Options
	palette
	wordWidth, titleWidth int
}

// fewChoices is how many values of a missing fact are listed where the flag is named.
const fewChoices = 6

// narrow is the width below which a check takes two lines instead of columns.
const narrow = 72

// Text prints the report for people: one line a check with a mark and a word
// (never colour alone), below a failed one what to do, below an undetermined
// one what is missing and how to give it.
func Text(w io.Writer, r *Report, o Options) error {
	p := &printer{report: r, o: o, palette: newPalette(o.Color)}
	for _, t := range r.Targets {
		for i := range t.Results {
			if p.shown(&t.Results[i]) {
				p.wordWidth = max(p.wordWidth, text.Width(word(&t.Results[i], o.Lang)))
				p.titleWidth = max(p.titleWidth, text.Width(t.Results[i].Check.Title.In(o.Lang)))
			}
		}
	}
	for i := range r.Targets {
		if i > 0 {
			p.WriteByte('\n')
		}
		p.target(&r.Targets[i])
	}
	if len(r.Targets) > 1 {
		counts := map[verdict.Overall]int{}
		for _, t := range r.Targets {
			counts[t.Overall]++
		}
		var parts []string
		for _, v := range []verdict.Overall{verdict.NotReady, verdict.Unknown, verdict.Ready} {
			if counts[v] > 0 {
				parts = append(parts, p.overallWord(v)+" "+strconv.Itoa(counts[v]))
			}
		}
		fmt.Fprintf(p, "\n%s\n", p.say(text.TotalLine, strconv.Itoa(len(r.Targets)), strings.Join(parts, p.comma())))
	}
	if o.Verbose {
		info := r.Book.Info()
		fmt.Fprintln(p, p.faint.Sprint(p.say(text.RulebookLine, info.Version, info.Date)+" "+info.Digest))
	}
	_, err := w.Write(p.Bytes())
	return err
}

func (p *printer) say(k text.Key, args ...string) string {
	return text.Catalogue(k, args...).In(p.o.Lang)
}

func (p *printer) comma() string {
	if p.o.Lang == text.Zh {
		return "，"
	}
	return ", "
}

func (p *printer) colon() string {
	if p.o.Lang == text.Zh {
		return "："
	}
	return ": "
}

// shown leaves out what does not apply, and with Quiet what is fine.
func (p *printer) shown(r *engine.Result) bool {
	switch r.Verdict {
	case verdict.NotApplicable:
		return p.o.Verbose && !p.o.Quiet
	case verdict.Pass:
		return !p.o.Quiet
	}
	return true
}

func (p *printer) target(t *Target) {
	if p.o.Quiet && t.Overall == verdict.Ready && t.Summary.Warning == 0 {
		return
	}
	fmt.Fprintln(p, p.strong.Sprint(text.Clean(t.Name)))
	domain := ""
	for i := range t.Results {
		r := &t.Results[i]
		if !p.shown(r) {
			continue
		}
		if len(t.Filing.Domains) > 1 && r.Domain != domain && r.Domain != "" {
			fmt.Fprintln(p, "  "+p.faint.Sprint(text.Clean(r.Domain)))
		}
		domain = r.Domain
		p.result(r, t)
	}
	for _, w := range warnings(p.report.Book, t, p.o.Lang) {
		p.block("  ! ", p.doubt, w)
	}
	if missed := t.Missed(); len(missed) > 0 {
		lines := make([]string, len(missed))
		for i, f := range missed {
			lines[i] = describe(f, p.o.Lang)
			if p.o.Verbose {
				lines[i] = mask.Free(text.Clean(f.Error()))
			}
		}
		semicolon := "; "
		if p.o.Lang == text.Zh {
			semicolon = "；"
		}
		p.block("  ! ", p.doubt, p.say(text.CouldNotAsk)+p.colon()+strings.Join(lines, semicolon))
	}
	p.overall(t)
}

func (p *printer) style(r *engine.Result) (mark string, c *color.Color) {
	switch r.Verdict {
	case verdict.Pass:
		return "✓", p.good
	case verdict.Fail:
		if r.Severity == verdict.Error {
			return "✗", p.bad
		}
		if r.Severity == verdict.Info {
			return "i", p.faint
		}
		return "!", p.doubt
	case verdict.Undetermined:
		return "?", p.doubt
	}
	return "-", p.faint
}

func (p *printer) result(r *engine.Result, t *Target) {
	mark, c := p.style(r)
	head := "  " + mark + " " + text.Pad(word(r, p.o.Lang), p.wordWidth)
	message := text.Clean(r.Message.In(p.o.Lang))
	title := text.Clean(r.Check.Title.In(p.o.Lang))
	indent := text.Width(head) + 2
	if p.o.Width > 0 && p.o.Width < narrow {
		fmt.Fprintln(p, c.Sprint(head)+"  "+title)
		indent = 6
		p.lines(indent, message, nil)
	} else {
		column := indent + p.titleWidth + 2
		fmt.Fprint(p, c.Sprint(head)+"  "+text.Pad(title, p.titleWidth)+"  ")
		for i, line := range text.Wrap(message, p.columns(column)) {
			if i > 0 {
				fmt.Fprint(p, strings.Repeat(" ", column))
			}
			fmt.Fprintln(p, line)
		}
	}
	if r.Verdict == verdict.Fail && !r.Remedy.Empty() {
		p.labelled(indent, p.say(text.LabelRemedy), text.Clean(r.Remedy.In(p.o.Lang)))
	}
	if r.Broken != nil {
		p.lines(indent, text.Clean(r.Broken.Error()), p.bad)
	}
	for _, d := range r.DependsOn {
		// Facts of few choices and those that settle nothing alone are told by
		// the lines on what is missing.
		if len(d.Open) > 0 || len(d.Pass) == 0 || len(d.Fail) == 0 || len(d.Pass)+len(d.Fail) <= fewChoices {
			continue
		}
		p.lines(indent, text.Clean(dependence(p.report.Book, d, p.o.Lang)), nil)
	}
	for _, n := range r.Needs {
		p.labelled(indent, p.say(text.LabelMissing), p.need(n, t))
	}
	if p.o.Verbose {
		for _, e := range r.Evidence {
			p.labelled(indent, p.say(text.LabelEvidence), p.evidence(e))
		}
		for _, id := range r.Sources {
			p.labelled(indent, p.say(text.LabelSource), id+p.colon()+p.report.Book.SourceTitle(id).In(p.o.Lang))
		}
	}
}

// columns is the room left at the given indent; 0 where nothing is wrapped.
func (p *printer) columns(indent int) int {
	if p.o.Width <= 0 {
		return 0
	}
	return max(p.o.Width-indent, 20)
}

func (p *printer) lines(indent int, s string, c *color.Color) {
	for _, line := range text.Wrap(s, p.columns(indent)) {
		if c != nil {
			line = c.Sprint(line)
		}
		fmt.Fprintln(p, strings.Repeat(" ", indent)+line)
	}
}

func (p *printer) labelled(indent int, label, s string) {
	label += p.colon()
	n := text.Width(label)
	for i, line := range text.Wrap(s, p.columns(indent+n)) {
		if i == 0 {
			fmt.Fprintln(p, strings.Repeat(" ", indent)+p.faint.Sprint(label)+line)
		} else {
			fmt.Fprintln(p, strings.Repeat(" ", indent+n)+line)
		}
	}
}

func (p *printer) block(head string, c *color.Color, s string) {
	for i, line := range text.Wrap(text.Clean(s), p.columns(len(head))) {
		if i == 0 {
			fmt.Fprintln(p, c.Sprint(head)+line)
		} else {
			fmt.Fprintln(p, strings.Repeat(" ", len(head))+line)
		}
	}
}

// need says what is missing, why, where to find it, and how to give it.
func (p *printer) need(n engine.Need, t *Target) string {
	book := p.report.Book
	s := book.FactLabel(n.Path).In(p.o.Lang)
	if n.Failure != nil && n.Failure.Kind != failure.NotAsked {
		s += p.bracket(describe(n.Failure, p.o.Lang))
	} else if find := book.HowToFind(n.Path).In(p.o.Lang); find != "" {
		s += p.bracket(find)
	}
	return s + p.comma() + p.say(text.AddWithFlag, flagOf(book, n.Path))
}

func (p *printer) bracket(s string) string {
	if p.o.Lang == text.Zh {
		return "（" + s + "）"
	}
	return " (" + s + ")"
}

func (p *printer) evidence(e engine.Evidence) string {
	s := e.Path + " = " + text.Clean(engine.Display(p.report.Book, e.Path, e.Fact.Value, p.o.Lang))
	origin := string(e.Fact.Origin.Source)
	if e.Fact.Origin.Server != "" {
		origin += " " + e.Fact.Origin.Server
	}
	if e.Fact.Origin.Line > 0 {
		origin += " " + e.Fact.Origin.Position.String()
	}
	return s + p.bracket(text.Clean(origin))
}

func (p *printer) overallWord(v verdict.Overall) string {
	switch v {
	case verdict.Ready:
		return p.say(text.OverallReady)
	case verdict.NotReady:
		return p.say(text.OverallNotReady)
	}
	return p.say(text.OverallUndetermined)
}

func (p *printer) overall(t *Target) {
	c := map[verdict.Overall]*color.Color{verdict.Ready: p.good, verdict.NotReady: p.bad, verdict.Unknown: p.doubt}[t.Overall]
	var counts []string
	for _, n := range []struct {
		count int
		key   text.Key
	}{{t.Summary.Fail, text.CountFail}, {t.Summary.Undetermined, text.CountUndetermined}, {t.Summary.Warning, text.CountWarning},
		{t.Summary.Pass, text.CountPass}, {t.Summary.NotApplicable, text.CountNotApplicable}} {
		if n.count > 0 {
			counts = append(counts, p.say(n.key, strconv.Itoa(n.count)))
		}
	}
	p.block("  = ", c, p.overallWord(t.Overall)+p.bracket(strings.Join(counts, p.comma())))
}

// warnings names the facts on which the file and a look-up disagree.
func warnings(book *rulebook.Rulebook, t *Target, lang text.Lang) []string {
	list := []string{}
	for _, d := range t.Filing.Domains {
		for _, c := range d.Conflicts {
			list = append(list, text.Catalogue(text.Disagree, book.FactLabel(c.Path).In(lang),
				text.Clean(engine.Display(book, c.Path, c.Dropped.Value, lang)), strings.ToUpper(string(c.Kept.Origin.Source)),
				text.Clean(engine.Display(book, c.Path, c.Kept.Value, lang))).In(lang))
		}
	}
	return list
}

// dependence tells in a sentence where the values of an absent fact lead.
func dependence(book *rulebook.Rulebook, d engine.Dependence, lang text.Lang) string {
	names := func(values []any) string {
		words := make([]string, 0, len(values))
		for _, v := range values {
			words = append(words, engine.Display(book, d.Path, v, lang))
		}
		const most = 8
		if extra := len(words) - most; extra > 1 {
			return text.Catalogue(text.AndMore, text.List(words[:most], lang), strconv.Itoa(extra), strconv.Itoa(len(words))).In(lang)
		}
		return text.List(words, lang)
	}
	why := d.FailMessage.In(lang)
	switch {
	case len(d.Open) == 0 && len(d.Fail) > 0 && len(d.Fail) <= 3 && len(d.Pass) > 3:
		return text.Catalogue(text.OnlyRefuse, names(d.Fail), why).In(lang)
	case len(d.Open) == 0 && len(d.Pass) > 0 && len(d.Pass) <= 3 && len(d.Fail) > len(d.Pass):
		return text.Catalogue(text.OnlyAccept, names(d.Pass), why).In(lang)
	}
	var parts []string
	if len(d.Pass) > 0 {
		parts = append(parts, text.Catalogue(text.WouldPass, names(d.Pass)).In(lang))
	}
	if len(d.Fail) > 0 {
		parts = append(parts, text.Catalogue(text.WouldFail, names(d.Fail)).In(lang))
	}
	separator := "; "
	if lang == text.Zh {
		separator = "；"
	}
	return text.Catalogue(text.DependsOn, book.FactLabel(d.Path).In(lang)).In(lang) + strings.Join(parts, separator)
}

func jsonFailureOf(f *failure.Failure, lang text.Lang) jsonFailure {
	return jsonFailure{
		Kind: string(f.Kind), Source: f.Source, Server: f.Server, Query: f.Query,
		Message: describe(f, lang),
	}
}
