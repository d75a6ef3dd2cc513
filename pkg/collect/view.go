package collect

import (
	"errors"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/locate"
	"github.com/icpcheck/icpcheck/pkg/resolve"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// Vantage is a network whose visitors' answers are asked for.
type Vantage struct {
	ID       string
	Name     text.Text
	Subnet   netip.Prefix
	Mainland bool
}

// CDN tells a CDN by the names that its customers' aliases lead to: they end in
// one of Suffixes at a label boundary, or in what one of Patterns fits there.
type CDN struct {
	ID       string
	Suffixes []string
	Patterns []*regexp.Regexp
}

// Has reports whether a name, in ASCII and lower case, is one of the CDN's.
func (c *CDN) Has(name string) bool {
	for rest := name; rest != ""; {
		if slices.Contains(c.Suffixes, rest) {
			return true
		}
		for _, p := range c.Patterns {
			if at := p.FindStringIndex(rest); at != nil && at[0] == 0 {
				return true
			}
		}
		_, rest, _ = strings.Cut(rest, ".")
	}
	return false
}

func (c *Collector) subnets() []netip.Prefix {
	list := make([]netip.Prefix, len(c.Vantages))
	for i, v := range c.Vantages {
		list[i] = v.Subnet
	}
	return list
}

// addViews keeps what visitors elsewhere are told. Where they go is located
// with the rest.
func (c *Collector) addViews(d *filing.Domain, views []resolve.View) {
	for i, v := range views {
		from := c.Vantages[i]
		view := filing.View{
			ID: from.ID, Name: from.Name, Subnet: from.Subnet.String(), Mainland: from.Mainland, Aliases: v.CNAMEs, Steered: v.Steered, Failure: v.Failure,
		}
		if v.Addresses != nil {
			view.Addresses = []filing.Located{}
		}
		for _, a := range v.Addresses {
			view.Addresses = append(view.Addresses, filing.Located{Address: a.String(), Own: slices.Contains(v.Own, a)})
		}
		d.Views = append(d.Views, view)
	}
}

// addCDNs names the CDNs that the aliases lead to, those that visitors elsewhere
// get included. That there is none cannot be said: nobody knows them all.
func (c *Collector) addCDNs(d *filing.Domain) {
	aliases, _ := d.Facts.List("domain.aliases")
	aliases = slices.Clone(aliases)
	for _, v := range d.Views {
		aliases = append(aliases, v.Aliases...)
	}
	if len(aliases) == 0 || c.CDNs == nil {
		return
	}
	var ids []string
	for _, cdn := range c.CDNs() {
		if slices.ContainsFunc(aliases, cdn.Has) {
			ids = append(ids, cdn.ID)
		}
	}
	if len(ids) > 0 {
		origin := d.Facts["domain.aliases"].Origin
		origin.Source = filing.FromDNS
		d.Learn("domain.cdns", ids, origin)
	}
}

// locateViews tells where visitors elsewhere are sent, and what that is together
// for those in the mainland. Only answers that depend on the network count:
// others need not be what these visitors get. One mainland node settles what the
// fact is read for; that there is none is said only where every network told.
func (c *Collector) locateViews(d *filing.Domain) {
	var places []string
	var untold []string // the networks
	var failed *failure.Failure
	for i := range d.Views {
		v := &d.Views[i]
		for j := range v.Addresses {
			at := &v.Addresses[j]
			place, networks := c.places([]string{at.Address})
			at.Place = place[0]
			if len(networks) > 0 {
				at.Provider = networks[0]
			}
			if v.Mainland && at.Own {
				places = append(places, at.Place)
			}
		}
		if !v.Mainland || v.Told() {
			continue
		}
		untold = append(untold, v.ID+" "+v.Subnet)
		if v.Failure != nil {
			failed = v.Failure
		}
	}
	switch {
	case slices.Contains(places, string(locate.Mainland)), len(untold) == 0 && len(places) > 0:
		slices.Sort(places)
		d.Learn("domain.vantage_places", slices.Compact(places), filing.Origin{Source: filing.FromGeo, Server: c.Locator.Data()})
	case failed != nil:
		c.missed(d, failed, viewFacts)
	case len(untold) > 0:
		c.missed(d, failure.New(failure.Unsteered, resolve.Source, "", d.Host(), errors.New("no addresses of their own for "+strings.Join(untold, ", "))), viewFacts)
	}
}
