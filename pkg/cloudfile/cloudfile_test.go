package cloudfile_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/icpcheck/icpcheck/pkg/cloudfile"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

var zero = 0.0

// forms are made up: this package knows no cloud.
var forms = []cloudfile.Form{
	{
		ID: "vm", Terraform: "cloud_vm", Provider: "cloud", States: map[string]string{"provider": "cloud", "server.type": "vm"}, Zone: "zone",
		Order: cloudfile.Order{At: "period", UnitAt: "unit", Unit: "month", Months: map[string]int{"month": 1, "year": 12, "week": 0}},
		Readings: []cloudfile.Reading{
			{Fact: "server.billing", At: []string{"charge"}, Values: map[string]string{"pre": "subscription", "post": "pay-as-you-go"}},
			{Fact: "server.public_bandwidth", At: []string{"bandwidth"}, Above: &zero, If: "public"},
			{Fact: "server.addresses", At: []string{"ip", "more[].ip"}},
			{Fact: "server.months", From: "made", To: "ends"},
		},
	},
	{
		ID: "vm-with-region", Terraform: "cloud_regional", Provider: "cloud", Zone: "zone",
		Readings: []cloudfile.Reading{{Fact: "server.region", At: []string{"region"}}},
	},
	{
		ID: "servers", Answer: "Set[]", Total: "Count", Next: "Token", Has: []string{"Id", "Zone"}, Key: "Id", Provider: "cloud", Zone: "Zone",
		Readings: []cloudfile.Reading{{Fact: "server.months", From: "Made", To: "Ends"}},
	},
	{
		ID: "name", Answer: ".", Has: []string{"Name", "State"}, Domain: "Name", Provider: "cloud",
		Readings: []cloudfile.Reading{
			{Fact: "domain.real_name", At: []string{"State"}, Values: map[string]string{"OK": "verified", "1": "pending"}},
			{Fact: "domain.expires_at", At: []string{"Until"}, Milliseconds: true},
			{Fact: "domain.holder", At: []string{"Chinese", "English"}},
		},
	},
}

func reader() *cloudfile.Reader {
	return &cloudfile.Reader{Forms: forms, Regions: func(provider string) []string {
		if provider != "cloud" {
			return nil
		}
		return []string{"cn-1", "cn-1-finance", "ap-south-1", "ap-south-10"}
	}}
}

// values are the facts of a record without their origins.
func values(r cloudfile.Record) map[string]any {
	m := map[string]any{}
	for path, f := range r.Facts {
		m[path] = f.Value
	}
	return m
}

