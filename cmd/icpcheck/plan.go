package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/plan"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// planning is the command plan.
func (a *app) planning() *cobra.Command {
	return &cobra.Command{
		Use:   "plan [FILING.yaml]",
		Short: a.say("判断做哪种备案，列出步骤和时限", "tell which filing to make, with steps and time limits"),
		Long: a.say(`根据服务器是否在内地、主体和域名是否已备案，判断做哪种备案（无需备案、首次、新增网站、接入、变更等），说明理由，
并从 --now 起按工作日排出步骤，列出备案后的义务。没有文件时用 --set 说明情况。信息不足时指出缺什么。

退出状态：0 已判定，2 无法运行，3 尚不能判定。`,
			`Tells from where the server is and what is filed already which filing to make (none, first, new site, access, change …) and why,
lays the steps out in working days from --now, and lists the duties after the filing. Without a file, --set says what is known. What is missing is named.

Exit status: 0 decided, 2 could not run, 3 not decided yet.`),
		Example: "  icpcheck plan filing.yaml\n  icpcheck plan filing.yaml --now 2026-11-24 --format json\n  icpcheck plan --provider aliyun --set server.region=cn-hongkong",
		Args:    atMostOne("plan", "icpcheck plan filing.yaml"), ValidArgsFunction: once(filingFiles),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, book, clock, err := a.setUp(cmd)
			if err != nil {
				return err
			}
			if _, err := o.textOrJSON(); err != nil {
				return err
			}
			f, err := a.oneFiling(o, args, book)
			if err != nil {
				return err
			}
			p, err := plan.Make(book, f, clock())
			if err != nil {
				return err
			}
			lang := o.lang(a.environment)
			if err := a.emit(o, book, planJSON(book, p, f, o, lang), func(l *layout) { planText(l, p, f, o) }); err != nil {
				return err
			}
			if p.Kind == "" && !o.AllowUndetermined {
				return statusError(verdict.ExitUndetermined)
			}
			return nil
		},
	}
}

type (
	jsonPlan struct {
		Rulebook  rulebook.Info    `json:"rulebook"`
		Name      string           `json:"name,omitempty"`
		Kind      string           `json:"kind"`
		Title     string           `json:"title"`
		Why       string           `json:"why"`
		Steps     []jsonStep       `json:"steps"`
		Deadlines []jsonDeadline   `json:"deadlines"`
		Notes     []jsonNote       `json:"notes"`
		Needs     []string         `json:"needs"`
		Missing   []report.Missing `json:"missing"`
		// Possible are the kinds that the missing facts can lead to.
		Possible []string `json:"possible"`
		// Contradictions are facts that cannot be true together; where the kind
		// hangs on which of them is wrong, it is empty.
		Contradictions []jsonContradiction `json:"contradictions"`
		Assumed        []jsonAssumption    `json:"assumed"`
		Domains        []jsonPlanDomain    `json:"domains"`
		// GuessedYears were counted Monday to Friday, since their holidays are not known.
		GuessedYears []int    `json:"guessed_years"`
		Sources      []string `json:"sources"`
	}
	jsonStep struct {
		ID             string   `json:"id"`
		Title          string   `json:"title"`
		Text           string   `json:"text"`
		By             string   `json:"by"`
		MinWorkingDays int      `json:"min_working_days"`
		MaxWorkingDays int      `json:"max_working_days"`
		Hours          int      `json:"hours"`
		Earliest       string   `json:"earliest"`
		Latest         string   `json:"latest"`
		URL            string   `json:"url,omitempty"`
		Sources        []string `json:"sources"`
	}
	jsonDeadline struct {
		ID          string `json:"id"`
		Title       string `json:"title"`
		Text        string `json:"text"`
		CountedFrom string `json:"counted_from"`
		// Date is the last day, or null where the day it counts from is not known.
		Date      *string  `json:"date"`
		Estimated bool     `json:"estimated"`
		Sources   []string `json:"sources"`
	}
	jsonNote struct {
		ID      string   `json:"id"`
		Topic   string   `json:"topic"`
		Title   string   `json:"title"`
		Text    string   `json:"text"`
		Sources []string `json:"sources"`
	}
	jsonAssumption struct {
		Fact  string `json:"fact"`
		Title string `json:"title"`
		Value any    `json:"value"`
	}
	jsonContradiction struct {
		ID     string        `json:"id"`
		Domain string        `json:"domain,omitempty"`
		Text   string        `json:"text"`
		Facts  []jsonDoubted `json:"facts"`
	}
	jsonDoubted struct {
		Fact  string `json:"fact"`
		Title string `json:"title"`
		// Value is for reading: ids by their names, personal numbers masked.
		Value    string `json:"value"`
		Position string `json:"position,omitempty"`
	}
	jsonPlanDomain struct {
		Name  string   `json:"name"`
		Kind  string   `json:"kind"`
		Why   string   `json:"why"`
		Needs []string `json:"needs"`
	}
)

