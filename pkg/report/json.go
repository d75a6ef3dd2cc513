package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// The JSON report. The keys are a contract; see docs/design.md.
type (
	jsonReport struct {
		SchemaVersion string                `json:"schema_version"`
		Tool          Tool                  `json:"tool"`
		Rulebook      rulebook.Info         `json:"rulebook"`
		GeneratedAt   string                `json:"generated_at"`
		Verdict       verdict.Overall       `json:"verdict"`
		Summary       verdict.Summary       `json:"summary"`
		Reports       []jsonTarget          `json:"reports"`
		Sources       map[string]jsonSource `json:"sources"`
		*Diagnosis
	}
	jsonTarget struct {
		Target   string              `json:"target"`
		Verdict  verdict.Overall     `json:"verdict"`
		Summary  verdict.Summary     `json:"summary"`
		Facts    map[string]jsonFact `json:"facts"`
		Checks   []jsonCheck         `json:"checks"`
		Missed   []jsonFailure       `json:"missed"`
		Warnings []string            `json:"warnings"`
		Vantages []jsonView          `json:"vantages,omitempty"`
	}
	// jsonView is where visitors of one network are sent; only with --vantage.
	jsonView struct {
		Host      string        `json:"host"`
		ID        string        `json:"id"`
		Name      string        `json:"name"`
		Subnet    string        `json:"subnet"`
		Mainland  bool          `json:"mainland"`
		Addresses []jsonLocated `json:"addresses"` // null where they are not known
		Aliases   []string      `json:"aliases"`
		Steered   bool          `json:"steered"` // the answer depends on the network
		Reason    *jsonFailure  `json:"reason,omitempty"`
	}
	jsonLocated struct {
		Address  string `json:"address"`
		Place    string `json:"place"`
		Provider string `json:"provider,omitempty"`
	}
	// jsonLine is a line of NDJSON: a target with what it takes to stand alone.
	jsonLine struct {
		SchemaVersion string        `json:"schema_version"`
		Tool          Tool          `json:"tool"`
		Rulebook      rulebook.Info `json:"rulebook"`
		GeneratedAt   string        `json:"generated_at"`
		jsonTarget
	}
	jsonFact struct {
		Value      any           `json:"value"`
		Source     filing.Source `json:"source"`
		Server     string        `json:"server,omitempty"`
		ObservedAt string        `json:"observed_at,omitempty"`
		Position   string        `json:"position,omitempty"`
	}
	jsonCheck struct {
		ID        string           `json:"id"`
		Domain    string           `json:"domain,omitempty"`
		Title     string           `json:"title"`
		Severity  verdict.Severity `json:"severity"`
		Verdict   verdict.Verdict  `json:"verdict"`
		Message   string           `json:"message"`
		Remedy    string           `json:"remedy"`
		Evidence  []jsonEvidence   `json:"evidence"`
		Needs     []string         `json:"needs"`
		Missing   []Missing        `json:"missing"`
		DependsOn []jsonDependence `json:"depends_on"`
		Sources   []string         `json:"sources"`
		Broken    string           `json:"broken,omitempty"`
		// Accepted is there while a waiver of the filing file is in force,
		// AcceptanceExpired when it is over; the verdict is the same with either.
		Accepted          *jsonWaiver `json:"accepted,omitempty"`
		AcceptanceExpired *jsonWaiver `json:"acceptance_expired,omitempty"`
	}
	jsonWaiver struct {
		Reason   string `json:"reason"`
		Until    string `json:"until"`
		Position string `json:"position"`
	}
	jsonEvidence struct {
		Fact string `json:"fact"`
		jsonFact
	}
	// Missing explains an entry of needs: what the fact is called, where it is
	// found, how to give it, and why no look-up gave it.
	Missing struct {
		Fact   string       `json:"fact"`
		Title  string       `json:"title"`
		Find   string       `json:"find,omitempty"`
		Give   string       `json:"give"`
		Reason *jsonFailure `json:"reason,omitempty"`
	}
	jsonFailure struct {
		Kind    string `json:"kind"`
		Source  string `json:"source"`
		Server  string `json:"server,omitempty"`
		Query   string `json:"query,omitempty"`
		Message string `json:"message"`
	}
	jsonDependence struct {
		Fact         string `json:"fact"`
		Pass         []any  `json:"pass"`
		Fail         []any  `json:"fail"`
		Undetermined []any  `json:"undetermined"`
		Message      string `json:"message"`
	}
	jsonSource struct {
		Title string `json:"title"`
		URL   string `json:"url,omitempty"`
		Date  string `json:"date,omitempty"`
	}
)

