package rulebook_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// files is a layer written out in a test.
type files map[string]string

func (f files) layer(name string) rulebook.Layer {
	fsys := fstest.MapFS{}
	for path, content := range f {
		fsys[path] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(content, "\t", "  "))}
	}
	return rulebook.Layer{Name: name, FS: fsys}
}

// small is a rulebook with a row or two of every kind.
var small = files{
	"rulebook.yaml": "version: \"1\"\ndate: 2026-11-24\norder: [second, first]\n",
	"tables/sources.yaml": `
table: sources
columns: {url: text, date: text}
rows:
  - {id: decree, name: {zh: 法令, en: A decree}}
`,
	"tables/provinces.yaml": `
table: provinces
verified: 2026-11-24
columns:
  min_validity_days: {type: int, required: true, title: {zh: 天数, en: days}}
  lead_rule: {type: text, one_of: [required, free]}
  islands: {type: bool, default: false}
rows:
  - {id: north, name: {zh: 北省, en: North}, also: [北, CN-N], min_validity_days: 90, lead_rule: {value: required, source: [decree], confidence: low, note: heard}, source: [decree]}
  - {id: south, name: {zh: 南省, en: South}, min_validity_days: 180, source: [decree]}
`,
	"tables/suffixes.yaml": `
table: suffixes
columns: {approval: {type: text, one_of: [approved, not-approved, unlisted]}, confirmed: bool}
rows:
  - {id: cn, approval: approved, source: [decree]}
  - {id: com.cn, approval: approved, confidence: low, source: [decree]}
`,
	"tables/suffixes-not-approved.yaml": `
table: suffixes-not-approved
columns: {approval: {type: text, one_of: [approved, not-approved, unlisted]}}
rows:
  - {id: io, approval: not-approved, source: [decree]}
`,
	"tables/registrars.yaml": `
table: registrars
columns: {iana_ids: list, match_names: list, approval: {type: text, one_of: [approved, not-approved, unverified, unlisted]}}
rows:
  - {id: east, name: {zh: 东方域名有限公司, en: East Names}, iana_ids: ["1"], match_names: ["East Names Co., Ltd."], approval: approved, source: [decree]}
  - {id: west, name: {zh: 西方域名, en: West Names}, iana_ids: ["2", "3"], match_names: ["West Names, Inc."], approval: not-approved, source: [decree]}
`,
	"tables/registrar-brands.yaml": `
table: registrar-brands
columns: {companies: {type: list, ref: registrars}}
rows:
  - {id: sunrise, name: {zh: 日出, en: Sunrise}, companies: [east], source: [decree]}
  - {id: sunset, name: {zh: 日落, en: Sunset}, also: [West], companies: [west], source: [decree]}
  - {id: compass, name: {zh: 罗盘, en: Compass}, companies: [east, west], source: [decree]}
`,
	"tables/server-types.yaml": `
table: server-types
columns: {quota: int, names: list}
rows:
  - {id: cloud/vm, name: {zh: 云主机, en: VM}, names: [虚拟机], quota: 5, source: [decree]}
  - {id: other/box, name: {zh: 盒子, en: Box}, quota: 1, source: [decree]}
`,
	"tables/regions.yaml": `
table: regions
columns: {mainland: bool}
rows:
  - {id: cloud/one, mainland: true, source: [decree]}
`,
	"tables/words.yaml": `
table: words
columns: {names: list}
rows:
  - {id: real-name/verified, name: {zh: 已认证, en: verified}, names: [passed], source: [decree]}
  - {id: real-name/none, name: {zh: 未认证, en: none}, source: [decree]}
`,
	"tables/providers.yaml":     "table: providers\nrows:\n  - {id: cloud, name: {zh: 云, en: Cloud}, source: [decree]}\n",
	"tables/subject-types.yaml": "table: subject-types\nrows:\n  - {id: individual, source: [decree]}\n",
	"tables/certificates.yaml":  "table: certificates\nrows:\n  - {id: card, source: [decree]}\n",
	"tables/facts.yaml":         "table: facts\ncolumns: {find: both}\nrows:\n  - {id: province, name: {zh: 省份, en: province}, find: {zh: 证件, en: the document}, source: [decree]}\n",
	"checks/first.yaml":         check("first", "province.min_validity_days > 0"),
	"checks/second.yaml":        check("second", "site.commercial == false"),
	"checks/third.yaml":         check("third", "true"),
}

