package rulebook

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// The kinds of nodes of a rule, each written before the node's number, type
// and reference. What is not here (macros, maps) is left out of snapshots and
// compiled from its source.
const (
	nodeIdent = iota
	nodeSelect
	nodeCall
	nodeMember // a call with a receiver, which is written first
	nodeList
	nodeBool
	nodeInt
	nodeDouble
	nodeString
)

// simpleTypes are the types a node of ours can have, beside lists of them.
// Their place is their number in a snapshot.
var simpleTypes = []*cel.Type{cel.BoolType, cel.IntType, cel.DoubleType, cel.StringType, cel.TimestampType, cel.DurationType, cel.DynType}

const listOf = 0x40

func typeNumber(t *cel.Type) (int, bool) {
	number := 0
	if t != nil && t.Kind() == types.ListKind {
		number, t = listOf, t.Parameters()[0]
	}
	i := slices.IndexFunc(simpleTypes, func(s *cel.Type) bool { return t != nil && s.IsExactType(t) })
	return number + i, i >= 0
}

var listTypes = func() []*cel.Type {
	list := make([]*cel.Type, len(simpleTypes))
	for i, t := range simpleTypes {
		list[i] = cel.ListType(t)
	}
	return list
}()

func typeOf(number int) *cel.Type {
	if number >= listOf {
		return listTypes[number-listOf]
	}
	return simpleTypes[number]
}

// ast writes a checked rule; it reports false for one that has no form here.
func (e *encoder) ast(a *ast.AST) bool {
	ok := true
	var node func(x ast.Expr)
	node = func(x ast.Expr) {
		kind, children, name := 0, []ast.Expr(nil), ""
		switch x.Kind() {
		case ast.IdentKind:
			kind, name = nodeIdent, x.AsIdent()
		case ast.SelectKind:
			kind, name, children = nodeSelect, x.AsSelect().FieldName(), []ast.Expr{x.AsSelect().Operand()}
			ok = ok && !x.AsSelect().IsTestOnly()
		case ast.CallKind:
			kind, name, children = nodeCall, x.AsCall().FunctionName(), x.AsCall().Args()
			if x.AsCall().IsMemberFunction() {
				kind, children = nodeMember, slices.Concat([]ast.Expr{x.AsCall().Target()}, children)
			}
		case ast.ListKind:
			kind, children = nodeList, x.AsList().Elements()
			ok = ok && len(x.AsList().OptionalIndices()) == 0
		case ast.LiteralKind:
			var known bool
			kind, known = literalKind(x.AsLiteral())
			ok = ok && known
		default:
			ok = false
		}
		number, known := typeNumber(a.GetType(x.ID()))
		reference := a.ReferenceMap()[x.ID()]
		if ok = ok && known && (reference == nil || reference.Value == nil); !ok {
			return
		}
		e.kind(kind)
		e.int64(x.ID())
		e.int(number)
		if e.bool(reference != nil) {
			e.text(reference.Name)
			e.texts(reference.OverloadIDs)
		}
		if kind >= nodeBool {
			e.literal(x.AsLiteral())
			return
		}
		e.text(name)
		e.int(len(children))
		for _, child := range children {
			node(child)
		}
	}
	node(a.Expr())
	return ok
}

func literalKind(v ref.Val) (int, bool) {
	switch v.(type) {
	case types.Bool:
		return nodeBool, true
	case types.Int:
		return nodeInt, true
	case types.Double:
		return nodeDouble, true
	case types.String:
		return nodeString, true
	}
	return 0, false
}

func (e *encoder) literal(v ref.Val) {
	switch v := v.(type) {
	case types.Bool:
		e.bool(bool(v))
	case types.Int:
		e.int64(int64(v))
	case types.Double:
		e.int64(int64(math.Float64bits(float64(v))))
	case types.String:
		e.text(string(v))
	}
}

// decodeAST reads a checked rule.
func decodeAST(d *decoder) *ast.AST {
	factory := ast.NewExprFactory()
	typeMap, references := map[int64]*types.Type{}, map[int64]*ast.ReferenceInfo{}
	var node func() ast.Expr
	node = func() ast.Expr {
		kind, id := d.byte(), d.int64()
		typeMap[id] = typeOf(d.int())
		if d.bool() {
			references[id] = &ast.ReferenceInfo{Name: d.text(), OverloadIDs: d.texts()}
		}
		switch kind {
		case nodeBool:
			return factory.NewLiteral(id, types.Bool(d.bool()))
		case nodeInt:
			return factory.NewLiteral(id, types.Int(d.int64()))
		case nodeDouble:
			return factory.NewLiteral(id, types.Double(math.Float64frombits(uint64(d.int64()))))
		case nodeString:
			return factory.NewLiteral(id, types.String(d.text()))
		}
		name := d.text()
		children := make([]ast.Expr, d.int())
		for i := range children {
			children[i] = node()
		}
		switch kind {
		case nodeIdent:
			return factory.NewIdent(id, name)
		case nodeSelect:
			return factory.NewSelect(id, children[0], name)
		case nodeCall:
			return factory.NewCall(id, name, children...)
		case nodeMember:
			return factory.NewMemberCall(id, name, children[0], children[1:]...)
		case nodeList:
			return factory.NewList(id, children, nil)
		default:
			panic(fmt.Sprintf("rulebook: snapshot: unknown kind of node %d", kind))
		}
	}
	root := node()
	return ast.NewCheckedAST(ast.NewAST(root, ast.NewSourceInfo(nil)), typeMap, references)
}

// sorted yields a map in the order of its keys.
func sorted[K cmp.Ordered, V any](m map[K]V) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}
