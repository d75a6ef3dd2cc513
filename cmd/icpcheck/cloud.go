package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/icpcheck/icpcheck/pkg/cloudfile"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// cloudFlags are the flags of the commands that read files of clouds' tools.
type cloudFlags struct {
	files   []string
	sources string
}

// maxCloudFile is the largest such file that is read, in bytes. Plans of large
// installations have some tens of megabytes.
const maxCloudFile = 256 << 20

func (a *app) declareCloud(c *cobra.Command, f *cloudFlags) {
	c.Flags().StringArrayVar(&f.files, "facts", nil, a.say("从云平台工具的文件读取事实：terraform show -json 的输出，或云 API 的答复（可重复）",
		"read facts from a file of a cloud's tool: the output of terraform show -json, or an answer of a cloud's API (repeatable)"))
	c.Flags().StringVar(&f.sources, "terraform-dir", ".", a.say("Terraform 文件所在目录，用于指出行号", "folder of the Terraform files, to point at their lines"))
	_ = c.MarkFlagDirname("terraform-dir")
	_ = c.MarkFlagFilename("facts", "json")
}

// readCloud reads the files. All mistakes are told at once.
func (a *app) readCloud(f cloudFlags, book *rulebook.Rulebook) ([]*cloudfile.File, error) {
	if len(f.files) == 0 {
		return nil, nil
	}
	forms, err := cloudForms(book)
	if err != nil {
		return nil, err
	}
	reader := &cloudfile.Reader{Forms: forms, Sources: f.sources, Regions: func(provider string) []string {
		var ids []string
		for _, id := range book.IDs("regions") {
			if region, ok := strings.CutPrefix(id, provider+"/"); ok {
				ids = append(ids, region)
			}
		}
		return ids
	}}
	var files []*cloudfile.File
	var problems yamlfile.Problems
	for _, path := range f.files {
		if path == "" {
			return nil, errNoName
		}
		if path == "-" && slices.Contains(a.inputs, "-") {
			return nil, usage("标准输入（-）只能读一次", "standard input (-) can be read only once")
		}
		a.inputs = append(a.inputs, path)
		data, err := a.readCloudFile(path)
		if err != nil {
			return nil, err
		}
		file, err := reader.Read(path, data)
		var found yamlfile.Problems
		switch {
		case errors.As(err, &found):
			problems = append(problems, found...)
		case err != nil:
			return nil, err
		default:
			files = append(files, file)
		}
	}
	return files, problems.Err()
}

func (a *app) readCloudFile(path string) ([]byte, error) {
	input := a.stdin
	data := &bytes.Buffer{}
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, flagError("--facts", fmt.Errorf("%s: %w", path, reason(err)))
		}
		defer file.Close()
		input = file
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			// A buffer that grows is copied again and again.
			data = bytes.NewBuffer(make([]byte, 0, int(min(info.Size(), maxCloudFile))+bytes.MinRead))
		}
	}
	if _, err := data.ReadFrom(io.LimitReader(input, maxCloudFile+1)); err != nil {
		return nil, flagError("--facts", fmt.Errorf("%s: %w", path, reason(err)))
	}
	if data.Len() > maxCloudFile {
		return nil, flagError("--facts", text.Errorf("%s：超过 %d MiB", "%s: larger than %d MiB", path, maxCloudFile>>20))
	}
	return data.Bytes(), nil
}

// recordsOf are the records about domains, or else about servers.
func recordsOf(files []*cloudfile.File, domains bool) (list []cloudfile.Record) {
	for _, f := range files {
		for _, r := range f.Records {
			if (r.Domain != "") == domains {
				list = append(list, r)
			}
		}
	}
	return list
}

// recordJobs makes a filing of each record, of which only its own checks are made.
// A plan may hold none, and is then as good as one whose servers are right; of
// anything else that holds none nobody can say anything.
func (a *app) recordJobs(files []*cloudfile.File) ([]job, error) {
	a.tellCloud(files)
	var list []job
	for _, r := range recordsOf(files, true) {
		name, err := domainname.Parse(r.Name)
		if err != nil {
			continue // the reader took it for a name
		}
		d := &filing.Domain{Facts: r.Facts}
		filing.SetName(d.Facts, name, r.Origin)
		list = append(list, job{&filing.Filing{Name: r.Name, Facts: filing.Facts{}, Domains: []*filing.Domain{d}}, onlyDomain})
	}
	for _, r := range recordsOf(files, false) {
		list = append(list, job{&filing.Filing{Name: r.Name, Facts: r.Facts}, onlyServer})
	}
	if len(list) == 0 && slices.ContainsFunc(files, func(f *cloudfile.File) bool { return !f.Changes }) {
		return nil, usage("没有可检查的内容：--facts 里没有服务器或域名", "nothing to check: --facts names no server and no domain")
	}
	return list, nil
}

// withDomainsAlone is withDomains where nothing but domains is checked.
func (a *app) withDomainsAlone(work []job, files []*cloudfile.File) []job {
	if n := len(recordsOf(files, false)); n > 0 {
		a.warn("警告：--facts 里有 %d 台服务器，domain 不检查服务器，请用 check", "warning: --facts names %d server(s), which domain does not check: use check", n)
	}
	return a.withDomains(work, files)
}

