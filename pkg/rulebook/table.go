package rulebook

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// ColumnType is the type of a table column's values.
type ColumnType string

// The column types, with the Go type of Cell.Value. Any holds structured data
// that commands read but rules cannot.
const (
	ColumnBool ColumnType = "bool" // bool
	ColumnInt  ColumnType = "int"  // int64
	ColumnText ColumnType = "text" // string
	ColumnList ColumnType = "list" // []string
	ColumnDate ColumnType = "date" // time.Time, the start of the day in Beijing
	ColumnBoth ColumnType = "both" // text.Text, {zh, en}
	ColumnRule ColumnType = "rule" // string, a CEL expression that gives a bool
	ColumnAny  ColumnType = "any"  // maps, lists and scalars as YAML gives them
)

var columnTypes = []string{"bool", "int", "text", "list", "date", "both", "rule", "any"}

// Column declares what a table's rows may carry.
type Column struct {
	Name string
	Type ColumnType
	// OneOf is the closed list of values of a text or list column; nil leaves it open.
	OneOf []string
	// Ref names the table whose ids the values of a text or list column are.
	Ref string
	// Default is the value of rows that do not have the column; nil means that
	// the value of such a row is unknown.
	Default any
	// Required columns stand in every row.
	Required bool
	Title    text.Text
	position yamlfile.Position
}

// Cell is one value of a row with what supports it and what speaks against it.
type Cell struct {
	Value any
	// Source ids support the value; empty means the row's sources do.
	Source []string
	Note   string
	// Confidence is official, high, medium or low; empty means the row's.
	Confidence string
	// Other keeps what other sources say instead.
	Other    []Other
	Position yamlfile.Position
}

// Other is a claim that was not chosen.
type Other struct {
	Value  any      `json:"value"`
	Source []string `json:"source"`
	Note   string   `json:"note,omitempty"`
}

// Row is one row of a table.
type Row struct {
	Table      string // the table's id; "" for a row that stands for what no table lists
	ID         string
	Name       text.Text
	Also       []string // further names accepted for the id
	Source     []string
	Verified   string // the day a person last compared the row with its sources, 2006-01-02
	Confidence string
	Note       string
	Cells      map[string]Cell
	Position   yamlfile.Position
	patch      bool
}

// confidences are the grades a row or cell can have; empty means not graded.
var confidences = []string{"official", "high", "medium", "low"}

// Value returns a cell's value, or nil where the row does not have it.
func (r *Row) Value(column string) any { return r.Cells[column].Value }

// Text returns a text cell, or "".
func (r *Row) Text(column string) string { s, _ := r.Cells[column].Value.(string); return s }

// Int returns an int cell, or 0.
func (r *Row) Int(column string) int { n, _ := r.Cells[column].Value.(int64); return int(n) }

// List returns a list cell, or nil.
func (r *Row) List(column string) []string { s, _ := r.Cells[column].Value.([]string); return s }

// Both returns a cell in both languages, which say the same where the cell has
// one text, or the empty text.
func (r *Row) Both(column string) text.Text {
	switch v := r.Cells[column].Value.(type) {
	case text.Text:
		return v
	case string: // of a column that has one language
		return text.Same(v)
	}
	return text.Text{}
}

// Rule returns the rule in a cell, not yet compiled, or nil where the row has none.
func (r *Row) Rule(column string) *Expr {
	cell, ok := r.Cells[column]
	if !ok {
		return nil
	}
	source, _ := cell.Value.(string)
	return &Expr{Source: source, Position: cell.Position}
}

// SourcesOf returns the sources of a cell: its own, else the row's.
func (r *Row) SourcesOf(column string) []string {
	if c, ok := r.Cells[column]; ok && len(c.Source) > 0 {
		return c.Source
	}
	return r.Source
}

// Table is one table of the rulebook.
type Table struct {
	ID      string
	Title   text.Text
	Columns []Column
	Rows    []*Row

	byID   map[string]*Row
	byName map[string]*Row
}

// Row returns a row by id, or nil.
func (t *Table) Row(id string) *Row {
	if t == nil {
		return nil
	}
	return t.byID[id]
}

// Find returns a row by id, name or alias, folding case, width and spaces; or nil.
func (t *Table) Find(word string) *Row {
	if t == nil {
		return nil
	}
	if r := t.byID[word]; r != nil {
		return r
	}
	return t.byName[text.Fold(word)]
}

// IDs lists the ids in table order.
func (t *Table) IDs() []string {
	ids := make([]string, len(t.Rows))
	for i, r := range t.Rows {
		ids[i] = r.ID
	}
	return ids
}

// Column returns a column's declaration.
func (t *Table) Column(name string) (Column, bool) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return Column{}, false
	}
	return t.Columns[i], true
}

