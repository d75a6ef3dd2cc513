package locate

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/locate/internal/table"
)

func TestLocate(t *testing.T) {
	unknown := func(r Reason) Location { return Location{Place: Unknown, Confidence: Low, Reason: r} }
	for _, c := range []struct {
		address string
		want    Location
	}{
		{"47.96.0.1", Location{Mainland, 37963, "aliyun", High, Agreement}},
		{"47.52.0.1", Location{HongKong, 45102, "aliyun", High, Agreement}},
		{"114.116.0.1", Location{Mainland, 0, "", Medium, ByCountry}},              // Huawei Cloud, announced by a carrier
		{"81.71.56.1", Location{Mainland, 45090, "tencent", Medium, ByNetwork}},    // the country table has it abroad
		{"8.148.32.1", Location{Unknown, 24429, "aliyun", Low, Conflict}},          // the country table has it in the mainland
		{"223.5.5.5", Location{Mainland, 45102, "aliyun", Medium, Anycast}},        // as is this, but it is anycast
		{"223.5.5.9", Location{Unknown, 45102, "aliyun", Low, Conflict}},           // its neighbour is not
		{"::ffff:47.96.0.1", Location{Mainland, 37963, "aliyun", High, Agreement}}, // IPv4 in IPv6 form
		{"8.8.8.8", Location{Abroad, 0, "", Medium, ByCountry}},
		{"2408:4000::1", Location{Mainland, 37963, "aliyun", High, Agreement}},
		{"2408:4000::1%eth0", Location{Mainland, 37963, "aliyun", High, Agreement}},
		{"240b:4000::1", Location{Abroad, 45102, "aliyun", High, Agreement}},
		{"2406:da1e::1", Location{HongKong, 0, "", Medium, ByCountry}},

		{"203.0.113.7", unknown(NotPublic)},     // documentation
		{"198.51.100.9", unknown(NotPublic)},    // documentation
		{"192.0.2.1", unknown(NotPublic)},       // documentation
		{"10.0.0.1", unknown(NotPublic)},        // private
		{"172.31.255.255", unknown(NotPublic)},  // private, the last
		{"192.168.1.1", unknown(NotPublic)},     // private
		{"100.64.0.1", unknown(NotPublic)},      // behind a carrier's NAT
		{"127.0.0.1", unknown(NotPublic)},       // loopback
		{"169.254.169.254", unknown(NotPublic)}, // link-local
		{"0.0.0.0", unknown(NotPublic)},
		{"255.255.255.255", unknown(NotPublic)},
		{"224.0.0.1", unknown(NotPublic)}, // multicast
		{"::", unknown(NotPublic)},
		{"::1", unknown(NotPublic)},
		{"::ffff:10.0.0.1", unknown(NotPublic)},
		{"64:ff9b::1.2.3.4", unknown(NotPublic)}, // NAT64
		{"2001:db8::1", unknown(NotPublic)},      // documentation
		{"3fff::1", unknown(NotPublic)},          // documentation
		{"2002:102:304::1", unknown(NotPublic)},  // 6to4
		{"fd00::1", unknown(NotPublic)},          // unique local
		{"fe80::1%eth0", unknown(NotPublic)},     // link-local
		{"ff02::1", unknown(NotPublic)},          // multicast
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", unknown(NotPublic)},
	} {
		var l Locator
		if got := l.Locate(netip.MustParseAddr(c.address)); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.address, got, c.want)
		}
	}
	var l Locator
	if got := l.Locate(netip.Addr{}); got != unknown(NotPublic) {
		t.Errorf("the zero address: %+v", got)
	}
}

