package queue

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Event is something a person may want to know while a run or a worker goes on.
type Event struct {
	Kind EventKind
	// Run and Worker are set where the event is about one.
	Run, Worker string
	// Detail is the server for Lost and Back, and what differs for Refused.
	Detail string
}

// EventKind says what happened.
type EventKind string

// The events.
const (
	Lost     EventKind = "lost"      // the connection to the server
	Back     EventKind = "back"      // and there it is again
	NoWorker EventKind = "no-worker" // nobody has offered to work on the run yet
	Joined   EventKind = "joined"    // a worker works on the run
	Refused  EventKind = "refused"   // worker and run are not of the same make
)

// Identity is what has to be the same at the batch and at its workers so that
// results do not depend on who computed them: names and values.
type Identity map[string]string

// Differences says in one line how other differs from i; empty if it does not.
func (i Identity) Differences(other Identity) string {
	names := slices.Collect(maps.Keys(i))
	for name := range other {
		if _, ok := i[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var list []string
	for _, name := range names {
		if i[name] != other[name] {
			list = append(list, fmt.Sprintf("%s %s, not %s", name, shown(other[name]), shown(i[name])))
		}
	}
	return strings.Join(list, "; ")
}

// shown is a value at a length that a line can hold.
func shown(value string) string {
	switch {
	case value == "":
		return "none"
	case len(value) > 24:
		return value[:24] + "…"
	}
	return value
}
