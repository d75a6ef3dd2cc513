package rulebook

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cel.dev/cel-go/common/ast"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// A snapshot is a rulebook read in advance: the tables, the checks without
// their tests, and the rules parsed and type-checked. Reading YAML and parsing
// CEL is most of what a short run would do otherwise. It never decides
// anything: it is used only while the fingerprint in it is that of the YAML files
// it was made from, so that an edited file counts at once, snapshot or not.
//
// The form is private to one version of the program. Numbers are varints,
// texts are their length and their bytes; whoever reads a text shares these
// bytes. Tables are found by offset, rows by a sorted index, rules by a sorted
// list of their sources, so that only what is needed is read.
//
//	magic line, fingerprint line, digest, version, date, order
//	tables:  number, then id and length and content each
//	checks:  number, then content each
//	rules:   number, then source and length and content each, sorted by source
type snapshot struct {
	digest, version, date string
	order                 []string
	tables                map[string]*tableSnapshot
	checks                string
	exprs                 []exprSnapshot
}

// snapshotMagic changes whenever the form does.
const snapshotMagic = "icpcheck-rulebook/3\n"

type exprSnapshot struct{ source, checked string }

// openSnapshot reads the outline of a snapshot. It reports false for one that
// was not made from the files with this fingerprint, or by another version.
func openSnapshot(data, fingerprint string) (*snapshot, bool) {
	rest, ok := strings.CutPrefix(data, snapshotMagic+fingerprint+"\n")
	if !ok || fingerprint == "" {
		return nil, false
	}
	d := &decoder{rest: rest}
	s := &snapshot{digest: d.text(), version: d.text(), date: d.text(), order: d.texts(), tables: map[string]*tableSnapshot{}}
	for range d.int() {
		id := d.text()
		s.tables[id] = &tableSnapshot{id: id, content: d.text()}
	}
	s.checks = d.text()
	s.exprs = make([]exprSnapshot, d.int())
	for i := range s.exprs {
		s.exprs[i] = exprSnapshot{d.text(), d.text()}
	}
	return s, true
}

// checked returns a rule that was parsed and type-checked in advance, or nil.
func (s *snapshot) checked(source string) *ast.AST {
	if s == nil {
		return nil
	}
	i, found := slices.BinarySearchFunc(s.exprs, source, func(e exprSnapshot, source string) int { return strings.Compare(e.source, source) })
	if !found {
		return nil
	}
	return decodeAST(&decoder{rest: s.exprs[i].checked})
}

// readChecks reads the checks. tests reads those of the check in a file.
func (s *snapshot) readChecks(tests func(file string) []Test) []*Check {
	d := &decoder{rest: s.checks}
	list := make([]*Check, d.int())
	for i := range list {
		c := d.check()
		c.tests = sync.OnceValue(func() []Test { return tests(c.Position.File) })
		list[i] = c
	}
	return list
}

// tableSnapshot is a table whose rows are read one by one as they are asked for.
type tableSnapshot struct {
	id      string
	content string

	once    sync.Once
	file    string
	title   text.Text
	columns []Column
	rows    string // the rows' contents
	starts  string // where each row begins in rows, in the table's order
	sorted  string // numbers of the rows, sorted by id
	read    []atomic.Pointer[Row]
}

const offsetSize = 4

func offsetAt(table string, i int) int {
	return int(binary.LittleEndian.Uint32([]byte(table[i*offsetSize : (i+1)*offsetSize])))
}

func (t *tableSnapshot) open() *tableSnapshot {
	t.once.Do(func() {
		d := &decoder{rest: t.content}
		t.file, t.title = d.text(), d.both()
		t.columns = make([]Column, d.int())
		for i := range t.columns {
			t.columns[i] = d.column(t.file)
		}
		t.read = make([]atomic.Pointer[Row], d.int())
		t.starts, t.sorted, t.rows = d.text(), d.text(), d.text()
	})
	return t
}

func (t *tableSnapshot) len() int { return len(t.open().read) }

