// Package yamlfile reads YAML that people wrote, keeping positions, and turns
// every mistake into a Problem that says where it is and what would be right.
//
// Parse refuses what has no place in a file that people write by hand: aliases and
// anchors, which can grow without bound, merge keys, tags, repeated keys and more
// than one document. It returns all mistakes at once, as Problems, of which each
// prints as one line, with the offending line and a caret below.
package yamlfile
