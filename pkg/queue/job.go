package queue

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// Job is one piece of work.
type Job struct {
	// Line is its place in the input, counting from 1; no two jobs of a run share it.
	Line int
	// Lane is where it waits its turn.
	Lane Lane
	// Data is what the worker gets.
	Data []byte
}

// Lane holds the jobs that share a limit, such as those that ask one look-up
// server. The server has at most AtOnce jobs of a lane out with all workers
// together, and a worker keeps a job's place for at least Hold, though its
// result is on its way before. Together that is a pace: in any time T no more
// than AtOnce × (1 + T/Hold) jobs of the lane begin, wherever they are worked
// on. A worker that dies keeps its places until its silence is noticed.
type Lane struct {
	// Name tells lanes apart.
	Name string
	// AtOnce is at least 1.
	AtOnce int
	// Hold is zero where there is no pace to keep. It belongs to the job: one
	// that asks a server twice holds its place twice as long.
	Hold time.Duration
}

// token makes of a lane's name what may stand in subjects and consumer names.
func (l Lane) token() string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, l.Name)
	if clean == "" || len(clean) > 100 {
		return "lane-" + sum([]byte(l.Name))
	}
	return clean
}

// trials is how often a job whose worker fell silent is tried once more, each
// time alone, before it is given up.
const trials = 2

// ErrPoison is the end of a job during which its worker fell silent each time.
var ErrPoison = text.Errorf("已放弃：连续 %d 个工作进程在处理它时中断", "given up: %d workers in a row broke off while they worked on it", trials+1)

// ErrTooLarge is the end of a job that, or whose result, the server does not take.
var ErrTooLarge = text.Errorf("超过队列服务器接受的大小（max_payload）", "larger than the queue's server takes (max_payload)")

// NewRun makes the id of a run.
func NewRun() string { return nuid.Next() }

// sum tells data from other data.
func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:8])
}

// Names on the server.
const (
	root            = "icpcheck"
	announceSubject = root + ".announce"
	suspectLane     = "suspects" // other consumers of jobs begin with lane-
	resultConsumer  = "batch"
)

func jobStream(run string) string    { return root + "-" + run + "-jobs" }
func resultStream(run string) string { return root + "-" + run + "-results" }

// laneConsumer is the consumer of a lane, by its token.
func laneConsumer(token string) string { return "lane-" + token }

// place is what names a job within its run.
type place struct {
	line int
	sum  string
}

func (p place) String() string { return strconv.Itoa(p.line) + "." + p.sum }

func (j Job) place() place { return place{j.Line, sum(j.Data)} }

func jobSubject(run, token string, p place) string {
	return fmt.Sprintf("%s.%s.job.%s.%s", root, run, token, p)
}

func suspectSubject(run string, p place) string {
	return fmt.Sprintf("%s.%s.suspect.%s", root, run, p)
}

func resultSubject(run string, p place) string {
	return fmt.Sprintf("%s.%s.result.%s", root, run, p)
}

// placeOf reads the end of a subject.
func placeOf(subject string) (place, error) {
	parts := strings.Split(subject, ".")
	if len(parts) >= 4 {
		if line, err := strconv.Atoi(parts[len(parts)-2]); err == nil && line > 0 {
			return place{line, parts[len(parts)-1]}, nil
		}
	}
	return place{}, fmt.Errorf("%q is no subject of a job", subject)
}

// Headers of jobs and results.
const (
	holdHeader = "Icpcheck-Hold" // a duration
	failHeader = "Icpcheck-Fail" // a word of failures
)

// failures are the ends of a job that are not the worker's own result.
var failures = map[string]error{"poison": ErrPoison, "too-large": ErrTooLarge}

// holdOf reads how long a job keeps its place.
func holdOf(h nats.Header) time.Duration {
	hold, err := time.ParseDuration(h.Get(holdHeader))
	if err != nil {
		return 0
	}
	return hold
}

// announcement is what a batch says about its run, and every worker hears.
type announcement struct {
	Run      string   `json:"run"`
	Identity Identity `json:"identity"`
	Lanes    []string `json:"lanes"` // names of consumers
}

// offer is a worker's answer to an announcement.
type offer struct {
	Worker string `json:"worker"`
	// Differences are empty where the worker takes the run.
	Differences string `json:"differences,omitempty"`
}
