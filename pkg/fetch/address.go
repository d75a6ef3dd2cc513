package fetch

import "net/netip"

// special are the ranges of the IANA special-purpose registries that no page of
// a stranger has any business in: this network, private use (RFC 1918), shared
// by carriers (RFC 6598), loopback, link-local (where clouds keep the
// credentials of their machines), documentation, benchmarks, multicast, reserved.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	// Inside 2000::/3: Teredo and other protocol assignments, documentation, and
	// 6to4, which wraps any IPv4 address.
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

var (
	globalUnicast = netip.MustParsePrefix("2000::/3")
	// nat64 wraps an IPv4 address (RFC 6052), which is judged in its place.
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// Public reports whether an address may lie in the public internet: it is none
// of the private, shared, loopback, link-local, multicast, documentation and
// reserved ranges, nor an IPv6 address that wraps an IPv4 address of these.
func Public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	if a.Is6() {
		if nat64.Contains(a) {
			raw := a.As16()
			return Public(netip.AddrFrom4([4]byte(raw[12:])))
		}
		if !globalUnicast.Contains(a) {
			return false
		}
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
