package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// partTitles are the titles that placeholders for parts stand for.
type partTitles map[string][]text.Text

// failedParts names the parts that fail, apart by what they weigh.
func failedParts(decided []partResult) partTitles {
	named := partTitles{}
	for _, pr := range decided {
		if pr.verdict != verdict.Fail {
			continue
		}
		placeholder := rulebook.WarningsPlaceholder
		if pr.part.Severity == verdict.Error {
			placeholder = rulebook.ErrorsPlaceholder
		}
		named.add(placeholder, []partResult{pr})
	}
	return named
}

// add names parts for the placeholder, each title once.
func (p partTitles) add(placeholder string, parts []partResult) {
	for _, pr := range parts {
		if t := pr.part.Title; !t.Empty() && !slices.Contains(p[placeholder], t) {
			p[placeholder] = append(p[placeholder], t)
		}
	}
}

// have reports whether there are parts for all placeholders of a sentence that
// is said only where there are such.
func (p partTitles) have(segments []rulebook.Segment) bool {
	return !slices.ContainsFunc(segments, func(s rulebook.Segment) bool {
		return s.Expr != nil && s.Expr.Source != rulebook.PartsPlaceholder && rulebook.IsLocalPlaceholder(s.Expr.Source) && len(p[s.Expr.Source]) == 0
	})
}

// compose fills in message and remedy.
func (k *Conclusion) compose(s *scope, c *rulebook.Check, deciding []partResult, named partTitles) {
	read := s.read
	s.read = nil // sentences may mention more than what decided
	defer func() { s.read = read }()
	k.Message = message(s, c, deciding, named)
	if k.Verdict == verdict.Fail {
		k.Remedy = remedy(s, c, deciding, named)
	}
}

// message gives the sentence for the deciding parts: each part's own, else the check's.
func message(s *scope, c *rulebook.Check, deciding []partResult, named partTitles) text.Text {
	v := deciding[0].verdict
	named.add(rulebook.PartsPlaceholder, deciding)
	whole, hasWhole := pick(s, c.Message[v], named)
	if hasWhole && v == verdict.Pass {
		return whole // that all is well needs no list of what is
	}
	var own []text.Text
	for _, pr := range deciding {
		if t, ok := pick(s, pr.part.Message[v], nil); ok && !slices.Contains(own, t) {
			own = append(own, t)
		}
	}
	if len(own) > 0 {
		return join(own)
	}
	if hasWhole {
		return whole
	}
	if v == verdict.NotApplicable {
		return text.Catalogue(text.DoesNotApply)
	}
	if v == verdict.Undetermined {
		return text.Catalogue(text.NotKnown)
	}
	return c.Title
}

func remedy(s *scope, c *rulebook.Check, deciding []partResult, named partTitles) text.Text {
	var own []text.Text
	for _, pr := range deciding {
		if t, ok := pick(s, pr.part.Remedy, nil); ok && !slices.Contains(own, t) {
			own = append(own, t)
		}
	}
	if len(own) > 0 {
		return join(own)
	}
	named.add(rulebook.PartsPlaceholder, deciding)
	t, _ := pick(s, c.Remedy, named)
	return t
}

// pick renders the first case whose condition holds.
func pick(s *scope, cases []rulebook.Case, named partTitles) (text.Text, bool) {
	for _, c := range cases {
		if c.When != nil {
			holds, missing, err := eval(s, c.When)
			if err != nil || missing != nil || !holds {
				continue
			}
		}
		if !named.have(c.Text.Zh) {
			continue
		}
		return text.Text{
			Zh: render(s, c.Text.Zh, text.Zh, named),
			En: render(s, c.Text.En, text.En, named),
		}, true
	}
	return text.Text{}, false
}

func render(s *scope, segments []rulebook.Segment, lang text.Lang, named partTitles) string {
	var b strings.Builder
	last := "" // what the placeholder before gave
	for _, seg := range segments {
		switch {
		case seg.Expr == nil && lang == text.En:
			b.WriteString(text.After(last, seg.Literal)) // 1 day, 2 days
		case seg.Expr == nil:
			b.WriteString(seg.Literal)
		case rulebook.IsLocalPlaceholder(seg.Expr.Source):
			var words []string
			for _, t := range named[seg.Expr.Source] {
				words = append(words, t.In(lang))
			}
			b.WriteString(text.List(words, lang))
		default:
			last = s.placeholder(seg.Expr, lang)
			b.WriteString(last)
		}
	}
	return b.String()
}

// placeholder renders a path or an expression for people; what is not known
// is said so, never left blank.
func (s *scope) placeholder(e *rulebook.Expr, lang text.Lang) string {
	unknown := text.Catalogue(text.UnknownValue).In(lang)
	if e.IsPath() {
		v, missing := s.value(e.Source)
		if missing != nil {
			return unknown
		}
		return Display(s.book, e.Source, v, lang)
	}
	program, err := e.Program(s.book)
	if err != nil {
		return unknown
	}
	v, _, err := program.Eval(s)
	if err != nil {
		return unknown
	}
	switch v := v.(type) {
	case *types.Unknown:
		return unknown
	case types.Timestamp:
		return calendar.Date(v.Time)
	case types.Int:
		return strconv.FormatInt(int64(v), 10)
	case types.String:
		return string(v)
	}
	return fmt.Sprint(v.Value())
}

// Display shows a fact's value to people: ids by their names, dates as
// Beijing days, personal numbers masked.
func Display(book *rulebook.Rulebook, path string, v any, lang text.Lang) string {
	field, _ := filing.FieldOf(path)
	vocabulary := field.Vocabulary
	if path == "province.id" {
		vocabulary = "provinces"
	}
	column, _ := book.JoinColumn(path)
	isSource := rulebook.NamesSource(path)
	word := func(s string) string {
		if path == "domain.suffix" || path == "suffix.id" {
			return domainname.ToUnicode(s)
		}
		if isSource {
			return book.Cited(s).In(lang)
		}
		if vocabulary != "" {
			return book.Label(vocabulary, s, "").In(lang)
		}
		if column.Ref != "" {
			if r := book.Row(column.Ref, s); r != nil {
				return r.Name.In(lang)
			}
		}
		return field.Shown(s)
	}
	switch v := v.(type) {
	case string:
		return word(v)
	case []string:
		words := make([]string, len(v))
		for i, s := range v {
			words[i] = word(s)
		}
		return text.List(words, lang)
	case bool:
		if v {
			return text.Catalogue(text.Yes).In(lang)
		}
		return text.Catalogue(text.No).In(lang)
	case time.Time:
		return calendar.Date(v)
	}
	return fmt.Sprint(v)
}

// label names a value for keys of maps.
func label(v any) string { return fmt.Sprint(v) }

// join says several sentences one after the other, with a mark between them
// where they bring none.
func join(texts []text.Text) text.Text {
	var all text.Text
	for i, t := range texts {
		if i > 0 {
			all.Zh += between(all.Zh, "；", "")
			all.En += between(all.En, "; ", " ")
		}
		all.Zh, all.En = all.Zh+t.Zh, all.En+t.En
	}
	return all
}

func between(before, mark, space string) string {
	if strings.ContainsAny(before[max(0, len(before)-3):], "。！？；.!?;") {
		return space
	}
	return mark
}
