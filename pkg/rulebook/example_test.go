package rulebook_test

import (
	"fmt"
	"testing/fstest"

	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/rules"
)

// A layer changes one value of one row; everything else stays.
func Example() {
	ours := fstest.MapFS{"tables/provinces.yaml": {Data: []byte("table: provinces\nrows:\n  - {id: guizhou, patch: true, min_validity_days: 45}\n")}}
	book, err := rulebook.Load(rulebook.Layer{FS: rules.FS}, rulebook.Layer{Name: "ours", FS: ours})
	if err != nil {
		fmt.Println(err)
		return
	}
	id, _ := book.Resolve("provinces", "贵州", "")
	row := book.Row("provinces", id)
	fmt.Println(id, row.Name.In(text.Zh), row.Value("min_validity_days"))
	// Output: guizhou 贵州省 45
}
