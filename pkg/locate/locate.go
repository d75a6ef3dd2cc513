package locate

import (
	_ "embed"
	"fmt"
	"net/netip"
	"sync"

	"github.com/icpcheck/icpcheck/pkg/locate/internal/table"
)

// geo is written by `make geodata`.
//
//go:embed geo.bin
var geo []byte

// Place is where an address is, as far as a filing cares. Hong Kong, Macao and
// Taiwan count as outside the mainland there, and need no filing.
type Place string

// The places, which are also the elements of the fact server.places.
const (
	Mainland Place = "mainland"
	HongKong Place = "hong-kong"
	Macao    Place = "macao"
	Taiwan   Place = "taiwan"
	Abroad   Place = "abroad"
	Unknown  Place = "unknown"
)

// Outside reports whether the place is known to be outside the mainland.
func (p Place) Outside() bool { return p != Mainland && p != Unknown && p != "" }

// Confidence grades a Location.
type Confidence string

// The grades. Low goes with Unknown, and with it only.
const (
	High   Confidence = "high"   // country and network agree
	Medium Confidence = "medium" // one of the two speaks, or one was believed over the other
	Low    Confidence = "low"    // nothing can be said
)

// Location is where an address is and whose network it is in.
type Location struct {
	Place Place
	// ASN is the number of the network that announces the address, where that
	// is a network of rulebook table networks; else 0.
	ASN uint32
	// Provider is the id of the network's access provider in rulebook table
	// providers; empty where it is not known. Clouds announce addresses through
	// carriers too, so that empty never means "none of them".
	Provider   string
	Confidence Confidence
	Reason     Reason
}

// embedded is the table in the binary with the location of each of its classes.
type embedded struct {
	*table.Table
	locations []Location
}

// load opens the table when the first address is looked up. A table that
// cannot be read is a broken build, which the tests catch, hence the panic.
var load = sync.OnceValue(func() *embedded {
	t, err := table.Decode(geo)
	if err != nil {
		panic("locate: " + err.Error())
	}
	e := &embedded{Table: t, locations: make([]Location, len(t.Classes))}
	for i, c := range t.Classes {
		e.locations[i] = decide(c.Country, e.network(c), c.Anycast)
	}
	return e
})

func (e *embedded) network(c table.Class) *table.Network {
	if c.Network == 0 {
		return nil
	}
	return &e.Networks[c.Network-1]
}

// Locator tells where addresses are. The zero value reads the table in the
// binary, and the one that Open returns a file of the user's. It is safe for
// use by several goroutines.
type Locator struct {
	countries *countryFile // nil: those of the embedded table
}

// Locate tells where an address is. An address that no host on the internet
// has (private, loopback, documentation, multicast …) is Unknown, like the
// zero Addr. IPv4 in IPv6 form is IPv4. With the embedded table a look-up
// allocates nothing.
func (l *Locator) Locate(a netip.Addr) Location {
	if !a.IsValid() {
		return Location{Place: Unknown, Confidence: Low, Reason: NotPublic}
	}
	e := load()
	a = a.Unmap()
	class := e.Class(a)
	if l.countries == nil {
		return e.locations[class]
	}
	c := e.Classes[class]
	if c.Country != table.Special {
		c.Country = l.countries.country(a)
	}
	return decide(c.Country, e.network(c), c.Anycast)
}

// Data names the data that places come from, with its day: "DB-IP Lite 2026-06-01".
func (l *Locator) Data() string {
	if l.countries == nil {
		return "DB-IP Lite " + load().CountryDay
	}
	m := l.countries.reader.Metadata
	return fmt.Sprintf("%s %s", m.DatabaseType, m.BuildTime().UTC().Format("2006-01-02"))
}
