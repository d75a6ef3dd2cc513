package main

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/semaphore"

	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/fetch"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/page"
	"github.com/icpcheck/icpcheck/pkg/render"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/resolve"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// pagesAtOnce bounds the pages that are got at the same time.
const pagesAtOnce = 8

func (a *app) site() *cobra.Command {
	var given pageFlags
	c := &cobra.Command{
		Use:   "site URL…",
		Short: a.say("检查已备案网站的页面底部", "check the footer of a live site"),
		Long: a.say(`备案之后检查页面：备案号及其种类和链接、版权所有、公安备案号、经营许可证号。

只访问 http 和 https，最多跳转 5 次；不访问内网地址，除非给出 --allow-private。由脚本生成的页面未必能看全，会说明；--render 用本机的 Chromium 打开页面，限制相同，只看不提交。`,
			`After the filing: the number, its kind and its link, the copyright line, the public-security number and the licence.

Only http and https are spoken, at most 5 redirects are followed, and addresses that are not public are refused without --allow-private. A page that scripts build may not be seen whole, which the report says; --render opens it in the Chromium of this machine, under the same limits, and only looks.`),
		Example: "  icpcheck site example.com\n  icpcheck site https://www.example.com/ --province 江苏 --subject-name 南京示例科技有限公司\n  icpcheck site https://www.example.com/ --filing filing.yaml\n  icpcheck site https://www.example.com/ --render",
		Args:    atLeastOne("site", "icpcheck site https://www.example.com/"), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.checkPages(cmd, args, given)
		},
	}
	c.Flags().StringVar(&given.subjectName, "subject-name", "", a.say("主办单位名称，用于核对版权所有", "name of the subject, to compare the copyright line with"))
	c.Flags().StringVar(&given.file, "filing", "", a.say("从备案文件读取其他信息", "filing file that gives what else is known"))
	c.Flags().BoolVar(&given.render, "render", false, a.say("用 Chromium 打开页面，能看到脚本生成的内容", "open pages in Chromium, which shows what scripts build"))
	return c
}

// pageFlags are the flags of site alone.
type pageFlags struct {
	subjectName, file string
	render            bool
}

func onlyPage(c *rulebook.Check) bool { return c.Target == rulebook.TargetPage }

// candidates are the addresses to try for an argument, the first that answers
// counts: a bare host is asked over https, then over http.
func candidates(arg string) ([]string, error) {
	arg = strings.TrimSpace(arg)
	forms := []string{arg}
	if !strings.Contains(arg, "://") {
		forms = []string{"https://" + arg, "http://" + arg}
	}
	for i, form := range forms {
		u, err := fetch.ParseURL(form)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", withoutPassword(arg), err)
		}
		if u.Path == "" {
			u.Path = "/"
		}
		forms[i] = u.String()
	}
	return forms, nil
}

// withoutPassword keeps what stands before an @ out of messages.
func withoutPassword(s string) string {
	scheme, rest, found := strings.Cut(s, "://")
	if !found {
		scheme, rest = "", s
	} else {
		scheme += "://"
	}
	host, path, _ := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		return scheme + "…" + host[i:] + strings.TrimRight("/"+path, "/")
	}
	return s
}

