package collect_test

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/icpcheck/icpcheck/pkg/collect"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/locate"
	"github.com/icpcheck/icpcheck/pkg/playback"
)

// What visitors of mainland networks are sent to counts only where the DNS says
// that it told them something of their own.
func TestViews(t *testing.T) {
	const header = "; recorded: 2026-11-24\n; server: 127.0.0.1\n; query: example.com\n; anonymised: invented\n"
	recording := fstest.MapFS{
		"dns.zone":                    {Data: []byte(header + "www.example.com 60 IN CNAME www.example.com.cdn.example\nwww.example.com.cdn.example 60 IN A 47.52.0.1\nsame.example.com 60 IN A 47.96.0.1\n")},
		"subnet/202.96.209.0_24.zone": {Data: []byte(header + "www.example.com.cdn.example 60 IN A 47.96.0.1\nwww.example.com.cdn.example 60 IN A 47.52.0.2\n")},
	}
	vantages := []collect.Vantage{
		{ID: "telecom", Subnet: netip.MustParsePrefix("202.96.209.0/24"), Mainland: true}, {ID: "unicom", Subnet: netip.MustParsePrefix("202.106.0.0/24"), Mainland: true},
		{ID: "abroad", Subnet: netip.MustParsePrefix("168.126.63.0/24")},
	}
	look := func(name string, faults map[string]playback.Fault) *filing.Domain {
		c := collector(t, recording, faults)
		c.Locator, c.Vantages, c.Via = &locate.Locator{}, vantages, c.Resolver.Servers[0]
		c.CDNs = func() []collect.CDN {
			return []collect.CDN{{ID: "other", Suffixes: []string{"other.example"}}, {ID: "ours", Suffixes: []string{"cdn.example"}}}
		}
		f, d := one(t, name, nil)
		c.Collect(context.Background(), f)
		return d
	}
	d := look("www.example.com", nil)
	if got, _ := d.Facts.List("domain.vantage_places"); !slices.Equal(got, []string{"hong-kong", "mainland"}) {
		t.Errorf("places %v", got)
	}
	if got, _ := d.Facts.List("domain.cdns"); !slices.Equal(got, []string{"ours"}) {
		t.Errorf("CDNs %v", got)
	}
	if len(d.Views) != 3 || !d.Views[0].Steered || d.Views[1].Steered || len(d.Views[0].Addresses) != 2 || d.Views[0].Addresses[1] != (filing.Located{Address: "47.96.0.1", Place: "mainland", Provider: "aliyun", Own: true}) {
		t.Errorf("views %+v", d.Views)
	}
	d = look("same.example.com", nil)
	if got, known := d.Facts.List("domain.vantage_places"); known || !lacksPlaces(d, failure.Unsteered) {
		t.Errorf("one answer for all is nobody's own: %v, %v", got, d.Missed)
	}
	if _, known := d.Facts["domain.cdns"]; known {
		t.Error("a name without aliases goes through a CDN")
	}
	d = look("www.example.com", map[string]playback.Fault{"dns/www.example.com": {Kind: playback.ServerError}})
	if !lacksPlaces(d, failure.Server) {
		t.Errorf("missed %+v", d.Missed)
	}
}

// lacksPlaces reports whether it is noted why nobody knows where mainland
// visitors are sent.
func lacksPlaces(d *filing.Domain, why failure.Kind) bool {
	return slices.ContainsFunc(d.Missed, func(m filing.Missed) bool {
		return slices.Contains(m.Paths, "domain.vantage_places") && m.Failure.Kind == why
	})
}

// That mainland visitors get no mainland node is said only where every mainland
// network has told; that they get one, where any has.
func TestViewsPartly(t *testing.T) {
	const header = "; recorded: 2026-11-24\n; server: 127.0.0.1\n; query: example.com\n; anonymised: invented\n"
	const name, mainland, hongKong, abroad = "www.example.com", "47.96.0.1", "47.52.0.1", "47.88.0.1"
	vantages := []collect.Vantage{
		{ID: "telecom", Subnet: netip.MustParsePrefix("202.96.209.0/24"), Mainland: true}, {ID: "unicom", Subnet: netip.MustParsePrefix("202.106.0.0/24"), Mainland: true},
		{ID: "abroad", Subnet: netip.MustParsePrefix("168.126.63.0/24")},
	}
	for what, c := range map[string]struct {
		telecom, unicom string // what each is told; empty is nothing of its own
		want            []string
		why             failure.Kind
	}{
		"both told, one mainland":         {"A " + mainland, "A " + hongKong, []string{"hong-kong", "mainland"}, ""},
		"both told, none mainland":        {"A " + abroad, "A " + hongKong, []string{"abroad", "hong-kong"}, ""},
		"one told, mainland":              {"A " + mainland, "", []string{"mainland"}, ""},
		"one told, not mainland":          {"A " + hongKong, "", nil, failure.Unsteered},
		"one told, the other failed":      {"A " + hongKong, "CNAME " + name, nil, failure.Malformed},
		"mainland, the other failed":      {"A " + mainland, "CNAME " + name, []string{"mainland"}, ""},
		"one told that there is nothing":  {"A " + hongKong, "TXT none", nil, failure.Unsteered},
		"both told that there is nothing": {"TXT none", "TXT none", nil, failure.Unsteered},
	} {
		recording := fstest.MapFS{"dns.zone": {Data: []byte(header + name + " 60 IN A " + hongKong + "\n")}}
		for subnet, record := range map[string]string{"202.96.209.0_24": c.telecom, "202.106.0.0_24": c.unicom} {
			if record != "" {
				recording["subnet/"+subnet+".zone"] = &fstest.MapFile{Data: []byte(header + name + " 60 IN " + record + "\n")}
			}
		}
		collector := collector(t, recording, nil)
		collector.Locator, collector.Vantages, collector.Via = &locate.Locator{}, vantages, collector.Resolver.Servers[0]
		f, d := one(t, name, nil)
		collector.Collect(context.Background(), f)
		got, known := d.Facts.List("domain.vantage_places")
		if known != (c.want != nil) || !slices.Equal(got, c.want) {
			t.Errorf("%s: places %v, want %v", what, got, c.want)
		}
		if c.want == nil && !lacksPlaces(d, c.why) {
			t.Errorf("%s: missed %v, want %s", what, d.Missed, c.why)
		}
	}
}
