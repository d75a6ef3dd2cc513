package text

import "testing"

func TestAfter(t *testing.T) {
	for _, c := range []struct{ number, literal, want string }{
		{"1", " day(s) left", " day left"},
		{"2", " day(s) left", " days left"},
		{"0", " day(s)", " days"},
		{"-1", " day(s)", " days"},
		{"11", " day(s)", " days"},
		{"unknown", " day(s)", " days"},
		{"1", " of 3 day(s)", " of 3 day(s)"}, // counted by what stands before it
		{"1", ", 3 day(s)", ", 3 day(s)"},
		{"1", "", ""},
		{"1", " follow-up(s)", " follow-up"},
	} {
		if got := After(c.number, c.literal); got != c.want {
			t.Errorf("After(%q, %q) = %q, want %q", c.number, c.literal, got, c.want)
		}
	}
}

// What is filled in is not touched, and settles nothing but the noun after it.
func TestCounted(t *testing.T) {
	for _, c := range []struct {
		key  Key
		args []string
		want string
	}{
		{TotalLine, []string{"1", "a(s)"}, "1 target: a(s)"},
		{TotalLine, []string{"2", "1"}, "2 targets: 1"},
		{CountWarning, []string{"1"}, "1 warning"},
		{InitDone, []string{"1", "day(s)"}, "1 question answered, verdict: day(s)"},
	} {
		if got := Catalogue(c.key, c.args...).En; got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
