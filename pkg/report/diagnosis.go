package report

import (
	"io"

	"github.com/fatih/color"

	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// Diagnosis is what icpcheck diagnose adds to a report. Its texts are in the
// language of the report.
type Diagnosis struct {
	// Conclusion is an id of rulebook table conclusions.
	Conclusion string `json:"conclusion"`
	// Because names the observation that decided it, Remedy what to do.
	Because string `json:"because"`
	Remedy  string `json:"remedy"`
	// Signature is the id of the block page that was recognised, in rulebook table
	// block-pages; empty for none.
	Signature string `json:"signature,omitempty"`
	Steps     []Step `json:"steps"`
}

// Step is one thing that was tried.
type Step struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Target  string `json:"target"`
	Outcome string `json:"outcome"` // ok, failed, blocked, open, skipped
	Seen    string `json:"seen"`
}

// outcomes are the marks and words of steps: never colour alone.
var outcomes = map[string]struct {
	mark string
	word text.Text
}{
	"ok":      {"✓", text.Text{Zh: "正常", En: "ok"}},
	"failed":  {"✗", text.Text{Zh: "异常", En: "failed"}},
	"blocked": {"✗", text.Text{Zh: "拦截", En: "blocked"}},
	"open":    {"?", text.Text{Zh: "不作依据", En: "open"}},
	"skipped": {"-", text.Text{Zh: "未做", En: "skipped"}},
}

// DiagnosisText prints a report of icpcheck diagnose for people: each step with
// what was seen, then the conclusion, then what to do. Options.Quiet leaves the
// steps out.
func DiagnosisText(w io.Writer, r *Report, o Options) error {
	v := Voice{r.Book, o.Lang}
	sheet := NewSheet(o)
	d, t := r.Diagnosis, &r.Targets[0]
	sheet.Line(sheet.Strong.Sprint(text.Clean(t.Name)))
	wordWidth, titleWidth := 0, 0
	for _, s := range d.Steps {
		wordWidth = max(wordWidth, text.Width(outcomes[s.Outcome].word.In(o.Lang)))
		titleWidth = max(titleWidth, text.Width(s.Title))
	}
	for _, s := range d.Steps {
		if o.Quiet {
			break
		}
		head := "  " + outcomes[s.Outcome].mark + " " + text.Pad(outcomes[s.Outcome].word.In(o.Lang), wordWidth)
		shade := map[string]*color.Color{"ok": sheet.Good, "failed": sheet.Bad, "blocked": sheet.Bad, "open": sheet.Doubt}[s.Outcome]
		if shade == nil {
			shade = sheet.Faint
		}
		seen := s.Seen
		if s.Target != "" {
			seen = s.Target + v.Colon() + seen
		}
		sheet.Beside(shade.Sprint(head)+"  "+text.Pad(s.Title, titleWidth)+"  ", text.Width(head)+titleWidth+4, seen)
	}
	row := r.Book.Row("conclusions", d.Conclusion)
	shade := map[verdict.Overall]*color.Color{verdict.Ready: sheet.Good, verdict.NotReady: sheet.Bad, verdict.Unknown: sheet.Doubt}[t.Overall]
	sheet.Hang("  = ", shade, row.Name.In(o.Lang)+v.Bracket(d.Conclusion)+v.Colon()+d.Because)
	sheet.Hang("    "+v.Say(text.LabelRemedy)+v.Colon(), sheet.Faint, d.Remedy)
	if o.Verbose {
		for _, id := range row.Source {
			s := v.source(id)
			sheet.Hang("    "+v.Say(text.LabelSource)+v.Colon(), sheet.Faint, s.id+v.Colon()+s.title)
		}
	}
	_, err := w.Write(sheet.Bytes())
	return err
}
