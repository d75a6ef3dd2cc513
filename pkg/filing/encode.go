package filing

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/calendar"
)

// Encode writes a filing file that Decode reads back to the same facts: what a
// person said, that is, facts from a file or a flag, in the order of Fields, and
// the waivers.
// comment gives the remark beside a key, or ""; nil gives none.
func Encode(f *Filing, comment func(path string) string) ([]byte, error) {
	if comment == nil {
		comment = func(string) string { return "" }
	}
	root := &yaml.Node{Kind: yaml.MappingNode}
	domains := &yaml.Node{Kind: yaml.SequenceNode}
	for _, d := range f.Domains {
		name, ok := d.Facts.Text("domain.host")
		if !ok {
			continue
		}
		node := &yaml.Node{Kind: yaml.MappingNode}
		put(node, []string{"name"}, scalar(name), comment("domain.name"))
		if err := encode(node, d.Facts, DomainPrefix, comment); err != nil {
			return nil, err
		}
		domains.Content = append(domains.Content, node)
	}
	// The domains stand where their facts stand in Fields.
	before, after := Facts{}, Facts{}
	first := slices.IndexFunc(fields, Field.Domain)
	for path, fact := range f.Facts {
		if i, ok := byPath[path]; ok && i > first {
			after[path] = fact
		} else {
			before[path] = fact
		}
	}
	if err := encode(root, before, "", comment); err != nil {
		return nil, err
	}
	if len(domains.Content) > 0 {
		root.Content = append(root.Content, scalar("domains"), domains)
	}
	if err := encode(root, after, "", comment); err != nil {
		return nil, err
	}
	if len(f.Accepted) > 0 {
		root.Content = append(root.Content, scalar(acceptedKey), encodeWaivers(f.Accepted))
	}
	var b bytes.Buffer
	if len(root.Content) == 0 {
		return []byte("{}\n"), nil
	}
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		return nil, fmt.Errorf("writing the filing: %w", err)
	}
	return b.Bytes(), e.Close()
}

// encode puts the facts that a person said below a node.
func encode(node *yaml.Node, facts Facts, prefix string, comment func(string) string) error {
	for _, path := range facts.Paths() {
		field, ok := FieldOf(path)
		fact := facts[path]
		if !ok || field.LookupOnly || path == "domain.name" || fact.Origin.Source != FromFile && fact.Origin.Source != FromFlag {
			continue
		}
		value, err := encodeValue(fact.Value)
		if err != nil {
			return fmt.Errorf("writing %s: %w", path, err)
		}
		keys := strings.Split(strings.TrimPrefix(path, prefix), ".")
		if field.Key != "" {
			keys[len(keys)-1] = field.Key
		}
		put(node, keys, value, comment(path))
	}
	return nil
}

func encodeWaivers(waivers []Waiver) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, w := range waivers {
		item := &yaml.Node{Kind: yaml.MappingNode}
		put(item, []string{"check"}, scalar(w.Check), "")
		put(item, []string{"reason"}, scalar(w.Reason), "")
		put(item, []string{"until"}, plain("!!timestamp", calendar.Date(w.Until)), "")
		list.Content = append(list.Content, item)
	}
	return list
}

// put sets a value below nested keys, making what is missing.
func put(node *yaml.Node, keys []string, value *yaml.Node, comment string) {
	for _, key := range keys[:len(keys)-1] {
		i := 0
		for i < len(node.Content) && node.Content[i].Value != key {
			i += 2
		}
		if i == len(node.Content) {
			node.Content = append(node.Content, scalar(key), &yaml.Node{Kind: yaml.MappingNode})
		}
		node = node.Content[i+1]
	}
	value.LineComment = comment
	node.Content = append(node.Content, scalar(keys[len(keys)-1]), value)
}

func scalar(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

func plain(tag, s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: s} }

func encodeValue(v any) (*yaml.Node, error) {
	switch v := v.(type) {
	case bool:
		return plain("!!bool", strconv.FormatBool(v)), nil
	case int64:
		return plain("!!int", strconv.FormatInt(v, 10)), nil
	case string:
		return scalar(v), nil
	case time.Time:
		if at := v.In(calendar.Beijing); at.Equal(at.Truncate(time.Hour)) && at.Hour() == 0 {
			return plain("!!timestamp", calendar.Date(v)), nil
		}
		return plain("!!timestamp", v.Format(time.RFC3339)), nil
	case []string:
		list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, s := range v {
			list.Content = append(list.Content, scalar(s))
		}
		return list, nil
	}
	return nil, fmt.Errorf("a value of type %T has no form in a filing file", v)
}
