package resolve

import "net/netip"

// AskAuthoritiesAt lets tests run zones' own servers at another port than 53.
func (r *Resolver) AskAuthoritiesAt(server string) {
	r.authorityPort = netip.MustParseAddrPort(server).Port()
}
