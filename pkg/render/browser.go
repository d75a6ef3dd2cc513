package render

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/fetch"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// Source is the source that failures of this package name where the cause is
// not one of package fetch.
const Source = "browser"

// startLimit bounds the start of the browser; loaded machines take long.
const startLimit = time.Minute

// How a page is watched until it looks finished.
const (
	// tick is how often it is looked at.
	tick = 100 * time.Millisecond
	// glance is how often it is looked at while it loads.
	glance = time.Second
	// calm is how long nothing may have been loaded.
	calm = 500 * time.Millisecond
	// patience is how much longer a page is given that lacks what is looked for:
	// some put it in after a delay, without loading anything.
	patience = 5 * time.Second
)

// Options say how pages are opened.
type Options struct {
	// Client tells whom to connect to and how, see package fetch.
	Client *fetch.Client
	// Timeout bounds Open as a whole; zero means fetch.DefaultTimeout.
	Timeout time.Duration
	// Product is added to the browser's User-Agent.
	Product string
	// Enough reports that a page, as it stands, has what is looked for. Nil
	// takes the first finished state of every page.
	Enough func(Page) bool
}

// Browser is a running Chromium. It may be used by several goroutines.
type Browser struct {
	options Options
	key     *key
	ctx     context.Context
	cancel  func()
	home    string
	dead    *gate // where everything goes that belongs to no page
}

// Page is what a visitor would see.
type Page struct {
	// URL is the address of the page in the end, after redirects and scripts.
	URL string
	// HTML is what is visible, in UTF-8: elements and text of the page, of its open
	// shadow roots and of frames from the same site, without scripts and styles.
	// Hidden elements have the attribute hidden.
	HTML []byte
	// Finished tells that the page had come to rest; if not, it was still loading
	// when its time was up. Cut tells that HTML is not all.
	Finished, Cut bool
	// Foreign is how many visible frames come from other sites; what is in them is not in HTML.
	Foreign int
	// Refused are requests that were not made or not answered.
	Refused []Refusal
}

// Missing names what a visitor may see and the page here may lack; nil for nothing.
func (p Page) Missing() error {
	switch {
	case !p.Finished:
		return errors.New("still loading when its time was up")
	case p.Cut:
		return fmt.Errorf("longer than %d megabytes", fetch.MaxBody>>20)
	case p.Foreign > 0:
		return errors.New("a frame from another site")
	}
	for _, r := range p.Refused {
		if r.Matters {
			return fmt.Errorf("not loaded: %w", r.Why)
		}
	}
	return nil
}

// Start starts Chromium. Without one the error is ErrNoChromium.
func Start(ctx context.Context, options Options) (*Browser, error) {
	path, err := Find()
	if err != nil {
		return nil, err
	}
	b := &Browser{options: options}
	if b.key, err = newKey(); err != nil {
		return nil, text.Errorf("启动浏览器：%w", "starting the browser: %w", err)
	}
	// Besides the profile, which chromedp makes and removes, Chromium writes to
	// the home folder (keys, caches) and the temporary one, so it gets its own.
	if b.home, err = os.MkdirTemp("", "icpcheck-browser-"); err != nil {
		return nil, text.Errorf("启动浏览器：%w", "starting the browser: %w", err)
	}
	if b.dead, err = newGate(&fetch.Client{Resolve: nowhere}, b.key, ""); err != nil {
		_ = os.RemoveAll(b.home)
		return nil, text.Errorf("启动浏览器：%w", "starting the browser: %w", err)
	}
	allocated, stop := chromedp.NewExecAllocator(context.WithoutCancel(ctx), b.flags(path)...)
	silent := func(string, ...any) {} // what matters comes back as errors
	running, cancel := chromedp.NewContext(allocated, chromedp.WithLogf(silent), chromedp.WithErrorf(silent))
	b.ctx, b.cancel = running, func() { cancel(); stop() }
	// The first Do binds the browser's life to its context, so that its limit has
	// to come from outside.
	timer := time.AfterFunc(startLimit, cancel)
	interrupted := context.AfterFunc(ctx, cancel)
	err = chromedp.Do(running)
	if !timer.Stop() {
		err = fmt.Errorf("not ready within %v", startLimit)
	}
	interrupted()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		b.Close()
		return nil, text.Errorf("启动浏览器 %s：%w", "starting the browser %s: %w", path, err)
	}
	return b, nil
}

// nowhere is the resolver of the gate that nothing may pass.
func nowhere(context.Context, string) ([]netip.Addr, error) {
	return nil, errors.New("belongs to no page")
}

