package engine_test

import (
	"fmt"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/rules"
)

// The province is not known, so all are tried: only one of them refuses.
func Example() {
	book, err := rulebook.Load(rulebook.Layer{FS: rules.FS})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := filing.Decode("filing.yaml", []byte("domains: [{name: example.com, expires_on: 2027-03-24}]\n"), book)
	if err != nil {
		fmt.Println(err)
		return
	}
	now, err := calendar.Parse("2026-11-24")
	if err != nil {
		fmt.Println(err)
		return
	}
	only := func(c *rulebook.Check) bool { return c.ID == "domain-validity" }
	for _, r := range engine.Evaluate(book, f, engine.Options{Now: now, Select: only}) {
		fmt.Println(r.Check.ID, r.Verdict)
		for _, n := range r.Needs {
			fmt.Println("needs", n.Path)
		}
		for _, d := range r.DependsOn {
			fmt.Println("passes for", len(d.Pass), "fails for", d.Fail)
		}
	}
	// Output:
	// domain-validity undetermined
	// needs province
	// passes for 30 fails for [shanghai]
}
