package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func planned(t *testing.T, status int, args ...string) jsonPlan {
	t.Helper()
	o := inProcess(t, append([]string{"plan", "--format", "json", "--lang", "en"}, args...)...)
	if o.status != status {
		t.Errorf("plan %v: exit status %d, want %d: %s", args, o.status, status, o.stderr)
	}
	var p jsonPlan
	if err := json.Unmarshal([]byte(o.stdout), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlanDecided(t *testing.T) {
	name := write(t, "provider: aliyun\nsubject: {filed_at_provider: false, filed_elsewhere: false}\ndomains: [{name: example.com, filed: false, real_name_verified_on: 2026-11-22}]\nserver: {region: cn-hangzhou}\nsite: {commercial: false, online_on: 2026-11-01}\n")
	p := planned(t, 0, name)
	if p.Kind != "first-filing" || p.Why == "" || p.Title == "" || len(p.Needs) > 0 {
		t.Errorf("got %+v", p)
	}
	step := func(id string) jsonStep {
		i := slices.IndexFunc(p.Steps, func(s jsonStep) bool { return s.ID == id })
		if i < 0 {
			t.Fatalf("no step %s in %+v", id, p.Steps)
		}
		return p.Steps[i]
	}
	if s := step("provider-review"); s.Earliest != "2026-11-25" || s.Latest != "2026-11-25" {
		t.Errorf("provider's review ends %s to %s", s.Earliest, s.Latest)
	}
	// 20 working days from 27 November, without holidays in between.
	if s := step("bureau-review"); s.Earliest != "2026-11-27" || s.Latest != "2026-12-25" {
		t.Errorf("bureau's review ends %s to %s", s.Earliest, s.Latest)
	}
	deadlines := map[string]jsonDeadline{}
	for _, d := range p.Deadlines {
		deadlines[d.ID] = d
	}
	if d := deadlines["real-name-sync"]; d.Date == nil || *d.Date != "2026-11-25" || d.Estimated {
		t.Errorf("verification is synchronised: %+v", d)
	}
	if d := deadlines["police-filing"]; d.Date == nil || *d.Date != "2026-12-01" || d.Estimated {
		t.Errorf("public-security filing: %+v", d)
	}
	if _, there := deadlines["commercial-licence"]; there {
		t.Error("a site that is not commercial needs no licence")
	}
	if d := deadlines["police-number"]; d.Date != nil {
		t.Errorf("the police number has a date: %+v", d)
	}
}

// TestPlanNewYear: a plan that runs into a year without a table of holidays says so.
func TestPlanNewYear(t *testing.T) {
	name := write(t, "kind: first\nprovider: aliyun\nserver: {region: cn-hangzhou}\ndomains: [example.com]\n")
	if p := planned(t, 0, name, "--now", "2026-12-24"); !slices.Equal(p.GuessedYears, []int{2027}) {
		t.Errorf("guessed years: %v", p.GuessedYears)
	}
	o := inProcess(t, "plan", name, "--now", "2026-12-24", "--lang", "zh")
	if !strings.Contains(o.stdout, "没有 2027 年的放假安排") {
		t.Errorf("the text does not say so:\n%s", o.stdout)
	}
	if p := planned(t, 0, name); len(p.GuessedYears) > 0 {
		t.Errorf("guessed years: %v", p.GuessedYears)
	}
}

func TestPlanUndecided(t *testing.T) {
	p := planned(t, 3)
	if p.Kind != "" || len(p.Steps) > 0 || len(p.Needs) == 0 || len(p.Missing) != len(p.Needs) || len(p.Possible) < 2 {
		t.Errorf("got %+v", p)
	}
	o := inProcess(t, "plan", "--lang", "en")
	for _, want := range []string{"not decided yet", "it may be:", "--set subject.filed_at_provider=true|false"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("no %q in\n%s", want, o.stdout)
		}
	}
	if o := inProcess(t, "plan", "--allow-undetermined"); o.status != 0 {
		t.Errorf("exit status %d", o.status)
	}
}

func TestPlanFromFlags(t *testing.T) {
	p := planned(t, 0, "--provider", "aliyun", "--set", "server.region=cn-hongkong")
	if p.Kind != "not-needed" {
		t.Errorf("got %q", p.Kind)
	}
	if !slices.ContainsFunc(p.Deadlines, func(d jsonDeadline) bool { return d.ID == "police-filing" }) {
		t.Error("the public-security filing remains, and is not named")
	}
}

func TestPlanUsage(t *testing.T) {
	for _, args := range [][]string{{"a", "b"}, {"none.yaml"}, {"--format", "csv"}, {"--now", "tomorrow"}} {
		refused(t, inProcess(t, append([]string{"plan"}, args...)...))
	}
}
