// Package locate tells where an address is: in the mainland, Hong Kong, Macao,
// Taiwan or abroad, and in which cloud provider's network.
//
// Two things are weighed: a table of countries, and the networks (ASN) of cloud
// providers, of which most are kept apart by side of the border. Where the two
// contradict each other about an address of an outside network, the place is
// [Unknown] rather than wrong. An address that no host on the internet has is Unknown as well.
//
// The table is in the binary, derived from DB-IP Lite and ip-location-db (see
// NOTICE) by `make geodata`; a part of it is unpacked when the first address in it
// is looked up.
// [Open] reads countries from a MaxMind DB file of the user's instead.
//
//	var l locate.Locator
//	l.Locate(netip.MustParseAddr("47.96.0.1"))
//	// {mainland 37963 aliyun high country-and-network}
package locate