// id returns the id of the row at i, which stands first in it.
func (t *tableSnapshot) idAt(i int) string {
	return (&decoder{rest: t.rows[offsetAt(t.starts, i):]}).text()
}

// row returns the row at i. Two goroutines that ask at once get the same one.
func (t *tableSnapshot) row(i int) *Row {
	if r := t.open().read[i].Load(); r != nil {
		return r
	}
	d := &decoder{rest: t.rows[offsetAt(t.starts, i):]}
	t.read[i].CompareAndSwap(nil, d.row(t))
	return t.read[i].Load()
}

// byID returns a row by its id, or nil.
func (t *tableSnapshot) byID(id string) *Row {
	low, high := 0, t.len()
	for low < high {
		middle := (low + high) / 2
		i := offsetAt(t.sorted, middle)
		switch c := strings.Compare(t.idAt(i), id); {
		case c == 0:
			return t.row(i)
		case c < 0:
			low = middle + 1
		default:
			high = middle
		}
	}
	return nil
}

// find returns the first row that passes ok among those that say word
// somewhere, or nil. It reads no others.
func (t *tableSnapshot) find(word string, ok func(*Row) bool) *Row {
	if word == "" || !strings.Contains(t.open().rows, word) {
		return nil
	}
	for i := range t.len() {
		end := len(t.rows)
		if i+1 < t.len() {
			end = offsetAt(t.starts, i+1)
		}
		if strings.Contains(t.rows[offsetAt(t.starts, i):end], word) {
			if r := t.row(i); ok(r) {
				return r
			}
		}
	}
	return nil
}

// table reads the whole table.
func (t *tableSnapshot) table() *Table {
	whole := &Table{ID: t.id, Title: t.open().title, Columns: t.columns, Rows: make([]*Row, t.len())}
	for i := range whole.Rows {
		whole.Rows[i] = t.row(i)
	}
	whole.index() // the table was found sound when the snapshot was made
	return whole
}

// decoder reads what an encoder wrote. Only what the fingerprint vouches for is
// read, so it does not look for mistakes; the tests compare all of it with YAML.
type decoder struct{ rest string }

func (d *decoder) byte() byte {
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *decoder) int64() int64 {
	var u uint64
	for shift := 0; ; shift += 7 {
		b := d.byte()
		u |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return int64(u>>1) ^ -int64(u&1)
		}
	}
}

func (d *decoder) int() int   { return int(d.int64()) }
func (d *decoder) bool() bool { return d.byte() == 1 }

func (d *decoder) text() string {
	n := d.int()
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

// texts keeps nil apart from empty, as reading YAML does.
func (d *decoder) texts() []string {
	n := d.int()
	if n < 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.text()
	}
	return list
}

func (d *decoder) both() text.Text { return text.Text{Zh: d.text(), En: d.text()} }

func (d *decoder) position(file string) yamlfile.Position {
	return yamlfile.Position{File: file, Line: d.int(), Column: d.int()}
}

// day reads a time, which in rules is always the start of a day in Beijing.
func (d *decoder) day() time.Time {
	if !d.bool() {
		return time.Time{}
	}
	return time.Unix(d.int64(), 0).In(calendar.Beijing)
}

func (d *decoder) column(file string) Column {
	return Column{
		Name: d.text(), Type: ColumnType(d.text()), OneOf: d.texts(), Ref: d.text(), Default: d.value(),
		Required: d.bool(), Title: d.both(), position: d.position(file),
	}
}

func (d *decoder) row(t *tableSnapshot) *Row {
	r := &Row{
		Table: t.id, ID: d.text(), Name: d.both(), Also: d.texts(), Source: d.texts(), Verified: d.text(),
		Confidence: d.text(), Note: d.text(), Position: d.position(t.file),
	}
	n := d.int()
	r.Cells = make(map[string]Cell, n)
	for range n {
		name := t.columns[d.int()].Name
		c := Cell{Value: d.value(), Position: d.position(t.file)}
		if d.bool() {
			c.Source, c.Note, c.Confidence = d.texts(), d.text(), d.text()
			if n := d.int(); n > 0 {
				c.Other = make([]Other, n)
				for i := range c.Other {
					c.Other[i] = Other{Value: d.value(), Source: d.texts(), Note: d.text()}
				}
			}
		}
		r.Cells[name] = c
	}
	return r
}

