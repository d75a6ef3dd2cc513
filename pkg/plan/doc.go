// Package plan decides which kind of filing to make, and lays the steps to it
// and the duties after it out in time.
//
// The decision is a table of the rulebook (plans): its first row whose rule
// holds. Facts that nobody has given are tried, so that a kind comes out
// whenever they cannot change it; otherwise the plan names what is missing.
// Days of work are counted by the public holidays of the rulebook.
package plan
