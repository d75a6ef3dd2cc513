package engine

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
)

// Memo keeps what checks concluded. A check that finds the same values in the
// facts it asks for concludes the same, so that of many filings which differ in
// a few facts only what hangs on these is thought through again. All evaluations
// with a Memo have to be of one rulebook, at best at the same moment: those of
// another moment begin anew. The zero Memo is empty. It is safe for concurrent use.
type Memo struct {
	mu     sync.RWMutex
	now    time.Time
	checks map[*rulebook.Check]*recollection
}

// mostConclusions are kept of a check, some kilobytes each with what is noted at
// them; at one more it begins anew. A portfolio's filings lead to few, but for
// checks that read names.
const mostConclusions = 256

// recollection is what is kept of a check.
type recollection struct {
	mu     sync.RWMutex
	shapes []*shape
	kept   int // conclusions in all shapes
}

// shape is a set of facts that a check has asked for, known or not, and what it
// concluded from their values. Which facts are asked for depends on what others
// say, so that a check has several.
type shape struct {
	paths       []string
	conclusions map[string]*Conclusion // by the values of paths
}

// of gives what is kept of a check at a moment.
func (m *Memo) of(c *rulebook.Check, now time.Time) *recollection {
	m.mu.RLock()
	r := m.checks[c]
	same := m.now.Equal(now)
	m.mu.RUnlock()
	if r != nil && same {
		return r
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.checks == nil || !m.now.Equal(now) {
		m.now, m.checks = now, map[*rulebook.Check]*recollection{}
	}
	if m.checks[c] == nil {
		m.checks[c] = new(recollection)
	}
	return m.checks[c]
}

// find gives what was concluded from the facts of a scope, or nil.
func (r *recollection) find(s *scope) *Conclusion {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, sh := range r.shapes {
		if key, ok := s.key(sh.paths); ok {
			if k := sh.conclusions[string(key)]; k != nil {
				return k
			}
		}
	}
	return nil
}

// keep remembers what was concluded from the facts that a scope was asked for.
func (r *recollection) keep(s *scope, asked map[string]bool, k *Conclusion) {
	paths := slices.Sorted(maps.Keys(asked))
	key, ok := s.key(paths)
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == mostConclusions {
		r.shapes, r.kept = nil, 0
	}
	i := slices.IndexFunc(r.shapes, func(sh *shape) bool { return slices.Equal(sh.paths, paths) })
	if i < 0 {
		i = len(r.shapes)
		r.shapes = append(r.shapes, &shape{paths: paths, conclusions: map[string]*Conclusion{}})
	}
	r.shapes[i].conclusions[string(key)] = k
	r.kept++
}

// siteLead stands among the facts that were asked for for whether the filing
// names a lead of the site's own.
const siteLead = "site.lead."

// key puts the values of facts into bytes, which are valid until the next call.
// It reports false for a value that it knows no bytes for.
func (s *scope) key(paths []string) (key []byte, ok bool) {
	b := s.keyBuffer[:0]
	for _, path := range paths {
		if path == siteLead {
			b = appendBool(b, s.siteLeadGiven)
			continue
		}
		f, known := s.known(path)
		if !known {
			b = append(b, '-')
			continue
		}
		switch v := f.Value.(type) {
		case bool:
			b = appendBool(b, v)
		case int64:
			b = binary.LittleEndian.AppendUint64(append(b, 'i'), uint64(v))
		case string:
			b = appendText(append(b, 's'), v)
		case time.Time:
			b = binary.LittleEndian.AppendUint64(append(b, 't'), uint64(v.Unix()))
			b = binary.LittleEndian.AppendUint32(b, uint32(v.Nanosecond()))
		case []string:
			if len(v) > math.MaxUint16 {
				return nil, false
			}
			b = binary.LittleEndian.AppendUint16(append(b, 'l'), uint16(len(v)))
			for _, word := range v {
				b = appendText(b, word)
			}
		default:
			return nil, false
		}
	}
	s.keyBuffer = b
	return b, true
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 'y')
	}
	return append(b, 'n')
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// known gives a fact that the target has, and notes that it was asked for.
func (s *scope) known(path string) (filing.Fact, bool) {
	if s.asked != nil {
		s.asked[path] = true
	}
	for _, facts := range s.layers {
		if f, ok := facts[path]; ok {
			return f, true
		}
	}
	return filing.Fact{}, false
}