// index builds the look-up maps and reports ids or names that stand twice.
func (t *Table) index() yamlfile.Problems {
	var problems yamlfile.Problems
	t.byID = make(map[string]*Row, len(t.Rows))
	t.byName = make(map[string]*Row, 3*len(t.Rows))
	for _, r := range t.Rows {
		if first := t.byID[r.ID]; first != nil {
			problems = append(problems, yamlfile.Problem{Position: r.Position,
				Message: fmt.Sprintf("row %q stands twice in table %q, first at %s", r.ID, t.ID, first.Position)})
			continue
		}
		t.byID[r.ID] = r
	}
	for _, r := range t.Rows {
		for _, name := range append([]string{r.ID, r.Name.Zh, r.Name.En}, r.Also...) {
			key := text.Fold(name)
			if key == "" {
				continue
			}
			// The first row keeps a name that several carry, except that an alias
			// (also) must be unambiguous.
			if first := t.byName[key]; first != nil && first != r {
				if slices.Contains(r.Also, name) {
					problems = append(problems, yamlfile.Problem{Position: r.Position,
						Message: fmt.Sprintf("row %q: the name %q already means %q", r.ID, name, first.ID)})
				}
				continue
			}
			t.byName[key] = r
		}
	}
	return problems
}

// tableReader reads one table file.
type tableReader struct {
	file     *yamlfile.File
	problems yamlfile.Problems
}

func (r *tableReader) fail(n *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, r.file.Problem(n, format, args...))
}

// pairs is yamlfile.Pairs that reports a node which has no keys.
func (r *tableReader) pairs(n *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "want keys with values, got %s", yamlfile.Kind(n))
	}
	return yamlfile.Pairs(n)
}

var rowKeys = []string{"id", "name", "also", "source", "verified", "confidence", "note", "patch"}

// readTable reads a table file. base is the table it layers over, or nil.
func readTable(file *yamlfile.File, base *Table) (*Table, []Test, error) {
	r := &tableReader{file: file}
	t := &Table{}
	if base != nil {
		t.ID, t.Title, t.Columns = base.ID, base.Title, slices.Clone(base.Columns)
	}
	var rows *yaml.Node
	var tests []Test
	verified := ""
	for key, value := range yamlfile.Pairs(file.Root) {
		switch key.Value {
		case "table":
			t.ID = r.text(value)
		case "title":
			t.Title = r.both(value)
		case "verified":
			verified = r.date(value)
		case "note":
			r.text(value)
		case "columns":
			for name, declaration := range r.pairs(value) {
				c := r.column(name, declaration)
				if i := slices.IndexFunc(t.Columns, func(have Column) bool { return have.Name == c.Name }); i >= 0 {
					if t.Columns[i].Type != c.Type {
						r.fail(name, "column %q is %s in the table below this layer, not %s", c.Name, t.Columns[i].Type, c.Type)
					}
					continue
				}
				t.Columns = append(t.Columns, c)
			}
		case "rows":
			rows = value
		case "tests":
			reader := &checkReader{tableReader{file: file}}
			tests = reader.tests(value, true)
			r.problems = append(r.problems, reader.problems...)
		default:
			r.fail(key, "unknown key %q%s", key.Value, yamlfile.DidYouMean(key.Value, []string{"table", "title", "verified", "note", "columns", "rows", "tests"}))
		}
	}
	if t.ID == "" {
		r.fail(file.Root, "a table file begins with table: NAME")
	}
	if rows == nil || rows.Kind != yaml.SequenceNode {
		r.fail(file.Root, "table %q has no rows", t.ID)
	} else {
		for _, n := range rows.Content {
			t.Rows = append(t.Rows, r.row(t, n, verified))
		}
	}
	if err := r.problems.Err(); err != nil {
		return nil, nil, err
	}
	if problems := t.index(); len(problems) > 0 {
		return nil, nil, problems.Err()
	}
	if base != nil {
		t, err := t.over(base, file)
		return t, tests, err
	}
	return t, tests, nil
}

// over lays t's rows over base: a new id is added, a known one replaces the
// whole row, or single values of it where the row says patch: true.
func (t *Table) over(base *Table, file *yamlfile.File) (*Table, error) {
	merged := &Table{ID: t.ID, Title: t.Title, Columns: t.Columns, Rows: slices.Clone(base.Rows)}
	var problems yamlfile.Problems
	for _, row := range t.Rows {
		i := slices.IndexFunc(merged.Rows, func(r *Row) bool { return r.ID == row.ID })
		if i < 0 {
			if row.patch {
				problems = append(problems, file.ProblemAt(row.Position, "there is no row %q to patch in table %q%s", row.ID, t.ID, yamlfile.DidYouMean(row.ID, base.IDs())))
				continue
			}
			merged.Rows = append(merged.Rows, row)
			continue
		}
		below := merged.Rows[i]
		if row.patch {
			patched := *below
			patched.Cells = maps.Clone(below.Cells)
			maps.Copy(patched.Cells, row.Cells)
			patched.Position = row.Position
			merged.Rows[i] = &patched
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(below.Cells)) {
			if _, ok := row.Cells[name]; !ok {
				problems = append(problems, file.ProblemAt(row.Position, "row %q replaces the whole row of table %q but leaves out %q; give every value, or say patch: true to change only these", row.ID, t.ID, name))
				break
			}
		}
		merged.Rows[i] = row
	}
	problems = append(problems, merged.index()...)
	return merged, problems.Err()
}

