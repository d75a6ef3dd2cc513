package collect

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/locate"
)

// locate adds where the addresses of a filing are. server.places is about the
// declared addresses. Only where neither address nor region is declared are
// those that the names resolve to taken for the server's: before a filing a
// name may well point to a parking page or an old host abroad, and that alone
// must not refuse a mainland server (dns-points-to-server warns of it). It
// stays absent where there is no address.
func (c *Collector) locate(f *filing.Filing) {
	origin := filing.Origin{Source: filing.FromGeo, Server: c.Locator.Data()}
	declared, _ := f.Facts.List("server.addresses")
	_, region := f.Facts.Text("server.region")
	all := slices.Clone(declared)
	for _, d := range f.Domains {
		c.locateViews(d)
		addresses, known := d.Facts.List("domain.addresses")
		if !known {
			continue
		}
		if len(declared) == 0 && !region {
			all = append(all, addresses...)
		}
		places, networks := c.places(addresses)
		d.Learn("domain.places", places, origin)
		d.Learn("domain.networks", networks, origin)
	}
	if f.Facts["server.places"].Origin.Source == filing.FromFlag || len(all) == 0 {
		return
	}
	places, _ := c.places(all)
	f.Facts["server.places"] = filing.Fact{Value: places, Origin: origin}
}

// places tells where addresses are and which providers' networks they are in,
// each once and sorted. What is not known well enough is "unknown", which no
// rule takes for a place: a check must not fail on a guess.
func (c *Collector) places(addresses []string) (places, networks []string) {
	places, networks = []string{}, []string{}
	for _, s := range addresses {
		// What is no address (a name, a typing mistake) is located like the zero
		// Addr, which is unknown. Prefixes and ports are not guessed at.
		a, _ := netip.ParseAddr(strings.TrimSpace(s))
		at := c.Locator.Locate(a)
		if at.Confidence == locate.Low {
			at.Place = locate.Unknown
		}
		places = append(places, string(at.Place))
		if at.Provider != "" {
			networks = append(networks, at.Provider)
		}
	}
	slices.Sort(places)
	slices.Sort(networks)
	return slices.Compact(places), slices.Compact(networks)
}
