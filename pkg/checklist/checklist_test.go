package checklist_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/checklist"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
)

var today = time.Date(2026, 11, 24, 9, 0, 0, 0, calendar.Beijing)

func list(t *testing.T, book *rulebook.Rulebook, filingFile string) *checklist.List {
	t.Helper()
	f, err := filing.Decode("filing.yaml", []byte(filingFile), book)
	if err != nil {
		t.Fatal(err)
	}
	l, err := checklist.Make(book, f, today)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestStatus(t *testing.T) {
	book := shipped.Book(t)
	const unit = "province: zhejiang\nsubject: {type: enterprise, name_changed: false, domains_filed: 0, lead: {identity: mainland, legal_representative: true}}\nsite: {content: [company], commercial: false}\n"
	tests := []struct {
		name, filing string
		want         map[string]checklist.Status
	}{
		{"an enterprise with nothing", unit, map[string]checklist.Status{
			"id-card": checklist.Missing, "business-license": checklist.Missing, "passport": checklist.NotNeeded,
			"domain-certificate": checklist.MayBeAsked, "name-change-proof": checklist.NotNeeded, "authorization-letter": checklist.NotNeeded}},
		{"an enterprise with all", unit + "materials: [id-card, business-license, domain-certificate, handheld-license-photo]", map[string]checklist.Status{
			"id-card": checklist.Have, "business-license": checklist.Have, "domain-certificate": checklist.Have}},
		{"renamed", strings.Replace(unit, "name_changed: false", "name_changed: true", 1), map[string]checklist.Status{"name-change-proof": checklist.Missing}},
		{"identity unknown", "subject: {type: enterprise}", map[string]checklist.Status{
			"id-card": checklist.Depends, "passport": checklist.Depends, "business-license": checklist.Missing, "law-firm-license": checklist.NotNeeded}},
		{"two leads of two kinds", "subject: {type: enterprise, lead: {identity: taiwan}}\nsite: {lead: {identity: foreign}}\nmaterials: [taiwan-permit]", map[string]checklist.Status{
			"taiwan-permit": checklist.Have, "passport": checklist.Missing, "id-card": checklist.NotNeeded}},
		{"institution in Yunnan", "province: yunnan\nsubject: {type: institution}", map[string]checklist.Status{
			"staffing-office-proof": checklist.Missing, "institution-certificate": checklist.Missing}},
		{"individual from elsewhere in Fujian", "province: fujian\nsubject: {type: individual, lead: {household_province: hunan}}", map[string]checklist.Status{
			"residence-permit": checklist.Missing, "handheld-id-photo": checklist.MayBeAsked}},
		{"individual of Fujian", "province: fujian\nsubject: {type: individual, lead: {household_province: fujian}}", map[string]checklist.Status{"residence-permit": checklist.NotNeeded}},
		{"individual from elsewhere in Zhejiang", "province: zhejiang\nsubject: {type: individual, lead: {household_province: hunan}}", map[string]checklist.Status{"residence-permit": checklist.MayBeAsked}},
		{"Jiangsu", "province: jiangsu", map[string]checklist.Status{"authenticity-notice": checklist.MayBeAsked, "authenticity-commitment": checklist.MayBeAsked}},
		{"Guangdong", "province: guangdong\nsubject: {type: enterprise, domains_filed: 31}", map[string]checklist.Status{
			"filing-commitment": checklist.MayBeAsked, "construction-plan": checklist.MayBeAsked, "provider-guarantee": checklist.MayBeAsked}},
		{"Xinjiang, first filing", "province: xinjiang\nkind: first", map[string]checklist.Status{"party-government-letter": checklist.MayBeAsked}},
		{"Xinjiang, change", "province: xinjiang\nkind: change\nprovider: aliyun\nserver: {region: cn-hangzhou}\nsubject: {filed_at_provider: true}", map[string]checklist.Status{"party-government-letter": checklist.NotNeeded}},
		{"institution in Heilongjiang", "province: heilongjiang\nsubject: {type: institution}", map[string]checklist.Status{"site-identification-code": checklist.MayBeAsked}},
		{"news", "site: {content: [news]}", map[string]checklist.Status{"preapproval-file": checklist.Missing}},
		{"registered with the provider", "provider: aliyun\ndomains: [{name: example.com, registrar: 阿里云计算有限公司}]", map[string]checklist.Status{"realname-screenshot": checklist.NotNeeded}},
		{"registered elsewhere", "provider: aliyun\ndomains: [{name: example.com, registrar: \"GoDaddy.com, LLC\"}]", map[string]checklist.Status{"realname-screenshot": checklist.MayBeAsked}},
		{"no filing needed", unit + "provider: aliyun\nserver: {region: cn-hongkong}", map[string]checklist.Status{
			"id-card": checklist.NotNeeded, "business-license": checklist.NotNeeded, "domain-certificate": checklist.NotNeeded}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := list(t, book, test.filing)
			for id, want := range test.want {
				i := slices.IndexFunc(l.Items, func(i checklist.Item) bool { return i.ID == id })
				if i < 0 {
					t.Errorf("no item %s", id)
				} else if got := l.Items[i]; got.Status != want {
					t.Errorf("%s is %s (needs %v), want %s", id, got.Status, got.Needs, want)
				}
			}
		})
	}
}

// TestItems: every id stands once and names a material; depends comes with
// needs and nothing else does; all the words are there.
func TestItems(t *testing.T) {
	book := shipped.Book(t)
	for _, filing := range []string{"{}", "province: fujian", "subject: {type: individual}", "subject: {type: government}\nprovince: yunnan", "materials: [passport, residence-permit]"} {
		seen := map[string]bool{}
		for _, i := range list(t, book, filing).Items {
			switch {
			case seen[i.ID]:
				t.Errorf("%s: %s stands twice", filing, i.ID)
			case book.Row("materials", i.ID) == nil:
				t.Errorf("%s: %s is no material", filing, i.ID)
			case (i.Status == checklist.Depends) != (len(i.Needs) > 0):
				t.Errorf("%s: %s is %s and needs %v", filing, i.ID, i.Status, i.Needs)
			case i.Title.Empty(), i.Form.Empty(), len(i.Why) == 0, len(i.Sources) == 0, !slices.Contains(i.AnyOf, i.ID):
				t.Errorf("%s: %s lacks words: %+v", filing, i.ID, i)
			}
			seen[i.ID] = true
		}
	}
}

// TestAdditions: an answer adds exactly what it makes wanted.
func TestAdditions(t *testing.T) {
	book := shipped.Book(t)
	l := list(t, book, "subject: {type: institution, name_changed: false, domains_filed: 0, lead: {identity: mainland, legal_representative: true}}\nsite: {content: [company], commercial: false}")
	for _, add := range l.Additions() {
		if add.Path != "province" || len(add.Values) == 0 {
			continue
		}
		for _, value := range add.Values {
			with := list(t, book, "province: "+value.(string)+"\nsubject: {type: institution, name_changed: false, domains_filed: 0, lead: {identity: mainland, legal_representative: true, household_province: anhui}}\nsite: {content: [company], commercial: false}")
			for _, n := range add.Items {
				id := l.Items[n].ID
				i := slices.IndexFunc(with.Items, func(i checklist.Item) bool { return i.ID == id })
				if i < 0 || with.Items[i].Status == checklist.NotNeeded {
					t.Errorf("%v should add %s", value, id)
				}
			}
		}
	}
}
