package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/collect"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/locate"
	"github.com/icpcheck/icpcheck/pkg/plan"
)

func planOf(t *testing.T, yaml string) *plan.Plan {
	t.Helper()
	book := shipped.Book(t)
	f, err := filing.Decode("filing.yaml", []byte(yaml), book)
	if err != nil {
		t.Fatal(err)
	}
	collector := &collect.Collector{Locator: &locate.Locator{}, Offline: true}
	collector.Collect(t.Context(), &filing.Filing{Facts: f.Facts})
	p, err := plan.Make(book, f, today)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestContradictions: facts that cannot be true together are named, and the kind
// is left open exactly where it hangs on which of them is wrong.
func TestContradictions(t *testing.T) {
	const here = "provider: aliyun\nserver: {region: cn-hangzhou}\n"
	const first = "domains: [{name: example.com, filed: false}]\n"
	met := map[string]bool{}
	for _, c := range []struct{ filing, rows, kind, facts string }{
		{"provider: aliyun\nserver: {region: cn-hangzhou, addresses: [47.96.0.1, 47.52.0.1]}\nsubject: {filed_at_provider: false, filed_elsewhere: false}\n" + first,
			"region-mainland-address-outside", "", "server.region server.addresses server.places"},
		{"provider: aliyun\nserver: {region: cn-hongkong, addresses: [47.96.0.1]}\nsubject: {filed_at_provider: false, filed_elsewhere: false}\n" + first,
			"region-outside-address-mainland", "", "server.region server.addresses server.places"},
		{here + "subject: {filed_at_provider: false, filed_elsewhere: false, type: individual, certificate: {number: 91110000000000000E}}\n" + first,
			"individual-credit-code", "first-filing", "subject.type subject.certificate.number"},
		{here + "subject: {filed_at_provider: false, filed_elsewhere: false, type: enterprise, certificate: {number: '110101180001010023'}}\n" + first,
			"unit-resident-id", "first-filing", "subject.type subject.certificate.number"},
		{here + "subject: {filed_at_provider: false, filed_elsewhere: false, type: individual, certificate: {type: business-license}}\n" + first,
			"individual-unit-certificate", "first-filing", "subject.type subject.certificate.type"},
		{here + "subject: {record: none, filed_at_provider: true}\n" + first, "no-record-yet-filed", "", "subject.record subject.filed_at_provider"},
		{here + "subject: {filed_at_provider: false, filed_elsewhere: false, sites_filed: 2}\n" + first,
			"no-record-yet-sites", "", "subject.filed_at_provider subject.filed_elsewhere subject.sites_filed"},
		{here + "province: 浙江\nsubject: {record: empty, filed_at_provider: true, sites_filed: 1}\n" + first, "empty-record-yet-sites", "new-site-here", "subject.record subject.sites_filed"},
		{here + "subject: {filed_at_provider: true, filed_elsewhere: false}\ndomains: [{name: example.com, filed: true, record: none}]\n",
			"domain-filed-without-record", "", "domain.filed domain.record"},
		{here + "subject: {filed_at_provider: true, filed_elsewhere: false}\ndomains: [{name: example.com, filed: false, record: this-subject}]\n",
			"domain-record-without-filing", "", "domain.filed domain.record"},
		{here + "subject: {filed_at_provider: false, filed_elsewhere: false}\ndomains: [{name: example.com, filed: true, record: this-subject}]\n",
			"domain-of-subject-without-record", "", "domain.record subject.filed_at_provider subject.filed_elsewhere"},
		{here + "subject: {filed_at_provider: true, filed_elsewhere: false}\ndomains: [{name: example.com, filed: false, access_here: true}]\n",
			"access-of-unfiled-domain", "", "domain.access_here domain.filed"},
		{here + "subject: {filed_at_provider: false, filed_elsewhere: true}\ndomains: [{name: example.com, filed: true, access_here: true}]\n",
			"access-here-subject-not", "", "domain.access_here subject.filed_at_provider"},
		{here + "subject: {filed_at_provider: false, filed_elsewhere: false}\ndomains: [{name: example.com, filed: false, registered: false, real_name: verified}]\n",
			"verified-but-not-registered", "first-filing", "domain.registered domain.real_name"},
		{here + "subject: {filed_at_provider: false, filed_elsewhere: false}\ndomains: [{name: example.com, filed: false, real_name: none, real_name_verified_on: 2026-11-01}]\n",
			"verified-on-without-verification", "first-filing", "domain.real_name domain.real_name_verified_on"},
		{here + "kind: first\nsubject: {filed_at_provider: true}\n" + first, "first-with-record", "new-site-here", "kind"},
		{here + "kind: new-site\nsubject: {filed_at_provider: false, filed_elsewhere: false}\n" + first, "later-kind-without-record", "first-filing", "kind"},
		{here + "kind: access\nsubject: {filed_at_provider: true}\n" + first, "access-without-filing", "new-site-here", "kind"},

		// An identity number that happens to be a valid credit code too, an
		// override of what the rulebook says, and what nobody has said.
		{here + "subject: {filed_at_provider: false, filed_elsewhere: false, type: individual, certificate: {type: id-card, number: '110101180001010015'}}\n" + first, "", "first-filing", ""},
		{here + "subject: {filed_at_provider: false, filed_elsewhere: false, type: enterprise, certificate: {type: business-license, number: 91110000000000000E}}\n" + first, "", "first-filing", ""},
		{"provider: aliyun\nserver: {region: cn-hangzhou, addresses: [47.96.0.1]}\nsubject: {filed_at_provider: false, filed_elsewhere: false, sites_filed: 0}\n" + first, "", "first-filing", ""},
		{here + "subject: {filed_at_provider: true, sites_filed: 2}\n" + first, "", "new-site-here", ""},
		{here + "kind: auto\nsubject: {type: individual}\ndomains: [example.com]\n", "", "", ""},
	} {
		name := c.rows + " " + c.kind
		p := planOf(t, c.filing)
		var rows, facts []string
		for _, found := range p.Contradictions {
			rows = append(rows, found.Row.ID)
			met[found.Row.ID] = true
			for _, d := range found.Facts {
				facts = append(facts, d.Path)
			}
			if domain := slices.ContainsFunc(facts, func(p string) bool { return strings.HasPrefix(p, "domain.") }); domain != (found.Domain == "example.com") {
				t.Errorf("%s: said to be about domain %q", name, found.Domain)
			}
		}
		if strings.Join(rows, " ") != c.rows || strings.Join(facts, " ") != c.facts || p.Kind != c.kind {
			t.Errorf("%s: got %q of %q, kind %q (possible %q)\n%s", name, rows, facts, p.Kind, p.Possible, c.filing)
		}
		if p.Kind == "" && len(p.Possible) < 2 {
			t.Errorf("%s: open, with %q possible", name, p.Possible)
		}
	}
	for _, row := range shipped.Book(t).Table("contradictions").Rows {
		if !met[row.ID] {
			t.Errorf("no filing meets row %s", row.ID)
		}
		for _, path := range row.List("facts") {
			if _, ok := filing.FieldOf(path); !ok {
				t.Errorf("row %s: %q is no fact", row.ID, path)
			}
		}
	}
}

// TestContradictionsOnce: what is about the whole filing is told once, whatever
// the number of domains; what is about a domain names it.
func TestContradictionsOnce(t *testing.T) {
	p := planOf(t, "provider: aliyun\nserver: {region: cn-hangzhou}\nkind: first\nsubject: {filed_at_provider: true}\n"+
		"domains: [{name: example.com, filed: false}, {name: example.cn, filed: false, access_here: true}]\n")
	var found []string
	for _, c := range p.Contradictions {
		found = append(found, c.Row.ID+" "+c.Domain)
	}
	if want := []string{"first-with-record ", "access-of-unfiled-domain example.cn"}; !slices.Equal(found, want) {
		t.Errorf("got %q, want %q", found, want)
	}
}

// TestNotesConcern: what is said beside a plan is about this filing; what may be
// comes with the general notes, and what is not does not come at all.
func TestNotesConcern(t *testing.T) {
	const here = "provider: aliyun\nserver: {region: cn-hangzhou}\n"
	for filing, want := range map[string]struct{ notes, general, neither string }{
		here + "subject: {filed_at_provider: false, filed_elsewhere: false}\ndomains: [{name: example.com, filed: false}]\n":            {"kind-first-filing", "", "recovery-long-ago empty-subject"},
		here + "subject: {record: cancelled}\ndomains: [{name: example.com, filed: false}]\n":                                           {"recovery-long-ago", "", "empty-subject"},
		here + "province: 浙江\nsubject: {record: empty, filed_at_provider: true}\ndomains: [{name: example.com, filed: false}]\n":        {"recovery-long-ago empty-subject", "", ""},
		here + "kind: change\nsubject: {filed_at_provider: true, filed_elsewhere: true}\ndomains: [{name: example.com, filed: true}]\n": {"kind-change", "recovery-change", ""},
		"provider: aliyun\nserver: {region: cn-hongkong}\n":                                                                             {"need-outside need-address-only", "", "need-app-offline"},
	} {
		p := planOf(t, filing)
		var notes, general []string
		for _, row := range p.Notes {
			notes = append(notes, row.ID)
		}
		for _, row := range p.General {
			general = append(general, row.ID)
		}
		for _, id := range strings.Fields(want.notes) {
			if !slices.Contains(notes, id) {
				t.Errorf("note %s is not in %q for\n%s", id, notes, filing)
			}
		}
		for _, id := range strings.Fields(want.general) {
			if slices.Contains(notes, id) || !slices.Contains(general, id) {
				t.Errorf("note %s is in %q, or not in %q, for\n%s", id, notes, general, filing)
			}
		}
		for _, id := range strings.Fields(want.neither) {
			if slices.Contains(notes, id) || slices.Contains(general, id) {
				t.Errorf("note %s does not concern\n%s", id, filing)
			}
		}
	}
}
