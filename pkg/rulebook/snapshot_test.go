package rulebook_test

import (
	"bytes"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/rules"
)

// TestShippedSnapshot: the snapshot is that of the rule files, and a rulebook
// read from it is the one in these files: written again it gives the same bytes.
func TestShippedSnapshot(t *testing.T) {
	want, err := load(t, "").Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, []byte(rules.Snapshot)) {
		t.Fatal("rules/snapshot.bin is not that of the rule files; run make generate")
	}
	again, err := load(t, rules.Snapshot).Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, want) {
		t.Error("a rulebook read from its snapshot gives another snapshot")
	}
}

// TestSnapshotDigest: the digest with a layer is that of all files, with a
// snapshot and without.
func TestSnapshotDigest(t *testing.T) {
	own := rulebook.Layer{Name: "own", FS: fstest.MapFS{"tables/provinces.yaml": {Data: []byte("table: provinces\nrows:\n  - {id: hebei, patch: true, min_validity_days: 45}\n")}}}
	digests := map[string]string{}
	for name, snapshot := range map[string]string{"yaml": "", "snapshot": rules.Snapshot} {
		book, err := rulebook.Load(rulebook.Layer{FS: rules.FS, Snapshot: snapshot}, own)
		if err != nil {
			t.Fatal(err)
		}
		digests[name] = book.Digest()
	}
	if digests["yaml"] != digests["snapshot"] || digests["yaml"] == load(t, "").Digest() {
		t.Errorf("got %q, without the layer %q", digests, load(t, "").Digest())
	}
}

// TestSnapshotTables: tables and rows are the same from YAML and from the
// snapshot, positions included, read one by one or whole.
func TestSnapshotTables(t *testing.T) {
	yaml, fast, one := load(t, ""), load(t, rules.Snapshot), load(t, rules.Snapshot)
	if got, want := fast.Info(), yaml.Info(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, id := range yaml.TableIDs() {
		want := yaml.Table(id)
		if got := fast.Table(id); !reflect.DeepEqual(got, want) {
			t.Errorf("table %s differs", id)
		}
		if got := one.Columns(id); !reflect.DeepEqual(got, want.Columns) {
			t.Errorf("table %s: columns %+v, want %+v", id, got, want.Columns)
		}
		if got := one.IDs(id); !reflect.DeepEqual(got, want.IDs()) {
			t.Errorf("table %s: ids %q, want %q", id, got, want.IDs())
		}
		for _, row := range want.Rows {
			for _, word := range []string{row.ID, " " + row.Name.Zh + " "} {
				// Of rows that share a folded name the first keeps it.
				if want.Find(word) == row && !reflect.DeepEqual(one.Find(id, word), row) {
					t.Errorf("table %s: %q finds %+v, want %+v", id, word, one.Find(id, word), row)
				}
			}
		}
		if got := one.Row(id, "no-such-row"); got != nil {
			t.Errorf("table %s has row no-such-row: %+v", id, got)
		}
	}
}

// TestSnapshotChecks: what a check says of itself comes from the snapshot, its
// tests from its file.
func TestSnapshotChecks(t *testing.T) {
	yaml, fast := load(t, ""), load(t, rules.Snapshot)
	if got, want := len(fast.Checks()), len(yaml.Checks()); got != want {
		t.Fatalf("%d checks, want %d", got, want)
	}
	for i, want := range yaml.Checks() {
		got := fast.Checks()[i]
		if got.ID != want.ID || got.Position != want.Position || len(got.Parts) != len(want.Parts) {
			t.Errorf("got %s at %s with %d parts, want %s at %s with %d", got.ID, got.Position, len(got.Parts), want.ID, want.Position, len(want.Parts))
		}
		if len(want.Tests()) == 0 || len(got.Tests()) != len(want.Tests()) || got.Tests()[0].Position != want.Tests()[0].Position {
			t.Errorf("%s: %d tests, want %d", want.ID, len(got.Tests()), len(want.Tests()))
		}
		exprs := got.Exprs()
		for i, e := range want.Exprs() {
			if exprs[i].Source != e.Source || exprs[i].Position != e.Position {
				t.Errorf("%s: rule %q at %s, want %q at %s", want.ID, exprs[i].Source, exprs[i].Position, e.Source, e.Position)
			}
			if _, err := exprs[i].Program(fast); err != nil {
				t.Errorf("%s: %v", want.ID, err)
			}
		}
	}
}

// TestStaleSnapshot: an edited file counts, whatever the snapshot says.
func TestStaleSnapshot(t *testing.T) {
	edited := fstest.MapFS{}
	err := fs.WalkDir(rules.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(rules.FS, path)
		if path == "checks/domain-validity.yaml" {
			data = []byte(strings.Replace(string(data), "title: {zh: ", "title: {zh: 改过的", 1))
		}
		edited[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, snapshot := range map[string]string{"stale": rules.Snapshot, "cut": rules.Snapshot[:40], "of another version": "icpcheck-rulebook/0\n"} {
		book, err := rulebook.Load(rulebook.Layer{FS: edited, Snapshot: snapshot})
		if err != nil {
			t.Fatal(err)
		}
		if title := book.Check("domain-validity").Title.Zh; !strings.HasPrefix(title, "改过的") {
			t.Errorf("%s snapshot: the title is %q", name, title)
		}
	}
}

// TestSnapshotOfLayers: a rulebook with layers has none.
func TestSnapshotOfLayers(t *testing.T) {
	if _, err := open(t, files{"rulebook.yaml": "order: [third]\n"}).Snapshot(); err == nil {
		t.Error("no error")
	}
}

func load(t *testing.T, snapshot string) *rulebook.Rulebook {
	t.Helper()
	book, err := rulebook.Load(rulebook.Layer{FS: rules.FS, Snapshot: snapshot})
	if err != nil {
		t.Fatal(err)
	}
	return book
}
