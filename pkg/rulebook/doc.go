// Package rulebook reads the rulebook: tables and checks in YAML.
//
// A rulebook is loaded from layers of files: the embedded one, and folders laid
// over it, which add rows and checks, patch single values, or replace a check.
// What the lower layer says is read only as needed; what a layer brings is checked
// whole before anything runs.
//
// A table row is reached by rules through a join: the path
// province.min_validity_days is the column of that name in the row that the fact
// province names. Rules are CEL expressions over flat paths, compiled when first
// used. Rulebook is also the vocabulary that turns words of a filing into ids.
package rulebook
