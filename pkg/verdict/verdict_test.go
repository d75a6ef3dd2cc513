package verdict

import (
	"encoding/json"
	"testing"
)

var severities = []Severity{Error, Warning, Info}

// TestCombine goes through every pair of results.
func TestCombine(t *testing.T) {
	if got := Combine(nil); got != Ready {
		t.Errorf("nothing to check is %s", got)
	}
	alone := func(o One) Overall {
		switch {
		case o.Severity == Error && o.Verdict == Fail:
			return NotReady
		case o.Severity == Error && o.Verdict == Undetermined:
			return Unknown
		}
		return Ready
	}
	for _, v := range All() {
		for _, s := range severities {
			a := One{Verdict: v, Severity: s}
			if got := Combine([]One{a}); got != alone(a) {
				t.Errorf("%v alone: got %s, want %s", a, got, alone(a))
			}
			if got := Combine([]One{{Verdict: v, Severity: s, Accepted: true}}); got != Ready {
				t.Errorf("%v accepted is %s", a, got)
			}
			for _, w := range All() {
				for _, r := range severities {
					b := One{Verdict: w, Severity: r}
					want := Worst([]Overall{alone(a), alone(b)})
					if got := Combine([]One{a, b}); got != want {
						t.Errorf("%v and %v: got %s, want %s", a, b, got, want)
					}
				}
			}
		}
	}
}

func TestWorst(t *testing.T) {
	tests := []struct {
		a, b, want Overall
	}{
		{Ready, Ready, Ready}, {Ready, Unknown, Unknown}, {Ready, NotReady, NotReady},
		{Unknown, Unknown, Unknown}, {Unknown, NotReady, NotReady}, {NotReady, NotReady, NotReady},
	}
	for _, test := range tests {
		for _, pair := range [][]Overall{{test.a, test.b}, {test.b, test.a}} {
			if got := Worst(pair); got != test.want {
				t.Errorf("%v: got %s, want %s", pair, got, test.want)
			}
		}
	}
	if Worst(nil) != Ready {
		t.Error("no target at all is not ready")
	}
}

func TestExitStatus(t *testing.T) {
	tests := []struct {
		overall       Overall
		strict, allow int
	}{
		{Ready, 0, 0}, {NotReady, 1, 1}, {Unknown, 3, 0}, {"", 2, 2}, {"splendid", 2, 2},
	}
	for _, test := range tests {
		if got := test.overall.ExitStatus(false); got != test.strict {
			t.Errorf("%q: got %d, want %d", test.overall, got, test.strict)
		}
		if got := test.overall.ExitStatus(true); got != test.allow {
			t.Errorf("%q, undetermined allowed: got %d, want %d", test.overall, got, test.allow)
		}
	}
}

func TestSummary(t *testing.T) {
	var s Summary
	n := 0
	for _, v := range All() {
		for _, severity := range severities {
			s.Count(One{Verdict: v, Severity: severity})
			n++
		}
	}
	for _, v := range []Verdict{Fail, Undetermined} {
		s.Count(One{Verdict: v, Severity: Error, Accepted: true})
		n++
	}
	want := Summary{Pass: 3, Fail: 1, Warning: 2, Undetermined: 3, NotApplicable: 3, Accepted: 2}
	if s != want {
		t.Errorf("got %+v, want %+v", s, want)
	}
	if sum := s.Pass + s.Fail + s.Warning + s.Undetermined + s.NotApplicable + s.Accepted; sum != n {
		t.Errorf("%d results are counted as %d", n, sum)
	}
	s.Add(want)
	if s.Pass != 6 || s.Fail != 2 || s.Warning != 4 || s.Undetermined != 6 || s.NotApplicable != 6 || s.Accepted != 4 {
		t.Errorf("twice is %+v", s)
	}
}

func TestWords(t *testing.T) {
	for _, v := range All() {
		if !v.Valid() {
			t.Errorf("%q is listed and not valid", v)
		}
		var back Verdict
		if b, err := json.Marshal(v); err != nil || json.Unmarshal(b, &back) != nil || back != v {
			t.Errorf("%q does not survive JSON: %q, %v", v, back, err)
		}
	}
	for _, s := range severities {
		if !s.Valid() {
			t.Errorf("severity %q is not valid", s)
		}
	}
	// The zero values are no verdict and no severity, least of all a pass.
	for _, word := range []string{"", "Pass", "passed", "not applicable", "error"} {
		if Verdict(word).Valid() {
			t.Errorf("verdict %q is valid", word)
		}
		var v Verdict
		if json.Unmarshal([]byte(`"`+word+`"`), &v) == nil {
			t.Errorf("verdict %q is read from JSON", word)
		}
	}
	if Severity("").Valid() || Severity("fatal").Valid() {
		t.Error("a severity that is none is valid")
	}
}