// The kinds of values, each written before the value.
const (
	valueNil = iota
	valueFalse
	valueTrue
	valueInt
	valueFloat
	valueText
	valueTexts
	valueDay
	valueBoth
	valueList
	valueMap
)

func (d *decoder) value() any {
	switch kind := d.byte(); kind {
	case valueNil:
		return nil
	case valueFalse, valueTrue:
		return kind == valueTrue
	case valueInt:
		return d.int64()
	case valueFloat:
		return math.Float64frombits(uint64(d.int64()))
	case valueText:
		return d.text()
	case valueTexts:
		return d.texts()
	case valueDay:
		return d.day()
	case valueBoth:
		return d.both()
	case valueList:
		list := make([]any, d.int())
		for i := range list {
			list[i] = d.value()
		}
		return list
	case valueMap:
		n := d.int()
		m := make(map[string]any, n)
		for range n {
			key := d.text()
			m[key] = d.value()
		}
		return m
	default:
		panic(fmt.Sprintf("rulebook: snapshot: unknown kind of value %d", kind))
	}
}

func (d *decoder) check() *Check {
	c := &Check{ID: d.text(), Title: d.both(), Severity: verdict.Severity(d.text()), Target: Target(d.text()), AbsentNotApplicable: d.bool()}
	file := d.text()
	c.Position = d.position(file)
	c.When = d.expr(file)
	if n := d.int(); n > 0 {
		c.Parts = make([]*Part, n)
		for i := range c.Parts {
			c.Parts[i] = &Part{
				ID: d.text(), Title: d.both(), Severity: verdict.Severity(d.text()),
				When: d.expr(file), Pass: d.expr(file), FailWhen: d.expr(file),
				Message: d.messages(file), Remedy: d.cases(file), Source: d.texts(),
			}
		}
	}
	c.Message, c.Remedy = d.messages(file), d.cases(file)
	c.Source, c.Verified, c.Note = d.texts(), d.text(), d.text()
	c.From, c.Until = d.day(), d.day()
	if d.bool() {
		from := &partsFrom{table: d.text(), column: d.text(), value: d.text(), when: d.expr(file), pass: d.expr(file), position: d.position(file)}
		from.severityColumn = d.text()
		from.severity = map[string]verdict.Severity{}
		for range d.int() {
			word := d.text()
			from.severity[word] = verdict.Severity(d.text())
		}
		c.partsFrom = from
	}
	return c
}

func (d *decoder) expr(file string) *Expr {
	if !d.bool() {
		return nil
	}
	return &Expr{Source: d.text(), any: d.bool(), Position: d.position(file)}
}

func (d *decoder) messages(file string) Messages {
	n := d.int()
	if n < 0 {
		return nil
	}
	m := make(Messages, n)
	for range n {
		v := verdict.Verdict(d.text())
		m[v] = d.cases(file)
	}
	return m
}

func (d *decoder) cases(file string) []Case {
	n := d.int()
	if n < 0 {
		return nil
	}
	list := make([]Case, n)
	for i := range list {
		list[i] = Case{When: d.expr(file), Text: Template{Position: d.position(file), Zh: d.segments(file), En: d.segments(file)}}
	}
	return list
}

func (d *decoder) segments(file string) []Segment {
	list := make([]Segment, d.int())
	for i := range list {
		list[i] = Segment{Literal: d.text(), Expr: d.expr(file)}
	}
	return list
}

