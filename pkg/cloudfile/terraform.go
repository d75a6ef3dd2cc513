package cloudfile

import (
	"slices"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/filing"
)

// isTerraform tells a plan or a state from an answer.
func isTerraform(root value) bool {
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
	file := &File{Name: root.doc.name, Terraform: true}
	passed := map[string]bool{}
	config := configuration{
		variables: root.member("variables"), providers: root.one("configuration.provider_config"), rootModule: root.one("configuration.root_module"),
	}
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
	case root.member("values").known():
		for res := range inState(root.member("values").member("root_module")) {
			add(res)
		}
	default:
		return nil, root.doc.problem(root.at, "Terraform JSON 里没有计划（resource_changes）也没有状态（values）；用 terraform show -json 生成",
			"this JSON of Terraform holds neither a plan (resource_changes) nor a state (values); make it with terraform show -json")
	}
	file.Passed = sortedKeys(passed)
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
	res.values, res.hidden = change.member("after"), map[string]bool{}
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
		if marked(mark) {
			res.hidden[attribute] = true
		}
	}
}

// marked reports whether a value or any part of it carries a mark.
func marked(v value) bool {
	if v.text() == "true" {
		return true
	}
	for _, child := range v.children() {
		if marked(child) {
			return true
		}
	}
	return false
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
func (r *Reader) terraformRecord(f *Form, res resource, config configuration, s *sources) Record {
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
	if _, own := facts["server.region"]; !own || !f.readsRegion() {
		if region := config.region(res); region.known() {
			facts["server.region"] = filing.Fact{Value: region.text(), Origin: at(region, "")}
		}
	}
	if res.made {
		f.order(shown, facts, at)
		// What does not exist yet has carried no filing.
		facts["server.service_codes_used"] = filing.Fact{Value: int64(0), Origin: at(res.whole, "")}
	}
	return Record{Form: f.ID, Name: res.address, Facts: facts, Origin: at(res.whole, "")}
}

// readsRegion reports whether such resources have a region of their own.
func (f *Form) readsRegion() bool {
	return slices.ContainsFunc(f.Readings, func(g Reading) bool { return g.Fact == "server.region" })
}

// configuration is the part of a plan that repeats Terraform's files.
type configuration struct{ variables, providers, rootModule value }

// region is the region that the provider of a resource is set to, if the plan
// says: a constant, or a variable of the root module.
func (c configuration) region(res resource) value {
	module := c.module(res.module)
	var key string
	for r := range module.member("resources").items() {
		if r.member("type").text() == res.kind && r.member("name").text() == res.name {
			key = r.member("provider_config_key").text()
			break
		}
	}
	for name, provider := range c.providers.children() {
		if name != key {
			continue
		}
		expression := provider.one("expressions.region")
		if constant := expression.member("constant_value"); constant.known() {
			return constant
		}
		for reference := range expression.member("references").items() {
			name, variable := strings.CutPrefix(reference.text(), "var.")
			if variable && !provider.member("module_address").known() {
				return c.variables.member(name).member("value")
			}
		}
	}
	return value{}
}

// module is the configuration of the module at an address ("" is the root).
func (c configuration) module(address string) value {
	module := c.rootModule
	for _, name := range moduleNames(address) {
		module = module.member("module_calls").member(name).member("module")
	}
	return module
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
			// An index is a number or a quoted text, which may hold anything.
			if end = strings.Index(rest, "]"); strings.HasPrefix(rest, `["`) {
				end = strings.Index(rest, `"]`) + 1
			}
			if end <= 0 {
				return names
			}
			rest = rest[end+1:]
		}
		address = strings.TrimPrefix(rest, ".")
	}
	return names
}
