package shipped

import (
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/epp"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// TestStatuses: domain-status fails on the very statuses that epp.Refuses names.
// Look-ups go by that list where another status is in a registry's own words.
func TestStatuses(t *testing.T) {
	book := Shared()
	for _, status := range append(epp.Names(), "expired") {
		d := &filing.Domain{Facts: filing.Facts{"domain.name": {Value: "example.com"}, "domain.statuses": {Value: []string{status}}}}
		f := &filing.Filing{Facts: filing.Facts{}, Domains: []*filing.Domain{d}}
		for _, r := range engine.Evaluate(book, f, engine.Options{Now: time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)}) {
			if r.Check.ID == "domain-status" && (r.Verdict == verdict.Fail) != epp.Refuses(status) {
				t.Errorf("%s: %s, but Refuses says %v", status, r.Verdict, epp.Refuses(status))
			}
		}
	}
}
