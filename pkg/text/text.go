package text

import "strings"

// Lang is a language of the reports.
type Lang string

// The two languages.
const (
	Zh Lang = "zh"
	En Lang = "en"
)

// Langs lists the languages.
func Langs() []Lang { return []Lang{Zh, En} }

// Detect picks the language from an explicit choice (zh or en), else from the
// locale variables in POSIX order, else English.
func Detect(choice string, getenv func(string) string) Lang {
	for _, v := range []string{choice, getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG")} {
		if v == "" {
			continue
		}
		if strings.HasPrefix(strings.ToLower(v), "zh") {
			return Zh
		}
		return En
	}
	return En
}

// Text is one thing said in both languages.
type Text struct {
	Zh string `yaml:"zh" json:"zh"`
	En string `yaml:"en" json:"en"`
}

// In returns the text in the language, falling back to the other one.
func (t Text) In(l Lang) string {
	if l == Zh && t.Zh != "" || t.En == "" {
		return t.Zh
	}
	return t.En
}

// Empty reports whether neither language is given.
func (t Text) Empty() bool { return t.Zh == "" && t.En == "" }

// Same returns a Text that reads the same in both languages, for names and numbers.
func Same(s string) Text { return Text{Zh: s, En: s} }
