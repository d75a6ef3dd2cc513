package filing_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// words is a small vocabulary: names by word, the same in every list.
type words map[string]string

var vocabulary = words{
	"zhejiang": "zhejiang", "浙江": "zhejiang", "aliyun": "aliyun", "阿里云": "aliyun", "enterprise": "enterprise", "企业": "enterprise",
	"verified": "verified", "none": "none", "id-card": "id-card", "身份证": "id-card", "mainland": "mainland", "subscription": "subscription",
	"first": "first", "china": "china", "ecs": "ecs", "blog": "blog", "unit": "unit", "business-license": "business-license",
}

func (w words) Resolve(_, word, _ string) (string, bool) {
	id, ok := w[word]
	return id, ok
}

func (w words) Instead(_, _, _ string) text.Text { return text.Text{} }

func (w words) Words(_, _ string) []string { return []string{"zhejiang", "enterprise", "verified"} }

func (w words) Derivable(path string) (filing.Type, bool) {
	return filing.Int, path == "province.min_validity_days"
}

func decode(t *testing.T, s string) *filing.Filing {
	t.Helper()
	f, err := filing.Decode("filing.yaml", []byte(s), vocabulary)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return f
}

func TestDecode(t *testing.T) {
	f := decode(t, `
provider: 阿里云
province: 浙江
subject:
  type: 企业
  sites_filed: 0
  lead: {legal_representative: false, id_number: "110101199001010010"}
domains:
  - name: WWW.示例.中国
    expires_on: 2027-02-20
    statuses: [ok, ok]
    registrar:
  - example.com
materials: [身份证]
`)
	day := time.Date(2027, 2, 20, 0, 0, 0, 0, calendar.Beijing)
	for path, want := range map[string]any{
		"provider": "aliyun", "province": "zhejiang", "subject.type": "enterprise", "subject.sites_filed": int64(0),
		"subject.lead.legal_representative": false, "subject.lead.id_number": "110101199001010010", "materials": []string{"id-card"},
	} {
		if got := f.Facts[path].Value; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, want %#v", path, got, want)
		}
	}
	if len(f.Domains) != 2 {
		t.Fatalf("%d domains", len(f.Domains))
	}
	for path, want := range map[string]any{
		"domain.name": "示例.中国", "domain.host": "www.示例.中国", "domain.suffix": "xn--fiqs8s", "domain.expires_at": day, "domain.statuses": []string{"ok"},
	} {
		if got := f.Domains[0].Facts[path].Value; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, want %#v", path, got, want)
		}
	}
	// A key without a value is an absent fact, not an empty one.
	if _, known := f.Domains[0].Facts["domain.registrar"]; known {
		t.Error("an empty registrar is known")
	}
	origin := f.Facts["subject.type"].Origin
	if origin.Source != filing.FromFile || origin.Position != (yamlfile.Position{File: "filing.yaml", Line: 5, Column: 9}) {
		t.Errorf("the origin is %+v", origin)
	}
	if f.Domains[1].Name() != "example.com" {
		t.Errorf("the second domain is %q", f.Domains[1].Name())
	}
}