// Snapshot writes the rulebook's snapshot, which Layer.Snapshot takes. Only a
// rulebook of a single layer has one.
func (b *Rulebook) Snapshot() ([]byte, error) {
	if len(b.layers) != 1 {
		return nil, fmt.Errorf("a snapshot is of one layer, not of %d", len(b.layers))
	}
	if problems := b.Compile(); len(problems) > 0 {
		return nil, problems
	}
	e := &encoder{}
	e.WriteString(snapshotMagic + fingerprint(b.layers[0]) + "\n")
	e.text(b.Digest())
	e.text(b.Version)
	e.text(b.Date)
	e.texts(b.order)
	ids := b.TableIDs()
	e.int(len(ids))
	for _, id := range ids {
		e.text(id)
		e.inner(func(e *encoder) { e.table(b.Table(id)) })
	}
	e.inner(func(e *encoder) {
		e.int(len(b.Checks()))
		for _, c := range b.Checks() {
			e.check(c)
		}
	})
	exprs := map[string]string{}
	for _, x := range b.exprs() {
		checked, err := x.check(b)
		if err != nil {
			return nil, err
		}
		inner := &encoder{}
		if inner.ast(checked) {
			exprs[x.Source] = inner.String()
		}
	}
	e.int(len(exprs))
	for source, checked := range sorted(exprs) {
		e.text(source)
		e.text(checked)
	}
	return e.Bytes(), nil
}

// encoder writes what a decoder reads.
type encoder struct{ bytes.Buffer }

func (e *encoder) int64(i int64) {
	e.Write(binary.AppendUvarint(nil, uint64(i)<<1^uint64(i>>63)))
}

func (e *encoder) int(i int)     { e.int64(int64(i)) }
func (e *encoder) kind(kind int) { e.WriteByte(byte(kind)) }

func (e *encoder) bool(b bool) bool {
	if b {
		e.kind(1)
	} else {
		e.kind(0)
	}
	return b
}

func (e *encoder) text(s string) {
	e.int(len(s))
	e.WriteString(s)
}

// inner writes what write writes as one text.
func (e *encoder) inner(write func(*encoder)) {
	var inner encoder
	write(&inner)
	e.text(inner.String())
}

func (e *encoder) texts(list []string) {
	if list == nil {
		e.int(-1)
		return
	}
	e.int(len(list))
	for _, s := range list {
		e.text(s)
	}
}

func (e *encoder) both(t text.Text) {
	e.text(t.Zh)
	e.text(t.En)
}

func (e *encoder) position(p yamlfile.Position) {
	e.int(p.Line)
	e.int(p.Column)
}

func (e *encoder) day(t time.Time) {
	if e.bool(!t.IsZero()) {
		e.int64(t.Unix())
	}
}

func (e *encoder) table(t *Table) {
	file := ""
	if len(t.Rows) > 0 {
		file = t.Rows[0].Position.File
	}
	e.text(file)
	e.both(t.Title)
	e.int(len(t.Columns))
	for _, c := range t.Columns {
		e.text(c.Name)
		e.text(string(c.Type))
		e.texts(c.OneOf)
		e.text(c.Ref)
		e.value(c.Default)
		e.bool(c.Required)
		e.both(c.Title)
		e.position(c.position)
	}
	var starts, order []byte
	var rows encoder
	numbers := make([]int, len(t.Rows))
	for i, r := range t.Rows {
		numbers[i] = i
		starts = binary.LittleEndian.AppendUint32(starts, uint32(rows.Len()))
		rows.row(t, r)
	}
	slices.SortFunc(numbers, func(a, b int) int { return strings.Compare(t.Rows[a].ID, t.Rows[b].ID) })
	for _, i := range numbers {
		order = binary.LittleEndian.AppendUint32(order, uint32(i))
	}
	e.int(len(t.Rows))
	e.text(string(starts))
	e.text(string(order))
	e.text(rows.String())
}

