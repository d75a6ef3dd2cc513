package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/icpcheck/icpcheck/pkg/locate/internal/table"
)

// pack writes a package as the registry hands it out.
func pack(t *testing.T, version string, files map[string][]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "package.tgz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zipped := gzip.NewWriter(f)
	archive := tar.NewWriter(zipped)
	files["package.json"] = []byte(`{"version": "` + version + `"}`)
	for name, data := range files {
		if err := archive.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o644, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func countries(t *testing.T, version int, codes map[string]string) []byte {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "country", IPVersion: version, IncludeReservedNetworks: true, DisableIPv4Aliasing: true, BuildEpoch: 1})
	if err != nil {
		t.Fatal(err)
	}
	for prefix, code := range codes {
		_, network, err := net.ParseCIDR(prefix)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(network, mmdbtype.Map{"country_code": mmdbtype.String(code)}); err != nil {
			t.Fatal(err)
		}
	}
	var data bytes.Buffer
	if _, err := tree.WriteTo(&data); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

func TestRun(t *testing.T) {
	country := pack(t, "2.3.2026060120", map[string][]byte{
		"dbip-country-ipv4.mmdb": countries(t, 4, map[string]string{"47.96.0.0/16": "CN", "47.97.0.0/24": "SG", "223.5.5.0/24": "CN", "203.0.113.0/24": "US"}),
		"dbip-country-ipv6.mmdb": countries(t, 6, map[string]string{"2408:4000::/32": "CN", "2408:4001::/80": "HK"}),
	})
	asns := pack(t, "2.3.2026061719", map[string][]byte{
		"asn-ipv4.csv": []byte("47.96.0.0,47.97.255.255,37963,\"Hangzhou, Ltd\"\n100.0.0.0,100.0.0.255,701,Other\n223.5.5.0,223.5.5.255,45102,Alibaba\n"),
		"asn-ipv6.csv": []byte("2408:4000::,2408:4000:ffff:ffff:ffff:ffff:ffff:ffff,37963,Hangzhou\n"),
	})
	output := filepath.Join(t.TempDir(), "geo.bin")
	if err := run(country, asns, output); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	if err := run(country, asns, output); err != nil {
		t.Fatal(err)
	}
	if again, _ := os.ReadFile(output); !bytes.Equal(data, again) {
		t.Error("the same inputs give other bytes the second time")
	}
	got, err := table.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if got.CountryDay != "2026-06-01" || got.NetworkDay != "2026-06-17" {
		t.Errorf("days %s and %s", got.CountryDay, got.NetworkDay)
	}
	for address, want := range map[string]struct {
		country table.Country
		asn     uint32
		anycast bool
	}{
		"47.95.255.255":   {table.Unlisted, 0, false},
		"47.96.0.0":       {table.Mainland, 37963, false},
		"47.97.0.255":     {table.Abroad, 37963, false},
		"47.97.255.255":   {table.Unlisted, 37963, false},
		"47.98.0.0":       {table.Unlisted, 0, false},
		"100.0.0.1":       {table.Unlisted, 0, false}, // of a network that does not matter
		"203.0.113.7":     {table.Special, 0, false},  // whatever the data say
		"223.5.5.4":       {table.Mainland, 45102, false},
		"223.5.5.5":       {table.Mainland, 45102, true},
		"255.255.255.255": {table.Special, 0, false},
		"2408:4000::1":    {table.Mainland, 37963, false},
		"2408:4001::1":    {table.HongKong, 0, false}, // a /64 goes with its first address
		"2408:4001:0:1::": {table.Unlisted, 0, false},
		"::1":             {table.Special, 0, false},
		"fe80::1":         {table.Special, 0, false},
	} {
		c := got.Classes[got.Class(netip.MustParseAddr(address))]
		asn := uint32(0)
		if c.Network > 0 {
			asn = got.Networks[c.Network-1].ASN
		}
		if c.Country != want.country || asn != want.asn || c.Anycast != want.anycast {
			t.Errorf("%s: %+v of AS%d, want %+v", address, c, asn, want)
		}
	}
}

func TestRunMistakes(t *testing.T) {
	empty4, empty6 := countries(t, 4, nil), countries(t, 6, nil)
	good := func() map[string][]byte {
		return map[string][]byte{"dbip-country-ipv4.mmdb": empty4, "dbip-country-ipv6.mmdb": empty6}
	}
	country := pack(t, "2.3.2026060120", good())
	for name, c := range map[string]struct{ country, networks, want string }{
		"undated":     {pack(t, "2.3.0", good()), country, "no day in version"},
		"incomplete":  {pack(t, "2.3.2026060120", map[string][]byte{}), country, "no file dbip-country-ipv4.mmdb"},
		"overlapping": {country, pack(t, "2.3.2026061719", map[string][]byte{"asn-ipv4.csv": []byte("1.0.0.0,1.0.0.9,37963,A\n1.0.0.5,1.0.0.7,45102,B\n"), "asn-ipv6.csv": nil}), "overlap"},
		"malformed":   {country, pack(t, "2.3.2026061719", map[string][]byte{"asn-ipv4.csv": []byte("1.0.0.0,1.0.0.9,AS1,A\n"), "asn-ipv6.csv": nil}), "invalid syntax"},
	} {
		err := run(c.country, c.networks, filepath.Join(t.TempDir(), "geo.bin"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

// TestSpecial keeps the list in order and free of overlap, which flatten relies on.
func TestSpecial(t *testing.T) {
	for family, list := range special {
		for _, s := range list {
			if p := netip.MustParsePrefix(s); p != p.Masked() {
				t.Errorf("%s: %s has bits beyond its length", family, s)
			}
		}
		if err := apart(prefixes(list)); err != nil {
			t.Errorf("%s: %v", family, err)
		}
	}
}
