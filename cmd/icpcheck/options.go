package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/icpcheck/icpcheck/pkg/cache"
	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/report"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
	"github.com/icpcheck/icpcheck/rules"
)

// options are the shared flags. Each is also ICPCHECK_… in the environment and
// a key of the config file; the flag wins, then the environment, then the file.
type options struct {
	Config string `mapstructure:"config"`

	Provider string   `mapstructure:"provider"`
	Province string   `mapstructure:"province"`
	Subject  string   `mapstructure:"subject"`
	Set      []string `mapstructure:"set"`

	Format  []string `mapstructure:"format"`
	Output  []string `mapstructure:"output"`
	Lang    string   `mapstructure:"lang"`
	Color   string   `mapstructure:"color"`
	Quiet   bool     `mapstructure:"quiet"`
	Verbose bool     `mapstructure:"verbose"`

	Rules []string `mapstructure:"rules"`
	Now   string   `mapstructure:"now"`

	Offline     bool          `mapstructure:"offline"`
	Timeout     time.Duration `mapstructure:"timeout"`
	Resolver    []string      `mapstructure:"resolver"`
	Vantage     bool          `mapstructure:"vantage"`
	VantageVia  string        `mapstructure:"vantage-server"`
	RDAPURL     string        `mapstructure:"rdap-url"`
	WHOISServer string        `mapstructure:"whois-server"`
	Rate        string        `mapstructure:"rate"`
	GeoDB       string        `mapstructure:"geo-db"`
	NoCache     bool          `mapstructure:"no-cache"`
	CacheDir    string        `mapstructure:"cache-dir"`

	Queue      string `mapstructure:"queue"`
	QueueCreds string `mapstructure:"queue-creds"`
	QueueCA    string `mapstructure:"queue-ca"`

	AllowUndetermined bool `mapstructure:"allow-undetermined"`
	AllowPrivate      bool `mapstructure:"allow-private"`

	// Made is what a batch's lines say of its options, where a worker makes them.
	Made string `mapstructure:"-"`

	// cache keeps answers; nil where every run asks anew.
	cache *cache.Store
}

// flag declares one shared flag.
type flag struct {
	name  string
	value any // the default; its type is the flag's
	about text.Text
}

