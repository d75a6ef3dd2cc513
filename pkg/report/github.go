package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// githubShown is how many annotations of a level GitHub shows for one step; the rest it drops silently.
const githubShown = 10

// GitHub prints workflow commands that annotate the lines of the filing file,
// one a finding, and below them the verdicts as plain lines for the log.
func GitHub(w io.Writer, r *Report, o Options) error {
	v := Voice{r.Book, o.Lang}
	var b bytes.Buffer
	counts := map[string]int{}
	for i := range r.Targets {
		t := &r.Targets[i]
		for j := range t.Results {
			if result := &t.Results[j]; finding(result) {
				level := githubLevel(result)
				counts[level]++
				fmt.Fprintf(&b, "::%s %s::%s\n", level, githubProperties(v, t, result), githubMessage(strings.Join(
					append([]string{subject(t, result) + v.Colon() + v.message(result)}, v.details(t, result)...), "\n")))
			}
		}
	}
	for i := range r.Targets {
		t := &r.Targets[i]
		fmt.Fprintln(&b, githubLine(r.Tool.Name+": "+text.Clean(t.Name)+v.Colon()+v.outcome(t)))
		for _, remark := range v.remarks(t, o.Verbose) {
			fmt.Fprintln(&b, githubLine(r.Tool.Name+": "+text.Clean(t.Name)+v.Colon()+remark))
		}
	}
	for _, level := range []string{"error", "warning", "notice"} {
		if n := counts[level]; n > githubShown {
			fmt.Fprintln(&b, r.Tool.Name+": "+v.Say(text.AnnotationsDropped, strconv.Itoa(githubShown), level, strconv.Itoa(n-githubShown)))
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// githubLevel keeps the red of an error for what makes the filing fail.
func githubLevel(r *engine.Result) string {
	switch {
	case r.Accepted:
		return "notice"
	case r.Verdict == verdict.Fail && r.Severity == verdict.Error:
		return "error"
	case r.Verdict == verdict.Fail && r.Severity == verdict.Warning, r.Verdict == verdict.Undetermined && r.Severity == verdict.Error:
		return "warning"
	}
	return "notice"
}

func githubProperties(v Voice, t *Target, r *engine.Result) string {
	s := "title=" + githubProperty(v.word(r)+v.Colon()+v.title(r.Check)+" ["+r.Check.ID+"]")
	if p, ok := placeOf(v, t, r); ok {
		s += fmt.Sprintf(",file=%s,line=%d,endLine=%d,col=%d,endColumn=%d", githubProperty(text.Clean(relative(p.File))), p.Line, p.Line, p.Column, p.Column+1)
	}
	return s
}

var (
	githubMessages   = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubParameters = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func githubMessage(s string) string  { return githubMessages.Replace(githubLine(s)) }
func githubProperty(s string) string { return githubParameters.Replace(githubLine(s)) }

// githubLine breaks the older form of a command, ##[error], which runners obey
// anywhere in a line. The newer one, ::error::, counts only where a line begins,
// and no line begins with words from outside.
func githubLine(s string) string { return strings.ReplaceAll(s, "##[", "# #[") }
