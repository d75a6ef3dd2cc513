package rulebook

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// Vocabularies are tables whose ids are the values of facts. Small closed
// lists stand together in table "words", as rows LIST/ID.
const wordsTable = "words"

// vocabularyTables maps vocabulary names to tables where they have one of their own.
var vocabularyTables = map[string]bool{
	"providers": true, "provinces": true, "subject-types": true, "certificates": true,
	"materials": true, "content": true, "cdns": true,
}

var _ filing.Vocabulary = (*Rulebook)(nil)

// rows returns the rows of a vocabulary that has no table of its own, with the
// id each stands for.
func (b *Rulebook) rows(vocabulary, provider string) (rows []*Row, ids []string) {
	prefix, table := vocabulary+"/", wordsTable
	if vocabulary == "server-types" {
		prefix, table = provider+"/", vocabulary
	}
	for _, id := range b.IDs(table) {
		word, ok := strings.CutPrefix(id, prefix)
		if table == "server-types" && provider == "" {
			_, word, ok = strings.Cut(id, "/")
		}
		if ok {
			rows, ids = append(rows, b.Row(table, id)), append(ids, word)
		}
	}
	return rows, ids
}

// Resolve maps a word to its id. See filing.Vocabulary.
func (b *Rulebook) Resolve(vocabulary, word, provider string) (string, bool) {
	word = strings.TrimSpace(word)
	if vocabulary == checksVocabulary {
		return b.findCheck(word)
	}
	if vocabularyTables[vocabulary] {
		if r := b.Find(vocabulary, word); r != nil {
			return r.ID, true
		}
		return "", false
	}
	// Most files say ids.
	table, id := wordsTable, vocabulary+"/"+word
	if vocabulary == "server-types" {
		table, id = vocabulary, provider+"/"+word
	}
	if b.Row(table, id) != nil {
		return word, true
	}
	rows, ids := b.rows(vocabulary, provider)
	if slices.Contains(ids, word) { // of a provider that is not known yet
		return word, true
	}
	if vocabulary == "server-types" && len(rows) == 0 {
		// Nothing is known about this provider's products, so any id may be right.
		return word, word != ""
	}
	key := text.Fold(word)
	for i, r := range rows {
		for _, name := range append([]string{ids[i], r.Name.Zh, r.Name.En}, append(r.List("names"), r.Also...)...) {
			if text.Fold(name) == key {
				return ids[i], true
			}
		}
	}
	return "", false
}

// checksVocabulary are the checks, which filings name where they accept one.
const checksVocabulary = "checks"

// findCheck finds a check by its id or by its title in either language.
func (b *Rulebook) findCheck(word string) (id string, ok bool) {
	if c := b.Check(word); c != nil {
		return c.ID, true
	}
	key := text.Fold(word)
	for _, c := range b.Checks() {
		for _, name := range []string{c.ID, c.Title.Zh, c.Title.En} {
			if key != "" && text.Fold(name) == key {
				return c.ID, true
			}
		}
	}
	return "", false
}

// Instead tells what a product is that carries no filing, and what to name in
// its place. See filing.Vocabulary.
func (b *Rulebook) Instead(vocabulary, word, provider string) text.Text {
	if vocabulary == "provinces" {
		return b.provinceOf(word)
	}
	if vocabulary != "server-types" || b.tables["other-products"] == nil {
		return text.Text{}
	}
	key := text.Fold(word)
	for _, row := range b.Table("other-products").Rows {
		if row.Text("provider") != provider || row.Text("type") != strings.TrimSpace(word) && !row.called(key) {
			continue
		}
		if server := row.Text("carried_by"); server != "" {
			return text.Text{Zh: row.Name.Zh + "本身不能备案；请写它后面的服务器类型，如 " + server,
				En: row.Name.En + " carries no filing itself; name the type of the server behind it, such as " + server}
		}
		more := "icpcheck rules show other-products/" + provider + "/" + row.Text("type")
		return text.Text{Zh: row.Name.Zh + "不是备案所依托的产品；请不要写类型（详见 " + more + "）",
			En: row.Name.En + " is not what a filing hangs on; leave the type out (" + more + " tells more)"}
	}
	return text.Text{}
}

