package schema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/schema"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/rules"
)

// compiled reads a schema as an editor would: from its JSON.
func compiled(t testing.TB, s schema.Schema) *jsonschema.Schema {
	t.Helper()
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiledSchema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiledSchema
}

// value turns YAML into JSON's values as editors do; dates stay text.
func value(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.DocumentNode:
		return value(n.Content[0])
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			v, err := value(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			m[n.Content[i].Value] = v
		}
		return m, nil
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			v, err := value(item)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.ScalarNode:
		switch n.ShortTag() {
		case "!!null":
			return nil, nil
		case "!!bool":
			return strconv.ParseBool(strings.ToLower(n.Value))
		case "!!int", "!!float":
			return json.Number(n.Value), nil
		}
		return n.Value, nil
	}
	return nil, fmt.Errorf("line %d: JSON has no such node", n.Line)
}

func parse(data []byte) (any, error) {
	var n yaml.Node
	if err := yaml.Unmarshal(data, &n); err != nil {
		return nil, err
	}
	if n.Kind == 0 {
		return nil, nil
	}
	return value(&n)
}

// files walks the YAML files under a folder, which must not be empty.
func files(t *testing.T, root fs.FS, pattern string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	names, err := fs.Glob(root, pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("nothing matches %s: %v", pattern, err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		found[name] = data
	}
	return found
}

func TestGoodFilings(t *testing.T) {
	for _, lang := range text.Langs() {
		s := compiled(t, schema.Filing(shipped.Book(t), lang))
		for name, data := range files(t, os.DirFS("../../testdata/filings/ok"), "*.yaml") {
			v, err := parse(bytes.TrimPrefix(data, []byte("\ufeff")))
			if err != nil {
				t.Fatal(name, err)
			}
			if err := s.Validate(v); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// beyond are mistakes that a schema cannot see.
var beyond = map[string]string{
	"domain-names": "whether a text is a domain name", "domain-twice": "that two items name one domain", "accepted-twice": "that two items accept one check", "empty-values": "that a text is blank",
	"duplicate-key": "that a key stands twice", "empty": "that a file is empty", "only-comments": "that a file is empty", "only-separator": "that a file is empty",
}

func TestBadFilings(t *testing.T) {
	book := shipped.Book(t)
	s := compiled(t, schema.Filing(book, text.En))
	refused := 0
	for name, data := range files(t, os.DirFS("../../testdata/filings/bad"), "*.yaml") {
		v, err := parse(data)
		if err != nil {
			continue // no YAML, or none that JSON can hold
		}
		if _, err := filing.Decode(name, data, book); err == nil {
			t.Errorf("%s is read, so it is not bad", name)
		}
		if err := s.Validate(v); err != nil {
			refused++
		} else if base := strings.TrimSuffix(name, ".yaml"); beyond[base] == "" && !yamlOnly(data) {
			t.Errorf("the schema lets %s pass", name)
		}
	}
	if refused < 5 {
		t.Errorf("only %d files refused", refused)
	}
}

// yamlOnly are files whose mistake is one of YAML, which is gone in JSON's values.
func yamlOnly(data []byte) bool {
	for _, mark := range []string{"&", "*", "<<", "!", "---", "\t", "\x1b"} {
		if bytes.Contains(data, []byte(mark)) {
			return true
		}
	}
	return false
}

func TestShippedRules(t *testing.T) {
	for pattern, s := range map[string]schema.Schema{"checks/*.yaml": schema.Check(), "tables/*.yaml": schema.Table()} {
		c := compiled(t, s)
		for name, data := range files(t, rules.FS, pattern) {
			v, err := parse(data)
			if err != nil {
				t.Fatal(name, err)
			}
			if err := c.Validate(v); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestBadRules: mistakes of form in checks are found by the schema.
func TestBadRules(t *testing.T) {
	check := compiled(t, schema.Check())
	for _, folder := range []string{"check-typos", "check-without-pass", "check-wrong-shapes", "missing-translation"} {
		names, err := filepath.Glob(filepath.Join("../../testdata/rules/bad", folder, "checks", "*.yaml"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no checks in %s: %v", folder, err)
		}
		bad := 0
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			v, err := parse(data)
			if err != nil || check.Validate(v) != nil {
				bad++
			}
		}
		if bad == 0 {
			t.Errorf("the schema lets all of %s pass", folder)
		}
	}
}

// TestEveryFact: each key of the filing file is in the schema with a title.
func TestEveryFact(t *testing.T) {
	book := shipped.Book(t)
	s := schema.Filing(book, text.Zh)
	for _, f := range filing.Fields() {
		if f.LookupOnly {
			continue
		}
		var at any = s
		for _, key := range strings.Split(filing.FilePath(f.Path), ".") {
			key, list := strings.CutSuffix(key, "[]")
			at = at.(schema.Schema)["properties"].(map[string]any)[key]
			if list {
				at = at.(schema.Schema)["items"].(schema.Schema)["anyOf"].([]schema.Schema)[1]
			}
		}
		if title, _ := at.(schema.Schema)["title"].(string); title == "" {
			t.Errorf("%s has no title", f.Path)
		}
	}
}
