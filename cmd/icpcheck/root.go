package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// app is what commands share.
type app struct {
	*environment
	// lang is the language of help texts, settled before flags are parsed.
	lang text.Lang
}

// extraCommands are those of build tags; a plain build has none.
var extraCommands []func(*app) *cobra.Command

// newRoot builds the command tree.
func newRoot(e *environment) *cobra.Command {
	a := &app{environment: e, lang: text.Detect(langArgument(e.args), e.getenv)}
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
		return &usageError{err: fmt.Errorf("%w%s", err, unknownFlag(cmd.Flags(), err)), hint: cmd.CommandPath() + " --help"}
	})
	root.SetUsageTemplate(usageTemplate(a.lang))
	root.AddCommand(a.domain(), a.check(), a.batch(), a.worker(), a.explanation(), a.site(), a.diagnosis(), a.planning(), a.materials(), a.questions(), a.rules(), a.caching(), a.parse(), a.demo(), a.version())
	for _, extra := range extraCommands {
		root.AddCommand(extra(a))
	}
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(e.args...)
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Short = a.say("查看命令帮助", "help about any command")
			c.Args = helpTopic
		case "completion":
			c.Short = a.say("生成命令行补全脚本", "print a completion script for a shell")
			c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
	root.InitDefaultHelpFlag()
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		a.describeHelp(cmd)
		help(cmd, args)
	})
	a.completions(root)
	explainArguments(root)
	return root
}

// explainArguments makes the complaints about arguments of all commands say
// what would be right.
func explainArguments(c *cobra.Command) {
	accepts := c.Args
	if accepts == nil {
		accepts = cobra.ArbitraryArgs
	}
	c.Args = func(cmd *cobra.Command, args []string) error {
		err := accepts(cmd, args)
		var already *usageError
		switch {
		case err == nil, errors.As(err, &already):
			return err
		case cmd.HasAvailableSubCommands():
			var names []string
			for _, sub := range cmd.Commands() {
				if sub.IsAvailableCommand() {
					names = append(names, sub.Name())
				}
			}
			err = fmt.Errorf("unknown command %q%s", args[0], yamlfile.DidYouMean(args[0], names))
		case accepts(cmd, nil) == nil && len(args) > 0:
			err = fmt.Errorf("%s: unexpected argument %q", cmd.Name(), args[len(args)-1])
		}
		return &usageError{err: err, hint: cmd.CommandPath() + " --help"}
	}
	for _, sub := range c.Commands() {
		explainArguments(sub)
	}
}

// helpTopic refuses what cobra's help answers with status 0.
func helpTopic(help *cobra.Command, args []string) error {
	found, rest, err := help.Root().Find(args)
	if err == nil && len(rest) == 0 {
		return nil
	}
	var names []string
	for _, c := range found.Commands() {
		names = append(names, c.Name())
	}
	word := args[len(args)-max(len(rest), 1)]
	return &usageError{err: fmt.Errorf("help: unknown command %q%s", word, yamlfile.DidYouMean(word, names)), hint: "icpcheck --help"}
}

// unknownFlag suggests a flag where the error is about one that does not exist.
func unknownFlag(set *pflag.FlagSet, err error) string {
	name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return ""
	}
	return nearestFlag(set, name)
}

// nearestFlag suggests a flag for a word that names none, or is empty.
func nearestFlag(set *pflag.FlagSet, word string) string {
	var known []string
	set.VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if n := yamlfile.Nearest(word, known); n != "" {
		return fmt.Sprintf(", did you mean %q?", n)
	}
	return ""
}

// describeHelp words the flag that cobra adds to every command.
func (a *app) describeHelp(cmd *cobra.Command) {
	cmd.InitDefaultHelpFlag()
	cmd.Flags().Lookup("help").Usage = a.say("查看帮助", "help for "+cmd.Name())
}

// say picks the language of a help text.
func (a *app) say(zh, en string) string { return text.Text{Zh: zh, En: en}.In(a.lang) }

// langArgument finds --lang among the arguments: help texts are made before flags are parsed.
func langArgument(args []string) string {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--lang="); ok {
			return value
		}
		if arg == "--lang" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

// usageTemplate is cobra's with the words of the language.
func usageTemplate(lang text.Lang) string {
	if lang == text.En {
		return (&cobra.Command{}).UsageTemplate()
	}
	return strings.NewReplacer(
		"Usage:", "用法：", "Aliases:", "别名：", "Examples:", "示例：", "Available Commands:", "命令：",
		"Additional Commands:", "其他命令：", "Global Flags:", "通用选项：", "Flags:", "选项：", "Additional help topics:", "其他帮助：",
		"[flags]", "[选项]", "[command]", "[命令]", "Use \"", "运行 \"", " for more information about a command.", " 查看某个命令的帮助。",
	).Replace((&cobra.Command{}).UsageTemplate())
}

// builtin is the rulebook without layers.
func builtin() (*rulebook.Rulebook, error) { return (&options{}).rulebook() }
