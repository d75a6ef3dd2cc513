package rulebook

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
	"github.com/icpcheck/icpcheck/pkg/verdict"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// Rows that become parts of a check may carry these columns: what is said when
// the part fails, and what to do then.
const (
	columnSays   = "says"
	columnRemedy = "remedy"
)

// expand makes the parts of a check that takes them from the rows of a table.
func (b *Rulebook) expand(c *Check) error {
	from := c.partsFrom
	if from == nil {
		return nil
	}
	if b.tables[from.table] == nil {
		return yamlfile.Problem{Position: from.position, Message: fmt.Sprintf("there is no table %q%s", from.table, yamlfile.DidYouMean(from.table, b.TableIDs()))}
	}
	table := b.Table(from.table)
	for _, row := range table.Rows {
		if row.Text(from.column) != from.value {
			continue
		}
		p, err := from.part(table, row, c.Severity)
		if err != nil {
			return err
		}
		c.Parts = append(c.Parts, p)
	}
	if len(c.Parts) == 0 {
		return yamlfile.Problem{Position: from.position, Message: fmt.Sprintf("no row of table %q has %s: %s", from.table, from.column, from.value)}
	}
	return nil
}

// part makes a part of a row.
func (from *partsFrom) part(table *Table, row *Row, severity verdict.Severity) (*Part, error) {
	p := &Part{ID: row.ID, Title: row.Name, Severity: severity, Source: row.Source}
	if s, ok := from.severity[row.Text(from.severityColumn)]; ok {
		p.Severity = s
	}
	var err error
	if p.Pass, err = from.pass.of(table, row); err != nil {
		return nil, err
	}
	if from.when != nil {
		if p.When, err = from.when.of(table, row); err != nil {
			return nil, err
		}
		if p.When.Source == always {
			p.When = nil
		}
	}
	if p.Message, err = messagesOf(row); err != nil {
		return nil, err
	}
	if t := row.Both(columnRemedy); !t.Empty() {
		remedy, err := templateOf(row, columnRemedy)
		if err != nil {
			return nil, err
		}
		p.Remedy = []Case{{Text: remedy}}
	}
	return p, nil
}

func messagesOf(row *Row) (Messages, error) {
	if row.Both(columnSays).Empty() {
		return nil, nil
	}
	says, err := templateOf(row, columnSays)
	return Messages{verdict.Fail: {{Text: says}}}, err
}

// templateOf reads a sentence in a cell.
func templateOf(row *Row, column string) (Template, error) {
	place := yamlfile.Problem{Position: row.Cells[column].Position}
	t, err := parseTemplate(row.Both(column), place)
	if err != nil {
		place.Message = fmt.Sprintf("row %q: %s: %v", row.ID, column, err)
		return Template{}, place
	}
	return t, nil
}

// always is the rule of a row whose cell of type rule is empty.
const always = "true"

// rowValue matches row.<column> in a rule.
var rowValue = pattern.New(`\brow\.([a-z_]+)`)

// of puts the row's values into a rule over row.<column>. A rule that is just
// a cell of type rule keeps the cell's place in its file, so that a mistake is
// found there.
func (e *Expr) of(table *Table, row *Row) (*Expr, error) {
	var problem error
	at := 0 // of the placeholder that is filled, in bytes
	literal := func(name string) string {
		column, ok := table.Column(name)
		if !ok {
			var names []string
			for _, c := range table.Columns {
				names = append(names, c.Name)
			}
			problem = e.at(runes(e.Source[:at]), e.problem("table %q has no column %q%s", table.ID, name, yamlfile.DidYouMean(name, names)))
			return ""
		}
		s, ok := literalOf(row, column)
		if !ok {
			problem = e.at(runes(e.Source[:at]), e.problem("column %q is %s, which rules cannot read", name, column.Type))
		}
		return s
	}
	if m := rowValue().FindStringSubmatch(e.Source); m != nil && m[0] == strings.TrimSpace(e.Source) {
		if rule := row.Rule(m[1]); rule != nil {
			return rule, nil
		}
	}
	made := &instance{rule: e}
	var source strings.Builder
	rest := 0
	for _, m := range rowValue().FindAllStringSubmatchIndex(e.Source, -1) {
		source.WriteString(e.Source[rest:m[0]])
		name := e.Source[m[2]:m[3]]
		at = m[0]
		value := filled{at: runes(e.Source[:m[0]]), width: runes(e.Source[m[0]:m[1]]), from: runes(source.String()), cell: e.cellOf(table, row, name)}
		source.WriteString(literal(name))
		value.to = runes(source.String())
		made.values = append(made.values, value)
		rest = m[1]
	}
	if problem != nil {
		return nil, problem
	}
	source.WriteString(e.Source[rest:])
	return &Expr{Source: source.String(), Position: row.Position, made: made}, nil
}

// instance is how an expression was made of a rule and the values of a row.
type instance struct {
	rule   *Expr // over row.<column>
	values []filled
}

// filled is a value that stands in an expression for row.<column>. Places are
// characters from the beginning, of which the last is the first behind it.
type filled struct {
	from, to  int   // of the value in the expression
	at, width int   // of row.<column> in the rule
	cell      *Expr // where the value is written
}

// written finds where a column of an expression (counting from 0) was written
// by its author: in a rule as it is, in the rule that others were made of, or in
// a cell of the row.
func (e *Expr) written(column int) (*Expr, int) {
	if e.made == nil {
		return e, column
	}
	shift := 0
	for _, v := range e.made.values {
		switch {
		case column >= v.to:
			shift = v.at + v.width - v.to
		case column >= v.from:
			return v.cell, max(column-v.from-1, 0) // behind a bracket or a quotation mark
		}
	}
	return e.made.rule, column + shift
}

// cellOf is the place of a value that a rule gets: the rule in a cell, else the
// rule it is put into, at the cell; at the row where the value is a default.
func (e *Expr) cellOf(table *Table, row *Row, name string) *Expr {
	cell, ok := row.Cells[name]
	if !ok {
		return &Expr{Source: e.Source, Position: row.Position}
	}
	if column, _ := table.Column(name); column.Type == ColumnRule {
		return row.Rule(name)
	}
	return &Expr{Source: e.Source, Position: cell.Position}
}

func runes(s string) int { return utf8.RuneCountInString(s) }

// literalOf writes a row's value as CEL does: the column's default, or nothing
// of its type, where the row has none.
func literalOf(row *Row, column Column) (string, bool) {
	value := row.Value(column.Name)
	if value == nil {
		value = column.Default
	}
	switch column.Type {
	case ColumnBool:
		v, _ := value.(bool)
		return strconv.FormatBool(v), true
	case ColumnInt:
		v, _ := value.(int64)
		return strconv.FormatInt(v, 10), true
	case ColumnText:
		v, _ := value.(string)
		return quoted(v), true
	case ColumnList:
		list, _ := value.([]string)
		words := make([]string, len(list))
		for i, s := range list {
			words[i] = quoted(s)
		}
		return "[" + strings.Join(words, ", ") + "]", true
	case ColumnDate:
		v, _ := value.(time.Time)
		return "timestamp(" + quoted(v.In(calendar.Beijing).Format(time.RFC3339)) + ")", true
	case ColumnRule:
		if rule, _ := value.(string); rule != "" {
			return "(" + rule + ")", true
		}
		return always, true
	}
	return "", false
}

// quoted writes a string as CEL does, whose escapes are those of Go.
func quoted(s string) string { return strconv.Quote(s) }
