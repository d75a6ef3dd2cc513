package collect_test

import (
	"context"
	"io/fs"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/miekg/dns"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/collect"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/playback"
	"github.com/icpcheck/icpcheck/pkg/registration"
	"github.com/icpcheck/icpcheck/pkg/resolve"
)

var now = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)

// noRDAP knows that .cn and .中国 have no RDAP.
type noRDAP struct{}

func (noRDAP) For(suffix string) (registration.Server, bool) {
	if suffix == "cn" || suffix == "xn--fiqs8s" {
		return registration.Server{WHOIS: "whois.invalid"}, true
	}
	return registration.Server{RDAP: []string{"https://rdap.invalid/"}}, true
}

// collector asks recorded servers.
func collector(t *testing.T, recording fs.FS, faults map[string]playback.Fault) *collect.Collector {
	t.Helper()
	servers, err := playback.Start(recording, playback.Options{Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = servers.Close() })
	return &collect.Collector{
		Registration: &registration.Client{
			Servers: registration.Fixed{RDAP: servers.RDAPURL, WHOIS: servers.WHOISAddr, Table: noRDAP{}},
			Clock:   func() time.Time { return now },
		},
		Resolver: &resolve.Resolver{Servers: []string{servers.DNSAddr}, Now: func() time.Time { return now }},
		Timeout:  time.Minute,
	}
}

// one makes a filing about one domain, with what the file says about it.
func one(t *testing.T, name string, facts filing.Facts) (*filing.Filing, *filing.Domain) {
	t.Helper()
	parsed, err := domainname.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	if facts == nil {
		facts = filing.Facts{}
	}
	filing.SetName(facts, parsed, filing.Origin{Source: filing.FromFlag})
	d := &filing.Domain{Facts: facts}
	return &filing.Filing{Name: name, Facts: filing.Facts{}, Domains: []*filing.Domain{d}}, d
}

func TestFacts(t *testing.T) {
	c := collector(t, playback.Demo(), nil)
	tests := []struct {
		name   string
		source filing.Source
		want   map[string]any
		absent []string
	}{
		{
			"www.example.com", filing.FromRDAP,
			map[string]any{
				"domain.registered": true, "domain.expires_at": time.Date(2027, 2, 20, 4, 0, 0, 0, time.UTC),
				"domain.registrar_iana_id": "1599", "domain.statuses": []string{"clientTransferProhibited"},
			},
			[]string{"domain.holder", "domain.reserved", "domain.real_name"},
		},
		{
			"example.cn", filing.FromWHOIS,
			map[string]any{
				"domain.registered": true, "domain.holder": "成都示例商贸有限公司", "domain.statuses": []string{"serverHold"},
				"domain.registrar": "厦门易名科技股份有限公司", "domain.expires_at": time.Date(2027, 12, 1, 4, 0, 0, 0, time.UTC), // noon in Beijing
			},
			[]string{"domain.registrar_iana_id", "domain.real_name"},
		},
		{"free.com", filing.FromRDAP, map[string]any{"domain.registered": false}, []string{"domain.expires_at", "domain.statuses", "domain.holder"}},
		{"free.cn", filing.FromWHOIS, map[string]any{"domain.registered": false}, []string{"domain.expires_at", "domain.statuses", "domain.holder"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, d := one(t, test.name, nil)
			c.Collect(context.Background(), f)
			for path, want := range test.want {
				got := d.Facts[path]
				if at, ok := got.Value.(time.Time); ok && at.Equal(want.(time.Time)) {
					got.Value = want
				}
				if !reflect.DeepEqual(got.Value, want) {
					t.Errorf("%s: got %v, want %v", path, got.Value, want)
				}
				if got.Origin.Source != test.source || got.Origin.Server == "" || !got.Origin.At.Equal(now) {
					t.Errorf("%s: the origin is %+v", path, got.Origin)
				}
			}
			for _, path := range test.absent {
				if fact, known := d.Facts[path]; known {
					t.Errorf("%s is known: %v", path, fact.Value)
				}
			}
			if len(d.Missed)+len(d.Conflicts) > 0 {
				t.Errorf("missed %+v, conflicts %+v", d.Missed, d.Conflicts)
			}
		})
	}
}

func TestDNS(t *testing.T) {
	c := collector(t, playback.Demo(), nil)
	f, d := one(t, "www.example.com", nil)
	c.Collect(context.Background(), f)
	if got, _ := d.Facts.List("domain.addresses"); !slices.Equal(got, []string{"203.0.113.7"}) {
		t.Errorf("addresses %q", got)
	}
	if d.Facts["domain.resolves"].Value != true || d.Facts["domain.addresses"].Origin.Source != filing.FromDNS {
		t.Errorf("got %+v", d.Facts["domain.resolves"])
	}
	// A name that does not exist for the DNS does not resolve, which is a fact.
	f, d = one(t, "example.cn", nil)
	c.Collect(context.Background(), f)
	if fact := d.Facts["domain.resolves"]; fact.Value != false || fact.Origin.Source != filing.FromDNS {
		t.Errorf("got %+v", fact)
	}
}

