package render

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/icpcheck/icpcheck/pkg/fetch"
)

// read is the script that reads the open page. It runs in a world of its own,
// where nothing that the page has redefined is in effect.
//
//go:embed read.js
var read string

// errNoPage is where the browser shows an error of its own.
var errNoPage = errors.New("no page is shown")

// view is one tab.
type view struct {
	tab    context.Context
	gate   *gate
	rest   time.Time // when an unfinished page is read as it is
	enough func(Page) bool
}

func (v *view) open(address string) (Page, error) {
	err := chromedp.Listen(v.tab, func(event any) {
		if _, ok := event.(*page.EventJavascriptDialogOpening); ok {
			// A dialog stops the page. Listeners may not call the browser themselves.
			go func() {
				_, _ = chromedp.Call(v.tab, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
			}()
		}
	})
	if err != nil {
		return Page{}, err
	}
	own := chromedp.FromContext(v.tab).BrowserContextID
	err = chromedp.Do(v.tab, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorDeny, BrowserContextID: own})
		if err != nil {
			return err
		}
		// Navigate would wait for a page that may never have loaded whole.
		result, err := cdp.Call(ctx, t, page.Navigate, page.NavigateParams{URL: address})
		switch {
		case err != nil:
			return err
		case result.IsDownload:
			return errDownload
		case result.ErrorText != "":
			return fmt.Errorf("%w: %s", errNoPage, result.ErrorText)
		}
		return nil
	}))
	if err != nil {
		return Page{}, err
	}
	return v.settle()
}

// settle waits until the page has come to rest with what is looked for, or
// without it for as long as patience lasts, or until its time is up. A page that
// never stops loading is taken as it is once it has what is looked for.
func (v *view) settle() (Page, error) {
	var calmSince, readySince, looked time.Time
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-v.tab.Done():
			return Page{}, v.tab.Err()
		case <-ticker.C:
		}
		late, quiet := time.Now().After(v.rest), v.gate.quietFor() >= calm
		if !quiet {
			calmSince = time.Time{}
		}
		if !quiet && !late && time.Since(looked) < glance {
			continue
		}
		p, ready, err := v.read()
		looked = time.Now() // reading takes its time on a machine under load
		if err != nil {
			if late || v.tab.Err() != nil {
				return p, err
			}
			continue // the page went elsewhere meanwhile
		}
		if !strings.HasPrefix(p.URL, "http:") && !strings.HasPrefix(p.URL, "https:") {
			return p, fmt.Errorf("%w: at %.80s", errNoPage, p.URL)
		}
		enough := v.enough == nil || v.enough(p)
		switch {
		case late:
			return p, nil
		case !ready:
			calmSince, readySince = time.Time{}, time.Time{}
			continue
		case readySince.IsZero():
			readySince = looked
		}
		switch {
		case !quiet:
			if enough && time.Since(readySince) > patience/2 {
				return p, nil
			}
		case calmSince.IsZero():
			// The script has scrolled to the end, which may make the page load more.
			calmSince = looked
		case enough, time.Since(calmSince) > patience:
			p.Finished = true
			return p, nil
		}
	}
}

// read runs the script in the main frame. ready tells that the page has loaded,
// pictures and all.
func (v *view) read() (p Page, ready bool, err error) {
	tree, err := chromedp.Call(v.tab, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return p, false, err
	}
	world, err := chromedp.Call(v.tab, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: tree.FrameTree.Frame.ID, WorldName: "icpcheck"})
	if err != nil {
		return p, false, err
	}
	yes := true
	result, err := chromedp.Call(v.tab, runtime.Evaluate, runtime.EvaluateParams{
		Expression: fmt.Sprintf("(%s)(%d)", strings.TrimSpace(read), fetch.MaxBody), ContextID: world.ExecutionContextID, ReturnByValue: &yes,
	})
	switch {
	case err != nil:
		return p, false, err
	case result.ExceptionDetails != nil:
		return p, false, fmt.Errorf("reading the page: %s", result.ExceptionDetails.Text)
	}
	var r struct {
		URL, HTML  string
		Ready, Cut bool
		Foreign    int
	}
	err = json.Unmarshal(result.Result.Value, &r)
	return Page{URL: r.URL, HTML: []byte(r.HTML), Cut: r.Cut, Foreign: r.Foreign}, r.Ready, err
}
