package schema

import "github.com/icpcheck/icpcheck/pkg/rulebook"

// The pieces that files of checks and of tables are made of.
var (
	aText    = Schema{"type": []string{"string", "number", "boolean"}}
	aDate    = Schema{"type": "string", "format": "date"}
	aList    = Schema{"type": "array", "items": aText}
	verdicts = []string{"pass", "fail", "undetermined", "not-applicable"}
	severity = Schema{"enum": []string{"error", "warning", "info"}}
	// bySeverity says how much a part weighs by the value of a column.
	bySeverity = Schema{"type": "object", "properties": map[string]any{"column": aText}, "required": []string{"column"}, "additionalProperties": severity}
	// both is a text in two languages, or one that reads the same in both.
	both = Schema{"anyOf": []Schema{
		{"type": "string"},
		{"type": "object", "properties": map[string]any{"zh": aText, "en": aText}, "required": []string{"zh", "en"}, "additionalProperties": false},
	}}
	sentence = Schema{"type": "object", "properties": map[string]any{"when": aText, "zh": aText, "en": aText}, "required": []string{"zh", "en"}, "additionalProperties": false}
	// sentences are one, or several of which the first whose when holds is said.
	sentences = Schema{"anyOf": []Schema{sentence, {"type": "array", "items": sentence, "minItems": 1}}}
)

func messages() Schema {
	properties := map[string]any{}
	for _, v := range verdicts {
		properties[v] = sentences
	}
	return closed(properties)
}

func closed(properties map[string]any, required ...string) Schema {
	s := Schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// ruleTest describes a test of a check, or one beside rows, which names its check.
func ruleTest(ofRows bool) Schema {
	keys := map[string]any{
		"name": aText, "given": Schema{"type": []string{"object", "null"}}, "now": Schema{"anyOf": []Schema{aDate, {"type": "string", "format": "date-time"}}},
		"expect": Schema{"enum": verdicts}, "severity": severity, "needs": aList, "says": aText,
	}
	if !ofRows {
		return closed(keys, "expect")
	}
	keys["check"] = aText
	return closed(keys, "check", "expect")
}

// Check describes a file of rules/checks.
func Check() Schema {
	part := closed(map[string]any{
		"id": aText, "title": both, "severity": severity, "when": aText, "pass": aText, "fail_when": aText,
		"message": messages(), "remedy": sentences, "source": aList,
	}, "id", "pass")
	s := closed(map[string]any{
		"id": Schema{"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}, "title": both, "severity": severity,
		"target": Schema{"enum": []string{string(rulebook.TargetFiling), string(rulebook.TargetDomain), string(rulebook.TargetPage)}},
		"absent": Schema{"const": "not-applicable"}, "when": aText, "pass": aText, "fail_when": aText,
		"parts": Schema{"type": "array", "items": part, "minItems": 1},
		"parts_from": Schema{"type": "object", "properties": map[string]any{"table": aText, "when": aText, "pass": aText, "severity": bySeverity},
			"required": []string{"table", "pass"}, "additionalProperties": aText, "minProperties": 3, "maxProperties": 5},
		"message": messages(), "remedy": sentences, "source": aList, "verified": aDate, "note": aText,
		"effective": closed(map[string]any{"from": aDate, "until": aDate}),
		"tests":     Schema{"type": "array", "items": ruleTest(false)},
	}, "id", "title")
	s["oneOf"] = []Schema{{"required": []string{"pass"}}, {"required": []string{"parts"}}, {"required": []string{"parts_from"}}}
	s["$schema"] = Draft
	s["title"] = "icpcheck check"
	return s
}

// Table describes a file of rules/tables. What the rows' own columns hold is
// declared by the file itself, which a schema cannot follow.
func Table() Schema {
	types := []string{"bool", "int", "text", "list", "date", "both", "rule", "any"}
	column := Schema{"anyOf": []Schema{
		{"enum": types},
		closed(map[string]any{
			"type": Schema{"enum": types}, "one_of": aList, "ref": aText, "required": Schema{"type": "boolean"}, "default": true, "title": both,
		}, "type"),
	}}
	row := Schema{
		"type": "object",
		"properties": map[string]any{
			"id": aText, "name": both, "also": aList, "source": aList, "verified": aDate, "note": aText, "patch": Schema{"type": "boolean"},
			"confidence": Schema{"enum": []string{"official", "high", "medium", "low"}},
		},
		"required": []string{"id"},
	}
	s := closed(map[string]any{
		"table": aText, "title": both, "verified": aDate, "note": aText,
		"columns": Schema{"type": "object", "additionalProperties": column},
		"rows":    Schema{"type": "array", "items": row},
		"tests":   Schema{"type": "array", "items": ruleTest(true)},
	}, "table", "rows")
	s["$schema"] = Draft
	s["title"] = "icpcheck table"
	return s
}
