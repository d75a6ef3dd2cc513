package report_test

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// hostile are values as a stranger's WHOIS record or file may have them.
var hostile = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`</style></title></textarea><svg/onload=alert(1)>`,
	`{{.}} {0} ${x} <?xml ]]> <!-- &lt;b&gt;`,
	"\x1b[31mred\x1b]0;title\x07\x9b2J\x7f",
	"one\ntwo\r\nthree\vfour\ffive",
	"\n::error::stolen\n::add-mask::x",
	"##[error]stolen ##[add-path]x",
	"\u202egnp.exe\u2066a\u2069 \u200fb\u200e\ufeff",
	"[click](javascript:alert(1)) ![x](http://evil.example/x.png) <http://evil.example>",
	"**bold** _it_ `code` ~~no~~ # h\n# heading\n- item\n> quote",
	"| a | b |\n|---|---|",
	"@everyone #1 !2 https://evil.example www.evil.example",
	`=HYPERLINK("http://evil.example")`, "+1+1", "-1+1", "@SUM(1)", "\t=1", " =1", "＝1+1", "%0A::error::x",
	"%0A%0D::error file=a::b",
}

// withFacts is a filing that shows a value in messages, evidence, failures and names.
func withFacts(t testing.TB, book *rulebook.Rulebook, value string) *report.Report {
	f := decode(t, book, "filing.yaml", "province: north\nsubject: {name: a}\nsite: {name: b}\ndomains:\n  - {name: example.com, holder: c, expires_on: 2027-01-01}\n  - {name: example.net}\n")
	set := func(facts filing.Facts, path string) {
		fact := facts[path]
		fact.Value = value
		facts[path] = fact
	}
	set(f.Facts, "subject.name")
	set(f.Facts, "site.name")
	set(f.Facts, "server.region")
	set(f.Domains[0].Facts, "domain.holder")
	set(f.Domains[0].Facts, "domain.registrar")
	f.Domains[0].Facts["domain.statuses"] = filing.Fact{Value: []string{value, value}, Origin: filing.Origin{Source: filing.FromWHOIS, Server: value}}
	f.Domains[0].Learn("domain.holder", value+"x", filing.Origin{Source: filing.FromWHOIS, Server: value})
	f.Domains[1].Missed = []filing.Missed{{
		Failure: failure.New(failure.Malformed, "whois", value, value, errors.New(value)), Paths: []string{"domain.registered"},
	}}
	f.Accepted = []filing.Waiver{
		{Check: "domain-holder", Reason: value, Until: now, Position: yamlfile.Position{File: "filing.yaml", Line: 1, Column: 1}},
		{Check: "domain-registered", Reason: value, Until: now.AddDate(0, 0, -1), Position: yamlfile.Position{File: "filing.yaml", Line: 1, Column: 1}},
	}
	f.Name = "filing.yaml " + value
	return evaluate(book, f)
}

// inert tells for each format what is wrong with a report that a hostile value
// has got into; plain is the same report with a harmless one.
var inert = map[string]func(t *testing.T, got, plain string){
	"text":   sameLines,
	"json":   validJSON,
	"ndjson": sameLines,
	"sarif": func(t *testing.T, got, plain string) {
		validJSON(t, got, plain)
		validSARIF(t, got)
		if regexp.MustCompile(`"text": "[^"]*\]\(`).MatchString(got) {
			t.Error("a plain message holds a link")
		}
	},
	"gitlab": validJSON,
	"github": func(t *testing.T, got, plain string) {
		sameLines(t, got, plain)
		command := regexp.MustCompile(`(?m)^\s*::`)
		if a, b := len(command.FindAllString(got, -1)), len(command.FindAllString(plain, -1)); a != b {
			t.Errorf("%d workflow commands, want %d", a, b)
		}
		if strings.Contains(got, "##[") {
			t.Error("a workflow command of the older form")
		}
	},
	"markdown": func(t *testing.T, got, plain string) {
		sameLines(t, got, plain)
		// What a backslash escapes or a code span holds is text.
		bare := regexp.MustCompile("\\\\[[:punct:]]|`[^`\n]*`").ReplaceAllString(got, "")
		for _, sign := range []string{"<", "](", "](", "![", "| ", "~~", "@everyone", "#1", "!2", "https://", "www.", "${"} {
			if strings.Contains(bare, sign) {
				t.Errorf("%q is not escaped in\n%s", sign, got)
			}
		}
		if regexp.MustCompile(`(?m)^(\s*- )?(# |> one|- - )`).MatchString(bare) {
			t.Errorf("a block begins inside a value:\n%s", got)
		}
	},
	"junit": func(t *testing.T, got, plain string) {
		if a, b := xmlElements(t, got), xmlElements(t, plain); a != b {
			t.Errorf("elements %s, want %s", a, b)
		}
	},
	"csv": func(t *testing.T, got, plain string) {
		rows := func(s string) [][]string {
			all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(s, "\ufeff"))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		if a, b := len(rows(got)), len(rows(plain)); a != b {
			t.Errorf("%d rows, want %d", a, b)
		}
		for _, row := range rows(got) {
			for _, cell := range row {
				if s := strings.TrimSpace(cell); s != "" && strings.ContainsRune("=+-@＝＋－＠|%", []rune(s)[0]) {
					t.Errorf("cell %q may be taken for a formula", cell)
				}
			}
		}
	},
	"html": func(t *testing.T, got, plain string) {
		if a, b := htmlElements(t, got), htmlElements(t, plain); a != b {
			t.Errorf("elements and attributes differ:\n got %s\nwant %s", a, b)
		}
	},
}