// TestDNSHalfAnswered: that a name resolves nowhere is a fact only once both
// families are answered, and what was not answered is told.
func TestDNSHalfAnswered(t *testing.T) {
	for _, test := range []struct {
		failing uint16
		records map[uint16]string
		want    any
		missed  string
	}{
		{dns.TypeA, nil, nil, "example.com A"},
		{dns.TypeAAAA, nil, nil, "example.com AAAA"},
		{dns.TypeAAAA, map[uint16]string{dns.TypeA: "example.com. 60 IN A 203.0.113.7"}, true, ""},
		{dns.TypeA, map[uint16]string{dns.TypeAAAA: "example.com. 60 IN AAAA 2001:db8::7"}, true, "example.com A"},
		{dns.TypeNone, nil, false, ""},
	} {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		server := &dns.Server{PacketConn: packets, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, query *dns.Msg) {
			qtype := query.Question[0].Qtype
			answer := new(dns.Msg).SetReply(query)
			answer.RecursionAvailable = true
			if qtype == test.failing {
				answer.Rcode = dns.RcodeServerFailure
			}
			if s := test.records[qtype]; s != "" {
				rr, err := dns.NewRR(s)
				if err != nil {
					t.Error(err)
				}
				answer.Answer = []dns.RR{rr}
			}
			_ = w.WriteMsg(answer)
		})}
		go func() { _ = server.ActivateAndServe() }()
		c := &collect.Collector{Resolver: &resolve.Resolver{Servers: []string{packets.LocalAddr().String()}}}
		f, d := one(t, "example.com", nil)
		c.Collect(context.Background(), f)
		missed := ""
		for _, m := range d.Missed {
			missed += m.Failure.Query
		}
		if got := d.Facts["domain.resolves"].Value; got != test.want || missed != test.missed {
			t.Errorf("%s fails: resolves %v, missed %q; want %v, %q", dns.TypeToString[test.failing], got, missed, test.want, test.missed)
		}
		_ = packets.Close()
	}
}