var flags = []flag{
	{"config", "", text.Text{Zh: "配置文件（默认 icpcheck/config.yaml，在用户配置目录下）", En: "config file (default icpcheck/config.yaml in the user's config folder)"}},
	{"provider", "", text.Text{Zh: "接入服务商，如 aliyun、腾讯云", En: "access provider, such as aliyun or 腾讯云"}},
	{"province", "", text.Text{Zh: "备案省份，如 浙江、zhejiang、CN-ZJ", En: "province of the filing, such as zhejiang, 浙江 or CN-ZJ"}},
	{"subject", "", text.Text{Zh: "主办单位性质，如 企业、individual", En: "type of subject, such as enterprise or 个人"}},
	{"set", []string{}, text.Text{Zh: "补充或改写一个事实：路径=值（可重复）", En: "give or override a fact: path=value (repeatable)"}},
	{"format", []string{"text"}, text.Text{Zh: "输出格式，可与 --output 成对重复：", En: "form of the report, repeatable in pairs with --output: "}},
	{"output", []string{}, text.Text{Zh: "写入文件而不是标准输出（可重复）", En: "write to a file, not to standard output (repeatable)"}},
	{"lang", "", text.Text{Zh: "语言：zh 或 en（默认按 LC_ALL、LANG）", En: "language: zh or en (default from LC_ALL, LANG)"}},
	{"color", "auto", text.Text{Zh: "颜色：auto、always、never", En: "colour: auto, always, never"}},
	{"quiet", false, text.Text{Zh: "只输出有问题的项", En: "print only what is wrong"}},
	{"verbose", false, text.Text{Zh: "同时输出依据和来源", En: "print evidence and sources too"}},
	{"rules", []string{}, text.Text{Zh: "叠加规则目录（可重复）", En: "folder of rules laid over the built-in ones (repeatable)"}},
	{"now", "", text.Text{Zh: "按此日期或时间检查（RFC 3339 或 2026-11-24）", En: "check as of this day or time (RFC 3339 or 2026-11-24)"}},
	{"offline", false, text.Text{Zh: "不做任何网络查询", En: "ask no server"}},
	{"timeout", 10 * time.Second, text.Text{Zh: "每个域名查询的总时限", En: "time limit for all that is asked about one domain"}},
	{"resolver", []string{}, text.Text{Zh: "DNS 服务器：地址、tls://主机 或 https://主机/dns-query（可重复）", En: "DNS server: an address, tls://HOST or https://HOST/dns-query (repeatable)"}},
	{"vantage", false, text.Text{Zh: "同时查内地几家运营商和境外的访问者各解析到哪里", En: "also ask where visitors of mainland carriers and abroad are sent"}},
	{"vantage-server", "", text.Text{Zh: "为 --vantage 询问这个 DNS 服务器，而不是域名自己的服务器", En: "ask this DNS server for --vantage, not the name's own"}},
	{"rdap-url", "", text.Text{Zh: "所有域名都查询这个 RDAP 地址", En: "ask this RDAP base URL for every name"}},
	{"whois-server", "", text.Text{Zh: "所有域名都查询这个 WHOIS 服务器", En: "ask this WHOIS server for every name"}},
	{"rate", "", text.Text{Zh: "每个注册局服务器的查询速度，如 5/s、30/m（默认按规则库）", En: "how fast each registry server is asked, such as 5/s or 30/m (default by the rulebook)"}},
	{"no-cache", false, text.Text{Zh: "不使用以前的查询结果，也不保存", En: "use no earlier look-ups, and keep none"}},
	{"cache-dir", "", text.Text{Zh: "保存查询结果的目录（默认 icpcheck，在用户缓存目录下）", En: "folder that keeps look-ups (default icpcheck in the user's cache folder)"}},
	{"geo-db", "", text.Text{Zh: "自备 IP 归属地库（MMDB 文件，如 GeoLite2、DB-IP）", En: "own database of where addresses are (MMDB file: GeoLite2, DB-IP …)"}},
	{"queue", "", text.Text{Zh: "NATS 服务器地址，由 worker 在多台机器上检查（batch、worker）", En: "address of a NATS server, for batch to have workers on several machines check, and for worker"}},
	{"queue-creds", "", text.Text{Zh: "NATS 凭据文件", En: "credentials file for --queue"}},
	{"queue-ca", "", text.Text{Zh: "签发 NATS 服务器证书的机构（PEM 文件）", En: "authorities behind the certificate of --queue (PEM file)"}},
	{"allow-undetermined", false, text.Text{Zh: "待定时也以 0 退出", En: "exit with 0 when undetermined"}},
	{"allow-private", false, text.Text{Zh: "允许访问内网和本机地址（site、diagnose）", En: "let site and diagnose connect to private and loopback addresses"}},
}

// declare adds the shared flags to the root command.
func declare(root *cobra.Command, lang text.Lang) {
	set := root.PersistentFlags()
	for _, f := range flags {
		about := f.about.In(lang)
		if f.name == "format" {
			var names []string
			for _, form := range report.Formats() {
				names = append(names, form.Name)
			}
			about += strings.Join(names, "|")
		}
		switch v := f.value.(type) {
		case string:
			set.String(f.name, v, about)
		case bool:
			set.Bool(f.name, v, about)
		case []string:
			if f.name == "format" || f.name == "output" || f.name == "set" {
				set.StringArray(f.name, v, about)
			} else {
				set.StringSlice(f.name, v, about)
			}
		case time.Duration:
			set.Duration(f.name, v, about)
		}
	}
}

