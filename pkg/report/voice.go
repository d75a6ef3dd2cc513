package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/mask"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// Voice says what a report holds in one language. Every renderer takes its
// sentences from here, so that they read the same in every form. What it
// returns is one line without control characters; quoting for the form (HTML,
// Markdown, CSV …) is the renderer's.
type Voice struct {
	Book *rulebook.Rulebook
	Lang text.Lang
}

// Say gives a message of the catalogue.
func (v Voice) Say(k text.Key, args ...string) string {
	return text.Catalogue(k, args...).In(v.Lang)
}

// pick chooses between two ways of punctuation.
func (v Voice) pick(zh, en string) string { return text.Text{Zh: zh, En: en}.In(v.Lang) }

// Comma is the comma of the language, with the space that goes with it.
func (v Voice) Comma() string { return v.pick("，", ", ") }

// Colon is the colon of the language.
func (v Voice) Colon() string { return v.pick("：", ": ") }

// Semicolon is the semicolon of the language.
func (v Voice) Semicolon() string { return v.pick("；", "; ") }

// Bracket puts text into the brackets of the language.
func (v Voice) Bracket(s string) string { return v.pick("（"+s+"）", " ("+s+")") }

func (v Voice) title(c *rulebook.Check) string  { return text.Clean(c.Title.In(v.Lang)) }
func (v Voice) message(r *engine.Result) string { return text.Clean(r.Message.In(v.Lang)) }
func (v Voice) label(path string) string        { return text.Clean(v.Book.FactLabel(path).In(v.Lang)) }
func (v Voice) find(path string) string         { return text.Clean(v.Book.HowToFind(path).In(v.Lang)) }
func (v Voice) value(path string, of any) string {
	return text.Clean(engine.Display(v.Book, path, of, v.Lang))
}

// remedy is empty unless the check failed.
func (v Voice) remedy(r *engine.Result) string {
	if r.Verdict != verdict.Fail {
		return ""
	}
	return text.Clean(r.Remedy.In(v.Lang))
}

// word names how a result counts: its verdict with its weight, or that it is accepted.
func (v Voice) word(r *engine.Result) string {
	if r.Accepted {
		return v.Say(text.WordAccepted)
	}
	return v.verdict(r)
}

// verdict names a result's verdict with its weight.
func (v Voice) verdict(r *engine.Result) string {
	key := map[verdict.Verdict]text.Key{
		verdict.Pass: text.WordPass, verdict.Undetermined: text.WordUndetermined, verdict.NotApplicable: text.WordNotApplicable,
	}[r.Verdict]
	if r.Verdict == verdict.Fail {
		key = map[verdict.Severity]text.Key{verdict.Error: text.WordFail, verdict.Warning: text.WordWarning, verdict.Info: text.WordAdvice}[r.Severity]
	}
	return v.Say(cmp.Or(key, text.WordUndetermined))
}

// waiver tells what the filing says to accept a result, and whether that still
// holds; empty where it says nothing.
func (v Voice) waiver(r *engine.Result) string {
	switch {
	case r.Waiver == nil:
		return ""
	case r.Accepted:
		return v.Say(text.AcceptedUntil, v.verdict(r), calendar.Date(r.Waiver.Until), reason(r.Waiver))
	}
	return v.Say(text.AcceptedNoLonger, calendar.Date(r.Waiver.Until), reason(r.Waiver))
}

// reason is a waiver's reason fit to be printed: it is free text in which a
// personal number may stand.
func reason(w *filing.Waiver) string { return mask.Free(text.Clean(strings.TrimSpace(w.Reason))) }

// needless names the waivers of a target that no result takes, since its checks
// pass or do not apply.
func (v Voice) needless(t *Target) []string {
	var list []string
	for _, w := range t.Filing.Accepted {
		title, taken := "", false
		for i := range t.Results {
			if r := &t.Results[i]; r.Check.ID == w.Check {
				title, taken = v.title(r.Check), taken || r.Waiver != nil || r.Broken != nil
			}
		}
		if title != "" && !taken {
			list = append(list, v.Say(text.AcceptedNeedless, title))
		}
	}
	return list
}

// mark is the sign that stands beside the word.
func mark(r *engine.Result) string {
	if r.Accepted {
		return "~"
	}
	switch r.Verdict {
	case verdict.Pass:
		return "✓"
	case verdict.Fail:
		switch r.Severity {
		case verdict.Error:
			return "✗"
		case verdict.Info:
			return "i"
		}
		return "!"
	case verdict.Undetermined:
		return "?"
	}
	return "-"
}

