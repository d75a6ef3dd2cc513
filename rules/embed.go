// Package rules embeds the rulebook: tables and checks in YAML. See docs/rulebook.md.
package rules

import "embed"

// FS holds rulebook.yaml, tables/*.yaml and checks/*.yaml.
//
//go:embed rulebook.yaml tables/*.yaml checks/*.yaml
var FS embed.FS

// Snapshot is these files read in advance, for a fast start; see
// rulebook.Layer. `make generate` writes it, and a test compares it.
//
//go:embed snapshot.bin
var Snapshot string
