package rulebook

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/idnumber"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// Expr is a CEL expression with its place in a file. It is compiled on first
// use: one command needs a few of the rulebook's expressions, not all.
type Expr struct {
	Source   string
	Position yamlfile.Position
	excerpt  string
	any      bool // a placeholder may have any type, a rule is a bool
	// made is set where the expression was made of a rule over a row's values.
	made *instance

	once    sync.Once
	program cel.Program
	err     error
}

// IsPath reports whether the expression only names a fact or a table's column.
func (e *Expr) IsPath() bool {
	return strings.IndexFunc(e.Source, func(r rune) bool {
		return r != '.' && r != '_' && (r < 'a' || r > 'z')
	}) < 0
}

// Program returns the compiled expression. A mistake is a yamlfile.Problem
// with the place of the expression in its file.
func (e *Expr) Program(b *Rulebook) (cel.Program, error) {
	e.once.Do(func() { e.program, e.err = e.compile(b) })
	return e.program, e.err
}

func (e *Expr) compile(b *Rulebook) (cel.Program, error) {
	checked := b.snapshot.checked(e.Source)
	if checked == nil {
		var err error
		if checked, err = e.check(b); err != nil {
			return nil, err
		}
	}
	typ := checked.GetType(checked.Expr().ID())
	if !e.any && !typ.IsExactType(cel.BoolType) {
		return nil, e.problem("rule %q gives %s, want true or false (bool)", e.Source, typ)
	}
	env, err := b.planner()
	if err != nil {
		return nil, err
	}
	// Constant parts, regular expressions among them, are worked out once.
	program, err := env.PlanProgram(checked, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, e.problem("rule %q: %v", e.Source, err)
	}
	return program, nil
}

// check parses the expression and finds the types of all its parts.
func (e *Expr) check(b *Rulebook) (*ast.AST, error) {
	env, err := b.typeChecker()
	if err != nil {
		return nil, err
	}
	checked, issues := env.Compile(e.Source)
	if issues.Err() == nil {
		return checked.NativeRep(), nil
	}
	if column, message := b.unknownPath(env, e.Source, issues.Errors()[0].Message); message != "" {
		return nil, e.mistake(column, "does not compile: %s", message)
	}
	first := issues.Errors()[0]
	message := strings.ReplaceAll(first.Message, "\n", " ")
	message, _, _ = strings.Cut(message, " expecting {") // a list of all tokens there are
	hint := ""
	if _, name, ok := strings.Cut(message, "undeclared reference to '"); ok && !strings.Contains(name, "did you mean") {
		name, _, _ = strings.Cut(name, "'")
		hint = b.nearestVariable(e.Source, name)
	}
	return nil, e.mistake(first.Location.Column(), "does not compile: %s%s", message, hint)
}

// mistake is a problem at a column of the expression (counting from 0), where
// that stands on one line as it is; of one that was made for a row it is told
// where its author wrote it.
func (e *Expr) mistake(column int, format string, args ...any) yamlfile.Problem {
	written, column := e.written(column)
	return written.at(column, written.problem("rule %q "+format, append([]any{written.Source}, args...)...))
}

func (e *Expr) problem(format string, args ...any) yamlfile.Problem {
	return yamlfile.Problem{Position: e.Position, Excerpt: e.excerpt, Message: fmt.Sprintf(format, args...)}
}

// macroOver returns the list of facts that the rule goes through with a macro
// such as exists, or "". A rule that does not compile has none.
func (e *Expr) macroOver(b *Rulebook) string {
	checked, err := e.check(b)
	if err != nil {
		return ""
	}
	names := checked.ReferenceMap()
	found := ""
	ast.PreOrderVisit(checked.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() != ast.ComprehensionKind {
			return
		}
		ast.PreOrderVisit(x.AsComprehension().IterRange(), ast.NewExprVisitor(func(x ast.Expr) {
			if ref := names[x.ID()]; ref != nil {
				if _, ok := filing.FieldOf(ref.Name); ok && found == "" {
					found = ref.Name
				}
			}
		}))
	}))
	return found
}

// at moves a problem from the start of the expression to a column in it
// (counting from 0), where the expression stands on one line as it is.
func (e *Expr) at(column int, p yamlfile.Problem) yamlfile.Problem {
	line := []rune(p.Excerpt)
	if from := p.Column - 1; from >= 0 && from <= len(line) {
		before, _, found := strings.Cut(string(line[from:]), e.Source)
		if found {
			p.Column += utf8.RuneCountInString(before) + column
		}
	}
	return p
}

