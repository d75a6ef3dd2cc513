package explain_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/explain"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
)

var book = shipped.Shared

var matcher = sync.OnceValue(func() *explain.Matcher { return explain.New(book()) })

// wordings is testdata/wordings.yaml.
type wordings struct {
	Reasons map[string][]string
	Several []struct {
		Text string
		Want []string
	}
	None []string
}

func readWordings(t testing.TB) wordings {
	t.Helper()
	data, err := os.ReadFile("testdata/wordings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var w wordings
	if err := yaml.Unmarshal(data, &w); err != nil {
		t.Fatal(err)
	}
	return w
}

func show(matches []explain.Match) string {
	var list []string
	for _, m := range matches {
		list = append(list, fmt.Sprintf("%s %.2f %v", m.ID, m.Score, m.Found))
	}
	return strings.Join(list, "; ")
}

// among reports whether the id is one of the first n matches.
func among(matches []explain.Match, id string, n int) bool {
	return slices.ContainsFunc(matches[:min(n, len(matches))], func(m explain.Match) bool { return m.ID == id })
}

func TestEveryReasonIsFoundByItsNames(t *testing.T) {
	rows := book().Table(explain.Table).Rows
	if len(rows) != 53 {
		t.Fatalf("%d reasons, want 53", len(rows))
	}
	for _, row := range rows {
		for _, name := range append([]string{row.ID, row.Name.Zh, row.Name.En, strings.ToUpper(row.Name.Zh)}, row.Also...) {
			matches := matcher().Match(name)
			if !among(matches, row.ID, 1) || matches[0].Score != 1 {
				t.Errorf("%q: want %s with score 1, got %s", name, row.ID, show(matches))
			}
		}
		in := "您好，我的备案被退回了，原因是：" + row.Name.Zh + "。请问怎么办？"
		if matches := matcher().Match(in); !among(matches, row.ID, 1) {
			t.Errorf("%q: want %s first, got %s", in, row.ID, show(matches))
		}
		for _, code := range row.List("codes") {
			for _, in := range []string{code, "错误码：" + code, "code " + code, `{"code":` + code + `}`} {
				if matches := matcher().Match(in); !among(matches, row.ID, 1) {
					t.Errorf("%q: want %s, got %s", in, row.ID, show(matches))
				}
			}
		}
	}
}

func TestWordings(t *testing.T) {
	w := readWordings(t)
	for _, row := range book().Table(explain.Table).Rows {
		if len(w.Reasons[row.ID]) < 2 {
			t.Errorf("%s: %d wordings in testdata/wordings.yaml, want at least 2", row.ID, len(w.Reasons[row.ID]))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.Reasons)) {
		if book().Table(explain.Table).Row(id) == nil {
			t.Errorf("testdata/wordings.yaml: there is no reason %q", id)
		}
		for _, in := range w.Reasons[id] {
			if matches := matcher().Match(in); !among(matches, id, 2) {
				t.Errorf("%q: want %s among the first two, got %s", in, id, show(matches))
			}
		}
	}
}

// In a few words a reason has to come first.
func TestParaphrases(t *testing.T) {
	data, err := os.ReadFile("testdata/paraphrases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var w wordings
	if err := yaml.Unmarshal(data, &w); err != nil {
		t.Fatal(err)
	}
	for _, row := range book().Table(explain.Table).Rows {
		if len(w.Reasons[row.ID]) < 4 {
			t.Errorf("%s: %d paraphrases, want at least 4", row.ID, len(w.Reasons[row.ID]))
		}
		for _, in := range w.Reasons[row.ID] {
			if matches := matcher().Match(in); !among(matches, row.ID, 1) {
				t.Errorf("%q: want %s first, got %s", in, row.ID, show(matches))
			}
		}
	}
	for _, in := range w.None {
		if matches := matcher().Match(in); len(matches) > 0 {
			t.Errorf("%q: want no reason, got %s", in, show(matches))
		}
	}
}

func TestSeveralReasonsInOneTicket(t *testing.T) {
	for _, c := range readWordings(t).Several {
		matches := matcher().Match(c.Text)
		for _, id := range c.Want {
			if !among(matches, id, len(c.Want)+1) {
				t.Errorf("%q: want %s, got %s", c.Text, id, show(matches))
			}
		}
	}
}

func TestNoReason(t *testing.T) {
	none := readWordings(t).None
	if len(none) < 20 {
		t.Fatalf("%d texts without a reason, want at least 20", len(none))
	}
	for _, in := range none {
		if matches := matcher().Match(in); len(matches) > 0 {
			t.Errorf("%q: want no reason, got %s", in, show(matches))
		}
	}
}

// Check ids give the reasons that the check finds, its main ones first.
func TestCheckIDs(t *testing.T) {
	matches := matcher().Match(" domain-holder\n")
	if len(matches) < 2 || matches[0].Score != 1 || !slices.Contains(matches[0].List("checks"), "domain-holder") {
		t.Fatalf("domain-holder: got %s", show(matches))
	}
	for i := 1; i < len(matches); i++ {
		if matches[i].Score > matches[i-1].Score {
			t.Errorf("not best first: %s", show(matches))
		}
	}
}

// Every row is complete: both languages, sentences that end, checks and commands that exist.
func TestTable(t *testing.T) {
	for _, row := range book().Table(explain.Table).Rows {
		m := explain.Match{Row: row}
		if len(m.Causes()) == 0 || len(m.Remedies()) == 0 {
			t.Errorf("%s: no causes or no remedies", row.ID)
		}
		for _, x := range append(m.Causes(), m.Remedies()...) {
			if x.Zh == "" || x.En == "" || strings.HasSuffix(x.Zh, "。") || strings.HasSuffix(x.En, ".") {
				t.Errorf("%s: want both languages without a full stop, got %+v", row.ID, x)
			}
		}
		if !strings.HasSuffix(m.Meaning().Zh, "。") || !strings.HasSuffix(m.Meaning().En, ".") || !strings.HasSuffix(m.Reply().Zh, "。") || !strings.HasSuffix(m.Reply().En, ".") {
			t.Errorf("%s: meaning and reply are sentences, in both languages", row.ID)
		}
		for _, id := range row.List("checks") {
			if book().Check(id) == nil {
				t.Errorf("%s: there is no check %q", row.ID, id)
			}
		}
		for _, c := range row.List("commands") {
			if !strings.HasPrefix(c, "icpcheck ") {
				t.Errorf("%s: %q is no command line of ours", row.ID, c)
			}
		}
		if book().Check(row.ID) != nil {
			t.Errorf("%s: a check has the same id", row.ID)
		}
	}
}

// Only the start of a long text is looked at.
func TestLongInput(t *testing.T) {
	filler := strings.Repeat("好", explain.MaxInput/len("好"))
	if matches := matcher().Match("域名未实名认证。" + filler + filler); !among(matches, "domain-not-verified", 1) {
		t.Errorf("at the start: got %s", show(matches))
	}
	if matches := matcher().Match(filler + "域名未实名认证。"); len(matches) > 0 {
		t.Errorf("beyond the end: got %s", show(matches))
	}
}

func FuzzMatch(f *testing.F) {
	w := readWordings(f)
	for _, list := range w.Reasons {
		f.Add(list[0])
	}
	for _, s := range w.None {
		f.Add(s)
	}
	f.Add("域名…未…实名\x00\xff\xfe 1046")
	f.Fuzz(func(t *testing.T, s string) {
		matches := matcher().Match(s)
		seen := map[string]bool{}
		for i, m := range matches {
			if m.Score <= 0 || m.Score > 1 || len(m.Found) == 0 || seen[m.ID] {
				t.Fatalf("%q: %s", s, show(matches))
			}
			seen[m.ID] = true
			if i > 0 && m.Score > matches[i-1].Score {
				t.Fatalf("not best first: %s", show(matches))
			}
			for _, found := range m.Found {
				if !utf8.ValidString(found) {
					t.Fatalf("%q: found %q", s, found)
				}
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		matcher().Match("您好，您的备案被退回：1、域名未实名认证；2、网站名称不符合要求；3、身份证照片模糊。请修改后重新提交。")
	}
}

func BenchmarkMatchLong(b *testing.B) {
	long := strings.Repeat("网站名称和域名备案主体证件负责人手机电话，", 2000)
	b.ReportAllocs()
	for b.Loop() {
		matcher().Match(long)
	}
}

func BenchmarkNew(b *testing.B) {
	book().Table(explain.Table)
	b.ReportAllocs()
	for b.Loop() {
		explain.New(book())
	}
}
