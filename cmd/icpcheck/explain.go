package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/explain"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// explanation is the command explain; environment has a method of that name.
func (a *app) explanation() *cobra.Command {
	c := &cobra.Command{
		Use:   "explain TEXT…",
		Short: a.say("解释备案驳回原因", "explain why a filing was returned"),
		Long: a.say(`从驳回说明、工单、邮件、工信部结果码或检查项 ID 中找出驳回原因，给出含义、常见原因、处理办法和可运行的命令。
一段文字里的多个原因都会找出。TEXT 为 - 时读取标准输入（只看前 64 KB）。没有确切相符的，会注明是猜测（不作答复）；没有找到时以 3 退出。`,
			`Finds the reasons for a rejection in the bureau's answer, a ticket, a mail, a result code of the ministry or the id of a check,
and tells what each means, what causes it, what to do and which command to run. All reasons in a text are found.
Where none fits for certain the nearest is marked as a guess, and no answer is made of it. TEXT - is standard input, of which the first 64 KB are read. Exit status 3 when no reason is found.`),
		ValidArgsFunction: a.explainable,
		Example:           "  icpcheck explain 域名未实名认证\n  icpcheck explain 1046\n  icpcheck explain domain-holder\n  icpcheck explain --reply - < ticket.txt",
	}
	reply := c.Flags().Bool("reply", false, a.say("只输出可以直接发给用户的答复", "print only an answer to send to the customer"))
	c.RunE = func(cmd *cobra.Command, args []string) error {
		o, err := a.read(cmd.Flags())
		if err != nil {
			return err
		}
		asJSON, err := o.jsonWanted()
		if err != nil {
			return err
		}
		if asJSON && *reply {
			return usage("--reply 与 --format json：JSON 里已有答复（reply），请只用一个", "--reply and --format json: the JSON holds the answer as reply, give one of the two")
		}
		input, err := a.explainInput(args)
		if err != nil {
			return err
		}
		book, err := o.rulebook()
		if err != nil {
			return err
		}
		e := explanationOf(book, input, o.lang(a.environment))
		switch {
		case asJSON:
			err = encodeJSON(a.stdout, e)
		case *reply:
			err = a.printReply(e)
		default:
			err = a.printExplanation(e, o)
		}
		if err == nil && len(e.Matches) == 0 {
			err = statusError(verdict.ExitUndetermined)
		}
		return err
	}
	return c
}

// explainInput joins the arguments, or reads standard input for "-".
func (a *app) explainInput(args []string) (string, error) {
	input := strings.Join(args, " ")
	if input == "-" {
		raw, err := io.ReadAll(io.LimitReader(a.stdin, explain.MaxInput+1))
		if err != nil {
			return "", text.Errorf("读取标准输入：%w", "reading standard input: %w", err)
		}
		input = string(raw)
		if len(raw) > explain.MaxInput {
			fmt.Fprintf(a.stderr, a.say("icpcheck: 只读取标准输入的前 %d KB\n", "icpcheck: only the first %d KB of standard input are read\n"), explain.MaxInput>>10)
		}
	}
	if strings.TrimSpace(input) == "" {
		return "", &usageError{err: text.Errorf("explain：没有要解释的文字", "explain: there is no text to explain"), hint: text.Text{Zh: "icpcheck explain 域名未实名认证，或 icpcheck explain - < ticket.txt", En: "icpcheck explain 域名未实名认证, or icpcheck explain - < ticket.txt"}}
	}
	return input, nil
}

// explained is what explain prints, in one language.
type explained struct {
	Rulebook rulebook.Info    `json:"rulebook"`
	Matches  []explainedMatch `json:"matches"`
	// Check is the check whose id was asked for.
	Check    *explainedCheck `json:"check,omitempty"`
	Reply    string          `json:"reply"`
	Commands []string        `json:"commands"`
	// Related are checks that may be about the text, where no reason is certain.
	Related []relatedCheck `json:"related_checks,omitempty"`

	lang text.Lang
}

type relatedCheck struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type explainedMatch struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Score    float64  `json:"score"`
	Meaning  string   `json:"meaning"`
	Causes   []string `json:"causes"`
	Remedy   []string `json:"remedy"`
	Checks   []string `json:"checks"`
	Reply    string   `json:"reply"`
	Commands []string `json:"commands"`
	Codes    []string `json:"codes"`
	Found    []string `json:"found"`
	Stage    string   `json:"stage,omitempty"`
	Detect   string   `json:"detect,omitempty"`
	// Guess marks a reason whose wordings do not stand in the text.
	Guess   bool              `json:"guess,omitempty"`
	Sources []explainedSource `json:"sources"`
}