func (r *tableReader) column(name, n *yaml.Node) Column {
	c := Column{Name: name.Value, position: r.file.At(name)}
	if slices.Contains(rowKeys, c.Name) {
		r.fail(name, "a column cannot be called %q, every row has that key", c.Name)
	}
	if n.Kind == yaml.ScalarNode { // short form: name: type
		c.Type = ColumnType(n.Value)
	}
	var given *yaml.Node
	for key, value := range yamlfile.Pairs(n) {
		switch key.Value {
		case "type":
			c.Type = ColumnType(r.text(value))
		case "one_of":
			c.OneOf = r.texts(value)
		case "ref":
			c.Ref = r.text(value)
		case "required":
			c.Required = value.Value == "true"
		case "default":
			given = value
		case "title":
			c.Title = r.both(value)
		default:
			r.fail(key, "unknown key %q%s", key.Value, yamlfile.DidYouMean(key.Value, []string{"type", "one_of", "ref", "required", "default", "title"}))
		}
	}
	if !slices.Contains(columnTypes, string(c.Type)) {
		r.fail(n, "unknown column type %q%s", c.Type, yamlfile.DidYouMean(string(c.Type), columnTypes))
	}
	if given != nil {
		c.Default = r.value(c, given)
	}
	return c
}

// onlyValues refuses in a patch what it would not change: what a row says of
// itself is about all its values, those below included.
func (r *tableReader) onlyValues(row *Row, n *yaml.Node) {
	for key := range yamlfile.Pairs(n) {
		switch key.Value {
		case "source", "confidence", "note":
			r.fail(key, "a patch changes values alone, so %s of row %q would be lost: write it beside the value, COLUMN: {value: …, %[1]s: …}", key.Value, row.ID)
		case "name", "also", "verified":
			r.fail(key, "a patch changes values alone, so %s of row %q would be lost: take it out, or give the whole row without patch: true", key.Value, row.ID)
		}
	}
}

func (r *tableReader) row(t *Table, n *yaml.Node, verified string) *Row {
	row := &Row{Table: t.ID, Verified: verified, Cells: map[string]Cell{}, Position: r.file.At(n)}
	if n.Kind != yaml.MappingNode {
		r.fail(n, "a row has keys with values, got %s", yamlfile.Kind(n))
		return row
	}
	for key, value := range yamlfile.Pairs(n) {
		switch key.Value {
		case "id":
			row.ID = r.text(value)
		case "name":
			row.Name = r.both(value)
		case "also":
			row.Also = r.texts(value)
		case "source":
			row.Source = r.texts(value)
		case "verified":
			row.Verified = r.date(value)
		case "confidence":
			row.Confidence = r.confidence(value)
		case "note":
			row.Note = r.text(value)
		case "patch":
			row.patch = value.Value == "true"
		default:
			c, ok := t.Column(key.Value)
			if !ok {
				names := append([]string{}, rowKeys...)
				for _, c := range t.Columns {
					names = append(names, c.Name)
				}
				r.fail(key, "unknown column %q%s", key.Value, yamlfile.DidYouMean(key.Value, names))
				continue
			}
			row.Cells[c.Name] = r.cell(c, value)
		}
	}
	if row.ID == "" {
		r.fail(n, "a row needs an id")
	}
	if row.Name.Empty() {
		if t.ID == "sources" && !row.patch {
			r.fail(n, "row %q lacks %q", row.ID, "name") // reports show it to people, to whom the id says nothing
		}
		row.Name = text.Same(row.ID)
	}
	if row.patch {
		r.onlyValues(row, n)
	} else {
		for _, c := range t.Columns {
			if _, ok := row.Cells[c.Name]; c.Required && !ok {
				r.fail(n, "row %q lacks %q", row.ID, c.Name)
			}
		}
	}
	return row
}

func (r *tableReader) confidence(n *yaml.Node) string {
	s := r.text(n)
	if !slices.Contains(confidences, s) {
		r.fail(n, "unknown confidence %q; known: %s", s, strings.Join(confidences, ", "))
	}
	return s
}