// TestEveryField reads each fact of the schema from a file under the key that
// FilePath names, and refuses it where only a look-up may give it.
func TestEveryField(t *testing.T) {
	values := map[filing.Type]string{filing.Bool: "true", filing.Int: "3", filing.Time: "2027-02-20", filing.Text: "text", filing.List: "[text]"}
	for _, field := range filing.Fields() {
		if field.Path == "domain.name" {
			continue
		}
		value := values[field.Type]
		if field.Address {
			value = "[203.0.113.7]"
		}
		if field.Status {
			value = "[serverHold]"
		}
		if field.Vocabulary != "" {
			value = strings.Replace(value, "text", "id-card", 1) // in every list of the toy vocabulary
		}
		key := filing.FilePath(field.Path)
		var file string
		if rest, ok := strings.CutPrefix(key, "domains[]."); ok {
			file = "domains: [{name: example.com, " + rest + ": " + value + "}]"
		} else {
			parts := strings.Split(key, ".")
			file = strings.Join(parts, ": {") + ": " + value + strings.Repeat("}", len(parts)-1)
		}
		f, err := filing.Decode("f", []byte(file), vocabulary)
		if field.LookupOnly {
			if err == nil {
				t.Errorf("%s is accepted from a file", field.Path)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		facts := f.Facts
		if field.Domain() {
			facts = f.Domains[0].Facts
		}
		if facts[field.Path].Value == nil {
			t.Errorf("%s gives no %s", file, field.Path)
		}
	}
}

func TestDecodeAllProblems(t *testing.T) {
	_, err := filing.Decode("f.yaml", []byte("provinec: 1\nprovince: nowhere\nsubject: {type: 5, sites_filed: -1}\ndomains: [{name: a_b.com}, {name: example.com, expires_on: 2027-02-30}]\n"), vocabulary)
	var ps yamlfile.Problems
	if !errors.As(err, &ps) || len(ps) != 6 {
		t.Fatalf("want 6 problems, got %v", err)
	}
	for i, want := range []string{"1:1", "2:11", "3:17", "3:33", "4:18", "4:60"} {
		if got := ps[i].Position.String(); got != "f.yaml:"+want {
			t.Errorf("problem %d is at %s, want %s: %s", i, got, want, ps[i].Message)
		}
	}
}

func assign(t *testing.T, f *filing.Filing, s string) {
	t.Helper()
	a, err := filing.ParseAssignment(s, vocabulary, "")
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	if err := f.Apply(a); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
}

func TestAssignment(t *testing.T) {
	f := decode(t, "province: zhejiang\ndomains: [www.example.com, {name: example.cn, real_name: verified}]\n")
	assign(t, f, "province=浙江")
	assign(t, f, "province.min_validity_days = 45")
	assign(t, f, "materials=身份证, business-license,")
	assign(t, f, "domain.statuses=[server-hold, 已过期]")
	assign(t, f, "domains[0].expires_on=2027-02-20")
	assign(t, f, "domains[example.cn].real_name=none")
	assign(t, f, "domains[www.example.com].registrar=a=b")
	first, second := f.Domains[0].Facts, f.Domains[1].Facts
	for _, test := range []struct{ got, want any }{
		{f.Facts["province.min_validity_days"].Value, int64(45)},
		{f.Facts["materials"].Value, []string{"id-card", "business-license"}},
		{first["domain.statuses"].Value, []string{"serverHold", "expired"}},
		{second["domain.statuses"].Value, []string{"serverHold", "expired"}},
		{first["domain.expires_at"].Value, time.Date(2027, 2, 20, 0, 0, 0, 0, calendar.Beijing)},
		{second["domain.expires_at"].Value, nil},
		{second["domain.real_name"].Value, "none"},
		{first["domain.registrar"].Value, "a=b"},
		{f.Facts["province"].Origin.Source, filing.FromFlag},
	} {
		if !reflect.DeepEqual(test.got, test.want) {
			t.Errorf("got %#v, want %#v", test.got, test.want)
		}
	}
	for s, want := range map[string]string{
		"province":                     "want path=value",
		"=x":                           "want path=value",
		"provinec=x":                   `did you mean "province"?`,
		"subject.sites_filed=many":     "want a whole number",
		"subject.sites_filed=-1":       "cannot be negative",
		"account.chengxintong=":        "is empty",
		"domain.host=x.com":            "cannot be set",
		"domains[0].name=x.com":        "cannot be set",
		"domain.expires_at=2027-02-30": "is not a date",
		"materials=id-card,nonsense":   "unknown value",
		"subject.lead.phone=":          "is empty",
	} {
		if _, err := filing.ParseAssignment(s, vocabulary, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", s, err, want)
		}
	}
	a, err := filing.ParseAssignment("domains[9].real_name=none", vocabulary, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Apply(a); err == nil {
		t.Error("a domain that is not there is set")
	}
}

func TestLearn(t *testing.T) {
	live := filing.Origin{Source: filing.FromRDAP, Server: "rdap.example"}
	d := &filing.Domain{Facts: filing.Facts{
		"domain.registrar": {Value: "old", Origin: filing.Origin{Source: filing.FromFile}},
		"domain.holder":    {Value: "same", Origin: filing.Origin{Source: filing.FromFile}},
		"domain.real_name": {Value: "set", Origin: filing.Origin{Source: filing.FromFlag}},
	}}
	d.Learn("domain.registrar", "new", live)
	d.Learn("domain.holder", "same", live)
	d.Learn("domain.real_name", "other", live)
	d.Learn("domain.registered", true, live)
	if d.Facts["domain.registrar"].Value != "new" || d.Facts["domain.real_name"].Value != "set" || d.Facts["domain.registered"].Value != true {
		t.Errorf("got %v", d.Facts)
	}
	if d.Facts["domain.holder"].Origin.Source != filing.FromRDAP {
		t.Error("what two sources say is not credited to the live one")
	}
	if len(d.Conflicts) != 1 || d.Conflicts[0].Dropped.Value != "old" || d.Conflicts[0].Kept.Value != "new" {
		t.Errorf("conflicts: %+v", d.Conflicts)
	}
}

func TestClone(t *testing.T) {
	f := decode(t, "province: zhejiang\ndomains: [example.com]\n")
	c := f.Clone()
	assign(t, c, "province.min_validity_days=1")
	assign(t, c, "domain.real_name=none")
	if len(f.Facts) != 1 || f.Domains[0].Facts["domain.real_name"].Value != nil {
		t.Error("changing the copy changes the original")
	}
	scope := f.Scope(f.Domains[0])
	delete(scope, "province")
	if len(f.Facts) != 1 || scope["domain.name"].Value != "example.com" {
		t.Error("a scope is not a copy with both kinds of facts")
	}
}

func TestSchema(t *testing.T) {
	fields := filing.Fields()
	paths := make([]string, len(fields))
	for i, f := range fields {
		paths[i] = f.Path
		if got, ok := filing.FieldOf(f.Path); !ok || got != f {
			t.Errorf("%s is not found", f.Path)
		}
	}
	shuffled := slices.Clone(paths)
	slices.Sort(shuffled)
	shuffled = append([]string{"zzz", "aaa"}, shuffled...)
	slices.SortFunc(shuffled, filing.Compare)
	if !slices.Equal(shuffled, append(paths, "aaa", "zzz")) {
		t.Error("Compare does not follow the order of Fields")
	}
}

// FuzzDecode holds that no file makes the decoder panic, and that all it
// complains about are problems of one line each that name the file.
func FuzzDecode(f *testing.F) {
	for _, pattern := range []string{"ok/*.yaml", "bad/*.yaml"} {
		names, err := filepath.Glob(filepath.Join("..", "..", "testdata", "filings", pattern))
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := filing.Decode("f.yaml", data, vocabulary)
		if err == nil {
			for path, fact := range got.Facts {
				if field, ok := filing.FieldOf(path); !ok || field.Domain() || fact.Value == nil {
					t.Fatalf("%s has the value %v", path, fact.Value)
				}
			}
			return
		}
		var ps yamlfile.Problems
		if !errors.As(err, &ps) || got != nil {
			t.Fatalf("%v is no list of problems", err)
		}
		for _, p := range ps {
			if p.File != "f.yaml" || strings.ContainsAny(p.Error(), "\n\r") {
				t.Fatalf("%q is not one line about the file", p.Error())
			}
		}
	})
}

// TestWaiverHolds: the last day, in Beijing, belongs to the waiver.
func TestWaiverHolds(t *testing.T) {
	f := decode(t, "accepted: [{check: ecs, reason: 5, until: 2026-11-24}]\n")
	w := f.Waiver("ecs")
	if w == nil || w.Reason != "5" || f.Waiver("blog") != nil {
		t.Fatalf("read as %+v", f.Accepted)
	}
	for at, want := range map[string]bool{
		"2026-11-01T00:00:00Z":      true,
		"2026-11-24T00:00:00+08:00": true,
		"2026-11-24T15:59:59Z":      true, // 23:59:59 in Beijing
		"2026-11-24T16:00:00Z":      false,
		"2026-12-31T00:00:00Z":      false,
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Holds(now); got != want {
			t.Errorf("at %s it holds: %v", at, got)
		}
	}
}
