package engine

import (
	"slices"

	"github.com/icpcheck/icpcheck/pkg/filing"
)

// All lists the questions that are left, those that settle most first.
func (q *Questioner) All(f *filing.Filing) []Question { return slices.Collect(q.questions(f, nil)) }