// TestDecide goes through every way in which country and network meet.
func TestDecide(t *testing.T) {
	network := func(w table.Where, u table.Use) *table.Network {
		return &table.Network{ASN: 64500, Provider: "p", Where: w, Use: u}
	}
	for _, c := range []struct {
		name    string
		country table.Country
		network *table.Network
		want    string // place confidence reason
	}{
		{"no network", table.Taiwan, nil, "taiwan medium country"},
		{"nothing", table.Unlisted, nil, "unknown low not-listed"},
		{"special", table.Special, network(table.InMainland, table.Override), "unknown low not-public"},
		{"override agrees", table.Mainland, network(table.InMainland, table.Override), "mainland high country-and-network"},
		{"override wins", table.Abroad, network(table.InMainland, table.Override), "mainland medium network"},
		{"override alone", table.Unlisted, network(table.InMainland, table.Override), "mainland medium network"},
		{"conflict", table.Mainland, network(table.Outside, table.Conflict), "unknown low conflict"},
		{"conflict agrees", table.HongKong, network(table.Outside, table.Conflict), "hong-kong high country-and-network"},
		{"conflict, not listed", table.Unlisted, network(table.Outside, table.Conflict), "unknown low not-listed"},
		{"mixed conflict", table.Mainland, network(table.Mixed, table.Conflict), "unknown low conflict"},
		{"mixed conflict outside", table.Abroad, network(table.Mixed, table.Conflict), "abroad medium country"},
		{"mixed none", table.Mainland, network(table.Mixed, table.None), "mainland medium country"},
		{"none contradicts", table.Macao, network(table.InMainland, table.None), "macao medium country"},
	} {
		l := decide(c.country, c.network, false)
		if got := fmt.Sprintf("%s %s %s", l.Place, l.Confidence, l.Reason); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if (l.Confidence == Low) != (l.Place == Unknown) {
			t.Errorf("%s: low confidence and an unknown place go together, got %+v", c.name, l)
		}
	}
}

// TestAllocations holds look-ups to what they promise.
func TestAllocations(t *testing.T) {
	var l Locator
	addresses := []netip.Addr{netip.MustParseAddr("47.96.0.1"), netip.MustParseAddr("2408:4000::1"), netip.MustParseAddr("::ffff:10.0.0.1")}
	if n := testing.AllocsPerRun(100, func() {
		for _, a := range addresses {
			l.Locate(a)
		}
	}); n != 0 {
		t.Errorf("%v allocations for three look-ups, want none", n)
	}
}

