package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// The JUnit report, as far as Jenkins and GitLab both read it. Times are zero:
// a check takes no time worth telling, and the report is the same every run.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		ClassName string      `xml:"classname,attr"`
		Name      string      `xml:"name,attr"`
		File      string      `xml:"file,attr,omitempty"`
		Time      string      `xml:"time,attr"`
		Error     *junitWord  `xml:"error"`
		Failure   *junitWord  `xml:"failure"`
		Skipped   *junitWord  `xml:"skipped"`
		Out       *junitLines `xml:"system-out"`
	}
	junitWord struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
	junitLines struct {
		Text string `xml:",chardata"`
	}
)

// JUnit prints one suite a target and one case a check. A failed check of
// error level is a failure, an undetermined one an error, so that a build turns
// red exactly when the exit status is not 0. What does not decide the verdict is no
// failure: warnings are told in system-out, undetermined ones are skipped, and so
// is what the filing accepts, as test frameworks skip a failure that is expected.
func JUnit(w io.Writer, r *Report, o Options) error {
	v := Voice{r.Book, o.Lang}
	all := junitSuites{Name: r.Tool.Name, Time: "0"}
	for i := range r.Targets {
		t := &r.Targets[i]
		s := junitSuite{
			Name: text.Clean(t.Name), Tests: len(t.Results), Time: "0",
			Timestamp: r.GeneratedAt.UTC().Format("2006-01-02T15:04:05"),
			Properties: []junitProperty{
				{"tool", r.Tool.Name + " " + r.Tool.Version}, {"rulebook", v.rules()},
				{"rulebook.digest", r.Book.Info().Digest}, {"verdict", string(t.Overall)},
			},
		}
		for j := range t.Results {
			c := junitCaseOf(v, t, &t.Results[j])
			switch {
			case c.Failure != nil:
				s.Failures++
			case c.Error != nil:
				s.Errors++
			case c.Skipped != nil:
				s.Skipped++
			}
			s.Cases = append(s.Cases, c)
		}
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Skipped += s.Skipped
		all.Suites = append(all.Suites, s)
	}
	data, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, data)
	return err
}

func junitCaseOf(v Voice, t *Target, r *engine.Result) junitCase {
	c := junitCase{ClassName: "icpcheck." + text.Clean(t.Name), Name: r.Check.ID, File: text.Clean(fileOf(t)), Time: "0"}
	if domain := domainName(t, r); domain != "" {
		c.Name += " (" + domain + ")"
	}
	// GitLab shows the element's text and Jenkins the attribute first, so the message stands in both.
	word := &junitWord{Message: v.title(r.Check) + v.Colon() + v.message(r), Type: string(r.Verdict)}
	lines := append([]string{word.Message}, v.details(t, r)...)
	word.Text = strings.Join(lines, "\n")
	counts := r.Severity == verdict.Error
	switch {
	case r.Accepted:
		word.Message = v.Say(text.WordAccepted) + v.Colon() + word.Message
		word.Type, word.Text = "", v.Say(text.WordAccepted)+v.Colon()+word.Text
		c.Skipped = word
	case r.Verdict == verdict.Fail && counts:
		c.Failure = word
	case r.Verdict == verdict.Fail:
		lines[0] = v.word(r) + v.Colon() + lines[0]
		c.Out = &junitLines{strings.Join(lines, "\n")}
	case r.Verdict == verdict.Undetermined && counts:
		c.Error = word
	case r.Verdict == verdict.Undetermined, r.Verdict == verdict.NotApplicable:
		word.Type = ""
		c.Skipped = word
	}
	return c
}

// details are the lines below a finding: whether it is accepted, what to do, what
// is missing, what it hangs on.
func (v Voice) details(t *Target, r *engine.Result) []string {
	var lines []string
	if s := v.waiver(r); s != "" {
		lines = append(lines, v.Say(text.LabelAccepted)+v.Colon()+s)
	}
	if s := v.remedy(r); s != "" {
		lines = append(lines, v.Say(text.LabelRemedy)+v.Colon()+s)
	}
	if s := v.broken(r); s != "" {
		lines = append(lines, s)
	}
	lines = append(lines, v.dependences(r)...)
	for _, n := range r.Needs {
		lines = append(lines, v.Say(text.LabelMissing)+v.Colon()+v.toAdd(n, fileOf(t)))
	}
	return lines
}
