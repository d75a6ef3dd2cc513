package text

import "strings"

// Key names a message of the catalogue.
type Key string

// The catalogue's keys. Arguments are written {0}, {1}.
const (
	Yes            Key = "yes"
	No             Key = "no"
	UnknownValue   Key = "unknown-value"
	NotInForce     Key = "not-in-force"
	RuleBroken     Key = "rule-broken"
	NothingToCheck Key = "nothing-to-check"
	DoesNotApply   Key = "does-not-apply"
	NotKnown       Key = "not-known"
)

var catalogue = map[Key]Text{
	Yes:            {Zh: "是", En: "yes"},
	No:             {Zh: "否", En: "no"},
	UnknownValue:   {Zh: "未知", En: "unknown"},
	NotInForce:     {Zh: "该要求在所查日期不生效", En: "the demand is not in force on that day"},
	RuleBroken:     {Zh: "规则有误，未能检查", En: "the rule is broken, so nothing was checked"},
	NothingToCheck: {Zh: "未填写，无需检查", En: "not given, so there is nothing to check"},
	DoesNotApply:   {Zh: "不适用", En: "does not apply"},
	NotKnown:       {Zh: "信息不足，无法判定", En: "not enough is known to decide"},
}

// Catalogue returns a message with its arguments filled in.
func Catalogue(k Key, args ...string) Text {
	t := catalogue[k]
	if len(args) == 0 {
		return t
	}
	pairs := make([]string, 0, 2*len(args))
	for i, a := range args {
		pairs = append(pairs, "{"+string(rune('0'+i))+"}", a)
	}
	r := strings.NewReplacer(pairs...)
	return Text{Zh: r.Replace(t.Zh), En: r.Replace(t.En)}
}

// List joins words the way the language does: 甲、乙、丙 or a, b, c.
func List(words []string, l Lang) string {
	if l == Zh {
		return strings.Join(words, "、")
	}
	return strings.Join(words, ", ")
}
