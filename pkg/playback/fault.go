package playback

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Protocol is one of the protocols that are played back.
type Protocol string

// The protocols.
const (
	RDAP  Protocol = "rdap"
	WHOIS Protocol = "whois"
	DNS   Protocol = "dns"
	HTTP  Protocol = "http"
)

// Valid reports whether p is one of the protocols.
func (p Protocol) Valid() bool {
	switch p {
	case RDAP, WHOIS, DNS, HTTP:
		return true
	}
	return false
}

// FaultKind is a way for a server to misbehave.
type FaultKind string

// The kinds of faults.
const (
	// Refuse closes the connection at once. UDP has none, so DNS says REFUSED.
	Refuse FaultKind = "refuse"
	// Stall never answers: the connection stays open until Close.
	Stall FaultKind = "stall"
	// Garbage answers with bytes that mean nothing.
	Garbage FaultKind = "garbage"
	// RateLimit asks for fewer queries: status 429, CNNIC's "Queried interval is
	// too short." over WHOIS, REFUSED over DNS.
	RateLimit FaultKind = "rate-limit"
	// ServerError says that the server is broken: status 500, SERVFAIL over DNS,
	// an empty answer over WHOIS, which has no words for it.
	ServerError FaultKind = "server-error"
	// Truncate ends the answer midway. A DNS answer over UDP has no records and
	// the truncation bit set; over TCP it is whole, as the protocol has it.
	Truncate FaultKind = "truncate"
)

// Valid reports whether k is one of the kinds.
func (k FaultKind) Valid() bool {
	switch k {
	case Refuse, Stall, Garbage, RateLimit, ServerError, Truncate:
		return true
	}
	return false
}

// Fault makes the answers for one name go wrong.
type Fault struct {
	Kind FaultKind
	// Times limits the fault to the first queries, so that a retry succeeds. It
	// counts for each protocol by itself and in DNS for each record type. Zero:
	// always.
	Times int
}

// checkFaults finds keys and values that could never take effect.
func checkFaults(faults map[string]Fault) error {
	for _, key := range slices.Sorted(maps.Keys(faults)) {
		name := key
		if protocol, rest, ok := strings.Cut(key, "/"); ok {
			if !Protocol(protocol).Valid() {
				return fmt.Errorf("fault %q: no protocol is called %q", key, protocol)
			}
			name = rest
		}
		if err := checkName(name); err != nil {
			return fmt.Errorf("fault %q: %w", key, err)
		}
		if fault := faults[key]; !fault.Kind.Valid() || fault.Times < 0 {
			return fmt.Errorf("fault %q: no fault %q %d times", key, fault.Kind, fault.Times)
		}
	}
	return nil
}

// arrive counts a query and returns the fault that it meets, empty for none.
// detail tells questions about one name apart.
func (s *Servers) arrive(protocol Protocol, name, detail string) FaultKind {
	s.mu.Lock()
	defer s.mu.Unlock()
	query := string(protocol) + "/" + name
	s.queries[query]++
	if detail != "" {
		query += " " + detail
		s.queries[query]++
	}
	fault, ok := s.options.Faults[string(protocol)+"/"+name]
	if !ok {
		fault, ok = s.options.Faults[name]
	}
	// The query is counted already, so the first one is number 1.
	if !ok || fault.Times > 0 && s.queries[query] > fault.Times {
		return ""
	}
	return fault.Kind
}

// Queries returns how many queries for the name have arrived, faulty ones
// included. For DNS the name may carry a record type, as in "example.com AAAA";
// a question that is repeated over TCP counts twice.
func (s *Servers) Queries(protocol Protocol, name string) int {
	name, detail, found := strings.Cut(name, " ")
	key := string(protocol) + "/" + canonical(name)
	if found {
		key += " " + strings.ToUpper(detail)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queries[key]
}
