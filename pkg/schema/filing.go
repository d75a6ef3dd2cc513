package schema

import (
	"strings"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// Schema is a JSON Schema document or a part of one, ready to be encoded.
type Schema map[string]any

// Draft is the draft that all schemas are written in.
const Draft = "https://json-schema.org/draft/2020-12/schema"

// Filing describes the filing file, with titles and descriptions in the language.
func Filing(book *rulebook.Rulebook, lang text.Lang) Schema {
	root := object()
	domain := object()
	for _, f := range filing.Fields() {
		if f.LookupOnly {
			continue
		}
		key := f.Path
		at := root
		if f.Domain() {
			key, at = strings.TrimPrefix(key, filing.DomainPrefix), domain
		}
		if f.Key != "" {
			key = key[:strings.LastIndexByte(key, '.')+1] + f.Key
		}
		parts := strings.Split(key, ".")
		for _, group := range parts[:len(parts)-1] {
			at = at.member(group)
		}
		at.properties()[parts[len(parts)-1]] = fact(book, f, lang)
	}
	domain["required"] = []string{"name"}
	name, _ := domain.properties()["name"].(Schema)
	name["type"] = []string{"string", "number"} // a name is never left open
	root.properties()["domains"] = Schema{
		"title": text.Text{Zh: "域名", En: "domains"}.In(lang),
		"type":  []string{"array", "null"},
		"items": Schema{"anyOf": []Schema{{"type": "string"}, domain}},
	}
	root.properties()["accepted"] = accepted(book, lang)
	root["$schema"] = Draft
	root["title"] = text.Text{Zh: "icpcheck 备案文件", En: "icpcheck filing file"}.In(lang)
	root["description"] = text.Text{Zh: "所有键都可以省略，省略表示未知。", En: "Every key may be left out, which means unknown."}.In(lang)
	return root
}

// accepted describes the waivers.
func accepted(book *rulebook.Rulebook, lang text.Lang) Schema {
	say := func(zh, en string) string { return text.Text{Zh: zh, En: en}.In(lang) }
	check := words(book, "checks")
	check["title"] = say("检查项", "check")
	return Schema{
		"title":       say("接受的问题", "accepted findings"),
		"description": say("已知并接受到某一天的不通过或待定的检查项：到期前不计入结论，报告里仍然列出。", "Failed or undetermined checks that are known and accepted up to a day: until then they do not count, and reports show them still."),
		"type":        []string{"array", "null"},
		"items": closed(map[string]any{
			"check":  check,
			"reason": Schema{"title": say("理由", "reason"), "type": []string{"string", "number", "boolean"}, "pattern": `\S`},
			"until":  Schema{"title": say("最后一天（含当日，北京时间）", "last day on which it holds (Beijing time)"), "type": "string", "format": "date"},
		}, "check", "reason", "until"),
	}
}

// object takes the declared keys only. A key without a value says that it is unknown.
func object() Schema {
	return Schema{"type": []string{"object", "null"}, "additionalProperties": false, "properties": map[string]any{}}
}

func (s Schema) properties() map[string]any { return s["properties"].(map[string]any) }

// member is the object under a key, made when first asked for.
func (s Schema) member(key string) Schema {
	if have, ok := s.properties()[key].(Schema); ok {
		return have
	}
	made := object()
	s.properties()[key] = made
	return made
}

// fact describes one value. YAML's quotes are free, so numbers and booleans may
// come as text.
func fact(book *rulebook.Rulebook, f filing.Field, lang text.Lang) Schema {
	s := Schema{"title": book.FactLabel(f.Path).In(lang)}
	if find := book.HowToFind(f.Path).In(lang); find != "" {
		s["description"] = find
	}
	word := Schema{"type": []string{"string", "number"}}
	if f.Vocabulary != "" {
		word = words(book, f.Vocabulary)
	}
	if f.Address {
		word = Schema{"anyOf": []Schema{{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}}}
	}
	var value Schema
	switch f.Type {
	case filing.Bool:
		value = Schema{"enum": []any{true, false, "true", "false"}}
	case filing.Int:
		value = Schema{"anyOf": []Schema{{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]+$"}}}
	case filing.Time:
		value = Schema{"anyOf": []Schema{{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}}}
	case filing.List:
		value = Schema{"type": "array", "items": word}
	default:
		value = word
	}
	s["anyOf"] = []Schema{value, {"type": "null"}}
	return s
}

// words lists ids before other spellings, so that editors offer them first. A
// vocabulary that depends on the provider is left open.
func words(book *rulebook.Rulebook, vocabulary string) Schema {
	if vocabulary == "server-types" {
		return Schema{"type": "string", "examples": book.Words(vocabulary, "")}
	}
	ids := book.Words(vocabulary, "")
	var spellings []string
	seen := map[string]bool{}
	for _, id := range ids {
		seen[id] = true
	}
	for _, id := range ids {
		for _, s := range book.Spellings(vocabulary, id) {
			if !seen[s] {
				seen[s] = true
				spellings = append(spellings, s)
			}
		}
	}
	options := []Schema{{"enum": ids}}
	if len(spellings) > 0 {
		options = append(options, Schema{"enum": spellings})
	}
	return Schema{"anyOf": options}
}
