package collect

import (
	"context"
	"slices"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/locate"
)

func facts(path string, value []string, source filing.Source) filing.Facts {
	if value == nil {
		return filing.Facts{}
	}
	return filing.Facts{path: {Value: value, Origin: filing.Origin{Source: source}}}
}

func TestLocate(t *testing.T) {
	for _, c := range []struct {
		name               string
		declared, resolved []string // nil is not known
		// The facts wanted; nil is none.
		server, places, networks []string
	}{
		{"nothing known", nil, nil, nil, nil, nil},
		{"declared alone", []string{"47.96.0.1"}, nil, []string{"mainland"}, nil, nil},
		{"live alone", nil, []string{"47.52.0.1"}, []string{"hong-kong"}, []string{"hong-kong"}, []string{"aliyun"}},
		{"both, each once", []string{"47.96.0.1", "120.24.0.1"}, []string{"42.192.0.1", "2408:4000::1"},
			[]string{"mainland"}, []string{"mainland"}, []string{"aliyun", "tencent"}},
		{"sorted", []string{"168.95.1.1", "8.8.8.8", "202.175.3.8"}, nil, []string{"abroad", "macao", "taiwan"}, nil, nil},
		// A name that still points elsewhere says nothing about the declared server.
		{"declared before live", []string{"47.96.0.1"}, []string{"8.8.8.8"}, []string{"mainland"}, []string{"abroad"}, []string{}},
		{"a carrier's network", nil, []string{"114.116.0.1"}, []string{"mainland"}, []string{"mainland"}, []string{}},
		{"documentation", []string{"203.0.113.7"}, []string{"198.51.100.9"}, []string{"unknown"}, []string{"unknown"}, []string{}},
		{"private beside public", []string{"10.0.0.5", "47.96.0.1"}, nil, []string{"mainland", "unknown"}, nil, nil},
		{"country and network at odds", []string{"8.148.32.1"}, nil, []string{"unknown"}, nil, nil},
		{"not an address", []string{"server-1", " 47.96.0.1 ", "47.52.0.1:80"}, nil, []string{"mainland", "unknown"}, nil, nil},
		{"does not resolve", nil, []string{}, nil, []string{}, []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &filing.Domain{Facts: facts("domain.addresses", c.resolved, filing.FromDNS)}
			f := &filing.Filing{Facts: facts("server.addresses", c.declared, filing.FromFile), Domains: []*filing.Domain{d}}
			// No client, as in --offline runs.
			(&Collector{Locator: &locate.Locator{}}).Collect(context.Background(), f)
			want := func(in filing.Facts, path string, want []string) {
				t.Helper()
				got, known := in.List(path)
				if known != (want != nil) || !slices.Equal(got, want) {
					t.Errorf("%s: %q (known: %v), want %q", path, got, known, want)
				}
				if known && (in[path].Origin.Source != filing.FromGeo || in[path].Origin.Server == "") {
					t.Errorf("%s: origin %+v", path, in[path].Origin)
				}
			}
			want(f.Facts, "server.places", c.server)
			want(d.Facts, "domain.places", c.places)
			want(d.Facts, "domain.networks", c.networks)
		})
	}
}

// TestLocateKeepsFlags: what a person says with --set stands.
func TestLocateKeepsFlags(t *testing.T) {
	given := filing.Fact{Value: []string{"mainland"}, Origin: filing.Origin{Source: filing.FromFlag}}
	d := &filing.Domain{Facts: facts("domain.addresses", []string{"8.8.8.8"}, filing.FromDNS)}
	d.Facts["domain.places"] = given
	f := &filing.Filing{Facts: filing.Facts{"server.places": given}, Domains: []*filing.Domain{d}}
	(&Collector{Locator: &locate.Locator{}}).Collect(context.Background(), f)
	for path, in := range map[string]filing.Facts{"server.places": f.Facts, "domain.places": d.Facts} {
		if got, _ := in.List(path); !slices.Equal(got, []string{"mainland"}) {
			t.Errorf("%s: %q, want what the flag says", path, got)
		}
	}
}

// TestLocateWithout: no locator, no facts.
func TestLocateWithout(t *testing.T) {
	f := &filing.Filing{Facts: facts("server.addresses", []string{"47.96.0.1"}, filing.FromFile)}
	(&Collector{}).Collect(context.Background(), f)
	if _, known := f.Facts["server.places"]; known {
		t.Error("server.places is set though there is no locator")
	}
}
