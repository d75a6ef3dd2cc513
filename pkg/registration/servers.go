package registration

import (
	"strings"

	"github.com/icpcheck/icpcheck/pkg/domainname"
)

// Server tells where the names below one suffix are looked up.
type Server struct {
	RDAP  []string // base URLs, to which domain/NAME is added; empty where the registry has none
	WHOIS string   // host or host:port, port 43 unless given; empty where the registry has none
	Pace  Pace     // of each of them
}

// Servers knows the server of a suffix. For is asked for one suffix in ASCII
// (com.cn) and answers for exactly that one; its caller goes on to the shorter
// suffix (cn) where it does not know it.
type Servers interface {
	For(suffix string) (Server, bool)
}

// Fixed sends every name to given servers, for --rdap-url and --whois-server. A
// part left empty is taken from Table, which may be nil: with only WHOIS given,
// the table's RDAP is still asked first. With both given, a suffix of which the
// table says that its registry has no RDAP is asked by WHOIS alone: an RDAP
// server's "not found" would say nothing about a name it does not keep.
type Fixed struct {
	RDAP  string // base URL
	WHOIS string // host or host:port
	Table Servers
}

// For implements [Servers] for every suffix as soon as one part is given.
func (f Fixed) For(suffix string) (Server, bool) {
	server, ok := longestMatch(f.Table, suffix)
	whoisOnly := ok && len(server.RDAP) == 0 && f.WHOIS != ""
	if f.RDAP != "" && !whoisOnly {
		server.RDAP, ok = []string{f.RDAP}, true
	}
	if f.WHOIS != "" {
		server.WHOIS, ok = f.WHOIS, true
	}
	return server, ok
}

// longestMatch walks from the suffix up to the top-level domain. It stops at a
// private suffix: the registry of io has no entry for me.github.io, and its
// "not found" would say nothing about that name.
func longestMatch(servers Servers, suffix string) (Server, bool) {
	if servers == nil {
		return Server{}, false
	}
	for {
		if server, ok := servers.For(suffix); ok {
			return server, true
		}
		_, parent, more := strings.Cut(suffix, ".")
		if !more || domainname.IsPrivateSuffix(suffix) {
			return Server{}, false
		}
		suffix = parent
	}
}
