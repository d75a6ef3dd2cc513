package report

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// NDJSON prints one object a line, one line a target.
func NDJSON(w io.Writer, r *Report, o Options) error {
	for i := range r.Targets {
		b, err := AppendNDJSON(nil, r, &r.Targets[i], o.Lang)
		if err == nil {
			_, err = w.Write(append(b, '\n'))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// AppendNDJSON appends the line of a target, without a line feed at its end. Most
// of a line are facts and checks, which are put together here: the same
// conclusion is often that of many targets, and is encoded once. The bytes are
// those that encoding a target as a whole gives.
func AppendNDJSON(b []byte, r *Report, t *Target, lang text.Lang) ([]byte, error) {
	v := Voice{r.Book, lang}
	line := jsonLine{SchemaVersion, r.Tool, r.Book.Info(), r.GeneratedAt.UTC().Format(time.RFC3339), shell(v, t)}
	line.Facts, line.Checks = map[string]jsonFact{}, []jsonCheck{}
	frame, err := marshal(line)
	if err != nil {
		return nil, err
	}
	// In a string these quotation marks would be escaped.
	before, after, _ := bytes.Cut(frame, []byte(`"facts":{},"checks":[]`))

	b = append(b, before...)
	b = append(b, `"facts":{`...)
	all := facts(t)
	for i, path := range slices.Sorted(maps.Keys(all)) {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendString(b, path); err != nil {
			return nil, err
		}
		b = append(b, `:{`...)
		if b, err = appendFact(b, all[path]); err != nil {
			return nil, err
		}
		b = append(b, '}')
	}
	b = append(b, `},"checks":[`...)
	for i := range t.Results {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendCheck(b, v, &t.Results[i]); err != nil {
			return nil, err
		}
	}
	b = append(b, ']')
	return append(b, after...), nil
}

// passage is a conclusion in JSON, in the pieces between what each target has of
// its own: the domain comes after the first, evidence after the second.
type passage struct {
	book  *rulebook.Rulebook
	lang  text.Lang
	parts [3][]byte
}

func appendCheck(b []byte, v Voice, r *engine.Result) ([]byte, error) {
	if r.Waiver != nil || slices.ContainsFunc(r.Needs, func(n engine.Need) bool { return n.Failure != nil }) {
		data, err := marshal(check(v, r))
		return append(b, data...), err
	}
	p, _ := r.Note.Load().(*passage)
	if p == nil || p.book != v.Book || p.lang != v.Lang {
		data, err := marshal(check(v, &engine.Result{Check: r.Check, Conclusion: r.Conclusion, Needs: r.Needs}))
		if err != nil {
			return nil, err
		}
		p = &passage{book: v.Book, lang: v.Lang}
		id, rest, _ := bytes.Cut(data, []byte(`"title":`))
		before, after, _ := bytes.Cut(rest, []byte(`"evidence":[]`))
		p.parts = [3][]byte{id, slices.Concat([]byte(`"title":`), before, []byte(`"evidence":[`)), append([]byte{']'}, after...)}
		r.Note.Store(p)
	}
	var err error
	b = append(b, p.parts[0]...)
	if r.Domain != "" {
		b = append(b, `"domain":`...)
		if b, err = appendString(b, r.Domain); err != nil {
			return nil, err
		}
		b = append(b, ',')
	}
	b = append(b, p.parts[1]...)
	for i, e := range r.Evidence {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"fact":`...)
		if b, err = appendString(b, e.Path); err != nil {
			return nil, err
		}
		b = append(b, ',')
		if b, err = appendFact(b, fact(e.Path, e.Fact)); err != nil {
			return nil, err
		}
		b = append(b, '}')
	}
	return append(b, p.parts[2]...), nil
}

// appendFact appends the keys of a fact, without braces.
func appendFact(b []byte, f jsonFact) ([]byte, error) {
	var err error
	b = append(b, `"value":`...)
	switch v := f.Value.(type) {
	case string:
		b, err = appendString(b, v)
	case bool:
		b = strconv.AppendBool(b, v)
	case int64:
		b = strconv.AppendInt(b, v, 10)
	default:
		var data []byte
		data, err = marshal(v)
		b = append(b, data...)
	}
	for _, key := range []struct{ name, value string }{
		{`,"source":`, string(f.Source)}, {`,"server":`, f.Server}, {`,"observed_at":`, f.ObservedAt}, {`,"position":`, f.Position},
	} {
		if err == nil && (key.value != "" || key.name == `,"source":`) {
			b, err = appendString(append(b, key.name...), key.value)
		}
	}
	return b, err
}

// appendString appends a string in quotation marks. Most need nothing escaped.
func appendString(b []byte, s string) ([]byte, error) {
	plain := utf8.ValidString(s)
	for i := 0; plain && i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ', c == '"', c == '\\', mayHide(c):
			plain = false
		}
	}
	if plain {
		return append(append(append(b, '"'), s...), '"'), nil
	}
	data, err := marshal(s)
	return append(b, data...), err
}

// marshal encodes a value in one line, as encode does, without the line feed.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	err := encode(&b, v, "")
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// facts are those of a target by their keys.
func facts(t *Target) map[string]jsonFact {
	all := make(map[string]jsonFact, len(t.Filing.Facts)+16)
	for path, f := range t.Filing.Facts {
		all[path] = fact(path, f)
	}
	for i, d := range t.Filing.Domains {
		for path, f := range d.Facts {
			key := path
			if len(t.Filing.Domains) > 1 {
				key = fmt.Sprintf("domains[%d].%s", i, path[len(filing.DomainPrefix):])
			}
			all[key] = fact(path, f)
		}
	}
	for _, p := range t.Filing.Pages {
		for path, f := range p.Facts {
			if _, given := all[path]; !given {
				all[path] = fact(path, f)
			}
		}
	}
	return all
}
