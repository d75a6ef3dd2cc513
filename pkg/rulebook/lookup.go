package rulebook

import (
	"slices"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// Look-ups of rows. From a snapshot they read the rows they return and no
// others: a check of one filing needs a dozen of the rulebook's thousand.

// snapshotOf returns a table as it stands in the snapshot, or nil where it
// does not stand there or a layer has changed it.
func (b *Rulebook) snapshotOf(table string) *tableSnapshot {
	if l := b.tables[table]; l != nil {
		return l.snapshot
	}
	return nil
}

// Row returns a row of a table by id, or nil.
func (b *Rulebook) Row(table, id string) *Row {
	if s := b.snapshotOf(table); s != nil {
		return s.byID(id)
	}
	return b.Table(table).Row(id)
}

// search returns the first row that passes ok. word must stand somewhere in
// the row; it is what makes the search short, so an empty one finds nothing.
func (b *Rulebook) search(table, word string, ok func(*Row) bool) *Row {
	if s := b.snapshotOf(table); s != nil {
		return s.find(word, ok)
	}
	rows := b.Table(table).Rows
	if i := slices.IndexFunc(rows, ok); i >= 0 && word != "" {
		return rows[i]
	}
	return nil
}

// Find returns a row by id, name or alias as Table.Find does, reading as few
// rows as will do.
func (b *Rulebook) Find(table, word string) *Row {
	if r := b.Row(table, word); r != nil {
		return r
	}
	if b.snapshotOf(table) != nil {
		key := text.Fold(word)
		if r := b.search(table, strings.TrimSpace(word), func(r *Row) bool { return r.called(key) }); r != nil {
			return r
		}
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
	s := b.snapshotOf(table)
	if s == nil {
		return b.Table(table).IDs()
	}
	ids := make([]string, s.len())
	for i := range ids {
		ids[i] = s.idAt(i)
	}
	return ids
}

// Columns lists the columns of a table, or nil where there is none.
func (b *Rulebook) Columns(table string) []Column {
	if s := b.snapshotOf(table); s != nil {
		return s.open().columns
	}
	if t := b.Table(table); t != nil {
		return t.Columns
	}
	return nil
}
