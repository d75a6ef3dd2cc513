package report

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	// sarifFingerprint is versioned as SARIF asks: a new recipe gets a new key.
	// GitHub's own key, primaryLocationLineHash, is left to its upload action,
	// which computes it from the file and complains about any other value.
	sarifFingerprint = "icpcheckFinding/v1"
	// sarifTextMost is what GitHub keeps of a description, in characters.
	sarifTextMost = 1024
	projectPage   = "https://github.com/icpcheck/icpcheck"
)

// SARIF prints the findings as one SARIF 2.1.0 run. Failed checks have the
// level of their severity; undetermined ones are of kind "open", which the
// standard gives no level. Passed checks are rules without a result: code
// scanning would show them as alerts. What the filing accepts is a suppressed result.
func SARIF(w io.Writer, r *Report, o Options) error {
	v := Voice{r.Book, o.Lang}
	language := "en-US"
	if o.Lang == text.Zh {
		language = "zh-CN"
	}
	driver := sarif.NewToolComponent().WithName(r.Tool.Name).WithVersion(r.Tool.Version).
		WithInformationURI(projectPage).WithLanguage(language)
	info := r.Book.Info()
	run := sarif.NewRun().WithTool(sarif.NewTool().WithDriver(driver)).WithLanguage(language).
		WithColumnKind("unicodeCodePoints").
		WithAutomationDetails(sarif.NewRunAutomationDetails().WithID(r.Tool.Name + "/"))
	run.Properties = sarif.NewPropertyBag().
		Add("rulebook", map[string]string{"version": info.Version, "date": info.Date, "digest": info.Digest}).
		Add("verdict", string(r.Overall())).Add("summary", r.Summary())

	invocation := sarif.NewInvocation().WithExecutionSuccessful(r.Broken() == nil).WithEndTimeUtc(r.GeneratedAt.UTC().Format(time.RFC3339))
	results := []sarifFinding{}
	rules := map[string]int{}
	for i := range r.Targets {
		t := &r.Targets[i]
		for j := range t.Results {
			result := &t.Results[j]
			id := result.Check.ID
			index, known := rules[id]
			if !known {
				index = len(rules)
				rules[id] = index
				driver.AddRule(sarifRule(v, result.Check))
			}
			if finding(result) {
				results = append(results, sarifFinding{sarifResult(v, t, result).WithRuleIndex(index), sarifSuppressions(result)})
			}
			if s := v.broken(result); s != "" {
				invocation.AddToolExecutionNotification(sarifNotification("error", s))
			}
		}
		for _, f := range t.Missed() {
			if f.Kind.Trouble() {
				invocation.AddToolExecutionNotification(sarifNotification("warning", text.Clean(t.Name)+v.Colon()+v.Failure(f)))
			}
		}
		for _, s := range v.warnings(t) {
			invocation.AddToolExecutionNotification(sarifNotification("note", text.Clean(t.Name)+v.Colon()+s))
		}
	}
	run.AddInvocation(invocation)
	return encode(w, sarifLog{sarifSchema, "2.1.0", []sarifRun{{run, results}}}, "  ")
}

// The log, with the lists that the library leaves out when empty: a run without
// findings has to say so, and SARIF wants suppressions on all results or on none.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		*sarif.Run
		Results []sarifFinding `json:"results"`
	}
	sarifFinding struct {
		*sarif.Result
		Suppressions []*sarif.Suppression `json:"suppressions"`
	}
)

// sarifSuppressions is the waiver while it is in force: the file that is checked
// holds it itself, hence the kind.
func sarifSuppressions(r *engine.Result) []*sarif.Suppression {
	if !r.Accepted {
		return []*sarif.Suppression{}
	}
	w := r.Waiver
	s := sarif.NewSuppression().WithKind("inSource").WithStatus("accepted").WithJustification(reason(w))
	if w.Position.File != "-" {
		s.WithLocation(sarif.NewLocation().WithPhysicalLocation(sarifPlace(w.Position)))
	}
	s.Properties = sarif.NewPropertyBag().Add("until", calendar.Date(w.Until))
	return []*sarif.Suppression{s}
}

func sarifPlace(p yamlfile.Position) *sarif.PhysicalLocation {
	return sarif.NewPhysicalLocation().
		WithArtifactLocation(sarif.NewSimpleArtifactLocation(uriOf(p.File))).
		WithRegion(sarif.NewRegion().WithStartLine(p.Line).WithStartColumn(p.Column).WithEndLine(p.Line).WithEndColumn(p.Column + 1))
}