// nearestVariable suggests a path for one that does not exist.
func (b *Rulebook) nearestVariable(source, name string) string {
	// CEL reports the first part of an unknown path; the whole path stands in the source.
	word := name
	if i := strings.Index(source, name+"."); i >= 0 {
		end := strings.IndexFunc(source[i:], func(r rune) bool {
			return r != '.' && r != '_' && (r < 'a' || r > 'z')
		})
		if end < 0 {
			end = len(source) - i
		}
		word = source[i : i+end]
	}
	var known []string
	for path := range b.variables() {
		known = append(known, path)
	}
	if n := yamlfile.Nearest(word, known); n != "" {
		return fmt.Sprintf(", did you mean %q?", n)
	}
	return ""
}

// unknownPath finds the first path in a rule that leads nowhere, where CEL would
// not say so or not with the column that is nearest: it takes the beginning of
// province.x for the fact province. raw is what CEL says. The column counts from 0.
func (b *Rulebook) unknownPath(env *cel.Env, source, raw string) (column int, message string) {
	parsed, issues := env.Parse(source)
	if issues.Err() != nil {
		return 0, ""
	}
	vars := b.variables()
	eachPath(parsed.NativeRep().Expr(), func(root ast.Expr, path string) {
		if _, known := vars[path]; known || message != "" {
			return
		}
		join, name, joined := JoinOf(path)
		switch {
		case joined:
			var columns []string
			for known := range vars {
				if rest, ok := strings.CutPrefix(known, join.Name+"."); ok {
					columns = append(columns, rest)
				}
			}
			slices.Sort(columns)
			// Few words are told all; a table's columns are too many for that.
			suggestion := ""
			nearest := yamlfile.Nearest(name, columns)
			if i := slices.IndexFunc(columns, func(c string) bool { return strings.HasPrefix(c, name) }); nearest == "" && i >= 0 {
				nearest = columns[i] // the end is left out
			}
			if nearest != "" {
				suggestion = yamlfile.Meant(nearest).En
			}
			message = fmt.Sprintf("table %q has no column %q that rules can read%s", join.Tables[0], name, suggestion)
		case strings.Contains(raw, "does not support field selection"):
			message = fmt.Sprintf("no fact is called %q%s", path, b.nearestVariable(source, path))
		default:
			return
		}
		column = parsed.NativeRep().SourceInfo().GetStartLocation(root.ID()).Column()
	})
	return column, message
}

// eachPath visits the dotted names of an expression, each whole, in the order of
// the source, with the expression that it begins with. Names that macros declare
// are none.
func eachPath(x ast.Expr, visit func(root ast.Expr, path string)) {
	declared, parts := map[string]bool{}, map[int64]bool{}
	ast.PreOrderVisit(x, ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() == ast.ComprehensionKind {
			c := x.AsComprehension()
			declared[c.IterVar()], declared[c.IterVar2()], declared[c.AccuVar()] = true, true, true
		}
	}))
	ast.PreOrderVisit(x, ast.NewExprVisitor(func(x ast.Expr) {
		path, root := "", x
		for root.Kind() == ast.SelectKind {
			path = "." + root.AsSelect().FieldName() + path
			root = root.AsSelect().Operand()
			if parts[x.ID()] {
				return
			}
			parts[root.ID()] = true
		}
		if root.Kind() != ast.IdentKind || parts[x.ID()] || declared[root.AsIdent()] {
			return
		}
		visit(root, root.AsIdent()+path)
	}))
}

// derived are facts that the engine concludes from others; see package engine.
var derived = map[string]filing.Type{
	"now":                         filing.Time,
	"domain.expiry_provisional":   filing.Bool,
	"domain.unregistered":         filing.Bool,
	"domain.behind_cdn":           filing.Bool,
	"server.mainland":             filing.Bool,
	"subject.lead.from_elsewhere": filing.Bool,
}

// variables lists every path that a rule may read, with its type: all facts,
// the derived ones, and the columns behind joins.
func (b *Rulebook) variables() map[string]filing.Type {
	vars := make(map[string]filing.Type, 160)
	for _, f := range filing.Fields() {
		vars[f.Path] = f.Type
	}
	for path, t := range derived {
		vars[path] = t
	}
	for _, join := range joins {
		for _, id := range join.Tables {
			for _, c := range b.Columns(id) {
				if t, ok := factTypes[c.Type]; ok {
					vars[join.Name+"."+c.Name] = t
					vars[join.Name+"."+c.Name+".confidence"] = filing.Text
					vars[join.Name+"."+c.Name+".source"] = filing.Text
				}
			}
		}
		vars[join.Name+".confidence"] = filing.Text
		vars[join.Name+".id"] = filing.Text
	}
	return vars
}

