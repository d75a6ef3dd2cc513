package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fatih/color"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// printer prints one report as text.
type printer struct {
	*Sheet
	Voice
	o                     Options
	wordWidth, titleWidth int
	// stacked sets checks one below the other instead of in columns, where too
	// little room is left for the last.
	stacked bool
}

// messageRoom is the room that a column of messages needs to read well.
const messageRoom = 36

// Text prints the report for people: one line a check with a mark and a word
// (never colour alone), below a failed one what to do, below an undetermined
// one what is missing and how to give it.
func Text(w io.Writer, r *Report, o Options) error {
	p := &printer{Sheet: NewSheet(o), Voice: Voice{r.Book, o.Lang}, o: o}
	for _, t := range r.Targets {
		for i := range t.Results {
			if p.shown(&t.Results[i]) {
				p.wordWidth = max(p.wordWidth, text.Width(p.word(&t.Results[i])))
				p.titleWidth = max(p.titleWidth, text.Width(p.title(t.Results[i].Check)))
			}
		}
	}
	p.stacked = p.Width > 0 && p.Width-p.messageColumn() < messageRoom
	for i := range r.Targets {
		if p.silent(&r.Targets[i]) {
			continue
		}
		if p.Len() > 0 {
			p.WriteByte('\n')
		}
		p.target(&r.Targets[i])
	}
	if len(r.Targets) > 1 {
		if p.Len() > 0 {
			p.WriteByte('\n')
		}
		p.Beside("", 0, p.total(r))
	}
	if o.Verbose {
		p.lines(0, p.rules()+" "+r.Book.Info().Digest, p.Faint)
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

// silent reports whether Quiet leaves nothing to say of a target.
func (p *printer) silent(t *Target) bool {
	return p.o.Quiet && t.Overall == verdict.Ready && t.Summary.Warning == 0 && t.Summary.Accepted == 0
}

func (p *printer) target(t *Target) {
	fmt.Fprintln(p, p.Strong.Sprint(text.Clean(t.Name)))
	heading := ""
	for _, r := range byDomain(t) {
		if !p.shown(r) {
			continue
		}
		if domain := domainName(t, r); len(t.Filing.Domains) > 1 && domain != heading {
			heading = domain
			fmt.Fprintln(p, "  "+p.Faint.Sprint(cmp.Or(heading, p.Say(text.WholeFiling))))
		}
		p.result(r)
	}
	for _, d := range t.Filing.Domains {
		if len(d.Views) == 0 || p.o.Quiet {
			continue
		}
		p.Line("  " + p.Faint.Sprint(p.Say(text.VantageTitle)+p.Bracket(text.Clean(d.Host()))+p.Colon()))
		for _, line := range p.views(d) {
			p.Hang("  · ", p.Faint, line)
		}
	}
	for _, remark := range p.remarks(t, p.o.Verbose) {
		p.Hang("  ! ", p.Doubt, remark)
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
	if r.Accepted {
		return p.Faint
	}
	switch r.Verdict {
	case verdict.Pass:
		return p.Good
	case verdict.Fail:
		switch r.Severity {
		case verdict.Error:
			return p.Bad
		case verdict.Info:
			return p.Faint
		}
		return p.Doubt
	case verdict.Undetermined:
		return p.Doubt
	}
	return p.Faint
}

// titleColumn is where titles stand: behind mark and word.
func (p *printer) titleColumn() int { return 4 + p.wordWidth + 2 }

// messageColumn is where messages stand beside titles.
func (p *printer) messageColumn() int { return p.titleColumn() + p.titleWidth + 2 }

func (p *printer) result(r *engine.Result) {
	c := p.color(r)
	head := "  " + mark(r) + " " + text.Pad(p.word(r), p.wordWidth)
	message, title := p.message(r), p.title(r.Check)
	indent := p.titleColumn()
	switch {
	case !p.stacked:
		p.Beside(c.Sprint(head)+"  "+text.Pad(title, p.titleWidth)+"  ", p.messageColumn(), message)
	case indent+text.Width(title+p.Colon()+message) <= p.Width:
		p.Line(c.Sprint(head) + "  " + title + p.Colon() + message)
		indent = stackedIndent
	default:
		p.Beside(c.Sprint(head)+"  ", indent, title)
		indent = stackedIndent
		p.lines(indent, message, nil)
	}
	if s := p.waiver(r); s != "" {
		p.labelled(indent, p.Say(text.LabelAccepted), s)
	}
	if remedy := p.remedy(r); remedy != "" {
		p.labelled(indent, p.Say(text.LabelRemedy), remedy)
	}
	if broken := p.broken(r); broken != "" {
		p.lines(indent, broken, p.Bad)
	}
	for _, s := range p.dependences(r) {
		p.lines(indent, s, nil)
	}
	for _, n := range r.Needs {
		if r.Check.Target == rulebook.TargetPage && n.Failure != nil {
			continue // one page has one reason, which is told once, at the end
		}
		p.labelled(indent, p.Say(text.LabelMissing), p.Needed(n))
	}
	if p.o.Verbose {
		for _, e := range r.Evidence {
			p.labelled(indent, p.Say(text.LabelEvidence), p.evidence(e))
		}
		for _, id := range r.Sources {
			p.labelled(indent, p.Say(text.LabelSource), id+p.Colon()+p.source(id).title)
		}
	}
}

// lines prints text below a check, in a colour of its own where c is not nil.
func (p *printer) lines(indent int, s string, c *color.Color) {
	for _, line := range text.Wrap(s, p.Room(indent)) {
		if c != nil {
			line = c.Sprint(line)
		}
		p.Line(strings.Repeat(" ", indent) + line)
	}
}

// stackedIndent is where what belongs to a check stands below it, two columns
// more from its second line on.
const stackedIndent = 6

// labelled prints text below a check, beside a label; stacked the text goes on
// below the label, since beside it there would be little room.
func (p *printer) labelled(indent int, label, s string) {
	label += p.Colon()
	if p.stacked {
		margin := strings.Repeat(" ", indent)
		for i, line := range text.Wrap(label+text.Clean(s), p.Room(indent+2)) {
			if rest, ok := strings.CutPrefix(line, label); ok && i == 0 {
				line = p.Faint.Sprint(label) + rest
			}
			p.Line(margin + line)
			if i == 0 {
				margin += "  "
			}
		}
		return
	}
	p.Beside(strings.Repeat(" ", indent)+p.Faint.Sprint(label), indent+text.Width(label), s)
}

func (p *printer) summary(t *Target) {
	c := map[verdict.Overall]*color.Color{verdict.Ready: p.Good, verdict.NotReady: p.Bad, verdict.Unknown: p.Doubt}[t.Overall]
	p.Hang("  = ", c, p.outcome(t))
}