// TestConflicts: the live answer counts where the file says something else,
// and what a person set by a flag stays.
func TestConflicts(t *testing.T) {
	c := collector(t, playback.Demo(), nil)
	file := filing.Origin{Source: filing.FromFile}
	day := func(s string) time.Time {
		d, err := calendar.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	f, d := one(t, "example.cn", filing.Facts{
		"domain.expires_at": {Value: day("2029-01-01"), Origin: file},                               // differs
		"domain.holder":     {Value: "成都示例商贸 有限公司", Origin: file},                                   // the same but for a space
		"domain.statuses":   {Value: []string{"server hold"}, Origin: file},                         // the same in other words
		"domain.registrar":  {Value: "set by hand", Origin: filing.Origin{Source: filing.FromFlag}}, // kept
		"domain.real_name":  {Value: "verified", Origin: file},                                      // no look-up tells
		"domain.registered": {Value: true, Origin: file},                                            // the same
	})
	c.Collect(context.Background(), f)
	if len(d.Conflicts) != 1 || d.Conflicts[0].Path != "domain.expires_at" {
		t.Fatalf("conflicts: %+v", d.Conflicts)
	}
	conflict := d.Conflicts[0]
	if conflict.Dropped.Origin.Source != filing.FromFile || conflict.Kept.Origin.Source != filing.FromWHOIS || d.Facts["domain.expires_at"] != conflict.Kept {
		t.Errorf("conflict: %+v", conflict)
	}
	if d.Facts["domain.registrar"].Value != "set by hand" || d.Facts["domain.real_name"].Value != "verified" {
		t.Errorf("got %v", d.Facts)
	}
	// The same day at another hour is no difference.
	f, d = one(t, "example.cn", filing.Facts{"domain.expires_at": {Value: day("2027-12-01"), Origin: file}})
	c.Collect(context.Background(), f)
	if len(d.Conflicts) > 0 {
		t.Errorf("conflicts: %+v", d.Conflicts)
	}
}

// TestMissed: a failure leaves facts absent and says which, and one that
// another protocol made good says nothing.
func TestMissed(t *testing.T) {
	tests := map[string]struct {
		name   string
		faults map[string]playback.Fault
		want   []failure.Kind
		known  bool
	}{
		"rdap fails, whois answers": {"example.com", map[string]playback.Fault{"rdap/example.com": {Kind: playback.Garbage}}, nil, true},
		"both fail": {"example.com", map[string]playback.Fault{"rdap/example.com": {Kind: playback.Garbage}, "whois/example.com": {Kind: playback.Garbage}},
			[]failure.Kind{failure.Malformed, failure.Malformed}, false},
		"dns fails":           {"example.com", map[string]playback.Fault{"dns/example.com": {Kind: playback.ServerError}}, []failure.Kind{failure.Server}, true},
		"the first time only": {"example.com", map[string]playback.Fault{"rdap/example.com": {Kind: playback.ServerError, Times: 1}}, nil, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f, d := one(t, test.name, nil)
			collector(t, playback.Demo(), test.faults).Collect(context.Background(), f)
			var got []failure.Kind
			for _, m := range d.Missed {
				got = append(got, m.Failure.Kind)
				for _, path := range m.Paths {
					if _, known := d.Facts[path]; known {
						t.Errorf("%s is both known and missed", path)
					}
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("missed %q, want %q", got, test.want)
			}
			if _, known := d.Facts["domain.registered"]; known != test.known {
				t.Errorf("registered is known: %t", known)
			}
		})
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f, d := one(t, "example.com", nil)
	collector(t, playback.Demo(), nil).Collect(ctx, f)
	if len(d.Missed) == 0 || d.Missed[0].Failure.Kind != failure.Canceled {
		t.Errorf("missed %+v", d.Missed)
	}
	if _, known := d.Facts["domain.registered"]; known {
		t.Error("something is known though nobody was asked")
	}
}

func TestOffline(t *testing.T) {
	f, d := one(t, "example.com", nil)
	(&collect.Collector{Offline: true}).Collect(context.Background(), f)
	if len(d.Missed) != 1 || d.Missed[0].Failure.Kind != failure.NotAsked || !slices.Contains(d.Missed[0].Paths, "domain.expires_at") {
		t.Errorf("missed %+v", d.Missed)
	}
}

// TestMany looks many domains up at once, those of one filing among them.
func TestMany(t *testing.T) {
	c := collector(t, fstest.MapFS{}, nil)
	var filings []*filing.Filing
	for range 3 {
		f, _ := one(t, "a.cn", nil)
		_, second := one(t, "b.com", nil)
		f.Domains = append(f.Domains, second)
		filings = append(filings, f)
	}
	c.Collect(context.Background(), filings...)
	for _, f := range filings {
		for _, d := range f.Domains {
			if d.Facts["domain.registered"].Value != false {
				t.Errorf("%s: %+v, missed %+v", d.Name(), d.Facts["domain.registered"], d.Missed)
			}
		}
	}
}

// TestStrangeStatus: a status in a registry's own words leaves open whether the
// name is suspended, unless another one says so already.
func TestStrangeStatus(t *testing.T) {
	const header = "# recorded: 2026-11-24\n# server: whois.invalid\n# query: x\n# anonymised: made up\n"
	answer := func(statuses ...string) *fstest.MapFile {
		s := header + "Domain Name: NAME.cn\nSponsoring Registrar: 厦门易名科技股份有限公司\nExpiration Time: 2027-12-01 12:00:00\n"
		for _, status := range statuses {
			s += "Domain Status: " + status + "\n"
		}
		return &fstest.MapFile{Data: []byte(s)}
	}
	recording := fstest.MapFS{}
	for name, file := range map[string]*fstest.MapFile{
		"odd": answer("ok", "Suspended by court"), "held": answer("serverHold", "Suspended by court"), "fine": answer("ok", "clientUpdateProhibited"), "over": answer("Expired"),
	} {
		recording["whois/"+name+".cn.txt"] = &fstest.MapFile{Data: []byte(strings.Replace(string(file.Data), "NAME", name, 1))}
	}
	c := collector(t, recording, nil)
	for name, want := range map[string][]string{"odd.cn": nil, "held.cn": {"serverHold", "Suspended by court"}, "fine.cn": {"ok", "clientUpdateProhibited"}, "over.cn": {"expired"}} {
		f, d := one(t, name, nil)
		c.Collect(context.Background(), f)
		if got, _ := d.Facts.List("domain.statuses"); !slices.Equal(got, want) {
			t.Errorf("%s: statuses %q, want %q", name, got, want)
		}
		told := slices.ContainsFunc(d.Missed, func(m filing.Missed) bool {
			return slices.Equal(m.Paths, []string{"domain.statuses"}) && strings.Contains(m.Failure.Error(), `"Suspended by court"`)
		})
		if told != (want == nil) {
			t.Errorf("%s: missed %+v", name, d.Missed)
		}
		if d.Facts["domain.registered"].Value != true {
			t.Errorf("%s: the rest of the answer is lost", name)
		}
	}
}
