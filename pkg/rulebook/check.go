package rulebook

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// Target says what a check is evaluated for.
type Target string

const (
	// TargetDomain checks are evaluated once for each domain.
	TargetDomain Target = "domain"
	// TargetFiling checks are evaluated once for the whole filing.
	TargetFiling Target = "filing"
	// TargetPage checks are evaluated once for each page.
	TargetPage Target = "page"
)

// Check is one demand of the rulebook with everything that belongs to it.
type Check struct {
	ID       string
	Title    text.Text
	Severity verdict.Severity
	Target   Target
	// AbsentNotApplicable marks a check that only validates an optional value:
	// while the value is absent there is nothing to check.
	AbsentNotApplicable bool
	// When false makes the check not applicable; nil means always applicable.
	When  *Expr
	Parts []*Part
	// Message and Remedy serve parts that have none of their own.
	Message  Messages
	Remedy   []Case
	Source   []string
	Verified string
	Note     string
	// From and Until bound the time in which the demand is in force; zero means unbounded.
	From, Until time.Time
	Position    yamlfile.Position

	partsFrom *partsFrom
	tests     func() []Test
}

// Tests are the check's cases. A snapshot leaves them out, since only `rules
// test`, lint and the like want them; they are then read from the check's file
// when first asked for.
func (c *Check) Tests() []Test {
	if c.tests == nil {
		return nil
	}
	return c.tests()
}

// Part is one of the demands a check makes. A check with a plain pass: has a
// single part without an id. The check is as good as its worst part.
type Part struct {
	ID       string
	Title    text.Text
	Severity verdict.Severity
	When     *Expr
	Pass     *Expr
	// FailWhen decides a fail while Pass cannot be decided.
	FailWhen *Expr
	Message  Messages
	Remedy   []Case
	Source   []string
}

// Messages are the sentences for each verdict; a missing one is composed from the title.
type Messages map[verdict.Verdict][]Case

// Case is a sentence with the condition under which it is said; the first
// that holds is taken. A nil When always holds.
type Case struct {
	When *Expr
	Text Template
}

// Test is a case that `rules test` runs and that documents the check.
type Test struct {
	Name   string
	Given  *yaml.Node // facts by path or nested as in a filing file
	Now    time.Time
	Expect verdict.Verdict
	// Severity, when given, is demanded of the result.
	Severity verdict.Severity
	// Needs, when given, is the exact set of paths the result must ask for.
	Needs []string
	// Says, when given, must occur in the Chinese or the English message.
	Says     string
	Position yamlfile.Position
	File     *yamlfile.File

	check string // which check it is a test of, where it stands beside rows
}

// partsFrom says how a check gets its parts: one from each row of the table
// whose column has the value.
type partsFrom struct {
	table, column, value string
	// when and pass are written over row.<column> beside facts; each row puts its
	// own values there. when is nil for parts that always apply.
	when, pass *Expr
	// severity tells how much a part weighs by the value of a column.
	severityColumn string
	severity       map[string]verdict.Severity
	position       yamlfile.Position
}

// checkReader reads one check file.
type checkReader struct {
	tableReader
}

var checkKeys = []string{"id", "title", "severity", "target", "absent", "when", "pass", "fail_when", "parts", "parts_from", "message", "remedy", "source", "verified", "note", "effective", "tests"}

func readCheck(file *yamlfile.File) (*Check, error) {
	r := &checkReader{tableReader{file: file}}
	c := &Check{Position: r.file.At(file.Root), Target: TargetFiling, Severity: verdict.Error}
	single := &Part{}
	for key, value := range yamlfile.Pairs(file.Root) {
		switch key.Value {
		case "id":
			c.ID = r.text(value)
			c.Position = r.file.At(value)
		case "title":
			c.Title = r.both(value)
		case "severity":
			c.Severity = r.severity(value)
		case "target":
			c.Target = Target(r.text(value))
			if c.Target != TargetDomain && c.Target != TargetFiling && c.Target != TargetPage {
				r.fail(value, "unknown target %q; known: domain, filing, page", c.Target)
			}
		case "absent":
			if r.text(value) != string(verdict.NotApplicable) {
				r.fail(value, "absent: the only value is not-applicable")
			}
			c.AbsentNotApplicable = true
		case "when":
			c.When = r.expr(value)
		case "pass":
			single.Pass = r.expr(value)
		case "fail_when":
			single.FailWhen = r.expr(value)
		case "parts":
			r.parts(c, value)
		case "parts_from":
			c.partsFrom = r.partsFrom(value)
		case "message":
			c.Message = r.messages(value)
		case "remedy":
			c.Remedy = r.cases(value)
		case "source":
			c.Source = r.texts(value)
		case "verified":
			c.Verified = r.date(value)
		case "note":
			c.Note = r.text(value)
		case "effective":
			for key, value := range r.pairs(value) {
				t, err := calendar.Parse(value.Value)
				if err != nil {
					r.fail(value, "%v", err)
				}
				switch key.Value {
				case "from":
					c.From = t
				case "until":
					c.Until = t
				default:
					r.fail(key, "unknown key %q; known: from, until", key.Value)
				}
			}
		case "tests":
			tests := r.tests(value, false)
			c.tests = func() []Test { return tests }
		default:
			r.fail(key, "unknown key %q%s", key.Value, yamlfile.DidYouMean(key.Value, checkKeys))
		}
	}
	if c.ID == "" {
		r.fail(file.Root, "a check needs an id")
	}
	if c.Title.Empty() {
		r.fail(file.Root, "check %q has no title", c.ID)
	}
	ways := 0
	for _, given := range []bool{single.Pass != nil, len(c.Parts) > 0, c.partsFrom != nil} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		r.fail(file.Root, "check %q: give one of pass, parts and parts_from", c.ID)
	}
	if single.Pass != nil {
		c.Parts = []*Part{single}
	}
	for _, p := range c.Parts {
		if p.Severity == "" {
			p.Severity = c.Severity
		}
	}
	return c, r.problems.Err()
}

