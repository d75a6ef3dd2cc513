package rulebook

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// Rulebook is the tables and checks of all layers. It is safe for use by
// several goroutines.
type Rulebook struct {
	Version string
	Date    string

	layers     []Layer
	digestOnce sync.Once
	digest     string

	// snapshot is the base layer read in advance, or nil where there is none or
	// the files have changed since.
	snapshot *snapshot

	// Checks of a snapshot are read when first used, like its tables: most
	// commands need a third of them.
	checksOnce sync.Once
	checks     []*Check
	order      []string
	rowTests   []Test // of rows in layers

	tables map[string]*lazyTable

	typesOnce, planOnce sync.Once
	types, plan         *cel.Env
	typesErr, planErr   error

	registrarsOnce  sync.Once
	registrarByName map[string]*Row
}

// lazyTable is a table that is read, or one that can be from the snapshot.
type lazyTable struct {
	once     sync.Once
	table    *Table
	snapshot *tableSnapshot // nil where the table comes from a file
}

func (l *lazyTable) get() *Table {
	l.once.Do(func() {
		if l.snapshot != nil {
			l.table = l.snapshot.table()
		}
	})
	return l.table
}

// Layer is a folder of rule files: rulebook.yaml, tables/*.yaml, checks/*.yaml.
type Layer struct {
	// Name is put before file names in messages; empty for the embedded layer.
	Name string
	FS   fs.FS
	// Snapshot is what Rulebook.Snapshot wrote for these files; it makes reading
	// a base layer fast and changes nothing else. One that was made from other
	// files is passed over.
	Snapshot string
}

