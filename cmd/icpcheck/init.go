package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/checklist"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// initFlags are init's own flags.
type initFlags struct {
	from, answers string
	domains       []string
	force         bool
}

// questions is the command init; Go keeps the name init to itself.
func (a *app) questions() *cobra.Command {
	var own initFlags
	c := &cobra.Command{
		Use:   "init [FILE]",
		Short: a.say("逐项提问，生成备案文件", "ask, and write a filing file"),
		Long: a.say(`只问会影响结论的问题，按能决定的检查项多少排序，写出带注释的备案文件（FILE，省略时为标准输出）。
从 --from、--domain、--province 等已知内容开始；有域名时先查询，能查到的不再问（--offline 不查询）。
标准输入不是终端时逐行提问；--answers 给出 YAML 文件（路径: 值）时不提问。Ctrl-C 结束并保留已回答的内容。

退出状态：0 已能判定，2 无法运行，3 还缺信息（包括中断）。`,
			`Asks only what can still change the verdict, what settles most first, and writes a commented filing file (FILE, else standard output).
It starts from what is given by --from, --domain, --province and so on; a domain is looked up first, and what that tells is not asked (--offline looks nothing up).
Where standard input is no terminal it asks line by line; --answers FILE (YAML, path: value) answers without asking. Ctrl-C ends and keeps what was answered.

Exit status: 0 the verdict is reached, 2 could not run, 3 facts are missing (an interruption among them).`),
		Example: "  icpcheck init filing.yaml\n  icpcheck init filing.yaml --domain example.com --province 浙江 --subject 企业\n  icpcheck init --from filing.yaml --offline\n  icpcheck init filing.yaml --answers answers.yaml --offline",
		Args:    atMostOne("init", "icpcheck init filing.yaml"), ValidArgsFunction: once(filingFiles),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runInit(cmd, own, args)
		},
	}
	c.Flags().StringVar(&own.from, "from", "", a.say("从这个备案文件开始", "start from this filing file"))
	c.Flags().StringVar(&own.answers, "answers", "", a.say("回答文件：YAML，路径: 值", "file of answers: YAML, path: value"))
	c.Flags().StringArrayVar(&own.domains, "domain", nil, a.say("要备案的域名（可重复）", "domain to file (repeatable)"))
	c.Flags().BoolVar(&own.force, "force", false, a.say("覆盖已有文件", "write over a file that exists"))
	return c
}

// errInterrupted ends the questions; what was answered is kept.
var errInterrupted = text.Errorf("已中断", "interrupted")

// asker answers questions: people at a terminal, lines on standard input, or a file.
type asker interface {
	// ask returns the answer as --set takes it, "" to leave the question open, or
	// errInterrupted.
	ask(ctx context.Context, p prompt) (string, error)
}

func (a *app) runInit(cmd *cobra.Command, own initFlags, args []string) error {
	ctx := cmd.Context()
	o, book, clock, err := a.setUp(cmd)
	if err != nil {
		return err
	}
	switch asJSON, err := o.jsonWanted(); {
	case err != nil:
		return err
	case asJSON:
		return usage("--format json：init 写出的是备案文件，即 YAML", "--format json: init writes a filing file, which is YAML")
	}
	if len(args) == 1 && !own.force {
		if _, err := os.Lstat(args[0]); err == nil {
			hint := text.Text{Zh: "--force 覆盖它，--from " + quoted(args[0]) + " 从它开始", En: "--force writes over it, --from " + quoted(args[0]) + " starts from it"}
			if own.from != "" {
				hint = text.Text{Zh: "--force 覆盖它；去掉 " + args[0] + " 则写到标准输出", En: "--force writes over it; without " + args[0] + " the filing goes to standard output"}
			}
			return &usageError{err: text.Errorf("init：%s 已经存在", "init: %s exists", args[0]), hint: hint}
		}
	}
	if len(args) == 1 { // before anybody has answered thirty questions for nothing
		if err := writable(args[0]); err != nil {
			return text.Errorf("init：%s 写不了：%w", "init: %s cannot be written: %w", args[0], reason(err))
		}
	}
	s := &session{app: a, options: o, book: book, lang: o.lang(a.environment), clock: clock}
	if s.filing, err = a.startOf(o, own, book); err != nil {
		return err
	}
	if own.answers != "" {
		if s.asker, err = a.readAnswers(own.answers, book); err != nil {
			return err
		}
	} else {
		s.asker = a.promptFor(o, s.lang)
		fmt.Fprintln(a.stderr, text.Catalogue(text.InitIntro).In(s.lang))
	}
	if err := s.lookUp(ctx); err != nil {
		return err
	}
	interrupted := false
	if err := s.run(ctx); errors.Is(err, errInterrupted) {
		interrupted = true
	} else if err != nil {
		return err
	}
	return s.finish(args, interrupted)
}

