package filing

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/epp"
	"github.com/icpcheck/icpcheck/pkg/mask"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// Vocabulary knows the ids that facts can have; the rulebook is one.
type Vocabulary interface {
	// Resolve maps a word (id, Chinese or English name, alias) to the id in the
	// named vocabulary. provider, where known, settles names that providers use differently.
	Resolve(vocabulary, word, provider string) (id string, ok bool)
	// Words lists the ids of the vocabulary, for messages.
	Words(vocabulary, provider string) []string
	// Instead says what to do about a word that means something and is yet no id
	// of the vocabulary, or nothing.
	Instead(vocabulary, word, provider string) text.Text
	// Derivable tells the type of a path that rules look up in a table, such
	// as province.min_validity_days, which --set may override.
	Derivable(path string) (Type, bool)
}

// decoder walks one filing file.
type decoder struct {
	file       *yamlfile.File
	vocabulary Vocabulary
	provider   string
	problems   yamlfile.Problems
}

// Decode reads a filing file. Every key is optional; an unknown key, a value
// of the wrong type and an unknown id are mistakes, all of which are returned
// together as yamlfile.Problems.
func Decode(name string, data []byte, vocabulary Vocabulary) (*Filing, error) {
	file, err := yamlfile.Parse(name, data)
	if err != nil {
		return nil, err
	}
	d := &decoder{file: file, vocabulary: vocabulary}
	// The provider is read first, since the names of its products are its own.
	for key, value := range yamlfile.Pairs(file.Root) {
		if key.Value == "provider" && value.Kind == yaml.ScalarNode {
			d.provider, _ = vocabulary.Resolve("providers", value.Value, "")
		}
	}
	f := &Filing{Name: name, Facts: Facts{}}
	for key, value := range yamlfile.Pairs(file.Root) {
		switch key.Value {
		case "domains":
			f.Domains = d.domains(value)
			continue
		case acceptedKey:
			f.Accepted = d.accepted(value)
			continue
		}
		d.value(f.Facts, "", key, value)
	}
	if err := d.problems.Err(); err != nil {
		return nil, err
	}
	return f, nil
}

// fail notes a mistake in both languages; see text.Errorf.
func (d *decoder) fail(n *yaml.Node, zh, en string, args ...any) {
	d.problems = append(d.problems, d.file.ProblemIn(n, zh, en, args...))
}

// masked is an error whose message may repeat a number that was given.
func masked(err error) error {
	return text.Errorf("%s", "%s", text.Text{Zh: mask.Free(text.ErrorIn(err, text.Zh)), En: mask.Free(err.Error())})
}

// domains reads the list of domains; an item may be just a name.
func (d *decoder) domains(n *yaml.Node) []*Domain {
	if yamlfile.Null(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		d.fail(n, "domains：应为域名的列表或键值的列表（- name: example.com），而不是%s", "domains: want a list of names or of keys with values (- name: example.com), got %s", yamlfile.KindText(n))
		return nil
	}
	var domains []*Domain
	first := map[string]int{}
	for _, item := range n.Content {
		facts := Facts{}
		switch item.Kind {
		case yaml.ScalarNode:
			d.name(facts, item)
		case yaml.MappingNode:
			named := false
			for key, value := range yamlfile.Pairs(item) {
				if key.Value == "name" {
					named = true
					d.name(facts, value)
					continue
				}
				d.value(facts, DomainPrefix, key, value)
			}
			if !named {
				d.fail(item, "域名要有 name（name: example.com）", "a domain needs a name (name: example.com)")
			}
		default:
			d.fail(item, "应为域名或键值，而不是%s", "want a domain name or keys with values, got %s", yamlfile.KindText(item))
		}
		if host, ok := facts.Text("domain.host"); ok {
			if line, twice := first[host]; twice {
				d.fail(item, "域名 %q 第二次出现，第一次在第 %d 行", "domain %q stands here a second time, first on line %d", host, line)
			}
			first[host] = item.Line
		}
		domains = append(domains, &Domain{Facts: facts})
	}
	return domains
}

func (d *decoder) name(facts Facts, n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || yamlfile.Null(n) {
		d.fail(n, "name：应为域名，而不是%s", "name: want a domain name, got %s", yamlfile.KindText(n))
		return
	}
	name, err := domainname.Parse(n.Value)
	if err != nil {
		d.fail(n, "%v", "%v", masked(err)) // a number may have been put where the name belongs
		return
	}
	SetName(facts, name, Origin{Source: FromFile, Position: d.file.At(n)})
}

// SetName records a domain name and what can be read off it.
func SetName(facts Facts, name domainname.Name, origin Origin) {
	facts["domain.name"] = Fact{Value: name.ApexUnicode, Origin: origin}
	facts["domain.host"] = Fact{Value: name.Unicode, Origin: origin}
	facts["domain.suffix"] = Fact{Value: name.Suffix, Origin: Origin{Source: FromName}}
}

