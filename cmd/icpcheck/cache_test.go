package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/icpcheck/icpcheck/pkg/playback"
)

// cachedRegistry serves one name whose zone says how long its answers hold.
func cachedRegistry(t *testing.T) *playback.Servers {
	t.Helper()
	servers, err := playback.Start(fstest.MapFS{
		"rdap/example.com.json": {Data: []byte(`{"objectClassName":"domain","ldhName":"example.com","events":[{"eventAction":"expiration","eventDate":"2030-01-01T00:00:00Z"}]}`)},
		"dns.zone": {Data: []byte("example.com. 3600 IN A 203.0.113.7\nexample.com. 3600 IN NS ns.example.com.\n" +
			"example.com. 3600 IN SOA ns.example.com. admin.example.com. 1 3600 600 86400 300\n")},
	}, playback.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = servers.Close() })
	return servers
}

// TestCache: the next run asks nobody while the answers hold, says when they
// were observed, and prints the same about them.
func TestCache(t *testing.T) {
	servers := cachedRegistry(t)
	dir := filepath.Join(t.TempDir(), "cache")
	start := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	queries := func() [2]int {
		return [2]int{servers.Queries(playback.RDAP, "example.com"), servers.Queries(playback.DNS, "example.com")}
	}
	type fact struct {
		Server     string `json:"server"`
		ObservedAt string `json:"observed_at"`
	}
	ask := func(after time.Duration, args ...string) (facts map[string]fact, out string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		e := &environment{
			args: append([]string{"domain", "example.com", "--format", "json", "--rdap-url", servers.RDAPURL, "--whois-server", servers.WHOISAddr,
				"--resolver", servers.DNSAddr, "--cache-dir", dir}, args...),
			stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, getenv: func(string) string { return "" },
			clock: func() time.Time { return start.Add(after) },
		}
		if status := run(e); status == 2 || stderr.Len() > 0 {
			t.Fatalf("status %d, stderr %s", status, stderr.String())
		}
		var report struct {
			Reports []struct {
				Facts map[string]fact `json:"facts"`
			} `json:"reports"`
		}
		if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		return report.Reports[0].Facts, stdout.String()
	}
	steps := []struct {
		name         string
		after        time.Duration
		args         []string
		rdap, dns    int // how many queries in all so far
		registration time.Duration
	}{
		{"first", 0, nil, 1, 5, 0},
		{"again", 4 * time.Minute, nil, 1, 5, 0},
		{"after the SOA's minimum", 6 * time.Minute, nil, 1, 10, 0},
		{"before four hours", 4*time.Hour - time.Minute, nil, 1, 15, 0},
		{"after four hours", 4 * time.Hour, nil, 2, 15, 4 * time.Hour},
		{"--no-cache", 4 * time.Hour, []string{"--no-cache"}, 3, 20, 4 * time.Hour},
	}
	for _, step := range steps {
		facts, _ := ask(step.after, step.args...)
		if got := queries(); got != [2]int{step.rdap, step.dns} {
			t.Errorf("%s: %v queries, want %d and %d", step.name, got, step.rdap, step.dns)
		}
		want := fact{servers.RDAPURL, start.Add(step.registration).Format(time.RFC3339)}
		if got := facts["domain.expires_at"]; got != want {
			t.Errorf("%s: %+v, want %+v", step.name, got, want)
		}
	}

	// Another day's answers are of that day: asked once for it, and the same bytes.
	for _, day := range []string{"2020-01-01", "2040-01-01"} {
		before := queries()
		_, first := ask(4*time.Hour, "--now", day)
		if queries() == before {
			t.Errorf("--now %s: took today's answers for that day's", day)
		}
		before = queries()
		if _, second := ask(4*time.Hour+time.Minute, "--now", day); second != first || queries() != before {
			t.Errorf("--now %s: the second run differs or asked again", day)
		}
	}
	if facts, _ := ask(4*time.Hour + time.Minute); facts["domain.expires_at"].ObservedAt != start.Add(4*time.Hour).Format(time.RFC3339) {
		t.Errorf("today's answer is said to be of %s", facts["domain.expires_at"].ObservedAt)
	}
}

// TestNoTrace: a run in a test that names no folder keeps nothing anywhere.
func TestNoTrace(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
	servers := cachedRegistry(t)
	batchRun(t, "", "domain", "example.com", "--rdap-url", servers.RDAPURL, "--whois-server", servers.WHOISAddr, "--resolver", servers.DNSAddr)
	entries, err := os.ReadDir(home)
	if err != nil || len(entries) > 0 {
		t.Errorf("the run left %v, %v", entries, err)
	}
	// The real program does use it.
	if system().userCache == nil {
		t.Error("the program has no cache folder")
	}
}