func (a *app) checkPages(cmd *cobra.Command, args []string, given pageFlags) error {
	o, book, clock, err := a.setUp(cmd)
	if err != nil {
		return err
	}
	sinks, err := o.sinks()
	if err != nil {
		return err
	}
	tries := make([][]string, len(args))
	var errs []error
	for i, arg := range args {
		tries[i], err = candidates(arg)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	known := &filing.Filing{Facts: filing.Facts{}}
	if given.file != "" {
		read, err := a.readFilings([]string{given.file}, book)
		if err != nil {
			return err
		}
		if err := o.spare(a.inputs...); err != nil {
			return err
		}
		known.Facts, known.Accepted = read[0].Facts, read[0].Accepted
	}
	if given.subjectName != "" {
		known.Facts["subject.name"] = filing.Fact{Value: given.subjectName, Origin: filing.Origin{Source: filing.FromFlag}}
	}
	if err := o.apply(book, []*filing.Filing{known}); err != nil {
		return err
	}
	v, err := newVisitor(o, book, clock)
	if err != nil {
		return err
	}
	if given.render && !o.Offline {
		if v.browser, err = startBrowser(cmd.Context(), v.client, o.Timeout); err != nil {
			return err
		}
		defer v.browser.Close()
	}
	progress := a.startProgress(o, text.Catalogue(text.GettingPages).In(o.lang(a.environment)), len(tries))
	filings := make([]*filing.Filing, len(tries))
	gate := semaphore.NewWeighted(pagesAtOnce)
	var wg sync.WaitGroup
	for i, forms := range tries {
		wg.Go(func() {
			defer progress.step()
			f := known.Clone()
			filings[i] = f
			if gate.Acquire(cmd.Context(), 1) == nil {
				defer gate.Release(1)
			}
			p := v.visit(cmd.Context(), forms)
			f.Name, f.Pages = p.asked, []*filing.Page{p.page}
		})
	}
	wg.Wait()
	progress.end()
	r := &report.Report{Tool: tool(), Book: book, GeneratedAt: clock()}
	for _, f := range filings {
		results := engine.Evaluate(book, f, engine.Options{Now: clock(), Select: onlyPage})
		r.Targets = append(r.Targets, report.NewTarget(f.Name, f, results))
	}
	return a.finish(sinks, r, o)
}

// visitor gets pages and reads them.
type visitor struct {
	client     *fetch.Client
	signatures []page.Signature
	clock      func() time.Time
	offline    bool
	// browser opens the pages; nil leaves it at what the server sends.
	browser *render.Browser
	tabs    *semaphore.Weighted
}

// Limits of pages that a browser opens.
const (
	tabsAtOnce = 2
	// timeForTab is how many times as long a page may take as without a browser,
	// which does a great deal more.
	timeForTab = 3
)

// startBrowser starts the browser of --render. A page is taken to be ready once
// it shows a filing number; one without is waited for.
func startBrowser(ctx context.Context, client *fetch.Client, timeout time.Duration) (*render.Browser, error) {
	b, err := render.Start(ctx, render.Options{
		Client: client, Timeout: timeForTab * timeout, Product: "icpcheck/" + tool().Version,
		Enough: func(p render.Page) bool { return len(page.Footer(p.HTML, p.URL).Filings()) > 0 },
	})
	if err != nil {
		return nil, fmt.Errorf("--render: %w", err)
	}
	return b, nil
}

func newVisitor(o *options, book *rulebook.Rulebook, clock func() time.Time) (*visitor, error) {
	client := &fetch.Client{Timeout: o.Timeout, AllowPrivate: o.AllowPrivate, UserAgent: userAgent()}
	if len(o.Resolver) > 0 {
		resolver, err := o.resolver(clock)
		if err != nil {
			return nil, err
		}
		client.Resolve = resolveWith(resolver)
	}
	known, err := signatures(book)
	if err != nil {
		return nil, err
	}
	return &visitor{client: client, signatures: known, clock: clock, offline: o.Offline, tabs: semaphore.NewWeighted(tabsAtOnce)}, nil
}

// userAgent says who asks, in the form that servers expect of browsers: some
// refuse anything else, and would be taken for broken.
func userAgent() string {
	return "Mozilla/5.0 (compatible; icpcheck/" + tool().Version + "; +https://github.com/icpcheck/icpcheck)"
}

// resolveWith asks the servers of --resolver for addresses.
func resolveWith(r *resolve.Resolver) func(context.Context, string) ([]netip.Addr, error) {
	return func(ctx context.Context, host string) ([]netip.Addr, error) {
		return addressesOf(r.Lookup(ctx, host, host))
	}
}

func addressesOf(answer resolve.Answer) ([]netip.Addr, error) {
	for _, f := range answer.Failures {
		if len(answer.Addresses) == 0 && (strings.HasSuffix(f.Query, " A") || strings.HasSuffix(f.Query, " AAAA")) {
			return nil, f
		}
	}
	return answer.Addresses, nil
}

// signatures reads the table of block pages.
func signatures(book *rulebook.Rulebook) ([]page.Signature, error) {
	var list []page.Signature
	for _, row := range book.Table("block-pages").Rows {
		s := page.Signature{
			ID: row.ID, Name: row.Name, Confidence: row.Confidence,
			Headers: row.List("header"), Locations: row.List("location"), Titles: row.List("title"), Phrases: row.List("body"),
		}
		s.Shared, _ = row.Value("shared").(bool)
		for _, status := range row.List("status") {
			n, err := strconv.Atoi(status)
			if err != nil { // without it the signature would fit every status
				return nil, text.Errorf("规则库的表 block-pages，行 %q：%q 不是 HTTP 状态码", "rulebook table block-pages, row %q: %q is no HTTP status", row.ID, status)
			}
			s.Statuses = append(s.Statuses, n)
		}
		list = append(list, s)
	}
	return list, nil
}

// visited is what a visit gave: the page and the address it was asked for under.
type visited struct {
	asked string
	page  *filing.Page
}

// visit gets the first of the addresses that answers.
func (v *visitor) visit(ctx context.Context, forms []string) visited {
	origin := filing.Origin{Source: filing.FromPage, At: v.clock()}
	if v.offline {
		return visited{forms[0], page.FailedPage(forms[0], failure.New(failure.NotAsked, fetch.Source, "", forms[0], nil), origin)}
	}
	var first *failure.Failure
	for i, form := range forms {
		got, failed := v.client.Get(ctx, form)
		if u, err := url.Parse(got.URL); err == nil {
			origin.Server = u.Host
		}
		if failed == nil {
			failed = v.refused(got)
		}
		if failed != nil && got.Status == 0 && i+1 < len(forms) {
			first = failed
			continue
		}
		var p *filing.Page
		if failed != nil {
			p = page.FailedPage(got.URL, failed, origin)
		} else {
			p = v.read(ctx, got, origin)
		}
		if first != nil && (failed != nil || first.Kind == failure.Insecure) {
			p.Missed = append([]filing.Missed{{Failure: first}}, p.Missed...)
		}
		return visited{form, p}
	}
	panic("unreachable: the last address is always judged")
}

// read finds what a page says, in the browser if there is one.
func (v *visitor) read(ctx context.Context, got fetch.Result, origin filing.Origin) *filing.Page {
	found := page.Footer(got.Body, got.URL)
	var missing *failure.Failure
	if got.Truncated {
		missing = failure.New(failure.Incomplete, "page", origin.Server, got.URL, text.Errorf("到 %d 字节为止", "ends after %d bytes", fetch.MaxBody))
	}
	if v.browser == nil {
		return page.NewPage(got.URL, found, missing, origin)
	}
	if err := v.tabs.Acquire(ctx, 1); err != nil {
		return page.FailedPage(got.URL, failure.Of(render.Source, origin.Server, got.URL, err), origin)
	}
	shown, failed := v.browser.Open(ctx, got.URL)
	v.tabs.Release(1)
	if failed != nil {
		// What the server sent still stands; that there is no more cannot be said.
		return page.NewPage(got.URL, found, failed, origin)
	}
	// What is hidden in a browser is hidden, so nothing needs one any more.
	seen := page.Footer(shown.HTML, shown.URL)
	seen.NeedsRender = false
	missing = nil
	if why := shown.Missing(); why != nil {
		missing = failure.New(failure.Incomplete, render.Source, origin.Server, shown.URL, why)
	}
	if missing != nil && len(seen.Filings()) == 0 && len(found.Filings()) > 0 {
		return page.NewPage(got.URL, found, missing, origin)
	}
	return page.NewPage(shown.URL, seen, missing, origin)
}

// refused finds answers that are not the site's page.
func (v *visitor) refused(got fetch.Result) *failure.Failure {
	fail := func(kind failure.Kind, format string, args ...any) *failure.Failure {
		host := ""
		if u, err := url.Parse(got.URL); err == nil {
			host = u.Host
		}
		return failure.New(kind, fetch.Source, host, got.URL, fmt.Errorf(format, args...))
	}
	for _, step := range append(got.Redirects, fetch.Redirect{Status: got.Status}) {
		s := page.Block(step.Status, got.Header, got.Body, step.To, v.signatures)
		if s != nil && s.Decides() {
			return fail(failure.Refused, "block page for unfiled names (%s); icpcheck diagnose tells more", s.ID)
		}
	}
	kind, _, _ := mime.ParseMediaType(got.Header.Get("Content-Type"))
	switch {
	case got.Status == 429:
		return fail(failure.RateLimited, "status 429")
	case got.Status >= 500:
		return fail(failure.Server, "status %d", got.Status)
	case got.Status < 200 || got.Status >= 300:
		return fail(failure.Refused, "status %d", got.Status)
	case kind != "" && kind != "text/html" && kind != "application/xhtml+xml" && kind != "text/plain" && kind != "application/xml" && kind != "text/xml":
		return fail(failure.Malformed, "no page but %s", kind)
	}
	return nil
}
