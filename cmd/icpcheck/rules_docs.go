package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// docNames are the pages of docs/ that the rulebook itself prints.
var docNames = []string{"checks", "sources"}

func (a *app) rulesDocs(_ *options, book *rulebook.Rulebook, _ text.Lang, args []string) error {
	switch args[0] {
	case "checks":
		return docChecks(a.stdout, book)
	case "sources":
		return docSources(a.stdout, book)
	}
	return usage("没有页面 %q%s", "there is no page %q%s", args[0], yamlfile.Suggest(args[0], docNames))
}

// rulesSnapshot prints the rulebook read in advance.
func (a *app) rulesSnapshot(_ *options, book *rulebook.Rulebook, _ text.Lang, _ []string) error {
	data, err := book.Snapshot()
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(data)
	return err
}

// docChecks prints every check with what it demands, says and rests on.
func docChecks(w io.Writer, book *rulebook.Rulebook) error {
	var b strings.Builder
	fmt.Fprintf(&b, `# 检查项 · Checks

由 %[1]sicpcheck rules docs checks%[1]s 生成（%[1]smake generate%[1]s），请勿手改。
Printed by %[1]sicpcheck rules docs checks%[1]s (%[1]smake generate%[1]s); do not edit.

级别 · severity: **error** 会被退回 refused · **warning** 来源较旧、为第三方或有争议 older, third-party or disputed source · **info** 建议 advice.
花括号里是事实或表中的值 · braces hold a fact or a value of a table.

| id | 级别 severity | 对象 target | 检查项 | check |
| --- | --- | --- | --- | --- |
`, "`")
	for _, c := range book.Checks() {
		fmt.Fprintf(&b, "| [%s](#%[1]s) | %s | %s | %s | %s |\n", c.ID, c.Severity, c.Target, cell(c.Title.Zh), cell(c.Title.En))
	}
	for _, c := range book.Checks() {
		fmt.Fprintf(&b, "\n## %s\n\n%s · %s\n\n", c.ID, c.Title.Zh, c.Title.En)
		fmt.Fprintf(&b, "- %s, %s; 核对 verified %s\n", c.Severity, c.Target, cmp.Or(c.Verified, "–"))
		if c.When != nil {
			fmt.Fprintf(&b, "- 适用 applies when: %s\n", code(c.When.String()))
		}
		if c.AbsentNotApplicable {
			b.WriteString("- 未填写则不适用 · not applicable while the value is absent\n")
		}
		for _, p := range c.Parts {
			docPart(&b, c, p)
		}
		docSentences(&b, "不通过 fails", c.Message[verdict.Fail])
		docSentences(&b, "处理 remedy", c.Remedy)
		if c.Note != "" {
			fmt.Fprintf(&b, "- note: %s\n", strings.TrimSpace(strings.ReplaceAll(c.Note, "\n", " ")))
		}
		sources := slices.Clone(c.Source)
		for _, p := range c.Parts {
			for _, id := range p.Source {
				if !slices.Contains(sources, id) {
					sources = append(sources, id)
				}
			}
		}
		links := make([]string, len(sources))
		for i, id := range sources {
			links[i] = fmt.Sprintf("[%s](sources.md#%s)", id, anchor(id))
		}
		fmt.Fprintf(&b, "- 来源 sources: %s\n", strings.Join(links, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func docPart(b *strings.Builder, c *rulebook.Check, p *rulebook.Part) {
	if p.ID == "" {
		fmt.Fprintf(b, "- 通过 passes when: %s\n", code(p.Pass.String()))
		return
	}
	fmt.Fprintf(b, "- **%s** %s · %s", p.ID, p.Title.Zh, p.Title.En)
	if p.Severity != c.Severity {
		fmt.Fprintf(b, " (%s)", p.Severity)
	}
	b.WriteString(": ")
	if p.When != nil {
		fmt.Fprintf(b, "%s → ", code(p.When.String()))
	}
	b.WriteString(code(p.Pass.String()) + "\n")
}

func docSentences(b *strings.Builder, label string, cases []rulebook.Case) {
	for _, c := range cases {
		fmt.Fprintf(b, "- %s", label)
		if c.When != nil {
			fmt.Fprintf(b, " (%s)", code(c.When.String()))
		}
		fmt.Fprintf(b, ": %s · %s\n", rulebook.Written(c.Text.Zh, "`"), rulebook.Written(c.Text.En, "`"))
	}
}

func code(s string) string { return "`" + strings.Join(strings.Fields(s), " ") + "`" }

// cell keeps text from ending a cell of a Markdown table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// anchor is the id that sources.md gives a source, since its heading would lose the slash.
func anchor(id string) string { return strings.ReplaceAll(id, "/", "-") }

// docSources prints every source with its place and what rests on it.
func docSources(w io.Writer, book *rulebook.Rulebook) error {
	checks, rows := citations(book)
	var b strings.Builder
	fmt.Fprintf(&b, `# 资料来源 · Sources

由 %[1]sicpcheck rules docs sources%[1]s 生成（%[1]smake generate%[1]s），请勿手改。
Printed by %[1]sicpcheck rules docs sources%[1]s (%[1]smake generate%[1]s); do not edit.

%[1]sseed%[1]s 是奠基文档 · is the founding document. 被引用 cited by: 检查项与表中的行数 checks, and rows by table.
`, "`")
	for _, row := range book.Table("sources").Rows {
		fmt.Fprintf(&b, "\n## <a id=\"%s\"></a>%s\n\n%s\n\n", anchor(row.ID), row.ID, inBoth(row.Name))
		place := row.Text("url")
		if place != "" {
			place = "<" + place + ">"
		}
		if repo := row.Text("repo"); repo != "" {
			place = strings.TrimSpace(place + " [" + repo + "](https://github.com/" + repo + ")")
		}
		if path := row.Text("path"); path != "" {
			place = strings.TrimSpace(place + " " + code(path))
		}
		for _, line := range []struct{ label, value string }{
			{"位置 where", place}, {"日期 date", inBoth(row.Both("date"))}, {"可信度 trust", inBoth(row.Both("trust"))},
		} {
			if line.value != "" {
				fmt.Fprintf(&b, "- %s: %s\n", line.label, line.value)
			}
		}
		var cited []string
		for _, id := range checks[row.ID] {
			cited = append(cited, fmt.Sprintf("[%s](checks.md#%[1]s)", id))
		}
		for _, table := range book.TableIDs() {
			if n := rows[row.ID][table]; n > 0 {
				cited = append(cited, fmt.Sprintf("%s (%d)", table, n))
			}
		}
		fmt.Fprintf(&b, "- 被引用 cited by: %s\n", cmp.Or(strings.Join(cited, ", "), "–"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// inBoth puts both languages side by side, where they differ.
func inBoth(t text.Text) string {
	if t.Zh == t.En {
		return t.En
	}
	return t.Zh + " · " + t.En
}

// citations lists for each source the checks that cite it, and counts by table
// the rows that do, in themselves or in one of their values.
func citations(book *rulebook.Rulebook) (checks map[string][]string, rows map[string]map[string]int) {
	checks, rows = map[string][]string{}, map[string]map[string]int{}
	for _, c := range book.Checks() {
		ids := slices.Clone(c.Source)
		for _, p := range c.Parts {
			ids = append(ids, p.Source...)
		}
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			checks[id] = append(checks[id], c.ID)
		}
	}
	for _, table := range book.TableIDs() {
		for _, row := range book.Table(table).Rows {
			for _, id := range row.AllSources() {
				if rows[id] == nil {
					rows[id] = map[string]int{}
				}
				rows[id][table]++
			}
		}
	}
	return checks, rows
}
