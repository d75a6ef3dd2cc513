package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/checklist"
	"github.com/icpcheck/icpcheck/pkg/collect"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

func (a *app) materials() *cobra.Command {
	return &cobra.Command{
		Use:   "materials [FILING.yaml]",
		Short: a.say("列出要准备的材料", "list the documents to hand in"),
		Long: a.say(`按主办单位、省份和备案类型列出要准备的材料：必备、可能要求、不需要，以及形式、签署人和原因。已备的（materials）打勾。
没有备案文件时，用 --subject、--province 和 --set 说明情况。信息不全时，说明哪些回答会增加哪些材料。

退出状态：0 必备材料齐全，1 缺少必备材料，2 无法运行，3 尚不能确定。`,
			`Lists the documents for this subject, province and kind of filing: required, perhaps asked for, not needed, each with its form, who signs it and why.
What is at hand (materials) is ticked. Without a filing file, --subject, --province and --set say what is known. Where facts are missing, it tells which answers would add which documents.

Exit status: 0 all required documents are at hand, 1 some are missing, 2 could not run, 3 not known yet.`),
		Example: "  icpcheck materials filing.yaml\n  icpcheck materials --subject 个人 --province 福建\n  icpcheck materials --subject enterprise --set subject.lead.identity=hk-macao --format json",
		Args:    atMostOne("materials", "icpcheck materials filing.yaml"), ValidArgsFunction: once(filingFiles),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, book, clock, err := a.setUp(cmd)
			if err != nil {
				return err
			}
			if _, err := o.textOrJSON(); err != nil {
				return err
			}
			f, err := a.oneFiling(o, args, book)
			if err != nil {
				return err
			}
			list, err := checklist.Make(book, f, clock())
			if err != nil {
				return err
			}
			err = a.emit(o, book, materialsJSON(book, list, f, o.lang(a.environment)), func(l *layout) {
				materialsText(l, list, f, o)
			})
			switch {
			case err != nil:
				return err
			case list.Missing():
				return statusError(verdict.ExitNotReady)
			case list.Open() && !o.AllowUndetermined:
				return statusError(verdict.ExitUndetermined)
			}
			return nil
		},
	}
}

// atMostOne allows one filing file.
func atMostOne(command, example string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return &usageError{err: text.Errorf("%s：要一个备案文件，给了 %d 个", "%s: want one filing file, got %d", command, len(args)), hint: text.Same(example)}
		}
		return nil
	}
}

// oneFiling reads the filing file that is named, or makes an empty filing of
// one domain, puts the flags over it, and locates its addresses. No server is asked.
func (a *app) oneFiling(o *options, args []string, book *rulebook.Rulebook) (*filing.Filing, error) {
	f := &filing.Filing{Facts: filing.Facts{}, Domains: []*filing.Domain{{Facts: filing.Facts{}}}}
	if len(args) == 1 {
		filings, err := a.readFilings(args, book)
		if err != nil {
			return nil, err
		}
		f = filings[0]
	}
	if err := o.apply(book, []*filing.Filing{f}); err != nil {
		return nil, err
	}
	locator, err := o.locator()
	if err != nil {
		return nil, err
	}
	defer locator.Close()
	located := &filing.Filing{Name: f.Name, Facts: f.Facts} // the facts are f's own
	(&collect.Collector{Locator: locator, Offline: true}).Collect(context.Background(), located)
	return f, nil
}

