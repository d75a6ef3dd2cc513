package report

import (
	"io"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// A GitLab Code Quality finding: exactly the keys that GitLab asks for.
type (
	gitlabFinding struct {
		Description string         `json:"description"`
		CheckName   string         `json:"check_name"`
		Fingerprint string         `json:"fingerprint"`
		Severity    string         `json:"severity"`
		Location    gitlabLocation `json:"location"`
	}
	gitlabLocation struct {
		Path  string      `json:"path"`
		Lines gitlabLines `json:"lines"`
	}
	gitlabLines struct {
		Begin int `json:"begin"`
	}
)

// GitLab prints the findings as Code Quality JSON. Every one of them has to
// stand in a file, so a target that was not read from one is an error.
func GitLab(w io.Writer, r *Report, o Options) error {
	v := Voice{r.Book, o.Lang}
	list := []gitlabFinding{}
	for i := range r.Targets {
		t := &r.Targets[i]
		for j := range t.Results {
			result := &t.Results[j]
			if !finding(result) {
				continue
			}
			p, ok := placeOf(v, t, result)
			if !ok {
				return text.Errorf("格式 gitlab：%q 不是从文件读来的，而 Code Quality 的每一条都要有文件；请检查备案文件，或用 junit", "format gitlab: %q was not read from a file, and a Code Quality finding needs one; check a filing file, or use junit", text.Clean(t.Name))
			}
			list = append(list, gitlabFinding{
				Description: gitlabDescription(v, t, result),
				CheckName:   result.Check.ID, Fingerprint: fingerprint(t, result), Severity: gitlabSeverity(result),
				Location: gitlabLocation{relative(p.File), gitlabLines{p.Line}},
			})
		}
	}
	return encode(w, list, "  ")
}

// gitlabDescription is all of a finding that GitLab shows, so that it is
// accepted, or no longer, has to be said in it.
func gitlabDescription(v Voice, t *Target, r *engine.Result) string {
	s := subject(t, r) + v.Colon() + v.title(r.Check) + v.Colon() + v.message(r)
	if waiver := v.waiver(r); waiver != "" {
		s += v.Semicolon() + waiver
	}
	return s
}

// gitlabSeverity stays below blocker, which GitLab keeps for what must not be merged.
func gitlabSeverity(r *engine.Result) string {
	switch {
	case r.Accepted:
		return "info"
	case r.Verdict == verdict.Fail && r.Severity == verdict.Error:
		return "critical"
	case r.Verdict == verdict.Undetermined && r.Severity == verdict.Error:
		return "major"
	case r.Verdict == verdict.Fail && r.Severity == verdict.Warning:
		return "minor"
	}
	return "info"
}