// value reads one key below prefix (which is empty or ends in a dot).
func (d *decoder) value(facts Facts, prefix string, key, n *yaml.Node) {
	if yamlfile.Null(n) {
		return // key: without a value says that it is unknown
	}
	path, known, group := lookup(prefix, key.Value)
	switch {
	case group:
		if n.Kind != yaml.MappingNode {
			d.fail(n, "%s：应为键值，而不是%s", "%s: want keys with values, got %s", path, yamlfile.KindText(n))
			return
		}
		for key, value := range yamlfile.Pairs(n) {
			d.value(facts, path+".", key, value)
		}
	case known:
		field, _ := FieldOf(path)
		v, err := d.scalarOrList(field, n)
		if err != nil {
			return
		}
		facts[path] = Fact{Value: v, Origin: Origin{Source: FromFile, Position: d.file.At(n)}}
	default:
		keys := keysBelow(prefix)
		d.fail(key, "没有键 %q%s", "unknown key %q%s", mask.Free(key.Value), yamlfile.Suggest(key.Value, keys))
	}
}

var errReported = fmt.Errorf("already reported")

func (d *decoder) scalarOrList(field Field, n *yaml.Node) (any, error) {
	label := FilePath(field.Path)
	if field.Type == List {
		if n.Kind != yaml.SequenceNode {
			d.fail(n, "%s：应为列表（[a, b]），而不是%s", "%s: want a list ([a, b]), got %s", label, yamlfile.KindText(n))
			return nil, errReported
		}
		list := make([]string, 0, len(n.Content))
		for _, item := range n.Content {
			if item.Kind != yaml.ScalarNode || yamlfile.Null(item) {
				d.fail(item, "%s：应为一个词，而不是%s", "%s: want a word, got %s", label, yamlfile.KindText(item))
				continue
			}
			words, err := parseWords(field, item.Value, d.vocabulary, d.provider)
			if err != nil {
				d.fail(item, "%s：%v", "%s: %v", label, err)
				continue
			}
			for _, word := range words {
				if !slices.Contains(list, word) {
					list = append(list, word)
				}
			}
		}
		if field.Status && len(list) == 0 && len(n.Content) == 0 {
			d.fail(n, "%s：是空的；不知道状态就不要写这个键", "%s: is empty; leave the key out where the status is unknown", label)
			return nil, errReported
		}
		return list, nil
	}
	if n.Kind != yaml.ScalarNode {
		d.fail(n, "%s：应为%s，而不是%s", "%s: want %s, got %s", label, want(field), yamlfile.KindText(n))
		return nil, errReported
	}
	v, err := parseScalar(field, n.Value, d.vocabulary, d.provider)
	if err != nil {
		d.fail(n, "%s：%v", "%s: %v", label, err)
		return nil, errReported
	}
	return v, nil
}

// want describes a type for a message.
func want(field Field) text.Text {
	switch field.Type {
	case Bool:
		return text.Text{Zh: " true 或 false", En: "true or false"}
	case Int:
		return text.Text{Zh: "整数", En: "a whole number"}
	case Time:
		return text.Text{Zh: "日期（如 2026-11-24）", En: "a date such as 2026-11-24"}
	case List:
		return text.Text{Zh: "列表", En: "a list"}
	}
	if field.Vocabulary != "" {
		return text.Text{Zh: "一个词", En: "one word"}
	}
	return text.Text{Zh: "文字", En: "text"}
}

// parseScalar reads the value of a fact that is no list from its text.
func parseScalar(field Field, s string, vocabulary Vocabulary, provider string) (any, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil, text.Errorf("是空的；不知道就不要写这个键", "is empty; leave the key out where the value is unknown")
	}
	switch field.Type {
	case Bool:
		switch s {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	case Int:
		if whole, _, decimal := strings.Cut(s, "."); decimal && strings.HasSuffix(field.Path, "_cny") {
			// Amounts have a decimal part, which no threshold depends on; cut off,
			// 99.5 is still 99 or more and 98.9 is not.
			if _, err := strconv.ParseFloat(s, 64); err == nil {
				s = whole
			}
		}
		if n, err := strconv.ParseInt(s, 10, 32); err == nil {
			if n < 0 {
				return nil, text.Errorf("不能是负数，给的是 %d", "cannot be negative, got %d", n)
			}
			return n, nil
		}
	case Time:
		t, err := calendar.Parse(s)
		if err != nil {
			return nil, masked(err) // it repeats what was given
		}
		return t, nil
	case Text:
		return parseWord(field, s, vocabulary, provider)
	}
	return nil, text.Errorf("应为%s，而不是 %q", "want %s, got %q", want(field), mask.Free(s))
}

