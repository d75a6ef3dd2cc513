package checklist_test

import (
	"fmt"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/checklist"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/rules"
)

func Example() {
	book, err := rulebook.Load(rulebook.Layer{FS: rules.FS})
	if err != nil {
		panic(err)
	}
	f, err := filing.Decode("filing.yaml", []byte(`
province: fujian
subject: {type: individual, domains_filed: 0, lead: {identity: mainland, household_province: hunan}}
materials: [id-card]
`), book)
	if err != nil {
		panic(err)
	}
	l, err := checklist.Make(book, f, time.Date(2026, 11, 24, 9, 0, 0, 0, calendar.Beijing))
	if err != nil {
		panic(err)
	}
	for _, i := range l.Items {
		if i.Status == checklist.Have || i.Status == checklist.Missing {
			fmt.Println(i.Status, i.ID, i.Title.Zh)
		}
	}
	// Output:
	// have id-card 居民身份证
	// missing residence-permit 居住证或暂住证
}
