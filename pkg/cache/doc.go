// Package cache keeps answers of registries and name servers between runs, so
// that a second run asks nobody about what was asked an hour ago.
//
// A [Store] has two layers: the answers of this run in memory, and a bbolt file
// below the user's cache folder that several processes share. The file is locked
// only while it is read or written, never between: readers share the lock for a
// few milliseconds, and what is new is written in one transaction now and then.
//
// SQLite was measured beside it (modernc.org/sqlite, write-ahead log): it needs no
// such care with locks, but adds 4.9 MB to the program where bbolt adds 0.4 MB,
// and a run that asks once waits 1.0 ms for it where bbolt takes 0.2 ms. Cheap
// reads by many runs matter here, cheap single writes do not.
//
// A cache is a convenience: one that is broken, locked or read-only costs time
// and a warning, never an answer. Whatever it cannot vouch for, by checksum and
// by clock, counts as absent.
package cache