// parseWord maps a word to its id where the fact has a vocabulary.
func parseWord(field Field, s string, vocabulary Vocabulary, provider string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", text.Errorf("是空的；不知道就不要写这个键", "is empty; leave the key out where the value is unknown")
	}
	if field.Address {
		address, err := netip.ParseAddr(s)
		if err != nil {
			return "", text.Errorf("%q 不是 IP 地址", "%q is not an IP address", mask.Free(s))
		}
		return address.Unmap().String(), nil
	}
	if field.Vocabulary == "" {
		return s, nil
	}
	if id, ok := vocabulary.Resolve(field.Vocabulary, s, provider); ok {
		return id, nil
	}
	if instead := vocabulary.Instead(field.Vocabulary, s, provider); !instead.Empty() {
		return "", text.Errorf("%q：%s", "%q: %s", mask.Free(s), instead)
	}
	known := yamlfile.Suggest(s, vocabulary.Words(field.Vocabulary, provider))
	if known.Empty() { // too many to name; such a list is a table of its own
		command := "icpcheck rules list " + field.Vocabulary
		if field.Vocabulary == "checks" {
			command = "icpcheck rules list"
		}
		known = text.Text{Zh: "；用 " + command + " 查看有哪些", En: "; " + command + " shows those known"}
	}
	return "", text.Errorf("没有 %q 这个值%s", "unknown value %q%s", mask.Free(s), known)
}

// parseWords reads an element of a list, which for statuses may be several.
func parseWords(field Field, s string, vocabulary Vocabulary, provider string) ([]string, error) {
	if field.Status {
		if names, ok := epp.Written(s); ok {
			return names, nil
		}
		return nil, text.Errorf("没有 %q 这个状态%s", "unknown status %q%s", mask.Free(s), yamlfile.Suggest(s, epp.Names()))
	}
	word, err := parseWord(field, s, vocabulary, provider)
	return []string{word}, err
}

// lookup finds the fact or the group of facts that a key below prefix means.
func lookup(prefix, key string) (path string, known, group bool) {
	path = prefix + key
	if f, ok := FieldOf(path); ok && f.Key == "" && !f.LookupOnly {
		return path, true, false
	}
	for _, f := range fields {
		if f.LookupOnly {
			continue
		}
		if f.Key == key && keyPath(f) == path {
			return f.Path, true, false
		}
		if strings.HasPrefix(f.Path, path+".") && prefix != DomainPrefix && path+"." != DomainPrefix {
			group = true
		}
	}
	return path, false, group
}

// keysBelow lists the keys that may stand below prefix.
func keysBelow(prefix string) []string {
	keys := map[string]bool{}
	for _, f := range fields {
		if f.LookupOnly || !strings.HasPrefix(f.Path, prefix) || prefix == "" && f.Domain() {
			continue
		}
		key, _, deeper := strings.Cut(f.Path[len(prefix):], ".")
		if f.Key != "" && !deeper {
			key = f.Key
		}
		keys[key] = true
	}
	if prefix == "" {
		keys["domains"], keys[acceptedKey] = true, true
	}
	return slices.Sorted(maps.Keys(keys))
}

// TopKey reports whether a filing file has this key at its top.
func TopKey(key string) bool { return slices.Contains(keysBelow(""), key) }

// DecodeFacts reads facts for a rule's test: nested as in a filing file or by
// path (domain.statuses, province.min_validity_days), of one domain at most.
// derivable tells the type of paths beyond the fields that may be given.
func DecodeFacts(file *yamlfile.File, n *yaml.Node, vocabulary Vocabulary, derivable func(path string) (Type, bool)) (Facts, error) {
	d := &decoder{file: file, vocabulary: vocabulary}
	facts := Facts{}
	if n == nil {
		return facts, nil
	}
	for key, value := range yamlfile.Pairs(n) {
		if key.Value == "provider" {
			d.provider = value.Value
		}
	}
	d.paths(facts, "", n, derivable)
	return facts, d.problems.Err()
}

func (d *decoder) paths(facts Facts, prefix string, n *yaml.Node, derivable func(string) (Type, bool)) {
	for key, value := range yamlfile.Pairs(n) {
		path := prefix + key.Value
		field, ok := FieldOf(path)
		if !ok {
			var t Type
			if t, ok = derivable(path); ok {
				field = Field{Path: path, Type: t}
			}
		}
		switch {
		case value.Kind == yaml.MappingNode:
			d.paths(facts, path+".", value, derivable)
		case !ok:
			d.fail(key, "没有事实 %q%s", "unknown fact %q%s", path, yamlfile.Suggest(path, paths()))
		default:
			if v, err := d.scalarOrList(field, value); err == nil {
				facts[path] = Fact{Value: v, Origin: Origin{Source: FromFile, Position: d.file.At(value)}}
			}
		}
	}
}
