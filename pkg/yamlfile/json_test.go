package yamlfile

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"
)

// TestJSONAsYAML: whatever is read as JSON gives the nodes that YAML gives,
// places included.
func TestJSONAsYAML(t *testing.T) {
	text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune(`浙 "\/:{}[],#&*!|>'%@-?~😀`))))
	number := rapid.OneOf(
		rapid.Map(rapid.Int64(), func(i int64) any { return i }),
		rapid.Map(rapid.Float64(), func(f float64) any { return f }),
		rapid.SampledFrom([]any{json.Number("1e3"), json.Number("-0"), json.Number("18446744073709551615"), json.Number("99999999999999999999"), json.Number("0.5E-7")}),
	)
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		scalars := []*rapid.Generator[any]{rapid.Map(text, func(s string) any { return s }), number, rapid.SampledFrom([]any{true, false, nil})}
		if depth == 0 {
			return rapid.OneOf(scalars...)
		}
		return rapid.OneOf(append(scalars,
			rapid.Map(rapid.SliceOfN(value(depth-1), 0, 4), func(l []any) any { return l }),
			rapid.Map(rapid.MapOfN(text, value(depth-1), 0, 4), func(m map[string]any) any { return m }))...)
	}
	rapid.Check(t, func(t *rapid.T) {
		object := rapid.MapOfN(text, value(3), 0, 5).Draw(t, "object")
		data, err := json.Marshal(object)
		if rapid.Bool().Draw(t, "indented") {
			data, err = json.MarshalIndent(object, "", "  ")
		}
		if err != nil {
			t.Fatal(err)
		}
		got, ok := parseJSON(data)
		if strings.ContainsAny(string(data), "\u0085\u2028\u2029") {
			t.Skip("line breaks to YAML, characters to JSON")
		}
		if !ok {
			if strings.ContainsRune(string(data), '\ufffd') {
				t.Skip("left to YAML")
			}
			t.Fatalf("%s: not read", data)
		}
		var document yaml.Node
		if err := yaml.Unmarshal(data, &document); err != nil {
			t.Skip("YAML does not take it: ", err)
		}
		if want := outline(document.Content[0]); outline(got) != want {
			t.Errorf("%s\ngot  %s\nwant %s", data, outline(got), want)
		}
	})
}

// TestNotJSON: what is not exactly one JSON object is left to YAML.
func TestNotJSON(t *testing.T) {
	for _, s := range []string{"", "a: 1", "[1]", "{", "{}}", "{} {}", "{a: 1}", "{'a': 1}", `{"a": 01}`, `{"a": 1,}`, `{"a": "\ud800"}`, "{\"a\": \"\t\"}", strings.Repeat(`{"a":`, 80) + "1" + strings.Repeat("}", 80)} {
		if _, ok := parseJSON([]byte(s)); ok {
			t.Errorf("%q is read as JSON", s)
		}
	}
}

func outline(n *yaml.Node) string {
	s := fmt.Sprintf("(%d %s %q %d:%d %d", n.Kind, n.Tag, n.Value, n.Line, n.Column, n.Style)
	for _, child := range n.Content {
		s += " " + outline(child)
	}
	return s + ")"
}
