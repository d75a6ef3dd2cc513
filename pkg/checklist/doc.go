// Package checklist lists the documents that a filing takes: what is at hand,
// what is missing, what may be asked for, and what hangs on facts that nobody
// has given yet.
package checklist
