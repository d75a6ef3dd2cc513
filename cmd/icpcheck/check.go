package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/cloudfile"
	"github.com/icpcheck/icpcheck/pkg/collect"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/engine"
	"github.com/icpcheck/icpcheck/pkg/fetch"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/locate"
	"github.com/icpcheck/icpcheck/pkg/registration"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/resolve"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

func (a *app) check() *cobra.Command {
	var cloud cloudFlags
	c := &cobra.Command{
		Use:   "check FILING.yaml…",
		Short: a.say("检查整份备案材料", "check whole filings"),
		Long: a.say(`检查备案文件：域名、服务器、主体、材料、账号和网站。文件名 - 表示标准输入。

--facts 从 Terraform 计划（terraform show -json）或云 API 的答复读取服务器和域名的情况，文件里的密钥不会被读取或输出；没有备案文件时只检查其中的服务器和域名。`,
			`Checks filing files: domains, server, subject, documents, account and site. The file name - is standard input.

--facts reads what a Terraform plan (terraform show -json) or an answer of a cloud's API says about servers and domains; secrets in it are neither kept nor printed. Without a filing file only these servers and domains are checked.`),
		Example: "  icpcheck check filing.yaml\n  icpcheck check filing.yaml --offline --format json\n  icpcheck check filing.yaml --set province.min_validity_days=45\n  icpcheck check --facts plan.json --format github",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(cloud.files) > 0 {
				return nil
			}
			return atLeastOne("check", "icpcheck check filing.yaml")(cmd, args)
		},
		ValidArgsFunction: filingFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.evaluate(cmd, func(book *rulebook.Rulebook) ([]job, error) {
				filings, err := a.readFilings(args, book)
				if err != nil {
					return nil, err
				}
				files, err := a.readCloud(cloud, book)
				if err != nil {
					return nil, err
				}
				if len(args) == 0 {
					return a.recordJobs(files)
				}
				return a.withServers(a.withDomains(jobs(filings, nil), files), files, book)
			})
		},
	}
	a.declareCloud(c, &cloud)
	return c
}

func (a *app) domain() *cobra.Command {
	var cloud cloudFlags
	c := &cobra.Command{
		Use:     "domain NAME…",
		Short:   a.say("查询并检查域名", "look domains up and check them"),
		Long:    a.say("同时查询 RDAP、WHOIS 和 DNS，并做全部域名检查。中文域名可直接输入。", "Asks RDAP, WHOIS and the DNS at once, and makes every check on domains. Chinese names can be given as they are."),
		Example: "  icpcheck domain example.com\n  icpcheck domain 我的网站.中国 --province 四川\n  icpcheck domain example.com --set domain.real_name=verified --set subject.name=杭州示例科技有限公司\n  icpcheck domain example.com --facts domain.json",
		Args:    atLeastOne("domain", "icpcheck domain example.com"), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.evaluate(cmd, func(book *rulebook.Rulebook) ([]job, error) {
				filings, err := nameFilings(args)
				if err != nil {
					return nil, err
				}
				files, err := a.readCloud(cloud, book)
				if err != nil {
					return nil, err
				}
				return a.withDomainsAlone(jobs(filings, onlyDomain), files), nil
			})
		},
	}
	a.declareCloud(c, &cloud)
	return c
}

// job is a filing with the checks that are made on it.
type job struct {
	filing *filing.Filing
	only   func(*rulebook.Check) bool // nil makes all
}

func jobs(filings []*filing.Filing, only func(*rulebook.Check) bool) []job {
	list := make([]job, len(filings))
	for i, f := range filings {
		list[i] = job{f, only}
	}
	return list
}

func onlyDomain(c *rulebook.Check) bool { return c.Target == rulebook.TargetDomain }

// atLeastOne demands an argument, and says what to type.
func atLeastOne(command, example string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return &usageError{err: text.Errorf("%s：没有说要检查什么", "%s: nothing to check is named", command), hint: text.Same(example)}
		}
		return nil
	}
}

