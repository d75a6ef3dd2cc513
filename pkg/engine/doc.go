// Package engine evaluates the rulebook over facts. It knows no network, no
// file and no particular rule.
//
// Evaluate gives every check one of four verdicts and never guesses: an absent
// fact is an unknown of CEL that carries its path, so that an undecided rule names
// exactly what it lacks. Where the absent facts have few possible values, all are
// tried: the check is decided when they all lead to the same verdict, and else
// says which values lead where.
package engine
