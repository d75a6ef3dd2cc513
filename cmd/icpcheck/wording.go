package main

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// What cobra and pflag say by themselves is English. This file says it in the
// language of the user; the English is theirs to the byte.

// wordCobra words the commands that cobra adds, and the help of all.
func (a *app) wordCobra(root *cobra.Command) {
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Short = a.say("查看命令帮助", "help about any command")
			c.Long = a.say("查看任何命令的帮助：icpcheck help [命令的路径]。", c.Long)
			c.Use = a.say("help [命令]", c.Use)
			c.Args = helpTopic
		case "completion":
			c.Short = a.say("生成命令行补全脚本", "print a completion script for a shell")
			c.Long = a.say("为指定的 shell 生成 icpcheck 的补全脚本。各子命令的帮助说明如何使用生成的脚本。", c.Long)
			c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			for _, shell := range c.Commands() {
				a.wordCompletion(shell)
			}
		}
	}
	root.InitDefaultHelpFlag()
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		a.describeHelp(cmd)
		if a.lang == text.En {
			help(cmd, args)
			return
		}
		out := cmd.OutOrStdout()
		var b bytes.Buffer
		cmd.SetOut(&b)
		help(cmd, args)
		cmd.SetOut(out)
		words := defaultValue().ReplaceAll(b.Bytes(), []byte("（默认 $1）"))
		words = valueType().ReplaceAllFunc(words, func(found []byte) []byte {
			at := bytes.LastIndexByte(found, ' ') + 1
			kind := string(found[at:])
			return append(found[:at:at], text.Pad(shortType(kind), len(kind))...)
		})
		_, _ = out.Write(bytes.ReplaceAll(words, []byte(" [flags]\n"), []byte(" [选项]\n"))) // run looks at the error of its output
	})
}

// defaultValue is how pflag tells the default of a flag, at the end of a line.
var defaultValue = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m) \(default (.+)\)$`) })

// valueType matches a flag with the type of its value, as pflag lists them.
var valueType = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^ +(?:-., )?--[a-z-]+ (?:stringArray|strings|string|duration|int)\b`)
})

// shortType names a type of pflag in Chinese, in no more columns than it has.
func shortType(name string) string {
	switch name {
	case "int":
		return "数"
	case "duration":
		return "时长"
	}
	return "文字"
}

// shellUse tells how a completion script is loaded: by this shell, and by all later ones.
func shellUse(name string) (now, always string) {
	switch name {
	case "bash":
		return "source <(icpcheck completion bash)", "icpcheck completion bash > /etc/bash_completion.d/icpcheck"
	case "zsh":
		return "source <(icpcheck completion zsh)", `icpcheck completion zsh > "${fpath[1]}/_icpcheck"`
	case "fish":
		return "icpcheck completion fish | source", "icpcheck completion fish > ~/.config/fish/completions/icpcheck.fish"
	}
	return "icpcheck completion powershell | Out-String | Invoke-Expression", "icpcheck completion powershell >> $PROFILE"
}

func (a *app) wordCompletion(shell *cobra.Command) {
	name := shell.Name()
	shell.Short = a.say("生成 "+name+" 的补全脚本", shell.Short)
	now, always := shellUse(name)
	needs := ""
	if name == "bash" {
		needs = "\n\n须先安装 bash-completion 软件包。"
	}
	shell.Long = a.say("生成 "+name+" 的补全脚本。"+needs+"\n\n只在当前会话中使用：\n\n\t"+now+"\n\n以后每次都使用，运行一次：\n\n\t"+always, shell.Long)
	if f := shell.Flags().Lookup("no-descriptions"); f != nil {
		f.Usage = a.say("补全时不显示说明", f.Usage)
	}
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
			err = text.Errorf("没有命令 %q%s", "unknown command %q%s", args[0], yamlfile.Suggest(args[0], names))
		case accepts(cmd, nil) == nil && len(args) > 0:
			err = text.Errorf("%s：多出参数 %q", "%s: unexpected argument %q", cmd.Name(), args[len(args)-1])
		}
		return &usageError{err: err, hint: text.Same(cmd.CommandPath() + " --help")}
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
	return &usageError{err: text.Errorf("help：没有命令 %q%s", "help: unknown command %q%s", word, yamlfile.Suggest(word, names)), hint: text.Same("icpcheck --help")}
}

// exactly is cobra.ExactArgs.
func exactly(n int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return text.Errorf("要 %d 个参数，给了 %d 个", "accepts %d arg(s), received %d", n, len(args))
		}
		return nil
	}
}

// flagMistake says what is wrong with a flag, with the nearest one where there is none.
func flagMistake(set *pflag.FlagSet, err error) error {
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var value *pflag.InvalidValueError
	var syntax *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return text.Errorf("没有选项 -%[1]s", "%[2]w", unknown.GetSpecifiedName()[:1], err)
	case errors.As(err, &unknown):
		return text.Errorf("没有选项 --%[1]s%[2]s", "%[3]w%[2]s", unknown.GetSpecifiedName(), nearestFlag(set, unknown.GetSpecifiedName()), err)
	case errors.As(err, &bare):
		return text.Errorf("选项 --%[1]s 要有值", "%[2]w", bare.GetFlag().Name, err)
	case errors.As(err, &value):
		return text.Errorf("选项 --%[1]s 的值 %[2]q 不对，应为%[3]s", "%[4]w", value.GetFlag().Name, value.GetValue(), wantedType(value.GetFlag().Value.Type()), err)
	case errors.As(err, &syntax):
		return text.Errorf("选项写法不对：%[1]s", "%[2]w", syntax.GetSpecifiedFlag(), err)
	}
	return err
}

// wantedType names a type of pflag in Chinese.
func wantedType(name string) string {
	switch name {
	case "int":
		return "整数"
	case "bool":
		return " true 或 false"
	case "duration":
		return "时长，如 10s"
	}
	return "文字"
}

// nearestFlag suggests a flag for a word that names none, or is empty.
func nearestFlag(set *pflag.FlagSet, word string) text.Text {
	var known []string
	set.VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if n := yamlfile.Nearest(word, known); n != "" {
		return yamlfile.Meant(n)
	}
	return text.Text{}
}

// describeHelp words the flag that cobra adds to every command.
func (a *app) describeHelp(cmd *cobra.Command) {
	cmd.InitDefaultHelpFlag()
	cmd.Flags().Lookup("help").Usage = a.say("查看帮助", "help for "+cmd.Name())
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
