package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// write puts a filing file into a temporary folder.
func write(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "filing.yaml")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestMaterialsStatus(t *testing.T) {
	const enterprise = "province: zhejiang\nsubject: {type: enterprise, name_changed: false, domains_filed: 0, lead: {identity: mainland, legal_representative: true}}\nsite: {content: [company], commercial: false}\n"
	tests := []struct {
		name   string
		args   []string
		status int
	}{
		{"all at hand", []string{write(t, enterprise+"materials: [id-card, business-license]")}, 0},
		{"one missing", []string{write(t, enterprise+"materials: [id-card]")}, 1},
		{"nothing known", nil, 3},
		{"nothing known, allowed", []string{"--allow-undetermined"}, 0},
		{"from flags", []string{"--subject", "企业", "--province", "浙江", "--set", "subject.lead.identity=mainland"}, 1},
		{"two files", []string{"a.yaml", "b.yaml"}, 2},
		{"no such file", []string{"none.yaml"}, 2},
		{"a form it does not know", []string{"--format", "sarif"}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := inProcess(t, append([]string{"materials", "--lang", "en"}, test.args...)...)
			if o.status != test.status {
				t.Errorf("exit status %d, want %d\n%s%s", o.status, test.status, o.stdout, o.stderr)
			}
			if test.status == 2 {
				refused(t, o)
			}
		})
	}
}

func TestMaterialsJSON(t *testing.T) {
	o := inProcess(t, "materials", "--subject", "individual", "--province", "fujian", "--format", "json", "--lang", "zh", "--set", "materials=id-card")
	var got struct {
		Items []struct {
			ID, Title, Status, Why, Form string
			Needs                        []string
		}
		Needs []string
	}
	if err := json.Unmarshal([]byte(o.stdout), &got); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(got.Items, func(i struct {
		ID, Title, Status, Why, Form string
		Needs                        []string
	}) bool {
		return i.ID == "residence-permit"
	})
	if i < 0 {
		t.Fatalf("no residence permit in %s", o.stdout)
	}
	item := got.Items[i]
	if item.Status != "depends" || !slices.Equal(item.Needs, []string{"subject.lead.household_province"}) || item.Title == "" || item.Why == "" || item.Form == "" {
		t.Errorf("got %+v", item)
	}
	if !slices.Contains(got.Needs, "subject.lead.identity") {
		t.Errorf("needs are %v", got.Needs)
	}
	if strings.Contains(o.stdout, "null") {
		t.Errorf("a null where a list or a text is promised:\n%s", o.stdout)
	}
}

// TestMaterialsText: the words come in the language asked for, and the open
// facts say what they would add.
func TestMaterialsText(t *testing.T) {
	zh := inProcess(t, "materials", "--province", "云南", "--subject", "事业单位", "--lang", "zh")
	for _, want := range []string{"材料清单", "✗ 缺少", "编办证明", "主体负责人身份", "中国内地居民 → 居民身份证", "= 缺少必备材料"} {
		if !strings.Contains(zh.stdout, want) {
			t.Errorf("no %q in\n%s", want, zh.stdout)
		}
	}
	en := inProcess(t, "materials", "--province", "yunnan", "--subject", "institution", "--lang", "en", "--quiet")
	for _, want := range []string{"documents for", "✗ missing", "staffing-office-proof"} {
		if !strings.Contains(en.stdout, want) {
			t.Errorf("no %q in\n%s", want, en.stdout)
		}
	}
	if strings.Contains(en.stdout, "may be asked") {
		t.Errorf("--quiet prints what is not wrong:\n%s", en.stdout)
	}
}

func TestMaterialsOutput(t *testing.T) {
	name := filepath.Join(t.TempDir(), "list.json")
	o := inProcess(t, "materials", "--format", "text", "--format", "json", "--output", name)
	if o.status != 3 || o.stdout == "" {
		t.Errorf("status %d, %s", o.status, o.stderr)
	}
	data, err := os.ReadFile(name)
	if err != nil || !json.Valid(data) {
		t.Errorf("the file is no JSON: %v", err)
	}
}

// TestMaterialsAligned: what is said below a document begins in one column,
// whatever its label, in both languages.
func TestMaterialsAligned(t *testing.T) {
	for _, lang := range text.Langs() {
		o := inProcess(t, "materials", "--lang", string(lang), "--verbose")
		columns := map[int]bool{}
		found := false
		for line := range strings.Lines(o.stdout) {
			for _, k := range []text.Key{text.DocOneOf, text.DocWhy, text.DocForm} {
				label := text.Catalogue(k).In(lang) + map[text.Lang]string{text.Zh: "：", text.En: ":"}[lang]
				if rest, ok := strings.CutPrefix(strings.TrimLeft(line, " "), label); ok {
					columns[text.Width(line)-text.Width(strings.TrimLeft(rest, " "))] = true
					found = found || k == text.DocOneOf
				}
			}
		}
		if len(columns) != 1 || !found {
			t.Errorf("%s: begins in the columns %v (one of: %t)\n%s", lang, columns, found, o.stdout)
		}
	}
}
