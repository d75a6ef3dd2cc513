package registration

import (
	"context"
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/cache"
	"github.com/icpcheck/icpcheck/pkg/failure"
)

func TestKeep(t *testing.T) {
	free, taken := notRegistered("example.com"), registered(Record{Domain: "example.com"})
	for name, test := range map[string]struct {
		answer Answer
		want   time.Duration
	}{
		"registered":             {Answer{Record: &taken}, keepRegistered},
		"not registered":         {Answer{Record: &free}, keepOther},
		"undecided":              {Answer{Record: &Record{}}, keepOther},
		"by the second protocol": {Answer{Record: &taken, Failures: []*failure.Failure{{}}}, keepOther},
		"a failure":              {Answer{Failures: []*failure.Failure{{Kind: failure.RateLimited}}}, 0},
	} {
		if got := test.answer.keep(); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// TestCached: kept answers are whole, belong to the servers that gave them, and
// outlive the run that asked.
func TestCached(t *testing.T) {
	dir := t.TempDir()
	base, asked := rdapServer(t, reply(500, ""), reply(500, ""), reply(200, rdapFor("example.com")))
	other, otherAsked := rdapServer(t, reply(404, ""))
	lookup := func(base string) Answer {
		client, _ := fastClient(Fixed{RDAP: base})
		client.Cache = &cache.Store{Dir: dir}
		defer client.Cache.Close()
		return client.Lookup(context.Background(), mustParse(t, "example.com"))
	}
	if got := outcome(lookup(base)); got != "rdap:server-error" {
		t.Errorf("got %q", got)
	}
	first := lookup(base) // a failure is not kept
	second := lookup(base)
	if asked.Load() != 3 || outcome(second) != "registered rdap" || second.Server != base || !second.At.Equal(first.At) || !second.Record.ExpiresAt.Equal(*first.Record.ExpiresAt) {
		t.Errorf("after %d queries: %+v, first %+v", asked.Load(), second, first)
	}
	for range 2 {
		if got := outcome(lookup(other)); got != "free rdap" || otherAsked.Load() != 1 {
			t.Errorf("another server: %q after %d queries", got, otherAsked.Load())
		}
	}
}
