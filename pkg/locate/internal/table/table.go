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
	"sync"
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

// Table is the whole of it. It is safe for use by several goroutines.
type Table struct {
	// CountryDay and NetworkDay are the days of the data sets, as 2026-06-01.
	CountryDay, NetworkDay string
	Networks               []Network
	Classes                []Class

	ipv4, ipv6 family
}

// family is the ranges of a family, cut into parts that are unpacked when they
// are first asked for: a short run asks for one or two of them.
type family []*part

type part struct {
	first  uint64 // where its first range begins
	count  int    // of its ranges
	packed []byte // nil where ranges is set from the beginning

	once   sync.Once
	starts []uint64
	class  []uint8
	err    error
}

// partSize is the number of ranges in a part: few enough to unpack in a tenth of
// a millisecond, many enough to pack as well as the whole.
const partSize = 2048

// Class returns the class of an address: an index into Classes. IPv4 in IPv6
// form has to be unmapped before. It panics where the table is damaged, which
// Check tells beforehand.
func (t *Table) Class(a netip.Addr) uint8 {
	if a.Is4() {
		b := a.As4()
		return t.ipv4.class(uint64(binary.BigEndian.Uint32(b[:])), len(t.Classes))
	}
	b := a.As16()
	return t.ipv6.class(binary.BigEndian.Uint64(b[:8]), len(t.Classes))
}

func (f family) class(x uint64, classes int) uint8 {
	p := f[last(len(f), func(i int) bool { return f[i].first <= x })]
	if err := p.unpack(classes); err != nil {
		panic("address table: " + err.Error())
	}
	return p.class[last(len(p.starts), func(i int) bool { return p.starts[i] <= x })]
}

// last finds the last of n sorted places that is not beyond. The first is not.
func last(n int, notBeyond func(int) bool) int {
	low := 0
	for n > 1 {
		half := n / 2
		if notBeyond(low + half) {
			low += half
		}
		n -= half
	}
	return low
}

// Size returns the number of ranges of both families.
func (t *Table) Size() (ipv4, ipv6 int) { return t.ipv4.size(), t.ipv6.size() }

func (f family) size() (n int) {
	for _, p := range f {
		n += p.count
	}
	return n
}

// Check unpacks the whole table and reports what is damaged.
func (t *Table) Check() error {
	for _, f := range []family{t.ipv4, t.ipv6} {
		for i, p := range f {
			if err := p.unpack(len(t.Classes)); err != nil {
				return err
			}
			if i+1 < len(f) && p.starts[len(p.starts)-1] >= f[i+1].first {
				return errDamaged
			}
		}
	}
	return nil
}

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
	t.ipv4, t.ipv6 = cut(ipv4), cut(ipv6)
	return nil
}

// cut makes parts of ranges.
func cut(ranges []Range) (f family) {
	for some := range slices.Chunk(ranges, partSize) {
		p := &part{first: some[0].Start, count: len(some)}
		for _, r := range some {
			p.starts, p.class = append(p.starts, r.Start), append(p.class, r.Class)
		}
		f = append(f, p)
	}
	return f
}

// magic begins the file; its digit grows when the form changes.
const magic = "icpcheck-geo/2\n"

// maxPart bounds an unpacked part, so that a damaged file cannot fill the memory.
const maxPart = partSize * (1 + 1 + binary.MaxVarintLen64)

var errDamaged = errors.New("the address table is damaged")

// Encode writes the table. The same table gives the same bytes with one Go
// release. The parts follow what is needed to find them.
func (t *Table) Encode() ([]byte, error) {
	head := text([]byte(magic), t.CountryDay)
	head = text(head, t.NetworkDay)
	head = binary.AppendUvarint(head, uint64(len(t.Networks)))
	for _, n := range t.Networks {
		head = binary.AppendUvarint(head, uint64(n.ASN))
		head = append(text(head, n.Provider), byte(n.Where), byte(n.Use))
	}
	head = binary.AppendUvarint(head, uint64(len(t.Classes)))
	for _, c := range t.Classes {
		anycast := byte(0)
		if c.Anycast {
			anycast = 1
		}
		head = append(head, byte(c.Country), c.Network, anycast)
	}
	var parts []byte
	for _, f := range []family{t.ipv4, t.ipv6} {
		head = binary.AppendUvarint(head, uint64(len(f)))
		for _, p := range f {
			if err := p.unpack(len(t.Classes)); err != nil {
				return nil, err
			}
			packed, err := pack(p.starts, p.class)
			if err != nil {
				return nil, err
			}
			head = binary.AppendUvarint(head, p.first)
			head = binary.AppendUvarint(head, uint64(p.count))
			head = binary.AppendUvarint(head, uint64(len(packed)))
			parts = append(parts, packed...)
		}
	}
	return append(head, parts...), nil
}

