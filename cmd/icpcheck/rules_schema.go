package main

import (
	"strings"

	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/schema"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// schemaNames are the files that `rules schema` describes; the first is the default.
var schemaNames = []string{"filing", "check", "table"}

func (a *app) rulesSchema(o *options, book *rulebook.Rulebook, lang text.Lang, args []string) error {
	name := schemaNames[0]
	if len(args) > 0 {
		name = args[0]
	}
	var s schema.Schema
	switch name {
	case "filing":
		s = schema.Filing(book, lang)
	case "check":
		s = schema.Check()
	case "table":
		s = schema.Table()
	default:
		return &usageError{err: text.Errorf("没有 %q 的 schema%s", "there is no schema of %q%s", name, yamlfile.Suggest(name, schemaNames)), hint: text.Same("icpcheck rules schema " + strings.Join(schemaNames, "|"))}
	}
	if _, err := o.textOrJSON(); err != nil {
		return err
	}
	return a.emit(&options{Format: []string{"json"}, Output: o.Output, Lang: o.Lang, Color: o.Color}, book, s, nil)
}
