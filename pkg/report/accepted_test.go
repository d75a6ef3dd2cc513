package report_test

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// TestAccepted holds how each format that machines read tells a waiver in force
// and one that ran out. What people read stands in the golden files.
func TestAccepted(t *testing.T) {
	book := toy(t)
	r := acceptedFindings(t, book)
	o := report.Options{Lang: text.En}

	if got := r.Targets[0].Overall; got != verdict.NotReady {
		t.Errorf("with a waiver that ran out the filing is %s", got)
	}
	if s := r.Summary(); s.Accepted != 2 || s.Fail != 1 {
		t.Errorf("summary %+v, want 2 accepted and 1 failed", s)
	}

	t.Run("json", func(t *testing.T) {
		type waiver struct{ Reason, Until, Position string }
		var out struct {
			Reports []struct {
				Checks []struct {
					ID, Verdict       string
					Accepted          *waiver
					AcceptanceExpired *waiver `json:"acceptance_expired"`
				}
			}
		}
		if err := json.Unmarshal([]byte(render(t, format(t, "json"), r, o)), &out); err != nil {
			t.Fatal(err)
		}
		seen := map[string]string{}
		for _, c := range out.Reports[0].Checks {
			switch {
			case c.Accepted != nil && c.AcceptanceExpired != nil:
				t.Errorf("%s is accepted and not", c.ID)
			case c.Accepted != nil:
				seen[c.ID] = c.Verdict + " until " + c.Accepted.Until + " " + c.Accepted.Position
			case c.AcceptanceExpired != nil:
				seen[c.ID] = c.Verdict + " expired " + c.AcceptanceExpired.Until
			}
		}
		want := map[string]string{
			"domain-validity": "fail until 2026-11-24 accepted.yaml:8:5",
			"filing-kind":     "undetermined until 2026-12-31 accepted.yaml:11:5",
			"server-terms":    "fail expired 2026-11-23",
		}
		if len(seen) != len(want) {
			t.Errorf("got %v, want %v", seen, want)
		}
		for id, w := range want {
			if seen[id] != w {
				t.Errorf("%s: got %q, want %q", id, seen[id], w)
			}
		}
	})

	t.Run("sarif", func(t *testing.T) {
		var log sarifLog
		if err := json.Unmarshal([]byte(render(t, format(t, "sarif"), r, o)), &log); err != nil {
			t.Fatal(err)
		}
		suppressed := map[string]bool{}
		for _, result := range log.Runs[0].Results {
			for _, s := range result.Suppressions {
				if s.Status != "accepted" || s.Kind != "inSource" || s.Justification == "" || s.Properties.Until == "" {
					t.Errorf("%s: suppression %+v", result.RuleID, s)
				}
				suppressed[result.RuleID] = true
			}
			if result.RuleID == "server-terms" && result.Level != "error" {
				t.Errorf("a finding whose waiver ran out has level %s", result.Level)
			}
		}
		if len(suppressed) != 2 || !suppressed["domain-validity"] || !suppressed["filing-kind"] {
			t.Errorf("suppressed are %v", suppressed)
		}
	})

	t.Run("junit", func(t *testing.T) {
		var root xmlNode
		if err := xml.Unmarshal([]byte(render(t, format(t, "junit"), r, o)), &root); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"domain-validity (example.com)": "skipped", "filing-kind": "skipped", "server-terms": "failure"} {
			got := ""
			for _, c := range root.Children[0].Children {
				if c.attr("name") == name && len(c.Children) == 1 {
					got = c.Children[0].XMLName.Local
					if accepted := strings.HasPrefix(c.Children[0].attr("message"), "accepted: "); accepted != (want == "skipped") {
						t.Errorf("%s: message %q", name, c.Children[0].attr("message"))
					}
				}
			}
			if got != want {
				t.Errorf("%s is %q, want %s", name, got, want)
			}
		}
	})

	t.Run("gitlab", func(t *testing.T) {
		var list []gitlabIssue
		if err := json.Unmarshal([]byte(render(t, format(t, "gitlab"), r, o)), &list); err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			if want := map[string]string{"domain-validity": "info", "filing-kind": "info", "server-terms": "critical"}[f.CheckName]; want != "" && f.Severity != want {
				t.Errorf("%s has severity %s, want %s", f.CheckName, f.Severity, want)
			}
			if f.CheckName == "server-terms" && !strings.Contains(f.Description, "accepted until 2026-11-23, which is over") {
				t.Errorf("not said: %s", f.Description)
			}
		}
		// The findings stay the same ones when a waiver comes or goes.
		bare := acceptedFindings(t, book)
		bare.Targets[0] = report.NewTarget(bare.Targets[0].Name, bare.Targets[0].Filing, bare.Targets[0].Results)
		for i := range bare.Targets[0].Results {
			bare.Targets[0].Results[i].Waiver, bare.Targets[0].Results[i].Accepted = nil, false
		}
		var without []gitlabIssue
		if err := json.Unmarshal([]byte(render(t, format(t, "gitlab"), bare, o)), &without); err != nil {
			t.Fatal(err)
		}
		if len(without) != len(list) {
			t.Fatalf("%d findings, %d without waivers", len(list), len(without))
		}
		for i := range list {
			if list[i].Fingerprint != without[i].Fingerprint {
				t.Errorf("the fingerprint of %s changes with the waiver", list[i].CheckName)
			}
		}
	})

	t.Run("csv", func(t *testing.T) {
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(render(t, format(t, "csv"), r, o), "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			want := map[string]string{"domain-validity": "yes 2026-11-24", "filing-kind": "yes 2026-12-31", "server-terms": "expired 2026-11-23"}[row[2]]
			if got := strings.TrimSpace(row[13] + " " + row[14]); got != want {
				t.Errorf("%s: %q, want %q", row[2], got, want)
			}
		}
	})
}

type gitlabIssue struct {
	Description string
	CheckName   string `json:"check_name"`
	Fingerprint string
	Severity    string
}
