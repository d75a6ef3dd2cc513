package text_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/icpcheck/icpcheck/pkg/text"
)

func TestErrorf(t *testing.T) {
	inner := text.Errorf("没有 %q%s", "there is no %q%s", "x", text.Text{Zh: "，是不是“y”？", En: `, did you mean "y"?`})
	for name, c := range map[string]struct {
		err    error
		zh, en string
	}{
		"plain":             {inner, `没有 "x"，是不是“y”？`, `there is no "x", did you mean "y"?`},
		"wrapped in both":   {text.Errorf("选项 --set：%w", "--set %w", inner), `选项 --set：没有 "x"，是不是“y”？`, `--set there is no "x", did you mean "y"?`},
		"wrapped by fmt":    {fmt.Errorf("a.yaml: %w", inner), `a.yaml: 没有 "x"，是不是“y”？`, `a.yaml: there is no "x", did you mean "y"?`},
		"joined":            {errors.Join(inner, errors.New("only English"), text.Errorf("二", "two")), "没有 \"x\"，是不是“y”？\nonly English\n二", "there is no \"x\", did you mean \"y\"?\nonly English\ntwo"},
		"another order":     {text.Errorf("%[2]d 之 %[1]d", "%d of %d", 1, 2), "2 之 1", "1 of 2"},
		"English inside":    {text.Errorf("读不了：%w", "cannot be read: %w", fs.ErrNotExist), "读不了：file does not exist", "cannot be read: file does not exist"},
		"nothing to say it": {fs.ErrNotExist, "file does not exist", "file does not exist"},
	} {
		if zh, en := text.ErrorIn(c.err, text.Zh), text.ErrorIn(c.err, text.En); zh != c.zh || en != c.en || c.err.Error() != c.en {
			t.Errorf("%s: got %q and %q, Error %q; want %q and %q", name, zh, en, c.err, c.zh, c.en)
		}
	}
	if err := text.Errorf("读不了：%w", "cannot be read: %w", fs.ErrNotExist); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what is wrapped is not found")
	}
}
