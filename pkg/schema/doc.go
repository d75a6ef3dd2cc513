// Package schema describes the project's YAML files as JSON Schema (draft
// 2020-12), so that editors complete keys and mark mistakes: the filing file,
// made from the list of facts and the rulebook's vocabularies, and the files of
// checks and tables.
//
// A schema is a little stricter than the reader: the reader takes names in any
// case, width and spacing, the schema in the spelling of the rulebook only.
package schema
