package rulebook

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// comparing are the functions and operators of rules that compare a fact, or
// the elements of a list, with ids.
var comparing = []string{operators.Equals, operators.NotEquals, operators.In, "any_of", "all_of"}

// comparisons finds ids that rules compare a fact with and that it cannot have:
// such a rule compiles, and is never what it seems to be.
func (b *Rulebook) comparisons() (problems yamlfile.Problems) {
	for _, e := range b.exprs() {
		checked, err := e.check(b)
		if err != nil {
			continue // told by Compile
		}
		names, info := checked.ReferenceMap(), checked.SourceInfo()
		compare := func(fact, with ast.Expr) {
			ref := names[fact.ID()]
			if ref == nil || ref.Name == "" {
				return
			}
			known, what := b.idsOf(ref.Name)
			if known == nil {
				return
			}
			for _, word := range words(with) {
				id := string(word.AsLiteral().(types.String))
				if id == "" || slices.Contains(known, id) {
					continue
				}
				at := info.GetStartLocation(word.ID())
				column := at.Column()
				if at.Line() > 1 {
					column = 0
				}
				problems = append(problems, e.mistake(column, "compares %s with %q, which is no %s%s", ref.Name, id, what, yamlfile.DidYouMean(id, known)))
			}
		}
		ast.PreOrderVisit(checked.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
			if x.Kind() != ast.CallKind || !slices.Contains(comparing, x.AsCall().FunctionName()) {
				return
			}
			if args := x.AsCall().Args(); len(args) == 2 {
				compare(args[0], args[1])
				compare(args[1], args[0])
			}
		}))
	}
	return problems
}

// words are the texts that an expression is or lists.
func words(x ast.Expr) []ast.Expr {
	list := []ast.Expr{x}
	if x.Kind() == ast.ListKind {
		list = x.AsList().Elements()
	}
	return slices.DeleteFunc(slices.Clone(list), func(x ast.Expr) bool {
		if x.Kind() != ast.LiteralKind {
			return true
		}
		_, text := x.AsLiteral().(types.String)
		return !text
	})
}

// idsOf lists what a path may be where that is a closed list, and says what the
// list is; nil where any value is accepted.
func (b *Rulebook) idsOf(path string) (ids []string, what string) {
	if f, ok := filing.FieldOf(path); ok {
		switch {
		case f.Vocabulary == "":
			return nil, ""
		case vocabularyTables[f.Vocabulary], f.Vocabulary == "server-types":
			what = fmt.Sprintf("row of table %q", f.Vocabulary)
		default:
			what = "value of it"
		}
		return b.Words(f.Vocabulary, ""), what
	}
	join, column, ok := JoinOf(path)
	switch {
	case !ok:
		return nil, ""
	case strings.HasSuffix(path, ".confidence"):
		return confidences, "grade of confidence"
	case column == "id":
		if len(join.Tables) == 1 && vocabularyTables[join.Tables[0]] {
			return b.IDs(join.Tables[0]), fmt.Sprintf("row of table %q", join.Tables[0])
		}
		return nil, ""
	}
	for _, id := range join.Tables {
		c, ok := b.Table(id).Column(column)
		switch {
		case !ok:
		case c.OneOf != nil:
			ids, what = append(ids, c.OneOf...), "value of that column"
		case c.Ref != "":
			return b.IDs(c.Ref), fmt.Sprintf("row of table %q", c.Ref)
		}
	}
	if s := unlisted.Text(column); ids != nil && s != "" {
		ids = append(ids, s) // of what no table has
	}
	return ids, what
}

// ordered compares the checks of each layer that says an order with the list in
// its rulebook.yaml. A layer without one leaves it to the ids.
func (b *Rulebook) ordered() (problems yamlfile.Problems) {
	var ids []string
	for _, c := range b.checks {
		ids = append(ids, c.ID)
	}
	for _, layer := range b.layers {
		head, _, checks, err := layer.sources()
		if err != nil || head == nil {
			continue // Load has told what is wrong
		}
		file, err := head.parse()
		if err != nil {
			continue
		}
		listed := map[string]bool{}
		said := false
		for key, value := range yamlfile.Pairs(file.Root) {
			if key.Value != "order" || value.Kind != yaml.SequenceNode {
				continue
			}
			said = true
			for _, item := range value.Content {
				switch {
				case listed[item.Value]:
					problems = append(problems, file.Problem(item, "order: check %q stands here a second time", item.Value))
				case !slices.Contains(ids, item.Value):
					problems = append(problems, file.Problem(item, "order: there is no check %q%s", item.Value, yamlfile.DidYouMean(item.Value, ids)))
				}
				listed[item.Value] = true
			}
		}
		if !said {
			continue
		}
		for _, source := range checks {
			if id := source.id(); !slices.Contains(b.order, id) {
				problems = append(problems, yamlfile.Problem{Position: yamlfile.Position{File: source.name},
					Message: fmt.Sprintf("check %q is not in the order of %s, so that it comes last in reports: add it where it belongs", id, head.name)})
			}
		}
	}
	return problems
}
