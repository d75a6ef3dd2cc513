package rulebook

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// tableScan is a table of the embedded layer cut into rows that are parsed one
// by one when somebody asks for them. A check of one filing needs a dozen of
// the rulebook's thousand rows, and parsing YAML is what its time goes into.
// A table whose text cannot be cut reliably is read whole instead.
type tableScan struct {
	table    string
	columns  []Column
	verified string
	rows     []*rowScan
	byID     map[string]*rowScan
}

type rowScan struct {
	id   string
	text string
	line int // of the row's first line, counting from 1

	once sync.Once
	row  *Row
}

// rowStart matches the first line of a row, which begins with its id.
var rowStart = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^  - (?:\{ ?)?id: ([^\s,{}"']+)`)
})

// scanTable cuts a table file at its rows. It reports false for a file that is
// not laid out in the one way the cut relies on: "rows:" on a line of its own,
// rows indented by two spaces, each beginning with its id.
func scanTable(name string, data []byte) (*tableScan, bool) {
	head, body, found := bytes.Cut(data, []byte("\nrows:\n"))
	if !found {
		return nil, false
	}
	file, err := yamlfile.Parse(name, head)
	if err != nil {
		return nil, false
	}
	s := &tableScan{byID: map[string]*rowScan{}}
	r := &tableReader{file: file}
	for key, value := range yamlfile.Pairs(file.Root) {
		switch key.Value {
		case "table":
			s.table = r.text(value)
		case "verified":
			s.verified = r.date(value)
		case "columns":
			for name, declaration := range yamlfile.Pairs(value) {
				s.columns = append(s.columns, r.column(name, declaration))
			}
		}
	}
	if len(r.problems) > 0 {
		return nil, false
	}
	line := bytes.Count(head, []byte("\n")) + 3 // the line after "rows:"
	content := string(body)
	var current *rowScan
	start, offset := 0, 0
	for l := range strings.Lines(content) {
		switch {
		case strings.HasPrefix(l, "  - "):
			if current != nil {
				current.text = content[start:offset]
			}
			m := rowStart().FindStringSubmatch(l)
			if m == nil || s.byID[m[1]] != nil {
				return nil, false
			}
			current = &rowScan{id: m[1], line: line}
			start = offset
			s.rows = append(s.rows, current)
			s.byID[m[1]] = current
		case strings.HasPrefix(l, "    ") || strings.TrimSpace(l) == "" || strings.HasPrefix(strings.TrimLeft(l, " "), "#"):
		default:
			return nil, false // something after the rows
		}
		offset += len(l)
		line++
	}
	if current != nil {
		current.text = content[start:]
	}
	return s, true
}

// get parses the row. A broken row of the embedded rulebook is a mistake of
// ours that the tests catch, as in Rulebook.Table.
func (r *rowScan) get(name string, s *tableScan) *Row {
	r.once.Do(func() {
		file, err := yamlfile.Parse(name, []byte("rows:\n"+r.text))
		if err != nil {
			panic(fmt.Sprintf("rulebook: %s: row %s: %v", name, r.id, err))
		}
		reader := &tableReader{file: file}
		n := file.Root.Content[1].Content[0]
		shift(n, r.line-2)
		r.row = reader.row(&Table{ID: s.table, Columns: s.columns}, n, s.verified)
		if len(reader.problems) > 0 {
			panic(fmt.Sprintf("rulebook: %s: row %s: %v", name, r.id, reader.problems))
		}
	})
	return r.row
}

// shift moves the positions of a node to where its text stands in the file.
func shift(n *yaml.Node, lines int) {
	n.Line += lines
	for _, child := range n.Content {
		shift(child, lines)
	}
}

// scanned returns the cut table, or nil where it has to be read whole.
func (l *lazyTable) scanned() *tableScan {
	if l == nil || l.source == nil {
		return nil
	}
	l.scanOnce.Do(func() {
		data, err := l.source.read()
		if err != nil {
			return // the embedded files can always be read; Table says so if not
		}
		if s, ok := scanTable(l.source.name, data); ok {
			l.scan = s
		}
	})
	return l.scan
}

// Row returns a row of a table by id, or nil. It parses that row alone.
func (b *Rulebook) Row(table, id string) *Row {
	l := b.tables[table]
	s := l.scanned()
	if s == nil {
		return b.Table(table).Row(id)
	}
	if r := s.byID[id]; r != nil {
		return r.get(l.source.name, s)
	}
	return nil
}

// find returns the first row that passes ok among those whose text contains
// word; hit tells whether any did.
func (b *Rulebook) findText(table, word string, ok func(*Row) bool) *Row {
	l := b.tables[table]
	s := l.scanned()
	if s == nil || word == "" {
		return nil
	}
	for _, r := range s.rows {
		if strings.Contains(r.text, word) {
			if row := r.get(l.source.name, s); ok(row) {
				return row
			}
		}
	}
	return nil
}

// Find returns a row by id, name or alias as Table.Find does, parsing as few
// rows as will do.
func (b *Rulebook) Find(table, word string) *Row {
	if r := b.Row(table, word); r != nil {
		return r
	}
	key := text.Fold(word)
	if r := b.findText(table, word, func(r *Row) bool { return r.called(key) }); r != nil {
		return r
	}
	return b.Table(table).Find(word)
}

// called reports whether a folded name is one of the row's.
func (r *Row) called(key string) bool {
	for _, name := range append([]string{r.ID, r.Name.Zh, r.Name.En}, r.Also...) {
		if text.Fold(name) == key {
			return true
		}
	}
	return false
}

// IDs lists the ids of a table in its order.
func (b *Rulebook) IDs(table string) []string {
	s := b.tables[table].scanned()
	if s == nil {
		return b.Table(table).IDs()
	}
	ids := make([]string, len(s.rows))
	for i, r := range s.rows {
		ids[i] = r.id
	}
	return ids
}

// Columns lists the columns of a table.
func (b *Rulebook) Columns(table string) []Column {
	s := b.tables[table].scanned()
	if s == nil {
		if t := b.Table(table); t != nil {
			return t.Columns
		}
		return nil
	}
	return s.columns
}
