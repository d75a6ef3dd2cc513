package engine_test

import (
	"maps"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

// TestDependencesHold: a value that is said to fail a check fails it when it is
// given, and one that is said to pass does not fail it with the same weight,
// whatever else is missing. A demand that only warns may still fail.
func TestDependencesHold(t *testing.T) {
	book := shipped.Book(t)
	claims := 0
	for name, known := range map[string]map[string]any{
		"nothing":    {},
		"enterprise": {"subject.type": "enterprise", "provider": "aliyun"},
		"individual": {"subject.type": "individual"},
		"lead":       {"subject.type": "enterprise", "subject.lead.legal_representative": false},
		"server":     {"provider": "aliyun", "server.type": "ecs"},
	} {
		facts := filing.Facts{}
		for path, v := range known {
			facts[path] = filing.Fact{Value: v}
		}
		for _, c := range book.Checks() {
			open := engine.Check(book, c, facts, today)
			for _, d := range open.DependsOn {
				given := func(v any) verdict.Verdict {
					more := maps.Clone(facts)
					more[d.Path] = filing.Fact{Value: v}
					r := engine.Check(book, c, more, today)
					if r.Severity != open.Severity {
						return verdict.Undetermined
					}
					return r.Verdict
				}
				for _, v := range d.Fail {
					if claims++; given(v) != verdict.Fail {
						t.Errorf("%s: %s is said to fail with %s = %v, and is %s", name, c.ID, d.Path, v, given(v))
					}
				}
				for _, v := range d.Pass {
					if claims++; given(v) == verdict.Fail {
						t.Errorf("%s: %s is said to pass with %s = %v, and fails", name, c.ID, d.Path, v)
					}
				}
			}
		}
	}
	if claims < 50 {
		t.Errorf("only %d claims were looked at", claims)
	}
}
