package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/icpcheck/icpcheck/pkg/text"
)

func chinese(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// everyCommand visits the command tree.
func everyCommand(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		everyCommand(sub, visit)
	}
}

// TestHelpInChinese walks all commands: none of their help is in English alone.
func TestHelpInChinese(t *testing.T) {
	e := &environment{args: []string{"--lang", "zh"}, getenv: func(string) string { return "" }, stdout: &strings.Builder{}}
	n := 0
	everyCommand(newRoot(e), func(c *cobra.Command) {
		if c.Hidden {
			return
		}
		n++
		name := c.CommandPath()
		if !chinese(c.Short) || c.Long != "" && !chinese(c.Long) {
			t.Errorf("%s: English help %q, %q", name, c.Short, c.Long)
		}
		args := append(strings.Fields(name)[1:], "--help", "--lang", "zh")
		status, out, errs := batchRun(t, "", args...)
		if status != 0 || errs != "" || !chinese(out) {
			t.Fatalf("%s: status %d, stderr %q", name, status, errs)
		}
		for _, words := range []string{"Usage:", "Flags:", "Commands:", "Examples:", "Aliases:", "Use \"", "[flags]", "[command]", "(default ", " string ", "stringArray ", " strings ", " duration ", " int ", "help for ", "for more information"} {
			if strings.Contains(out, words) {
				t.Errorf("%s: its help says %q", name, words)
			}
		}
		c.InitDefaultHelpFlag()
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && f.Name != "help" && !chinese(f.Usage) {
				t.Errorf("%s --%s: %q", name, f.Name, f.Usage)
			}
		})
	})
	if n < 20 {
		t.Errorf("only %d commands", n)
	}
}

// TestUsageInBothLanguages: what is wrong with a command line is said in the
// language of the user, in one line, and in English without a word of Chinese.
func TestUsageInBothLanguages(t *testing.T) {
	dir := t.TempDir()
	for name, args := range map[string][]string{
		"unknown command":     {"chek"},
		"unknown subcommand":  {"rules", "lits"},
		"unknown help topic":  {"help", "chek"},
		"unknown flag":        {"check", "--provnce", "x"},
		"unknown letter":      {"check", "-x"},
		"flag without value":  {"check", "--format"},
		"odd number":          {"batch", "-", "--workers", "many"},
		"odd time":            {"check", "-", "--timeout", "soon"},
		"odd yes":             {"check", "-", "--quiet=perhaps"},
		"bad syntax":          {"check", "--=x"},
		"no argument":         {"check"},
		"too many":            {"batch", "a", "b"},
		"too few":             {"rules", "show"},
		"one too many":        {"version", "x"},
		"no such file":        {"check", dir + "/none.yaml"},
		"a folder":            {"check", dir},
		"language":            {"check", "-", "--lang", "fr"},
		"colour":              {"check", "-", "--color", "red"},
		"format":              {"check", "-", "--format", "xml"},
		"rate":                {"check", "-", "--rate", "fast"},
		"config":              {"check", "-", "--config", dir + "/none.yaml"},
		"rules":               {"check", "-", "--rules", dir + "/none"},
		"table":               {"rules", "list", "provincs"},
		"schema":              {"rules", "schema", "x"},
		"now":                 {"check", "-", "--now", "tomorrow"},
		"output that is not":  {"domain", "example.com", "--offline", "--output", dir + "/no/out"},
		"nothing to explain":  {"explain", ""},
		"dns and offline":     {"batch", "-", "--only", "dns", "--offline"},
		"worker of nothing":   {"worker"},
		"site of no scheme":   {"site", "ftp://example.com/"},
		"no domain name":      {"domain", "not a name"},
		"set without a value": {"check", "-", "--set", "province"},
		"set of nothing":      {"check", "-", "--set", "provinec=x"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, lang := range text.Langs() {
				var out, errs strings.Builder
				locale := map[text.Lang]string{text.Zh: "zh_CN.UTF-8", text.En: "en_GB.UTF-8"}[lang]
				e := &environment{args: args, stdin: strings.NewReader("province: zhejiang\n"), stdout: &out, stderr: &errs, getenv: func(name string) string {
					if name == "LANG" {
						return locale
					}
					return ""
				}}
				e.clock = system().clock
				if status := run(e); status != 2 || out.String() != "" {
					t.Fatalf("status %d, stdout %q", status, out.String())
				}
				first, _, _ := strings.Cut(errs.String(), "\n")
				if chinese(first) != (lang == text.Zh) || !strings.HasPrefix(first, "icpcheck: error: ") {
					t.Errorf("in %s: %s", lang, first)
				}
				if rest := strings.TrimPrefix(first, "icpcheck: error: "); lang == text.Zh && !chinese(rest) {
					t.Errorf("the Chinese says %q", rest)
				}
				if strings.Contains(errs.String(), "%!") {
					t.Errorf("in %s: %s", lang, errs.String())
				}
			}
		})
	}
}

// TestErrorsInBothLanguages reads the commands' source: whatever error they word
// themselves is there in Chinese and in English, with the same arguments.
func TestErrorsInBothLanguages(t *testing.T) {
	set := token.NewFileSet()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			at := set.Position(call.Pos())
			switch called(call.Fun) {
			case "usage", "text.Errorf":
				zh, isZh := literal(call.Args[0])
				en, isEn := literal(call.Args[1])
				if !isZh || !isEn { // where the words come from a table of them
					return true
				}
				n++
				if !chinese(zh) || chinese(en) {
					t.Errorf("%s: %q, %q", at, zh, en)
				}
				dummies := make([]any, len(call.Args)-2)
				for i := range dummies {
					dummies[i] = filler{}
				}
				for _, format := range []string{zh, en} {
					// A Chinese text may do without the arguments.
					if got := fmt.Errorf(format, dummies...).Error(); strings.Contains(format, "%") && strings.Contains(got, "%!") {
						t.Errorf("%s: the arguments do not fit %q: %s", at, format, got)
					}
				}
			case "fmt.Errorf", "errors.New":
				words, _ := literal(call.Args[0])
				words = strings.TrimPrefix(words, "rules diff: ") // a command's name
				for _, word := range strings.Fields(words) {
					if !strings.HasPrefix(word, "%") && !strings.HasPrefix(word, "--") {
						t.Errorf("%s: %q is said in English alone", at, words)
						break
					}
				}
			}
			return true
		})
	}
	if n < 80 {
		t.Errorf("only %d errors found", n)
	}
}

// filler fits every verb.
type filler struct{}

func (filler) Error() string              { return "…" }
func (filler) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("…")) }

func called(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name
		}
	}
	return ""
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(l.Value)
	return s, err == nil
}
