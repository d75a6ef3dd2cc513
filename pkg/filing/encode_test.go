package filing_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
)

// TestEncode: what is written is read back to the same facts, and written
// again to the same bytes.
func TestEncode(t *testing.T) {
	book := shipped.Book(t)
	names, err := filepath.Glob("../../testdata/filings/ok/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no filings: %v", err)
	}
	values := func(f *filing.Filing) (all []map[string]any) {
		add := func(facts filing.Facts) {
			m := map[string]any{}
			for path, fact := range facts {
				m[path] = fact.Value
			}
			all = append(all, m)
		}
		add(f.Facts)
		for _, d := range f.Domains {
			add(d.Facts)
		}
		return all
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := filing.Decode(name, data, book)
		if err != nil {
			t.Fatal(err)
		}
		first, err := filing.Encode(f, func(path string) string { return "see " + path })
		if err != nil {
			t.Fatal(err)
		}
		again, err := filing.Decode(name, first, book)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, first)
		}
		for i, w := range again.Accepted {
			if w.Check != f.Accepted[i].Check || w.Reason != f.Accepted[i].Reason || !w.Until.Equal(f.Accepted[i].Until) {
				t.Errorf("%s: waiver %+v became %+v", name, f.Accepted[i], w)
			}
		}
		if len(again.Accepted) != len(f.Accepted) || !reflect.DeepEqual(values(f), values(again)) {
			t.Errorf("%s: got %v, want %v\n%s", name, values(again), values(f), first)
		}
		second, err := filing.Encode(again, func(path string) string { return "see " + path })
		if err != nil || string(second) != string(first) {
			t.Errorf("%s is written differently the second time (%v):\n%s\n%s", name, err, first, second)
		}
	}
}

// TestEncodeLeavesOut what nobody said: look-ups and assumptions.
func TestEncodeLeavesOut(t *testing.T) {
	f := &filing.Filing{Facts: filing.Facts{
		"province": {Value: "zhejiang", Origin: filing.Origin{Source: filing.FromFlag}},
		"kind":     {Value: "auto", Origin: filing.Origin{Source: filing.Assumed}},
	}, Domains: []*filing.Domain{{Facts: filing.Facts{
		"domain.host":       {Value: "example.com", Origin: filing.Origin{Source: filing.FromFlag}},
		"domain.registered": {Value: true, Origin: filing.Origin{Source: filing.FromRDAP}},
	}}}}
	out, err := filing.Encode(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(out), "province: zhejiang\ndomains:\n  - name: example.com\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if out, err = filing.Encode(&filing.Filing{}, nil); err != nil || strings.TrimSpace(string(out)) != "{}" {
		t.Errorf("an empty filing: %q, %v", out, err)
	}
}