type (
	jsonMaterials struct {
		Rulebook rulebook.Info  `json:"rulebook"`
		Name     string         `json:"name,omitempty"`
		Kind     string         `json:"kind"`
		Items    []jsonMaterial `json:"items"`
		// Needs are the facts that items with the status depends hang on.
		Needs   []string         `json:"needs"`
		Missing []report.Missing `json:"missing"`
	}
	jsonMaterial struct {
		ID       string           `json:"id"`
		Title    string           `json:"title"`
		Status   checklist.Status `json:"status"`
		Required bool             `json:"required"`
		Why      string           `json:"why"`
		Form     string           `json:"form"`
		SignedBy string           `json:"signed_by,omitempty"`
		IssuedBy string           `json:"issued_by,omitempty"`
		Contents string           `json:"contents,omitempty"`
		Purpose  string           `json:"purpose,omitempty"`
		AnyOf    []string         `json:"any_of"`
		Needs    []string         `json:"needs"`
		// DependsOn tells which values of a missing fact make the document wanted.
		DependsOn []jsonWanted `json:"depends_on"`
		Sources   []string     `json:"sources"`
	}
	jsonWanted struct {
		Fact string `json:"fact"`
		// Wanted and Perhaps are the values with which it is wanted, or hangs on further facts.
		Wanted  []any `json:"wanted"`
		Perhaps []any `json:"perhaps"`
	}
)

func materialsJSON(book *rulebook.Rulebook, list *checklist.List, f *filing.Filing, lang text.Lang) jsonMaterials {
	out := jsonMaterials{Rulebook: book.Info(), Name: f.Name, Kind: list.Kind, Items: []jsonMaterial{}, Needs: texts(list.Needs()), Missing: missing(report.Voice{Book: book, Lang: lang}, list.Needs())}
	for _, i := range list.Items {
		item := jsonMaterial{
			ID: i.ID, Title: i.Title.In(lang), Status: i.Status, Required: i.Required, Why: whyOf(i, lang),
			Form: i.Form.In(lang), SignedBy: i.SignedBy.In(lang), IssuedBy: i.IssuedBy.In(lang), Contents: i.Contents.In(lang), Purpose: i.Purpose.In(lang),
			AnyOf: texts(i.AnyOf), Needs: texts(i.Needs), DependsOn: []jsonWanted{}, Sources: texts(i.Sources),
		}
		for _, d := range i.DependsOn {
			item.DependsOn = append(item.DependsOn, jsonWanted{d.Path, append([]any{}, d.Pass...), append([]any{}, d.Open...)})
		}
		out.Items = append(out.Items, item)
	}
	return out
}

// texts is never nil, so that JSON has [] and not null.
func texts(s []string) []string { return append([]string{}, s...) }

func whyOf(i checklist.Item, lang text.Lang) string {
	reasons := make([]string, len(i.Why))
	for n, why := range i.Why {
		reasons[n] = why.In(lang)
	}
	return strings.Join(reasons, text.Text{Zh: "；", En: "; "}.In(lang))
}

// statusWords are the words and marks of the statuses.
var statusWords = map[checklist.Status]struct {
	word text.Key
	mark string
}{
	checklist.Missing:    {text.DocMissing, "✗"},
	checklist.Depends:    {text.DocDepends, "?"},
	checklist.MayBeAsked: {text.DocMayBeAsked, "!"},
	checklist.Have:       {text.DocHave, "✓"},
	checklist.NotNeeded:  {text.DocNotNeeded, "-"},
}

func (l *layout) statusColor(s checklist.Status) *color.Color {
	switch s {
	case checklist.Missing:
		return l.Bad
	case checklist.Have:
		return l.Good
	case checklist.NotNeeded:
		return l.Faint
	}
	return l.Doubt
}

