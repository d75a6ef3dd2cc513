package filing

import (
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/mask"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// Waiver is an entry of the filing file's list accepted: someone answers, with a
// reason and up to a day, for going ahead although a check does not pass.
type Waiver struct {
	// Check is the id of the check; it holds for every domain of the filing.
	Check string
	// Reason is free text as it was written. It may hold anything, so reports
	// have to clean and mask it.
	Reason string
	// Until is the last day on which the waiver holds, as the start of that day in Beijing.
	Until time.Time
	// Position is the place of the entry in the filing file.
	Position yamlfile.Position
}

// Holds reports whether the waiver is in force at a time; its last day, in
// Beijing time, belongs to it.
func (w *Waiver) Holds(now time.Time) bool { return calendar.DaysBetween(now, w.Until) >= 0 }

// Waiver returns the waiver for a check, whether in force or not, or nil.
func (f *Filing) Waiver(check string) *Waiver {
	for i := range f.Accepted {
		if f.Accepted[i].Check == check {
			return &f.Accepted[i]
		}
	}
	return nil
}

// acceptedKey is the key of the filing file under which waivers stand.
const acceptedKey = "accepted"

// accepted reads the list of waivers. All three keys of an entry are demanded:
// a waiver without a reason or an end would be a switch to turn a check off.
func (d *decoder) accepted(n *yaml.Node) []Waiver {
	const example = "{check: domain-validity, reason: …, until: 2026-12-31}"
	if yamlfile.Null(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		d.fail(n, "%s：应为列表（- %s），而不是%s", "%s: want a list (- %s), got %s", acceptedKey, example, yamlfile.KindText(n))
		return nil
	}
	var list []Waiver
	first := map[string]int{}
	for _, item := range n.Content {
		if item.Kind != yaml.MappingNode {
			d.fail(item, "%s：应为%s，而不是%s", "%s: want %s, got %s", acceptedKey, example, yamlfile.KindText(item))
			continue
		}
		w := Waiver{Position: d.file.At(item)}
		given := map[string]bool{}
		for key, value := range yamlfile.Pairs(item) {
			given[key.Value] = true
			var err error
			switch key.Value {
			case "check":
				if w.Check, err = d.check(value); err != nil {
					break
				}
				if line, twice := first[w.Check]; twice {
					d.fail(value, "检查项 %q 第二次列入，第一次在第 %d 行", "check %q is accepted a second time, first on line %d", w.Check, line)
				} else {
					first[w.Check] = value.Line
				}
			case "reason":
				w.Reason, err = d.word(value, text.Text{Zh: "请用几个字说明为什么接受", En: "say in a few words why this is accepted"})
			case "until":
				w.Until, err = d.day(value)
			default:
				d.fail(key, "没有键 %q%s", "unknown key %q%s", mask.Free(key.Value), yamlfile.Suggest(key.Value, []string{"check", "reason", "until"}))
			}
			if err != nil {
				d.fail(value, "%s[].%s：%v", "%s[].%s: %v", acceptedKey, key.Value, err)
			}
		}
		for _, k := range []struct {
			key  string
			want text.Text
		}{
			{"check", text.Text{Zh: "检查项的编号（check: domain-validity）", En: "the id of a check (check: domain-validity)"}},
			{"reason", text.Text{Zh: "理由（reason: …）", En: "a reason (reason: …)"}},
			{"until", text.Text{Zh: "最后一天（until: 2026-12-31）", En: "a last day (until: 2026-12-31)"}},
		} {
			if !given[k.key] {
				d.fail(item, "%s：这一条还要有%s", "%s: the entry needs %s", acceptedKey, k.want)
			}
		}
		list = append(list, w)
	}
	return list
}

// word reads a text that has to be there; missing says what to write.
func (d *decoder) word(n *yaml.Node, missing text.Text) (string, error) {
	if n.Kind != yaml.ScalarNode {
		return "", text.Errorf("应为文字，而不是%s", "want text, got %s", yamlfile.KindText(n))
	}
	if yamlfile.Null(n) || strings.TrimSpace(n.Value) == "" {
		return "", text.Errorf("是空的；%s", "is empty; %s", missing)
	}
	return n.Value, nil
}

// check reads a check's id or title.
func (d *decoder) check(n *yaml.Node) (string, error) {
	s, err := d.word(n, text.Text{Zh: "请写检查项，icpcheck rules list 列出了所有检查项", En: "name a check, as icpcheck rules list shows them"})
	if err != nil {
		return "", err
	}
	return parseWord(Field{Path: "check", Type: Text, Vocabulary: "checks"}, s, d.vocabulary, "")
}

// day reads a date; a time of day would leave open whether the day counts.
func (d *decoder) day(n *yaml.Node) (time.Time, error) {
	s, err := d.word(n, text.Text{Zh: "请写最后一天（2026-12-31）", En: "give the last day (2026-12-31)"})
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.ParseInLocation(calendar.DateLayout, s, calendar.Beijing)
	if err != nil {
		return time.Time{}, text.Errorf("应为日期，如 2026-12-31，而不是 %q", "want a date such as 2026-12-31, got %q", mask.Free(s))
	}
	return t, nil
}
