package explain_test

import (
	"os"
	"testing"

	"gopkg.in/yaml.v3"
)

// english is testdata/english.yaml.
type english struct {
	Reasons map[string]struct{ First, Second []string }
	None    []string
}

// TestEnglish holds what is found in English. testdata/english.yaml tells how
// many of its answers were found before the wordings were mended by them.
func TestEnglish(t *testing.T) {
	data, err := os.ReadFile("testdata/english.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var e english
	if err := yaml.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	var first, second recall
	for _, row := range book().Table("rejections").Rows {
		list := e.Reasons[row.ID]
		if len(row.List("english")) == 0 {
			t.Errorf("%s: no English wordings", row.ID)
		}
		if len(list.First) < 2 || len(list.Second) < 1 {
			t.Errorf("%s: %d and %d English answers, want at least 2 and 1", row.ID, len(list.First), len(list.Second))
		}
		first.count(row.ID, list.First)
		second.count(row.ID, list.Second)
	}
	t.Logf("named first, at all, of: first %v, second %v", first, second)
	if first.first < 105 || second.first < 53 {
		t.Errorf("first %v, second %v: fewer are found than before", first, second)
	}
	if len(e.None) < 100 {
		t.Errorf("%d English texts without a reason, want at least 100", len(e.None))
	}
	for _, in := range e.None {
		if matches := matcher().Match(in); len(matches) > 0 {
			t.Errorf("%q: want no reason, got %s", in, show(matches))
		}
	}
}

// What is written in different words, in any order, reads the same.
func TestEnglishWordings(t *testing.T) {
	const holder = "domain-holder-incorrect"
	for _, tc := range []struct{ in, want string }{
		{"The domain holder does not match the ICP filing entity.", holder},
		{"the domain's owner doesn’t match the subject", holder},
		{"The organizer differs from the registrant of the domain name", holder},
		{"Rejected:\n1. Site name is invalid\n2. Domain holder mismatch", holder},
		{"The domain is registered under the name of an individual and the holder\nis inconsistent with the entity", holder},
		{"The domain holder does not differ from the filing entity.", ""},
		{"The document type of the domain's holder differs", "holder-certificate-type-mismatch"},
		{"The entity is being deregistered, no request is accepted", "cancel-conflict"},
		{"error code: 1046", "province-change-refused"},
	} {
		matches := matcher().Match(tc.in)
		if tc.want == "" && len(matches) > 0 || tc.want != "" && !among(matches, tc.want, 2) {
			t.Errorf("%q: want %q, got %s", tc.in, tc.want, show(matches))
		}
	}
}