type explainedCheck struct {
	ID      string            `json:"id"`
	Title   string            `json:"title"`
	Message []string          `json:"message"`
	Remedy  []string          `json:"remedy"`
	Sources []explainedSource `json:"sources"`
}

type explainedSource struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// checkID is what ids look like; anything else is not looked up as one.
var checkID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)+$`) })

// explanationOf finds the reasons in the text and says them in the language. A
// check that no reason names stands for itself.
func explanationOf(book *rulebook.Rulebook, input string, lang text.Lang) *explained {
	e := &explained{Rulebook: book.Info(), Matches: []explainedMatch{}, Commands: []string{}, lang: lang}
	domain := domainIn(input)
	for _, m := range explain.Find(book, input) {
		match := explainedMatch{
			ID: m.ID, Title: m.Name.In(lang), Score: float64(int(m.Score*100+0.5)) / 100,
			Meaning: m.Meaning().In(lang), Causes: inLang(m.Causes(), lang), Remedy: inLang(m.Remedies(), lang),
			Checks: texts(m.List("checks")), Reply: m.Reply().In(lang), Commands: []string{},
			Codes: texts(m.List("codes")), Found: m.Found, Stage: m.Text("stage"), Detect: m.Text("detect"), Guess: m.Guess(),
			Sources: sourcesOf(book, m.Source, lang),
		}
		for _, c := range m.List("commands") {
			match.Commands = append(match.Commands, withDomain(c, domain))
		}
		e.Matches = append(e.Matches, match)
	}
	if id := strings.ToLower(strings.TrimSpace(input)); checkID().MatchString(id) {
		if c := book.Check(id); c != nil {
			e.Check = checkExplained(book, c, lang)
			if len(e.Matches) == 0 {
				e.Matches = append(e.Matches, explainedMatch{
					ID: c.ID, Title: e.Check.Title, Score: 1, Meaning: strings.Join(e.Check.Message, "\n"), Causes: []string{},
					Remedy: e.Check.Remedy, Checks: []string{c.ID}, Commands: []string{"icpcheck check FILING.yaml"},
					Codes: []string{}, Found: []string{c.ID}, Sources: e.Check.Sources,
				})
			}
		}
	}
	if len(e.Matches) == 0 || e.guessed() {
		for _, c := range explain.Related(book, input) {
			e.Related = append(e.Related, relatedCheck{c.ID, c.Title.In(lang)})
		}
	}
	for _, m := range e.Matches {
		for _, c := range m.Commands {
			if !slices.Contains(e.Commands, c) {
				e.Commands = append(e.Commands, c)
			}
		}
	}
	e.Reply = e.reply()
	return e
}

func inLang(texts []text.Text, lang text.Lang) []string {
	list := make([]string, len(texts))
	for i, t := range texts {
		list[i] = t.In(lang)
	}
	return list
}

func sourcesOf(book *rulebook.Rulebook, ids []string, lang text.Lang) []explainedSource {
	list := []explainedSource{}
	for _, id := range ids {
		list = append(list, explainedSource{id, book.SourceTitle(id).In(lang)})
	}
	return list
}

// checkExplained tells what a check says when it fails and what to do then,
// without a filing: facts stand there by their names.
func checkExplained(book *rulebook.Rulebook, c *rulebook.Check, lang text.Lang) *explainedCheck {
	out := &explainedCheck{ID: c.ID, Title: c.Title.In(lang), Message: []string{}, Remedy: []string{}, Sources: sourcesOf(book, c.Source, lang)}
	add := func(to *[]string, cases []rulebook.Case) {
		for _, one := range cases {
			if s := sentence(book, c, one.Text, lang); s != "" && !slices.Contains(*to, s) {
				*to = append(*to, s)
			}
		}
	}
	add(&out.Message, c.Message[verdict.Fail])
	add(&out.Remedy, c.Remedy)
	for _, p := range c.Parts {
		add(&out.Message, p.Message[verdict.Fail])
		add(&out.Remedy, p.Remedy)
	}
	if c.ID == "site-name" {
		out.Message = append(out.Message, byEye(book, lang)...)
	}
	return out
}

// byEye lists the rules for names that no program can judge, for people who ask
// what is wrong with a name.
func byEye(book *rulebook.Rulebook, lang text.Lang) (rules []string) {
	for _, row := range book.Table("naming").Rows {
		if row.Text("check") == "by-eye" {
			rules = append(rules, row.Both("says").In(lang))
		}
	}
	return rules
}

// sentence renders a template without facts.
func sentence(book *rulebook.Rulebook, c *rulebook.Check, t rulebook.Template, lang text.Lang) string {
	segments := t.En
	if lang == text.Zh {
		segments = t.Zh
	}
	var b strings.Builder
	for _, s := range segments {
		switch {
		case s.Expr == nil && lang == text.En:
			b.WriteString(text.After("", s.Literal))
		case s.Expr == nil:
			b.WriteString(s.Literal)
		case rulebook.IsLocalPlaceholder(s.Expr.Source):
			var titles []string
			for _, p := range c.Parts {
				title, weighs := p.Title.In(lang), p.Severity == verdict.Error
				if s.Expr.Source == rulebook.ErrorsPlaceholder && !weighs || s.Expr.Source == rulebook.WarningsPlaceholder && weighs || slices.Contains(titles, title) {
					continue
				}
				if title != "" {
					titles = append(titles, title)
				}
			}
			b.WriteString(text.List(titles, lang))
		case s.Expr.IsPath(): // other placeholders compute something
			b.WriteString("<" + book.FactLabel(s.Expr.Source).In(lang) + ">")
		default:
			b.WriteString("…")
		}
	}
	return b.String()
}

// hostname finds names in running text; Chinese text may touch them.
var hostname = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`@?[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9][A-Za-z0-9-]*)+`)
})

// officialHosts are names that answers mention and nobody files.
var officialHosts = []string{"miit.gov.cn", "mps.gov.cn", "beian.gov.cn", "miitbeian.gov.cn", "aliyun.com", "qcloud.com", "huaweicloud.com"}

// domainIn returns the one domain that a text names, or "" for none or several.
func domainIn(s string) string {
	found := ""
	for _, word := range hostname().FindAllString(s, -1) {
		if strings.HasPrefix(word, "@") { // an e-mail address
			continue
		}
		name, err := domainname.Parse(word)
		if err != nil || slices.Contains(officialHosts, name.Apex) || strings.ContainsAny(name.TLD, "0123456789") && !strings.HasPrefix(name.TLD, "xn--") {
			continue
		}
		if found != "" && found != name.Apex {
			return ""
		}
		found = name.Apex
	}
	return found
}

// withDomain puts the domain into a command line, if there is one.
func withDomain(command, domain string) string {
	if domain == "" {
		return command
	}
	words := strings.Fields(command)
	for i, w := range words {
		switch w {
		case "NAME":
			words[i] = domain
		case "URL":
			words[i] = "https://" + domain
		}
	}
	return strings.Join(words, " ")
}

func (e *explained) say(k text.Key, args ...string) string {
	return text.Catalogue(k, args...).In(e.lang)
}

// guessed reports that all that was found is a guess.
func (e *explained) guessed() bool {
	return !slices.ContainsFunc(e.Matches, func(m explainedMatch) bool { return !m.Guess })
}

// reply is the answer to send: one paragraph for one reason, a numbered list for
// several, and none for a guess: a customer would take it for what the bureau said.
func (e *explained) reply() string {
	var answers []explainedMatch
	if e.Check == nil && !e.guessed() {
		answers = e.Matches
	}
	switch len(answers) {
	case 0:
		return ""
	case 1:
		return e.say(text.ExplainReplyOne, answers[0].Title, answers[0].Reply) + "\n" + e.say(text.ExplainReplyEnd)
	}
	lines := []string{e.say(text.ExplainReplyMany)}
	for i, m := range answers {
		lines = append(lines, e.say(text.ExplainReplyItem, strconv.Itoa(i+1), m.Title, m.Reply))
	}
	return strings.Join(append(lines, e.say(text.ExplainReplyEnd)), "\n")
}

// printReply prints the answer alone; without one only stderr says so, since
// what stands on stdout may be sent.
func (a *app) printReply(e *explained) error {
	if e.Reply == "" {
		if e.guessed() {
			fmt.Fprintf(a.stderr, "icpcheck: %s\n", e.say(text.ExplainNothing))
			return statusError(verdict.ExitUndetermined)
		}
		return usage("--reply：检查项不是驳回原因；请给出原因的编号或管局的原话", "--reply: a check is no reason for rejection; give the reason's id or the bureau's words")
	}
	_, err := fmt.Fprintln(a.stdout, e.Reply)
	return err
}

// explainPrinter lays the explanation out for people.
type explainPrinter struct {
	*explained
	*report.Sheet
	labelWidth int
}

func (a *app) printExplanation(e *explained, o *options) error {
	p := &explainPrinter{explained: e, Sheet: report.NewSheet(report.Options{Color: o.color(a.environment), Width: a.width})}
	for _, k := range []text.Key{text.ExplainMeaning, text.ExplainCauses, text.LabelRemedy, text.ExplainChecks, text.ExplainRun, text.ExplainFound, text.ExplainCodes, text.ExplainStage, text.LabelSource} {
		p.labelWidth = max(p.labelWidth, text.Width(e.say(k)))
	}
	if len(e.Matches) == 0 {
		p.Beside("", 0, e.say(text.ExplainNothing))
		p.Beside("", 0, e.say(text.ExplainTry))
	}
	if len(e.Matches) > 0 && e.guessed() {
		p.Beside("", 0, e.say(text.ExplainGuess))
	}
	if e.Check != nil {
		p.check(e.Check)
	}
	reasons := 0
	for _, m := range e.Matches {
		if e.Check != nil && m.ID == e.Check.ID {
			continue
		}
		if e.Check != nil && reasons == 0 {
			fmt.Fprintf(p, "\n%s\n", e.say(text.ExplainReasons))
		}
		if reasons > 0 && !o.Quiet {
			p.WriteByte('\n')
		}
		reasons++
		p.match(&m, o)
	}
	if len(e.Related) > 0 {
		if reasons > 0 {
			p.WriteByte('\n')
		}
		p.Beside("", 0, e.say(text.ExplainRelated))
		for _, c := range e.Related {
			fmt.Fprintf(p, "  %s  %s\n", p.Strong.Sprint(c.Title), p.Faint.Sprint("icpcheck explain "+c.ID))
		}
	}
	if reasons > 0 && e.Check == nil && !o.Quiet {
		p.WriteByte('\n')
		p.Beside("", 0, e.say(text.ExplainAfter))
	}
	_, err := a.stdout.Write(p.Bytes())
	return err
}

func (p *explainPrinter) match(m *explainedMatch, o *options) {
	fmt.Fprintf(p, "%s  %s\n", p.Strong.Sprint(m.Title), p.Faint.Sprintf("%s  %.0f%%", m.ID, m.Score*100))
	if o.Quiet {
		return
	}
	p.labelled(text.ExplainMeaning, m.Meaning)
	p.labelled(text.ExplainCauses, bullets(m.Causes)...)
	p.labelled(text.LabelRemedy, numbered(m.Remedy)...)
	if len(m.Checks) > 0 {
		p.labelled(text.ExplainChecks, text.List(m.Checks, p.lang))
	}
	p.labelled(text.ExplainRun, m.Commands...)
	if !o.Verbose {
		return
	}
	stage := map[string]text.Key{"provider": text.ExplainProvider, "bureau": text.ExplainBureau, "both": text.ExplainBoth}[m.Stage]
	detect := map[string]text.Key{"full": text.ExplainFull, "partly": text.ExplainPartly, "none": text.ExplainNone}[m.Detect]
	p.labelled(text.ExplainStage, p.say(stage)+report.Voice{Lang: p.lang}.Comma()+p.say(detect))
	if len(m.Codes) > 0 {
		p.labelled(text.ExplainCodes, text.List(m.Codes, p.lang))
	}
	p.labelled(text.ExplainFound, text.List(m.Found, p.lang))
	p.sources(m.Sources)
}

func (p *explainPrinter) check(c *explainedCheck) {
	fmt.Fprintf(p, "%s  %s\n", p.Strong.Sprint(c.Title), p.Faint.Sprint(p.say(text.ExplainCheck)+" "+c.ID))
	p.labelled(text.ExplainMeaning, c.Message...)
	p.labelled(text.LabelRemedy, bullets(c.Remedy)...)
	p.sources(c.Sources)
}

func (p *explainPrinter) sources(list []explainedSource) {
	var lines []string
	for _, s := range list {
		lines = append(lines, s.ID+"  "+s.Title)
	}
	p.labelled(text.LabelSource, lines...)
}

func bullets(items []string) []string { return marked(items, func(int) string { return "· " }) }

// numbered counts steps; a single one needs no number.
func numbered(items []string) []string {
	if len(items) == 1 {
		return items
	}
	return marked(items, func(i int) string { return strconv.Itoa(i+1) + ". " })
}

func marked(items []string, mark func(int) string) []string {
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = mark(i) + item
	}
	return list
}

// labelled prints paragraphs in a column beside a label; none prints nothing.
// What follows the first line of an item stands under its text, not its mark.
func (p *explainPrinter) labelled(label text.Key, paragraphs ...string) {
	const indent, between = 2, 2
	column := indent + p.labelWidth + between
	head := strings.Repeat(" ", indent) + p.Faint.Sprint(text.Pad(p.say(label), p.labelWidth)) + strings.Repeat(" ", between)
	for _, paragraph := range paragraphs {
		mark := ""
		if i := strings.IndexByte(paragraph, ' '); i > 0 && i <= 3 && (strings.HasPrefix(paragraph, "·") || paragraph[i-1] == '.') {
			mark, paragraph = paragraph[:i+1], paragraph[i+1:]
		}
		p.Beside(head+mark, column+text.Width(mark), paragraph)
		head = strings.Repeat(" ", column)
	}
}
