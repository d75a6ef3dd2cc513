package main

import (
	"slices"
	"strings"
	"testing"
)

// TestColor goes through the conventions in the order of their weight.
func TestColor(t *testing.T) {
	tests := []struct {
		name, choice string
		env          map[string]string
		terminal     bool
		want         bool
	}{
		{"a terminal", "auto", nil, true, true},
		{"no terminal", "auto", nil, false, false},
		{"always", "always", map[string]string{"NO_COLOR": "1"}, false, true},
		{"never", "never", map[string]string{"CLICOLOR_FORCE": "1"}, true, false},
		{"NO_COLOR", "auto", map[string]string{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, true, false},
		{"CLICOLOR_FORCE", "auto", map[string]string{"CLICOLOR_FORCE": "1", "TERM": "dumb"}, false, true},
		{"CLICOLOR_FORCE=0", "auto", map[string]string{"CLICOLOR_FORCE": "0"}, false, false},
		{"CLICOLOR=0", "auto", map[string]string{"CLICOLOR": "0"}, true, false},
		{"a dumb terminal", "auto", map[string]string{"TERM": "dumb"}, true, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := &environment{getenv: func(name string) string { return test.env[name] }, terminal: test.terminal}
			if got := (&options{Color: test.choice}).color(e); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestSinks(t *testing.T) {
	tests := []struct {
		format, output []string
		want           string // format>path pairs
		err            string
	}{
		{[]string{"text"}, nil, "text>", ""},
		{[]string{"json"}, []string{"a"}, "json>a", ""},
		{[]string{"text", "json"}, []string{"a"}, "text> json>a", ""},
		{[]string{"text", "json"}, []string{"-", "a"}, "text> json>a", ""},
		{[]string{"json", "text"}, []string{"a", "b"}, "json>a text>b", ""},
		{[]string{"text", "json"}, nil, "", "2 formats on standard output"},
		{[]string{"text", "json"}, []string{"-"}, "", "2 formats on standard output"},
		{[]string{"text", "json"}, []string{"a", "a"}, "", "--output a is given twice"},
		{[]string{"text"}, []string{"a", "b"}, "", "2 --output but 1 --format"},
		{[]string{"xml"}, nil, "", `unknown format "xml"`},
	}
	for _, test := range tests {
		list, err := (&options{Format: test.format, Output: test.output}).sinks()
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%v: got %v, want %q", test, err, test.err)
			}
			continue
		}
		var got []string
		for _, s := range list {
			got = append(got, s.format.Name+">"+s.path)
		}
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%v: got %q, %v", test, got, err)
		}
	}
}

func TestSplitList(t *testing.T) {
	for given, want := range map[string][]string{
		"a":                       {"a"},
		"a, b,":                   {"a", "b"},
		"materials=a,b\nserver=c": {"materials=a,b", "server=c"},
		" \n ":                    nil,
	} {
		if got := splitList(given); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

// TestFlags holds that every shared flag says what it is in both languages.
func TestFlags(t *testing.T) {
	for _, f := range flags {
		if f.about.Zh == "" || f.about.En == "" || f.about.Zh == f.about.En {
			t.Errorf("--%s is not explained in both languages", f.name)
		}
	}
}