// read merges flags, environment and config file into options.
func (e *environment) read(set *pflag.FlagSet) (*options, error) {
	v := viper.New()
	e.origins = map[string]text.Text{}
	for _, f := range flags {
		if err := v.BindPFlag(f.name, set.Lookup(f.name)); err != nil {
			return nil, err
		}
		name := variable(f.name)
		if value := e.getenv(name); value != "" && !set.Changed(f.name) {
			given, err := f.conform(value)
			if err != nil {
				return nil, flagError(name, err)
			}
			v.Set(f.name, given)
			e.origins[f.name] = text.Text{Zh: "环境变量 " + name, En: "the variable " + name}
		}
	}
	path, named := e.configPath(v.GetString("config"))
	if path != "" {
		config, err := e.readConfig(path)
		if err != nil && (named || !errors.Is(err, fs.ErrNotExist)) {
			return nil, text.Errorf("配置文件 %q：%w", "config %q: %w", path, reason(err))
		}
		for key := range config {
			if _, said := e.origins[key]; !said && !set.Changed(key) {
				e.origins[key] = text.Text{Zh: "配置文件 " + path, En: "the config file " + path}
			}
		}
		if err := v.MergeConfigMap(config); err != nil {
			return nil, text.Errorf("配置文件 %q：%w", "config %q: %w", path, err)
		}
	}
	o := &options{}
	if err := v.Unmarshal(o); err != nil {
		return nil, text.Errorf("读取选项：%w", "reading options: %w", err)
	}
	for i, path := range o.Output {
		if streamOf(path) == os.Stdout {
			o.Output[i] = "-"
		}
	}
	switch o.Color {
	case "auto", "always", "never":
	default:
		return nil, usage("--color %q：应为 auto、always 或 never", "--color %q: want auto, always or never", o.Color)
	}
	switch o.Lang {
	case "", "zh", "en":
	default:
		return nil, usage("--lang %q：应为 zh 或 en", "--lang %q: want zh or en", o.Lang)
	}
	if o.Timeout <= 0 {
		return nil, usage("--timeout %v：应为时长，如 10s", "--timeout %v: want a time such as 10s", o.Timeout)
	}
	return o, nil
}

