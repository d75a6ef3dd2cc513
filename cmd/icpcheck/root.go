package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// app is what commands share.
type app struct {
	*environment
	// lang is the language of what commands say beside reports; see language.
	lang text.Lang
	// inputs are the filing files that were read, which no report may replace.
	inputs []string
}

// extraCommands are those of build tags; a plain build has none.
var extraCommands []func(*app) *cobra.Command

// newRoot builds the command tree.
func newRoot(e *environment) *cobra.Command {
	a := &app{environment: e, lang: e.language()}
	root := &cobra.Command{
		Use:   "icpcheck",
		Short: a.say("备案前自检：检查网站是否可以提交 ICP 备案", "check whether a website is ready for an ICP filing (ICP备案)"),
		Long: a.say(`提交 ICP 备案之前，检查域名、服务器、主体和材料是否符合要求。

每项检查的结论是通过、不通过、待定或不适用；不猜测，缺什么就说缺什么。
退出状态：0 可以提交，1 不能提交，2 无法运行，3 待定。`,
			`Checks, before an ICP filing is handed in, whether domain, server, subject and documents meet the rules.

Each check ends as pass, fail, undetermined or not applicable; nothing is guessed, and what is missing is named.
Exit status: 0 ready, 1 not ready, 2 could not run, 3 undetermined.`),
		SilenceUsage:      true,
		SilenceErrors:     true,
		Args:              cobra.NoArgs,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: false},
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	declare(root, a.lang)
	profile := root.PersistentFlags().String("cpuprofile", "", "write a profile of the run for go tool pprof")
	_ = root.PersistentFlags().MarkHidden("cpuprofile") // errs only for a flag that is not there
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return a.startProfile(*profile) }
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{err: flagMistake(cmd.Flags(), err), hint: text.Same(cmd.CommandPath() + " --help")}
	})
	root.SetUsageTemplate(usageTemplate(a.lang))
	root.AddCommand(a.domain(), a.check(), a.batch(), a.worker(), a.explanation(), a.site(), a.diagnosis(), a.planning(), a.materials(), a.questions(), a.rules(), a.caching(), a.parse(), a.demo(), a.version())
	for _, extra := range extraCommands {
		root.AddCommand(extra(a))
	}
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(e.args...)
	a.wordCobra(root)
	a.completions(root)
	explainArguments(root)
	return root
}

// say picks the language of a help text.
func (a *app) say(zh, en string) string { return text.Text{Zh: zh, En: en}.In(a.lang) }

// language is that of help texts and errors, which are made before flags are
// parsed. A language that does not exist, and whatever else is wrong with the
// config file, is an error of its own later.
func (e *environment) language() text.Lang {
	for _, choice := range []func() string{
		func() string { return argument(e.args, "--lang") },
		func() string { return e.getenv(variable("lang")) },
		e.configuredLang,
	} {
		switch lang := text.Lang(choice()); lang {
		case text.Zh, text.En:
			return lang
		}
	}
	return text.Detect("", e.getenv)
}

// configuredLang is the language that the config file asks for, or "".
func (e *environment) configuredLang() string {
	given := argument(e.args, "--config")
	if given == "" {
		given = e.getenv(variable("config"))
	}
	path, _ := e.configPath(given)
	if path == "" {
		return ""
	}
	v, err := e.configFile(path)
	if err != nil {
		return ""
	}
	return v.GetString("lang")
}

// argument finds the value of a flag among the arguments; the last one counts.
func argument(args []string, flag string) string {
	found := ""
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if value, ok := strings.CutPrefix(arg, flag+"="); ok {
			found = value
		} else if arg == flag && i+1 < len(args) {
			found = args[i+1]
		}
	}
	return found
}

// builtin is the rulebook without layers.
func builtin() (*rulebook.Rulebook, error) { return (&options{}).rulebook() }
