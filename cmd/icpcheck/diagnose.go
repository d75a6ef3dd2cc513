package main

import (
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/diagnose"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/locate"
	"github.com/icpcheck/icpcheck/pkg/mask"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
)

func (a *app) diagnosis() *cobra.Command {
	return &cobra.Command{
		Use:   "diagnose NAME",
		Short: a.say("诊断网站为什么打不开", "find out why a site cannot be reached"),
		Long: a.say(`依次查询注册信息和 DNS，再用域名和地址各试一次连接、HTTP 和 TLS，与已知的未备案拦截页比对，得出结论和处理办法。

可以带端口或写成网址。不访问内网地址，除非给出 --allow-private。知道备案情况时用 --set domain.filed=true、--set subject.filed_at_provider=true 补充，应解析到的地址用 --set server.addresses=… 补充。`,
			`Asks registry and DNS, then connects and asks over HTTP and TLS by name and by address, compares the answers with known block pages, and concludes.

A port or a URL may be given. Addresses that are not public are refused without --allow-private. Say what you know of the filing with --set domain.filed=true and --set subject.filed_at_provider=true, and where the name should point with --set server.addresses=….`),
		Example:           "  icpcheck diagnose example.com\n  icpcheck diagnose example.com:8080 --set domain.filed=true\n  icpcheck diagnose example.com --set server.addresses=203.0.113.7 --format json",
		ValidArgsFunction: cobra.NoFileCompletions,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{err: text.Errorf("diagnose：要一个域名，给了 %d 个", "diagnose: want one name, got %d", len(args)), hint: text.Same("icpcheck diagnose example.com")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.diagnose(cmd, args[0]) },
	}
}

// diagnosedChecks are the checks whose results go with a diagnosis.
var diagnosedChecks = map[string]bool{"domain-registered": true, "domain-status": true, "dns-points-to-server": true, "cdn-filing": true}

func (a *app) diagnose(cmd *cobra.Command, arg string) error {
	o, book, clock, err := a.setUp(cmd)
	if err != nil {
		return err
	}
	sinks, err := o.sinks()
	if err != nil {
		return err
	}
	for i := range sinks {
		switch sinks[i].format.Name {
		case "json":
		case "text":
			sinks[i].format.Render = report.DiagnosisText
		default:
			return usage("--format %s：diagnose 的格式只有 text 和 json", "--format %s: diagnose knows text and json", sinks[i].format.Name)
		}
	}
	target, err := diagnose.ParseTarget(arg)
	if err != nil {
		return &usageError{err: err, hint: text.Same("icpcheck diagnose example.com")}
	}
	filings, err := nameFilings([]string{target.Name.ASCII})
	if err != nil {
		return err
	}
	if err := o.apply(book, filings); err != nil {
		return err
	}
	known, err := signatures(book)
	if err != nil {
		return err
	}
	o.cache = nil // whoever mends a site wants to see what is so now
	c, err := o.collector(book, clock)
	if err != nil {
		return err
	}
	defer c.Close()
	progress := a.startProgress(o, text.Catalogue(text.Diagnosing, text.Clean(target.Name.Unicode)).In(o.lang(a.environment)), 1)
	c.Collect(cmd.Context(), filings...)
	f := filings[0]
	d := f.Domains[0]
	prober := &diagnose.Prober{
		Signatures: known, Timeout: o.Timeout, AllowPrivate: o.AllowPrivate, UserAgent: userAgent(), Now: clock(), Offline: o.Offline,
	}
	voice := func(lang text.Lang) report.Voice { return report.Voice{Book: book, Lang: lang} }
	prober.Views = d.Views
	prober.Mainland = func(at netip.Addr) bool {
		found := c.Locator.Locate(at)
		return found.Place == locate.Mainland && found.Confidence != locate.Low
	}
	prober.Describe = func(v filing.View) text.Text {
		return text.Text{Zh: voice(text.Zh).View(v), En: voice(text.En).View(v)}
	}
	prober.Explain = func(f *failure.Failure) text.Text {
		return text.Text{Zh: voice(text.Zh).Failure(f), En: voice(text.En).Failure(f)}
	}
	if ids, behind := d.Facts.List("domain.cdns"); behind {
		prober.CDN = text.Text{Zh: engine.Display(book, "domain.cdns", ids, text.Zh), En: engine.Display(book, "domain.cdns", ids, text.En)}
	}
	found := prober.Diagnose(cmd.Context(), target, f.Scope(d), d.Missed)
	progress.end()

	results := engine.Evaluate(book, f, engine.Options{Now: clock(), Select: func(c *rulebook.Check) bool { return diagnosedChecks[c.ID] }})
	t := report.NewTarget(f.Name, f, results)
	row := book.Row("conclusions", string(found.Conclusion))
	if row == nil {
		return text.Errorf("规则库的表 conclusions 里没有 %q", "rulebook table conclusions lacks %q", found.Conclusion)
	}
	t.Overall = map[string]verdict.Overall{"ready": verdict.Ready, "not-ready": verdict.NotReady}[row.Text("verdict")]
	if t.Overall == "" {
		t.Overall = verdict.Unknown
	}
	r := &report.Report{Tool: tool(), Book: book, GeneratedAt: clock(), Targets: []report.Target{t}, Diagnosis: inWords(found, row, o.lang(a.environment))}
	return a.finish(sinks, r, o)
}

var stepTitles = map[string]text.Text{
	"registration": {Zh: "注册信息", En: "registration"}, "dns": {Zh: "DNS 解析", En: "DNS"}, "vantage": {Zh: "各地解析", En: "DNS elsewhere"}, "connect": {Zh: "连接", En: "connect"},
	"http": {Zh: "用域名访问", En: "HTTP by name"}, "https": {Zh: "用域名访问", En: "HTTPS by name"}, "http-address": {Zh: "用地址访问（对照）", En: "HTTP by address (control)"},
	"tls": {Zh: "TLS 握手", En: "TLS"}, "tls-address": {Zh: "TLS 握手（对照）", En: "TLS (control)"},
}

// inWords puts a diagnosis into one language.
func inWords(d diagnose.Diagnosis, row *rulebook.Row, lang text.Lang) *report.Diagnosis {
	out := &report.Diagnosis{
		Conclusion: string(d.Conclusion), Because: d.Because.In(lang), Remedy: row.Both("remedy").In(lang), Steps: []report.Step{},
	}
	if d.Signature != nil {
		out.Signature = d.Signature.ID
	}
	for _, s := range d.Steps {
		// What servers say may hold anything.
		out.Steps = append(out.Steps, report.Step{ID: s.ID, Title: stepTitles[s.ID].In(lang), Target: s.Target, Outcome: string(s.Outcome), Seen: mask.Free(s.Seen.In(lang))})
	}
	return out
}
