package batch_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/batch"
	"github.com/icpcheck/icpcheck/pkg/failure"
)

// result is a line of output about a target with checks of error level.
func result(line int, target, places string, checks ...string) string {
	var list []string
	for _, c := range checks {
		id, verdict, _ := strings.Cut(c, " ")
		verdict, accepted, _ := strings.Cut(verdict, " ")
		if accepted != "" {
			accepted = `,"accepted":{"reason":"r","until":"2026-12-31","position":"f:1:1"}`
		}
		list = append(list, fmt.Sprintf(`{"id":%q,"severity":"error","verdict":%q%s}`, id, verdict, accepted))
	}
	return fmt.Sprintf(`{"line":%d,"input":%q,"target":%q,"verdict":"not-ready","facts":{"domain.places":{"value":[%[4]s]},"domain.name":{"value":%[3]q}},"checks":[%[5]s],"missed":[]}`,
		line, strings.ToUpper(target), target, places, strings.Join(list, ","))
}

func TestDiffer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.ndjson")
	old := []string{
		result(1, "same.com", `"mainland"`, "a fail"), result(2, "a.com", `"mainland"`, "a pass", "b fail", "domain-validity pass"),
		result(3, "gone.com", `"mainland"`), result(4, "unknown.com", ``, "a fail"), result(5, "a.com", `"abroad"`, "a fail"),
		result(6, "waived.com", ``, "a fail accepted", "b pass", "domain-validity pass"),
	}
	if err := os.WriteFile(path, []byte(strings.Join(old, "\n")+"\n{\"half"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := batch.OpenDiffer(path)
	if err != nil {
		t.Fatal(err)
	}
	var got []batch.Change
	for _, line := range []string{
		result(1, "same.com", `"mainland"`, "a fail"), result(2, "a.com", `"abroad","mainland"`, "a fail", "b pass", "domain-validity fail"),
		result(3, "unknown.com", `"abroad"`, "a undetermined"), result(4, "new.com", ``, "a fail", "b fail accepted"),
		result(5, "waived.com", ``, "a fail", "b fail accepted", "domain-validity fail accepted"),
	} {
		o, err := batch.ParseOutcome([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, d.Compare(o)...)
	}
	got = append(got, d.Gone()...)
	want := []batch.Change{
		{Target: "a.com", Kind: batch.NewlyExpiring, Checks: []string{"domain-validity"}},
		{Target: "a.com", Kind: batch.NewlyFailing, Checks: []string{"a"}},
		{Target: "a.com", Kind: batch.MovedAbroad, Places: []string{"abroad"}},
		{Target: "a.com", Kind: batch.Mended, Checks: []string{"b"}},
		{Target: "new.com", Kind: batch.New, Checks: []string{"a"}},
		// A waiver that is over counts as new, one that holds does not.
		{Target: "waived.com", Kind: batch.NewlyFailing, Checks: []string{"a"}},
		{Target: "gone.com", Kind: batch.Gone},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	bad := 0
	for _, k := range batch.Kinds() {
		if k.Bad() {
			bad++
		}
	}
	if bad != 3 {
		t.Errorf("%d kinds are for the worse", bad)
	}
}

func TestUnasked(t *testing.T) {
	for kind, want := range map[failure.Kind]bool{"": false, failure.NotAsked: false, failure.Unsupported: false, failure.Timeout: true, failure.Suspended: true} {
		o := batch.Outcome{}
		if kind != "" {
			o.Missed = []failure.Kind{kind}
		}
		if o.Unasked() != want {
			t.Errorf("%q: %t", kind, o.Unasked())
		}
	}
}

func TestNoOutcome(t *testing.T) {
	for _, line := range []string{"", "x", "{}", `{"line":0,"verdict":"ready"}`, `{"line":1}`, `{"line":"1","verdict":"ready"}`} {
		if o, err := batch.ParseOutcome([]byte(line)); err == nil {
			t.Errorf("%q: got %+v", line, o)
		}
	}
}
