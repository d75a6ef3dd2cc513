package table

import (
	"bytes"
	"math"
	"net/netip"
	"slices"
	"testing"
)

func small(t testing.TB) *Table {
	t.Helper()
	table := &Table{
		CountryDay: "2026-06-01", NetworkDay: "2026-06-17",
		Networks: []Network{{37963, "aliyun", InMainland, Override}, {45102, "aliyun", Outside, Conflict}},
		Classes:  []Class{{Country: Unlisted}, {Mainland, 1, false}, {Mainland, 2, true}},
	}
	if err := table.SetRanges(
		[]Range{{0, 0}, {0x01020304, 1}, {0x01020305, 2}, {math.MaxUint32, 0}},
		[]Range{{0, 0}, {0x2408400000000000, 1}, {math.MaxUint64, 2}},
	); err != nil {
		t.Fatal(err)
	}
	return table
}

func TestRoundTrip(t *testing.T) {
	want := small(t)
	data, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, _ := want.Encode()
	if !bytes.Equal(data, again) {
		t.Error("the same table gives other bytes the second time")
	}
	got, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Check(); err != nil {
		t.Fatal(err)
	}
	if got.CountryDay != want.CountryDay || got.NetworkDay != want.NetworkDay || !slices.Equal(got.Networks, want.Networks) || !slices.Equal(got.Classes, want.Classes) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for i, f := range []family{got.ipv4, got.ipv6} {
		for j, p := range f {
			if w := []family{want.ipv4, want.ipv6}[i][j]; p.first != w.first || !slices.Equal(p.starts, w.starts) || !slices.Equal(p.class, w.class) {
				t.Errorf("part %d of family %d: got %v %v, want %v %v", j, i, p.starts, p.class, w.starts, w.class)
			}
		}
	}
}

// TestParts: an address at the edge of a part is found in the right one, and a
// part that nobody asks for stays packed.
func TestParts(t *testing.T) {
	table := &Table{Classes: []Class{{}, {Country: Mainland}}}
	var ranges []Range
	for i := range 2*partSize + 3 {
		ranges = append(ranges, Range{uint64(i) << 8, uint8(i % 2)})
	}
	if err := table.SetRanges(ranges, []Range{{0, 0}}); err != nil {
		t.Fatal(err)
	}
	data, err := table.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(data)
	if err != nil || len(got.ipv4) != 3 {
		t.Fatal(err, len(got.ipv4))
	}
	at := func(x uint32) uint8 {
		return got.Class(netip.AddrFrom4([4]byte{byte(x >> 24), byte(x >> 16), byte(x >> 8), byte(x)}))
	}
	if at(partSize<<8-1) != 1 || at(partSize<<8) != 0 || at(math.MaxUint32) != 0 {
		t.Error("an address at the edge of a part is in another class")
	}
	if got.ipv6[0].packed == nil || got.ipv4[0].packed != nil {
		t.Error("not the parts that were asked for are unpacked")
	}
	for i, r := range ranges {
		if c := at(uint32(r.Start)); c != r.Class {
			t.Fatalf("range %d: class %d, want %d", i, c, r.Class)
		}
	}
	if v4, v6 := got.Size(); v4 != len(ranges) || v6 != 1 {
		t.Errorf("sizes %d, %d", v4, v6)
	}
}

func TestClass(t *testing.T) {
	table := small(t)
	for address, want := range map[string]uint8{
		"0.0.0.0": 0, "1.2.3.3": 0, "1.2.3.4": 1, "1.2.3.5": 2, "9.9.9.9": 2, "255.255.255.254": 2, "255.255.255.255": 0,
		"::": 0, "2408:3fff:ffff:ffff:ffff::": 0, "2408:4000::": 1, "ffff:ffff:ffff:fffe::": 1, "ffff:ffff:ffff:ffff:ffff::": 2,
	} {
		if got := table.Class(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: class %d, want %d", address, got, want)
		}
	}
}

func TestSetRangesMistakes(t *testing.T) {
	good := []Range{{0, 0}}
	for name, bad := range map[string][]Range{
		"empty": nil, "not at 0": {{1, 0}}, "not sorted": {{0, 0}, {5, 0}, {5, 0}}, "no class": {{0, 1}},
	} {
		table := &Table{Classes: []Class{{}}}
		if table.SetRanges(bad, good) == nil {
			t.Errorf("%s: no error for IPv4", name)
		}
		if table.SetRanges(good, bad) == nil {
			t.Errorf("%s: no error for IPv6", name)
		}
	}
	table := &Table{Classes: []Class{{}}}
	if table.SetRanges([]Range{{0, 0}, {1 << 32, 0}}, good) == nil {
		t.Error("no error for an IPv4 range beyond the last address")
	}
}

// FuzzDecode demands that damaged data gives an error or a table that can be
// searched, never a panic.
func FuzzDecode(f *testing.F) {
	data, err := small(f).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)-3])
	f.Add([]byte(magic))
	f.Add([]byte("something else"))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := Decode(data)
		if err != nil || table.Check() != nil {
			return
		}
		for _, s := range []string{"0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff::"} {
			if c := table.Class(netip.MustParseAddr(s)); int(c) >= len(table.Classes) {
				t.Errorf("%s: class %d of %d", s, c, len(table.Classes))
			}
		}
	})
}
