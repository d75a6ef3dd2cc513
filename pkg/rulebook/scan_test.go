package rulebook_test

import (
	"reflect"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/rules"
)

// TestRowsReadAlone: reading a shipped table row by row gives what reading it
// whole gives, positions included.
func TestRowsReadAlone(t *testing.T) {
	whole, alone := load(t), load(t)
	for _, id := range whole.TableIDs() {
		table := whole.Table(id)
		if got, want := alone.IDs(id), table.IDs(); !reflect.DeepEqual(got, want) {
			t.Errorf("table %s: ids differ: %q, whole %q", id, got, want)
			continue
		}
		for _, want := range table.Rows {
			if got := alone.Row(id, want.ID); !reflect.DeepEqual(got, want) {
				t.Errorf("table %s: row %s differs: %+v, whole %+v", id, want.ID, got, want)
			}
		}
		if got := alone.Row(id, "no-such-row"); got != nil {
			t.Errorf("table %s has row no-such-row: %+v", id, got)
		}
	}
}

func load(t *testing.T) *rulebook.Rulebook {
	t.Helper()
	book, err := rulebook.Load(rulebook.Layer{FS: rules.FS})
	if err != nil {
		t.Fatal(err)
	}
	return book
}