// provinceOf tells which province a city is in that was named for one. Some Latin
// spellings are those of two cities.
func (b *Rulebook) provinceOf(word string) text.Text {
	if b.tables["cities"] == nil {
		return text.Text{}
	}
	keys := []string{strings.NewReplacer("'", "", "’", "").Replace(text.Fold(word))}
	for _, kind := range []string{"市", "地区", "盟", "州", "city"} {
		if short, ok := strings.CutSuffix(keys[0], kind); ok && short != "" {
			keys = append(keys, short)
		}
	}
	var zh, en, provinces, ids []string
	for _, row := range b.Table("cities").Rows {
		province := b.Row("provinces", row.ID)
		if province == nil {
			continue
		}
		for _, city := range row.List("cities") {
			names := strings.Fields(city)
			if !slices.ContainsFunc(names, func(name string) bool { return slices.Contains(keys, name) }) {
				continue
			}
			latin := names[0]
			if i := slices.IndexFunc(names, func(name string) bool { return name[0] < utf8.RuneSelf }); i >= 0 {
				latin = strings.ToUpper(names[i][:1]) + names[i][1:]
			}
			short := cmp.Or(province.Text("short"), province.Name.Zh)
			zh = append(zh, names[0]+"在"+short)
			en = append(en, latin+" is in "+province.Name.En)
			provinces, ids = append(provinces, short), append(ids, province.ID)
		}
	}
	if ids == nil {
		return text.Text{}
	}
	return text.Text{Zh: strings.Join(zh, "，") + "；请写 " + strings.Join(provinces, " 或 "),
		En: strings.Join(en, " and ") + "; write " + strings.Join(ids, " or ")}
}

// Words lists the ids of a vocabulary. See filing.Vocabulary.
func (b *Rulebook) Words(vocabulary, provider string) []string {
	if vocabulary == checksVocabulary {
		var ids []string
		for _, c := range b.Checks() {
			ids = append(ids, c.ID)
		}
		return ids
	}
	if vocabularyTables[vocabulary] {
		return b.IDs(vocabulary)
	}
	_, ids := b.rows(vocabulary, provider)
	seen := map[string]bool{}
	unique := ids[:0:0]
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			unique = append(unique, id)
		}
	}
	return unique
}

// Label names an id of a vocabulary for people.
func (b *Rulebook) Label(vocabulary, id, provider string) text.Text {
	if vocabulary == checksVocabulary {
		if c := b.Check(id); c != nil {
			return c.Title
		}
		return text.Same(id)
	}
	if vocabularyTables[vocabulary] {
		if r := b.Row(vocabulary, id); r != nil {
			return r.Name
		}
		return text.Same(id)
	}
	rows, ids := b.rows(vocabulary, provider)
	for i := range rows {
		if ids[i] == id {
			return rows[i].Name
		}
	}
	return text.Same(id)
}

