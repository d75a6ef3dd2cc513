// Package verdict holds the words a check can end with and how they combine.
//
// It is the bottom of the import graph: truth tables and nothing else.
//
// Combine folds the verdicts of checks into that of a filing, Worst those of
// several filings, and ExitStatus turns it into the status of the command.
package verdict