// TestTableIsCurrent tells when `make geodata` has to be run: after a change of
// rulebook table networks.
func TestTableIsCurrent(t *testing.T) {
	const limit = 200_000
	if len(geo) > limit {
		t.Errorf("the table takes %d bytes in the binary, want %d at most", len(geo), limit)
	}
	book := shipped.Book(t)
	uses := []string{table.None: "none", table.Override: "override", table.Conflict: "conflict"}
	wheres := []string{table.InMainland: "mainland", table.Outside: "outside", table.Mixed: "mixed"}
	e := load()
	var have, want []string
	for _, n := range e.Networks {
		have = append(have, fmt.Sprintf("as%d %s %s %s", n.ASN, n.Provider, wheres[n.Where], uses[n.Use]))
	}
	var l Locator
	for _, r := range book.Table("networks").Rows {
		want = append(want, fmt.Sprintf("%s %s %s %s", r.ID, r.Text("provider"), r.Text("where"), r.Text("use")))
		for _, s := range r.List("anycast") {
			if got := l.Locate(netip.MustParseAddr(s)); got.Reason != Anycast {
				t.Errorf("%s, a resolver of %s: %+v; run make geodata", s, r.ID, got)
			}
		}
	}
	if strings.Join(have, "\n") != strings.Join(want, "\n") {
		t.Errorf("the embedded table has other networks than rules/tables/networks.yaml; run make geodata\nhave:\n%s\nwant:\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}

func TestReasonTexts(t *testing.T) {
	for _, r := range []Reason{Agreement, ByCountry, ByNetwork, Anycast, Conflict, NotPublic, NotListed} {
		if r.Text().Zh == "" || r.Text().En == "" {
			t.Errorf("%s is not said in both languages", r)
		}
	}
}

// database writes a small MaxMind DB file of the type and returns its path.
func database(t *testing.T, kind string, records map[string]mmdbtype.DataType) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, BuildEpoch: 1790000000, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for prefix, record := range records {
		_, network, err := net.ParseCIDR(prefix)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(network, record); err != nil {
			t.Fatal(err)
		}
	}
	var data bytes.Buffer
	if _, err := tree.WriteTo(&data); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "own.mmdb")
	if err := os.WriteFile(path, data.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func nested(code string) mmdbtype.DataType {
	return mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(code)}}
}

func TestOpen(t *testing.T) {
	l, err := Open(database(t, "GeoLite2-Country", map[string]mmdbtype.DataType{
		"8.8.8.0/24":     nested("MO"),
		"47.96.0.0/16":   nested("SG"),
		"47.52.0.0/16":   nested("CN"),
		"10.0.0.0/8":     nested("CN"),
		"2a00:1450::/32": nested("TW"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for address, want := range map[string]Location{
		"8.8.8.8":        {Macao, 0, "", Medium, ByCountry},                    // the file's word
		"47.96.0.1":      {Mainland, 37963, "aliyun", Medium, ByNetwork},       // the network's over the file's
		"47.52.0.1":      {Unknown, 45102, "aliyun", Low, Conflict},            // neither's
		"10.0.0.1":       {Place: Unknown, Confidence: Low, Reason: NotPublic}, // a file cannot place a private address
		"2a00:1450::1":   {Taiwan, 0, "", Medium, ByCountry},
		"166.111.8.28":   {Place: Unknown, Confidence: Low, Reason: NotListed}, // not in the file
		"fe80::1%eth0":   {Place: Unknown, Confidence: Low, Reason: NotPublic},
		"2a00:1450::1%0": {Taiwan, 0, "", Medium, ByCountry},
	} {
		if got := l.Locate(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %+v, want %+v", address, got, want)
		}
	}
	if got, want := l.Data(), "GeoLite2-Country 2026-09-21"; got != want {
		t.Errorf("data %q, want %q", got, want)
	}
}

// TestOpenFlat reads the other key under which databases keep the country.
func TestOpenFlat(t *testing.T) {
	l, err := Open(database(t, "country", map[string]mmdbtype.DataType{
		"8.8.8.0/24": mmdbtype.Map{"country_code": mmdbtype.String("HK")},
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := l.Locate(netip.MustParseAddr("8.8.8.8")); got.Place != HongKong {
		t.Errorf("8.8.8.8: %+v, want hong-kong", got)
	}
}

func TestOpenMistakes(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.mmdb")
	if err := os.WriteFile(text, []byte("1.0.0.0,1.0.0.255,AU\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	asn := database(t, "GeoLite2-ASN", map[string]mmdbtype.DataType{"8.8.8.0/24": mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(15169)}})
	odd := database(t, "odd", map[string]mmdbtype.DataType{"8.8.8.0/24": mmdbtype.Map{"country": mmdbtype.String("US")}})
	for path, want := range map[string]string{
		filepath.Join(dir, "none.mmdb"): "no such file",
		dir:                             "is a folder, want a MaxMind DB file",
		text:                            "not a MaxMind DB file",
		asn:                             `has no country codes (its type is "GeoLite2-ASN")`,
		odd:                             "cannot be read as a country database",
	} {
		_, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q and the path", path, err, want)
		}
	}
}

// TestTableWhole: every part of the table in the binary can be read.
func TestTableWhole(t *testing.T) {
	if err := load().Check(); err != nil {
		t.Fatal(err)
	}
	if v4, v6 := load().Size(); v4 < 10_000 || v6 < 10_000 {
		t.Errorf("%d and %d ranges", v4, v6)
	}
}