func sarifRule(v Voice, c *rulebook.Check) *sarif.ReportingDescriptor {
	title := v.title(c)
	level := sarifLevels[c.Severity]
	remedies := v.generic(c)
	var help, markdown []string
	if len(remedies) > 0 {
		help = append(help, v.Say(text.LabelRemedy)+v.Colon())
		markdown = append(markdown, "**"+v.Say(text.LabelRemedy)+"**\n")
		for _, s := range remedies {
			help, markdown = append(help, "- "+s), append(markdown, "- "+md(s))
		}
	}
	page := ""
	if len(c.Source) > 0 {
		help = append(help, v.Say(text.LabelSource)+v.Colon())
		markdown = append(markdown, "\n**"+v.Say(text.LabelSource)+"**\n")
		for _, id := range c.Source {
			s := v.source(id)
			line, linked := s.title, md(s.title)
			if s.url != "" {
				linked = "[" + linked + "](<" + s.url + ">)"
				page = cmp.Or(page, s.url)
			}
			if s.date != "" {
				line, linked = line+v.Bracket(s.date), linked+md(v.Bracket(s.date))
			}
			help, markdown = append(help, "- "+line), append(markdown, "- "+linked)
		}
	}
	if len(help) == 0 {
		help, markdown = []string{title}, []string{md(title)}
	}
	rule := sarif.NewRule(c.ID).WithName(c.ID).
		WithShortDescription(sarif.NewMultiformatMessageString().WithText(sarifText(title))).
		WithFullDescription(sarif.NewMultiformatMessageString().WithText(sarifText(cut(strings.Join(append([]string{title}, v.parts(c)...), v.Semicolon()))))).
		WithHelp(sarif.NewMultiformatMessageString().WithText(sarifText(strings.Join(help, "\n"))).WithMarkdown(strings.Join(markdown, "\n"))).
		WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(level))
	if page != "" {
		rule.WithHelpURI(page)
	}
	area, _, _ := strings.Cut(c.ID, "-")
	rule.Properties = sarif.NewPropertyBag().WithTags([]string{"icp-filing", area}).
		Add("sources", append([]string{}, c.Source...)).Add("verified", c.Verified)
	return rule
}

func cut(s string) string {
	if r := []rune(s); len(r) > sarifTextMost {
		return string(r[:sarifTextMost-1]) + "…"
	}
	return s
}

// parts names the demands of a check that makes several.
func (v Voice) parts(c *rulebook.Check) []string {
	var list []string
	for _, p := range c.Parts {
		if s := text.Clean(p.Title.In(v.Lang)); s != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// generic are the remedies of a check before any fact is known: placeholders
// are named, not filled in.
func (v Voice) generic(c *rulebook.Check) []string {
	var list []string
	add := func(cases []rulebook.Case) {
		for _, of := range cases {
			segments := of.Text.En
			if v.Lang == text.Zh {
				segments = of.Text.Zh
			}
			var b strings.Builder
			for _, s := range segments {
				switch {
				case s.Expr == nil:
					b.WriteString(s.Literal)
				case v.label(s.Expr.Source) != s.Expr.Source:
					b.WriteString(v.pick("〔", "‹") + v.label(s.Expr.Source) + v.pick("〕", "›"))
				default:
					b.WriteString("…")
				}
			}
			if s := text.Clean(b.String()); !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	add(c.Remedy)
	for _, p := range c.Parts {
		add(p.Remedy)
	}
	return list
}

var sarifLevels = map[verdict.Severity]string{verdict.Error: "error", verdict.Warning: "warning", verdict.Info: "note"}

func sarifResult(v Voice, t *Target, r *engine.Result) *sarif.Result {
	lines := append([]string{subject(t, r) + v.Colon() + v.message(r)}, v.details(t, r)...)
	result := sarif.NewRuleResult(r.Check.ID).WithMessage(sarif.NewTextMessage(sarifText(strings.Join(lines, "\n")))).
		WithPartialFingerprints(map[string]string{sarifFingerprint: fingerprint(t, r)})
	result.Kind, result.Level = "fail", sarifLevels[r.Severity]
	if r.Verdict == verdict.Undetermined {
		result.Kind, result.Level = "open", "none"
	}
	needs := []string{}
	for _, n := range r.Needs {
		needs = append(needs, n.Path)
	}
	result.Properties = sarif.NewPropertyBag().Add("verdict", string(r.Verdict)).Add("severity", string(r.Severity)).
		Add("needs", needs).Add("sources", append([]string{}, r.Sources...))
	location := sarif.NewLocation()
	location.LogicalLocations = []*sarif.LogicalLocation{sarif.NewLogicalLocation().WithName(subject(t, r)).WithFullyQualifiedName(subject(t, r)).WithKind("resource")}
	if p, ok := placeOf(v, t, r); ok {
		location.WithPhysicalLocation(sarifPlace(p))
	}
	return result.WithLocations([]*sarif.Location{location})
}

func sarifNotification(level, s string) *sarif.Notification {
	return sarif.NewNotification().WithLevel(level).WithMessage(sarif.NewTextMessage(sarifText(s)))
}

// sarifText keeps readers from seeing placeholders and links in plain text:
// braces are doubled as the standard asks, and "](" is taken apart.
func sarifText(s string) string {
	return strings.NewReplacer("{", "{{", "}", "}}", "](", "] (").Replace(s)
}