func (r *checkReader) severity(n *yaml.Node) verdict.Severity {
	s := verdict.Severity(r.text(n))
	if !s.Valid() {
		r.fail(n, "unknown severity %q; known: error, warning, info", s)
	}
	return s
}

func (r *checkReader) expr(n *yaml.Node) *Expr {
	return &Expr{Source: r.text(n), Position: r.file.At(n), excerpt: r.file.Problem(n, "").Excerpt}
}

func (r *checkReader) parts(c *Check, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "parts: want a list, got %s", yamlfile.Kind(n))
		return
	}
	for _, item := range n.Content {
		p := &Part{}
		for key, value := range r.pairs(item) {
			switch key.Value {
			case "id":
				p.ID = r.text(value)
			case "title":
				p.Title = r.both(value)
			case "severity":
				p.Severity = r.severity(value)
			case "when":
				p.When = r.expr(value)
			case "pass":
				p.Pass = r.expr(value)
			case "fail_when":
				p.FailWhen = r.expr(value)
			case "message":
				p.Message = r.messages(value)
			case "remedy":
				p.Remedy = r.cases(value)
			case "source":
				p.Source = r.texts(value)
			default:
				r.fail(key, "unknown key %q%s", key.Value, yamlfile.DidYouMean(key.Value, []string{"id", "title", "severity", "when", "pass", "fail_when", "message", "remedy", "source"}))
			}
		}
		if item.Kind == yaml.MappingNode && (p.Pass == nil || p.ID == "") {
			r.fail(item, "a part needs an id and a pass")
		}
		c.Parts = append(c.Parts, p)
	}
}

func (r *checkReader) partsFrom(n *yaml.Node) *partsFrom {
	p := &partsFrom{position: r.file.At(n)}
	for key, value := range r.pairs(n) {
		switch key.Value {
		case "table":
			p.table = r.text(value)
		case "when":
			p.when = r.expr(value)
		case "pass":
			p.pass = r.expr(value)
		case "severity":
			p.severity = map[string]verdict.Severity{}
			for key, value := range r.pairs(value) {
				if key.Value == "column" {
					p.severityColumn = r.text(value)
					continue
				}
				p.severity[key.Value] = r.severity(value)
			}
		default:
			p.column, p.value = key.Value, r.text(value)
		}
	}
	if p.table == "" || p.column == "" || p.pass == nil {
		r.fail(n, "parts_from: want {table: NAME, COLUMN: VALUE, pass: RULE} and perhaps when: RULE; rules say row.COLUMN for a value of the row")
	}
	return p
}

func (r *checkReader) messages(n *yaml.Node) Messages {
	m := Messages{}
	for key, value := range r.pairs(n) {
		v := verdict.Verdict(key.Value)
		if !v.Valid() {
			r.fail(key, "unknown verdict %q; known: pass, fail, undetermined, not-applicable", key.Value)
			continue
		}
		m[v] = r.cases(value)
	}
	return m
}

