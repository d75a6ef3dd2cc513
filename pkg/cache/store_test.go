package cache_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/icpcheck/icpcheck/pkg/cache"
)

var start = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// answer is what the tests keep.
type answer struct {
	Name string
	N    int
}

// ask gives the answer kept under key, or a new one for an hour, and tells
// whether it had to ask.
func ask(s *cache.Store, key string, ttl time.Duration) (a answer, asked bool) {
	a = cache.Do(s, cache.DNS, key, func() (answer, time.Duration) {
		asked = true
		return answer{key, 7}, ttl
	})
	return a, asked
}

func wantAsked(t *testing.T, s *cache.Store, key string, want bool) {
	t.Helper()
	got, asked := ask(s, key, time.Hour)
	if got != (answer{key, 7}) || asked != want {
		t.Errorf("%s: got %+v, asked: %t, want %t", key, got, asked, want)
	}
}

// store opens a store in dir whose warnings fail the test.
func store(t *testing.T, dir string, now time.Time) *cache.Store {
	s := &cache.Store{Dir: dir, Now: func() time.Time { return now }, Warn: func(err error) { t.Errorf("warning: %v", err) }}
	t.Cleanup(s.Close)
	return s
}

func ExampleDo() {
	s := &cache.Store{} // in memory only
	for range 2 {
		address := cache.Do(s, cache.DNS, "example.com", func() (string, time.Duration) {
			fmt.Println("asking")
			return "203.0.113.7", time.Minute
		})
		fmt.Println(address)
	}
	// Output:
	// asking
	// 203.0.113.7
	// 203.0.113.7
}

// TestNextRun: what one run kept the next has, until it grows old.
func TestNextRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	first := store(t, dir, start)
	wantAsked(t, first, "a", true)
	wantAsked(t, first, "a", false) // before it is in the file
	first.Close()
	for _, later := range []struct {
		after time.Duration
		asked bool
	}{{0, false}, {59 * time.Minute, false}, {time.Hour, true}, {-time.Second, true}} {
		// A copy, since asking again keeps the new answer.
		copied := t.TempDir()
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		wantAsked(t, store(t, copied, start.Add(later.after)), "a", later.asked)
	}
}

func TestNotKept(t *testing.T) {
	s := store(t, t.TempDir(), start)
	for range 2 {
		if _, asked := ask(s, "failed", 0); !asked {
			t.Error("an answer that may not be kept was")
		}
	}
	for range 2 {
		if _, asked := ask(nil, "a", time.Hour); !asked {
			t.Error("a nil store kept something")
		}
	}
}

// TestScope: a run that plays another day sees no answers but such runs' own.
func TestScope(t *testing.T) {
	dir := t.TempDir()
	for _, scope := range []string{"", "2030-01-01", "2020-01-01"} {
		for _, asked := range []bool{true, false} {
			s := store(t, dir, start)
			s.Scope = scope
			wantAsked(t, s, "a", asked)
			s.Close()
		}
	}
}

// TestAtOnce: the same question asked by many at once is asked once.
func TestAtOnce(t *testing.T) {
	s := store(t, "", start)
	var asked atomic.Int32
	var ready, all sync.WaitGroup
	ready.Add(20)
	for range 20 {
		all.Go(func() {
			ready.Done()
			got := cache.Do(s, cache.Registration, "a", func() (int, time.Duration) {
				ready.Wait()
				return int(asked.Add(1)), time.Hour
			})
			if got != 1 {
				t.Errorf("got %d", got)
			}
		})
	}
	all.Wait()
}

// TestDamaged: whatever the file holds, a run gets its answers, says so once,
// and the next run has them.
func TestDamaged(t *testing.T) {
	whole := t.TempDir()
	s := store(t, whole, start)
	for i := range 500 {
		wantAsked(t, s, fmt.Sprint(i), true)
	}
	s.Close()
	path := func(dir string) string { return filepath.Join(dir, "answers-v1.db") }
	data, err := os.ReadFile(path(whole))
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string][]byte{
		"not a database": []byte(strings.Repeat("what is this\n", 5000)),
		"one byte":       {1},
		"first page":     data[:4096],
		"cut short":      data[:len(data)/2],
		"zeros at the end": append(append([]byte{}, data[:3*4096]...),
			make([]byte, len(data)-3*4096)...),
		"noise in the pages": noise(data),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(path(dir), damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			warnings := 0
			s := &cache.Store{Dir: dir, Now: func() time.Time { return start }, Warn: func(err error) {
				warnings++
				if !strings.Contains(err.Error(), path(dir)) {
					t.Errorf("the warning does not say which file: %v", err)
				}
			}}
			for i := range 500 {
				if got, _ := ask(s, fmt.Sprint(i), time.Hour); got.Name != fmt.Sprint(i) {
					t.Fatalf("%d: got %+v", i, got)
				}
			}
			s.Close()
			if warnings > 1 {
				t.Errorf("%d warnings", warnings)
			}
			// What was read before the damage was met is not in the new file yet.
			second := store(t, dir, start)
			for i := range 500 {
				ask(second, fmt.Sprint(i), time.Hour)
			}
			second.Close()
			third := store(t, dir, start)
			for i := range 500 {
				wantAsked(t, third, fmt.Sprint(i), false)
			}
		})
	}
}

// noise flips a byte of every 97, past the two meta pages.
func noise(data []byte) []byte {
	out := append([]byte{}, data...)
	for i := 2 * 4096; i < len(out); i += 97 {
		out[i] ^= 0xff
	}
	return out
}