// Load reads the base layer and lays the others over it: a table row or a
// check with a known id replaces the one below, others are added. Mistakes are
// returned together as yamlfile.Problems. A base with a snapshot of its files is
// known to be sound, and read as it is needed.
func Load(base Layer, layers ...Layer) (*Rulebook, error) {
	b := &Rulebook{tables: map[string]*lazyTable{}, layers: append([]Layer{base}, layers...)}
	var problems yamlfile.Problems
	if !b.openBase(base) {
		if err := b.addLayer(base, false, &problems); err != nil {
			return nil, err
		}
	}
	for _, layer := range layers {
		if err := b.addLayer(layer, true, &problems); err != nil {
			return nil, err
		}
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if b.snapshot == nil || len(layers) > 0 {
		b.checksOnce.Do(func() { problems = append(problems, b.finishChecks()...) })
	}
	if len(layers) > 0 {
		// What a layer brings is checked before anything runs: a typo is an error now.
		problems = append(problems, b.Compile()...)
		problems = append(problems, b.refs()...)
	}
	return b, problems.Err()
}

// testRows gives the tests of rows in layers to the checks that they name. So a
// province's rule is one file of a layer, with its tests, though the check that
// takes its parts from such rows stands below.
func (b *Rulebook) testRows() (problems yamlfile.Problems) {
	for _, t := range b.rowTests {
		i := slices.IndexFunc(b.checks, func(c *Check) bool { return c.ID == t.check })
		if i < 0 {
			ids := make([]string, len(b.checks))
			for i, c := range b.checks {
				ids[i] = c.ID
			}
			problems = append(problems, yamlfile.Problem{Position: t.Position, Message: fmt.Sprintf("there is no check %q%s", t.check, yamlfile.DidYouMean(t.check, ids))})
			continue
		}
		below := b.checks[i].tests
		b.checks[i].tests = func() []Test {
			if below == nil {
				return []Test{t}
			}
			return append(slices.Clone(below()), t)
		}
	}
	return problems
}

// finishChecks orders the checks and gives those their parts that take them from tables.
func (b *Rulebook) finishChecks() (problems yamlfile.Problems) {
	b.sortChecks()
	problems = b.testRows()
	for _, c := range b.checks {
		if err := b.expand(c); err != nil {
			problems = append(problems, asProblems(err)...)
		}
	}
	return problems
}

func asProblems(err error) yamlfile.Problems {
	switch e := err.(type) {
	case yamlfile.Problems:
		return e
	case yamlfile.Problem:
		return yamlfile.Problems{e}
	}
	return yamlfile.Problems{{Message: err.Error()}}
}

// Digest is sha256 over the names and contents of all files of all layers. It
// is worked out when first asked for, since it takes reading every file.
func (b *Rulebook) Digest() string {
	b.digestOnce.Do(func() { b.digest = digest(b.layers...) })
	return b.digest
}

// digest is "unknown" where a file cannot be read.
func digest(layers ...Layer) string {
	sum := sha256.New()
	for _, layer := range layers {
		if layer.feed(sum) != nil {
			return "unknown"
		}
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// fingerprint tells a layer's files from earlier or later ones of theirs, in a
// fifth of the time that the digest takes. It is "" where a file cannot be read.
func fingerprint(layer Layer) string {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli)) // the kind that processors compute
	if layer.feed(sum) != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// feed writes the names and contents of all files.
func (layer Layer) feed(w io.Writer) error {
	names, err := ruleFiles(layer)
	buffer := make([]byte, 1<<15) // one for all files
	for _, name := range names {
		fmt.Fprintf(w, "%s\n", name)
		if err == nil {
			err = copyFile(w, layer.FS, name, buffer)
		}
	}
	return err
}

func copyFile(w io.Writer, fsys fs.FS, name string, buffer []byte) error {
	file, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.CopyBuffer(w, file, buffer)
	return err
}

// sources lists a layer's files, by what they are.
func (layer Layer) sources() (head *ruleSource, tables, checks []ruleSource, err error) {
	names, err := ruleFiles(layer)
	if err == nil && len(names) == 0 {
		err = text.Errorf("%q 里没有规则文件：应有 rulebook.yaml、tables/*.yaml 或 checks/*.yaml", "no rule files in %q: want rulebook.yaml, tables/*.yaml or checks/*.yaml", layer.Name)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	for _, name := range names {
		source := ruleSource{path.Join(layer.Name, name), func() ([]byte, error) { return fs.ReadFile(layer.FS, name) }}
		switch path.Dir(name) {
		case ".":
			head = &source
		case "tables":
			tables = append(tables, source)
		case "checks":
			checks = append(checks, source)
		}
	}
	return head, tables, checks, nil
}

// openBase takes the base layer from its snapshot, where that is one of these
// very files.
func (b *Rulebook) openBase(layer Layer) bool {
	if layer.Snapshot == "" {
		return false
	}
	s, ok := openSnapshot(layer.Snapshot, fingerprint(layer))
	if !ok {
		return false
	}
	if len(b.layers) == 1 { // else what lies over it counts too
		b.digestOnce.Do(func() { b.digest = s.digest })
	}
	b.snapshot = s
	b.Version, b.Date, b.order = s.version, s.date, s.order
	for id, t := range s.tables {
		b.tables[id] = &lazyTable{snapshot: t}
	}
	return true
}

// addLayer reads a layer; over tells whether another lies below it.
func (b *Rulebook) addLayer(layer Layer, over bool, problems *yamlfile.Problems) error {
	head, tables, checks, err := layer.sources()
	if err != nil {
		return err
	}
	note := func(err error) {
		if err != nil {
			*problems = append(*problems, asProblems(err)...)
		}
	}
	if head != nil {
		note(b.readHead(*head, over))
	}
	for _, source := range tables {
		note(b.addTable(source, over))
	}
	b.takeChecks()
	*problems = append(*problems, b.layChecks(checks)...)
	return nil
}

// takeChecks takes the checks of the snapshot, once.
func (b *Rulebook) takeChecks() {
	if b.checks != nil || b.snapshot == nil {
		return
	}
	b.checks = b.snapshot.readChecks(func(file string) []Test {
		c, err := ruleSource{file, func() ([]byte, error) { return fs.ReadFile(b.layers[0].FS, file) }}.check()
		if err != nil {
			panic(fmt.Sprintf("rulebook: %v", err)) // the file was sound when the snapshot was made of it
		}
		return c.Tests()
	})
}

// layChecks reads checks and lays them over those that are there.
func (b *Rulebook) layChecks(sources []ruleSource) (problems yamlfile.Problems) {
	inLayer := map[string]*Check{}
	for _, source := range sources {
		c, err := source.check()
		if err != nil {
			problems = append(problems, asProblems(err)...)
			continue
		}
		if first := inLayer[c.ID]; first != nil {
			problems = append(problems, yamlfile.Problem{Position: c.Position, Message: fmt.Sprintf("two checks have the id %q, the other one is at %s", c.ID, first.Position)})
			continue
		}
		inLayer[c.ID] = c
		if want := source.id(); c.ID != want {
			problems = append(problems, yamlfile.Problem{Position: c.Position, Message: fmt.Sprintf("check id %q differs from the file name, want %q", c.ID, want)})
		}
		if i := slices.IndexFunc(b.checks, func(have *Check) bool { return have.ID == c.ID }); i >= 0 {
			b.checks[i] = c
		} else {
			b.checks = append(b.checks, c)
		}
	}
	return problems
}

// ruleSource is a rule file that is read when it is needed.
type ruleSource struct {
	name string // as shown in messages
	read func() ([]byte, error)
}

// id is what the file's name says it holds.
func (s ruleSource) id() string { return strings.TrimSuffix(path.Base(s.name), ".yaml") }

func (s ruleSource) parse() (*yamlfile.File, error) {
	data, err := s.read()
	if err != nil {
		return nil, fmt.Errorf("reading rules: %w", err)
	}
	return yamlfile.Parse(s.name, data)
}

func (s ruleSource) check() (*Check, error) {
	file, err := s.parse()
	if err != nil {
		return nil, err
	}
	return readCheck(file)
}

func ruleFiles(layer Layer) ([]string, error) {
	var names []string
	for _, pattern := range []string{"rulebook.yaml", "tables/*.yaml", "checks/*.yaml"} {
		found, err := fs.Glob(layer.FS, pattern)
		if err != nil {
			return nil, fmt.Errorf("listing rules in %q: %w", layer.Name, err)
		}
		names = append(names, found...)
	}
	return names, nil
}

// readHead reads rulebook.yaml: version, date, and the order of checks in reports.
func (b *Rulebook) readHead(source ruleSource, layer bool) error {
	file, err := source.parse()
	if err != nil {
		return err
	}
	r := &tableReader{file: file}
	for key, value := range yamlfile.Pairs(file.Root) {
		switch key.Value {
		case "version":
			version := r.text(value)
			if layer {
				version = b.Version + "+" + version
			}
			b.Version = version
		case "date":
			b.Date = r.date(value)
		case "order":
			b.order = append(b.order, r.texts(value)...)
		default:
			r.fail(key, "unknown key %q; known: version, date, order", key.Value)
		}
	}
	return r.problems.Err()
}

// addTable lays the table in a file over the one below it.
func (b *Rulebook) addTable(source ruleSource, over bool) error {
	id := source.id()
	file, err := source.parse()
	if err != nil {
		return err
	}
	declares, title := false, file.Root
	for key, value := range yamlfile.Pairs(file.Root) {
		switch key.Value {
		case "table":
			if value.Kind == yaml.ScalarNode {
				id, title = value.Value, value
			}
		case "columns":
			declares = true
		}
	}
	if over && b.tables[id] == nil && !declares {
		// Most likely the misspelt name of a table that is there.
		return yamlfile.Problems{file.Problem(title, "there is no table %q below this layer, and a new one declares columns%s", id, yamlfile.DidYouMean(id, b.TableIDs()))}
	}
	if !over && id != source.id() {
		return yamlfile.Problems{file.Problem(title, "table %q stands in a file of another name", id)}
	}
	t, tests, err := readTable(file, b.Table(id))
	if err != nil {
		return err
	}
	if len(tests) > 0 && !over {
		// A snapshot reads tests from the check's file alone.
		return yamlfile.Problems{{Position: tests[0].Position, Message: "tests of rows in the base layer stand in the file of their check"}}
	}
	b.rowTests = append(b.rowTests, tests...)
	b.tables[id] = &lazyTable{table: t}
	return nil
}

// Table returns a table, or nil where there is none.
func (b *Rulebook) Table(id string) *Table {
	if l := b.tables[id]; l != nil {
		return l.get()
	}
	return nil
}

// TableIDs lists the tables by name.
func (b *Rulebook) TableIDs() []string {
	ids := make([]string, 0, len(b.tables))
	for id := range b.tables {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Warm reads the checks and builds the environment of rules, both at once, for
// commands that will need them shortly.
func (b *Rulebook) Warm() {
	var wg sync.WaitGroup
	wg.Go(func() { b.Checks() })
	wg.Go(func() { _, _ = b.planner() }) // an error comes back with the first rule
	wg.Wait()
}

// WarmRules compiles, on all cores, the demands of the selected checks. A
// command runs it while it waits for look-ups; one that waits for nothing does
// better to compile what it meets. Mistakes come back when a rule is evaluated.
func (b *Rulebook) WarmRules(selected func(*Check) bool) {
	b.Warm()
	var wg sync.WaitGroup
	var exprs []*Expr
	for _, c := range b.Checks() {
		if selected != nil && !selected(c) {
			continue
		}
		exprs = append(exprs, c.When)
		for _, p := range c.Parts {
			exprs = append(exprs, p.When, p.Pass, p.FailWhen)
		}
	}
	workers := min(runtime.GOMAXPROCS(0), 4)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(exprs); i += workers {
				if exprs[i] != nil {
					_, _ = exprs[i].Program(b)
				}
			}
		})
	}
	wg.Wait()
}

// Checks lists the checks in the order of reports.
func (b *Rulebook) Checks() []*Check {
	b.checksOnce.Do(func() {
		b.takeChecks()
		if err := b.finishChecks().Err(); err != nil {
			panic("rulebook: " + err.Error()) // they were sound when the snapshot was made
		}
	})
	return b.checks
}

// Check returns a check by id, or nil.
func (b *Rulebook) Check(id string) *Check {
	for _, c := range b.Checks() {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// sortChecks puts checks into the order that rulebook.yaml gives; one it does
// not name comes after them, by id.
func (b *Rulebook) sortChecks() {
	rank := map[string]int{}
	for i, id := range b.order {
		rank[id] = i + 1
	}
	place := func(c *Check) int {
		if r, ok := rank[c.ID]; ok {
			return r
		}
		return len(rank) + 1
	}
	slices.SortStableFunc(b.checks, func(x, y *Check) int {
		return cmp.Or(cmp.Compare(place(x), place(y)), cmp.Compare(x.ID, y.ID))
	})
}

// Compile compiles every expression and returns the mistakes.
func (b *Rulebook) Compile() (problems yamlfile.Problems) {
	for _, e := range b.exprs() {
		if _, err := e.Program(b); err != nil {
			problems = append(problems, asProblems(err)...)
		}
	}
	return problems
}

// exprs lists every expression of the checks, and those in tables that commands
// ask, as against the ones that checks take their parts from and that are
// among these.
func (b *Rulebook) exprs() (list []*Expr) {
	for _, c := range b.Checks() {
		list = append(list, c.Exprs()...)
	}
	withChecks := func(table string, row *Row) bool {
		return slices.ContainsFunc(b.Checks(), func(c *Check) bool {
			return c.partsFrom != nil && c.partsFrom.table == table && c.partsFrom.value == row.Text(c.partsFrom.column)
		})
	}
	for _, id := range b.TableIDs() {
		for _, column := range b.Columns(id) {
			if column.Type != ColumnRule {
				continue
			}
			for _, row := range b.Table(id).Rows {
				if e := row.Rule(column.Name); e != nil && !withChecks(id, row) {
					list = append(list, e)
				}
			}
		}
	}
	return list
}

// Exprs lists every expression of a check.
func (c *Check) Exprs() []*Expr {
	var list []*Expr
	add := func(es ...*Expr) {
		for _, e := range es {
			if e != nil {
				list = append(list, e)
			}
		}
	}
	cases := func(cs []Case) {
		for _, cs := range cs {
			add(cs.When)
			for _, s := range append(slices.Clone(cs.Text.Zh), cs.Text.En...) {
				if s.Expr != nil && !IsLocalPlaceholder(s.Expr.Source) {
					add(s.Expr)
				}
			}
		}
	}
	messages := func(m Messages) {
		for _, v := range verdict.All() {
			cases(m[v])
		}
	}
	add(c.When)
	messages(c.Message)
	cases(c.Remedy)
	for _, p := range c.Parts {
		add(p.When, p.Pass, p.FailWhen)
		messages(p.Message)
		cases(p.Remedy)
	}
	return list
}

// Placeholders that the engine fills, and that are no expressions: the titles of
// the parts that decided the verdict, and of those that fail as an error or less.
// A sentence with one of the latter is said only where there are such parts.
const (
	PartsPlaceholder    = "parts"
	ErrorsPlaceholder   = "parts.errors"
	WarningsPlaceholder = "parts.warnings"
)

var localPlaceholders = []string{PartsPlaceholder, ErrorsPlaceholder, WarningsPlaceholder}

// conditional reports whether the sentence may be left unsaid.
func (c Case) conditional() bool {
	return c.When != nil || slices.ContainsFunc(c.Text.Zh, func(s Segment) bool {
		return s.Expr != nil && (s.Expr.Source == ErrorsPlaceholder || s.Expr.Source == WarningsPlaceholder)
	})
}

// IsLocalPlaceholder reports whether a placeholder is filled by the engine.
func IsLocalPlaceholder(name string) bool { return slices.Contains(localPlaceholders, name) }

// refs checks that every reference between tables, and every source id, leads somewhere.
func (b *Rulebook) refs() yamlfile.Problems {
	var problems yamlfile.Problems
	sources := b.Table("sources")
	source := func(position yamlfile.Position, what string, ids []string) {
		for _, id := range ids {
			if sources.Row(id) == nil {
				problems = append(problems, yamlfile.Problem{Position: position, Message: fmt.Sprintf("%s: unknown source %q", what, id)})
			}
		}
	}
	for _, id := range b.TableIDs() {
		t := b.Table(id)
		for _, row := range t.Rows {
			what := fmt.Sprintf("row %q", row.ID)
			source(row.Position, what, row.Source)
			for _, c := range t.Columns {
				cell, ok := row.Cells[c.Name]
				if !ok {
					continue
				}
				source(cell.Position, what, cell.Source)
				for _, o := range cell.Other {
					source(cell.Position, what, o.Source)
				}
				if c.Ref == "" {
					continue
				}
				list, _ := cell.Value.([]string)
				if s, ok := cell.Value.(string); ok {
					list = []string{s}
				}
				for _, ref := range list {
					if b.Table(c.Ref).Row(ref) == nil {
						problems = append(problems, yamlfile.Problem{Position: cell.Position, Message: fmt.Sprintf("%s: %q is no row of table %q", c.Name, ref, c.Ref)})
					}
				}
			}
		}
	}
	for _, c := range b.checks {
		source(c.Position, fmt.Sprintf("check %q", c.ID), c.Source)
		if c.partsFrom != nil {
			continue // the rows they come from are looked at above
		}
		for _, p := range c.Parts {
			source(c.Position, fmt.Sprintf("check %q", c.ID), p.Source)
		}
	}
	return problems
}

// Info names the rulebook in reports.
type Info struct {
	Version string `json:"version"`
	Date    string `json:"date"`
	Digest  string `json:"digest"`
}

// Info returns the rulebook's name tag.
func (b *Rulebook) Info() Info { return Info{b.Version, b.Date, b.Digest()} }

// SourceTitle names a source for people.
func (b *Rulebook) SourceTitle(id string) text.Text {
	if r := b.Row("sources", id); r != nil {
		return r.Name
	}
	return text.Same(id)
}