func (v Voice) overall(o verdict.Overall) string {
	switch o {
	case verdict.Ready:
		return v.Say(text.OverallReady)
	case verdict.NotReady:
		return v.Say(text.OverallNotReady)
	}
	return v.Say(text.OverallUndetermined)
}

// outcome is a target's verdict with the counts behind it.
func (v Voice) outcome(t *Target) string { return v.overallOf(t.Overall, t) + v.Bracket(v.counts(t)) }

// counts tells how many checks of a target ended how, in the words that stand
// beside them: advice that a summary counts as warnings is counted on its own.
func (v Voice) counts(t *Target) string {
	var counts []string
	add := func(k text.Key, n int) {
		if n > 0 {
			counts = append(counts, v.Say(k, strconv.Itoa(n)))
		}
	}
	for _, k := range kinds {
		n := k.count(t.Summary)
		if k.id != "warning" {
			add(k.counted, n)
			continue
		}
		advice := 0
		for i := range t.Results {
			if r := &t.Results[i]; r.Severity == verdict.Info && kindOf(r).id == "warning" {
				advice++
			}
		}
		add(text.CountWarning, n-advice)
		add(text.CountAdvice, advice)
	}
	if len(counts) == 0 {
		return v.Say(text.NoResults)
	}
	return strings.Join(counts, v.Comma())
}

// kind is one of the six ways in which summaries count results.
type kind struct {
	id      string
	word    text.Key
	counted text.Key
	count   func(verdict.Summary) int
}

// kinds lists them in the order in which people read: what is wrong first.
var kinds = []kind{
	{"fail", text.WordFail, text.CountFail, func(s verdict.Summary) int { return s.Fail }},
	{"undetermined", text.WordUndetermined, text.CountUndetermined, func(s verdict.Summary) int { return s.Undetermined }},
	{"warning", text.WordWarning, text.CountWarning, func(s verdict.Summary) int { return s.Warning }},
	{"accepted", text.WordAccepted, text.CountAccepted, func(s verdict.Summary) int { return s.Accepted }},
	{"pass", text.WordPass, text.CountPass, func(s verdict.Summary) int { return s.Pass }},
	{"not-applicable", text.WordNotApplicable, text.CountNotApplicable, func(s verdict.Summary) int { return s.NotApplicable }},
}

// kindOf asks the summary itself what a result counts as.
func kindOf(r *engine.Result) kind {
	var s verdict.Summary
	s.Count(r.One())
	return kinds[max(slices.IndexFunc(kinds, func(k kind) bool { return k.count(s) > 0 }), 0)]
}

// byKind sorts the results of a target by kind, each kind in the rulebook's order.
func byKind(t *Target) map[string][]*engine.Result {
	groups := map[string][]*engine.Result{}
	for i := range t.Results {
		k := kindOf(&t.Results[i])
		groups[k.id] = append(groups[k.id], &t.Results[i])
	}
	return groups
}

// total tells how many targets ended how.
func (v Voice) total(r *Report) string {
	counts := map[verdict.Overall]int{}
	for _, t := range r.Targets {
		counts[t.Overall]++
	}
	var parts []string
	for _, o := range []verdict.Overall{verdict.NotReady, verdict.Unknown, verdict.Ready} {
		if counts[o] > 0 {
			parts = append(parts, v.overallOf(o, &r.Targets[0])+" "+strconv.Itoa(counts[o]))
		}
	}
	return v.Say(text.TotalLine, strconv.Itoa(len(r.Targets)), strings.Join(parts, v.Comma()))
}

// rules names the rulebook.
func (v Voice) rules() string {
	info := v.Book.Info()
	return v.Say(text.RulebookLine, text.Clean(info.Version), info.Date)
}

// need says what is missing: its name, why it is or where to find it, and how to give it.
type need struct{ label, why, give string }

func (v Voice) need(n engine.Need) need {
	out := need{label: v.label(n.Path), why: v.find(n.Path), give: v.Give(n.Path)}
	if n.Failure != nil && n.Failure.Kind != failure.NotAsked {
		out.why = v.Failure(n.Failure)
	}
	return out
}

// Needed is a need as a sentence: what is missing, why or where to find it, and
// how to give it.
func (v Voice) Needed(n engine.Need) string {
	s := v.need(n)
	return v.about(s) + v.Comma() + v.Say(text.AddWithFlag, s.give)
}

// about is a need without the way to give it.
func (v Voice) about(n need) string {
	if n.why == "" {
		return n.label
	}
	return n.label + v.Bracket(n.why)
}

