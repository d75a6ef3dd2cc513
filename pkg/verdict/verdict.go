package verdict

import "fmt"

// Verdict is how one check ended. The zero value is no verdict at all.
type Verdict string

// The four verdicts. Undetermined is not a soft pass: something is missing,
// and the result names it.
const (
	Pass          Verdict = "pass"
	Fail          Verdict = "fail"
	Undetermined  Verdict = "undetermined"
	NotApplicable Verdict = "not-applicable"
)

// All lists the verdicts in the order in which people read them: what is wrong first.
func All() []Verdict { return []Verdict{Fail, Undetermined, Pass, NotApplicable} }

// Valid reports whether v is one of the four verdicts.
func (v Verdict) Valid() bool {
	switch v {
	case Pass, Fail, Undetermined, NotApplicable:
		return true
	}
	return false
}

// UnmarshalText accepts exactly the four words.
func (v *Verdict) UnmarshalText(b []byte) error {
	if w := Verdict(b); w.Valid() {
		*v = w
		return nil
	}
	return fmt.Errorf("unknown verdict %q: want pass, fail, undetermined or not-applicable", b)
}

// Severity says how much a failed check weighs.
type Severity string

const (
	// Error is for a demand whose failure gets the filing refused.
	Error Severity = "error"
	// Warning is for a demand resting on an old, disputed or third-party source.
	Warning Severity = "warning"
	// Info is advice.
	Info Severity = "info"
)

// Valid reports whether s is one of the three severities.
func (s Severity) Valid() bool { return s == Error || s == Warning || s == Info }

// Overall is the verdict over a whole filing or name.
type Overall string

const (
	// Ready means no error-level check fails or is undetermined.
	Ready Overall = "ready"
	// NotReady means an error-level check fails.
	NotReady Overall = "not-ready"
	// Unknown means none fails, but at least one error-level check is undetermined.
	Unknown Overall = "undetermined"
)

// One is a check's verdict with its weight.
type One struct {
	Verdict  Verdict
	Severity Severity
	// Accepted marks a failed or undetermined check that a waiver in force answers for.
	Accepted bool
}

// Combine folds check verdicts into the overall one. Only error-level checks
// that nobody has accepted count: a failed one makes it NotReady, else an
// undetermined one Unknown.
func Combine(ones []One) Overall {
	overall := Ready
	for _, o := range ones {
		if o.Severity != Error || o.Accepted {
			continue
		}
		switch o.Verdict {
		case Fail:
			return NotReady
		case Undetermined:
			overall = Unknown
		case Pass, NotApplicable:
		}
	}
	return overall
}

// Worst folds overall verdicts of several targets: not ready beats undetermined beats ready.
func Worst(all []Overall) Overall {
	worst := Ready
	for _, o := range all {
		if o == NotReady {
			return NotReady
		}
		if o == Unknown {
			worst = Unknown
		}
	}
	return worst
}

// Summary counts results. A failed check below error level counts as a
// warning, one that a waiver answers for as accepted and as nothing else, so the
// six numbers add up to the number of results.
type Summary struct {
	Pass          int `json:"pass"`
	Fail          int `json:"fail"`
	Warning       int `json:"warning"`
	Undetermined  int `json:"undetermined"`
	NotApplicable int `json:"not_applicable"`
	Accepted      int `json:"accepted"`
}

// Count adds one result.
func (s *Summary) Count(o One) {
	if o.Accepted {
		s.Accepted++
		return
	}
	switch o.Verdict {
	case Pass:
		s.Pass++
	case Fail:
		if o.Severity == Error {
			s.Fail++
		} else {
			s.Warning++
		}
	case Undetermined:
		s.Undetermined++
	case NotApplicable:
		s.NotApplicable++
	}
}

// Add adds another summary.
func (s *Summary) Add(t Summary) {
	s.Pass += t.Pass
	s.Fail += t.Fail
	s.Warning += t.Warning
	s.Undetermined += t.Undetermined
	s.NotApplicable += t.NotApplicable
	s.Accepted += t.Accepted
}

// Exit statuses of the command.
const (
	ExitReady        = 0
	ExitNotReady     = 1
	ExitCouldNotRun  = 2
	ExitUndetermined = 3
)

// ExitStatus maps an overall verdict to the exit status; allowUndetermined
// turns undetermined into success.
func (o Overall) ExitStatus(allowUndetermined bool) int {
	switch o {
	case Ready:
		return ExitReady
	case NotReady:
		return ExitNotReady
	case Unknown:
		if allowUndetermined {
			return ExitReady
		}
		return ExitUndetermined
	}
	return ExitCouldNotRun
}
