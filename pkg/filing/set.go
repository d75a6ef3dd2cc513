package filing

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
	"github.com/icpcheck/icpcheck/pkg/mask"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// domainIndex matches the domain part of a --set path: domains[0].x, domains[].x
// and domain.x mean one or all domains of the filing.
var domainIndex = pattern.New(`^domains?(?:\[([^\]]*)\])?\.(.+)$`)

// Assignment is one path=value given on the command line.
type Assignment struct {
	Path string
	Fact Fact
	// Domain is the index or name of the domain it is for; empty means every one.
	Domain string
}

// ParseAssignment reads path=value as --set takes it. The path is that of a
// fact (domain.expires_at), the key of the filing file (domains[0].expires_on),
// or a value rules look up (province.min_validity_days). Lists are comma-separated.
func ParseAssignment(s string, vocabulary Vocabulary, provider string) (Assignment, error) {
	path, value, given := strings.Cut(s, "=")
	path = strings.TrimSpace(path)
	if !given || path == "" {
		return Assignment{}, text.Errorf("%q：应为 路径=值，如 subject.type=enterprise", "%q: want path=value, for example subject.type=enterprise", mask.Free(s))
	}
	field, domain, err := ParsePath(path, vocabulary)
	if err != nil {
		if named(field) {
			err = text.Errorf("%q：%w", "%q: %w", mask.Free(s), err)
		}
		return Assignment{}, err
	}
	a := Assignment{Path: field.Path, Domain: domain, Fact: Fact{Origin: Origin{Source: FromFlag}}}
	if field.Type == List {
		list := []string{}
		// Brackets as in a file do no harm.
		value = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(value), "["), "]")
		for _, word := range strings.Split(value, ",") {
			if strings.TrimSpace(word) == "" {
				continue
			}
			ids, wordErr := parseWords(field, word, vocabulary, provider)
			if wordErr != nil {
				return Assignment{}, fmt.Errorf("%s: %w", path, wordErr)
			}
			list = append(list, ids...)
		}
		if field.Status && len(list) == 0 {
			return Assignment{}, text.Errorf("%s：是空的；不知道状态就不要写", "%s: is empty; leave it out where the status is unknown", path)
		}
		a.Fact.Value = list
		return a, nil
	}
	if a.Fact.Value, err = parseScalar(field, value, vocabulary, provider); err != nil {
		return Assignment{}, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// ParsePath reads a path as ParseAssignment takes it. The domain is the index or
// name in brackets (domains[0].expires_on), empty where it means every one.
func ParsePath(path string, vocabulary Vocabulary) (field Field, domain string, err error) {
	whole := path
	if m := domainIndex().FindStringSubmatch(path); m != nil {
		domain, path = m[1], DomainPrefix+m[2]
	}
	field, ok := FieldOf(path)
	if !ok {
		if i := slices.IndexFunc(fields, func(f Field) bool { return f.Key != "" && keyPath(f) == path }); i >= 0 {
			field, ok = fields[i], true
		}
	}
	switch t, derivable := vocabulary.Derivable(path); {
	case named(field):
		return field, domain, text.Errorf("域名不能这样给：请作为检查对象给出，或写在备案文件的 domains: 下，或用 init 的 --domain",
			"a domain's name cannot be set: name it as the target, under domains: in the filing file, or with --domain of init")
	case ok:
	case derivable:
		field = Field{Path: path, Type: t}
	default:
		return field, domain, text.Errorf("没有路径 %q%s", "unknown path %q%s", mask.Free(whole), nearPath(path))
	}
	return field, domain, nil
}

// named tells the facts that only naming a domain gives.
func named(f Field) bool {
	return f.Path == "domain.name" || f.Path == "domain.host" || f.Path == "domain.suffix"
}

// NearestPath returns the path of a fact that a word was probably meant to be,
// or "": one that is spelt alike, or the only one that ends in the word.
func NearestPath(word string) string {
	if n := yamlfile.Nearest(word, paths()); n != "" {
		return n
	}
	var found []string
	for _, f := range fields {
		if strings.HasSuffix(f.Path, "."+word) || f.Key == word && word != "" {
			found = append(found, f.Path)
		}
	}
	if len(found) > 1 { // what domains and servers both have is mostly said of domains
		found = slices.DeleteFunc(found, func(path string) bool { return !strings.HasPrefix(path, DomainPrefix) })
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

func nearPath(word string) text.Text {
	if n := NearestPath(word); n != "" {
		return yamlfile.Meant(n)
	}
	return text.Text{}
}

func keyPath(f Field) string { return f.Path[:strings.LastIndexByte(f.Path, '.')+1] + f.Key }

func paths() []string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.Path
	}
	return all
}

// Apply puts an assignment into the filing, over whatever the file says. A fact of
// every domain is one of the domain that is still to be named, where there is none;
// a filing of pages alone has none to name.
func (f *Filing) Apply(a Assignment) error {
	if !strings.HasPrefix(a.Path, DomainPrefix) {
		f.Facts[a.Path] = a.Fact
		return nil
	}
	if len(f.Domains)+len(f.Pages) == 0 && a.Domain == "" {
		f.Domains = []*Domain{{Facts: Facts{}}}
	}
	matched := false
	for i, d := range f.Domains {
		host, _ := d.Facts.Text("domain.host")
		if a.Domain == "" || a.Domain == strconv.Itoa(i) || a.Domain == host || a.Domain == d.Name() {
			d.Facts[a.Path] = a.Fact
			matched = true
		}
	}
	if !matched && a.Domain != "" {
		return text.Errorf("%s：%[3]s 里没有域名 %[2]q", "%s: no domain %q in %s", a.Path, a.Domain, f.Name)
	}
	return nil
}

// Clone copies the filing, so that one can be varied without touching the other.
func (f *Filing) Clone() *Filing {
	c := &Filing{Name: f.Name, Facts: f.Facts.Clone(), Conflicts: slices.Clone(f.Conflicts), Accepted: slices.Clone(f.Accepted)}
	for _, d := range f.Domains {
		c.Domains = append(c.Domains, &Domain{Facts: maps.Clone(d.Facts), Conflicts: slices.Clone(d.Conflicts), Missed: slices.Clone(d.Missed), Views: slices.Clone(d.Views)})
	}
	for _, p := range f.Pages {
		c.Pages = append(c.Pages, &Page{Facts: p.Facts.Clone(), Missed: slices.Clone(p.Missed)})
	}
	return c
}
