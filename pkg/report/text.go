package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fatih/color"

	"github.com/icpcheck/icpcheck/pkg/engine"
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
	voice
	o Options
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
	p := &printer{voice: voice{r.Book, o.Lang}, o: o, palette: newPalette(o.Color)}
	for _, t := range r.Targets {
		for i := range t.Results {
			if p.shown(&t.Results[i]) {
				p.wordWidth = max(p.wordWidth, text.Width(p.word(&t.Results[i])))
				p.titleWidth = max(p.titleWidth, text.Width(p.title(t.Results[i].Check)))
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
		fmt.Fprintf(p, "\n%s\n", p.total(r))
	}
	if o.Verbose {
		fmt.Fprintln(p, p.faint.Sprint(p.rules()+" "+r.Book.Info().Digest))
	}
	_, err := w.Write(p.Bytes())
	return err
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
	heading := ""
	for _, r := range byDomain(t) {
		if !p.shown(r) {
			continue
		}
		if domain := domainName(t, r); len(t.Filing.Domains) > 1 && domain != heading {
			heading = domain
			fmt.Fprintln(p, "  "+p.faint.Sprint(cmp.Or(heading, p.say(text.WholeFiling))))
		}
		p.result(r)
	}
	for _, remark := range p.remarks(t, p.o.Verbose) {
		p.block("  ! ", p.doubt, remark)
	}
	p.summary(t)
}

// byDomain puts the results of a target with several domains together: each
// domain's in the filing's order, then those on the filing as a whole.
func byDomain(t *Target) []*engine.Result {
	list := make([]*engine.Result, len(t.Results))
	place := make(map[*engine.Result]int, len(t.Results))
	for i := range t.Results {
		r := &t.Results[i]
		list[i] = r
		place[r] = len(t.Filing.Domains)
		if d := domainOf(t, r); d != nil {
			place[r] = slices.Index(t.Filing.Domains, d)
		}
	}
	if len(t.Filing.Domains) > 1 {
		slices.SortStableFunc(list, func(a, b *engine.Result) int { return place[a] - place[b] })
	}
	return list
}

func (p *printer) color(r *engine.Result) *color.Color {
	switch r.Verdict {
	case verdict.Pass:
		return p.good
	case verdict.Fail:
		switch r.Severity {
		case verdict.Error:
			return p.bad
		case verdict.Info:
			return p.faint
		}
		return p.doubt
	case verdict.Undetermined:
		return p.doubt
	}
	return p.faint
}

func (p *printer) result(r *engine.Result) {
	c := p.color(r)
	head := "  " + mark(r) + " " + text.Pad(p.word(r), p.wordWidth)
	message, title := p.message(r), p.title(r.Check)
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
	if remedy := p.remedy(r); remedy != "" {
		p.labelled(indent, p.say(text.LabelRemedy), remedy)
	}
	if broken := p.broken(r); broken != "" {
		p.lines(indent, broken, p.bad)
	}
	for _, s := range p.dependences(r) {
		p.lines(indent, s, nil)
	}
	for _, n := range r.Needs {
		p.labelled(indent, p.say(text.LabelMissing), p.needed(n))
	}
	if p.o.Verbose {
		for _, e := range r.Evidence {
			p.labelled(indent, p.say(text.LabelEvidence), p.evidence(e))
		}
		for _, id := range r.Sources {
			p.labelled(indent, p.say(text.LabelSource), id+p.colon()+p.source(id).title)
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
	for i, line := range text.Wrap(s, p.columns(len(head))) {
		if i == 0 {
			fmt.Fprintln(p, c.Sprint(head)+line)
		} else {
			fmt.Fprintln(p, strings.Repeat(" ", len(head))+line)
		}
	}
}

func (p *printer) summary(t *Target) {
	c := map[verdict.Overall]*color.Color{verdict.Ready: p.good, verdict.NotReady: p.bad, verdict.Unknown: p.doubt}[t.Overall]
	p.block("  = ", c, p.outcome(t))
}
