// Package table is the compact form of "which country and network is this
// address in" that ships inside the binary: written by internal/geodata, read
// by package locate.
//
// The address space of a family is cut into ranges that lie end to end; each
// has a class, and a class is a country with a network. IPv4 is cut at single
// addresses, IPv6 at /64, the size of one LAN.
package table

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net/netip"
	"slices"
)

// Country is all that matters of a country here.
type Country uint8

// The countries. Special are addresses that no host on the internet has:
// private, documentation, multicast and the like.
const (
	Unlisted Country = iota
	Mainland
	HongKong
	Macao
	Taiwan
	Abroad
	Special
)

// CountryOf maps an ISO 3166 code to a Country; an empty one is Unlisted.
func CountryOf(code string) Country {
	switch code {
	case "":
		return Unlisted
	case "CN":
		return Mainland
	case "HK":
		return HongKong
	case "MO":
		return Macao
	case "TW":
		return Taiwan
	}
	return Abroad
}

// Where says where a network's addresses are.
type Where uint8

// The values of column where of rulebook table networks.
const (
	InMainland Where = iota
	Outside
	Mixed
)

// Use says how far a network's Where counts against a country table.
type Use uint8

// The values of column use of rulebook table networks.
const (
	None     Use = iota // the country table alone decides
	Override            // the network decides
	Conflict            // an address that the country table has in the mainland is undetermined
)

// Network is a network of a cloud provider.
type Network struct {
	ASN      uint32
	Provider string // id in rulebook table providers, or empty
	Where    Where
	Use      Use
}

// Class is what the addresses of a range have in common.
type Class struct {
	Country Country
	Network uint8 // index into Table.Networks plus one; zero is no network that matters
	Anycast bool  // a public resolver announced at many places, mainland ones among them
}

// Range is a class with the place where it begins: an IPv4 address, or the
// upper 64 bits of an IPv6 one. It ends where the next begins.
type Range struct {
	Start uint64
	Class uint8
}

// Table is the whole of it.
type Table struct {
	// CountryDay and NetworkDay are the days of the data sets, as 2026-06-01.
	CountryDay, NetworkDay string
	Networks               []Network
	Classes                []Class

	start4 []uint32
	class4 []uint8
	start6 []uint64
	class6 []uint8
}

// Class returns the class of an address: an index into Classes. IPv4 in IPv6
// form has to be unmapped before.
func (t *Table) Class(a netip.Addr) uint8 {
	if a.Is4() {
		b := a.As4()
		return t.class4[last(t.start4, binary.BigEndian.Uint32(b[:]))]
	}
	b := a.As16()
	return t.class6[last(t.start6, binary.BigEndian.Uint64(b[:8]))]
}

// last finds the last start that is not above x. The first start is 0, so there is one.
func last[T uint32 | uint64](starts []T, x T) int {
	low, n := 0, len(starts)
	for n > 1 {
		half := n / 2
		if starts[low+half] <= x {
			low += half
		}
		n -= half
	}
	return low
}

// Size returns the number of ranges of both families.
func (t *Table) Size() (ipv4, ipv6 int) { return len(t.start4), len(t.start6) }

// SetRanges gives the table its ranges: sorted, the first at 0, no two
// neighbours of one class.
func (t *Table) SetRanges(ipv4, ipv6 []Range) error {
	for family, ranges := range map[string][]Range{"ipv4": ipv4, "ipv6": ipv6} {
		if len(ranges) == 0 || ranges[0].Start != 0 {
			return fmt.Errorf("%s: the first range does not begin at 0", family)
		}
		for i, r := range ranges {
			switch {
			case int(r.Class) >= len(t.Classes):
				return fmt.Errorf("%s range %d: no class %d", family, i, r.Class)
			case i > 0 && r.Start <= ranges[i-1].Start:
				return fmt.Errorf("%s range %d: not sorted", family, i)
			case family == "ipv4" && r.Start > 1<<32-1:
				return fmt.Errorf("%s range %d: no address", family, i)
			}
		}
	}
	t.start4, t.class4 = make([]uint32, len(ipv4)), make([]uint8, len(ipv4))
	for i, r := range ipv4 {
		t.start4[i], t.class4[i] = uint32(r.Start), r.Class
	}
	t.start6, t.class6 = make([]uint64, len(ipv6)), make([]uint8, len(ipv6))
	for i, r := range ipv6 {
		t.start6[i], t.class6[i] = r.Start, r.Class
	}
	return nil
}

// magic begins the file; its digit grows when the form changes.
const magic = "icpcheck-geo/1\n"

