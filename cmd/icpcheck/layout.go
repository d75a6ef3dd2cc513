package main

import (
	"io"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// layout is what a command says to people: a sheet, and the words of reports.
type layout struct {
	*report.Sheet
	report.Voice
}

func newLayout(book *rulebook.Rulebook, o report.Options) *layout {
	return &layout{Sheet: report.NewSheet(o), Voice: report.Voice{Book: book, Lang: o.Lang}}
}

// need prints a fact that is missing, where it is found, and how to give it.
func (l *layout) need(indent int, path string) {
	l.Hang(strings.Repeat(" ", indent)+l.Say(text.LabelMissing)+l.Colon(), nil, l.Needed(engine.Need{Path: path}))
}

// emit writes what a command has to say in the forms asked for, which can be
// text and json.
func (a *app) emit(o *options, book *rulebook.Rulebook, value any, asText func(*layout)) error {
	sinks, err := o.textOrJSON()
	if err != nil {
		return err
	}
	if err := o.spare(a.inputs...); err != nil {
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
			err = writeFile(s.path, 0o644, write)
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
			return nil, usage("--format %s：这个命令的格式只有 text 和 json", "--format %s: this command knows text and json", s.format.Name)
		}
	}
	return sinks, nil
}

// missing explains the entries of needs.
func missing(v report.Voice, needs []string) []report.Missing {
	facts := []report.Missing{}
	for _, path := range needs {
		facts = append(facts, v.Missing(engine.Need{Path: path}))
	}
	return facts
}
