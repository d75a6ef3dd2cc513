package cloudfile

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/filing"
)

// IsTerraform reports whether a file looks like JSON of Terraform, which begins
// with its versions. It is for those who want another kind of file.
func IsTerraform(data []byte) bool {
	begin := data[:min(len(data), 512)]
	return bytes.HasPrefix(bytes.TrimSpace(begin), []byte("{")) && bytes.Contains(begin, []byte(`"terraform_version"`))
}

// ofTerraform tells a plan or a state from an answer.
func ofTerraform(root value) bool {
	return root.member("format_version").known() || root.member("terraform_version").known()
}

// terraform reads a plan's changes, or all of a state. Formats with an unknown
// first number are refused, as their makers ask; unknown keys are passed over.
// See https://developer.hashicorp.com/terraform/internals/json-format.
func (r *Reader) terraform(root value) (*File, error) {
	version := root.member("format_version")
	if !version.known() {
		return nil, root.doc.problem(root.at, "是 Terraform 的状态文件本身；先转成 JSON：terraform show -json > state.json",
			"Terraform's own state file; make JSON of it first: terraform show -json > state.json")
	}
	if major, _, _ := strings.Cut(version.text(), "."); major != "0" && major != "1" {
		return nil, root.doc.problem(version.at, "Terraform JSON 的格式版本是 %s，只认得 0.x 和 1.x", "format %s of Terraform's JSON; 0.x and 1.x are known", version.text())
	}
	if failed := root.member("errored"); failed.text() == "true" {
		return nil, root.doc.problem(failed.at, "这份计划没有做完（errored），先让 terraform plan 成功", "this plan is not whole (errored); make terraform plan succeed first")
	}
	file := &File{Name: root.doc.name, Partial: root.member("complete").text() == "false"}
	passed := map[string]bool{}
	config := newConfiguration(root)
	sources := r.sources(config)
	add := func(res resource) {
		f := r.terraformForm(res.kind)
		if f == nil {
			passed[res.kind] = true
			return
		}
		file.Records = append(file.Records, r.terraformRecord(f, res, config, sources))
	}
	switch changes := root.member("resource_changes"); {
	case changes.known() || root.member("planned_values").known():
		file.Changes = true
		for change := range changes.items() {
			if res, ok := changed(change); ok {
				add(res)
			}
		}
		// What is put off to a later plan is bought all the same.
		for _, change := range root.find("deferred_changes[].resource_change") {
			if res, ok := changed(change); ok {
				add(res)
			}
		}
	case root.member("values").known():
		for res := range inState(root.member("values").member("root_module")) {
			add(res)
		}
	default:
		return nil, root.doc.problem(root.at, "Terraform JSON 里没有计划（resource_changes），也没有非空的状态（values）；用 terraform show -json 生成",
			"this JSON of Terraform holds neither a plan (resource_changes) nor a state that is not empty (values); make it with terraform show -json")
	}
	file.Passed = slices.Sorted(maps.Keys(passed))
	return file, nil
}

func (r *Reader) terraformForm(kind string) *Form {
	i := slices.IndexFunc(r.Forms, func(f Form) bool { return f.Terraform == kind })
	if i < 0 {
		return nil
	}
	return &r.Forms[i]
}

// resource is one instance of a resource.
type resource struct {
	address, module, kind, name string
	// made tells that it does not exist yet.
	made   bool
	values value
	// before are the values that a change replaces.
	before value
	// hidden are the attributes that are not known yet or not to be shown.
	hidden map[string]bool
	whole  value
}

// changed reads a change. ok is false for one that leaves nothing new: reading,
// removing, and leaving as it is.
func changed(v value) (res resource, ok bool) {
	change := v.member("change")
	for action := range change.member("actions").items() {
		switch action.text() {
		case "create":
			ok, res.made = true, true
		case "update":
			ok = true
		}
	}
	if !ok || v.member("mode").text() == "data" {
		return res, false
	}
	res.describe(v)
	res.values, res.before, res.hidden = change.member("after"), change.member("before"), map[string]bool{}
	res.hide(change.member("after_unknown"))
	res.hide(change.member("after_sensitive"))
	return res, true
}

// hide takes note of what is marked: all, or attributes, of which a part is enough.
func (res *resource) hide(marks value) {
	if marks.text() == "true" {
		res.values = value{}
	}
	for attribute, mark := range marks.children() {
		if mark.marked() {
			res.hidden[attribute] = true
		}
	}
}

func (res *resource) describe(v value) {
	res.whole = v
	res.address, res.kind, res.name = v.member("address").text(), v.member("type").text(), v.member("name").text()
	res.module = v.member("module_address").text()
}

// inState yields the resources of a module and of those in it.
func inState(module value) func(func(resource) bool) {
	return func(yield func(resource) bool) {
		for v := range module.member("resources").items() {
			if v.member("mode").text() == "data" {
				continue
			}
			res := resource{values: v.member("values"), hidden: map[string]bool{}}
			res.describe(v)
			res.module = module.member("address").text()
			res.hide(v.member("sensitive_values"))
			if !yield(res) {
				return
			}
		}
		for child := range module.member("child_modules").items() {
			for res := range inState(child) {
				if !yield(res) {
					return
				}
			}
		}
	}
}

