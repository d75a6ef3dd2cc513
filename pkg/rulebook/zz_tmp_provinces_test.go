package rulebook

import (
	"os"
	"slices"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

func TestZZTmpProvinces(t *testing.T) {
	tables := map[string]*Table{}
	for _, n := range []string{"provinces", "subject-types", "certificates", "materials"} {
		data, err := os.ReadFile("../../rules/tables/" + n + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		f, err := yamlfile.Parse(n+".yaml", data)
		if err != nil {
			t.Fatal(err)
		}
		table, err := readTable(f, nil)
		if err != nil {
			t.Fatal(err)
		}
		tables[n] = table
		t.Log(n, len(table.Rows), len(table.Columns))
		used := map[string]int{}
		for _, r := range table.Rows {
			for c := range r.Cells {
				used[c]++
				for _, s := range r.SourcesOf(c) {
					_ = s
				}
				if len(r.SourcesOf(c)) == 0 {
					t.Error("no source", n, r.ID, c)
				}
			}
		}
		for _, c := range table.Columns {
			if used[c.Name] == 0 {
				t.Error("unused column", n, c.Name)
			}
		}
	}
	for n, table := range tables {
		for _, c := range table.Columns {
			if ref := tables[c.Ref]; ref != nil {
				for _, r := range table.Rows {
					for _, id := range append(r.List(c.Name), r.Text(c.Name)) {
						if id != "" && ref.Row(id) == nil {
							t.Error("bad ref", n, r.ID, c.Name, id)
						}
					}
				}
			}
		}
	}
	for _, q := range [][3]string{{"provinces", "浙", "zhejiang"}, {"provinces", "浙江", "zhejiang"}, {"provinces", "CN-ZJ", "zhejiang"}, {"provinces", "川", "sichuan"},
		{"provinces", "蜀", "sichuan"}, {"provinces", "Inner Mongolia", "inner-mongolia"}, {"provinces", "Xizang", "tibet"},
		{"subject-types", "public_institution", "institution"}, {"subject-types", "social_organisation", "social-organization"}, {"subject-types", "个体工商户", "enterprise"},
		{"subject-types", "政府机关", "government"}, {"subject-types", "律师事务所", "law-firm"}, {"subject-types", "defence_body", "defense-body"},
		{"certificates", "law_firm_licence", "law-firm-license"}, {"certificates", "营业执照", "business-license"}, {"certificates", "身份证", "id-card"}, {"certificates", "组织机构代码证", "org-code-3"},
		{"materials", "居住证", "residence-permit"}, {"materials", "暂住证", "residence-permit"}, {"materials", "residence_proof", "residence-permit"}, {"materials", "holding_licence_photo", "handheld-license-photo"},
		{"materials", "营业执照", "business-license"}, {"materials", "身份证", "id-card"}, {"materials", "港澳居民居住证", "hk-macao-residence"}, {"materials", "编办证明", "staffing-office-proof"}} {
		r := tables[q[0]].Find(q[1])
		if r == nil || r.ID != q[2] {
			t.Error(q, r)
		}
	}
	want := []string{"id-card", "hk-macao-residence", "hk-macao-permit", "taiwan-residence", "taiwan-permit", "passport", "business-license", "law-firm-license", "residence-permit", "staffing-office-proof", "name-change-proof", "construction-plan", "authorization-letter", "domain-certificate", "handheld-id-photo", "handheld-license-photo", "domain-holder-statement", "commercial-statement"}
	for _, id := range want {
		if !slices.Contains(tables["materials"].IDs(), id) {
			t.Error("missing", id)
		}
	}
}
