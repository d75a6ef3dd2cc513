package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// markdownMarks stand out in a ticket, where there is no colour.
var markdownMarks = map[string]string{"fail": "❌", "undetermined": "❔", "warning": "⚠️", "accepted": "☑️", "pass": "✅", "not-applicable": "➖"}

// Markdown prints the report for tickets and comments, without tables or
// HTML, which many ticket systems do not show: what is wrong as a list with its
// remedies, what is fine as one line.
func Markdown(w io.Writer, r *Report, o Options) error {
	m := &markdown{Voice: Voice{r.Book, o.Lang}, o: o}
	for i := range r.Targets {
		m.target(&r.Targets[i])
	}
	if len(r.Targets) > 1 {
		fmt.Fprintf(m, "**%s**\n\n", md(m.total(r)))
	}
	fmt.Fprintf(m, "*%s*\n", md(r.Tool.Name+" "+r.Tool.Version+" · "+m.rules()+" · "+calendar.Date(r.GeneratedAt)))
	_, err := w.Write(m.Bytes())
	return err
}

type markdown struct {
	bytes.Buffer
	Voice
	o Options
}

func (m *markdown) target(t *Target) {
	fmt.Fprintf(m, "## %s\n\n**%s**\n\n", md(text.Clean(t.Name)), md(m.outcome(t)))
	for _, remark := range m.remarks(t, m.o.Verbose) {
		fmt.Fprintf(m, "> %s\n\n", md(remark))
	}
	groups := byKind(t)
	for _, k := range kinds {
		results := groups[k.id]
		if len(results) == 0 {
			continue
		}
		switch {
		case k.id == "pass" || k.id == "not-applicable":
			if m.o.Quiet || k.id == "not-applicable" && !m.o.Verbose {
				continue
			}
			if m.o.Verbose {
				m.list(k, t, results)
				continue
			}
			titles := make([]string, len(results))
			for i, r := range results {
				titles[i] = md(m.titled(t, r))
			}
			fmt.Fprintf(m, "%s **%s**%s%s\n\n", markdownMarks[k.id], m.Say(k.word), m.Colon(), text.List(titles, m.Lang))
		default:
			m.list(k, t, results)
		}
	}
}

// titled is a check's title, with the domain where the target has several.
func (v Voice) titled(t *Target, r *engine.Result) string {
	if r.Domain != "" && len(t.Filing.Domains) > 1 {
		return v.title(r.Check) + v.Bracket(domainName(t, r))
	}
	return v.title(r.Check)
}

func (m *markdown) list(k kind, t *Target, results []*engine.Result) {
	fmt.Fprintf(m, "### %s %s\n\n", markdownMarks[k.id], m.Say(k.word))
	for _, r := range results {
		fmt.Fprintf(m, "- **%s**%s%s\n", md(m.titled(t, r)), m.Colon(), md(m.message(r)))
		m.item(m.Say(text.LabelAccepted), md(m.waiver(r)))
		m.item(m.Say(text.LabelRemedy), md(m.remedy(r)))
		m.item("", md(m.broken(r)))
		for _, s := range m.dependences(r) {
			m.item("", md(s))
		}
		for _, n := range r.Needs {
			s := m.need(n)
			m.item(m.Say(text.LabelMissing), md(m.about(s)+m.Comma())+m.Say(text.AddWithFlag, code(s.give)))
		}
		if !m.o.Verbose {
			continue
		}
		for _, e := range r.Evidence {
			m.item(m.Say(text.LabelEvidence), md(m.evidence(e)))
		}
		for _, id := range r.Sources {
			s := m.source(id)
			m.item(m.Say(text.LabelSource), md(s.id+m.Colon()+s.title))
		}
	}
	m.WriteByte('\n')
}

func (m *markdown) item(label, s string) {
	if s == "" {
		return
	}
	if label != "" {
		s = "**" + label + "**" + m.Colon() + s
	}
	fmt.Fprintf(m, "  - %s\n", s)
}

var (
	markdownSigns = pattern.New("[\\\\`*_{}\\[\\]<>|~$^&]")
	// forgeSigns call people and link issues on GitHub, GitLab and Gitee. They are
	// looked for after escapes are undone, so a backslash would not stop them.
	forgeSigns = pattern.New(`[@#!%](?:[0-9A-Za-z])`)
	// blockSigns open a heading, list or quotation where they begin a line.
	blockSigns = pattern.New(`^(\s*)([-+=#:]|[0-9]+[.)])`)
	// links that forges make of bare text
	bareLinks = pattern.New(`(?i)(https?|ftp):|www\.`)
)

// md makes text inert in Markdown: it shows as it is, and calls nobody. A
// zero-width space breaks what a backslash cannot: @name, #12 and bare links,
// which would lead readers where a stranger's WHOIS record wants them.
func md(s string) string {
	s = forgeSigns().ReplaceAllStringFunc(s, func(m string) string { return m[:1] + "\u200b" + m[1:] })
	s = bareLinks().ReplaceAllStringFunc(s, func(m string) string { return m[:len(m)-1] + "\u200b" + m[len(m)-1:] })
	s = markdownSigns().ReplaceAllString(s, `\$0`)
	return blockSigns().ReplaceAllStringFunc(s, func(m string) string { return m[:len(m)-1] + `\` + m[len(m)-1:] })
}

// code is text in a code span, fenced by more backticks than it has.
func code(s string) string {
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}