// variable names a flag in the environment.
func variable(flag string) string {
	return "ICPCHECK_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// configPath finds the config file: the one that is named, else the one in the
// user's config folder, which need not be there; "" where there is no such folder.
func (e *environment) configPath(given string) (path string, named bool) {
	if given != "" {
		return given, true
	}
	if e.userConfig == nil {
		return "", false
	}
	dir, err := e.userConfig()
	if err != nil {
		return "", false
	}
	return filepath.Join(dir, "icpcheck", "config.yaml"), false
}

// configFile reads a config file. It is read once, since the language is wanted
// before the other options are, and the file may be a pipe.
func (e *environment) configFile(path string) (*viper.Viper, error) {
	if e.config == nil || e.config.path != path {
		e.config = &configFile{path: path}
		e.config.values, e.config.err = loadConfig(path)
	}
	return e.config.values, e.config.err
}

// configFile is a config file that was read.
type configFile struct {
	path   string
	values *viper.Viper
	err    error
}

// loadConfig reads YAML as filing files do, which says where a mistake is.
func loadConfig(path string) (*viper.Viper, error) {
	v := viper.New()
	v.SetConfigType("yaml")
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := yamlfile.ReadAll(path, file)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(strings.Split(string(data), "\n"), func(line string) bool {
		line = strings.TrimSpace(line)
		return line != "" && !strings.HasPrefix(line, "#")
	}) {
		return v, nil // nothing is configured yet
	}
	if _, err := yamlfile.Parse(path, data); err != nil {
		return nil, err
	}
	return v, v.ReadConfig(bytes.NewReader(data))
}

// readConfig gives the options of a config file, whose keys are the names of shared flags.
func (e *environment) readConfig(path string) (map[string]any, error) {
	v, err := e.configFile(path)
	if err != nil {
		return nil, err
	}
	config := map[string]any{}
	for _, key := range v.AllKeys() {
		i := slices.IndexFunc(flags, func(f flag) bool { return f.name == key })
		if i < 0 {
			return nil, text.Errorf("没有键 %q%s；键是通用选项的名称", "unknown key %q%s; keys are the names of shared flags", key, nearestKey(key))
		}
		value, err := flags[i].conform(v.Get(key))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		config[key] = value
	}
	return config, nil
}

// nearestKey suggests a key of the config file.
func nearestKey(word string) text.Text {
	known := make([]string, len(flags))
	for i, f := range flags {
		known[i] = f.name
	}
	if n := yamlfile.Nearest(word, known); n != "" {
		return yamlfile.Meant(n)
	}
	return text.Text{}
}

// conform turns a value of the environment (a string) or of the config file
// (whatever YAML has) into the flag's type.
func (f flag) conform(value any) (any, error) {
	s, isText := value.(string)
	switch f.value.(type) {
	case bool:
		if b, ok := value.(bool); ok {
			return b, nil
		}
		if b, err := strconv.ParseBool(s); err == nil {
			return b, nil
		}
		return nil, text.Errorf("应为 true 或 false，而不是 %q", "want true or false, got %q", fmt.Sprint(value))
	case time.Duration:
		d, err := time.ParseDuration(s)
		if err != nil {
			return nil, text.Errorf("应为时长，如 10s，而不是 %q", "want a time such as 10s, got %q", fmt.Sprint(value))
		}
		return d, nil
	case []string:
		if isText {
			return splitList(s), nil
		}
		items, ok := value.([]any)
		if !ok {
			return nil, text.Errorf("应为列表，而不是 %q", "want a list, got %q", fmt.Sprint(value))
		}
		list := make([]string, len(items))
		for i, item := range items {
			list[i] = fmt.Sprint(item)
		}
		return list, nil
	}
	switch value := value.(type) {
	case time.Time: // YAML makes a time of a date
		return calendar.Date(value), nil
	case []any, map[string]any, nil:
		return nil, text.Errorf("应为一个词，而不是 %q", "want one word, got %q", fmt.Sprint(value))
	}
	return fmt.Sprint(value), nil
}

// splitList splits a list in an environment variable at line breaks, else at commas.
func splitList(s string) []string {
	separator := ","
	if strings.Contains(s, "\n") {
		separator = "\n"
	}
	var list []string
	for _, part := range strings.Split(s, separator) {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// setUp reads what every command that evaluates rules begins with: the options,
// the rulebook, and the clock of the run, which gives the same time at every call.
func (a *app) setUp(cmd *cobra.Command) (*options, *rulebook.Rulebook, func() time.Time, error) {
	o, err := a.read(cmd.Flags())
	if err != nil {
		return nil, nil, nil, err
	}
	clock, err := o.clock(a.environment)
	if err != nil {
		return nil, nil, nil, err
	}
	book, err := o.rulebook()
	o.cache = o.keep(a)
	return o, book, clock, err
}

// clock returns the clock of the run: fixed where --now is given.
func (o *options) clock(e *environment) (func() time.Time, error) {
	if o.Now == "" {
		start := e.clock()
		return func() time.Time { return start }, nil
	}
	t, err := calendar.Parse(o.Now)
	if err != nil {
		return nil, flagError("--now", err)
	}
	return func() time.Time { return t }, nil
}

// perMinute reads --rate as queries a minute; zero where it is not given.
func (o *options) perMinute() (int, error) {
	if o.Rate == "" {
		return 0, nil
	}
	number, unit, _ := strings.Cut(o.Rate, "/")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	factor := map[string]int{"": 60, "s": 60, "m": 1}[unit]
	if err != nil || factor == 0 || n < 1 || n > 1_000_000 {
		return 0, usage("--rate %q：应为每秒或每分钟的查询数，如 5/s 或 30/m", "--rate %q: want a number of queries a second or a minute such as 5/s or 30/m", o.Rate)
	}
	return n * factor, nil
}

// rulebook loads the built-in rules with the folders of --rules over them.
func (o *options) rulebook() (*rulebook.Rulebook, error) {
	var layers []rulebook.Layer
	for _, dir := range o.Rules {
		info, err := os.Stat(dir)
		if err != nil {
			return nil, fmt.Errorf("--rules %q: %w", dir, reason(err))
		}
		if !info.IsDir() {
			return nil, usage("--rules %q：应为含 tables/ 或 checks/ 的目录", "--rules %q: want a folder with tables/ or checks/", dir)
		}
		layers = append(layers, rulebook.Layer{Name: dir, FS: os.DirFS(dir)})
	}
	return rulebook.Load(rulebook.Layer{FS: rules.FS, Snapshot: rules.Snapshot}, layers...)
}

func (o *options) lang(e *environment) text.Lang { return text.Detect(o.Lang, e.getenv) }

// color decides as the conventions of terminals have it: an explicit choice,
// then NO_COLOR, then CLICOLOR_FORCE, then whether stdout is a capable terminal.
func (o *options) color(e *environment) bool {
	switch o.Color {
	case "always":
		return true
	case "never":
		return false
	}
	switch {
	case e.getenv("NO_COLOR") != "":
		return false
	case e.getenv("CLICOLOR_FORCE") != "" && e.getenv("CLICOLOR_FORCE") != "0":
		return true
	case e.getenv("CLICOLOR") == "0", e.getenv("TERM") == "dumb":
		return false
	}
	return e.terminal
}