// toAdd is a need as a sentence for people who look at the filing file.
func (v Voice) toAdd(n engine.Need, file string) string {
	if _, ok := filing.FieldOf(n.Path); !ok || file == "" {
		return v.Needed(n) // what rules look up in a table is no key of the file
	}
	s := v.need(n)
	return v.about(s) + v.Comma() + v.Say(text.AddToFile, filing.FilePath(n.Path), s.give)
}

// fewChoices is how many values of a missing fact are listed with its flag.
const fewChoices = 6

// Give names the flag that gives a fact: --province, or --set path=….
func (v Voice) Give(path string) string {
	values := "…"
	if list := v.Book.FewValues(path, ""); len(list) > 0 && len(list) <= fewChoices {
		words := make([]string, len(list))
		for i, v := range list {
			words[i] = fmt.Sprint(v)
		}
		values = strings.Join(words, "|")
	}
	switch path {
	case "domain.name": // no flag gives it: a filing is about the domains it names
		return "domains: [{name: …}]"
	case "province", "provider":
		return "--" + path + " " + values
	case "subject.type":
		return "--subject " + values
	}
	return "--set " + path + "=" + values
}

var failureWords = map[failure.Kind]text.Key{
	failure.Timeout: text.FailureTimeout, failure.Refused: text.FailureRefused, failure.Unreachable: text.FailureNoRoute,
	failure.RateLimited: text.FailureRate, failure.Malformed: text.FailureGarbage, failure.Server: text.FailureServer,
	failure.Unsupported: text.FailureNoServer, failure.NotAsked: text.FailureNotAsked, failure.Canceled: text.FailureCanceled,
	failure.Insecure: text.FailureTLS, failure.Forbidden: text.FailureForbidden, failure.Suspended: text.FailureSuspended, failure.Incomplete: text.FailureIncomplete,
	failure.Redirected: text.FailureRedirected, failure.Scripted: text.FailureScripted, failure.Unsteered: text.FailureUnsteered,
}

// Failure tells a failed look-up in one line.
func (v Voice) Failure(f *failure.Failure) string {
	words := v.Say(failureWords[f.Kind])
	server := text.Clean(f.Server)
	switch f.Source {
	case "page", "browser":
		who := v.Say(map[string]text.Key{"page": text.SourcePage, "browser": text.SourceBrowser}[f.Source])
		if server != "" {
			who += v.Bracket(server)
		}
		if v.Lang == text.Zh {
			return who + words
		}
		return who + " " + words
	}
	who := strings.ToUpper(f.Source) // RDAP, WHOIS, DNS, HTTP
	if server != "" {
		who += " " + server
	}
	return who + " " + words
}

// missed tells which look-ups of a target gave nothing, or "" when all did;
// with causes it adds what the servers said.
func (v Voice) missed(t *Target, causes bool) string {
	// That nobody was asked, or told apart, matters only where a fact is missing for it.
	wanted := func(k failure.Kind) bool {
		return slices.ContainsFunc(t.Results, func(r engine.Result) bool {
			return slices.ContainsFunc(r.Needs, func(n engine.Need) bool { return n.Failure != nil && n.Failure.Kind == k })
		})
	}
	missed := slices.DeleteFunc(t.Missed(), func(f *failure.Failure) bool { return !f.Kind.Trouble() && !wanted(f.Kind) })
	if len(missed) == 0 {
		return ""
	}
	var lines []string
	for _, f := range missed {
		line := v.Failure(f)
		if causes {
			line = mask.Free(text.Clean(f.Error()))
		}
		if !slices.Contains(lines, line) { // the same of several domains
			lines = append(lines, line)
		}
	}
	return v.Say(text.CouldNotAsk) + v.Colon() + strings.Join(lines, v.Semicolon())
}

// broken tells the mistake in a rule, or "".
func (v Voice) broken(r *engine.Result) string {
	if r.Broken == nil {
		return ""
	}
	return text.Clean(r.Broken.Error())
}

// dependences are the sentences on what the verdict hangs on. Yes-or-no facts
// and those that settle nothing alone are told by the lines on what is missing.
func (v Voice) dependences(r *engine.Result) []string {
	var list []string
	for _, d := range r.DependsOn {
		if len(d.Open) > 0 || len(d.Pass) == 0 || len(d.Fail) == 0 || len(d.Pass)+len(d.Fail) < 3 {
			continue
		}
		list = append(list, v.dependence(d))
	}
	return list
}

