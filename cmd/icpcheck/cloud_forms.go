package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/icpcheck/icpcheck/pkg/cloudfile"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// cloudForms reads table cloud-records.
func cloudForms(book *rulebook.Rulebook) ([]cloudfile.Form, error) {
	var forms []cloudfile.Form
	for _, row := range book.Table("cloud-records").Rows {
		f, err := cloudForm(book, row)
		if i := slices.IndexFunc(forms, func(other cloudfile.Form) bool { return f.Terraform != "" && other.Terraform == f.Terraform }); err == nil && i >= 0 {
			err = text.Errorf("%s 已有一行 %q：改用它的 id", "%s has a row already, %q: use its id", f.Terraform, forms[i].ID)
		}
		if err != nil {
			return nil, text.Errorf("%s：规则库的表 cloud-records，行 %q：%w", "%s: rulebook table cloud-records, row %q: %w", row.Position, row.ID, err)
		}
		forms = append(forms, f)
	}
	return forms, nil
}

func cloudForm(book *rulebook.Rulebook, row *rulebook.Row) (cloudfile.Form, error) {
	f := cloudfile.Form{
		ID: row.ID, Terraform: row.Text("terraform"), Answer: row.Text("answer"), Has: row.List("has"), Key: row.Text("key"), Total: row.Text("total"), Next: row.Text("next"),
		Domain: row.Text("domain"), Provider: row.Text("provider"), Zone: row.Text("zone"), States: map[string]string{},
	}
	if (f.Terraform == "") == (f.Answer == "") {
		return f, text.Errorf("terraform 和 answer 要有一个，且只有一个", "want either terraform or answer")
	}
	if f.Answer != "" && len(f.Has) == 0 {
		return f, text.Errorf("要有 has：只有这种记录才有的键", "want has: keys that only such records have")
	}
	if f.Domain == "" {
		f.States["provider"] = f.Provider
	}
	for path, column := range map[string]string{"server.type": "type", "server.billing": "billing"} {
		if s := row.Text(column); s != "" {
			f.States[path] = s
		}
	}
	for _, path := range slices.Sorted(maps.Keys(f.States)) {
		if err := knownID(book, path, f.States[path], f.Provider); err != nil {
			return f, err
		}
	}
	order, err := keysOf(row.Value("order"))
	if err == nil {
		f.Order, err = cloudOrder(order)
	}
	if err != nil {
		return f, text.Errorf("order 里：%w", "order: %w", err)
	}
	readings, err := keysOf(row.Value("readings"))
	if err != nil {
		return f, text.Errorf("readings 里：%w", "readings: %w", err)
	}
	for _, path := range slices.Sorted(maps.Keys(readings)) {
		g, err := cloudReading(book, path, readings[path], f.Provider)
		if err != nil {
			return f, text.Errorf("readings 里的 %s：%w", "readings.%s: %w", path, err)
		}
		f.Readings = append(f.Readings, g)
	}
	return f, nil
}

func cloudOrder(cell map[string]any) (o cloudfile.Order, err error) {
	for _, key := range slices.Sorted(maps.Keys(cell)) {
		v := cell[key]
		switch key {
		case "at":
			o.At, err = word(v)
		case "unit_at":
			o.UnitAt, err = word(v)
		case "unit":
			o.Unit, err = word(v)
		case "months":
			o.Months, err = unitMonths(v)
		default:
			return o, unknownKey(key, "at", "unit_at", "unit", "months")
		}
		if err != nil {
			return o, text.Errorf("%s 里：%w", "%s: %w", key, err)
		}
	}
	if _, known := o.Months[o.Unit]; len(cell) > 0 && (o.At == "" || !known) {
		return o, text.Errorf("要有 at、unit 和写明该单位的 months", "want at, unit, and months that have this unit")
	}
	return o, nil
}

func unitMonths(cell any) (map[string]int, error) {
	units, err := keysOf(cell)
	if err != nil {
		return nil, err
	}
	months := map[string]int{}
	for _, unit := range slices.Sorted(maps.Keys(units)) {
		number, ok := units[unit].(int64)
		if !ok {
			return nil, text.Errorf("%s：应为整数", "%s: want a whole number", unit)
		}
		months[unit] = int(number)
	}
	return months, nil
}

func cloudReading(book *rulebook.Rulebook, path string, cell any, provider string) (cloudfile.Reading, error) {
	g := cloudfile.Reading{Fact: path}
	if _, ok := filing.FieldOf(path); !ok {
		var near text.Text
		if n := filing.NearestPath(path); n != "" {
			near = yamlfile.Meant(n)
		}
		return g, text.Errorf("没有这个事实%s", "no such fact%s", near)
	}
	keys, err := keysOf(cell)
	if err != nil {
		return g, err
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		v := keys[key]
		switch key {
		case "at":
			list, several := v.([]any)
			if !several {
				list = []any{v}
			}
			for _, item := range list {
				var at string
				if at, err = word(item); err != nil {
					break
				}
				g.At = append(g.At, at)
			}
		case "values":
			g.Values, err = cloudValues(book, path, v, provider)
		case "above":
			n, ok := v.(int64)
			if !ok {
				err = text.Errorf("应为整数", "want a whole number")
			}
			above := float64(n)
			g.Above = &above
		case "if":
			g.If, err = word(v)
		case "from":
			g.From, err = word(v)
		case "to":
			g.To, err = word(v)
		case "milliseconds":
			var ok bool
			if g.Milliseconds, ok = v.(bool); !ok {
				err = text.Errorf("应为 true 或 false", "want true or false")
			}
		default:
			return g, unknownKey(key, "at", "values", "above", "if", "from", "to", "milliseconds")
		}
		if err != nil {
			return g, text.Errorf("%s 里：%w", "%s: %w", key, err)
		}
	}
	if len(g.At) == 0 && (g.From == "" || g.To == "") {
		return g, text.Errorf("要有 at，或者 from 和 to", "want at, or from and to")
	}
	return g, nil
}

// cloudValues are the values of a fact, by what a file says. Those of a fact
// that is true or false are no texts in YAML.
func cloudValues(book *rulebook.Rulebook, path string, cell any, provider string) (map[string]string, error) {
	said, err := keysOf(cell)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, s := range slices.Sorted(maps.Keys(said)) {
		values[s] = fmt.Sprint(said[s])
		if err := knownID(book, path, values[s], provider); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// keysOf are a cell's keys with their values; a cell that is left out has none.
func keysOf(cell any) (map[string]any, error) {
	keys, ok := cell.(map[string]any)
	if !ok && cell != nil {
		return nil, text.Errorf("应为键值", "want keys with values")
	}
	return keys, nil
}

func unknownKey(key string, known ...string) error {
	return text.Errorf("没有键 %q%s", "unknown key %q%s", key, yamlfile.Suggest(key, known))
}

// word is a cell's text.
func word(v any) (string, error) {
	s, ok := v.(string)
	if !ok || s == "" {
		return "", text.Errorf("应为文本", "want text")
	}
	return s, nil
}

// knownID reports an id that the fact cannot have.
func knownID(book *rulebook.Rulebook, path, id, provider string) error {
	field, _ := filing.FieldOf(path)
	if field.Vocabulary == "" {
		return nil
	}
	if found, ok := book.Resolve(field.Vocabulary, id, provider); !ok || found != id {
		return text.Errorf("%q 不是 %s 的编号%s", "%q is no id of %s%s", id, path, yamlfile.Suggest(id, book.Words(field.Vocabulary, provider)))
	}
	return nil
}