// cases reads {zh, en} or a list of {when, zh, en}.
func (r *checkReader) cases(n *yaml.Node) []Case {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	var cases []Case
	for _, item := range items {
		var c Case
		var t text.Text
		if item.Kind != yaml.MappingNode {
			r.fail(item, "want {zh, en}, got %s", yamlfile.Kind(item))
			continue
		}
		for key, value := range yamlfile.Pairs(item) {
			switch key.Value {
			case "when":
				c.When = r.expr(value)
			case "zh":
				t.Zh = r.text(value)
			case "en":
				t.En = r.text(value)
			default:
				r.fail(key, "unknown key %q; known: when, zh, en", key.Value)
			}
		}
		switch {
		case t.Zh == "":
			r.fail(item, "the Chinese text (zh) is missing")
		case t.En == "":
			r.fail(item, "the English text (en) is missing")
		}
		template, err := parseTemplate(t, r.file.Problem(item, ""))
		if err != nil {
			r.fail(item, "%v", err)
		}
		c.Text = template
		cases = append(cases, c)
	}
	for i, c := range cases {
		if !c.conditional() && i < len(cases)-1 {
			r.fail(items[i], "a sentence without when: is always taken, so it must be the last one")
		}
	}
	return cases
}

// tests reads the tests of a check, or those of rows, which name the check that
// takes its parts from these.
func (r *checkReader) tests(n *yaml.Node, ofRows bool) []Test {
	known := []string{"name", "given", "now", "expect", "severity", "needs", "says"}
	if ofRows {
		known = append(known, "check")
	}
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "tests: want a list, got %s", yamlfile.Kind(n))
		return nil
	}
	var tests []Test
	for _, item := range n.Content {
		t := Test{Position: r.file.At(item), File: r.file}
		for key, value := range r.pairs(item) {
			switch key.Value {
			case "name":
				t.Name = r.text(value)
			case "given":
				r.pairs(value)
				t.Given = value
			case "now":
				now, err := calendar.Parse(value.Value)
				if err != nil {
					r.fail(value, "%v", err)
				}
				t.Now = now
			case "expect":
				t.Expect = verdict.Verdict(r.text(value))
				if !t.Expect.Valid() {
					r.fail(value, "unknown verdict %q; known: pass, fail, undetermined, not-applicable", t.Expect)
				}
			case "severity":
				t.Severity = r.severity(value)
			case "needs":
				t.Needs = r.texts(value)
			case "says":
				t.Says = r.text(value)
			case "check":
				t.check = r.text(value)
			}
			if !slices.Contains(known, key.Value) {
				r.fail(key, "unknown key %q%s", key.Value, yamlfile.DidYouMean(key.Value, known))
			}
		}
		if ofRows && item.Kind == yaml.MappingNode && t.check == "" {
			r.fail(item, "a test of rows needs check, the check that takes its parts from them")
		}
		if item.Kind == yaml.MappingNode && t.Expect == "" {
			r.fail(item, "a test needs expect")
		}
		tests = append(tests, t)
	}
	return tests
}

// Template is a bilingual sentence with placeholders in braces. A placeholder
// is a CEL expression, most often just a path: {domain.expires_at}.
type Template struct {
	Zh, En   []Segment
	Position yamlfile.Position
}

// Segment is literal text or a placeholder.
type Segment struct {
	Literal string
	Expr    *Expr // nil for literal text
}

var placeholder = pattern.New(`\{([^{}]*)\}`)

// parseTemplate reads a sentence; place is where it stands.
func parseTemplate(t text.Text, place yamlfile.Problem) (Template, error) {
	zh, zhNames := segments(t.Zh, place)
	en, enNames := segments(t.En, place)
	slices.Sort(zhNames)
	slices.Sort(enNames)
	if !slices.Equal(slices.Compact(zhNames), slices.Compact(enNames)) {
		return Template{}, fmt.Errorf("the placeholders differ: zh has %q, en has %q", zhNames, enNames)
	}
	return Template{Zh: zh, En: en, Position: place.Position}, nil
}

func segments(s string, place yamlfile.Problem) (list []Segment, names []string) {
	last := 0
	for _, m := range placeholder().FindAllStringSubmatchIndex(s, -1) {
		if m[0] > last {
			list = append(list, Segment{Literal: s[last:m[0]]})
		}
		name := strings.TrimSpace(s[m[2]:m[3]])
		names = append(names, name)
		list = append(list, Segment{Expr: &Expr{Source: name, Position: place.Position, excerpt: place.Excerpt, any: true}})
		last = m[1]
	}
	if last < len(s) {
		list = append(list, Segment{Literal: s[last:]})
	}
	return list, names
}

// Written is a sentence as it stands in the rule, with a mark on both sides of
// each placeholder.
func Written(segments []Segment, mark string) string {
	var b strings.Builder
	for _, s := range segments {
		if s.Expr != nil {
			b.WriteString(mark + "{" + s.Expr.Source + "}" + mark)
		} else {
			b.WriteString(s.Literal)
		}
	}
	return b.String()
}
