package registration

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/failure"
)

// corpusCase is one real answer with what it should be read as. The answers
// stay outside the project; see the corpus's own README.
type corpusCase struct {
	File      string
	Domain    string
	Approved  bool
	Expected  map[string]json.RawMessage
	Precision map[string]string
}

func corpusDir(t *testing.T, kind string) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "corpus", kind)
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		t.Skipf("no corpus at %s", dir)
	}
	return dir
}

func readCorpus(t *testing.T, dir string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

// differences compares what the index states, and nothing else.
func (c corpusCase) differences(got Record, err error) []string {
	var diffs []string
	differ := func(field string, want, got any) {
		diffs = append(diffs, fieldDiff(field, want, got))
	}
	if _, ok := c.Expected["error"]; ok {
		if err == nil {
			differ("error", "a failure", got)
		}
		return diffs
	}
	if err != nil {
		return []string{err.Error()}
	}
	for field, raw := range c.Expected {
		var text string
		var list []string
		var flag bool
		switch {
		case json.Unmarshal(raw, &list) == nil:
			have := got.Statuses
			if field == "nameservers" {
				have = got.Nameservers
			}
			have = slices.Clone(have)
			slices.Sort(list)
			slices.Sort(have)
			if !slices.Equal(slices.Compact(list), have) {
				differ(field, list, have)
			}
		case json.Unmarshal(raw, &flag) == nil:
			if field == "reserved" && flag != got.Reserved ||
				field == "registered" && (got.Registered == nil || flag != *got.Registered) {
				differ(field, flag, got)
			}
		case json.Unmarshal(raw, &text) == nil:
			switch field {
			case "created_at", "expires_at":
				at := got.CreatedAt
				if field == "expires_at" {
					at = got.ExpiresAt
				}
				want, err := time.Parse(time.RFC3339, text)
				allowed := time.Duration(0)
				if c.Precision[field] == "day" {
					allowed = 24 * time.Hour
				}
				if err != nil || at == nil || at.Sub(want).Abs().Truncate(time.Second) > allowed {
					differ(field, text, at)
				}
			default:
				have := map[string]string{"domain": got.Domain, "registrar": got.Registrar,
					"registrar_iana_id": got.RegistrarIANAID, "registrant": got.Registrant}
				if have[field] != text {
					differ(field, text, have[field])
				}
			}
		}
	}
	return diffs
}

func fieldDiff(field string, want, got any) string {
	w, _ := json.Marshal(want)
	g, _ := json.Marshal(got)
	return field + ": want " + string(w) + ", got " + string(g)
}

func TestCorpusWHOIS(t *testing.T) {
	dir := corpusDir(t, "whois")
	var cases []corpusCase
	readCorpus(t, dir, &cases)
	count := map[bool][2]int{}
	for _, c := range cases {
		raw, err := os.ReadFile(filepath.Join(dir, c.File))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseWHOIS(c.Domain, raw)
		var f *failure.Failure
		if err != nil && !errors.As(err, &f) {
			t.Errorf("%s: %v is not a failure", c.File, err)
		}
		diffs := c.differences(got, err)
		n := count[c.Approved]
		n[1]++
		if len(diffs) == 0 {
			n[0]++
		} else if c.Approved {
			t.Errorf("%s: %s", c.File, strings.Join(diffs, "; "))
		} else if os.Getenv("CORPUS_VERBOSE") != "" {
			t.Logf("%s: %s", c.File, strings.Join(diffs, "; "))
		}
		count[c.Approved] = n
		// Without the name asked the answer must never be read as another kind.
		if blind, err := ParseWHOIS("", raw); err == nil && got.Registered != nil && c.Approved && *blind.Registered != *got.Registered {
			t.Errorf("%s: registered %t without the domain asked, %t with it", c.File, *blind.Registered, *got.Registered)
		}
	}
	t.Logf("approved suffixes: %d of %d, others: %d of %d", count[true][0], count[true][1], count[false][0], count[false][1])
}

func TestCorpusRDAP(t *testing.T) {
	dir := corpusDir(t, "rdap")
	var index struct{ Cases []corpusCase }
	readCorpus(t, dir, &index)
	for _, c := range index.Cases {
		raw, err := os.ReadFile(filepath.Join(dir, c.File))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseRDAP(c.Domain, raw)
		for _, diff := range c.differences(got, err) {
			t.Errorf("%s: %s", c.File, diff)
		}
	}
	t.Logf("%d answers", len(index.Cases))
}