// nameFilings makes a filing of one domain for each name. All mistakes are told at once.
func nameFilings(names []string) ([]*filing.Filing, error) {
	var filings []*filing.Filing
	var errs []error
	for _, s := range names {
		name, err := domainname.Parse(s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		d := &filing.Domain{Facts: filing.Facts{}}
		filing.SetName(d.Facts, name, filing.Origin{Source: filing.FromFlag})
		filings = append(filings, &filing.Filing{Name: name.Unicode, Facts: filing.Facts{}, Domains: []*filing.Domain{d}})
	}
	return filings, errors.Join(errs...)
}

// readFilings reads every file before anything is asked, so that a mistake in
// the last costs no look-up. All mistakes of all files are told at once.
func (a *app) readFilings(paths []string, book *rulebook.Rulebook) ([]*filing.Filing, error) {
	var filings []*filing.Filing
	var problems yamlfile.Problems
	a.inputs = append(a.inputs, paths...)
	for _, path := range paths {
		data, err := a.readInput(path)
		if err == nil {
			if cloudfile.IsTerraform(data) {
				return nil, &usageError{err: text.Errorf("%s：是 Terraform 的计划或状态，不是备案文件", "%s: a plan or state of Terraform, and no filing file", path),
					hint: text.Same("icpcheck check --facts " + quoted(path))}
			}
			var f *filing.Filing
			if f, err = filing.Decode(path, data, book); err == nil {
				filings = append(filings, f)
				continue
			}
		}
		var found yamlfile.Problems
		if !errors.As(err, &found) {
			return nil, err
		}
		problems = append(problems, found...)
	}
	return filings, problems.Err()
}

// errNoName is what an unset variable of a script comes to.
var errNoName = usage("有一个文件名是空的", "a file name is empty")

// readInput reads a file, or standard input for "-".
func (a *app) readInput(path string) ([]byte, error) {
	if path == "-" {
		return yamlfile.ReadAll("-", a.stdin)
	}
	if path == "" {
		return nil, errNoName
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, &usageError{err: text.Errorf("%s：没有这个文件", "%s: no such file", path), hint: text.Text{Zh: "用 icpcheck demo --print-filing 看备案文件的样子", En: "icpcheck demo --print-filing shows what a filing file looks like"}}
	case err != nil:
		return nil, text.Errorf("%s：无法读取：%w", "%s: cannot be read: %w", path, reason(err))
	case info.IsDir():
		return nil, text.Errorf("%s：是目录，这里要备案文件", "%s: is a folder, want a filing file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, text.Errorf("%s：无法读取：%w", "%s: cannot be read: %w", path, reason(err))
	}
	defer file.Close()
	return yamlfile.ReadAll(path, file)
}

// evaluate is the main job: read filings, look their domains up, run the
// rulebook over them, print the report, and turn the verdict into a status.
func (a *app) evaluate(cmd *cobra.Command, input func(*rulebook.Rulebook) ([]job, error)) error {
	o, book, clock, err := a.setUp(cmd)
	if err != nil {
		return err
	}
	sinks, err := o.sinks()
	if err != nil {
		return err
	}
	// The checks are read while the filings are, and compiled while the domains
	// are looked up. Without look-ups only those rules are compiled that are met.
	checksRead := make(chan struct{})
	go func() {
		defer close(checksRead)
		book.Warm()
	}()
	work, err := input(book)
	if err != nil {
		return err
	}
	if err := o.spare(a.inputs...); err != nil {
		return err
	}
	warm := checksRead
	if !o.Offline {
		rulesCompiled := make(chan struct{})
		warm = rulesCompiled
		go func() {
			defer close(rulesCompiled)
			<-checksRead
			book.WarmRules(func(c *rulebook.Check) bool {
				return slices.ContainsFunc(work, func(j job) bool {
					return (j.only == nil || j.only(c)) && (c.Target != rulebook.TargetPage || len(j.filing.Pages) > 0)
				})
			})
		}()
	}
	filings := make([]*filing.Filing, len(work))
	for i, j := range work {
		filings[i] = j.filing
	}
	if err := o.apply(book, filings); err != nil {
		return err
	}
	collector, err := o.collector(book, clock)
	if err != nil {
		return err
	}
	defer collector.Close()
	p := a.lookUpProgress(o, filings)
	collector.Done = p.step
	collector.Collect(cmd.Context(), filings...)
	<-warm
	p.end()
	r := &report.Report{Tool: tool(), Book: book, GeneratedAt: clock()}
	for _, j := range work {
		results := engine.Evaluate(book, j.filing, engine.Options{Now: clock(), Select: j.only})
		r.Targets = append(r.Targets, report.NewTarget(j.filing.Name, j.filing, results))
	}
	return a.finish(sinks, r, o)
}

// finish prints a report and turns its verdict into a status. A broken rule is
// told after the report, which still stands.
func (a *app) finish(sinks []sink, r *report.Report, o *options) error {
	if err := a.print(sinks, r, o); err != nil {
		return err
	}
	if err := r.Broken(); err != nil {
		return err
	}
	if status := r.Overall().ExitStatus(o.AllowUndetermined); status != 0 {
		return statusError(status)
	}
	return nil
}

// apply puts --provider, --province, --subject and --set over the files.
func (o *options) apply(book *rulebook.Rulebook, filings []*filing.Filing) error {
	var assignments []filing.Assignment
	provider := ""
	for _, given := range []struct{ flag, path, value string }{
		{"--provider", "provider", o.Provider}, {"--province", "province", o.Province}, {"--subject", "subject.type", o.Subject},
	} {
		if given.value == "" {
			continue
		}
		a, err := filing.ParseAssignment(given.path+"="+given.value, book, "")
		if err != nil {
			return flagError(given.flag, errors.Unwrap(err))
		}
		if given.path == "provider" {
			provider, _ = a.Fact.Value.(string)
		}
		assignments = append(assignments, a)
	}
	for _, s := range o.Set {
		a, err := filing.ParseAssignment(s, book, provider)
		if err != nil {
			return &usageError{err: fmt.Errorf("--set %w", err)}
		}
		assignments = append(assignments, a)
	}
	for _, f := range filings {
		for _, a := range assignments {
			if err := f.Apply(a); err != nil {
				return &usageError{err: fmt.Errorf("--set %w", err)}
			}
		}
	}
	return nil
}

// locator reads the file of --geo-db, else the table in the binary.
func (o *options) locator() (*locate.Locator, error) {
	if o.GeoDB == "" {
		return &locate.Locator{}, nil
	}
	if _, err := os.Stat(o.GeoDB); err != nil {
		return nil, flagError("--geo-db", text.Errorf("IP 归属地库 %q：%w", "address database %q: %w", o.GeoDB, reason(err)))
	}
	l, err := locate.Open(o.GeoDB)
	if err != nil {
		return nil, flagError("--geo-db", err)
	}
	return l, nil
}

// collector builds what the flags describe: the clients, none of them with
// --offline, and the locator, which asks nobody. The caller closes it.
func (o *options) collector(book *rulebook.Rulebook, clock func() time.Time) (*collect.Collector, error) {
	var servers registration.Servers = lookupServers{book}
	if o.RDAPURL != "" {
		u, err := url.Parse(o.RDAPURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, usage("--rdap-url %q：应为网址，如 https://rdap.example/", "--rdap-url %q: want a URL such as https://rdap.example/", o.RDAPURL)
		}
	}
	if strings.ContainsAny(o.WHOISServer, "/ ") {
		return nil, usage("--whois-server %q：应为主机或 主机:端口，如 whois.cnnic.cn", "--whois-server %q: want a host or host:port such as whois.cnnic.cn", o.WHOISServer)
	}
	if o.RDAPURL != "" || o.WHOISServer != "" {
		servers = registration.Fixed{RDAP: o.RDAPURL, WHOIS: o.WHOISServer, Table: servers}
	}
	rate, err := o.perMinute()
	if err != nil {
		return nil, err
	}
	resolver, err := o.resolver(clock)
	if err != nil {
		return nil, err
	}
	vantages, err := o.vantages(book)
	if err != nil {
		return nil, err
	}
	// Patterns of rules of one's own may be none; those of the shipped rules are
	// compiled when an alias is met, which is seldom.
	if len(o.Rules) > 0 {
		if _, err := cdns(book); err != nil {
			return nil, err
		}
	}
	// The last that can fail, so that nothing is left open.
	locator, err := o.locator()
	if err != nil {
		return nil, err
	}
	if o.Offline {
		return &collect.Collector{Locator: locator, Offline: true, Vantages: vantages}, nil
	}
	resolver.Cache = o.cache
	return &collect.Collector{
		Locator: locator,
		Registration: &registration.Client{
			Servers: servers, Timeout: o.attempt(), Clock: clock, UserAgent: "icpcheck/" + tool().Version, Cache: o.cache, PerMinute: rate,
		},
		Resolver: resolver,
		Timeout:  o.Timeout,
		Kept:     o.cache,
		Vantages: vantages,
		Via:      o.VantageVia,
		CDNs:     sync.OnceValue(func() []collect.CDN { list, _ := cdns(book); return list }),
	}, nil
}

// attempt is the time for one request: two of them and a pause between fit into
// the time for one domain.
func (o *options) attempt() time.Duration { return o.Timeout * 2 / 5 }

// resolver asks the servers of --resolver, or those of the system where none is given.
func (o *options) resolver(clock func() time.Time) (*resolve.Resolver, error) {
	servers := make([]string, 0, len(o.Resolver))
	for _, s := range o.Resolver {
		address, err := resolve.ParseServer(s)
		if err != nil {
			return nil, flagError("--resolver", err)
		}
		servers = append(servers, address)
	}
	r := &resolve.Resolver{Servers: servers, Timeout: min(o.attempt(), resolve.DefaultTimeout), Now: clock}
	if !o.AllowPrivate {
		r.Public = fetch.Public
	}
	return r, nil
}

// lookupServers reads the table of RDAP and WHOIS servers.
type lookupServers struct{ book *rulebook.Rulebook }

func (s lookupServers) For(suffix string) (registration.Server, bool) {
	row := s.book.Row("lookup-servers", suffix)
	if row == nil {
		return registration.Server{}, false
	}
	return registration.Server{
		RDAP: row.List("rdap"), WHOIS: row.Text("whois"),
		Pace: registration.Pace{PerMinute: row.Int("per_minute"), AtOnce: row.Int("at_once")},
	}, true
}

// sink is a form of report and where it goes; an empty path is stdout.
type sink struct {
	format report.Format
	path   string
}

// sinks pairs --format with --output in the order given: the formats without
// an output go to stdout, of which there can be one.
func (o *options) sinks() ([]sink, error) {
	if len(o.Output) > len(o.Format) {
		return nil, usage("有 %d 个 --output，却只有 %d 个 --format：请成对给出", "%d --output but %d --format: give them in pairs", len(o.Output), len(o.Format))
	}
	// With fewer outputs than formats the outputs belong to the last formats, so
	// that `--format text --format json --output f.json` does what it says.
	toStdout := len(o.Format) - len(o.Output)
	var list []sink
	taken := map[string]int{}
	for i, name := range o.Format {
		f, err := report.FormatOf(name)
		if err != nil {
			return nil, &usageError{err: fmt.Errorf("--format: %w", err), hint: text.Same("--format json --output report.json")}
		}
		s := sink{format: f}
		if i >= toStdout {
			s.path = o.Output[i-toStdout]
			if s.path == "-" {
				s.path = ""
			}
		}
		taken[place(s.path)]++
		list = append(list, s)
	}
	for _, s := range list {
		switch n := taken[place(s.path)]; {
		case n > 1 && s.path == "":
			return nil, usage("标准输出上有 %d 种格式：只能留一种，其余的要用 --output", "%d formats on standard output: give all but one an --output", n)
		case n > 1:
			return nil, usage("--output %s 给了两次：每种格式要有自己的文件", "--output %s is given twice: each format needs a file of its own", s.path)
		}
	}
	return list, nil
}

// print writes the report in every form asked for. Files are written beside
// their place and renamed, so that none is ever half there.
func (a *app) print(sinks []sink, r *report.Report, o *options) error {
	for _, s := range sinks {
		ro := report.Options{Lang: o.lang(a.environment), Quiet: o.Quiet, Verbose: o.Verbose}
		if s.path == "" {
			ro.Color, ro.Width = o.color(a.environment), a.width
			if err := s.format.Render(a.stdout, r, ro); err != nil {
				return err
			}
			continue
		}
		ro.Color = o.Color == "always"
		if err := writeFile(s.path, 0o644, func(w io.Writer) error { return s.format.Render(w, r, ro) }); err != nil {
			return err
		}
	}
	return nil
}
