package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
	"github.com/icpcheck/icpcheck/pkg/mask"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// MaxSize is the largest file that is read, in bytes. A filing file is a few
// kilobytes; the limit is there so that a wrong path cannot eat the memory.
const MaxSize = 1 << 20

// maxDepth bounds nesting; nothing of ours nests deeper than a dozen levels.
const maxDepth = 64

// File is a parsed YAML file: its one document and the text for excerpts.
type File struct {
	Name  string
	Root  *yaml.Node // the top mapping or sequence
	lines []string

	aliases []*yaml.Node // anchors and aliases, which are refused together
}

// ReadAll reads r up to MaxSize bytes; more is an error that names the limit.
func ReadAll(name string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", name, err)
	}
	if len(data) > MaxSize {
		return nil, Problems{NewProblem(Position{File: name}, "超过 %d KiB，这样的文件不需要这么大", "larger than %d KiB, which no such file needs to be", MaxSize>>10)}
	}
	return data, nil
}

// Parse reads exactly one YAML document whose top is a mapping. It refuses
// what has no place in such a file: binary data, aliases and anchors (which can
// grow without bound), merge keys, custom tags, repeated keys, and depth beyond reason.
// All mistakes found are returned together, as Problems.
func Parse(name string, data []byte) (*File, error) {
	f := &File{Name: name}
	whole := func(zh, en string, args ...any) error {
		return Problems{NewProblem(Position{File: name}, zh, en, args...)}
	}
	if len(data) > MaxSize {
		return nil, whole("超过 %d KiB，这样的文件不需要这么大", "larger than %d KiB, which no such file needs to be", MaxSize>>10)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return nil, whole("不是 UTF-8 文本文件；如果是文本，请在编辑器里另存为 UTF-8 编码", "not a UTF-8 text file; if it is text, save it as UTF-8")
	}
	f.lines = strings.Split(string(data), "\n")

	root, err := f.parse(data)
	if err != nil {
		return nil, err
	}
	if root == nil || root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, whole("是空的：里面没有内容", "empty: nothing to read in it")
	}
	f.Root = root
	var problems Problems
	f.walk(f.Root, 0, &problems)
	if len(f.aliases) > 0 {
		problems = append(problems, f.refuseAliases())
	}
	if f.Root.Kind != yaml.MappingNode && len(problems) == 0 {
		problems = append(problems, f.ProblemIn(f.Root, "应为键值（key: value），而不是%s", "want keys with values (key: value), got %s", KindText(f.Root)))
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return f, nil
}

