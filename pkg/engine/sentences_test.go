package engine_test

import (
	"strings"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// TestOneSentence: one mistake is said once, though several parts or checks see
// it. The message is the whole of what the checks find wrong.
func TestOneSentence(t *testing.T) {
	const other = "the domain is filed under another subject; that record has to be cancelled, or migrated, first"
	for _, test := range []struct{ name, data, says string }{
		{"a person's number for a credit code", `{province: zhejiang, subject: {type: enterprise, certificate: {type: business-license, number: "110101180001010023"}}}`,
			"110*************23 is a person's identity number and no unified social credit code"},
		{"a mistyped code", `{province: zhejiang, subject: {type: enterprise, certificate: {type: business-license, number: 91110000000000000F}}}`,
			"the unified social credit code 911*************0F has a wrong length or check character"},
		{"a landline number of one lead for both", `{subject: {lead: {phone: 0571-88888888}}}`, "the subject lead's number 057********88 is no mobile number of the mainland"},
		{"a server that has expired", `{provider: tencent, server: {type: cvm, expires_on: 2026-11-01}}`,
			"the server expired on 2026-11-01, and an expired one gives no service code"},
		{"a domain of another", `{kind: first, subject: {filed_at_provider: false, filed_elsewhere: false}, domains: [{name: example.com, filed: true}]}`, other},
		{"a domain said to be of another", `{kind: new-site, domains: [{name: example.com, filed: true, record: other-subject}]}`, other},
		{"a domain of whom is not known", `{kind: first, domains: [{name: example.com, filed: true}]}`,
			"the domain is filed already: file an access if it is yours, or have the other record cancelled first"},
		{"a record that differs by its province", `{kind: new-site, subject: {filed_at_provider: true, record_matches: false, moves_province: true}}`,
			"the province changes: mostly the record is cancelled and filed anew in the new one; some bureaus take a change"},
		{"a first filing after an empty record", `{kind: first, province: hunan, subject: {type: enterprise, record: empty, filed_at_provider: true}}`,
			"the subject has no site left; a source (Huawei Cloud: filing knowledge base, 2025) says that in Hunan it is cancelled first and then filed anew"},
	} {
		t.Run(test.name, func(t *testing.T) {
			book := shipped.Book(t)
			f, err := filing.Decode("f.yaml", []byte(test.data), book)
			if err != nil {
				t.Fatal(err)
			}
			said := ""
			for _, r := range engine.Evaluate(book, f, engine.Options{Now: today}) {
				if r.Verdict == verdict.Fail {
					said += r.Message.En
				}
			}
			if said != test.says {
				t.Errorf("got  %s\nwant %s", said, test.says)
			}
		})
	}
}

// TestNewDomains: only domains that are known to be in no record, or that a
// filing is made for, are new ones.
func TestNewDomains(t *testing.T) {
	book := shipped.Book(t)
	for _, test := range []struct {
		data string
		want verdict.Verdict
	}{
		{`{domains: [a.com, b.com]}`, verdict.NotApplicable},
		{`{kind: change, domains: [a.com, b.com]}`, verdict.NotApplicable},
		{`{kind: access, domains: [a.com, b.com]}`, verdict.Pass},
		{`{kind: first, domains: [a.com, b.com]}`, verdict.Fail},
		{`{domains: [a.com, {name: b.com, filed: false}]}`, verdict.NotApplicable},
		{`{domains: [a.com, {name: b.com, filed: false}, {name: c.com, filed: false}]}`, verdict.Fail},
		{`{subject: {record: active}, domains: [a.com, {name: b.com, filed: true}]}`, verdict.Pass},
		{`{domains: [a.com]}`, verdict.Pass},
		{`{}`, verdict.NotApplicable},
	} {
		f, err := filing.Decode("f.yaml", []byte(test.data), book)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range engine.Evaluate(book, f, engine.Options{Now: today}) {
			if r.Check.ID == "site-domains" && r.Verdict != test.want {
				t.Errorf("%s: %s, want %s", test.data, r.Verdict, test.want)
			}
		}
	}
}

// TestFirstHand: while the provider is not known, nobody is asked what its
// table says of the product and the region.
func TestFirstHand(t *testing.T) {
	book := shipped.Book(t)
	f, err := filing.Decode("f.yaml", []byte(`{server: {type: ecs, region: cn-chengdu}, domains: [example.com]}`), book)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range engine.Evaluate(book, f, engine.Options{Now: today}) {
		for _, n := range r.Needs {
			if strings.HasPrefix(n.Path, "server_type.") || strings.HasPrefix(n.Path, "region.") {
				t.Errorf("%s needs %s", r.Check.ID, n.Path)
			}
		}
	}
}
