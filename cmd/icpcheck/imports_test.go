package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/icpcheck/icpcheck/"

// layers lists packages from the bottom up; each sees only those above it in
// this list. The packages of one line may see each other.
var layers = [][]string{
	{"verdict", "text", "calendar", "mask", "failure", "idnumber", "domainname", "yamlfile"},
	{"filing"},
	{"rulebook"},
	{"engine"},
	{"report"},
}

// blind know nothing of rules, so that a rule can change without them.
var blind = []string{"registration", "resolve", "locate", "page", "fetch", "render", "playback", "collect", "cache", "queue", "cloudfile"}

// onlyIn names modules that few packages may import.
var onlyIn = map[string][]string{
	"github.com/miekg/dns":      {"pkg/resolve", "pkg/playback"},
	"github.com/spf13/cobra":    {"cmd/icpcheck"},
	"github.com/spf13/viper":    {"cmd/icpcheck"},
	"github.com/spf13/pflag":    {"cmd/icpcheck"},
	"github.com/chromedp":       {"pkg/render"},
	"github.com/fatih/color":    {"pkg/report", "cmd/icpcheck"},
	"github.com/hashicorp/hcl":  {"pkg/cloudfile"},
	"github.com/likexian":       {"pkg/registration"},
	"github.com/nats-io":        {"pkg/queue", "pkg/queue/queuetest"},
	"github.com/openrdap":       {"pkg/registration"},
	"github.com/sony/gobreaker": {"pkg/registration", "pkg/resolve"},
	"github.com/vbauerster/mpb": {"cmd/icpcheck"},
	"go.etcd.io/bbolt":          {"pkg/cache"},
	"cel.dev/cel-go":            {"pkg/rulebook", "pkg/engine"},
	"golang.org/x/net/idna":     {"pkg/domainname"},
	module + "cmd/icpcheck":     {},
	module + "pkg/playback":     {"cmd/icpcheck"},
	module + "pkg/queue":        {"cmd/icpcheck"},
	module + "rules":            {"cmd/icpcheck", "pkg/locate/internal/geodata", "pkg/internal/shipped"},
	// Tests alone use these.
	module + "pkg/internal/golden":  {},
	module + "pkg/internal/shipped": {},
	"github.com/rogpeppe":           {},
	"pgregory.net/rapid":            {},
	"github.com/santhosh-tek":       {},
}

// TestImports holds the direction of imports, which docs/design.md draws.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}|{{join .Imports " "}}|{{join .Deps " "}}`, module+"...").Output()
	if err != nil {
		t.Skipf("go list cannot be run here: %v", err)
	}
	imports, deps := map[string][]string{}, map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		name := strings.TrimPrefix(fields[0], module)
		imports[name], deps[name] = strings.Fields(fields[1]), strings.Fields(fields[2])
	}
	var above []string // of the layer looked at, itself included
	for i := len(layers) - 1; i >= 0; i-- {
		for _, name := range layers[i] {
			if deps["pkg/"+name] == nil {
				t.Errorf("there is no package pkg/%s", name)
			}
			forbidden := slices.Clone(above)
			if i > 0 {
				forbidden = append(forbidden, layers[i]...)
			}
			refuse(t, deps, "pkg/"+name, forbidden...)
		}
		above = append(above, layers[i]...)
	}
	design, err := os.ReadFile("../../docs/design.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range deps {
		if !strings.Contains(name, "internal/") && !strings.HasSuffix(name, "test") && !strings.Contains(string(design), "    "+name+"/ ") {
			t.Errorf("docs/design.md does not say what %s is for", name)
		}
	}
	for _, name := range blind {
		refuse(t, deps, "pkg/"+name, "rulebook", "engine", "report")
	}
	for _, dep := range deps["cmd/icpcheck"] {
		switch {
		case strings.HasPrefix(dep, "github.com/cpuguy83/"):
			t.Errorf("the program links %s, which is for its man pages", dep)
		case strings.HasPrefix(dep, "github.com/nats-io/nats-server"):
			t.Errorf("the program links %s, which is for tests only", dep)
		}
	}
	for name, list := range imports {
		for _, imported := range list {
			for prefix, allowed := range onlyIn {
				if (imported == prefix || strings.HasPrefix(imported, prefix+"/") || strings.HasPrefix(imported, prefix) && !strings.HasPrefix(prefix, module)) && !slices.Contains(allowed, name) {
					t.Errorf("%s imports %s, which only %q may", name, imported, allowed)
				}
			}
		}
	}
}

func refuse(t *testing.T, deps map[string][]string, name string, forbidden ...string) {
	t.Helper()
	for _, other := range forbidden {
		if slices.Contains(deps[name], module+"pkg/"+other) {
			t.Errorf("%s must not see pkg/%s", name, other)
		}
	}
}