// dependence tells in a sentence where the values of an absent fact lead.
func (v Voice) dependence(d engine.Dependence) string {
	switch {
	case len(d.Open) == 0 && len(d.Fail) > 0 && len(d.Fail) <= 3 && len(d.Pass) > 3:
		s := v.Say(text.OnlyRefuse, v.Values(d.Path, d.Fail))
		if len(d.Fail) == 1 { // the message is that value's own
			s += v.Colon() + text.Clean(d.FailMessage.In(v.Lang))
		}
		return s
	case len(d.Open) == 0 && len(d.Pass) > 0 && len(d.Pass) <= 3 && len(d.Fail) > len(d.Pass):
		return v.Say(text.OnlyAccept, v.Values(d.Path, d.Pass))
	}
	var parts []string
	if len(d.Pass) > 0 {
		parts = append(parts, v.Say(text.WouldPass, v.Values(d.Path, d.Pass)))
	}
	if len(d.Fail) > 0 {
		parts = append(parts, v.Say(text.WouldFail, v.Values(d.Path, d.Fail)))
	}
	if len(parts) == 0 {
		return "" // no value alone settles anything
	}
	return v.Say(text.DependsOn, v.label(d.Path)) + strings.Join(parts, v.Semicolon())
}

// Values names values of a fact, at most eight of them.
func (v Voice) Values(path string, values []any) string {
	words := make([]string, 0, len(values))
	for _, of := range values {
		words = append(words, v.value(path, of))
	}
	const most = 8
	if extra := len(words) - most; extra > 1 {
		return v.Say(text.AndMore, text.List(words[:most], v.Lang), strconv.Itoa(extra))
	}
	return text.List(words, v.Lang)
}

// evidence tells a fact that a check read.
func (v Voice) evidence(e engine.Evidence) string {
	return e.Path + " = " + v.value(e.Path, e.Fact.Value) + v.Bracket(v.origin(e.Fact))
}

// originWord names a kind of source.
func (v Voice) originWord(s filing.Source) string {
	switch s {
	case filing.FromFile:
		return v.Say(text.OriginFile)
	case filing.FromFlag:
		return v.Say(text.OriginFlag)
	case filing.FromPage:
		return v.Say(text.OriginPage)
	case filing.FromPlan:
		return v.Say(text.OriginPlan)
	case filing.FromName:
		return v.Say(text.OriginName)
	case filing.FromGeo:
		return v.Say(text.OriginGeo)
	case filing.FromRulebook:
		return v.Say(text.OriginRulebook)
	case filing.Derived:
		return v.Say(text.OriginDerived)
	case filing.Assumed:
		return v.Say(text.OriginAssumed)
	case filing.FromRDAP, filing.FromWHOIS, filing.FromDNS, filing.FromAPI:
	}
	return strings.ToUpper(string(s)) // RDAP, WHOIS, DNS and API are the same in both languages
}

// origin tells where a fact comes from: its kind of source, the server, the place in the file.
func (v Voice) origin(f filing.Fact) string {
	s := v.originWord(f.Origin.Source)
	if f.Origin.Server != "" {
		s += " " + f.Origin.Server
	}
	if f.Origin.Line > 0 {
		s += " " + f.Origin.Position.String()
	}
	return text.Clean(s)
}

// source is what a demand rests on. URL is empty where there is no page to open.
type source struct{ id, title, url, date string }

func (v Voice) source(id string) source {
	s := source{id: text.Clean(id), title: text.Clean(v.Book.SourceTitle(id).In(v.Lang))}
	if row := v.Book.Row("sources", id); row != nil {
		s.url, s.date = text.Clean(row.Text("url")), text.Clean(row.Both("date").In(v.Lang))
	}
	if !strings.HasPrefix(s.url, "https://") && !strings.HasPrefix(s.url, "http://") {
		s.url = ""
	}
	return s
}

// warnings names the facts on which two sources disagree.
func (v Voice) warnings(t *Target) []string {
	list := []string{}
	add := func(conflicts []filing.Conflict) {
		for _, c := range conflicts {
			list = append(list, v.Say(text.Disagree, v.label(c.Path), v.originWord(c.Dropped.Origin.Source), v.value(c.Path, c.Dropped.Value),
				v.originWord(c.Kept.Origin.Source), v.value(c.Path, c.Kept.Value)))
		}
	}
	add(t.Filing.Conflicts)
	for _, d := range t.Filing.Domains {
		add(d.Conflicts)
	}
	return list
}

// remarks are the warnings and failed look-ups of a target; with verbose they
// tell the causes too, and which waivers are not needed.
func (v Voice) remarks(t *Target, verbose bool) []string {
	list := v.warnings(t)
	if s := v.missed(t, verbose); s != "" {
		list = append(list, s)
	}
	if verbose {
		list = append(list, v.needless(t)...)
	}
	return list
}
