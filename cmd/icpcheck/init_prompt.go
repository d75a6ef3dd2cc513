package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"charm.land/huh/v2"
	"golang.org/x/term"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// promptFor chooses how to ask: with forms at a terminal, else line by line,
// which is also what a screen reader wants (ACCESSIBLE set).
func (a *app) promptFor(o *options, lang text.Lang) asker {
	in, isFile := a.stdin.(*os.File)
	if isFile && term.IsTerminal(int(in.Fd())) && a.getenv("ACCESSIBLE") == "" && a.getenv("TERM") != "dumb" {
		return &formAsker{in: in, out: a.stderr, lang: lang, plain: !o.color(a.environment)}
	}
	return &lineAsker{in: &lineReader{bufio.NewReader(a.stdin)}, out: a.stderr, lang: lang}
}

// noStyle keeps escape sequences out of lines that are no terminal's.
var noStyle = huh.ThemeFunc(func(bool) *huh.Styles { return &huh.Styles{} })

// heading is the question with where to find the answer.
func (p *prompt) heading(lang text.Lang) (title, about string) {
	about = p.find
	if p.hint != "" {
		if about != "" {
			about += text.Text{Zh: "；", En: "; "}.In(lang)
		}
		about += p.hint
	}
	return text.Catalogue(text.InitNumber, fmt.Sprint(p.number), p.title).In(lang), about
}

// validate tells, in the language of the questions, what is wrong with an answer.
func (p *prompt) validate(lang text.Lang) func(string) error {
	return func(typed string) error {
		if _, err := p.parse(typed); err != nil {
			return errors.New(text.Clean(text.ErrorIn(err, lang)))
		}
		return nil
	}
}

// keys are those of huh, with what they do said in the language.
func keys(lang text.Lang) *huh.KeyMap {
	k := huh.NewDefaultKeyMap()
	if lang != text.Zh {
		return k
	}
	k.Input.Submit.SetHelp("回车", "提交")
	k.Select.Submit.SetHelp("回车", "提交")
	k.Select.Up.SetHelp("↑", "上移")
	k.Select.Down.SetHelp("↓", "下移")
	k.Select.Filter.SetHelp("/", "筛选")
	k.Select.SetFilter.SetHelp("esc", "筛选完毕")
	k.Select.ClearFilter.SetHelp("esc", "取消筛选")
	k.MultiSelect.Submit.SetHelp("回车", "提交")
	k.MultiSelect.Toggle.SetHelp("x", "选或不选")
	k.MultiSelect.Up.SetHelp("↑", "上移")
	k.MultiSelect.Down.SetHelp("↓", "下移")
	k.MultiSelect.Filter.SetHelp("/", "筛选")
	k.MultiSelect.SetFilter.SetHelp("esc", "筛选完毕")
	k.MultiSelect.ClearFilter.SetHelp("esc", "取消筛选")
	k.MultiSelect.SelectAll.SetHelp("ctrl+a", "全选")
	k.MultiSelect.SelectNone.SetHelp("ctrl+a", "全不选")
	return k
}

// formAsker asks with a form on the terminal.
type formAsker struct {
	in    io.Reader
	out   io.Writer
	lang  text.Lang
	plain bool
}

func (f *formAsker) ask(ctx context.Context, p prompt) (string, error) {
	title, about := p.heading(f.lang)
	var answer string
	var chosen []string
	var field huh.Field
	switch {
	case len(p.options) > 0 && p.several:
		options := make([]huh.Option[string], len(p.options))
		for i, o := range p.options {
			options[i] = huh.NewOption(o.name, o.value)
		}
		field = huh.NewMultiSelect[string]().Title(title).Description(about).Options(options...).Value(&chosen)
	case len(p.options) > 0:
		options := make([]huh.Option[string], 0, len(p.options)+1)
		for _, o := range p.options {
			options = append(options, huh.NewOption(o.name, o.value))
		}
		options = append(options, huh.NewOption(text.Catalogue(text.InitUnknown).In(f.lang), ""))
		answer = p.options[0].value // where the cursor starts; "" would put it on the last
		field = huh.NewSelect[string]().Title(title).Description(about).Options(options...).Value(&answer)
	default:
		about += text.Text{Zh: "（", En: " ("}.In(f.lang) + text.Catalogue(text.InitSkip).In(f.lang) + text.Text{Zh: "）", En: ")"}.In(f.lang)
		field = huh.NewInput().Title(title).Description(about).Validate(p.validate(f.lang)).Value(&answer)
	}
	form := huh.NewForm(huh.NewGroup(field)).WithInput(f.in).WithOutput(f.out).WithKeyMap(keys(f.lang))
	if f.plain {
		form = form.WithTheme(noStyle)
	}
	err := form.RunWithContext(ctx)
	switch {
	case errors.Is(err, huh.ErrUserAborted) || ctx.Err() != nil:
		return "", errInterrupted
	case err != nil:
		return "", text.Errorf("在终端上提问：%w", "asking on the terminal: %w", err)
	case len(p.options) > 0 && p.several:
		return strings.Join(chosen, ",") + ",", nil
	case len(p.options) > 0:
		return answer, nil
	}
	return p.parse(answer)
}

// lineReader gives one line a read, so that a scanner made for one question
// takes nothing of the answer to the next.
type lineReader struct{ *bufio.Reader }

func (r *lineReader) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		c, err := r.ReadByte()
		if err != nil {
			if n > 0 {
				return n, nil
			}
			return 0, err
		}
		b[n] = c
		if n++; c == '\n' {
			break
		}
	}
	return n, nil
}

// lineAsker asks line by line.
type lineAsker struct {
	in   *lineReader
	out  io.Writer
	lang text.Lang
}

func (l *lineAsker) ask(ctx context.Context, p prompt) (string, error) {
	title, about := p.heading(l.lang)
	fmt.Fprintln(l.out, title)
	if about != "" {
		fmt.Fprintln(l.out, "  "+about)
	}
	const column = 12 // more options than this are named in one paragraph
	if len(p.options) > column {
		names := make([]string, len(p.options))
		for i, o := range p.options {
			names[i] = o.name
		}
		fmt.Fprintln(l.out, "  "+text.Catalogue(text.InitOneOf, text.List(names, l.lang)).In(l.lang))
	} else {
		for i, o := range p.options {
			fmt.Fprintf(l.out, "  %d. %s\n", i+1, o.name)
		}
	}
	type reply struct {
		answer string
		err    error
	}
	replies := make(chan reply, 1)
	go func() { // reading cannot be interrupted; Ctrl-C leaves it behind
		if _, err := l.in.Peek(1); err != nil {
			replies <- reply{err: errInterrupted}
			return
		}
		var typed string
		input := huh.NewInput().Title(text.Catalogue(text.InitSkip).In(l.lang) + " >").
			Validate(p.validate(l.lang)).Value(&typed)
		input.WithTheme(noStyle)
		if err := input.RunAccessible(l.out, l.in); err != nil {
			replies <- reply{err: text.Errorf("提问：%w", "asking: %w", err)}
			return
		}
		// The last line of the input may be wrong, with none to follow.
		answer, err := p.parse(typed)
		if err != nil {
			err = errInterrupted
		}
		replies <- reply{answer, err}
	}()
	select {
	case <-ctx.Done():
		return "", errInterrupted
	case r := <-replies:
		return r.answer, r.err
	}
}
