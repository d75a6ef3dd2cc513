package cloudfile

import (
	"bytes"
	"errors"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// document is a JSON file. Its values are read where they are asked for: a plan
// of a hundred megabytes holds a few numbers for us, and secrets besides.
type document struct {
	name string
	data []byte
	// marks are the places of every markEvery-th byte, so that nobody counts a
	// plan's only line, of some megabytes, anew for each value.
	marks []yamlfile.Position
}

const markEvery = 1 << 16

// value is a JSON value: its text, and where in the file it begins. The zero
// value is one that is not there.
type value struct {
	doc *document
	raw jsontext.Value
	at  int
	// hidden are keys that are to be passed over.
	hidden map[string]bool
}

// parse finds out whether a file is one JSON value.
func parse(name string, data []byte) (value, error) {
	doc := &document{name: name, data: data}
	d := decoder(data)
	raw, err := d.ReadValue()
	if err == nil {
		v := value{doc: doc, raw: raw, at: int(d.InputOffset()) - len(raw)}
		if rest := bytes.TrimSpace(data[d.InputOffset():]); len(rest) > 0 {
			if v.member("@level").known() {
				return value{}, doc.problem(v.at, "是 terraform plan -json 的日志；用 terraform plan -out=计划文件，再 terraform show -json 计划文件 > plan.json",
					"the log of terraform plan -json; use terraform plan -out=PLANFILE, then terraform show -json PLANFILE > plan.json")
			}
			return value{}, doc.problem(len(data)-len(rest), "JSON 之后还有别的内容", "something follows the JSON")
		}
		return v, nil
	}
	at := int(d.InputOffset())
	if syntax := (*jsontext.SyntacticError)(nil); errors.As(err, &syntax) {
		at = int(syntax.ByteOffset)
	}
	return value{}, doc.problem(at, "从这里起不是 JSON", "from here on this is no JSON")
}

func decoder(data []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// problem is a mistake at a place in the file. The line is not shown: it may
// hold a secret, and is as long as the file.
func (d *document) problem(at int, zh, en string, args ...any) error {
	return yamlfile.Problems{yamlfile.NewProblem(d.position(at), zh, en, args...)}
}

// position is the place of a byte.
func (d *document) position(at int) yamlfile.Position {
	if d.marks == nil {
		d.marks = []yamlfile.Position{{File: d.name, Line: 1, Column: 1}}
		for from := 0; from+markEvery <= len(d.data); from += markEvery {
			d.marks = append(d.marks, advance(d.marks[len(d.marks)-1], d.data[from:from+markEvery]))
		}
	}
	at = min(at, len(d.data))
	mark := at / markEvery
	return advance(d.marks[mark], d.data[mark*markEvery:at])
}

// advance is the place after some text. A character that the text ends in counts
// where it begins.
func advance(p yamlfile.Position, passed []byte) yamlfile.Position {
	if line := bytes.LastIndexByte(passed, '\n'); line >= 0 {
		p.Line += bytes.Count(passed, []byte("\n"))
		p.Column, passed = 1, passed[line+1:]
	}
	for _, b := range passed {
		if utf8.RuneStart(b) {
			p.Column++
		}
	}
	return p
}

func (v value) position() yamlfile.Position { return v.doc.position(v.at) }

// known reports whether the value is there and not null.
func (v value) known() bool { return len(v.raw) > 0 && v.raw[0] != 'n' }

// children yields what is inside an object or a list, with the keys of an object.
func (v value) children() iter.Seq2[string, value] {
	return func(yield func(string, value) bool) {
		if len(v.raw) == 0 || v.raw[0] != '{' && v.raw[0] != '[' {
			return
		}
		d := decoder(v.raw)
		if _, err := d.ReadToken(); err != nil {
			return
		}
		for d.PeekKind() != '}' && d.PeekKind() != ']' {
			key := ""
			if v.raw[0] == '{' {
				token, err := d.ReadToken()
				if err != nil {
					return
				}
				key = token.String()
			}
			raw, err := d.ReadValue()
			if err != nil {
				return
			}
			end := int(d.InputOffset()) // the decoder's own text lasts until its next call
			if begin := end - len(raw); !v.hidden[key] && !yield(key, value{doc: v.doc, raw: v.raw[begin:end], at: v.at + begin}) {
				return
			}
		}
	}
}

// member is what stands under a key of an object.
func (v value) member(key string) value {
	if len(v.raw) == 0 || v.raw[0] != '{' {
		return value{}
	}
	for k, child := range v.children() {
		if k == key {
			return child
		}
	}
	return value{}
}

// items yields the elements of a list.
func (v value) items() iter.Seq[value] {
	return func(yield func(value) bool) {
		if len(v.raw) == 0 || v.raw[0] != '[' {
			return
		}
		for _, child := range v.children() {
			if !yield(child) {
				return
			}
		}
	}
}

// find is what stands at a path, each element of a list by itself. It may be null.
func (v value) find(path string) []value {
	found := []value{v}
	if path == "." {
		return found
	}
	for _, key := range strings.Split(path, ".") {
		key, each := strings.CutSuffix(key, "[]")
		var next []value
		for _, f := range found {
			child := f.member(key)
			switch {
			case len(child.raw) == 0:
			case !each:
				next = append(next, child)
			default:
				for item := range child.items() {
					if item.known() {
						next = append(next, item)
					}
				}
			}
		}
		found = next
	}
	return found
}

// one is the only thing at a path, or a value that is not there.
func (v value) one(path string) value {
	if path == "" {
		return value{}
	}
	if found := v.find(path); len(found) == 1 {
		return found[0]
	}
	return value{}
}

// scalar is a text, a number or a truth value as text; ok is false for others.
func (v value) scalar() (s string, ok bool) {
	if !v.known() || v.raw[0] == '{' || v.raw[0] == '[' {
		return "", false
	}
	token, err := decoder(v.raw).ReadToken()
	if err != nil {
		return "", false
	}
	return token.String(), true
}

// marked reports whether the value is true, or any part of it is.
func (v value) marked() bool {
	for d := decoder(v.raw); ; {
		token, err := d.ReadToken()
		if err != nil {
			return false
		}
		if token.Kind() == jsontext.KindTrue {
			return true
		}
	}
}

// text is a scalar, or "".
func (v value) text() string { s, _ := v.scalar(); return s }