// parse reads the top node of the one document, or nil where there is none.
func (f *File) parse(data []byte) (*yaml.Node, error) {
	if root, ok := parseJSON(data); ok {
		return root, nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, f.syntax(err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, Problems{f.ProblemIn(&second, "第二个文档：一个文件只读一个文档", "a second document: only one is read from a file")}
	case !errors.Is(err, io.EOF):
		return nil, f.syntax(err)
	}
	if len(document.Content) != 1 {
		return nil, nil
	}
	return document.Content[0], nil
}

var syntaxError = pattern.New(`^yaml: (?:line (\d+): )?(.*)$`)

// parserError matches the messages for which yaml.v3 counts lines from 0; for
// all others, those of its scanner, it counts from 1. A first line it leaves
// out, but for readerError, where it does not know the line.
var parserError = pattern.New(`^did not find expected (?:',' or '[]}]'|key|'-' indicator|node content|<)`)

var readerError = pattern.New(`^(?:control characters|invalid|incomplete|unexpected)`)

func (f *File) syntax(err error) error {
	p := Problem{Position: Position{File: f.Name}, Message: strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := syntaxError().FindStringSubmatch(strings.SplitN(err.Error(), "\n", 2)[0]); m != nil {
		p.Message, p.Zh = "not valid YAML: "+m[2], "YAML 语法不对："+syntaxInChinese(m[2])
		n, _ := strconv.Atoi(m[1])
		if parserError().MatchString(m[2]) || n == 0 && !readerError().MatchString(m[2]) {
			n++
		}
		if n > 0 {
			// What is missing at the end is told at the last line that has something.
			for n = min(n, len(f.lines)); n > 1 && strings.TrimSpace(f.lines[n-1]) == ""; {
				n--
			}
			p.Line, p.Column = n, 1
			p.Excerpt = f.line(n)
			hint := f.slip(n)
			p.Zh += hint.Zh
			p.Message += hint.En
		}
	}
	return Problems{p}
}

// syntaxInChinese says the parser's messages that people meet in Chinese; the
// others, about tags, directives and the like, are too rare to be worth it.
func syntaxInChinese(message string) string {
	for _, m := range []struct{ en, zh string }{
		{"mapping values are not allowed in this context", "这里不能有“键: 值”：多半是上一行的值没有写完，或缩进不对"},
		{"did not find expected key", "这里应是一个键：多半是缩进与同级的键没有对齐"},
		{"did not find expected '-' indicator", "这里应是以“- ”开头的列表项：多半是缩进没有对齐"},
		{"did not find expected ',' or ']'", "列表的方括号里缺逗号，或没有用 ] 收尾"},
		{"did not find expected ',' or '}'", "花括号里缺逗号，或没有用 } 收尾"},
		{"did not find expected node content", "这里缺一个值"},
		{"could not find expected ':'", "键后面缺冒号"},
		{"found character that cannot start any token", "有不能放在值开头的字符（含 @、` 等时要加引号）"},
		{"found a tab character that violates indentation", "缩进里有 Tab"},
		{"found a tab character where an indentation space is expected", "缩进里有 Tab"},
		{"found unexpected end of stream", "文件结束了，而引号没有收尾"},
		{"found unexpected document indicator", "引号里出现了文档分隔线（---）"},
		{"found unknown escape character", "双引号里的反斜杠后面是不认识的字符（改用单引号即可）"},
		{"block sequence entries are not allowed in this context", "列表项（- ）不能放在这里，请另起一行"},
		{"control characters are not allowed", "有控制字符"},
		{"exceeded max depth", "嵌套太深"},
	} {
		if strings.HasPrefix(message, m.en) {
			return m.zh
		}
	}
	return message
}

// slip names what is probably wrong on a line, or on the one before it, which
// YAML takes to go on: it tells more than the message of the parser.
func (f *File) slip(n int) text.Text {
	line := f.line(n)
	if indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]; strings.Contains(indent, "\t") {
		return text.Text{Zh: "；行首要用空格缩进，不能用 Tab", En: "; indent with spaces, not tabs"}
	}
	for _, l := range []string{line, f.line(n - 1)} {
		if hint := fullWidth(l); !hint.Empty() {
			return hint
		}
	}
	return text.Text{}
}

// fullWidth asks for the half-width colon where a key has the full-width one of
// a Chinese keyboard behind it, which YAML takes for a letter.
func fullWidth(line string) text.Text {
	if key := fullWidthColon().FindStringSubmatch(line); key != nil {
		return text.Text{Zh: fmt.Sprintf("；%s 后面的冒号是全角的，YAML 要用半角冒号加空格（%s: ）", key[1], key[1]), En: fmt.Sprintf("; the colon behind %s is full width, YAML wants a plain one and a space (%s: )", key[1], key[1])}
	}
	return text.Text{}
}

// fullWidthColon matches a key with a full-width colon behind it.
var fullWidthColon = pattern.New(`^[\s-]*([A-Za-z_]+)\s*：`)

func (f *File) line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	return strings.TrimRight(f.lines[n-1], "\r")
}