var celTypes = map[filing.Type]*cel.Type{
	filing.Bool: cel.BoolType, filing.Int: cel.IntType, filing.Text: cel.StringType,
	filing.Time: cel.TimestampType, filing.List: cel.ListType(cel.StringType),
}

// typeChecker declares every path as one flat variable. That is what makes
// unknown facts exact: an absent fact is one unknown variable, where a struct
// would be unknown as a whole, and can never read as a zero value.
func (b *Rulebook) typeChecker() (*cel.Env, error) {
	b.typesOnce.Do(func() {
		options := []cel.EnvOption{cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateDurationLiterals())}
		for path, t := range b.variables() {
			options = append(options, cel.Variable(path, celTypes[t]))
		}
		b.types, b.typesErr = cel.NewEnv(append(options, functions()...)...)
	})
	return b.types, b.typesErr
}

// planner makes programs of rules that have been type-checked; these name
// variables that it need not know.
func (b *Rulebook) planner() (*cel.Env, error) {
	b.planOnce.Do(func() { b.plan, b.planErr = cel.NewEnv(functions()...) })
	return b.plan, b.planErr
}

// functions are what rules can call beside CEL's own. Each takes single facts.
func functions() []cel.EnvOption {
	return []cel.EnvOption{
		// days_between(a, b): calendar days in Beijing time from a's day to b's.
		cel.Function("days_between", cel.Overload("days_between_times",
			[]*cel.Type{cel.TimestampType, cel.TimestampType}, cel.IntType,
			cel.BinaryBinding(func(a, b ref.Val) ref.Val {
				return types.Int(calendar.DaysBetween(a.(types.Timestamp).Time, b.(types.Timestamp).Time))
			}))),
		// add_days(t, n): t moved by n Beijing calendar days.
		cel.Function("add_days", cel.Overload("add_days_time_int",
			[]*cel.Type{cel.TimestampType, cel.IntType}, cel.TimestampType,
			cel.BinaryBinding(func(t, n ref.Val) ref.Val {
				return types.Timestamp{Time: calendar.AddDays(t.(types.Timestamp).Time, int(n.(types.Int)))}
			}))),
		// add_months(t, n): t moved by n months in Beijing, to the same day or the month's last.
		cel.Function("add_months", cel.Overload("add_months_time_int",
			[]*cel.Type{cel.TimestampType, cel.IntType}, cel.TimestampType,
			cel.BinaryBinding(func(t, n ref.Val) ref.Val {
				return types.Timestamp{Time: calendar.AddMonths(t.(types.Timestamp).Time, int(n.(types.Int)))}
			}))),
		// same_name(a, b): equal after folding case, width, spaces and kinds of brackets.
		cel.Function("same_name", cel.Overload("same_name_strings",
			[]*cel.Type{cel.StringType, cel.StringType}, cel.BoolType,
			cel.BinaryBinding(func(a, b ref.Val) ref.Val {
				return types.Bool(text.FoldName(string(a.(types.String))) == text.FoldName(string(b.(types.String))))
			}))),
		// valid_uscc(s), valid_resident_id(s, now): format and check character.
		cel.Function("valid_uscc", cel.Overload("valid_uscc_string",
			[]*cel.Type{cel.StringType}, cel.BoolType,
			cel.UnaryBinding(func(s ref.Val) ref.Val { return types.Bool(idnumber.USCC(string(s.(types.String)))) }))),
		cel.Function("valid_resident_id", cel.Overload("valid_resident_id_string_time",
			[]*cel.Type{cel.StringType, cel.TimestampType}, cel.BoolType,
			cel.BinaryBinding(func(s, now ref.Val) ref.Val {
				return types.Bool(idnumber.ResidentID(string(s.(types.String)), now.(types.Timestamp).Time))
			}))),
		// age_of(id, now): full years by a citizen identity number; 0 for a number
		// that is not well-formed, which is another check's business.
		cel.Function("age_of", cel.Overload("age_of_string_time",
			[]*cel.Type{cel.StringType, cel.TimestampType}, cel.IntType,
			cel.BinaryBinding(func(s, now ref.Val) ref.Val {
				age, _ := idnumber.Age(string(s.(types.String)), now.(types.Timestamp).In(calendar.Beijing))
				return types.Int(age)
			}))),
		// contains_any(s, words), begins_with_any(s, words): one of the words stands
		// in the text, or at its start, after folding case, width and punctuation.
		cel.Function("contains_any", cel.Overload("contains_any_string_list",
			[]*cel.Type{cel.StringType, cel.ListType(cel.StringType)}, cel.BoolType,
			cel.BinaryBinding(func(s, words ref.Val) ref.Val { return foundWord(s, words, strings.Contains) }))),
		cel.Function("begins_with_any", cel.Overload("begins_with_any_string_list",
			[]*cel.Type{cel.StringType, cel.ListType(cel.StringType)}, cel.BoolType,
			cel.BinaryBinding(func(s, words ref.Val) ref.Val { return foundWord(s, words, strings.HasPrefix) }))),
		// han_count(s): Chinese characters; letter_count(s): these, other letters and digits.
		cel.Function("han_count", cel.Overload("han_count_string", []*cel.Type{cel.StringType}, cel.IntType,
			cel.UnaryBinding(func(s ref.Val) ref.Val {
				return count(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
			}))),
		cel.Function("letter_count", cel.Overload("letter_count_string", []*cel.Type{cel.StringType}, cel.IntType,
			cel.UnaryBinding(func(s ref.Val) ref.Val {
				return count(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
			}))),
		// has_name(names, s): one of the names is the same as s, as same_name has it.
		cel.Function("has_name", cel.Overload("has_name_list_string",
			[]*cel.Type{cel.ListType(cel.StringType), cel.StringType}, cel.BoolType,
			cel.BinaryBinding(func(names, s ref.Val) ref.Val {
				return types.Bool(slices.ContainsFunc(texts(names), func(n string) bool { return text.FoldName(n) == text.FoldName(string(s.(types.String))) }))
			}))),
		// all_of(list, words): every element of the list is one of the words.
		cel.Function("all_of", cel.Overload("all_of_lists",
			[]*cel.Type{cel.ListType(cel.StringType), cel.ListType(cel.StringType)}, cel.BoolType,
			cel.BinaryBinding(func(a, b ref.Val) ref.Val {
				allowed := texts(b)
				return types.Bool(!slices.ContainsFunc(texts(a), func(x string) bool {
					return !slices.ContainsFunc(allowed, func(y string) bool { return text.SameWord(x, y) })
				}))
			}))),
		// any_of(list, list): whether the lists share an element, after folding
		// case and spaces: registries write serverHold, RDAP "server hold".
		cel.Function("any_of", cel.Overload("any_of_lists",
			[]*cel.Type{cel.ListType(cel.StringType), cel.ListType(cel.StringType)}, cel.BoolType,
			cel.BinaryBinding(func(a, b ref.Val) ref.Val {
				wanted := texts(b)
				return types.Bool(slices.ContainsFunc(texts(a), func(x string) bool {
					return slices.ContainsFunc(wanted, func(y string) bool { return text.SameWord(x, y) })
				}))
			}))),
	}
}

// foundWord reports whether one of the words stands in the text as has looks for it.
func foundWord(s, words ref.Val, has func(s, word string) bool) ref.Val {
	folded := text.Fold(string(s.(types.String)))
	return types.Bool(slices.ContainsFunc(texts(words), func(w string) bool {
		w = text.Fold(w)
		return w != "" && has(folded, w)
	}))
}

func count(s ref.Val, counts func(rune) bool) ref.Val {
	n := 0
	for _, r := range string(s.(types.String)) {
		if counts(r) {
			n++
		}
	}
	return types.Int(n)
}

// texts turns a CEL list of strings into a Go one, which must not be written to.
func texts(v ref.Val) []string {
	if native, ok := v.Value().([]string); ok {
		return native
	}
	list, ok := v.(interface {
		Size() ref.Val
		Get(ref.Val) ref.Val
	})
	if !ok {
		return nil
	}
	n, _ := list.Size().(types.Int)
	out := make([]string, 0, n)
	for i := types.Int(0); i < n; i++ {
		if s, ok := list.Get(i).(types.String); ok {
			out = append(out, string(s))
		}
	}
	return out
}

// String returns the source, or "" for no expression.
func (e *Expr) String() string {
	if e == nil {
		return ""
	}
	return e.Source
}