func planJSON(book *rulebook.Rulebook, p *plan.Plan, f *filing.Filing, o *options, lang text.Lang) jsonPlan {
	out := jsonPlan{
		Rulebook: book.Info(), Name: f.Name, Kind: p.Kind, Why: p.Why.In(lang), Steps: []jsonStep{}, Deadlines: []jsonDeadline{}, Notes: []jsonNote{},
		Needs: texts(p.Needs), Missing: missing(report.Voice{Book: book, Lang: lang}, p.Needs), Possible: texts(p.Possible),
		Contradictions: []jsonContradiction{}, Assumed: []jsonAssumption{}, Domains: []jsonPlanDomain{}, GuessedYears: append([]int{}, p.GuessedYears...), Sources: texts(p.Sources),
	}
	if p.Kind != "" {
		out.Title = book.Label("plan", p.Kind, "").In(lang)
	}
	for _, s := range p.Steps {
		out.Steps = append(out.Steps, jsonStep{
			ID: s.Row.ID, Title: s.Row.Name.In(lang), Text: s.Row.Both("about").In(lang), By: s.Row.Text("by"),
			MinWorkingDays: s.MinWorkingDays, MaxWorkingDays: s.MaxWorkingDays, Hours: s.Hours,
			Earliest: calendar.Date(s.Earliest), Latest: calendar.Date(s.Latest), URL: s.Row.Text("url"), Sources: texts(s.Row.Source),
		})
	}
	for _, d := range p.Deadlines {
		deadline := jsonDeadline{
			ID: d.Row.ID, Title: d.Row.Name.In(lang), Text: d.Row.Both("about").In(lang), CountedFrom: d.Row.Text("counted_from"),
			Estimated: d.Estimated, Sources: texts(d.Row.Source),
		}
		if !d.Date.IsZero() {
			day := calendar.Date(d.Date)
			deadline.Date = &day
		}
		out.Deadlines = append(out.Deadlines, deadline)
	}
	for _, n := range notes(p, o) {
		out.Notes = append(out.Notes, jsonNote{n.ID, n.Text("topic"), n.Name.In(lang), n.Both("says").In(lang), texts(n.AllSources())})
	}
	for _, c := range p.Contradictions {
		facts := []jsonDoubted{}
		for _, d := range c.Facts {
			facts = append(facts, jsonDoubted{d.Path, book.FactLabel(d.Path).In(lang), engine.Display(book, d.Path, d.Value, lang), d.Origin.Position.String()})
		}
		out.Contradictions = append(out.Contradictions, jsonContradiction{c.Row.ID, c.Domain, c.Row.Both("says").In(lang), facts})
	}
	for _, as := range p.Assumed {
		out.Assumed = append(out.Assumed, jsonAssumption{as.Path, book.FactLabel(as.Path).In(lang), as.Value})
	}
	for _, d := range p.Domains {
		out.Domains = append(out.Domains, jsonPlanDomain{d.Name, d.Kind, d.Why.In(lang), texts(d.Needs)})
	}
	return out
}

var stepBy = map[string]text.Key{
	"applicant": text.PlanApplicant, "provider": text.PlanProvider, "bureau": text.PlanBureau, "platform": text.PlanPlatform,
}