// walk collects everything that is refused whatever the file is about.
func (f *File) walk(n *yaml.Node, depth int, problems *Problems) {
	add := func(n *yaml.Node, zh, en string, args ...any) {
		*problems = append(*problems, f.ProblemIn(n, zh, en, args...))
	}
	if depth > maxDepth {
		add(n, "嵌套超过 %d 层", "nested deeper than %d levels", maxDepth)
		return
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		f.aliases = append(f.aliases, n)
		return
	}
	if n.Style&yaml.TaggedStyle != 0 {
		add(n, "不接受标签 %q", "the tag %q is not accepted", n.Tag)
	}
	if n.Kind == yaml.MappingNode {
		seen := make(map[string]*yaml.Node, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode {
				add(key, "键必须是普通的词", "a key must be a plain word")
				continue
			}
			if key.Tag == "!!merge" {
				add(key, "不接受合并键（<<）：请把值写出来", "merge keys (<<) are not accepted: write the values out")
				continue
			}
			if first, ok := seen[key.Value]; ok {
				add(key, "键 %q 第二次出现，第一次在第 %d 行", "key %q stands here a second time, first on line %d", key.Value, first.Line)
				continue
			}
			seen[key.Value] = key
		}
	}
	for _, child := range n.Content {
		f.walk(child, depth+1, problems)
	}
}

// refuseAliases tells of all anchors and aliases at once, in the place of the
// first: who used them once has mostly used them throughout.
func (f *File) refuseAliases() Problem {
	const zh = "不接受锚点和别名（&、*）：请把值写出来"
	const en = "anchors and aliases (&, *) are not accepted: write the value out"
	switch more := len(f.aliases) - 1; more {
	case 0:
		return f.ProblemIn(f.aliases[0], zh, en)
	default:
		return f.ProblemIn(f.aliases[0], zh+"（还有 %d 处，最后一处在第 %d 行）", en+" (%d more, the last on line %d)", more, f.aliases[more].Line)
	}
}

// At returns the position of a node.
func (f *File) At(n *yaml.Node) Position {
	return Position{File: f.Name, Line: n.Line, Column: n.Column}
}

// Problem builds a problem at a node, with the line as excerpt.
func (f *File) Problem(n *yaml.Node, format string, args ...any) Problem {
	return Problem{Position: f.At(n), Message: fmt.Sprintf(format, args...), Excerpt: f.line(n.Line)}
}

// ProblemIn is Problem in both languages; see text.Errorf for the arguments.
func (f *File) ProblemIn(n *yaml.Node, zh, en string, args ...any) Problem {
	p := NewProblem(f.At(n), zh, en, args...)
	p.Excerpt = f.line(n.Line)
	return p
}

// NewProblem builds a problem in both languages that shows no line of the file;
// see text.Errorf.
func NewProblem(at Position, zh, en string, args ...any) Problem {
	err := text.Errorf(zh, en, args...)
	return Problem{Position: at, Message: err.Error(), Zh: text.ErrorIn(err, text.Zh)}
}

// ProblemAt builds a problem at a position in the file, with the line as excerpt.
func (f *File) ProblemAt(p Position, format string, args ...any) Problem {
	return Problem{Position: p, Message: fmt.Sprintf(format, args...), Excerpt: f.line(p.Line)}
}

// Kind names the kind of a node for people.
func Kind(n *yaml.Node) string { return KindText(n).En }

// KindText is Kind in both languages.
func KindText(n *yaml.Node) text.Text {
	switch n.Kind {
	case yaml.MappingNode:
		return text.Text{Zh: "键值", En: "keys with values"}
	case yaml.SequenceNode:
		return text.Text{Zh: "列表", En: "a list"}
	case yaml.ScalarNode:
		value := strconv.Quote(clip(mask.Free(n.Value)))
		switch n.Tag {
		case "!!null":
			return text.Text{Zh: "空", En: "nothing"}
		case "!!bool", "!!int", "!!float", "!!timestamp":
			value = mask.Free(n.Value)
		}
		hint := fullWidth(n.Value)
		return text.Text{Zh: " " + value + hint.Zh, En: value + hint.En}
	}
	return text.Text{Zh: "别的东西", En: "something else"}
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// Pairs iterates over a mapping's keys and values in file order. Any other node has none.
func Pairs(n *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		if n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// Null reports whether a value is given as nothing (key: or key: null).
func Null(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }
