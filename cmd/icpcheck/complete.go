package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
)

// completer offers what may stand next on the command line: words with a tab
// and a description behind them, where the shell shows such.
type completer = cobra.CompletionFunc

const noFiles = cobra.ShellCompDirectiveNoFileComp

// completions offers the ids of the rulebook where flags take them.
func (a *app) completions(root *cobra.Command) {
	var formats []string
	for _, f := range report.Formats() {
		formats = append(formats, f.Name+"\t"+f.About.In(a.lang))
	}
	words := func(list ...string) completer {
		return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) { return list, noFiles }
	}
	files := func(extensions ...string) completer {
		return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return extensions, cobra.ShellCompDirectiveFilterFileExt
		}
	}
	for name, complete := range map[string]completer{
		"province": a.idsOf("provinces"), "provider": a.idsOf("providers"), "subject": a.idsOf("subject-types"), "set": a.assignments,
		"format": words(formats...), "lang": words("zh", "en"), "color": words("auto", "always", "never"),
		"config": files("yaml", "yml"), "geo-db": files("mmdb"),
		"rules": func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		"now": words(), "timeout": words(), "resolver": words(), "rdap-url": words(), "whois-server": words(),
	} {
		// The error only says that the flag is unknown or has one already.
		_ = root.RegisterFlagCompletionFunc(name, complete)
	}
}

// filingFiles offers files that may be filings.
func filingFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

// once offers words for the first argument only.
func once(complete completer) completer {
	return func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, noFiles
		}
		return complete(cmd, args, word)
	}
}

// bookOf is the rulebook of the command line so far; with a mistake in the
// flags it is the built-in one, since completion is not the place to complain.
func (a *app) bookOf(cmd *cobra.Command) (*rulebook.Rulebook, error) {
	if o, err := a.read(cmd); err == nil {
		if book, err := o.rulebook(); err == nil {
			return book, nil
		}
	}
	return builtin()
}

// fromBook makes a completer of what a rulebook holds.
func (a *app) fromBook(list func(*rulebook.Rulebook) []string) completer {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		book, err := a.bookOf(cmd)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return list(book), noFiles
	}
}

// labelled lists ids of a vocabulary with their names.
func (a *app) labelled(book *rulebook.Rulebook, vocabulary, provider, prefix string) []string {
	var list []string
	for _, id := range book.Words(vocabulary, provider) {
		list = append(list, prefix+id+"\t"+book.Label(vocabulary, id, provider).In(a.lang))
	}
	return list
}

func (a *app) idsOf(vocabulary string) completer {
	return a.fromBook(func(book *rulebook.Rulebook) []string { return a.labelled(book, vocabulary, "", "") })
}

func (a *app) checkIDs(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	return a.idsOf("checks")(cmd, args, word)
}

func (a *app) tableIDs(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	return a.fromBook(func(book *rulebook.Rulebook) []string { return book.TableIDs() })(cmd, args, word)
}

// checkAndRowIDs offers checks, and once a table is named its rows; before that
// the tables, behind which more is to come.
func (a *app) checkAndRowIDs(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	book, err := a.bookOf(cmd)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	if table, _, ok := strings.Cut(word, "/"); ok && slices.Contains(book.TableIDs(), table) {
		var rows []string
		for _, id := range book.IDs(table) {
			rows = append(rows, table+"/"+id+"\t"+book.Row(table, id).Name.In(a.lang))
		}
		return rows, noFiles
	}
	other := func(s string) bool { return !strings.HasPrefix(s, word) }
	list := slices.DeleteFunc(a.labelled(book, "checks", "", ""), other)
	directive := noFiles
	if len(list) == 0 { // only a table can be meant, and its name is half of an id
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	for _, id := range book.TableIDs() {
		list = append(list, id+"/")
	}
	return slices.DeleteFunc(list, other), directive
}

// explainable offers the reasons for rejection and the checks.
func (a *app) explainable(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	return a.fromBook(func(book *rulebook.Rulebook) []string {
		list := a.labelled(book, "checks", "", "")
		for _, id := range book.IDs("rejections") {
			list = append(list, id+"\t"+book.Row("rejections", id).Name.In(a.lang))
		}
		return list
	})(cmd, args, word)
}

// assignments offers the paths of facts and, behind the equals sign, their values.
func (a *app) assignments(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	book, err := a.bookOf(cmd)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	if path, _, ok := strings.Cut(word, "="); ok {
		field, known := filing.FieldOf(path)
		switch {
		case known && field.Vocabulary != "":
			provider, _ := cmd.Flags().GetString("provider")
			return a.labelled(book, field.Vocabulary, provider, path+"="), noFiles
		case known && field.Type == filing.Bool:
			return []string{path + "=true", path + "=false"}, noFiles
		}
		return nil, noFiles
	}
	var list []string
	for _, f := range filing.Fields() {
		if !f.LookupOnly && f.Path != "domain.name" {
			list = append(list, f.Path+"=\t"+book.FactLabel(f.Path).In(a.lang))
		}
	}
	return list, noFiles | cobra.ShellCompDirectiveNoSpace
}