// materialsText prints the list: one document a line, below it its form, who
// signs it and why it is wanted.
func materialsText(l *layout, list *checklist.List, f *filing.Filing, o *options) {
	l.Heading(l.Say(text.DocFor, materialsFor(l, list, f)))
	if list.Kind == "not-needed" {
		l.Hang("  ", nil, list.Why.In(l.Lang))
	}
	wide, labels := 0, 0
	for _, s := range checklist.Statuses() {
		wide = max(wide, text.Width(l.Say(statusWords[s].word)))
	}
	for _, k := range []text.Key{text.DocForm, text.DocSigned, text.DocIssued, text.DocContents, text.DocWhy, text.DocOneOf} {
		labels = max(labels, text.Width(l.Say(k)+l.Colon()))
	}
	counts := list.Count()
	for _, status := range checklist.Statuses() {
		if status == checklist.NotNeeded && !o.Verbose || o.Quiet && status != checklist.Missing && status != checklist.Depends {
			continue
		}
		for _, i := range list.Items {
			if i.Status != status {
				continue
			}
			head := "  " + statusWords[status].mark + " " + text.Pad(l.Say(statusWords[status].word), wide) + "  "
			l.Hang(head, l.statusColor(status), i.Title.In(l.Lang)+"  "+i.ID)
			if status == checklist.NotNeeded || o.Quiet {
				continue
			}
			detail := func(k text.Key, s string) {
				if s != "" {
					l.Hang(strings.Repeat(" ", text.Width(head))+text.Pad(l.Say(k)+l.Colon(), labels), l.Faint, s)
				}
			}
			// The certificates of every kind of unit are no list to choose from.
			const choice = 4
			if len(i.AnyOf) > 1 && len(i.AnyOf) <= choice {
				detail(text.DocOneOf, l.materials(i.AnyOf))
			}
			detail(text.DocWhy, whyOf(i, l.Lang))
			if status == checklist.Missing || status == checklist.MayBeAsked || o.Verbose {
				detail(text.DocForm, i.Form.In(l.Lang))
				detail(text.DocSigned, i.SignedBy.In(l.Lang))
				detail(text.DocIssued, i.IssuedBy.In(l.Lang))
				detail(text.DocContents, i.Contents.In(l.Lang))
			}
			if o.Verbose {
				detail(text.LabelSource, text.List(i.Sources, l.Lang))
			}
		}
	}
	if n := counts[checklist.NotNeeded]; n > 0 && !o.Verbose && !o.Quiet {
		l.Hang("  ", l.Faint, l.Say(text.DocNotListed, strconv.Itoa(n)))
	}
	additions(l, list)
	switch {
	case list.Missing():
		l.Line(l.Bad.Sprint("  = ") + l.Say(text.DocIncomplete, strconv.Itoa(counts[checklist.Missing])))
	case list.Open():
		l.Line(l.Doubt.Sprint("  = ") + l.Say(text.DocUndecided))
	default:
		l.Line(l.Good.Sprint("  = ") + l.Say(text.DocComplete))
	}
}

// materialsFor says for whom the list is.
func materialsFor(l *layout, list *checklist.List, f *filing.Filing) string {
	var parts []string
	if f.Name != "" {
		parts = append(parts, text.Clean(f.Name))
	}
	for _, path := range []string{"province", "subject.type"} {
		value := l.Say(text.UnknownValue)
		if fact, ok := f.Facts[path]; ok {
			value = l.Values(path, []any{fact.Value})
		}
		parts = append(parts, l.Book.FactLabel(path).In(l.Lang)+l.Colon()+value)
	}
	if list.Kind != "" {
		parts = append(parts, l.Say(text.PlanFiling)+l.Colon()+l.Book.Label("plan", list.Kind, "").In(l.Lang))
	}
	return strings.Join(parts, l.Comma())
}

func (l *layout) materials(ids []string) string {
	names := make([]string, len(ids))
	for n, id := range ids {
		names[n] = l.Book.Label("materials", id, "").In(l.Lang)
	}
	return text.List(names, l.Lang)
}

// additions tells fact by fact what each answer would add.
func additions(l *layout, list *checklist.List) {
	path := ""
	for n, add := range list.Additions() {
		if n == 0 {
			l.Line("")
			l.Line("  " + l.Say(text.DocAdds))
		}
		if add.Path != path {
			path = add.Path
			l.Hang("  ", nil, l.Book.FactLabel(path).In(l.Lang)+l.Comma()+l.Say(text.AddWithFlag, l.Give(path)))
		}
		names := make([]string, len(add.Items))
		for i, item := range add.Items {
			names[i] = list.Items[item].Title.In(l.Lang)
		}
		values := l.Say(text.DocAny)
		if len(add.Values) > 0 {
			values = l.Values(path, add.Values)
		}
		l.Hang("    ", nil, values+" → "+text.List(names, l.Lang))
	}
}
