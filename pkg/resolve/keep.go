package resolve

import (
	"time"

	"github.com/miekg/dns"
)

// Records often live for a day, but whoever prepares a filing moves a name and
// looks again; and some servers state a minute where they mean an hour.
const (
	maxKeep    = time.Hour
	maxKeepNot = 10 * time.Minute // an answer that something does not exist
)

// keep tells for how long an answer may serve later look-ups: as long as its
// shortest-lived record, and for what does not exist as its zone's SOA says
// (RFC 2308). Without an SOA nobody says, so it is not kept.
func keep(msg *dns.Msg) time.Duration {
	ttl := maxKeep
	atMost := func(seconds uint32) { ttl = min(ttl, time.Duration(seconds)*time.Second) }
	found := false
	for _, rr := range msg.Answer {
		atMost(rr.Header().Ttl)
		found = found || len(msg.Question) > 0 && rr.Header().Rrtype == msg.Question[0].Qtype
	}
	if found && msg.Rcode == dns.RcodeSuccess {
		return ttl
	}
	for _, rr := range msg.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			atMost(soa.Hdr.Ttl)
			atMost(soa.Minttl)
			return min(ttl, maxKeepNot)
		}
	}
	return 0
}
