// Package rulediff compares two rulebooks: which checks and table rows were
// added, removed or changed, and which filings end differently.
package rulediff
