package shipped

import (
	"strings"
	"testing"
)

// TestCities: every city of prefecture level is there once, answers a mistake in
// the spellings it has, and is a value in none of them.
func TestCities(t *testing.T) {
	book := Shared()
	seen := map[string]bool{}
	count := 0
	for _, row := range book.Table("cities").Rows {
		province := book.Row("provinces", row.ID)
		if province == nil || province.Name != row.Name {
			t.Errorf("%s: not a province, or called otherwise there", row.ID)
			continue
		}
		short := province.Text("short")
		if id, ok := book.Resolve("provinces", short, ""); !ok || id != row.ID {
			t.Errorf("%s: %q is no spelling of it", row.ID, short)
		}
		for _, city := range row.List("cities") {
			count++
			for i, name := range strings.Fields(city) {
				if i == 0 && seen[name] {
					t.Errorf("%s stands there twice", name)
				}
				seen[name] = true
				if id, ok := book.Resolve("provinces", name, ""); ok {
					if id != row.ID || name != "jilin" {
						t.Errorf("%s is taken for %s", name, id)
					}
					continue
				}
				for _, typed := range []string{name, strings.ToUpper(name), name + "市"} {
					if got := book.Instead("provinces", typed, ""); !strings.Contains(got.Zh, short) || !strings.Contains(got.En, row.ID) {
						t.Errorf("%s: got %v, want %s", typed, got, row.ID)
					}
				}
			}
		}
	}
	if count != 333 {
		t.Errorf("%d cities, want the 333 of the national list", count)
	}
	for _, word := range []string{"", "市", "州", "nowhere", "四川成都"} {
		if got := book.Instead("provinces", word, ""); !got.Empty() {
			t.Errorf("%q: got %v", word, got)
		}
	}
}
