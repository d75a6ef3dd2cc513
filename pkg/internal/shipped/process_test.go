package shipped_test

import (
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
)

// planRows names the rows of table plans that answer a collected row of the
// decision table where they are not called as it is.
var planRows = map[string][]string{
	"mini_program": {"platform"}, "app_overseas": {"app-abroad"}, "other_subject_in_account": {"other-subject-in-account"},
	"claim_wanwang": {"old-record"}, "empty_subject": {"empty", "empty-may-add", "empty-may-add-here"}, "first_after_cancel": {"first"},
}

// TestProcess compares tables plans, deadlines and process with what was
// collected about filings: every decision, kind, time limit, audit, penalty and
// change has its row, with the sources it was collected with.
func TestProcess(t *testing.T) {
	type item struct {
		ID, Rule, Act, Case, What string
		Source                    []string
	}
	var file struct {
		Decisions   []item `yaml:"decision_table"`
		FilingTypes []struct {
			item `yaml:",inline"`
			Site string   `yaml:"site_during_review"`
			SMS  []string `yaml:"sms"`
		} `yaml:"filing_types"`
		Triggers struct {
			List []item
		} `yaml:"change_triggers"`
		Needed    []item `yaml:"when_needed"`
		Accounts  []item `yaml:"account_rules"`
		Messages  []item `yaml:"sms_rules"`
		Deadlines []item
		Penalties []item
		Audits    []item
		Recovery  []item `yaml:"audit_recovery"`
		Changes   []item `yaml:"changes_since_seed"`
		Empty     struct {
			AddDirectly []string `yaml:"add_directly"`
		} `yaml:"empty_subject"`
	}
	if err := yaml.Unmarshal(collected(t, "process.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	leftOut(t, "process")
	book := shipped.Book(t)
	kebab := func(s string) string { return strings.ReplaceAll(s, "_", "-") }
	prefixed := func(id string) string {
		if id == "seed" {
			return id
		}
		return "process/" + id
	}
	// cites wants every source of the item somewhere in the rows.
	cites := func(what string, table string, ids []string, sources []string) {
		var have []string
		for _, id := range ids {
			r := book.Row(table, id)
			if r == nil {
				t.Errorf("%s: table %s has no row %q", what, table, id)
				continue
			}
			if r.Verified == "" {
				t.Errorf("%s: row %q is not verified", what, id)
			}
			have = append(have, r.AllSources()...)
		}
		for _, s := range sources {
			if !slices.Contains(have, prefixed(s)) {
				t.Errorf("%s: rows %q of %s cite %q, want %q as well", what, ids, table, have, prefixed(s))
			}
		}
	}
	for _, d := range file.Decisions {
		ids := planRows[d.ID]
		if ids == nil {
			ids = []string{kebab(d.ID)}
		}
		cites(d.ID, "plans", ids, d.Source)
	}
	for _, k := range file.FilingTypes {
		id := "kind-" + kebab(k.ID)
		cites(k.ID, "process", []string{id}, k.Source)
		r := book.Row("process", id)
		if r == nil {
			continue
		}
		if k.Site != "" && r.Text("site") != k.Site {
			t.Errorf("%s: the site is %q during review, want %q", k.ID, r.Text("site"), k.Site)
		}
		var sms []string
		for _, s := range k.SMS {
			if s == "lead" {
				s = "subject_lead"
			}
			sms = append(sms, kebab(s))
		}
		if !slices.Equal(r.List("sms"), sms) {
			t.Errorf("%s: the message goes to %q, want %q", k.ID, r.List("sms"), sms)
		}
	}
	for _, c := range file.Triggers.List {
		cites(c.ID, "process", []string{"change-" + kebab(c.ID)}, c.Source)
	}
	limits := map[string]string{"realname_sync": "real-name-sync", "sms": "sms-check", "bureau": "bureau-review"}
	for _, d := range file.Deadlines {
		id := kebab(d.ID)
		if limits[d.ID] != "" {
			id = limits[d.ID]
		}
		if book.Row("deadlines", id) == nil && book.Row("process", "duty-"+id) == nil && id != "empty-subject-cancel" {
			t.Errorf("%s: neither table deadlines nor process has it", d.ID)
		}
	}
	// These have no ids of their own, so they are counted and their sources looked for.
	topics := map[string][]item{"need": file.Needed, "account": file.Accounts, "message": file.Messages, "penalty": file.Penalties, "audit": file.Audits, "recovery": file.Recovery, "history": file.Changes}
	for topic, items := range topics {
		var have []string
		n := 0
		for _, r := range book.Table("process").Rows {
			if r.Text("topic") == topic {
				have = append(have, r.AllSources()...)
				n++
			}
		}
		if n < len(items)-2 { // some rows hold two items that say one thing
			t.Errorf("%s: %d rows for %d items", topic, n, len(items))
		}
		for _, i := range items {
			for _, s := range i.Source {
				if !slices.Contains(have, prefixed(s)) {
					t.Errorf("%s %q: no row cites %q", topic, i.ID+i.Rule+i.Act+i.Case+i.What, s)
				}
			}
		}
	}
	// Where an empty subject may add a site stands with the provinces.
	var may []string
	for _, r := range book.Table("provinces").Rows {
		if r.Value("shell_subject_can_add_site") == true {
			may = append(may, r.ID)
		}
	}
	var want []string
	for _, name := range file.Empty.AddDirectly {
		want = append(want, book.Find("provinces", name).ID)
	}
	if !sameSet(may, want) {
		t.Errorf("an empty subject may add a site in %q, want %q", may, want)
	}
}

// Every kind that a row of table process names is one that a plan can end in.
func TestProcessKinds(t *testing.T) {
	book := shipped.Book(t)
	var kinds []string
	for _, r := range book.Table("plans").Rows {
		kinds = append(kinds, r.Text("kind"))
	}
	for _, r := range book.Table("process").Rows {
		for _, kind := range r.List("plans") {
			if !slices.Contains(kinds, kind) {
				t.Errorf("row %q of table process: no plan ends in %q", r.ID, kind)
			}
		}
	}
}
