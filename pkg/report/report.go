// Package report is the finished report and the forms it is printed in.
// Renderers decide nothing: what they print was settled before.
package report

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// SchemaVersion is the version of the JSON report. It grows in its first
// number when a key is renamed or taken away, in its second when one is added.
const SchemaVersion = "1.1"

// Tool names the program in reports.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Report is everything one run found out.
type Report struct {
	Tool        Tool
	Book        *rulebook.Rulebook
	GeneratedAt time.Time
	Targets     []Target
	// Diagnosis is nil but for icpcheck diagnose.
	Diagnosis *Diagnosis
}

// Target is what was found out about one name or filing.
type Target struct {
	Name    string
	Filing  *filing.Filing
	Results []engine.Result
	Overall verdict.Overall
	Summary verdict.Summary
}

// NewTarget folds results into a target.
func NewTarget(name string, f *filing.Filing, results []engine.Result) Target {
	t := Target{Name: name, Filing: f, Results: results}
	t.Overall, t.Summary = engine.Overall(results)
	return t
}

// Overall is the worst of the targets.
func (r *Report) Overall() verdict.Overall {
	all := make([]verdict.Overall, len(r.Targets))
	for i, t := range r.Targets {
		all[i] = t.Overall
	}
	return verdict.Worst(all)
}

// Summary adds up the targets.
func (r *Report) Summary() (s verdict.Summary) {
	for _, t := range r.Targets {
		s.Add(t.Summary)
	}
	return s
}

// Broken returns the broken rules that were met, or nil.
func (r *Report) Broken() error {
	var all []engine.Result
	for _, t := range r.Targets {
		all = append(all, t.Results...)
	}
	return engine.Broken(all)
}

// Missed lists the look-ups of a target that gave nothing, each once.
func (t *Target) Missed() []*failure.Failure {
	var list []*failure.Failure
	add := func(missed []filing.Missed) {
		for _, m := range missed {
			if !slices.Contains(list, m.Failure) {
				list = append(list, m.Failure)
			}
		}
	}
	for _, d := range t.Filing.Domains {
		add(d.Missed)
	}
	for _, p := range t.Filing.Pages {
		add(p.Missed)
	}
	return list
}

// Options say how to print.
type Options struct {
	Lang  text.Lang
	Color bool
	// Width is the number of columns to wrap at; 0 does not wrap.
	Width int
	// Quiet prints only what is wrong; Verbose adds evidence and sources.
	Quiet, Verbose bool
}

// Format is one form of report.
type Format struct {
	Name   string
	About  text.Text
	Render func(io.Writer, *Report, Options) error
}

// Formats lists the forms in the order of help texts; --format, completion and
// documentation read this list.
func Formats() []Format {
	return []Format{
		{"text", text.Text{Zh: "终端文本", En: "text for a terminal"}, Text},
		{"json", text.Text{Zh: "一个 JSON 对象", En: "one JSON object"}, JSON},
		{"ndjson", text.Text{Zh: "每个对象一行 JSON", En: "one JSON line a target"}, NDJSON},
		{"junit", text.Text{Zh: "JUnit XML，供 Jenkins 和 GitLab", En: "JUnit XML for Jenkins and GitLab"}, JUnit},
		{"sarif", text.Text{Zh: "SARIF 2.1.0，供代码扫描", En: "SARIF 2.1.0 for code scanning"}, SARIF},
		{"markdown", text.Text{Zh: "Markdown，供工单和合并请求", En: "Markdown for tickets and pull requests"}, Markdown},
		{"html", text.Text{Zh: "单个网页文件", En: "one self-contained page"}, HTML},
		{"github", text.Text{Zh: "GitHub Actions 注解", En: "GitHub Actions annotations"}, GitHub},
		{"gitlab", text.Text{Zh: "GitLab Code Quality JSON", En: "GitLab Code Quality JSON"}, GitLab},
		{"csv", text.Text{Zh: "CSV，每个检查一行", En: "CSV, one row a check"}, CSV},
	}
}

// FormatOf returns a format by name; an unknown one is an error that names the others.
func FormatOf(name string) (Format, error) {
	var names []string
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, text.Errorf("没有格式 %q；可用：%s", "unknown format %q; known: %s", name, strings.Join(names, ", "))
}