// startOf is the filing to start from: the file, the domains, the flags.
func (a *app) startOf(o *options, own initFlags, book *rulebook.Rulebook) (*filing.Filing, error) {
	f := &filing.Filing{Facts: filing.Facts{}}
	if own.from != "" {
		filings, err := a.readFilings([]string{own.from}, book)
		if err != nil {
			return nil, err
		}
		f = filings[0]
	}
	named, err := nameFilings(own.domains)
	if err != nil {
		return nil, err
	}
	for _, n := range named {
		if !slices.ContainsFunc(f.Domains, func(d *filing.Domain) bool { return d.Name() == n.Domains[0].Name() }) {
			f.Domains = append(f.Domains, n.Domains[0])
		}
	}
	return f, o.apply(book, []*filing.Filing{f})
}

// session asks one filing together.
type session struct {
	*app
	options  *options
	book     *rulebook.Rulebook
	lang     text.Lang
	clock    func() time.Time
	asker    asker
	filing   *filing.Filing
	answered int
	left     map[string]bool // questions that were left open
	lookedUp int             // domains that have been looked up
}

// lookUp asks registries about domains that are new.
func (s *session) lookUp(ctx context.Context) error {
	fresh := s.filing.Domains[s.lookedUp:]
	s.lookedUp = len(s.filing.Domains)
	if len(fresh) == 0 || s.options.Offline {
		return nil
	}
	for _, d := range fresh {
		fmt.Fprintln(s.stderr, text.Catalogue(text.InitLooking, text.Clean(d.Name())).In(s.lang))
	}
	collector, err := s.options.collector(s.book, s.clock)
	if err != nil {
		return err
	}
	defer collector.Close()
	collector.Collect(ctx, &filing.Filing{Name: s.filing.Name, Facts: s.filing.Facts, Domains: fresh})
	return nil
}

func keyOf(q engine.Question) string { return q.Path + " " + strconv.Itoa(q.Domain) }

// run asks until nothing is left that matters.
func (s *session) run(ctx context.Context) error {
	s.left = map[string]bool{}
	questioner := engine.NewQuestioner(s.book, s.clock())
	for {
		question, more := questioner.Next(s.filing, func(q engine.Question) bool { return s.left[keyOf(q)] })
		if !more {
			return nil
		}
		p := s.prompt(question)
		answer, err := s.asker.ask(ctx, p)
		if err != nil {
			return err
		}
		if answer == "" {
			s.left[keyOf(question)] = true
			continue
		}
		if err := s.put(question, answer); err != nil {
			return fmt.Errorf("%s: %w", question.Path, err)
		}
		s.answered++
		if question.Path == "domain.name" {
			if err := s.lookUp(ctx); err != nil {
				return err
			}
		}
	}
}

// put records an answer that prompt.check has let through.
func (s *session) put(question engine.Question, answer string) error {
	origin := filing.Origin{Source: filing.FromFlag}
	if question.Path == "domain.name" {
		return engine.Put(s.filing, question, answer, origin)
	}
	provider, _ := s.filing.Facts.Text("provider")
	assignment, err := filing.ParseAssignment(question.Path+"="+answer, s.book, provider)
	if err != nil {
		return err
	}
	return engine.Put(s.filing, question, assignment.Fact.Value, origin)
}