// JSON prints the report as one object, indented, ending in a newline.
func JSON(w io.Writer, r *Report, o Options) error {
	out := jsonReport{
		SchemaVersion: SchemaVersion,
		Tool:          r.Tool,
		Rulebook:      r.Book.Info(),
		GeneratedAt:   r.GeneratedAt.UTC().Format(time.RFC3339),
		Verdict:       r.Overall(),
		Summary:       r.Summary(),
		Reports:       make([]jsonTarget, 0, len(r.Targets)),
		Sources:       map[string]jsonSource{},
		Diagnosis:     r.Diagnosis,
	}
	for i := range r.Targets {
		t := target(Voice{r.Book, o.Lang}, &r.Targets[i])
		for _, c := range t.Checks {
			for _, id := range c.Sources {
				if row := r.Book.Row("sources", id); row != nil {
					out.Sources[id] = jsonSource{Title: r.Book.SourceTitle(id).In(o.Lang), URL: row.Text("url"), Date: row.Both("date").In(o.Lang)}
				}
			}
		}
		out.Reports = append(out.Reports, t)
	}
	return encode(w, out, "  ")
}

// buffers are what reports are encoded into; a batch writes one after another.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func encode(w io.Writer, v any, indent string) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err := w.Write(visible(b.Bytes()))
	return err
}

// visible writes the control and direction characters that JSON lets through
// as \u escapes, which mean the same: a report is read on terminals too. Such
// characters can stand in strings only.
func visible(data []byte) []byte {
	var out []byte
	done := 0
	for i := 0; i < len(data); {
		// Hardly a report has any, so most bytes must be passed quickly.
		if !mayHide(data[i]) {
			i++
			continue
		}
		r, size := utf8.DecodeRune(data[i:])
		if c := string(r); text.Clean(c) != c {
			out = fmt.Appendf(append(out, data[done:i]...), `\u%04x`, r)
			done = i + size
		}
		i += size
	}
	if done == 0 {
		return data
	}
	return append(out, data[done:]...)
}

// mayHide reports whether a control or direction character may begin with a byte:
// these are DEL or begin with one of four.
func mayHide(b byte) bool {
	switch b {
	case 0x7f, 0xc2, 0xd8, 0xe2, 0xef:
		return true
	}
	return false
}

func target(v Voice, t *Target) jsonTarget {
	out := shell(v, t)
	out.Facts = facts(t)
	out.Checks = make([]jsonCheck, 0, len(t.Results))
	for i := range t.Results {
		out.Checks = append(out.Checks, check(v, &t.Results[i]))
	}
	return out
}

// shell is a target without its facts and checks.
func shell(v Voice, t *Target) jsonTarget {
	out := jsonTarget{Target: t.Name, Verdict: t.Overall, Summary: t.Summary, Missed: []jsonFailure{}, Warnings: v.warnings(t)}
	for _, f := range t.Missed() {
		out.Missed = append(out.Missed, jsonFailureOf(f, v))
	}
	for _, d := range t.Filing.Domains {
		for _, view := range d.Views {
			out.Vantages = append(out.Vantages, viewOf(v, d, view))
		}
	}
	return out
}