// TestUnwritable: a folder that cannot be made or written is a warning.
func TestUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dirs := map[string]string{"below a file": filepath.Join(file, "cache")}
	if os.Getuid() == 0 {
		dirs["read-only for root too"] = "/proc/icpcheck"
	} else {
		locked := t.TempDir()
		if err := os.Chmod(locked, 0o500); err != nil {
			t.Fatal(err)
		}
		dirs["read-only"] = locked
	}
	for name, dir := range dirs {
		t.Run(name, func(t *testing.T) {
			var warnings []error
			s := &cache.Store{Dir: dir, Warn: func(err error) { warnings = append(warnings, err) }}
			wantAsked(t, s, "a", true)
			wantAsked(t, s, "a", false)
			s.Close()
			if len(warnings) != 1 {
				t.Errorf("warnings: %v", warnings)
			}
		})
	}
}

// TestNoFile: what is no file stands in the way for the first run alone, and
// nobody waits for it.
func TestNoFile(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"folder": func(path string) error { return os.Mkdir(path, 0o700) },
		"pipe":   func(path string) error { return exec.Command("mkfifo", path).Run() },
	} {
		dir := t.TempDir()
		if err := put(filepath.Join(dir, "answers-v1.db")); err != nil {
			t.Logf("no %s here: %v", name, err)
			continue
		}
		if _, err := cache.Inspect(dir, start); err == nil {
			t.Errorf("%s: was looked into", name)
		}
		var warnings []error
		s := &cache.Store{Dir: dir, Now: func() time.Time { return start }, Warn: func(err error) { warnings = append(warnings, err) }}
		wantAsked(t, s, "a", true)
		s.Close()
		wantAsked(t, store(t, dir, start), "a", false)
		if len(warnings) != 1 {
			t.Errorf("%s: warnings %v", name, warnings)
		}
	}
}

// TestReadOnlyFile: what is there still serves where nothing can be added.
func TestReadOnlyFile(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	s := store(t, dir, start)
	wantAsked(t, s, "a", true)
	s.Close()
	for path, mode := range map[string]os.FileMode{filepath.Join(dir, "answers-v1.db"): 0o400, dir: 0o500} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	next := &cache.Store{Dir: dir, Now: func() time.Time { return start }}
	wantAsked(t, next, "a", false)
}

func TestInspectAndClear(t *testing.T) {
	dir := t.TempDir()
	s := store(t, dir, start)
	for i := range 10 {
		ask(s, fmt.Sprint(i), time.Duration(i+1)*time.Minute)
	}
	s.Close()
	info, err := cache.Inspect(dir, start.Add(5*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if k := info.Kinds[1]; k.Kind != cache.DNS || k.Answers != 5 || k.Old != 5 || !k.Oldest.Equal(start) || info.Bytes == 0 {
		t.Errorf("got %+v", info)
	}
	// The next write a good while later takes out what is old.
	later := store(t, dir, start.Add(2*time.Hour))
	wantAsked(t, later, "new", true)
	later.Close()
	if info, err = cache.Inspect(dir, start.Add(2*time.Hour)); err != nil || info.Kinds[1].Answers != 1 || info.Kinds[1].Old != 0 {
		t.Errorf("after the sweep: %+v, %v", info, err)
	}
	other := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if freed, err := cache.Clear(dir); err != nil || freed == 0 {
		t.Errorf("freed %d, %v", freed, err)
	}
	if _, err := os.Stat(other); err != nil {
		t.Error("a file that is not the cache's was removed")
	}
	if info, err := cache.Inspect(dir, start); err != nil || info.Bytes != 0 {
		t.Errorf("after clear: %+v, %v", info, err)
	}
	if freed, err := cache.Clear(filepath.Join(dir, "none")); err != nil || freed != 0 {
		t.Errorf("no folder: %d, %v", freed, err)
	}
}

// childVariable makes the test binary a process that keeps answers; see
// TestProcesses.
const childVariable = "ICPCHECK_TEST_CACHE_CHILD"

func TestMain(m *testing.M) {
	if number := os.Getenv(childVariable); number != "" {
		child(number)
		return
	}
	os.Exit(m.Run())
}

// answersEach is what each process keeps.
const answersEach = 3000

// child keeps its own answers and asks again for those that all keep.
func child(number string) {
	s := &cache.Store{Dir: os.Args[1], Warn: func(err error) { fmt.Println(err) }}
	for i := range answersEach {
		for _, key := range []string{fmt.Sprintf("%s/%d", number, i), fmt.Sprintf("all/%d", i%100)} {
			if got, _ := ask(s, key, time.Hour); got.Name != key {
				fmt.Printf("%s: got %+v\n", key, got)
			}
		}
		if i%500 == 0 {
			time.Sleep(10 * time.Millisecond) // as if a server had to be waited for
		}
	}
	s.Close()
}

// TestProcesses: several processes use one folder at once, none is told
// anything wrong, and all that they kept is there afterwards.
func TestProcesses(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const processes = 4
	var all sync.WaitGroup
	for n := range processes {
		all.Go(func() {
			c := exec.Command(self, dir)
			c.Env = append(os.Environ(), fmt.Sprintf("%s=%d", childVariable, n))
			if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("process %d: %v: %s", n, err, out)
			}
		})
	}
	all.Wait()
	s := store(t, dir, time.Now())
	missing := 0
	for n := range processes {
		for i := range answersEach {
			if _, asked := ask(s, fmt.Sprintf("%d/%d", n, i), 0); asked {
				missing++
			}
		}
	}
	if missing > 0 {
		t.Errorf("%d of %d answers are not there", missing, processes*answersEach)
	}
}