func (e *encoder) row(t *Table, r *Row) {
	e.text(r.ID)
	e.both(r.Name)
	e.texts(r.Also)
	e.texts(r.Source)
	e.text(r.Verified)
	e.text(r.Confidence)
	e.text(r.Note)
	e.position(r.Position)
	e.int(len(r.Cells))
	for i, column := range t.Columns {
		c, ok := r.Cells[column.Name]
		if !ok {
			continue
		}
		e.int(i)
		e.value(c.Value)
		e.position(c.Position)
		if !e.bool(c.Source != nil || c.Note != "" || c.Confidence != "" || c.Other != nil) {
			continue
		}
		e.texts(c.Source)
		e.text(c.Note)
		e.text(c.Confidence)
		e.int(len(c.Other))
		for _, o := range c.Other {
			e.value(o.Value)
			e.texts(o.Source)
			e.text(o.Note)
		}
	}
}

func (e *encoder) value(v any) {
	switch v := v.(type) {
	case nil:
		e.kind(valueNil)
	case bool:
		if v {
			e.kind(valueTrue)
		} else {
			e.kind(valueFalse)
		}
	case int64:
		e.kind(valueInt)
		e.int64(v)
	case float64:
		e.kind(valueFloat)
		e.int64(int64(math.Float64bits(v)))
	case string:
		e.kind(valueText)
		e.text(v)
	case []string:
		e.kind(valueTexts)
		e.texts(v)
	case time.Time:
		e.kind(valueDay)
		e.day(v)
	case text.Text:
		e.kind(valueBoth)
		e.both(v)
	case []any:
		e.kind(valueList)
		e.int(len(v))
		for _, item := range v {
			e.value(item)
		}
	case map[string]any:
		e.kind(valueMap)
		e.int(len(v))
		for key, item := range sorted(v) {
			e.text(key)
			e.value(item)
		}
	default:
		panic(fmt.Sprintf("rulebook: snapshot: no form for a %T", v))
	}
}

func (e *encoder) check(c *Check) {
	e.text(c.ID)
	e.both(c.Title)
	e.text(string(c.Severity))
	e.text(string(c.Target))
	e.bool(c.AbsentNotApplicable)
	e.text(c.Position.File)
	e.position(c.Position)
	e.expr(c.When)
	parts := c.Parts
	if c.partsFrom != nil {
		parts = nil // they come from the table, which a layer may change
	}
	e.int(len(parts))
	for _, p := range parts {
		e.text(p.ID)
		e.both(p.Title)
		e.text(string(p.Severity))
		e.expr(p.When)
		e.expr(p.Pass)
		e.expr(p.FailWhen)
		e.messages(p.Message)
		e.cases(p.Remedy)
		e.texts(p.Source)
	}
	e.messages(c.Message)
	e.cases(c.Remedy)
	e.texts(c.Source)
	e.text(c.Verified)
	e.text(c.Note)
	e.day(c.From)
	e.day(c.Until)
	if e.bool(c.partsFrom != nil) {
		e.text(c.partsFrom.table)
		e.text(c.partsFrom.column)
		e.text(c.partsFrom.value)
		e.expr(c.partsFrom.when)
		e.expr(c.partsFrom.pass)
		e.position(c.partsFrom.position)
		e.text(c.partsFrom.severityColumn)
		e.int(len(c.partsFrom.severity))
		for word, severity := range sorted(c.partsFrom.severity) {
			e.text(word)
			e.text(string(severity))
		}
	}
}

func (e *encoder) expr(x *Expr) {
	if e.bool(x != nil) {
		e.text(x.Source)
		e.bool(x.any)
		e.position(x.Position)
	}
}

func (e *encoder) messages(m Messages) {
	if m == nil {
		e.int(-1)
		return
	}
	e.int(len(m))
	for v, cases := range sorted(m) {
		e.text(string(v))
		e.cases(cases)
	}
}

func (e *encoder) cases(list []Case) {
	if list == nil {
		e.int(-1)
		return
	}
	e.int(len(list))
	for _, c := range list {
		e.expr(c.When)
		e.position(c.Text.Position)
		e.segments(c.Text.Zh)
		e.segments(c.Text.En)
	}
}

func (e *encoder) segments(list []Segment) {
	e.int(len(list))
	for _, s := range list {
		e.text(s.Literal)
		e.expr(s.Expr)
	}
}
