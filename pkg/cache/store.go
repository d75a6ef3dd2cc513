package cache

import (
	"encoding/json"
	"errors"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

// Kind is a kind of answer; each has a bucket of its own in the file.
type Kind string

// The kinds.
const (
	Registration Kind = "registration"
	DNS          Kind = "dns"
)

// Kinds lists every kind.
func Kinds() []Kind { return []Kind{Registration, DNS} }

const (
	// inMemory is how many answers of this run are at hand without the file;
	// one takes about a kilobyte.
	inMemory = 16 << 10
	// flushAfter is how long an answer waits to be written with others, and so
	// what a killed run loses.
	flushAfter = 500 * time.Millisecond
	// flushAt is how many answers are written at once at the latest.
	flushAt = 1000
)

// Store keeps answers. Its fields are set before the first use; its methods are
// safe for concurrent use, and a nil Store keeps nothing.
type Store struct {
	// Dir is the folder of the file, made when first needed. Empty: answers are
	// kept for this run only.
	Dir string
	// Scope keeps answers apart that must not serve one another's runs. Runs that
	// play another day (--now) name that day.
	Scope string
	// Now tells the real time, by which answers grow old. Nil: time.Now.
	Now func() time.Time
	// Warn is told, once, that the file cannot be used, and why. Nil: nobody is.
	Warn func(error)

	once    sync.Once
	memory  *lru.Cache[string, []byte]
	flights singleflight.Group
	file    file

	mu      sync.Mutex
	pending []row       // not written yet
	timer   *time.Timer // writes them; nil when none is due
	warned  bool
}

// row is an answer on its way to the file.
type row struct {
	kind       Kind
	key, value []byte
}

// Do gives the answer kept under key, or asks for it. The same question asked
// at once is asked once, and all get that answer. ask says for how long its
// answer may be kept; zero or less is not at all. T has to survive encoding as
// JSON but for what an answer worth keeping lacks.
func Do[T any](s *Store, kind Kind, key string, ask func() (T, time.Duration)) T {
	if s == nil {
		answer, _ := ask()
		return answer
	}
	key = s.Scope + "\x00" + key
	if kept, ok := load[T](s, kind, key); ok {
		return kept
	}
	shared, _, _ := s.flights.Do(string(kind)+key, func() (any, error) {
		// Another flight may have landed since.
		if kept, ok := load[T](s, kind, key); ok {
			return kept, nil
		}
		answer, ttl := ask()
		if ttl > 0 {
			s.keep(kind, key, answer, ttl)
		}
		return answer, nil
	})
	return shared.(T)
}

func load[T any](s *Store, kind Kind, key string) (T, bool) {
	var answer T
	data := s.get(kind, key)
	return answer, data != nil && json.Unmarshal(data, &answer) == nil
}

func (s *Store) start() {
	s.once.Do(func() {
		s.memory, _ = lru.New[string, []byte](inMemory) // errs only for a size below one
		s.file.dir = s.Dir
	})
}

func (s *Store) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// get returns the data kept under key, or nil.
func (s *Store) get(kind Kind, key string) []byte {
	s.start()
	now := s.now()
	if value, ok := s.memory.Get(string(kind) + key); ok {
		if data := open(key, value, now); data != nil {
			return data
		}
	}
	if s.Dir == "" {
		return nil
	}
	value, err := s.file.read(kind, []byte(key))
	if err == nil && value != nil && !intact(key, value) {
		err = s.file.fault(errDamaged)
	}
	if err != nil {
		s.warn(err)
	}
	data := open(key, value, now)
	if data != nil {
		s.memory.Add(string(kind)+key, value)
	}
	return data
}

func (s *Store) keep(kind Kind, key string, answer any, ttl time.Duration) {
	data, err := json.Marshal(answer)
	if err != nil {
		return // nothing that a caller of Do keeps fails to encode
	}
	value := seal(key, data, s.now(), ttl)
	s.memory.Add(string(kind)+key, value)
	if s.Dir == "" {
		return
	}
	s.mu.Lock()
	s.pending = append(s.pending, row{kind, []byte(key), value})
	full := len(s.pending) >= flushAt
	if s.timer == nil {
		s.timer = time.AfterFunc(flushAfter, s.flush)
	}
	s.mu.Unlock()
	if full {
		s.flush()
	}
}

// flush writes what is new. Where another process has the file, the next flush
// tries again.
func (s *Store) flush() { s.write(lockBriefly) }

func (s *Store) write(patience time.Duration) {
	s.mu.Lock()
	rows := s.pending
	s.pending = nil
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	s.mu.Unlock()
	if len(rows) == 0 {
		return
	}
	err := s.file.write(rows, s.now(), patience)
	if errors.Is(err, errDamaged) { // and begun anew
		s.warn(err)
		err = s.file.write(rows, s.now(), patience)
	}
	switch {
	case err == nil:
	case isBusy(err):
		s.mu.Lock()
		if len(s.pending) < 10*flushAt { // beyond that the other process is not coming back soon
			s.pending = append(rows, s.pending...)
		}
		s.mu.Unlock()
	default:
		s.warn(err)
	}
}

// Close writes what is not written yet.
func (s *Store) Close() {
	if s == nil {
		return
	}
	s.start()
	s.write(lockPatiently)
	s.file.close()
}

func (s *Store) warn(err error) {
	s.mu.Lock()
	first := !s.warned
	s.warned = true
	s.mu.Unlock()
	if first && s.Warn != nil {
		s.Warn(err)
	}
}