// finish writes the file and says how things stand.
func (s *session) finish(args []string, interrupted bool) error {
	overall, needs := engine.NewQuestioner(s.book, s.clock()).Overall(s.filing)
	data, err := s.encode(needs)
	if err != nil {
		return err
	}
	if len(args) == 1 {
		// It may hold personal numbers, so it is for its owner only.
		if err := writeFile(args[0], 0o600, func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
			_, _ = s.stdout.Write(data) // so that the answers are not lost
			return err
		}
	} else if _, err := s.stdout.Write(data); err != nil {
		return text.Errorf("写备案文件：%w", "writing the filing: %w", err)
	}
	say := func(k text.Key, words ...string) {
		fmt.Fprintln(s.stderr, text.Catalogue(k, words...).In(s.lang))
	}
	if interrupted {
		say(text.InitInterrupted, strconv.Itoa(s.answered))
	} else {
		word := map[verdict.Overall]text.Key{verdict.Ready: text.OverallReady, verdict.NotReady: text.OverallNotReady, verdict.Unknown: text.OverallUndetermined}[overall]
		say(text.InitDone, strconv.Itoa(s.answered), text.Catalogue(word).In(s.lang))
	}
	if extra, ok := s.asker.(*fileAnswers); ok {
		if unused := extra.unused(); len(unused) > 0 {
			say(text.InitNotAsked, text.List(unused, s.lang))
		}
	}
	if len(args) == 1 {
		say(text.InitWritten, args[0])
	}
	if interrupted || overall == verdict.Unknown && !s.options.AllowUndetermined {
		return statusError(verdict.ExitUndetermined)
	}
	return nil
}

// encode writes the filing with what each key means, and what is missing as remarks.
func (s *session) encode(needs []string) ([]byte, error) {
	body, err := filing.Encode(s.filing, func(path string) string { return "# " + s.book.FactLabel(path).In(s.lang) })
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", text.Catalogue(text.InitHead).In(s.lang))
	b.Write(body)
	if len(needs) > 0 {
		fmt.Fprintf(&b, "\n# %s\n", text.Catalogue(text.InitStill).In(s.lang))
	}
	v := report.Voice{Book: s.book, Lang: s.lang}
	for _, path := range needs {
		fmt.Fprintf(&b, "#   %s%s%s\n", filing.FilePath(path), v.Colon(), s.book.FactLabel(path).In(s.lang))
	}
	return b.Bytes(), nil
}

// prompt is a question as it is put.
type prompt struct {
	question engine.Question
	number   int
	title    string
	// find tells where the answer is found.
	find string
	// options are the answers to choose from; nil takes free text.
	options []option
	several bool
	hint    string
	// check refuses an answer that could not be recorded.
	check func(answer string) error
}

// option is one answer: its value as --set takes it, and its name.
type option struct{ value, name string }

func (s *session) prompt(q engine.Question) prompt {
	p := prompt{question: q, number: s.answered + len(s.left) + 1, title: s.book.FactLabel(q.Path).In(s.lang), find: s.book.HowToFind(q.Path).In(s.lang)}
	if q.Domain >= 0 && len(s.filing.Domains) > 1 {
		p.title += " " + text.Clean(s.filing.Domains[q.Domain].Name())
	}
	field, _ := filing.FieldOf(q.Path)
	provider, _ := s.filing.Facts.Text("provider")
	values := q.Values
	p.several = field.Type == filing.List
	switch {
	case q.Path == "materials":
		for _, id := range s.wantedMaterials() {
			values = append(values, id)
		}
	case p.several && field.Vocabulary != "":
		for _, id := range s.book.Words(field.Vocabulary, provider) {
			values = append(values, id)
		}
	}
	for _, v := range values {
		p.options = append(p.options, option{fmt.Sprint(v), engine.Display(s.book, q.Path, v, s.lang)})
	}
	switch field.Type {
	case filing.Time:
		p.hint = text.Catalogue(text.InitDate).In(s.lang)
	case filing.Int:
		p.hint = text.Catalogue(text.InitWhole).In(s.lang)
	case filing.List:
		p.hint = text.Catalogue(text.InitSeveral).In(s.lang)
	case filing.Bool, filing.Text:
	}
	p.check = func(answer string) error {
		with := *s
		with.filing = s.filing.Clone()
		return with.put(q, answer)
	}
	return p
}