// Spellings lists what a filing may say for an id of a vocabulary beside the id
// itself: its names in both languages and its aliases. Case, width, spaces and
// punctuation do not matter to Resolve, so further spellings are accepted.
func (b *Rulebook) Spellings(vocabulary, id string) []string {
	if vocabulary == checksVocabulary {
		title := b.Label(vocabulary, id, "")
		return slices.DeleteFunc(slices.Compact([]string{title.Zh, title.En}), func(s string) bool { return s == id })
	}
	var found []*Row
	if vocabularyTables[vocabulary] {
		found = []*Row{b.Row(vocabulary, id)}
	} else {
		rows, ids := b.rows(vocabulary, "")
		for i, row := range rows {
			if ids[i] == id {
				found = append(found, row)
			}
		}
	}
	var names []string
	for _, row := range found {
		if row == nil {
			continue
		}
		for _, name := range slices.Concat([]string{row.Name.Zh, row.Name.En}, row.Also, row.List("names")) {
			if name != "" && name != id && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Derivable tells the type of a path that goes through a join. See filing.Vocabulary.
func (b *Rulebook) Derivable(path string) (filing.Type, bool) {
	c, ok := b.JoinColumn(path)
	if !ok {
		return "", false
	}
	t, ok := factTypes[c.Type]
	return t, ok
}

// Readable tells the type of any path that is no fact of a filing but that
// rules can read: columns behind joins and what the engine concludes.
func (b *Rulebook) Readable(path string) (filing.Type, bool) {
	if t, ok := derived[path]; ok {
		return t, true
	}
	return b.Derivable(path)
}

// JoinColumn returns the column behind a path such as province.min_validity_days.
func (b *Rulebook) JoinColumn(path string) (Column, bool) {
	join, name, ok := JoinOf(path)
	if !ok {
		return Column{}, false
	}
	for _, id := range join.Tables {
		for _, c := range b.Columns(id) {
			if c.Name == name {
				return c, true
			}
		}
	}
	return Column{}, false
}

// ConfidenceOf returns how sure a cell is: its own grade, else the row's, else high.
func (r *Row) ConfidenceOf(column string) string {
	return cmp.Or(r.Cells[column].Confidence, r.Confidence, "high")
}

var year = pattern.New(`\b20[0-9]{2}`)

// SourceOf gives the id of the newest source of a cell, for messages that rest
// on it alone.
func (b *Rulebook) SourceOf(r *Row, column string) string {
	var id, newest string
	for _, s := range r.SourcesOf(column) {
		row := b.Row("sources", s)
		if row == nil {
			continue
		}
		if y := sourceYear(row); id == "" || y > newest {
			id, newest = s, y
		}
	}
	return id
}

// NamesSource reports whether a path leads to the source of a column behind a join.
func NamesSource(path string) bool {
	_, column, ok := JoinOf(path)
	return ok && strings.HasSuffix(column, ".source")
}

// Cited names a source with its year, as sentences do.
func (b *Rulebook) Cited(id string) text.Text {
	title := b.SourceTitle(id)
	if row := b.Row("sources", id); row != nil {
		if y := sourceYear(row); y != "" {
			return text.Text{Zh: title.Zh + "，" + y + " 年", En: title.En + ", " + y}
		}
	}
	return title
}

// sourceYear is the first year that a source's date names, or "".
func sourceYear(r *Row) string { return year().FindString(r.Both("date").En) }

// factTypes are the column types that rules can read, as types of facts.
var factTypes = map[ColumnType]filing.Type{
	ColumnBool: filing.Bool, ColumnInt: filing.Int, ColumnText: filing.Text,
	ColumnList: filing.List, ColumnDate: filing.Time,
}

// FactLabel names a path for people: the wording of table "facts", the title
// of the column behind a join, "source" for where that comes from, else the path.
func (b *Rulebook) FactLabel(path string) text.Text {
	if r := b.Row("facts", path); r != nil {
		return r.Name
	}
	if c, ok := b.JoinColumn(path); ok && !c.Title.Empty() {
		return c.Title
	}
	if NamesSource(path) {
		return text.Catalogue(text.LabelSource)
	}
	return text.Same(path)
}

// HowToFind tells where a person finds the value of a fact; empty when nothing is said.
func (b *Rulebook) HowToFind(path string) text.Text {
	if r := b.Row("facts", path); r != nil {
		return r.Both("find")
	}
	return text.Text{}
}

// FewValues lists the values a fact can have where they can all be tried:
// ids of a vocabulary, true and false, or a column's closed list. nil means too many.
func (b *Rulebook) FewValues(path, provider string) []any {
	if f, ok := filing.FieldOf(path); ok {
		switch {
		case f.Type == filing.Bool:
			return []any{true, false}
		case f.Type == filing.Text && f.Vocabulary != "":
			return anys(b.Words(f.Vocabulary, provider))
		}
		return nil
	}
	if c, ok := b.JoinColumn(path); ok {
		switch {
		case c.Type == ColumnBool:
			return []any{true, false}
		case c.Type == ColumnText && c.OneOf != nil:
			return anys(c.OneOf)
		}
	}
	return nil
}

func anys(words []string) []any {
	list := make([]any, len(words))
	for i, w := range words {
		list[i] = w
	}
	return list
}
