package main

// special are the blocks in which no host on the internet has its address:
// IANA's special-purpose registries (RFC 6890 and later), multicast, and of
// IPv6 all but 2000::/3. Blocks for translation (NAT64, 6to4, Teredo) are among
// them, since their addresses say nothing about a place. Sorted, apart.
var special = map[string][]string{
	"ipv4": {
		"0.0.0.0/8",       // this network
		"10.0.0.0/8",      // private
		"100.64.0.0/10",   // shared by a carrier's customers
		"127.0.0.0/8",     // loopback
		"169.254.0.0/16",  // link-local
		"172.16.0.0/12",   // private
		"192.0.0.0/24",    // protocol assignments
		"192.0.2.0/24",    // documentation
		"192.31.196.0/24", // AS112
		"192.52.193.0/24", // multicast tunnels
		"192.88.99.0/24",  // 6to4 relays
		"192.168.0.0/16",  // private
		"192.175.48.0/24", // AS112
		"198.18.0.0/15",   // benchmarks
		"198.51.100.0/24", // documentation
		"203.0.113.0/24",  // documentation
		"224.0.0.0/3",     // multicast and reserved
	},
	"ipv6": {
		"::/3",              // loopback, IPv4 in IPv6, NAT64, discard
		"2001::/23",         // protocol assignments, Teredo
		"2001:db8::/32",     // documentation
		"2002::/16",         // 6to4
		"2620:4f:8000::/48", // AS112
		"3fff::/20",         // documentation
		"4000::/2",          // not assigned
		"8000::/1",          // not assigned, unique local, link-local, multicast
	},
}