func text(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// pack writes the ranges of a part. Starts are stored as the distance from the one
// before, without its trailing zero bits, whose number stands in a column of its
// own: neighbours are mostly whole prefixes apart, and columns of like numbers
// pack well.
func pack(starts []uint64, classes []uint8) ([]byte, error) {
	var zeros, steps []byte
	for i := 1; i < len(starts); i++ {
		step := starts[i] - starts[i-1]
		z := bits.TrailingZeros64(step)
		zeros = append(zeros, byte(z))
		steps = binary.AppendUvarint(steps, step>>z)
	}
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	for _, column := range [][]byte{classes, zeros, steps} {
		if _, err := w.Write(column); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// unpack reads the part's ranges, once.
func (p *part) unpack(classes int) error {
	p.once.Do(func() {
		if p.packed == nil {
			return
		}
		unpacked := bytes.NewBuffer(make([]byte, 0, 4*p.count)) // mostly less than 4 bytes a range
		if _, err := unpacked.ReadFrom(io.LimitReader(flate.NewReader(bytes.NewReader(p.packed)), maxPart)); err != nil {
			p.err = fmt.Errorf("unpacking the address table: %w", err)
			return
		}
		r := &reader{rest: unpacked.Bytes()}
		p.class = slices.Clone(r.take(p.count))
		zeros := r.take(p.count - 1)
		p.starts = make([]uint64, p.count)
		p.starts[0] = p.first
		for i, z := range zeros {
			p.starts[i+1] = p.starts[i] + r.number()<<z
			r.broken = r.broken || p.starts[i+1] <= p.starts[i]
		}
		for _, c := range p.class {
			r.broken = r.broken || int(c) >= classes
		}
		if r.broken || len(r.rest) > 0 {
			p.err = errDamaged
		}
		p.packed = nil
	})
	return p.err
}

// Decode reads what Encode wrote, its parts only when they are asked for.
func Decode(data []byte) (*Table, error) {
	rest, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok {
		return nil, errors.New("not an address table of this version")
	}
	r := &reader{rest: rest}
	t := &Table{CountryDay: r.text(), NetworkDay: r.text()}
	t.Networks = make([]Network, r.count())
	for i := range t.Networks {
		t.Networks[i] = Network{ASN: uint32(r.number()), Provider: r.text(), Where: Where(r.byte()), Use: Use(r.byte())}
	}
	t.Classes = make([]Class, r.count())
	for i := range t.Classes {
		t.Classes[i] = Class{Country: Country(r.byte()), Network: r.byte(), Anycast: r.byte() == 1}
	}
	var lengths []int
	for _, f := range []*family{&t.ipv4, &t.ipv6} {
		*f = make(family, r.count())
		for i := range *f {
			p := &part{first: r.number(), count: int(min(r.number(), partSize+1))}
			r.broken = r.broken || p.count == 0 || p.count > partSize || i == 0 && p.first != 0 || i > 0 && p.first <= (*f)[i-1].first
			lengths = append(lengths, r.count())
			(*f)[i] = p
		}
		r.broken = r.broken || len(*f) == 0
	}
	for i, p := range slices.Concat(t.ipv4, t.ipv6) {
		p.packed = r.take(lengths[i])
	}
	tooFew := slices.ContainsFunc(t.Classes, func(c Class) bool { return int(c.Network) > len(t.Networks) })
	if r.broken || tooFew || len(r.rest) > 0 {
		return nil, errDamaged
	}
	return t, nil
}

// reader reads numbers and texts; broken is set when they end too early.
type reader struct {
	rest   []byte
	broken bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.rest) {
		r.broken, r.rest = true, nil
		return make([]byte, min(n, maxPart))
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
