package locate

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/locate/internal/table"
)

// The table is promised to load in 5 ms, and to answer 5 million times a
// second on one core (200 ns) without allocating.

// BenchmarkLoad is what the first address of a run costs: a part of the table is
// unpacked for it.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	address := netip.MustParseAddr("47.96.0.1")
	for b.Loop() {
		t, err := table.Decode(geo)
		if err != nil {
			b.Fatal(err)
		}
		t.Class(address)
	}
}

// BenchmarkLoadAll unpacks the whole table.
func BenchmarkLoadAll(b *testing.B) {
	for b.Loop() {
		t, err := table.Decode(geo)
		if err != nil {
			b.Fatal(err)
		}
		if err := t.Check(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLocateIPv4(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	addresses := make([]netip.Addr, 1<<16)
	for i := range addresses {
		n := random.Uint32()
		addresses[i] = netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	}
	benchmark(b, addresses)
}

func BenchmarkLocateIPv6(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	addresses := make([]netip.Addr, 1<<16)
	for i := range addresses {
		n := random.Uint32()
		addresses[i] = netip.AddrFrom16([16]byte{0x24, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 15: 1})
	}
	benchmark(b, addresses)
}

func benchmark(b *testing.B, addresses []netip.Addr) {
	var l Locator
	l.Locate(addresses[0]) // loads
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		l.Locate(addresses[i&(1<<16-1)])
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "M/s")
}