// flags are those of a browser that keeps to itself.
func (b *Browser) flags(path string) []chromedp.ExecAllocatorOption {
	list := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.WindowSize(1440, 900),
		chromedp.NoInheritEnv, chromedp.Env("HOME="+b.home, "TMPDIR="+b.home, "TEMP="+b.home, "TMP="+b.home, "LANG=zh_CN.UTF-8"), chromedp.Env(kept()...),
		chromedp.Flag("lang", "zh-CN"),
		// Everything goes through a gate, loopback too, and nothing is looked up here.
		chromedp.ProxyServer("http://" + b.dead.address()),
		chromedp.Flag("proxy-bypass-list", "<-loopback>"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("ignore-certificate-errors-spki-list", b.key.hash),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("webrtc-ip-handling-policy", "disable_non_proxied_udp"),
		chromedp.Flag("force-webrtc-ip-handling-policy", "disable_non_proxied_udp"), // its older name
		chromedp.Flag("disable-features", strings.Join([]string{
			"MediaRouter", "DialMediaRouteProvider", // they search the local network
			"DnsOverHttps", "AsyncDns", "NetworkTimeServiceQuerying", "OptimizationHints", "OptimizationGuideModelDownloading", "AutofillServerCommunication",
			"CertificateTransparencyComponentUpdater", "InterestFeedContentSuggestions", "Translate", "PaintHolding", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable",
		}, ",")),
		// What a browser does for its owner and not for the page.
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-default-apps", true), chromedp.Flag("disable-extensions", true), chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("disable-client-side-phishing-detection", true), chromedp.Flag("disable-breakpad", true), chromedp.Flag("no-pings", true),
		chromedp.Flag("metrics-recording-only", true), chromedp.Flag("disable-hang-monitor", true), chromedp.Flag("mute-audio", true),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-dev-shm-usage", true), // small in containers
		chromedp.Flag("password-store", "basic"), chromedp.Flag("use-mock-keychain", true), chromedp.Flag("deny-permission-prompts", true),
	}
	// Chromium does not start as root with its sandbox, and containers and CI often
	// know no other user. Everybody else keeps it.
	return append(list, chromedp.Flag("no-sandbox", os.Geteuid() == 0))
}

// kept are the variables of the environment without which programs do not start.
func kept() []string {
	var list []string
	for _, name := range []string{"PATH", "SystemRoot", "LOCALAPPDATA", "LD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			list = append(list, name+"="+value)
		}
	}
	return list
}

// Close ends the browser and removes what it has written.
func (b *Browser) Close() {
	b.cancel()
	b.dead.close()
	_ = os.RemoveAll(b.home)
}

// Open opens a page, waits until it looks finished, and reads it. The result of
// a page that does not come to rest is what there is when three quarters of the
// time are gone. A failure tells why there is nothing to read.
func (b *Browser) Open(ctx context.Context, address string) (Page, *failure.Failure) {
	u, err := fetch.ParseURL(address)
	if err != nil {
		return Page{URL: address}, failure.New(failure.Unsupported, fetch.Source, "", address, err)
	}
	timeout := b.options.Timeout
	if timeout <= 0 {
		timeout = fetch.DefaultTimeout
	}
	g, err := newGate(b.options.Client, b.key, b.options.Product)
	if err != nil {
		return Page{URL: address}, failure.Of(Source, "", address, err)
	}
	defer g.close()
	limited, stop := context.WithTimeout(b.ctx, timeout)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	tab, closeTab := chromedp.NewContext(limited, chromedp.WithNewBrowserContext(func(p *target.CreateBrowserContextParams) {
		p.ProxyServer, p.ProxyBypassList = "http://"+g.address(), "<-loopback>"
	}))
	defer closeTab()
	v := &view{tab: tab, gate: g, rest: time.Now().Add(timeout * 3 / 4), enough: b.options.Enough}
	p, err := v.open(u.String())
	p.Refused = g.refused()
	if err == nil {
		return p, nil
	}
	p.URL = address
	if ctx.Err() != nil {
		return p, failure.Of(Source, u.Host, address, ctx.Err())
	}
	// What the gate refused explains the browser's words.
	for i := len(p.Refused) - 1; i >= 0; i-- {
		if r := p.Refused[i]; r.URL == u.String() || errors.Is(err, errNoPage) {
			return p, r.Why
		}
	}
	if limited.Err() != nil {
		return p, failure.New(failure.Timeout, Source, u.Host, address, limited.Err())
	}
	return p, failure.New(failure.Malformed, Source, u.Host, address, err)
}
