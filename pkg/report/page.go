package report

import (
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// overallOf names a verdict on a target: on a filing whether it can be handed
// in, on pages of a live site whether they are as they should be.
func (v Voice) overallOf(o verdict.Overall, t *Target) string {
	if len(t.Filing.Pages) == 0 {
		return v.overall(o)
	}
	switch o {
	case verdict.Ready:
		return v.Say(text.PageFine)
	case verdict.NotReady:
		return v.Say(text.PageWrong)
	}
	return v.overall(o)
}
