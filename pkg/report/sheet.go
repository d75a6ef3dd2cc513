package report

import (
	"bytes"
	"strings"

	"github.com/fatih/color"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// Sheet is text for a terminal in the making: heads with text beside them,
// wrapped at the width of the terminal.
type Sheet struct {
	bytes.Buffer
	// Width is the number of columns to wrap at; 0 does not wrap.
	Width int
	// The colours, all on or all off.
	Good, Bad, Doubt, Faint, Strong *color.Color
}

// NewSheet begins a sheet for the width and colour of the options.
func NewSheet(o Options) *Sheet {
	s := &Sheet{
		Width: o.Width,
		Good:  color.New(color.FgGreen), Bad: color.New(color.FgRed, color.Bold), Doubt: color.New(color.FgYellow),
		Faint: color.New(color.Faint), Strong: color.New(color.Bold),
	}
	for _, c := range []*color.Color{s.Good, s.Bad, s.Doubt, s.Faint, s.Strong} {
		if o.Color {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
	}
	return s
}

// leastRoom is the room that text needs to be readable at all.
const leastRoom = 20

// Room is the number of columns right of an indent; 0 where nothing is wrapped.
// On a terminal too narrow for the indent it stays readable and overflows.
func (s *Sheet) Room(indent int) int {
	if s.Width <= 0 {
		return 0
	}
	return max(s.Width-indent, leastRoom)
}

// Heading prints a line that stands out, wrapped.
func (s *Sheet) Heading(heading string) {
	for _, line := range text.Wrap(text.Clean(heading), s.Room(0)) {
		s.Line(s.Strong.Sprint(line))
	}
}

// Line prints a line as it is, without blanks at its end.
func (s *Sheet) Line(line string) { s.WriteString(strings.TrimRight(line, " ") + "\n") }

// Beside prints a head and beside it, from the column on, text that is wrapped
// there. The head may hold colours; column is how wide it looks. Where too
// little room is left beside it, the text stands below the head.
func (s *Sheet) Beside(head string, column int, body string) {
	if s.Width > 0 && s.Width-column < leastRoom && column > stackedIndent {
		if strings.TrimSpace(head) != "" {
			s.Line(unpadded(head))
		}
		margin := strings.Repeat(" ", stackedIndent)
		for _, line := range text.Wrap(text.Clean(body), s.Room(stackedIndent)) {
			s.Line(margin + line)
		}
		return
	}
	for i, line := range text.Wrap(text.Clean(body), s.Room(column)) {
		if i > 0 {
			head = strings.Repeat(" ", column)
		}
		s.Line(head + line)
	}
}

// Hang is Beside for a head that is painted as a whole; a nil colour leaves it plain.
func (s *Sheet) Hang(head string, c *color.Color, body string) {
	column := text.Width(head)
	if c != nil {
		head = c.Sprint(head)
	}
	s.Beside(head, column, body)
}

// unpadded takes the blanks out of a head that align it with others, but for two.
func unpadded(head string) string {
	body := strings.TrimLeft(head, " ")
	margin := head[:len(head)-len(body)]
	for strings.Contains(body, "   ") {
		body = strings.ReplaceAll(body, "   ", "  ")
	}
	return margin + body
}
