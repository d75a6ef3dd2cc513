package report_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	chrome "github.com/icpcheck/icpcheck/pkg/render"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// browser starts a headless Chromium that ends with the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	chromium, err := chrome.Find()
	if err != nil {
		t.Skip("the HTML report cannot be tested in a browser: ", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium),
		chromedp.NoSandbox, // CI runs as root
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(time.Minute),
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // starts it
		t.Fatal(err)
	}
	return ctx
}

// watch collects what a page complains about and asks for beyond itself.
type watch struct {
	mu         sync.Mutex
	complaints []string
	requests   []string
}

func (w *watch) see(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		w.requests = append(w.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		w.complaints = append(w.complaints, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		w.complaints = append(w.complaints, "console."+e.Type.String())
	case *log.EventEntryAdded:
		w.complaints = append(w.complaints, e.Entry.Text+" "+e.Entry.URL)
	}
}

// pageState is what the test reads off the open page.
type pageState struct {
	Shown   map[string]int // visible checks by kind
	Counts  map[string]int // what the filter's buttons say
	Pressed []string
	// Overflow tells of a page wider than the window, Overlap of a badge that lies over the text beside it.
	Overflow, Overlap, FilterShown bool
	Nothing                        int
}

const readPage = `(() => {
  const seen = (e) => e.getClientRects().length > 0;
  const shown = {}, counts = {};
  for (const e of document.querySelectorAll(".check")) if (seen(e)) shown[e.dataset.kind] = (shown[e.dataset.kind] || 0) + 1;
  for (const b of document.querySelectorAll(".filter button")) counts[b.dataset.show] = Number(b.querySelector(".count").textContent);
  const root = document.documentElement;
  const overlap = [...document.querySelectorAll(".check")].some((c) => {
    const a = c.querySelector(".badge").getBoundingClientRect(), b = c.querySelector(".body").getBoundingClientRect();
    return a.right > b.left && a.bottom > b.top;
  });
  return {
    Shown: shown, Counts: counts, Pressed: [...document.querySelectorAll('.filter [aria-pressed="true"]')].map((b) => b.dataset.show),
    Overflow: root.scrollWidth > root.clientWidth, Overlap: overlap, FilterShown: seen(document.querySelector(".filter")),
    Nothing: [...document.querySelectorAll(".nothing")].filter(seen).length,
  };
})()`

func TestHTMLInBrowser(t *testing.T) {
	ctx := browser(t)
	book := toy(t)
	long := strings.Repeat("很长的名称", 40) + strings.Repeat("verylongword", 30)
	for _, c := range []struct {
		name   string
		report *report.Report
		lang   text.Lang
	}{
		{"filing in Chinese", oneFiling(t, book), text.Zh},
		{"several targets in English", manyTargets(t, book), text.En},
		{"accepted findings", acceptedFindings(t, book), text.Zh},
		{"long values", withFacts(t, book, long), text.Zh},
		{"hostile values", withFacts(t, book, strings.Join(hostile, " ")), text.En},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "report.html")
			if err := os.WriteFile(file, []byte(render(t, format(t, "html"), c.report, report.Options{Lang: c.lang})), 0o600); err != nil {
				t.Fatal(err)
			}
			address := (&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String()
			tab, cancel := chromedp.NewContext(ctx)
			defer cancel()
			w := &watch{}
			if err := chromedp.Listen(tab, w.see); err != nil { // opens the tab, which a deadline here would close
				t.Fatal(err)
			}
			tab, cancel = context.WithTimeout(tab, 5*time.Minute)
			defer cancel()
			var p pageState
			run := func(steps ...chromedp.Action[chromedp.Void]) {
				t.Helper()
				err := chromedp.Do(tab, steps...)
				if err == nil {
					p, err = chromedp.Run(tab, chromedp.Evaluate[pageState](readPage))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			run(command(network.Enable, network.EnableParams{}), command(log.Enable, cdp.Empty{}), command(runtime.Enable, cdp.Empty{}), window(1440), chromedp.Navigate(address))

			s := c.report.Summary()
			want := map[string]int{"fail": s.Fail, "undetermined": s.Undetermined, "warning": s.Warning, "accepted": s.Accepted, "pass": s.Pass, "not-applicable": s.NotApplicable}
			all := 0
			for kind, n := range want {
				all += n
				if p.Counts[kind] != n || p.Shown[kind] != n {
					t.Errorf("%s: the button says %d and %d are shown, want %d", kind, p.Counts[kind], p.Shown[kind], n)
				}
			}
			if p.Counts["all"] != all || !p.FilterShown {
				t.Errorf("all: the button says %d, want %d; filter shown: %v", p.Counts["all"], all, p.FilterShown)
			}
			for kind, n := range want {
				if n == 0 {
					continue
				}
				run(chromedp.Click(chromedp.CSS(`.filter [data-show="` + kind + `"]`)))
				if len(p.Shown) != 1 || p.Shown[kind] != n || len(p.Pressed) != 1 || p.Pressed[0] != kind {
					t.Errorf("filter %s shows %v, want %d; pressed: %v", kind, p.Shown, n, p.Pressed)
				}
				empty := 0
				for i := range c.report.Targets {
					if !hasKind(&c.report.Targets[i], kind) {
						empty++
					}
				}
				if p.Nothing != empty {
					t.Errorf("filter %s: %d targets say that they have none, want %d", kind, p.Nothing, empty)
				}
			}
			run(chromedp.Click(chromedp.CSS(`.filter [data-show="all"]`)))
			if p.Shown["pass"] != s.Pass || p.Shown["fail"] != s.Fail {
				t.Errorf("after all was chosen again %v are shown", p.Shown)
			}

			open := chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach((d) => d.open = true)`)
			for _, width := range []int64{1440, 768, 360} {
				if run(window(width), open); p.Overflow || p.Overlap {
					t.Errorf("at %d pixels the page is wider than the window: %v; a badge lies over the text: %v", width, p.Overflow, p.Overlap)
				}
			}
			if run(window(760), command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})); p.FilterShown || p.Overlap || p.Shown["fail"] != s.Fail {
				t.Errorf("in print the filter is shown: %v; a badge lies over the text: %v; failed checks: %d", p.FilterShown, p.Overlap, p.Shown["fail"])
			}
			// Without script everything is there, and no dead filter.
			run(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{}),
				command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}), chromedp.Reload())
			if p.FilterShown || p.Shown["fail"] != s.Fail || p.Shown["pass"] != s.Pass {
				t.Errorf("without script the filter is shown: %v; checks: %v", p.FilterShown, p.Shown)
			}

			w.mu.Lock()
			defer w.mu.Unlock()
			for _, s := range w.complaints {
				t.Errorf("the page complains: %s", s)
			}
			for _, u := range w.requests {
				if u != address && !strings.HasPrefix(u, "data:") {
					t.Errorf("the page asks for %s", u)
				}
			}
		})
	}
}

// command makes a step of a command of the browser's protocol.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// window makes the window so many CSS pixels wide; a narrow one is a telephone's.
func window(width int64) chromedp.Action[chromedp.Void] {
	return command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 500,
	})
}

// hasKind reports whether a target has a result that counts as the kind.
func hasKind(t *report.Target, kind string) bool {
	return map[string]int{
		"fail": t.Summary.Fail, "undetermined": t.Summary.Undetermined, "warning": t.Summary.Warning,
		"accepted": t.Summary.Accepted, "pass": t.Summary.Pass, "not-applicable": t.Summary.NotApplicable,
	}[kind] > 0
}