func check(id, pass string) string {
	return fmt.Sprintf(`id: %s
title: {zh: 标题, en: Title}
pass: %q
message:
  pass: {zh: 好, en: good}
  fail: {zh: 不好, en: bad}
remedy: {zh: 改, en: Change it.}
source: [decree]
verified: 2026-11-24
`, id, pass)
}

func open(t *testing.T, layers ...files) *rulebook.Rulebook {
	t.Helper()
	book, err := lay(layers...)
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func lay(layers ...files) (*rulebook.Rulebook, error) {
	over := make([]rulebook.Layer, len(layers))
	for i, f := range layers {
		over[i] = f.layer(fmt.Sprintf("layer%d", i))
	}
	return rulebook.Load(small.layer(""), over...)
}

func TestOrder(t *testing.T) {
	var ids []string
	for _, c := range open(t, files{"rulebook.yaml": "order: [third]\n"}).Checks() {
		ids = append(ids, c.ID)
	}
	if !slices.Equal(ids, []string{"second", "first", "third"}) {
		t.Errorf("got %q", ids)
	}
	// What no order names comes last, by id.
	book := open(t, files{"checks/alpha.yaml": check("alpha", "true")})
	if last := book.Checks()[len(book.Checks())-2:]; last[0].ID != "alpha" || last[1].ID != "third" {
		t.Errorf("got %s, %s", last[0].ID, last[1].ID)
	}
}

func TestLayers(t *testing.T) {
	base := open(t)
	book := open(t,
		files{
			"rulebook.yaml": "version: acme\n",
			"tables/provinces.yaml": `
table: provinces
columns: {hours: text}
rows:
  - {id: north, patch: true, min_validity_days: 45, hours: 9-17}
  - {id: east, min_validity_days: 60, source: [acme]}
`,
			"tables/sources.yaml": "table: sources\nrows:\n  - {id: acme, name: {zh: 我们的, en: Ours}}\n",
			"checks/second.yaml":  check("second", "site.commercial == true"),
			"checks/fourth.yaml":  check("fourth", "province.hours != ''"),
		},
		files{"tables/provinces.yaml": "table: provinces\nrows:\n  - {id: north, patch: true, min_validity_days: 30}\n"},
	)
	north := book.Row("provinces", "north")
	if north.Value("min_validity_days") != int64(30) || north.Text("hours") != "9-17" || north.Text("lead_rule") != "required" || north.Name.En != "North" {
		t.Errorf("the patched row is %+v", north)
	}
	if got := book.Row("provinces", "east").Value("min_validity_days"); got != int64(60) {
		t.Errorf("the new row has %v", got)
	}
	if got := book.IDs("provinces"); !slices.Equal(got, []string{"north", "south", "east"}) {
		t.Errorf("got %q", got)
	}
	if book.Check("second").Parts[0].Pass.Source != "site.commercial == true" || book.Check("first") == nil || book.Check("fourth") == nil {
		t.Error("the checks are not laid over each other")
	}
	if book.Version != "1+acme" || base.Version != "1" || book.Date != "2026-11-24" {
		t.Errorf("versions %q, %q of %s", base.Version, book.Version, book.Date)
	}
	if base.Digest() == book.Digest() || base.Digest() != open(t).Digest() || !strings.HasPrefix(base.Digest(), "sha256:") {
		t.Errorf("digests %q, %q", base.Digest(), book.Digest())
	}
	// The base is not touched by what lies over it.
	if got := base.Row("provinces", "north").Value("min_validity_days"); got != int64(90) {
		t.Errorf("the base has %v", got)
	}
	if problems := book.Compile(); len(problems) > 0 {
		t.Error(problems)
	}
}

func TestLayerMistakes(t *testing.T) {
	provinces := func(row string) files {
		return files{"tables/provinces.yaml": "table: provinces\nrows:\n  - " + row + "\n"}
	}
	tests := map[string]struct {
		layer files
		want  string
	}{
		"half a row":         {provinces("{id: north, min_validity_days: 1, islands: true}"), `leaves out "lead_rule"`},
		"patch of nothing":   {provinces("{id: nroth, patch: true, min_validity_days: 1}"), `no row "nroth" to patch in table "provinces", did you mean "north"?`},
		"source of a patch":  {provinces("{id: north, patch: true, min_validity_days: 1, source: [decree]}"), `source of row "north" would be lost: write it beside the value`},
		"source unnamed":     {files{"tables/sources.yaml": "table: sources\nrows:\n  - {id: acme}\n"}, `row "acme" lacks "name"`},
		"source titled":      {files{"tables/sources.yaml": "table: sources\nrows:\n  - {id: acme, title: Ours}\n"}, `unknown column "title"`},
		"source in English":  {files{"tables/sources.yaml": "table: sources\nrows:\n  - {id: acme, name: {en: Ours}}\n"}, "the Chinese text (zh) is missing"},
		"source in Chinese":  {files{"tables/sources.yaml": "table: sources\nrows:\n  - {id: acme, name: {zh: 我们的}}\n"}, "the English text (en) is missing"},
		"name of a patch":    {provinces("{id: north, name: {zh: 北, en: N}, patch: true}"), `name of row "north" would be lost: take it out`},
		"unknown column":     {provinces("{id: north, patch: true, min_validity_day: 1}"), `unknown column "min_validity_day", did you mean "min_validity_days"?`},
		"wrong type":         {provinces("{id: north, patch: true, min_validity_days: x}"), `min_validity_days: want a whole number, got "x"`},
		"not one of":         {provinces("{id: north, patch: true, lead_rule: maybe}"), `lead_rule: "maybe" is not one of required, free`},
		"required":           {provinces("{id: west}"), `row "west" lacks "min_validity_days"`},
		"unknown source":     {provinces("{id: north, patch: true, min_validity_days: {value: 1, source: [rumour]}}"), `unknown source "rumour"`},
		"confidence":         {provinces("{id: north, patch: true, min_validity_days: {value: 1, confidence: total}}"), `unknown confidence "total"`},
		"name taken":         {provinces("{id: west, min_validity_days: 1, also: [北]}"), `the name "北" already means "north"`},
		"table typo":         {files{"tables/province.yaml": "table: province\nrows: [{id: north}]\n"}, `there is no table "province" below this layer`},
		"column retyped":     {files{"tables/provinces.yaml": "table: provinces\ncolumns: {islands: text}\nrows: []\n"}, `column "islands" is bool in the table below this layer, not text`},
		"reserved column":    {files{"tables/provinces.yaml": "table: provinces\ncolumns: {source: text}\nrows: []\n"}, `a column cannot be called "source"`},
		"cel":                {files{"checks/x.yaml": check("x", "provnce == 'north'")}, "undeclared reference to 'provnce'"},
		"cel types":          {files{"checks/x.yaml": check("x", "province > 3")}, "no matching overload"},
		"cel no bool":        {files{"checks/x.yaml": check("x", "province")}, "gives string, want true or false"},
		"source of check":    {files{"checks/x.yaml": strings.Replace(check("x", "true"), "decree", "rumour", 1)}, `check "x": unknown source "rumour"`},
		"file name":          {files{"checks/y.yaml": check("x", "true")}, `check id "x" differs from the file name, want "y"`},
		"parts of no table":  {files{"checks/x.yaml": strings.Replace(check("x", "true"), `pass: "true"`, "parts_from: {table: nothing, group: a, pass: 1 == 1}", 1)}, `there is no table "nothing"`},
		"no Chinese":         {files{"checks/x.yaml": strings.Replace(check("x", "true"), "zh: 改, ", "", 1)}, "the Chinese text (zh) is missing"},
		"no English":         {files{"checks/x.yaml": strings.Replace(check("x", "true"), ", en: bad", "", 1)}, "the English text (en) is missing"},
		"placeholders":       {files{"checks/x.yaml": strings.Replace(check("x", "true"), "{zh: 不好, en: bad}", `{zh: "{province}不好", en: "{kind} is bad"}`, 1)}, `the placeholders differ: zh has ["province"], en has ["kind"]`},
		"parts of no column": {files{"checks/x.yaml": strings.Replace(check("x", "true"), `pass: "true"`, "parts_from: {table: provinces, lead_rule: required, pass: row.min_validity_day > 1}", 1)}, `table "provinces" has no column "min_validity_day", did you mean "min_validity_days"?`},
		"parts without pass": {files{"checks/x.yaml": strings.Replace(check("x", "true"), `pass: "true"`, "parts_from: {table: provinces, lead_rule: required}", 1)}, "parts_from: want {table: NAME, COLUMN: VALUE, pass: RULE}"},
		"parts of no row":    {files{"checks/x.yaml": strings.Replace(check("x", "true"), `pass: "true"`, "parts_from: {table: provinces, lead_rule: free, pass: row.islands}", 1)}, `no row of table "provinces" has lead_rule: free`},
		"empty":              {files{"README.md": "x"}, `no rule files in "layer0"`},
		"head":               {files{"rulebook.yaml": "verson: 1\n"}, `unknown key "verson"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := lay(test.layer)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			var ps yamlfile.Problems
			if errors.As(err, &ps) {
				for _, p := range ps {
					if !strings.HasPrefix(p.File, "layer0/") || p.Line == 0 {
						t.Errorf("no place in the layer: %v", p)
					}
				}
			}
		})
	}
}

// TestCited: a sentence that rests on one source names the newest, in its language.
func TestCited(t *testing.T) {
	book := open(t, files{
		"tables/sources.yaml": `
table: sources
rows:
  - {id: old, name: {zh: 旧规定, en: Old rules}, date: about 2017}
  - {id: new, name: {zh: 新规定, en: New rules}, date: "2019-09-12; Tibet 2018"}
`,
		"tables/provinces.yaml": `
table: provinces
rows:
  - {id: north, patch: true, min_validity_days: {value: 45, source: [decree, new, old]}}
`,
	})
	north := book.Row("provinces", "north")
	tests := []struct {
		column, id string
		cited      text.Text
	}{
		{"min_validity_days", "new", text.Text{Zh: "新规定，2019 年", En: "New rules, 2019"}},
		{"lead_rule", "decree", text.Text{Zh: "法令", En: "A decree"}}, // without a date
		{"islands", "decree", text.Text{Zh: "法令", En: "A decree"}},   // the row's
	}
	for _, test := range tests {
		id := book.SourceOf(north, test.column)
		if id != test.id || book.Cited(id) != test.cited {
			t.Errorf("%s: got %q, %v", test.column, id, book.Cited(id))
		}
	}
	if got := book.FactLabel("province.lead_rule.source"); got != (text.Text{Zh: "来源", En: "source"}) {
		t.Errorf("the path of a source is called %v", got)
	}
}

// TestJoins asks the rows that facts name.
func TestJoins(t *testing.T) {
	book := open(t)
	tests := []struct {
		join  string
		facts map[string]string
		want  string // id of the row, "none" where no table has it
		needs string
	}{
		{"province", map[string]string{"province": "south"}, "south", ""},
		{"province", map[string]string{"province": "nowhere"}, "none", ""},
		{"province", nil, "", "province"},

		{"suffix", map[string]string{"domain.suffix": "com.cn"}, "com.cn", ""},
		{"suffix", map[string]string{"domain.suffix": "gov.cn"}, "cn", ""},
		{"suffix", map[string]string{"domain.suffix": "a.b.io"}, "io", ""},
		{"suffix", map[string]string{"domain.suffix": "xyz"}, "unlisted", ""},
		{"suffix", nil, "", "domain.name"},

		{"registrar", map[string]string{"domain.registrar_iana_id": "3"}, "west", ""},
		{"registrar", map[string]string{"domain.registrar_iana_id": " 1 "}, "east", ""},
		{"registrar", map[string]string{"domain.registrar": "EAST NAMES CO.,LTD"}, "east", ""},
		{"registrar", map[string]string{"domain.registrar": "east names"}, "east", ""},
		{"registrar", map[string]string{"domain.registrar": "东方域名 有限公司"}, "east", ""},
		{"registrar", map[string]string{"domain.registrar": "West Names Inc"}, "west", ""},
		{"registrar", map[string]string{"domain.registrar": "Ｗｅｓｔ Names, LLC"}, "west", ""},
		{"registrar", map[string]string{"domain.registrar": "某某公司"}, "unlisted", ""},
		// The id counts, unless the name says the opposite.
		{"registrar", map[string]string{"domain.registrar_iana_id": "1", "domain.registrar": "某某公司"}, "east", ""},
		{"registrar", map[string]string{"domain.registrar_iana_id": "99", "domain.registrar": "East Names"}, "east", ""},
		{"registrar", map[string]string{"domain.registrar_iana_id": "1", "domain.registrar": "West Names"}, "", "registrar.approval"},
		// A brand is no registrar, and tells one only where no other company is behind it.
		{"registrar", map[string]string{"domain.registrar": "日出"}, "sunrise", ""},
		{"registrar", map[string]string{"domain.registrar": "compass"}, "compass", ""},
		{"registrar", map[string]string{"domain.registrar": "West"}, "sunset", ""},
		{"registrar", map[string]string{"domain.registrar": "West Names"}, "west", ""},
		{"registrar", map[string]string{"domain.registrar_iana_id": "1", "domain.registrar": "Compass"}, "east", ""},
		{"registrar", map[string]string{"domain.registrar_iana_id": "2", "domain.registrar": "Sunrise"}, "", "registrar.approval"},
		{"registrar", map[string]string{"domain.registrar_iana_id": "99", "domain.registrar": "Sunrise"}, "sunrise", ""},
		{"registrar", nil, "", "domain.registrar"},

		{"server_type", map[string]string{"provider": "cloud", "server.type": "vm"}, "cloud/vm", ""},
		{"server_type", map[string]string{"provider": "other", "server.type": "vm"}, "none", ""},
		{"server_type", map[string]string{"server.type": "vm"}, "", "provider"},
		{"server_type", nil, "", "provider server.type"},
		{"region", map[string]string{"provider": "cloud", "server.region": "one"}, "cloud/one", ""},
	}
	for _, test := range tests {
		join, column, ok := rulebook.JoinOf(test.join + ".id")
		if !ok || column != "id" {
			t.Fatalf("there is no join %s", test.join)
		}
		row, missing := join.Row(book, func(path string) (string, bool) { v, ok := test.facts[path]; return v, ok })
		got := ""
		switch {
		case row != nil:
			got = row.ID
		case missing == nil:
			got = "none"
		}
		if got != test.want || strings.Join(missing, " ") != test.needs {
			t.Errorf("%s of %v: got %q needing %q, want %q needing %q", test.join, test.facts, got, missing, test.want, test.needs)
		}
	}
	for brand, approval := range map[string]string{"Sunrise": "approved", "Sunset": "brand", "Compass": "brand"} {
		join, _, _ := rulebook.JoinOf("registrar.approval")
		row, _ := join.Row(book, func(path string) (string, bool) { return brand, path == "domain.registrar" })
		if row.Text("approval") != approval || len(row.List("companies")) == 0 {
			t.Errorf("%s: got approval %q of %v, want %q", brand, row.Text("approval"), row.List("companies"), approval)
		}
	}
	for _, path := range []string{"province", "subject.type", "domain.suffix"} {
		if _, _, ok := rulebook.JoinOf(path); ok {
			t.Errorf("%s is a join", path)
		}
	}
}

func TestVocabulary(t *testing.T) {
	book := open(t)
	tests := []struct{ vocabulary, word, provider, want string }{
		{"provinces", "north", "", "north"},
		{"provinces", "北省", "", "north"},
		{"provinces", "北", "", "north"},
		{"provinces", "cn-n", "", "north"},
		{"provinces", " North ", "", "north"},
		{"provinces", "东", "", ""},
		{"real-name", "已认证", "", "verified"},
		{"real-name", "Passed", "", "verified"},
		{"real-name", "real-name/verified", "", ""},
		{"server-types", "虚拟机", "cloud", "vm"},
		{"server-types", "box", "cloud", ""},
		{"server-types", "box", "", "box"},
		{"server-types", "anything", "unheard-of", "anything"},
		{"nothing", "x", "", ""},
	}
	for _, test := range tests {
		got, ok := book.Resolve(test.vocabulary, test.word, test.provider)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("%s %q of %q: got %q, %t, want %q", test.vocabulary, test.word, test.provider, got, ok, test.want)
		}
	}
	if got := book.Words("real-name", ""); !slices.Equal(got, []string{"verified", "none"}) {
		t.Errorf("got %q", got)
	}
	if got := book.Words("server-types", ""); !slices.Equal(got, []string{"vm", "box"}) {
		t.Errorf("got %q", got)
	}
	if got := book.Label("provinces", "north", "").In(text.Zh) + book.Label("real-name", "none", "").In(text.Zh) + book.Label("provinces", "x", "").In(text.Zh); got != "北省未认证x" {
		t.Errorf("got %q", got)
	}
	if got := book.FewValues("province", ""); len(got) != 2 || got[0] != "north" {
		t.Errorf("got %v", got)
	}
	for path, want := range map[string]int{"account.chengxintong": 2, "subject.name": 0, "province.islands": 2, "province.lead_rule": 2, "province.min_validity_days": 0, "nothing": 0} {
		if got := book.FewValues(path, ""); len(got) != want {
			t.Errorf("%s has the values %v", path, got)
		}
	}
	if kind, ok := book.Derivable("province.min_validity_days"); !ok || kind != filing.Int {
		t.Errorf("got %v, %t", kind, ok)
	}
	for _, path := range []string{"province", "province.nothing", "now"} {
		if _, ok := book.Derivable(path); ok {
			t.Errorf("%s can be looked up", path)
		}
	}
	if book.FactLabel("province").En != "province" || book.FactLabel("province.min_validity_days").En != "days" || book.FactLabel("x").En != "x" || book.HowToFind("province").En != "the document" {
		t.Error("a label is mistaken")
	}
}

func TestCells(t *testing.T) {
	row := open(t).Row("provinces", "north")
	cell := row.Cells["lead_rule"]
	if cell.Value != "required" || cell.Note != "heard" || row.ConfidenceOf("lead_rule") != "low" || row.ConfidenceOf("min_validity_days") != "high" {
		t.Errorf("the cell is %+v", cell)
	}
	if !slices.Equal(row.SourcesOf("lead_rule"), []string{"decree"}) || row.Verified != "2026-11-24" || row.Value("islands") != nil {
		t.Errorf("the row is %+v", row)
	}
}

// TestLint finds what loading lets pass, each in its place.
func TestLint(t *testing.T) {
	// sound is a check that Lint finds nothing wrong with.
	sound := check("x", "site.commercial") + `tests:
  - {given: {site.commercial: true}, expect: pass}
  - {given: {site.commercial: false}, expect: fail}
  - {given: {}, expect: undetermined}
`
	without := func(line string) files {
		if !strings.Contains(sound, line) {
			t.Fatalf("the check has no %q", line)
		}
		return files{"checks/x.yaml": strings.Replace(sound, line, "", 1)}
	}
	row := func(table, columns, row string) files {
		return files{"tables/" + table + ".yaml": "table: " + table + "\nverified: 2026-11-24\ncolumns: " + columns + "\nrows:\n  - " + row + "\n"}
	}
	tests := map[string]struct {
		layer files
		file  string // where the problem is
		want  string // "" for none
	}{
		"sound":              {files{"checks/x.yaml": sound}, "", ""},
		"no remedy":          {without("remedy: {zh: 改, en: Change it.}\n"), "checks/x.yaml", `check "x": no remedy`},
		"no source":          {without("source: [decree]\n"), "checks/x.yaml", `check "x": no source`},
		"not verified":       {without("verified: 2026-11-24\n"), "checks/x.yaml", `check "x": no verified`},
		"no message":         {without("  fail: {zh: 不好, en: bad}\n"), "checks/x.yaml", `check "x": no message for fail`},
		"no test for pass":   {without("  - {given: {site.commercial: true}, expect: pass}\n"), "checks/x.yaml", `check "x": no test expects pass`},
		"no test for fail":   {without("  - {given: {site.commercial: false}, expect: fail}\n"), "checks/x.yaml", `check "x": no test expects fail`},
		"none undetermined":  {without("  - {given: {}, expect: undetermined}\n"), "checks/x.yaml", `check "x": no test expects undetermined`},
		"none inapplicable":  {files{"checks/x.yaml": strings.Replace(sound, "pass:", "absent: not-applicable\npass:", 1)}, "checks/x.yaml", `check "x": no test expects not-applicable`},
		"macro over facts":   {files{"checks/x.yaml": strings.Replace(sound, "site.commercial\"", "domain.statuses.exists(s, s == 'ok')\"", 1)}, "checks/x.yaml", `goes through the list of facts domain.statuses`},
		"macro in a message": {files{"checks/x.yaml": strings.Replace(sound, "fail: {zh: 不好, en: bad}", "fail: [{when: \"page.copyright.all(c, c != '')\", zh: 不好, en: bad}, {zh: 坏, en: worse}]", 1)}, "checks/x.yaml", `goes through the list of facts page.copyright`},
		"macro over a table": {files{"checks/x.yaml": strings.Replace(sound, "site.commercial\"", "registrar.iana_ids.exists(s, s == domain.registrar)\"", 1)}, "checks/x.yaml", ""},
		"unused source":      {row("sources", "{}", "{id: rumour, name: {zh: 传闻, en: Hearsay}}"), "tables/sources.yaml", `source "rumour" is cited nowhere`},
		"unread table":       {row("spare", "{a: text}", "{id: one, source: [decree]}"), "tables/spare.yaml", `no check or command reads table "spare"`},
		"unread word":        {row("words", "{}", "{id: colour/red, source: [decree]}"), "tables/words.yaml", `no check or command reads row "colour/red" of table "words"`},
		"unread fact":        {row("facts", "{}", "{id: site.colour}"), "tables/facts.yaml", `no check or command reads row "site.colour" of table "facts"`},
		"unread step":        {row("steps", "{a: text}", "{id: wait, source: [decree]}"), "tables/steps.yaml", `no check or command reads row "wait" of table "steps"`},
		"unread region":      {row("regions", "{}", "{id: nobody/one, mainland: true, source: [decree]}"), "tables/regions.yaml", `no check or command reads row "nobody/one" of table "regions"`},
		"row without source": {row("certificates", "{}", "{id: stamp}"), "tables/certificates.yaml", `row "stamp" of table "certificates": no source`},
		"row not verified":   {files{"tables/certificates.yaml": "table: certificates\nrows: [{id: stamp, source: [decree]}]\n"}, "tables/certificates.yaml", `row "stamp" of table "certificates": no verified`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			// Of the small rulebook below the layer other things are wrong.
			var found []string
			for _, p := range open(t, test.layer).Lint() {
				if strings.HasPrefix(p.File, "layer0/") || strings.HasPrefix(p.File, "tables/spare") {
					found = append(found, strings.TrimPrefix(p.File, "layer0/")+": "+p.Message)
				}
			}
			if test.want == "" && len(found) == 0 {
				return
			}
			if test.want == "" || !slices.ContainsFunc(found, func(s string) bool {
				return strings.HasPrefix(s, test.file+": ") && strings.Contains(s, test.want)
			}) {
				t.Errorf("want %q in %s, got %q", test.want, test.file, found)
			}
		})
	}
}

// TestPartsFrom: rows become parts, with the row's values in the rules.
func TestPartsFrom(t *testing.T) {
	book := open(t, files{
		"tables/words-in-names.yaml": `
table: words-in-names
columns: {check: text, level: text, words: list, least: int, on: bool, as_of: date, when: rule, says: both, remedy: both}
rows:
  - {id: a, check: x, level: hard, words: ["it's", '"']}
  - {id: b, check: x, level: soft, least: 3, on: true, as_of: 2026-11-24, when: kind == 'first', says: {zh: "{kind}坏", en: "{kind} is bad"}, remedy: {zh: 改, en: Mend it.}}
  - {id: c, check: other}
`,
		"checks/x.yaml": strings.Replace(check("x", "true"), `pass: "true"`, `parts_from:
  table: words-in-names
  check: x
  when: row.when
  pass: "!contains_any(site.name, row.words) && letter_count(site.name) >= row.least && !row.on && now > row.as_of"
  severity: {column: level, soft: warning}`, 1),
	})
	c := book.Check("x")
	if len(c.Parts) != 2 || c.Parts[0].ID != "a" || c.Parts[1].ID != "b" {
		t.Fatalf("got %d parts", len(c.Parts))
	}
	a, b := c.Parts[0], c.Parts[1]
	if a.When != nil || a.Severity != verdict.Error || len(a.Message) > 0 || b.When.Source != "kind == 'first'" || b.When.Position.Line != 6 || b.Severity != verdict.Warning {
		t.Errorf("got %+v, %+v", a, b)
	}
	if want := `!contains_any(site.name, ["it's", "\""]) && letter_count(site.name) >= 0 && !false && now > timestamp("0001`; !strings.HasPrefix(a.Pass.Source, want) {
		t.Errorf("got %s", a.Pass.Source)
	}
	if !strings.Contains(b.Pass.Source, `>= 3 && !true && now > timestamp("2026-11-24T00:00:00+08:00")`) || len(b.Message[verdict.Fail]) != 1 || len(b.Remedy) != 1 {
		t.Errorf("got %s", b.Pass.Source)
	}
	if problems := book.Compile(); len(problems) > 0 {
		t.Error(problems)
	}
}
