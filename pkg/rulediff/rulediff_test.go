package rulediff_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/rulediff"
	"github.com/icpcheck/icpcheck/rules"
)

func load(t testing.TB, overlay fstest.MapFS) *rulebook.Rulebook {
	t.Helper()
	var layers []rulebook.Layer
	if overlay != nil {
		layers = append(layers, rulebook.Layer{Name: "overlay", FS: overlay})
	}
	return shipped.Book(t, layers...)
}

var overlay = fstest.MapFS{
	"tables/provinces.yaml": {Data: []byte("table: provinces\nrows:\n  - {id: guizhou, patch: true, min_validity_days: {value: 400, source: [seed]}}\n")},
	"checks/acme.yaml": {Data: []byte("id: acme\ntitle: {zh: 甲, en: acme}\npass: site.commercial\nmessage: {pass: {zh: 是, en: it is}, fail: {zh: 否, en: it is not}}\n" +
		"remedy: {zh: 改, en: change}\nsource: [seed]\n")},
}

func TestSame(t *testing.T) {
	if d := rulediff.Compare(load(t, nil), load(t, nil)); !d.Empty() {
		t.Errorf("a rulebook differs from itself: %+v", d)
	}
}

func TestCompare(t *testing.T) {
	before, after := load(t, nil), load(t, overlay)
	d := rulediff.Compare(before, after)
	if len(d.Checks) != 1 || d.Checks[0].ID != "acme" || d.Checks[0].How != rulediff.Added {
		t.Errorf("checks: %+v", d.Checks)
	}
	if len(d.Rows) != 1 || d.Rows[0].Table != "provinces" || d.Rows[0].ID != "guizhou" || d.Rows[0].How != rulediff.Changed {
		t.Fatalf("rows: %+v", d.Rows)
	}
	if !slices.ContainsFunc(d.Rows[0].Aspects, func(a rulediff.Aspect) bool {
		return a.Name == "min_validity_days" && a.New == "400" && a.Old != "400"
	}) {
		t.Errorf("aspects: %+v", d.Rows[0].Aspects)
	}
	back := rulediff.Compare(after, before)
	if len(back.Checks) != 1 || back.Checks[0].How != rulediff.Removed {
		t.Errorf("the other way round: %+v", back.Checks)
	}
}

func TestOutcomes(t *testing.T) {
	before, after := load(t, nil), load(t, overlay)
	const file = "province: guizhou\ndomains: [{name: example.com, registered: true, expires_on: 2027-11-24}]\nsite: {commercial: false}\n"
	read := func(book *rulebook.Rulebook) *filing.Filing {
		f, err := filing.Decode("filing.yaml", []byte(file), book)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, calendar.Beijing)
	outcomes, err := rulediff.Outcomes(before, after, []rulediff.Filing{{Before: read(before), After: read(after)}}, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(outcomes) != 1 {
		t.Fatalf("got %+v", outcomes)
	}
	want := []rulediff.Verdict{{Check: "domain-validity", Target: "example.com", Old: "pass", New: "fail"}, {Check: "acme", New: "fail"}}
	if !slices.Equal(outcomes[0].Verdicts, want) {
		t.Errorf("got %+v, want %+v", outcomes[0].Verdicts, want)
	}
}

func Example() {
	book, err := rulebook.Load(rulebook.Layer{FS: rules.FS})
	if err != nil {
		panic(err)
	}
	fmt.Println(rulediff.Compare(book, book).Empty())
	// Output: true
}