// withDomains lays what the files say about domains over those of the filings.
func (a *app) withDomains(work []job, files []*cloudfile.File) []job {
	a.tellCloud(files)
	for _, r := range recordsOf(files, true) {
		if !addDomainFacts(work, r) {
			a.warn("警告：--facts 里的 %s 不在所检查的域名之中，没有用上", "warning: %s of --facts is none of the domains that are checked, so it is not used", r.Name)
		}
	}
	return work
}

// withServers lays what the files say about servers over the filings. A filing
// names one server, so that with several it is checked with each.
func (a *app) withServers(work []job, files []*cloudfile.File, book *rulebook.Rulebook) ([]job, error) {
	servers := recordsOf(files, false)
	if len(servers) == 0 {
		return work, nil
	}
	if len(work) > 1 && len(servers) > 1 {
		return nil, usage("--facts 里有 %d 台服务器，又有 %d 份备案，不知道哪台属于哪份：请每次只给一份备案",
			"--facts names %d servers for %d filings, and which belongs to which is not known: give one filing at a time", len(servers), len(work))
	}
	var list []job
	for _, j := range work {
		for _, r := range servers {
			f := j.filing
			if len(servers) > 1 {
				f = f.Clone()
				f.Name += " (" + r.Name + ")"
			}
			learnServer(f, r, book)
			list = append(list, job{f, j.only})
		}
	}
	return list, nil
}

// learnServer lays what is said of a server over a filing. Where that tells of
// another server the rest of what it says of its own does not count: a server
// of one cloud does not get the months of one at another.
func learnServer(f *filing.Filing, r cloudfile.Record, book *rulebook.Rulebook) {
	provider, _ := r.Facts.Text("provider")
	if id := regionID(book, provider, f.Facts); id != "" && id == regionID(book, provider, r.Facts) {
		// 华东1 and cn-hangzhou are one.
		f.Facts["server.region"] = filing.Fact{Value: r.Facts["server.region"].Value, Origin: f.Facts["server.region"].Origin}
	}
	told := len(f.Conflicts)
	for _, path := range r.Facts.Paths() {
		f.Learn(path, r.Facts[path].Value, r.Facts[path].Origin)
	}
	another := slices.ContainsFunc(f.Conflicts[told:], func(c filing.Conflict) bool {
		return slices.Contains([]string{"provider", "server.type", "server.region"}, c.Path)
	})
	maps.DeleteFunc(f.Facts, func(path string, fact filing.Fact) bool {
		return another && strings.HasPrefix(path, "server.") && fact.Origin.Source == filing.FromFile
	})
}

// regionID is the id of the row of a region, however the region is written.
func regionID(book *rulebook.Rulebook, provider string, facts filing.Facts) string {
	join, _, _ := rulebook.JoinOf("region.mainland")
	row, _ := join.Row(book, func(path string) (string, bool) {
		if path == "provider" {
			return provider, provider != ""
		}
		return facts.Text(path)
	})
	if row == nil {
		return ""
	}
	return row.ID
}

// onlyServer are the checks on the server alone.
func onlyServer(c *rulebook.Check) bool { return strings.HasPrefix(c.ID, "server-") }

// addDomainFacts reports whether a record is about a domain of the filings.
func addDomainFacts(work []job, r cloudfile.Record) (used bool) {
	for _, j := range work {
		for _, d := range j.filing.Domains {
			if d.Name() != r.Domain {
				continue
			}
			used = true
			for _, path := range r.Facts.Paths() {
				d.Learn(path, r.Facts[path].Value, r.Facts[path].Origin)
			}
		}
	}
	return used
}

// tellCloud says what the files do not say, so that silence is not taken for consent.
func (a *app) tellCloud(files []*cloudfile.File) {
	for _, f := range files {
		switch {
		case f.Partial && f.Changes:
			a.warn("警告：%s 是不完整的计划（complete: false，用了 -target 或有推迟的更改），其余部分没有检查", "warning: %s is a part of a plan (complete: false, by -target or changes that are put off); the rest is not checked", f.Name)
		case f.Partial:
			a.warn("警告：%s 只是一页，云平台上还有更多记录；其余各页也用 --facts 给出，否则没有检查", "warning: %s is one page, and the cloud has more records: give the other pages with --facts too, or they are not checked", f.Name)
		}
		switch {
		case f.Empty:
			a.warn("警告：%s 是空的列表；没有查看权限时也是如此，因此说明不了什么", "warning: %s holds an empty list, as it does for who may not see more; it says nothing", f.Name)
		case len(f.Records) > 0:
		case f.Changes:
			a.warn("%s 没有新建或更改任何认得的服务器%s", "%s makes or changes no server that is known%s", f.Name, passed(f))
		default:
			a.warn("%s 里没有认得的服务器或域名%s", "%s holds no server or domain that is known%s", f.Name, passed(f))
		}
	}
}

// passed names the types of resources that were passed over.
func passed(f *cloudfile.File) text.Text {
	if len(f.Passed) == 0 {
		return text.Text{}
	}
	const most = 8
	names := strings.Join(f.Passed[:min(most, len(f.Passed))], ", ")
	if len(f.Passed) > most {
		names += " …"
	}
	return text.Text{Zh: "；未读取的资源类型：" + names, En: "; types of resources that were passed over: " + names}
}