// maxSize bounds the unpacked table, so that a damaged file cannot fill the memory.
const maxSize = 4 << 20

// Encode writes the table. The same table gives the same bytes with one Go release.
//
// Starts are stored as the distance from the one before, without its trailing
// zero bits, whose number stands in a column of its own: neighbours are mostly
// whole prefixes apart, and columns of like numbers pack well.
func (t *Table) Encode() ([]byte, error) {
	body := text(nil, t.CountryDay)
	body = text(body, t.NetworkDay)
	body = binary.AppendUvarint(body, uint64(len(t.Networks)))
	for _, n := range t.Networks {
		body = binary.AppendUvarint(body, uint64(n.ASN))
		body = append(text(body, n.Provider), byte(n.Where), byte(n.Use))
	}
	body = binary.AppendUvarint(body, uint64(len(t.Classes)))
	for _, c := range t.Classes {
		anycast := byte(0)
		if c.Anycast {
			anycast = 1
		}
		body = append(body, byte(c.Country), c.Network, anycast)
	}
	start4 := make([]uint64, len(t.start4))
	for i, s := range t.start4 {
		start4[i] = uint64(s)
	}
	body = ranges(body, start4, t.class4)
	body = ranges(body, t.start6, t.class6)

	out := bytes.NewBufferString(magic)
	w, err := flate.NewWriter(out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func text(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func ranges(b []byte, starts []uint64, classes []uint8) []byte {
	b = binary.AppendUvarint(b, uint64(len(starts)))
	var zeros, steps []byte
	for i := 1; i < len(starts); i++ { // the first is 0
		step := starts[i] - starts[i-1]
		z := bits.TrailingZeros64(step)
		zeros = append(zeros, byte(z))
		steps = binary.AppendUvarint(steps, step>>z)
	}
	b = append(b, classes...)
	b = append(b, zeros...)
	return append(b, steps...)
}

// Decode reads what Encode wrote.
func Decode(data []byte) (*Table, error) {
	rest, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok {
		return nil, errors.New("not an address table of this version")
	}
	unpacked := bytes.NewBuffer(make([]byte, 0, 6*len(rest))) // it packs to a third or better
	if _, err := unpacked.ReadFrom(io.LimitReader(flate.NewReader(bytes.NewReader(rest)), maxSize)); err != nil {
		return nil, fmt.Errorf("unpacking the address table: %w", err)
	}
	r := &reader{rest: unpacked.Bytes()}
	t := &Table{CountryDay: r.text(), NetworkDay: r.text()}
	t.Networks = make([]Network, r.count())
	for i := range t.Networks {
		t.Networks[i] = Network{ASN: uint32(r.number()), Provider: r.text(), Where: Where(r.byte()), Use: Use(r.byte())}
	}
	t.Classes = make([]Class, r.count())
	for i := range t.Classes {
		t.Classes[i] = Class{Country: Country(r.byte()), Network: r.byte(), Anycast: r.byte() == 1}
	}
	t.start4, t.class4 = readRanges[uint32](r, len(t.Classes))
	t.start6, t.class6 = readRanges[uint64](r, len(t.Classes))
	tooFew := slices.ContainsFunc(t.Classes, func(c Class) bool { return int(c.Network) > len(t.Networks) })
	if r.broken || tooFew || len(r.rest) > 0 {
		return nil, errors.New("the address table is damaged")
	}
	return t, nil
}

// reader reads the unpacked table; broken is set when it ends too early.
type reader struct {
	rest   []byte
	broken bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.rest) {
		r.broken, r.rest = true, nil
		return make([]byte, min(n, maxSize))
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) byte() byte { return r.take(1)[0] }

func (r *reader) number() uint64 {
	x, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.broken, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return x
}

// count reads the length of a list, each of whose elements takes a byte or more.
func (r *reader) count() int {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.broken, r.rest = true, nil
		return 0
	}
	return int(n)
}

func (r *reader) text() string { return string(r.take(r.count())) }

func readRanges[T uint32 | uint64](r *reader, known int) ([]T, []uint8) {
	n := r.count()
	if n == 0 {
		r.broken = true
		return nil, nil
	}
	classes := slices.Clone(r.take(n))
	zeros := r.take(n - 1)
	starts := make([]T, n)
	for i, z := range zeros {
		starts[i+1] = starts[i] + T(r.number())<<z
		r.broken = r.broken || starts[i+1] <= starts[i]
	}
	for _, c := range classes {
		r.broken = r.broken || int(c) >= known
	}
	return starts, classes
}