func read(t *testing.T, data string) *cloudfile.File {
	t.Helper()
	f, err := reader().Read("x.json", []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// plan is a plan of one resource.
func plan(kind, actions, after, unknown, more string) string {
	return `{"format_version": "1.2", "resource_changes": [{"address": "` + kind + `.a", "mode": "managed", "type": "` + kind + `", "name": "a", "change": {"actions": [` +
		actions + `], "after": ` + after + `, "after_unknown": ` + unknown + `, "after_sensitive": {"secret": true}}}]` + more + `}`
}

func TestPlan(t *testing.T) {
	base := map[string]any{"provider": "cloud", "server.type": "vm"}
	made := map[string]any{"provider": "cloud", "server.type": "vm", "server.service_codes_used": int64(0)}
	with := func(m map[string]any, more ...any) map[string]any {
		out := map[string]any{}
		for k, v := range m {
			out[k] = v
		}
		for i := 0; i < len(more); i += 2 {
			out[more[i].(string)] = more[i+1]
		}
		return out
	}
	region := func(expression string) string {
		return `, "variables": {"r": {"value": "cn-1"}, "n": {}, "e": {"value": ""}, "o": {"value": {"r": "cn-1"}}, "s": {"value": "hunter2"}, "env": {"value": "prod"}}, "configuration": {"provider_config": {"cloud": {"expressions": {"region": ` + expression + `}}},
			"root_module": {"variables": {"r": {}, "s": {"sensitive": true}}, "resources": [{"type": "cloud_vm", "name": "a", "provider_config_key": "cloud"}, {"mode": "data", "type": "cloud_vm", "name": "a", "provider_config_key": "cloud.far"}]}}`
	}
	for name, c := range map[string]struct {
		data string
		want map[string]any // nil: no record
	}{
		"new, all known": {plan("cloud_vm", `"create"`, `{"charge": "pre", "period": 2, "bandwidth": 5, "public": 1, "zone": "cn-1-b", "ip": "203.0.113.7", "more": [{"ip": "2001:db8::1"}, {}]}`, `{}`, ""),
			with(made, "server.billing", "subscription", "server.months", int64(2), "server.first_purchase_months", int64(2), "server.public_bandwidth", true,
				"server.region", "cn-1", "server.addresses", []string{"2001:db8::1", "203.0.113.7"})},
		"replaced is new":           {plan("cloud_vm", `"delete", "create"`, `{}`, `{}`, ""), made},
		"changed":                   {plan("cloud_vm", `"update"`, `{"charge": "pre", "period": 2}`, `{}`, ""), with(base, "server.billing", "subscription")},
		"changed, with times":       {plan("cloud_vm", `"update"`, `{"charge": "pre", "made": "2026-01-31T10:00Z", "ends": "2026-04-30T16:00:00Z"}`, `{}`, ""), with(base, "server.billing", "subscription", "server.months", int64(3))},
		"billing not known, no end": {plan("cloud_vm", `"update"`, `{"made": "2026-01-31T10:00Z", "ends": "2099-12-31T15:59Z"}`, `{"charge": true}`, ""), base},
		"made a subscription": {strings.Replace(plan("cloud_vm", `"update"`, `{"charge": "pre", "made": "2026-01-31T10:00Z", "ends": "2099-12-31T15:59Z"}`, `{}`, ""), `"after"`, `"before": {"charge": "post"}, "after"`, 1),
			with(base, "server.billing", "subscription")},
		"renewed": {strings.Replace(plan("cloud_vm", `"update"`, `{"charge": "pre", "made": "2026-01-31T10:00Z", "ends": "2026-04-30T16:00:00Z"}`, `{}`, ""), `"after"`, `"before": {"charge": "pre"}, "after"`, 1),
			with(base, "server.billing", "subscription", "server.months", int64(3))},
		"paid as used, no end":         {plan("cloud_vm", `"update"`, `{"charge": "post", "made": "2026-01-31T10:00Z", "ends": "2099-12-31T15:59Z"}`, `{}`, ""), with(base, "server.billing", "pay-as-you-go")},
		"left alone":                   {plan("cloud_vm", `"no-op"`, `{"charge": "post"}`, `{}`, ""), nil},
		"removed":                      {plan("cloud_vm", `"delete"`, `null`, `{}`, ""), nil},
		"of another kind":              {plan("cloud_disk", `"create"`, `{"charge": "post"}`, `{}`, ""), nil},
		"years":                        {plan("cloud_vm", `"create"`, `{"charge": "pre", "period": 2, "unit": "year"}`, `{}`, ""), with(made, "server.billing", "subscription", "server.months", int64(24), "server.first_purchase_months", int64(24))},
		"three weeks are no month":     {plan("cloud_vm", `"create"`, `{"charge": "pre", "period": 3, "unit": "week"}`, `{}`, ""), with(made, "server.billing", "subscription", "server.months", int64(0), "server.first_purchase_months", int64(0))},
		"a unit that nobody knows":     {plan("cloud_vm", `"create"`, `{"charge": "pre", "period": 3, "unit": "decade"}`, `{}`, ""), with(made, "server.billing", "subscription")},
		"a unit after apply":           {plan("cloud_vm", `"create"`, `{"charge": "pre", "period": 3}`, `{"unit": true}`, ""), with(made, "server.billing", "subscription")},
		"paid as used, no length":      {plan("cloud_vm", `"create"`, `{"charge": "post", "period": 1}`, `{}`, ""), with(made, "server.billing", "pay-as-you-go")},
		"left out":                     {plan("cloud_vm", `"create"`, `{"charge": null, "period": 1}`, `{"charge": true}`, ""), made},
		"known after apply":            {plan("cloud_vm", `"create"`, `{"charge": "pre"}`, `{"charge": true}`, ""), made},
		"known after apply, all of it": {plan("cloud_vm", `"create"`, `{"charge": "pre"}`, `true`, ""), made},
		"part of it after apply":       {plan("cloud_vm", `"create"`, `{"more": [{"ip": "203.0.113.7"}, {}]}`, `{"more": [{}, {"ip": true}]}`, ""), made},
		"not to be shown":              {strings.Replace(plan("cloud_vm", `"create"`, `{"charge": "pre"}`, `{}`, ""), `"secret"`, `"charge"`, 1), made},
		"an id that nobody lists":      {plan("cloud_vm", `"create"`, `{"charge": "barter"}`, `{}`, ""), made},
		"bandwidth, not public":        {plan("cloud_vm", `"create"`, `{"bandwidth": 5, "public": false}`, `{}`, ""), made},
		"bandwidth, public or not":     {plan("cloud_vm", `"create"`, `{"bandwidth": 5}`, `{"public": true}`, ""), made},
		"no own bandwidth":             {plan("cloud_vm", `"create"`, `{"bandwidth": 0}`, `{}`, ""), made},
		"a zone of another region":     {plan("cloud_vm", `"create"`, `{"zone": "ap-south-10a"}`, `{}`, ""), with(made, "server.region", "ap-south-10")},
		"a zone of no region":          {plan("cloud_vm", `"create"`, `{"zone": "cn-1-finance-x1"}`, `{}`, ""), made},
		"the provider's region":        {plan("cloud_vm", `"create"`, `{}`, `{}`, region(`{"constant_value": "eu-1"}`)), with(made, "server.region", "eu-1")},
		"the provider's by a variable": {plan("cloud_vm", `"create"`, `{}`, `{}`, region(`{"references": ["var.r"]}`)), with(made, "server.region", "cn-1")},
		"by a variable without value":  {plan("cloud_vm", `"create"`, `{}`, `{}`, region(`{"references": ["var.n"]}`)), made},
		"by several variables":         {plan("cloud_vm", `"create"`, `{}`, `{}`, region(`{"references": ["var.r", "var.n"]}`)), made},
		"by an empty variable":         {plan("cloud_vm", `"create"`, `{}`, `{}`, region(`{"references": ["var.e"]}`)), made},
		"by a variable of parts":       {plan("cloud_vm", `"create"`, `{}`, `{}`, region(`{"references": ["var.o"]}`)), made},
		"made of a variable":           {plan("cloud_vm", `"create"`, `{"zone": "cn-1-a"}`, `{}`, region(`{"references": ["var.env"]}`)), with(made, "server.region", "cn-1")},
		"by a sensitive variable":      {plan("cloud_vm", `"create"`, `{"zone": "cn-1-a"}`, `{}`, region(`{"references": ["var.s"]}`)), with(made, "server.region", "cn-1")},
		"by something else":            {plan("cloud_vm", `"create"`, `{}`, `{}`, region(`{"references": ["local.r"]}`)), made},
		"its own region before zone":   {plan("cloud_regional", `"create"`, `{"region": "eu-1", "zone": "cn-1-a"}`, `{}`, ""), map[string]any{"server.region": "eu-1", "server.service_codes_used": int64(0)}},
		"a broken address is dropped":  {plan("cloud_vm", `"create"`, `{"ip": "soon"}`, `{}`, ""), made},
		"values of the wrong kind":     {plan("cloud_vm", `"create"`, `{"charge": {"pre": 1}, "bandwidth": "much", "zone": ["cn-1-a"], "period": -1}`, `{}`, ""), made},
	} {
		t.Run(name, func(t *testing.T) {
			f := read(t, c.data)
			if !f.Changes {
				t.Error("not taken for a plan")
			}
			if c.want == nil {
				if len(f.Records) != 0 {
					t.Errorf("got %v", f.Records)
				}
				return
			}
			if len(f.Records) != 1 || !reflect.DeepEqual(values(f.Records[0]), c.want) {
				t.Errorf("got  %v\nwant %v", values(f.Records[0]), c.want)
			}
		})
	}
	put := read(t, `{"format_version": "1.2", "complete": false, "planned_values": {}, "deferred_changes": [{"reason": "instance_count_unknown", "resource_change":
		{"address": "cloud_vm.a[*]", "mode": "managed", "type": "cloud_vm", "name": "a", "change": {"actions": ["create"], "after": {"charge": "post"}}}}]}`)
	if len(put.Records) != 1 || put.Records[0].Name != "cloud_vm.a[*]" || !put.Partial {
		t.Errorf("put off: %+v", put)
	}
	if f := read(t, plan("cloud_disk", `"create"`, `{}`, `{}`, "")); !slices.Equal(f.Passed, []string{"cloud_disk"}) {
		t.Errorf("passed over: %v", f.Passed)
	}
}

func TestState(t *testing.T) {
	f := read(t, `{"format_version": "1.0", "values": {"root_module": {
		"resources": [
			{"address": "cloud_vm.a", "mode": "managed", "type": "cloud_vm", "name": "a", "values": {"charge": "post", "period": 1}, "sensitive_values": {}},
			{"address": "data.cloud_vm.b", "mode": "data", "type": "cloud_vm", "name": "b", "values": {"charge": "post"}}],
		"child_modules": [{"address": "module.x", "resources": [
			{"address": "module.x.cloud_vm.c", "mode": "managed", "type": "cloud_vm", "name": "c", "values": {"charge": "pre"}, "sensitive_values": {"charge": true}}]}]}}}`)
	var got []string
	for _, r := range f.Records {
		billing, _ := r.Facts.Text("server.billing")
		got = append(got, r.Name+" "+billing)
		if _, told := r.Facts["server.months"]; told {
			t.Errorf("%s: the order's length is told of what exists already", r.Name)
		}
	}
	if want := []string{"cloud_vm.a pay-as-you-go", "module.x.cloud_vm.c "}; !slices.Equal(got, want) || f.Changes {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAnswers(t *testing.T) {
	f := read(t, `{"Response": {"Set": [
		{"Id": "i-1", "Zone": "cn-1-a", "Made": "2026-01-01T00:00:00Z", "Ends": "2027-01-01T00:00:00Z"},
		{"Id": "i-2", "Zone": null, "Made": "2026-01-01T00:00:00Z", "Ends": null},
		{"Other": 1}]}}`)
	if len(f.Records) != 2 || f.Records[0].Name != "i-1" || f.Empty {
		t.Fatalf("got %+v", f.Records)
	}
	if got, want := values(f.Records[0]), map[string]any{"server.region": "cn-1", "server.months": int64(12)}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := values(f.Records[1]); len(got) != 0 {
		t.Errorf("nothing is known, got %v", got)
	}
	origin := f.Records[0].Facts["server.region"].Origin
	if want := (yamlfile.Position{File: "x.json", Line: 2, Column: 25}); origin.Position != want || origin.Source != filing.FromAPI || origin.Server != "i-1" {
		t.Errorf("origin %+v", origin)
	}

	f = read(t, `{"Name": "例子.CN", "State": "OK", "Until": 1830000000000, "Chinese": "", "English": "Example Ltd"}`)
	want := map[string]any{"domain.real_name": "verified", "domain.expires_at": time.UnixMilli(1830000000000).UTC(), "domain.holder": "Example Ltd"}
	if len(f.Records) != 1 || f.Records[0].Domain != "例子.cn" || !reflect.DeepEqual(values(f.Records[0]), want) {
		t.Errorf("got %+v", f.Records)
	}
	if got := values(read(t, `{"Name": "example.com", "State": 1}`).Records[0]); got["domain.real_name"] != "pending" {
		t.Errorf("a number as a value: %v", got)
	}
	if f := read(t, `{"Name": "no name", "State": "OK"}`); len(f.Records) != 0 {
		t.Errorf("got %+v", f.Records)
	}
	for _, data := range []string{`{"Set": []}`, `{"Set": null}`, `{"Response": {"Set": []}}`} {
		if f := read(t, data); !f.Empty || len(f.Records) != 0 || f.Partial {
			t.Errorf("an empty list: %+v", f)
		}
	}
	for more, want := range map[string]bool{"": false, `, "Count": 1`: false, `, "Count": 2`: true, `, "Count": "2"`: true, `, "Token": ""`: false, `, "Token": "x"`: true} {
		if f := read(t, `{"Set": [{"Id": "i-1", "Zone": "cn-1-a"}]`+more+`}`); f.Partial != want {
			t.Errorf("%s: one of several pages: %v", more, f.Partial)
		}
	}
	if f := read(t, `{"Name": "example.com", "State": "OK", "Until": 9223372036854775807}`); f.Records[0].Facts["domain.expires_at"].Value != nil {
		t.Errorf("a time that no calendar has: %v", f.Records[0].Facts)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{"", "x.json: the file is empty"},
		{"\ufeff \n", "x.json: the file is empty"},
		{"PK\x03\x04plan", "x.json: a binary plan of Terraform; make JSON of it first: terraform show -json PLANFILE > plan.json"},
		{"\xc3\x28", "x.json: no UTF-8 text"},
		{"{\n \"a\": 密码}", "x.json:2:7: from here on this is no JSON"},
		{"{\"a\": 1", "x.json:1:8: from here on this is no JSON"},
		{"{} {}", "x.json:1:4: something follows the JSON"},
		{`[1]`, "x.json:1:1: neither a Terraform plan nor an answer of a cloud that is known (icpcheck rules list cloud-records shows those)"},
		{`{"version": 4, "terraform_version": "1.9.0", "resources": []}`, "x.json:1:1: Terraform's own state file; make JSON of it first: terraform show -json > state.json"},
		{`{"Set": {"Id": "i-1", "Zone": "cn-1-a"}}`, "x.json:1:1: neither a Terraform plan nor an answer of a cloud that is known (icpcheck rules list cloud-records shows those)"},
		{"{\"@level\": \"info\"}\n{}", "x.json:1:1: the log of terraform plan -json; use terraform plan -out=PLANFILE, then terraform show -json PLANFILE > plan.json"},
		{`{"format_version": "2.0"}`, "x.json:1:20: format 2.0 of Terraform's JSON; 0.x and 1.x are known"},
		{`{"format_version": "1.2", "errored": true}`, "x.json:1:38: this plan is not whole (errored); make terraform plan succeed first"},
		{`{"format_version": "1.2"}`, "x.json:1:1: this JSON of Terraform holds neither a plan (resource_changes) nor a state that is not empty (values); make it with terraform show -json"},
	} {
		_, err := reader().Read("x.json", []byte(c.data))
		var problems yamlfile.Problems
		if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Error() != c.want || problems[0].Excerpt != "" {
			t.Errorf("%q: got %v, want %s", c.data, err, c.want)
			continue
		}
		if zh := problems[0].In(text.Zh); zh == c.want || strings.Contains(zh, "密码") {
			t.Errorf("%q: in Chinese %s", c.data, zh)
		}
	}
}

// TestUTF16: PowerShell writes it.
func TestUTF16(t *testing.T) {
	data := []byte{0xff, 0xfe}
	for _, b := range []byte(`{"Name": "example.com", "State": "OK"}`) {
		data = append(data, b, 0)
	}
	f, err := reader().Read("x.json", data)
	if err != nil || len(f.Records) != 1 || f.Records[0].Name != "example.com" {
		t.Errorf("got %+v, %v", f, err)
	}
}

// TestSources: a fact stands where Terraform's own file gives it, in a module's
// folder too; a module from elsewhere, and a file that cannot be read, leave the plan.
func TestSources(t *testing.T) {
	dir := t.TempDir()
	write := func(name, s string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a.tf", "# resource \"cloud_vm\" \"a\"\nx = <<E\nresource \"cloud_vm\" \"a\" {}\nE\nresource \"cloud_vm\" \"a\" {\n  period = 3\n  charge = var.charge\n  more { ip = 1 }\n}\n")
	write("broken.tf", "resource {{{")
	write("m/b.tofu", "\n  resource \"cloud_vm\" \"b\" {\n}\n")
	change := func(address, module, name string) string {
		return `{"address": "` + address + `", "module_address": "` + module + `", "mode": "managed", "type": "cloud_vm", "name": "` + name + `",
			"change": {"actions": ["create"], "after": {"charge": "pre", "period": 3, "more": [{"ip": "203.0.113.1"}]}, "after_unknown": {}}}`
	}
	write("m/n/d.tf", "resource \"cloud_vm\" \"d\" {}\n")
	data := `{"format_version": "1.2", "configuration": {"root_module": {"module_calls": {
			"m": {"source": "./m", "module": {"module_calls": {"n": {"source": "./n"}}}}, "far": {"source": "git::https://example.com/x", "module": {}}}}}, "resource_changes": [` +
		strings.Join([]string{change("cloud_vm.a", "", "a"), change(`module.m["x.y"].cloud_vm.b`, `module.m[\"x.y\"]`, "b"), change("module.far.cloud_vm.c", "module.far", "c"),
			change("d", `module.m[\"a\\\"].b\"].module.n[0]`, "d")}, ",") + `]}`
	data = strings.Replace(data, `module.m["x.y"].cloud_vm.b`, `module.m[\"x.y\"].cloud_vm.b`, 1)
	r := reader()
	r.Sources = dir
	f, err := r.Read("plan.json", []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	place := func(i int, path string) string {
		p := f.Records[i].Facts[path].Origin.Position
		if rel, err := filepath.Rel(dir, p.File); err == nil && !strings.HasPrefix(rel, "..") {
			p.File = filepath.ToSlash(rel)
		}
		return p.String()
	}
	for _, c := range []struct {
		i          int
		path, want string
	}{
		{0, "server.billing", "a.tf:7:3"}, {0, "server.months", "a.tf:6:3"}, {0, "server.type", "a.tf:5:1"}, {0, "server.addresses", "a.tf:8:3"},
		{1, "server.billing", "m/b.tofu:2:3"}, {3, "server.billing", "m/n/d.tf:1:1"},
	} {
		if got := place(c.i, c.path); got != c.want {
			t.Errorf("%s of %s stands at %s, want %s", c.path, f.Records[c.i].Name, got, c.want)
		}
	}
	if got := place(2, "server.billing"); !strings.HasPrefix(got, "plan.json:") {
		t.Errorf("of a module from elsewhere: %s", got)
	}
	r.Sources = ""
	if f, err = r.Read("plan.json", []byte(data)); err != nil {
		t.Fatal(err)
	}
	if got := place(0, "server.billing"); !strings.HasPrefix(got, "plan.json:") {
		t.Errorf("without a folder: %s", got)
	}
}

// FuzzRead: no file makes the reader fail in another way than by an error, or
// state what is hidden.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		plan("cloud_vm", `"create"`, `{"charge": "pre", "period": 2, "zone": "cn-1-b"}`, `{"charge": true}`, ""),
		`{"format_version": "1.0", "values": {"root_module": {"child_modules": [{"resources": []}]}}}`,
		`{"Response": {"Set": [{"Id": "i-1", "Zone": "cn-1-a"}]}}`, `{"Name": "例子.cn", "State": "OK"}`, `[[[[`, `{"a": "\ud800"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := reader().Read("x.json", data)
		if (file == nil) == (err == nil) {
			t.Fatalf("file %v, error %v", file, err)
		}
		if file == nil {
			return
		}
		for _, r := range file.Records {
			for path, fact := range r.Facts {
				if field, ok := filing.FieldOf(path); !ok || fact.Value == nil || fact.Origin.Line == 0 || field.Type == filing.List && fact.Value.([]string) == nil {
					t.Errorf("%s = %#v from %+v", path, fact.Value, fact.Origin)
				}
			}
		}
	})
}

// TestPositionFarOn: the place of a value is right in a long file too.
func TestPositionFarOn(t *testing.T) {
	for _, filler := range []string{"x", "文", "𠀀", "e\n"} {
		long := strings.Repeat(filler, 100_000)
		data := `{"pad": [` + strings.Repeat(" ", 7) + `"` + strings.ReplaceAll(long, "\n", "") + `"` + strings.Repeat(strings.Repeat(" ", 60)+"\n", strings.Count(long, "\n")) + `], "Name": "example.com", "State": "OK"}`
		at := strings.Index(data, `"OK"`)
		line := strings.LastIndexByte(data[:at], '\n') + 1
		want := yamlfile.Position{File: "x.json", Line: strings.Count(data[:at], "\n") + 1, Column: utf8.RuneCountInString(data[line:at]) + 1}
		if got := read(t, data).Records[0].Facts["domain.real_name"].Origin.Position; got != want {
			t.Errorf("%q: got %v, want %v", filler, got, want)
		}
	}
}

// BenchmarkReadPlan reads a plan of some 40 MB in one line, as Terraform writes
// it: 10,000 resources, of which 100 are servers.
func BenchmarkReadPlan(b *testing.B) {
	var s strings.Builder
	s.WriteString(`{"format_version":"1.2","resource_changes":[`)
	for i := range 10_000 {
		kind := "cloud_disk"
		if i%100 == 0 {
			kind = "cloud_vm"
		}
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, `{"address":"%s.n%d","mode":"managed","type":"%s","name":"n%d","change":{"actions":["create"],"before":null,"after":{"charge":"pre","period":3,"data":"%s"},"after_unknown":{"ip":true}}}`,
			kind, i, kind, i, strings.Repeat("0123456789", 380))
	}
	s.WriteString(`],"configuration":{"provider_config":{"cloud":{"expressions":{"region":{"constant_value":"cn-1"}}}},"root_module":{"resources":[`)
	for i := 0; i < 10_000; i += 100 {
		fmt.Fprintf(&s, `{"type":"cloud_vm","name":"n%d","provider_config_key":"cloud"},`, i)
	}
	s.WriteString(`{}]}}}`)
	data := []byte(s.String())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		f, err := reader().Read("plan.json", data)
		if err != nil || len(f.Records) != 100 {
			b.Fatal(err, len(f.Records))
		}
	}
}

// TestRealPlan reads what OpenTofu 1.12.6 made of testdata/main.tf: `tofu plan
// -out p` and `tofu show -json p`. Its only resources are the built-in
// terraform_data, in a module with keys that hold dots and brackets too.
func TestRealPlan(t *testing.T) {
	data, err := os.ReadFile("testdata/plan.json")
	if err != nil {
		t.Fatal(err)
	}
	r := &cloudfile.Reader{Sources: "testdata", Forms: []cloudfile.Form{{
		ID: "data", Terraform: "terraform_data",
		Order:    cloudfile.Order{At: "input.period", Unit: "month", Months: map[string]int{"month": 1}},
		Readings: []cloudfile.Reading{{Fact: "server.billing", At: []string{"input.charge"}, Values: map[string]string{"PrePaid": "subscription", "PostPaid": "pay-as-you-go"}}},
	}}}
	f, err := r.Read("testdata/plan.json", data)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, record := range f.Records {
		line := record.Name + " at " + filepath.ToSlash(record.Origin.Position.String())
		for _, path := range record.Facts.Paths() {
			line += fmt.Sprintf(", %s %v at %d", path, record.Facts[path].Value, record.Facts[path].Origin.Line)
		}
		got = append(got, line)
	}
	const terms = " at testdata/modules/web/main.tf:1:1, server.billing subscription at 3, server.months 3 at 3, server.first_purchase_months 3 at 3, server.service_codes_used 0 at 1"
	want := []string{
		"terraform_data.id at testdata/main.tf:8:1, server.service_codes_used 0 at 8",
		// Part of its input is known after apply only, and part is not to be shown.
		"terraform_data.web at testdata/main.tf:10:1, server.service_codes_used 0 at 10",
		`module.shop["a.b"].terraform_data.this[0]` + terms, `module.shop["a.b"].terraform_data.this[1]` + terms,
		`module.shop["c]"].terraform_data.this[0]` + terms, `module.shop["c]"].terraform_data.this[1]` + terms,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
