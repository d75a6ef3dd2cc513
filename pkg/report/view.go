package report

import (
	"strings"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// views tells where visitors of each network are sent, one line a network.
func (v Voice) views(d *filing.Domain) []string {
	lines := make([]string, len(d.Views))
	for i, view := range d.Views {
		lines[i] = text.Clean(view.Name.In(v.Lang)) + v.Colon() + v.View(view)
	}
	return lines
}

// View tells where the visitors of a network are sent.
func (v Voice) View(view filing.View) string {
	if view.Failure != nil && view.Addresses == nil {
		return v.Say(text.CouldNotAsk) + v.Colon() + v.Failure(view.Failure)
	}
	if len(view.Addresses) == 0 {
		return v.Say(text.VantageNowhere)
	}
	// Addresses of one place and provider go together.
	var groups []string
	for i := 0; i < len(view.Addresses); {
		at, list := view.Addresses[i], []string{}
		for ; i < len(view.Addresses) && view.Addresses[i].Place == at.Place && view.Addresses[i].Provider == at.Provider; i++ {
			list = append(list, view.Addresses[i].Address)
		}
		where := v.Book.Label("place", at.Place, "").In(v.Lang)
		if at.Place == "unknown" {
			where = v.pick("所在地未知", "place unknown")
		}
		if at.Provider != "" {
			where += v.Comma() + v.Book.Label("providers", at.Provider, "").In(v.Lang)
		}
		groups = append(groups, text.Clean(strings.Join(list, " "))+v.Bracket(text.Clean(where)))
	}
	out := strings.Join(groups, v.Semicolon())
	if !view.Steered {
		out += v.Semicolon() + v.Say(text.VantageSame)
	}
	return out
}
