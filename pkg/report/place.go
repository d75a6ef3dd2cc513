package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// fileOf names the file that a target was read from, a filing file before a
// cloud's; empty for names given as arguments and for standard input, which no
// reader of a report can open.
func fileOf(t *Target) string {
	scopes := []filing.Facts{t.Filing.Facts}
	for _, d := range t.Filing.Domains {
		scopes = append(scopes, d.Facts)
	}
	other := ""
	for _, facts := range scopes {
		for _, path := range facts.Paths() {
			switch o := facts[path].Origin; {
			case !placed(o):
			case o.Source == filing.FromFile:
				return o.File
			case other == "":
				other = o.File
			}
		}
	}
	return other
}

// placed reports whether a fact stands in a file that a reader can open.
func placed(o filing.Origin) bool { return o.Line > 0 && o.File != "-" }

// placeOf finds the line of the target's file that a finding is about: for a
// failed check the value that its sentence quotes, for an undetermined one the
// place nearest to where the missing key belongs, at last the domain's name or
// the first line. ok is false where the target has no file.
func placeOf(v Voice, t *Target, r *engine.Result) (p yamlfile.Position, ok bool) {
	file := fileOf(t)
	if file == "" {
		return p, false
	}
	first := yamlfile.Position{File: file, Line: 1, Column: 1}
	scope := t.Filing.Scope(domainOf(t, r))
	if r.Verdict == verdict.Undetermined && len(r.Needs) > 0 {
		if p, ok := nearest(scope, r.Needs[0].Path); ok {
			return p, true
		}
		if r.Domain == "" {
			return first, true
		}
	}
	name := scope["domain.name"].Origin
	best := -1
	if r.Domain != "" && placed(name) {
		p, best = name.Position, 0 // better than a value that has little to do with it
	}
	for _, e := range r.Evidence {
		origin := written(t, r, e)
		if !placed(origin) {
			continue
		}
		if n := weight(v, r, e); n > best {
			best, p = n, origin.Position
		}
	}
	if best >= 0 {
		return p, true
	}
	return first, true
}

// written is where the file gives a fact; where a look-up said otherwise, it is
// where the file is mistaken.
func written(t *Target, r *engine.Result, e engine.Evidence) filing.Origin {
	if d := domainOf(t, r); d != nil && e.Fact.Origin.Line == 0 {
		for _, c := range d.Conflicts {
			if c.Path == e.Path {
				return c.Dropped.Origin
			}
		}
	}
	return e.Fact.Origin
}

// domainOf finds the domain that a result is about. Two hosts of one domain
// have results of the same name, so their order has to tell, which is the
// filing's; nil for a result on the whole filing.
func domainOf(t *Target, r *engine.Result) *filing.Domain {
	if r.Domain == "" {
		return nil
	}
	if len(t.Filing.Domains) == 1 {
		return t.Filing.Domains[0]
	}
	n := 0
	for i := range t.Results {
		other := &t.Results[i]
		if other == r {
			break
		}
		if other.Check == r.Check && other.Domain != "" {
			n++
		}
	}
	if n < len(t.Filing.Domains) && t.Filing.Domains[n].Name() == r.Domain {
		return t.Filing.Domains[n]
	}
	return nil
}

// domainName names the domain that a result is about: by its host where
// another host of the same domain is in the filing too.
func domainName(t *Target, r *engine.Result) string {
	d := domainOf(t, r)
	for _, other := range t.Filing.Domains {
		if d != nil && other != d && other.Name() == r.Domain {
			host, _ := d.Facts.Text("domain.host")
			return text.Clean(cmp.Or(host, r.Domain))
		}
	}
	return text.Clean(r.Domain)
}

// nearest finds the place in the file of a fact that shares the most of the
// path: beside subject.name for subject.type. Of a domain it is the name, with
// which its entry begins.
func nearest(scope filing.Facts, missing string) (p yamlfile.Position, ok bool) {
	if name := scope["domain.name"].Origin; strings.HasPrefix(missing, filing.DomainPrefix) && placed(name) {
		return name.Position, true
	}
	for group := parent(missing); group != ""; group = parent(strings.TrimSuffix(group, ".")) {
		for _, known := range scope.Paths() {
			o := scope[known].Origin
			if strings.HasPrefix(known, group) && placed(o) && (!ok || o.Line < p.Line) {
				p, ok = o.Position, true
			}
		}
		if ok {
			return p, true
		}
	}
	return p, false
}

// parent is a path up to and with its last dot; empty at the top.
func parent(path string) string { return path[:strings.LastIndexByte(path, '.')+1] }

// weight tells how much a fact has to do with a failed check: most when the
// sentence quotes its value, then when the demand itself names it, then when it
// belongs to what the check is called after.
func weight(v Voice, r *engine.Result, e engine.Evidence) int {
	n := 0
	if _, yesNo := e.Fact.Value.(bool); !yesNo && strings.Contains(v.message(r), v.value(e.Path, e.Fact.Value)) {
		n += 4
	}
	for _, p := range r.Check.Parts {
		if p.Pass != nil && mentions(p.Pass, e.Path) {
			n += 2
			break
		}
	}
	// Of a domain every fact is: if it has nothing else to say for itself, the
	// domain's name is the better place.
	area, _, _ := strings.Cut(r.Check.ID, "-")
	if (r.Domain == "" || n > 0) && strings.HasPrefix(e.Path+".", area+".") {
		n++
	}
	return n
}

func mentions(e *rulebook.Expr, path string) bool {
	for rest := e.Source; ; {
		i := strings.Index(rest, path)
		if i < 0 {
			return false
		}
		rest = rest[i+len(path):]
		if rest == "" || !strings.ContainsAny(rest[:1], "._abcdefghijklmnopqrstuvwxyz") {
			return true
		}
	}
}

// relative is a file's name as forges want it: slashes, no leading ./
func relative(file string) string { return path.Clean(filepath.ToSlash(file)) }

// uriOf is a file's name as a URI reference: relative where the name is.
func uriOf(file string) string {
	u := url.URL{Path: relative(file)}
	if filepath.IsAbs(file) {
		u.Scheme = "file"
		if !strings.HasPrefix(u.Path, "/") {
			u.Path = "/" + u.Path // C:/x
		}
	}
	return u.String()
}

// fingerprint tells a finding from all others and stays the same from day to
// day: no sentence, no line number and no number of days goes in.
func fingerprint(t *Target, r *engine.Result) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{relative(t.Name), r.Check.ID, domainName(t, r)}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// subject names what a finding is about.
func subject(t *Target, r *engine.Result) string {
	return cmp.Or(domainName(t, r), text.Clean(t.Name))
}

// finding reports whether a result is something to act on.
func finding(r *engine.Result) bool {
	return r.Verdict == verdict.Fail || r.Verdict == verdict.Undetermined
}