// cell reads a value, plain or as {value, source, note, confidence, other}.
func (r *tableReader) cell(c Column, n *yaml.Node) Cell {
	cell := Cell{Position: r.file.At(n)}
	long := false
	if n.Kind == yaml.MappingNode {
		for key := range yamlfile.Pairs(n) {
			long = long || key.Value == "value"
		}
	}
	if !long {
		cell.Value = r.value(c, n)
		return cell
	}
	for key, value := range yamlfile.Pairs(n) {
		switch key.Value {
		case "value":
			cell.Value = r.value(c, value)
		case "source":
			cell.Source = r.texts(value)
		case "note":
			cell.Note = r.text(value)
		case "confidence":
			cell.Confidence = r.confidence(value)
		case "other":
			if value.Kind != yaml.SequenceNode {
				r.fail(value, "want a list of {value, source, note}")
				continue
			}
			for _, o := range value.Content {
				cell.Other = append(cell.Other, r.other(o))
			}
		default:
			r.fail(key, "unknown key %q%s", key.Value, yamlfile.DidYouMean(key.Value, []string{"value", "source", "note", "confidence", "other"}))
		}
	}
	return cell
}

func (r *tableReader) other(n *yaml.Node) Other {
	var o Other
	for key, value := range r.pairs(n) {
		switch key.Value {
		case "value":
			o.Value = plain(value)
		case "source":
			o.Source = r.texts(value)
		case "note":
			o.Note = r.text(value)
		default:
			r.fail(key, "unknown key %q; known: value, source, note", key.Value)
		}
	}
	return o
}

func (r *tableReader) value(c Column, n *yaml.Node) any {
	switch c.Type {
	case ColumnBool:
		switch n.Value {
		case "true":
			return true
		case "false":
			return false
		}
		r.fail(n, "%s: want true or false, got %s", c.Name, yamlfile.Kind(n))
		return nil
	case ColumnInt:
		i, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil || n.Kind != yaml.ScalarNode {
			r.fail(n, "%s: want a whole number, got %s", c.Name, yamlfile.Kind(n))
			return nil
		}
		return i
	case ColumnText, ColumnRule:
		s := r.text(n)
		r.oneOf(c, n, s)
		return s
	case ColumnList:
		list := r.texts(n)
		for _, s := range list {
			r.oneOf(c, n, s)
		}
		return list
	case ColumnDate:
		t, err := time.ParseInLocation(calendar.DateLayout, n.Value, calendar.Beijing)
		if err != nil {
			r.fail(n, "%s: want a date such as 2026-11-24, got %s", c.Name, yamlfile.Kind(n))
			return nil
		}
		return t
	case ColumnBoth:
		return r.both(n)
	case ColumnAny:
		return plain(n)
	}
	return nil
}

func (r *tableReader) oneOf(c Column, n *yaml.Node, s string) {
	if c.OneOf != nil && !slices.Contains(c.OneOf, s) {
		r.fail(n, "%s: %q is not one of %s", c.Name, s, strings.Join(c.OneOf, ", "))
	}
}

func (r *tableReader) text(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || yamlfile.Null(n) {
		r.fail(n, "want text, got %s", yamlfile.Kind(n))
		return ""
	}
	return n.Value
}

func (r *tableReader) texts(n *yaml.Node) []string {
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "want a list, got %s", yamlfile.Kind(n))
		return nil
	}
	list := make([]string, 0, len(n.Content))
	for _, item := range n.Content {
		list = append(list, r.text(item))
	}
	return list
}

func (r *tableReader) date(n *yaml.Node) string {
	if _, err := time.Parse(calendar.DateLayout, n.Value); err != nil {
		r.fail(n, "want a date such as 2026-11-24, got %s", yamlfile.Kind(n))
	}
	return n.Value
}

// both reads {zh, en}, both given; plain text stands for a name that reads the same in both.
func (r *tableReader) both(n *yaml.Node) text.Text {
	if n.Kind == yaml.ScalarNode {
		return text.Same(r.text(n))
	}
	var t text.Text
	for key, value := range yamlfile.Pairs(n) {
		switch key.Value {
		case "zh":
			t.Zh = r.text(value)
		case "en":
			t.En = r.text(value)
		default:
			r.fail(key, "unknown language %q; want zh and en", key.Value)
		}
	}
	switch {
	case t.Zh == "":
		r.fail(n, "the Chinese text (zh) is missing")
	case t.En == "":
		r.fail(n, "the English text (en) is missing")
	}
	return t
}

// plain turns a node into maps, slices and scalars for JSON.
func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for key, value := range yamlfile.Pairs(n) {
			m[key.Value] = plain(value)
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			list = append(list, plain(item))
		}
		return list
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return n.Value == "true"
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return i
		}
	case "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return f
		}
	}
	return n.Value
}

// PlainCell turns a cell's value into what JSON and YAML print: dates as days.
func PlainCell(v any) any {
	if t, ok := v.(time.Time); ok {
		return calendar.Date(t)
	}
	return v
}