func TestHostileValuesAreInert(t *testing.T) {
	book := toy(t)
	for _, format := range report.Formats() {
		check := inert[format.Name]
		if check == nil {
			t.Errorf("format %s: say here how a hostile value would show", format.Name)
			continue
		}
		for _, value := range hostile {
			t.Run(format.Name+"/"+text.Clean(value), func(t *testing.T) {
				for _, lang := range text.Langs() {
					o := report.Options{Lang: lang, Verbose: true}
					got := render(t, format, withFacts(t, book, value), o)
					for _, r := range strings.ReplaceAll(strings.TrimPrefix(got, "\ufeff"), "\r\n", "\n") {
						if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\ufeff') {
							t.Errorf("raw %U in the report", r)
						}
					}
					check(t, got, render(t, format, withFacts(t, book, "plain"), o))
				}
			})
		}
	}
}

func sameLines(t *testing.T, got, plain string) {
	t.Helper()
	if a, b := strings.Count(got, "\n"), strings.Count(plain, "\n"); a != b {
		t.Errorf("%d lines, want %d:\n%s", a, b, got)
	}
}

func validJSON(t *testing.T, got, _ string) {
	t.Helper()
	if !json.Valid([]byte(got)) {
		t.Errorf("not valid JSON:\n%s", got)
	}
}

func xmlElements(t *testing.T, s string) string {
	t.Helper()
	var names []string
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return strings.Join(names, " ")
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			names = append(names, e.Name.Local)
		}
	}
}

// htmlElements lists elements with the names of their attributes.
func htmlElements(t *testing.T, s string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			b.WriteString(n.Data)
			for _, a := range n.Attr {
				b.WriteString("." + a.Key)
			}
			b.WriteByte(' ')
		case html.CommentNode:
			b.WriteString("comment ")
		}
	}
	return b.String()
}

// TestPersonalNumbersAreMasked gives every personal fact, and every name, a number of its own
// and looks for it, and for the greater part of it, in every format.
func TestPersonalNumbersAreMasked(t *testing.T) {
	book := toy(t)
	f := decode(t, book, "filing.yaml", "domains: [example.com]\n")
	var numbers []string
	for i, field := range filing.Fields() {
		if !field.Personal && !field.Name {
			continue
		}
		number := strings.Repeat(string(rune('1'+i%9)), 2) + "0987654321" + strings.Repeat(string(rune('1'+i%7)), 4) + "5X"
		if strings.HasSuffix(field.Path, "phone") {
			number = "1380013" + strings.Repeat(string(rune('1'+i%9)), 4)
		}
		numbers = append(numbers, number)
		facts := f.Facts
		if field.Domain() {
			facts = f.Domains[0].Facts
		}
		facts[field.Path] = filing.Fact{Value: number, Origin: filing.Origin{Source: filing.FromFile}}
	}
	if len(numbers) < 5 {
		t.Fatalf("only %d personal facts", len(numbers))
	}
	leaked := "330102199003071234"
	numbers = append(numbers, leaked)
	f.Accepted = []filing.Waiver{
		{Check: "domain-registered", Reason: "as told by " + leaked, Until: now},
		{Check: "domain-real-name", Reason: "as told by " + leaked, Until: now.AddDate(0, 0, -1)},
	}
	f.Domains[0].Missed = []filing.Missed{{
		Failure: failure.New(failure.Malformed, "whois", "whois.example", "example.com", errors.New("holder "+leaked)), Paths: []string{"domain.registered"},
	}}
	r := evaluate(book, f)
	for _, format := range report.Formats() {
		for _, lang := range text.Langs() {
			got := render(t, format, r, report.Options{Lang: lang, Verbose: true})
			for _, number := range numbers {
				if strings.Contains(got, number) || strings.Contains(got, number[3:len(number)-2]) {
					t.Errorf("%s in %s shows the number %s", format.Name, lang, number)
				}
			}
		}
	}
}
