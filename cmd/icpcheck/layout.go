package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/fatih/color"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// layout lays out what a command says to people: lines with a mark, labels
// beside text, all wrapped at the width of the terminal.
type layout struct {
	bytes.Buffer
	book  *rulebook.Rulebook
	lang  text.Lang
	width int
	// The colours, all on or all off.
	good, bad, doubt, faint, strong *color.Color
}

func newLayout(book *rulebook.Rulebook, o report.Options) *layout {
	l := &layout{
		book: book, lang: o.Lang, width: o.Width,
		good: color.New(color.FgGreen), bad: color.New(color.FgRed, color.Bold), doubt: color.New(color.FgYellow),
		faint: color.New(color.Faint), strong: color.New(color.Bold),
	}
	for _, c := range []*color.Color{l.good, l.bad, l.doubt, l.faint, l.strong} {
		if o.Color {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
	}
	return l
}

func (l *layout) say(k text.Key, args ...string) string { return text.Catalogue(k, args...).In(l.lang) }

// colon, comma and bracket are the language's own.
func (l *layout) colon() string           { return l.pick("：", ": ") }
func (l *layout) comma() string           { return l.pick("，", ", ") }
func (l *layout) bracket(s string) string { return l.pick("（"+s+"）", " ("+s+")") }
func (l *layout) pick(zh, en string) string {
	return text.Text{Zh: zh, En: en}.In(l.lang)
}

// hang prints a head and beside it text that is wrapped within its column. The
// head's width is counted without its colour.
func (l *layout) hang(head string, c *color.Color, s string) {
	column := text.Width(head)
	room := 0
	if l.width > 0 {
		room = max(l.width-column, 20)
	}
	if c != nil {
		head = c.Sprint(head)
	}
	for i, line := range text.Wrap(text.Clean(s), room) {
		if i > 0 {
			head = strings.Repeat(" ", column)
		}
		l.line(head + line)
	}
}

// line prints a line as it is, without blanks at its end.
func (l *layout) line(s string) { l.WriteString(strings.TrimRight(s, " ") + "\n") }

// give names the flag that gives a fact.
func (l *layout) give(path string) string {
	switch path {
	case "provider", "province":
		return "--" + path + " …"
	case "subject.type":
		return "--subject …"
	}
	values := l.book.FewValues(path, "")
	if values == nil || len(values) > 6 {
		return "--set " + path + "=…"
	}
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return "--set " + path + "=" + strings.Join(words, "|")
}

// need prints a fact that is missing, where it is found, and how to give it.
func (l *layout) need(indent int, path string) {
	s := l.book.FactLabel(path).In(l.lang)
	if find := l.book.HowToFind(path).In(l.lang); find != "" {
		s += l.bracket(find)
	}
	l.hang(strings.Repeat(" ", indent)+l.say(text.LabelMissing)+l.colon(), nil, s+l.comma()+l.say(text.AddWithFlag, l.give(path)))
}

// names shows values of a fact, at most eight of them.
func (l *layout) names(path string, values []any) string {
	words := make([]string, 0, len(values))
	for _, v := range values {
		words = append(words, engine.Display(l.book, path, v, l.lang))
	}
	const most = 8
	if extra := len(words) - most; extra > 1 {
		return l.say(text.AndMore, text.List(words[:most], l.lang), strconv.Itoa(extra), strconv.Itoa(len(words)))
	}
	return text.List(words, l.lang)
}

// emit writes what a command has to say in the forms asked for, which can be
// text and json.
func (a *app) emit(o *options, book *rulebook.Rulebook, value any, asText func(*layout)) error {
	sinks, err := o.textOrJSON()
	if err != nil {
		return err
	}
	for _, s := range sinks {
		ro := report.Options{Lang: o.lang(a.environment), Quiet: o.Quiet, Verbose: o.Verbose, Color: o.Color == "always"}
		if s.path == "" {
			ro.Color, ro.Width = o.color(a.environment), a.width
		}
		write := func(w io.Writer) error {
			if s.format.Name == "json" {
				return encodeJSON(w, value)
			}
			l := newLayout(book, ro)
			asText(l)
			_, err := w.Write(l.Bytes())
			return err
		}
		if s.path == "" {
			err = write(a.stdout)
		} else {
			err = writeFile(s.path, write)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// textOrJSON are the sinks of a command that knows these two forms.
func (o *options) textOrJSON() ([]sink, error) {
	sinks, err := o.sinks()
	if err != nil {
		return nil, err
	}
	for _, s := range sinks {
		if s.format.Name != "json" && s.format.Name != "text" {
			return nil, usage("--format %s: this command knows text and json", s.format.Name)
		}
	}
	return sinks, nil
}

// missingFact explains an entry of needs.
type missingFact struct {
	Fact  string `json:"fact"`
	Title string `json:"title"`
	Find  string `json:"find,omitempty"`
	Give  string `json:"give"`
}

func missingFacts(book *rulebook.Rulebook, needs []string, lang text.Lang) []missingFact {
	l := &layout{book: book, lang: lang}
	facts := []missingFact{}
	for _, path := range needs {
		facts = append(facts, missingFact{path, book.FactLabel(path).In(lang), book.HowToFind(path).In(lang), l.give(path)})
	}
	return facts
}
