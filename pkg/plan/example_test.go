package plan_test

import (
	"fmt"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/plan"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/rules"
)

func Example() {
	book, err := rulebook.Load(rulebook.Layer{FS: rules.FS})
	if err != nil {
		panic(err)
	}
	f, err := filing.Decode("filing.yaml", []byte(`
provider: aliyun
subject: {filed_at_provider: false, filed_elsewhere: true}
domains: [{name: example.com, filed: true}]
server: {region: cn-hangzhou}
`), book)
	if err != nil {
		panic(err)
	}
	now := time.Date(2026, 9, 17, 9, 0, 0, 0, calendar.Beijing)
	p, err := plan.Make(book, f, now)
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Kind)
	for _, s := range p.Steps {
		fmt.Println(calendar.Date(s.Earliest), calendar.Date(s.Latest), s.Row.ID)
	}
	// Output:
	// new-access
	// 2026-09-17 2026-09-17 prepare
	// 2026-09-17 2026-09-17 fill-in-as-filed
	// 2026-09-18 2026-09-18 provider-review
	// 2026-09-20 2026-09-20 waiting-submission
	// 2026-09-20 2026-09-21 sms-check
	// 2026-09-21 2026-10-26 bureau-review
	// 2026-09-21 2026-10-26 point-domain
}