func viewOf(v Voice, d *filing.Domain, view filing.View) jsonView {
	out := jsonView{
		Host: d.Host(), ID: view.ID, Name: view.Name.In(v.Lang), Subnet: view.Subnet, Mainland: view.Mainland,
		Aliases: append([]string{}, view.Aliases...), Steered: view.Steered,
	}
	if view.Addresses != nil {
		out.Addresses = []jsonLocated{}
	}
	for _, a := range view.Addresses {
		out.Addresses = append(out.Addresses, jsonLocated{a.Address, a.Place, a.Provider})
	}
	if view.Failure != nil {
		f := jsonFailureOf(view.Failure, v)
		out.Reason = &f
	}
	return out
}

func check(v Voice, r *engine.Result) jsonCheck {
	c := jsonCheck{
		ID: r.Check.ID, Domain: r.Domain, Title: r.Check.Title.In(v.Lang), Severity: r.Severity, Verdict: r.Verdict,
		Message: r.Message.In(v.Lang), Remedy: r.Remedy.In(v.Lang),
		Evidence: []jsonEvidence{}, Needs: []string{}, Missing: []Missing{}, DependsOn: []jsonDependence{},
		Sources: append([]string{}, r.Sources...),
	}
	if r.Broken != nil {
		c.Broken = r.Broken.Error()
	}
	if w := r.Waiver; w != nil {
		waiver := &jsonWaiver{reason(w), calendar.Date(w.Until), w.Position.String()}
		if r.Accepted {
			c.Accepted = waiver
		} else {
			c.AcceptanceExpired = waiver
		}
	}
	for _, e := range r.Evidence {
		c.Evidence = append(c.Evidence, jsonEvidence{e.Path, fact(e.Path, e.Fact)})
	}
	for _, n := range r.Needs {
		c.Needs = append(c.Needs, n.Path)
		c.Missing = append(c.Missing, v.Missing(n))
	}
	for _, d := range r.DependsOn {
		c.DependsOn = append(c.DependsOn, jsonDependence{
			Fact: d.Path, Pass: list(d.Pass), Fail: list(d.Fail), Undetermined: list(d.Open),
			Message: v.dependence(d),
		})
	}
	return c
}

// list keeps empty lists from becoming null.
func list(values []any) []any { return append([]any{}, values...) }

func fact(path string, f filing.Fact) jsonFact {
	out := jsonFact{Value: plainValue(path, f.Value), Source: f.Origin.Source, Server: f.Origin.Server}
	if !f.Origin.At.IsZero() {
		out.ObservedAt = f.Origin.At.UTC().Format(time.RFC3339)
	}
	if f.Origin.Line > 0 {
		out.Position = f.Origin.Position.String()
	}
	return out
}

// plainValue masks personal numbers. A time from a file is a day and stays one.
func plainValue(path string, v any) any {
	field, _ := filing.FieldOf(path)
	switch v := v.(type) {
	case string:
		return field.Shown(v)
	case time.Time:
		if v.Equal(v.In(calendar.Beijing).Truncate(time.Hour)) && v.In(calendar.Beijing).Hour() == 0 && v.Location() == calendar.Beijing {
			return calendar.Date(v)
		}
		return v.UTC().Format(time.RFC3339)
	}
	return v
}

// Missing explains an entry of needs.
func (v Voice) Missing(n engine.Need) Missing {
	m := Missing{Fact: n.Path, Title: v.label(n.Path), Find: v.find(n.Path), Give: v.Give(n.Path)}
	if n.Failure != nil {
		f := jsonFailureOf(n.Failure, v)
		m.Reason = &f
	}
	return m
}

func jsonFailureOf(f *failure.Failure, v Voice) jsonFailure {
	return jsonFailure{Kind: string(f.Kind), Source: f.Source, Server: f.Server, Query: f.Query, Message: v.Failure(f)}
}
