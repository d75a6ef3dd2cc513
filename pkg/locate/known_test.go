package locate

import (
	"net/netip"
	"os"
	"testing"

	"gopkg.in/yaml.v3"
)

// knownAddress is one row of testdata/known.yaml.
type knownAddress struct {
	Address netip.Addr
	Place   Place
	What    string
	Likely  bool
}

func knownAddresses(t testing.TB) []knownAddress {
	t.Helper()
	data, err := os.ReadFile("testdata/known.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Addresses []knownAddress }
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Addresses
}

// TestKnownAddresses demands what users may rely on: 98 of 100 right, and no
// wrong answer stated with high confidence.
func TestKnownAddresses(t *testing.T) {
	known := knownAddresses(t)
	if len(known) < 184 {
		t.Fatalf("%d known addresses, want 184 or more", len(known))
	}
	var l Locator
	right, grades := 0, map[Confidence]int{}
	for _, k := range known {
		got := l.Locate(k.Address)
		grades[got.Confidence]++
		if got.Place == k.Place {
			right++
			continue
		}
		t.Logf("%s (%s): %+v, want %s", k.Address, k.What, got, k.Place)
		if got.Confidence == High {
			t.Errorf("%s (%s): wrong with high confidence", k.Address, k.What)
		}
	}
	t.Logf("%d of %d right; %d high, %d medium, %d low", right, len(known), grades[High], grades[Medium], grades[Low])
	if right*100 < len(known)*98 {
		t.Errorf("%d of %d right, want 98 of 100", right, len(known))
	}
}