// wantedMaterials are the documents that this filing may have to hand in.
func (s *session) wantedMaterials() []string {
	list, err := checklist.Make(s.book, s.filing, s.clock())
	if err != nil {
		return s.book.IDs("materials") // a broken rule is reported by the check
	}
	const choice = 4
	var ids []string
	for _, i := range list.Items {
		if i.Status == checklist.NotNeeded {
			continue
		}
		wanted := []string{i.ID}
		if len(i.AnyOf) <= choice {
			wanted = i.AnyOf
		}
		for _, id := range wanted {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// parse turns what a person typed into an answer: a number chooses an option,
// a name stands for its id, - for an empty list.
func (p *prompt) parse(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", nil
	}
	if p.several && (typed == "-" || typed == "—") {
		return ",", p.check(",")
	}
	one := func(word string) string {
		word = strings.TrimSpace(word)
		if n, err := strconv.Atoi(word); err == nil && n >= 1 && n <= len(p.options) {
			return p.options[n-1].value
		}
		for _, o := range p.options {
			if text.SameWord(o.name, word) {
				return o.value
			}
		}
		if field, _ := filing.FieldOf(p.question.Path); field.Type == filing.Bool {
			switch strings.ToLower(word) {
			case "y", "yes", "是":
				return "true"
			case "n", "no", "否":
				return "false"
			}
		}
		return word
	}
	answer := one(typed)
	if p.several {
		words := strings.FieldsFunc(typed, func(r rune) bool { return r == ',' || r == '，' || r == '、' })
		for i := range words {
			words[i] = one(words[i])
		}
		answer = strings.Join(words, ",")
	}
	return answer, p.check(answer)
}

// fileAnswers answers from a file, and leaves open what the file does not say.
type fileAnswers struct {
	order   []string
	answers map[string]string
	used    map[string]bool
}

// readAnswers reads a flat YAML map of path: value; a list is a list.
func (a *app) readAnswers(name string, book *rulebook.Rulebook) (*fileAnswers, error) {
	data, err := a.readInput(name)
	if err != nil {
		return nil, err
	}
	file, err := yamlfile.Parse(name, data)
	if err != nil {
		return nil, err
	}
	f := &fileAnswers{answers: map[string]string{}, used: map[string]bool{}}
	var problems yamlfile.Problems
	for key, value := range yamlfile.Pairs(file.Root) {
		path := key.Value
		answer := value.Value
		switch value.Kind {
		case yaml.SequenceNode:
			var words []string
			for _, item := range value.Content {
				words = append(words, item.Value)
			}
			answer = strings.Join(words, ",") + ","
		case yaml.ScalarNode:
		default:
			problems = append(problems, file.ProblemIn(value, "%s：应为一个值或列表，而不是%s", "%s: want a value or a list, got %s", path, yamlfile.KindText(value)))
			continue
		}
		if path != "domain.name" {
			// The names of a provider's products need the provider, which is the asker's business.
			if _, err := filing.ParseAssignment(path+"="+answer, book, f.answers["provider"]); err != nil {
				problems = append(problems, file.ProblemIn(key, "%v", "%v", err))
				continue
			}
		}
		f.order = append(f.order, path)
		f.answers[path] = answer
	}
	return f, problems.Err()
}

func (f *fileAnswers) ask(ctx context.Context, p prompt) (string, error) {
	if ctx.Err() != nil {
		return "", errInterrupted
	}
	answer, ok := f.answers[p.question.Path]
	if !ok {
		return "", nil
	}
	f.used[p.question.Path] = true
	if err := p.check(answer); err != nil {
		return "", text.Errorf("%s 的回答：%w", "the answer to %s: %w", p.question.Path, err)
	}
	return answer, nil
}

func (f *fileAnswers) unused() (paths []string) {
	for _, path := range f.order {
		if !f.used[path] {
			paths = append(paths, path)
		}
	}
	return paths
}