// planText prints kind and reason, the steps with their days, and the duties.
func planText(l *layout, p *plan.Plan, f *filing.Filing, o *options) {
	name := text.Clean(f.Name)
	if name != "" {
		name += l.Colon()
	}
	if p.Kind == "" {
		l.Line(l.Strong.Sprint(name + l.Say(text.PlanUndecided)))
		l.Hang("  ", nil, l.Say(text.PlanPossible, l.kinds(p.Possible)))
		for _, path := range p.Needs {
			l.need(2, path)
		}
	} else {
		l.Line(l.Strong.Sprint(name+l.kinds([]string{p.Kind})) + "  " + l.Faint.Sprint(p.Kind))
		l.Hang("  ", nil, p.Why.In(l.Lang))
	}
	for _, c := range p.Contradictions {
		l.contradiction(c)
	}
	if len(p.Domains) > 0 {
		l.section(text.PlanDomains)
		wide := 0
		for _, d := range p.Domains {
			wide = max(wide, text.Width(d.Name))
		}
		for _, d := range p.Domains {
			said := l.Say(text.PlanUndecided)
			if d.Kind != "" {
				said = l.kinds([]string{d.Kind}) + l.Bracket(d.Why.In(l.Lang))
			}
			l.Hang("  "+text.Pad(d.Name, wide)+"  ", nil, said)
		}
	}
	if len(p.Steps) > 0 && !o.Quiet {
		l.section(text.PlanSteps)
	}
	days, by := 0, 0
	for _, s := range p.Steps {
		days = max(days, text.Width(l.days(s)))
		by = max(by, text.Width(l.Say(stepBy[s.Row.Text("by")])))
	}
	for n, s := range p.Steps {
		if o.Quiet {
			break
		}
		head := fmt.Sprintf("  %2d  %s  %s  ", n+1, text.Pad(l.days(s), days), text.Pad(l.Say(stepBy[s.Row.Text("by")]), by))
		l.Hang(head, nil, s.Row.Name.In(l.Lang)+l.Colon()+s.Row.Both("about").In(l.Lang))
		if o.Verbose {
			l.Hang(strings.Repeat(" ", text.Width(head))+l.Say(text.LabelSource)+l.Colon(), l.Faint, text.List(s.Row.Source, l.Lang))
		}
	}
	if len(p.Deadlines) > 0 && !o.Quiet {
		l.section(text.PlanDeadlines)
		l.deadlines(p.Deadlines)
	}
	if o.Quiet {
		return
	}
	if list := notes(p, o); len(list) > 0 {
		l.section(text.PlanNotes)
		for _, n := range list {
			l.Hang("  · ", nil, n.Name.In(l.Lang)+l.Colon()+n.Both("says").In(l.Lang))
		}
	}
	if len(p.Assumed) > 0 || len(p.GuessedYears) > 0 {
		l.Line("")
	}
	if len(p.Assumed) > 0 {
		taken := make([]string, len(p.Assumed))
		for n, as := range p.Assumed {
			taken[n] = l.Book.FactLabel(as.Path).In(l.Lang) + " = " + engine.Display(l.Book, as.Path, as.Value, l.Lang)
		}
		l.Hang("  ! ", l.Doubt, l.Say(text.PlanAssumed, text.List(taken, l.Lang)))
	}
	if len(p.GuessedYears) > 0 {
		years := make([]string, len(p.GuessedYears))
		for n, year := range p.GuessedYears {
			years[n] = strconv.Itoa(year)
		}
		l.Hang("  ! ", l.Doubt, l.Say(text.PlanGuessed, text.List(years, l.Lang)))
	}
}

// notes are what is said beside steps and deadlines: what concerns the kind of
// filing, and with --verbose what concerns every kind.
func notes(p *plan.Plan, o *options) []*rulebook.Row {
	if o.Verbose {
		return slices.Concat(p.Notes, p.General)
	}
	return p.Notes
}

// contradiction says what cannot be, and where each of the facts stands.
func (l *layout) contradiction(c plan.Contradiction) {
	facts := make([]string, len(c.Facts))
	for i, d := range c.Facts {
		facts[i] = l.Book.FactLabel(d.Path).In(l.Lang) + " = " + text.Clean(engine.Display(l.Book, d.Path, d.Value, l.Lang))
		if d.Origin.Line > 0 {
			facts[i] += l.Bracket(d.Origin.Position.String())
		}
	}
	says := c.Row.Both("says").In(l.Lang)
	if c.Domain != "" {
		says = c.Domain + l.Colon() + says
	}
	l.Hang("  ! ", l.Doubt, l.Say(text.PlanContradicted, says, text.List(facts, l.Lang)))
}

func (l *layout) section(k text.Key) {
	l.Line("")
	l.Line("  " + l.Strong.Sprint(l.Say(k)))
}

func (l *layout) kinds(ids []string) string {
	names := make([]string, len(ids))
	for n, id := range ids {
		names[n] = l.Book.Label("plan", id, "").In(l.Lang)
	}
	return text.List(names, l.Lang)
}

func (l *layout) days(s plan.Step) string {
	earliest, latest := calendar.Date(s.Earliest), calendar.Date(s.Latest)
	if earliest == latest {
		return earliest
	}
	return l.Say(text.PlanBetween, earliest, latest)
}

func (l *layout) deadlines(list []plan.Deadline) {
	day := func(d plan.Deadline) string {
		switch {
		case d.Date.IsZero():
			return l.Say(text.PlanNoDate)
		case d.Estimated:
			return l.Say(text.PlanAbout, calendar.Date(d.Date))
		}
		return calendar.Date(d.Date)
	}
	wide := 0
	for _, d := range list {
		wide = max(wide, text.Width(day(d)))
	}
	for _, d := range list {
		l.Hang("  "+text.Pad(day(d), wide)+"  ", nil, d.Row.Name.In(l.Lang)+l.Colon()+d.Row.Both("about").In(l.Lang))
	}
}