// terraformRecord reads what a resource says. A fact stands where Terraform's
// own file gives it; where that is not found, in the plan.
func (r *Reader) terraformRecord(f *Form, res resource, config *configuration, s *sources) Record {
	at := func(v value, attribute string) filing.Origin {
		origin := filing.Origin{Source: filing.FromPlan, Server: res.address}
		var found bool
		if origin.Position, found = s.position(res, attribute); !found {
			if v.at == 0 {
				v = res.whole
			}
			origin.Position = v.position()
		}
		return origin
	}
	shown := res.values
	shown.hidden = res.hidden
	facts := r.facts(f, shown, at)
	// A zone may be left to the cloud, and a resource mostly has no region of its
	// own; the provider's is what it then gets.
	if _, own := facts["server.region"]; !own || !f.reads("server.region") {
		region := config.region(res)
		if region.known() && (!region.computed || slices.Contains(r.regions(f.Provider), region.text())) {
			facts["server.region"] = filing.Fact{Value: region.text(), Origin: at(region.value, "")}
		}
	}
	now, _ := facts.Text("server.billing")
	if was := f.billing(res.before); !res.made && was != "" && was != now {
		// The times are those of the terms that the change ends.
		dropTerm(facts)
	}
	if res.made {
		f.order(shown, facts, at)
		// What does not exist yet has carried no filing.
		facts["server.service_codes_used"] = filing.Fact{Value: int64(0), Origin: at(res.whole, "")}
	}
	return Record{Form: f.ID, Name: res.address, Facts: facts, Origin: at(res.whole, "")}
}

// configuration is the part of a plan that repeats Terraform's files. It is read
// once: a plan may have thousands of resources, each of which asks it.
type configuration struct {
	root *module
	// regions are those that the providers are set to, by the providers' keys.
	regions map[string]region
}

// region is what a provider's region is set to.
type region struct {
	value
	// computed tells that the value is a variable's. A plan tells which variables
	// an expression names, not what it makes of them.
	computed bool
}

// module is the configuration of a module.
type module struct {
	// providers are the keys of the resources' providers, by "kind.name".
	providers map[string]string
	// calls are the modules that it calls, by their names in it.
	calls map[string]*module
	// source tells where its files are.
	source string
}

func newConfiguration(root value) *configuration {
	config := root.member("configuration")
	top := config.member("root_module")
	c := &configuration{root: newModule(top, ""), regions: map[string]region{}}
	for key, provider := range config.member("provider_config").children() {
		c.regions[key] = providerRegion(provider, root.member("variables"), top.member("variables"))
	}
	return c
}

func newModule(v value, source string) *module {
	m := &module{providers: map[string]string{}, calls: map[string]*module{}, source: source}
	for r := range v.member("resources").items() {
		if r.member("mode").text() == "data" {
			continue
		}
		m.providers[r.member("type").text()+"."+r.member("name").text()] = r.member("provider_config_key").text()
	}
	for name, call := range v.member("module_calls").children() {
		m.calls[name] = newModule(call.member("module"), call.member("source").text())
	}
	return m
}

// providerRegion is the region that a provider is set to, if the plan says: a
// constant, or the one variable of the root module that the expression names.
func providerRegion(provider, variables, declared value) region {
	expression := provider.one("expressions.region")
	set := region{value: expression.member("constant_value")}
	if references := slices.Collect(expression.member("references").items()); len(references) == 1 && !provider.member("module_address").known() {
		name, variable := strings.CutPrefix(references[0].text(), "var.")
		if variable && declared.member(name).member("sensitive").text() != "true" {
			set = region{variables.member(name).member("value"), true}
		}
	}
	if !set.known() || set.raw[0] != '"' || set.text() == "" {
		return region{}
	}
	return set
}

// region is the region of a resource's provider.
func (c *configuration) region(res resource) region {
	path := c.modules(res.module)
	if path == nil {
		return region{}
	}
	return c.regions[path[len(path)-1].providers[res.kind+"."+res.name]]
}

// modules are the modules from the root to the one at an address ("" is the
// root), or none where the plan has no such.
func (c *configuration) modules(address string) []*module {
	path := []*module{c.root}
	for _, name := range moduleNames(address) {
		next := path[len(path)-1].calls[name]
		if next == nil {
			return nil
		}
		path = append(path, next)
	}
	return path
}

// moduleNames are the names of a module's address: module.web["a.b"].module.db
// is web, db.
func moduleNames(address string) []string {
	var names []string
	for address != "" {
		rest, ok := strings.CutPrefix(address, "module.")
		if !ok {
			return names
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			return append(names, rest)
		}
		names, rest = append(names, rest[:end]), rest[end:]
		if rest[0] == '[' {
			rest = afterIndex(rest)
		}
		address = strings.TrimPrefix(rest, ".")
	}
	return names
}

// afterIndex is what follows an index: a number, or a quoted text, which may hold anything.
func afterIndex(s string) string {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '\\' && quoted:
			i++
		case s[i] == ']' && !quoted:
			return s[i+1:]
		}
	}
	return ""
}
