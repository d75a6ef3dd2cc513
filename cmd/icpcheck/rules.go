package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

func (a *app) rules() *cobra.Command {
	parent := &cobra.Command{
		Use:   "rules",
		Short: a.say("查看和检验规则库", "look at the rulebook and test it"),
		Long: a.say("规则库由表和检查项组成，都是 YAML。用 --rules 目录叠加自己的规则。",
			"The rulebook is tables and checks, all YAML. --rules lays a folder of your own over it."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	with := func(c *cobra.Command, run func(*options, *rulebook.Rulebook, text.Lang, []string) error) {
		c.RunE = func(cmd *cobra.Command, args []string) error {
			o, err := a.read(cmd.Flags())
			if err != nil {
				return err
			}
			book, err := o.rulebook()
			if err != nil {
				return err
			}
			return run(o, book, o.lang(a.environment), args)
		}
		parent.AddCommand(c)
	}
	with(&cobra.Command{
		Use: "list [TABLE]", Short: a.say("列出检查项，或一张表的各行", "list the checks, or the rows of a table"),
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: once(a.tableIDs),
	}, a.rulesList)
	with(&cobra.Command{
		Use: "show ID", Short: a.say("显示一个检查项或表中一行的全部内容", "show all of one check, or of one row (TABLE/ID)"),
		Example: "  icpcheck rules show domain-validity\n  icpcheck rules show provinces/shanghai",
		Args:    exactly(1), ValidArgsFunction: once(a.checkAndRowIDs),
	}, a.rulesShow)
	with(&cobra.Command{
		Use: "lint", Short: a.say("检查规则库是否合乎规范", "find mistakes in the rulebook"),
		Args: cobra.NoArgs,
	}, a.rulesLint)
	with(&cobra.Command{
		Use: "test [ID…]", Short: a.say("运行检查项自带的测试", "run the tests that checks carry"),
		ValidArgsFunction: a.checkIDs,
	}, a.rulesTest)
	with(&cobra.Command{
		Use: "schema [filing|check|table]", Short: a.say("输出 JSON Schema，供编辑器使用", "print a JSON Schema for editors"),
		Long: a.say("输出备案文件（默认）、检查项文件或表文件的 JSON Schema（draft 2020-12）。编辑器据此补全键和值并标出错误。",
			"Prints the JSON Schema (draft 2020-12) of the filing file (the default), of a check or of a table. Editors complete keys and values by it and mark mistakes."),
		Example: "  icpcheck rules schema > filing.schema.json\n  # " + a.say("备案文件的第一行：", "first line of a filing file:") + "\n  # yaml-language-server: $schema=filing.schema.json",
		Args:    cobra.MaximumNArgs(1), ValidArgs: schemaNames,
	}, a.rulesSchema)
	diff := &cobra.Command{
		Use: "diff OLD NEW", Short: a.say("比较两个规则目录", "compare two folders of rules"),
		Long: a.say(`列出检查项和表行的增减和改动，以及哪些备案的结论因此改变（内置示例和 --filing 给出的文件）。
OLD 和 NEW 是完整的规则目录、叠加目录（与内置规则合并后比较）或 builtin（内置规则）。`,
			`Lists the checks and rows that were added, removed or changed, and which filings end differently (the built-in example and those of --filing).
OLD and NEW are whole folders of rules, overlays (compared as laid over the built-in rules), or the word builtin.`),
		Example: "  icpcheck rules diff builtin my-rules\n  icpcheck rules diff old/rules new/rules --filing filing.yaml",
		Args:    exactly(2),
	}
	filings := diff.Flags().StringArray("filing", nil, a.say("一并比较结论的备案文件（可重复）", "filing file to compare the verdict of, too (repeatable)"))
	with(diff, func(o *options, book *rulebook.Rulebook, lang text.Lang, args []string) error {
		return a.rulesDiff(o, book, lang, args, *filings)
	})
	with(&cobra.Command{
		Use: "docs checks|sources", Short: a.say("输出 docs/checks.md 或 docs/sources.md", "print docs/checks.md or docs/sources.md"),
		Hidden: true, Args: exactly(1), ValidArgs: docNames,
	}, a.rulesDocs)
	with(&cobra.Command{
		Use: "snapshot", Short: a.say("输出 rules/snapshot.bin", "print rules/snapshot.bin"),
		Hidden: true, Args: cobra.NoArgs,
	}, a.rulesSnapshot)
	return parent
}

// jsonWanted reports whether --format json was given; these commands know text and json.
func (o *options) jsonWanted() (bool, error) {
	switch {
	case len(o.Output) > 0:
		return false, usage("--output %s：这个命令只能写到标准输出", "--output %s: this command prints to standard output only", o.Output[0])
	case slices.Equal(o.Format, []string{"text"}):
		return false, nil
	case slices.Equal(o.Format, []string{"json"}):
		return true, nil
	}
	return false, usage("--format %s：这个命令的格式只有 text 和 json", "--format %s: this command knows text and json", strings.Join(o.Format, " "))
}

func (a *app) rulesList(o *options, book *rulebook.Rulebook, lang text.Lang, args []string) error {
	asJSON, err := o.jsonWanted()
	if err != nil {
		return err
	}
	if len(args) == 0 {
		if asJSON {
			checks := []any{}
			for _, c := range book.Checks() {
				checks = append(checks, checkJSON(c, lang))
			}
			return encodeJSON(a.stdout, map[string]any{"rulebook": book.Info(), "checks": checks})
		}
		wide := 0
		for _, c := range book.Checks() {
			wide = max(wide, text.Width(c.ID))
		}
		for _, c := range book.Checks() {
			fmt.Fprintf(a.stdout, "%s  %s  %s\n", text.Pad(c.ID, wide), text.Pad(string(c.Severity), len("warning")), c.Title.In(lang))
		}
		return nil
	}
	t := book.Table(args[0])
	if t == nil {
		return &usageError{err: text.Errorf("没有表 %q%s", "there is no table %q%s", args[0], yamlfile.Suggest(args[0], book.TableIDs())), hint: text.Text{Zh: "表有：" + strings.Join(book.TableIDs(), "、"), En: "tables: " + strings.Join(book.TableIDs(), ", ")}}
	}
	if asJSON {
		rows := []any{}
		for _, r := range t.Rows {
			rows = append(rows, rowJSON(t, r))
		}
		return encodeJSON(a.stdout, map[string]any{"rulebook": book.Info(), "table": t.ID, "title": t.Title.In(lang), "rows": rows})
	}
	wide := 0
	for _, r := range t.Rows {
		wide = max(wide, text.Width(r.ID))
	}
	for _, r := range t.Rows {
		fmt.Fprintf(a.stdout, "%s  %s\n", text.Pad(r.ID, wide), r.Name.In(lang))
	}
	return nil
}

func (a *app) rulesShow(o *options, book *rulebook.Rulebook, lang text.Lang, args []string) error {
	asJSON, err := o.jsonWanted()
	if err != nil {
		return err
	}
	var out map[string]any
	table, word, inTable := strings.Cut(args[0], "/")
	if c := checkNamed(book, args[0]); c != nil {
		out = checkJSON(c, lang)
		out["when"], out["parts"] = c.When.String(), partsJSON(c, lang)
		out["note"], out["tests"] = c.Note, len(c.Tests())
	} else if row := book.Find(table, word); inTable && row != nil {
		out = rowJSON(book.Table(table), row)
	} else if row := book.Table("sources").Row(args[0]); row != nil {
		out = rowJSON(book.Table("sources"), row)
	} else {
		known, hint := book.Words("checks", ""), "icpcheck rules list"
		if book.Table(table) != nil {
			known, hint = nil, "icpcheck rules list "+table
			for _, id := range book.IDs(table) {
				known = append(known, table+"/"+id)
			}
		}
		return &usageError{err: text.Errorf("没有检查项或行 %q%s", "there is no check or row %q%s", args[0], yamlfile.Suggest(args[0], known)), hint: text.Same(hint)}
	}
	if sources, ok := out["source"].([]string); ok {
		titles := map[string]string{}
		for _, id := range sources {
			titles[id] = book.SourceTitle(id).In(lang)
		}
		out["sources"] = titles
	}
	if asJSON {
		return encodeJSON(a.stdout, out)
	}
	return printYAML(a.stdout, out)
}

func (a *app) rulesLint(o *options, book *rulebook.Rulebook, _ text.Lang, _ []string) error {
	// A rule that does not compile comes alone: its tests reach nothing, and what
	// they leave out would drown it.
	if err := book.Compile().Err(); err != nil {
		return err
	}
	problems := append(book.Lint(), engine.LintTests(book)...)
	if err := problems.Err(); err != nil {
		return err
	}
	// What only commands read is read by them.
	_, errCDNs := cdns(book)
	_, errPages := signatures(book)
	_, errClouds := cloudForms(book)
	if err := errors.Join(errCDNs, errPages, errClouds); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%d checks, %d tables: %s\n", len(book.Checks()), len(book.TableIDs()), a.say("没有问题", "no problems"))
	return nil
}

func (a *app) rulesTest(o *options, book *rulebook.Rulebook, _ text.Lang, args []string) error {
	ran, failed := 0, 0
	var problems yamlfile.Problems
	for _, id := range args {
		if book.Check(id) == nil {
			return &usageError{err: text.Errorf("没有检查项 %q%s", "there is no check %q%s", id, yamlfile.Suggest(id, book.Words("checks", ""))), hint: text.Same("icpcheck rules list")}
		}
	}
	for _, c := range book.Checks() {
		if len(args) > 0 && !slices.Contains(args, c.ID) {
			continue
		}
		for _, t := range c.Tests() {
			ran++
			if _, err := engine.RunTest(book, c, t); err != nil {
				failed++
				var p yamlfile.Problem
				var ps yamlfile.Problems
				switch {
				case errors.As(err, &ps):
					problems = append(problems, ps...)
				case errors.As(err, &p):
					problems = append(problems, p)
				default:
					return err
				}
			}
		}
	}
	fmt.Fprintf(a.stdout, "%d passed, %d failed\n", ran-failed, failed)
	return problems.Err()
}

// checkNamed finds a check by its id or its title.
func checkNamed(book *rulebook.Rulebook, word string) *rulebook.Check {
	if c := book.Check(word); c != nil {
		return c
	}
	for _, c := range book.Checks() {
		if text.SameWord(c.Title.Zh, word) || text.SameWord(c.Title.En, word) {
			return c
		}
	}
	return nil
}

func checkJSON(c *rulebook.Check, lang text.Lang) map[string]any {
	return map[string]any{
		"id": c.ID, "title": c.Title.In(lang), "severity": c.Severity, "target": c.Target,
		"source": c.Source, "verified": c.Verified,
	}
}

func partsJSON(c *rulebook.Check, lang text.Lang) []any {
	parts := []any{}
	for _, p := range c.Parts {
		part := map[string]any{"pass": p.Pass.String(), "severity": p.Severity}
		if p.ID != "" {
			part["id"], part["title"] = p.ID, p.Title.In(lang)
		}
		if p.When != nil {
			part["when"] = p.When.String()
		}
		if p.FailWhen != nil {
			part["fail_when"] = p.FailWhen.String()
		}
		if len(p.Source) > 0 {
			part["source"] = p.Source
		}
		parts = append(parts, part)
	}
	return parts
}

// rowJSON gives a row's values under their columns. What supports a value
// beyond the row itself stands beside it, under details.
func rowJSON(t *rulebook.Table, r *rulebook.Row) map[string]any {
	out := map[string]any{"id": r.ID, "name": r.Name, "source": r.Source, "verified": r.Verified}
	if len(r.Also) > 0 {
		out["also"] = r.Also
	}
	if r.Confidence != "" {
		out["confidence"] = r.Confidence
	}
	if r.Note != "" {
		out["note"] = r.Note
	}
	details := map[string]any{}
	for _, c := range t.Columns {
		cell, ok := r.Cells[c.Name]
		if !ok {
			continue
		}
		out[c.Name] = rulebook.PlainCell(cell.Value)
		detail := map[string]any{}
		if len(cell.Source) > 0 {
			detail["source"] = cell.Source
		}
		if cell.Confidence != "" {
			detail["confidence"] = cell.Confidence
		}
		if cell.Note != "" {
			detail["note"] = cell.Note
		}
		if len(cell.Other) > 0 {
			detail["other"] = cell.Other
		}
		if len(detail) > 0 {
			details[c.Name] = detail
		}
	}
	if len(details) > 0 {
		out["details"] = details
	}
	return out
}

func encodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return text.Errorf("写 JSON：%w", "writing JSON: %w", err)
	}
	return nil
}
