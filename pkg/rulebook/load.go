package rulebook

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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

	// Checks of the base layer are read when first used, like its tables.
	checksOnce sync.Once
	baseChecks []ruleSource
	checks     []*Check
	order      []string

	// Tables of the base layer are read when first used: most commands need a
	// third of them.
	tables map[string]*lazyTable

	typesOnce, planOnce sync.Once
	types, plan         *cel.Env
	typesErr, planErr   error

	registrarsOnce  sync.Once
	registrarByName map[string]*Row
}

type lazyTable struct {
	once  sync.Once
	read  func() (*Table, error)
	table *Table
	err   error

	// snapshot is set for tables that are read from one, row by row.
	snapshot *tableSnapshot
}

func (l *lazyTable) get() (*Table, error) {
	l.once.Do(func() { l.table, l.err = l.read() })
	return l.table, l.err
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
// check with a known id replaces the one below, others are added. Mistakes in
// layers are returned together as yamlfile.Problems. The base is trusted to be
// sound (`rules lint` and the tests see to that) and read only as needed.
func Load(base Layer, layers ...Layer) (*Rulebook, error) {
	b := &Rulebook{tables: map[string]*lazyTable{}, layers: append([]Layer{base}, layers...)}
	if err := b.addBase(base); err != nil {
		return nil, err
	}
	var problems yamlfile.Problems
	for _, layer := range layers {
		if err := b.addLayer(layer, &problems); err != nil {
			return nil, err
		}
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if len(layers) == 0 {
		return b, nil
	}
	// What a layer brings is checked before anything runs: a typo is an error now.
	b.checksOnce.Do(func() { problems = append(problems, b.finishChecks()...) }) // all are read by now
	problems = append(problems, b.Compile()...)
	problems = append(problems, b.refs()...)
	return b, problems.Err()
}

// finishChecks orders the checks and gives those their parts that take them from tables.
func (b *Rulebook) finishChecks() (problems yamlfile.Problems) {
	b.sortChecks()
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
	buffer := make([]byte, 1<<15) // one for all files
	for _, layer := range layers {
		names, err := ruleFiles(layer)
		for _, name := range names {
			fmt.Fprintf(sum, "%s\n", name)
			if err == nil {
				err = copyFile(sum, layer.FS, name, buffer)
			}
		}
		if err != nil {
			return "unknown"
		}
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
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
		err = fmt.Errorf("no rule files in %q: want rulebook.yaml, tables/*.yaml or checks/*.yaml", layer.Name)
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

// addBase takes note of the base layer, from its snapshot where that is one of
// these very files.
func (b *Rulebook) addBase(layer Layer) error {
	if layer.Snapshot != "" {
		own := digest(layer)
		if len(b.layers) == 1 { // else what lies over it counts too
			b.digestOnce.Do(func() { b.digest = own })
		}
		if s, ok := openSnapshot(layer.Snapshot, own); ok {
			b.snapshot = s
			b.Version, b.Date, b.order = s.version, s.date, s.order
			for id, t := range s.tables {
				b.tables[id] = &lazyTable{snapshot: t, read: func() (*Table, error) { return t.table(), nil }}
			}
			return nil
		}
	}
	head, tables, checks, err := layer.sources()
	if err != nil {
		return err
	}
	if head != nil {
		if err := b.readHead(*head, false); err != nil {
			return err
		}
	}
	for _, source := range tables {
		id := source.id()
		b.tables[id] = &lazyTable{read: func() (*Table, error) {
			file, err := source.parse()
			if err != nil {
				return nil, err
			}
			t, err := readTable(file, nil)
			if err == nil && t.ID != id {
				err = yamlfile.Problems{{Position: yamlfile.Position{File: source.name}, Message: fmt.Sprintf("table %q stands in a file of another name", t.ID)}}
			}
			return t, err
		}}
	}
	b.baseChecks = checks
	return nil
}

// addLayer reads a layer over what is there.
func (b *Rulebook) addLayer(layer Layer, problems *yamlfile.Problems) error {
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
		note(b.readHead(*head, true))
	}
	for _, source := range tables {
		note(b.addTable(source))
	}
	*problems = append(*problems, b.layBase()...)
	*problems = append(*problems, b.layChecks(checks)...)
	return nil
}

// layBase reads the checks of the base layer, once.
func (b *Rulebook) layBase() (problems yamlfile.Problems) {
	if b.checks == nil && b.snapshot != nil {
		b.checks = b.snapshot.readChecks(func(file string) []Test {
			c, err := ruleSource{file, func() ([]byte, error) { return fs.ReadFile(b.layers[0].FS, file) }}.check()
			if err != nil {
				panic(fmt.Sprintf("rulebook: %v", err))
			}
			return c.Tests()
		})
	}
	problems = b.layChecks(b.baseChecks)
	b.baseChecks = nil
	return problems
}

// layChecks reads checks and lays them over those that are there.
func (b *Rulebook) layChecks(sources []ruleSource) (problems yamlfile.Problems) {
	inLayer := map[string]*Check{}
	read, errs := readChecks(sources)
	for i, c := range read {
		if errs[i] != nil {
			problems = append(problems, asProblems(errs[i])...)
			continue
		}
		if first := inLayer[c.ID]; first != nil {
			problems = append(problems, yamlfile.Problem{Position: c.Position, Message: fmt.Sprintf("two checks have the id %q, the other one is at %s", c.ID, first.Position)})
			continue
		}
		inLayer[c.ID] = c
		if want := sources[i].id(); c.ID != want {
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

// readChecks parses check files on all cores; reading them is the larger part of start-up.
func readChecks(sources []ruleSource) ([]*Check, []error) {
	checks, errs := make([]*Check, len(sources)), make([]error, len(sources))
	var wg sync.WaitGroup
	const workers = 4
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(sources); i += workers {
				checks[i], errs[i] = sources[i].check()
			}
		})
	}
	wg.Wait()
	return checks, errs
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
func (b *Rulebook) addTable(source ruleSource) error {
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
	if b.tables[id] == nil && !declares {
		// Most likely the misspelt name of a table that is there.
		return yamlfile.Problems{file.Problem(title, "there is no table %q below this layer, and a new one declares columns%s", id, yamlfile.DidYouMean(id, b.TableIDs()))}
	}
	var base *Table
	if below := b.tables[id]; below != nil {
		if base, err = below.get(); err != nil {
			return err
		}
	}
	t, err := readTable(file, base)
	if err != nil {
		return err
	}
	b.tables[id] = &lazyTable{read: func() (*Table, error) { return t, nil }}
	return nil
}

// Table returns a table, or nil where there is none. A broken table of the
// embedded rulebook is a mistake of ours that the tests catch, hence the panic.
func (b *Rulebook) Table(id string) *Table {
	l := b.tables[id]
	if l == nil {
		return nil
	}
	t, err := l.get()
	if err != nil {
		panic(fmt.Sprintf("rulebook: table %s: %v", id, err))
	}
	return t
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

// Checks lists the checks in the order of reports. As with tables, a broken
// check of the embedded rulebook is a mistake of ours that the tests catch.
func (b *Rulebook) Checks() []*Check {
	b.checksOnce.Do(func() {
		problems := append(b.layBase(), b.finishChecks()...)
		if err := problems.Err(); err != nil {
			panic("rulebook: " + err.Error())
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

// localPlaceholders are filled by the engine and are no expressions: the
// titles of the parts that decided the verdict.
var localPlaceholders = []string{"parts"}

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
		return text.Same(r.Text("title"))
	}
	return text.Same(id)
}
