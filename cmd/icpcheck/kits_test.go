package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// The kits are files that people copy or include: nothing but these tests keeps
// them in step with the commands.
const (
	kitRoot = "../.."
	kitDir  = kitRoot + "/docs/ci"
)

// kits lists every kit by its name from the root of the project.
func kits(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	names := []string{"action.yml", ".pre-commit-hooks.yaml", "Dockerfile", "docs/ci.md"}
	entries, err := os.ReadDir(kitDir)
	if err != nil || len(entries) == 0 {
		t.Fatalf("no kits in %s: %v", kitDir, err)
	}
	for _, e := range entries {
		names = append(names, "docs/ci/"+e.Name())
	}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(kitRoot, name))
		if err != nil {
			t.Fatal(err)
		}
		found[name] = string(data)
	}
	return found
}

// kitDocuments reads the YAML documents of a kit.
func kitDocuments(t *testing.T, name, content string) (documents []map[string]any) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(content))
	for {
		var v any
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			return documents
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if list, ok := v.([]any); ok {
			for _, item := range list {
				documents = append(documents, item.(map[string]any))
			}
			continue
		}
		documents = append(documents, v.(map[string]any))
	}
}

// kitCommand finds icpcheck where a command begins: on a line, behind an
// operator or an opening quote.
var kitCommand = regexp.MustCompile(`(?m)(?:^\s*(?:\$ |- |- run: |run: |entry: )?|[;&|] ?|[(']|script: |sh ')icpcheck ([a-z_][^\n]*)`)

// TestKitCommands: every command line of every kit is one that this program
// takes, with its flags, their values and its arguments.
func TestKitCommands(t *testing.T) {
	total := 0
	for name, content := range kits(t) {
		content = strings.ReplaceAll(content, "\\\n", " ")
		for _, m := range kitCommand.FindAllStringSubmatch(content, -1) {
			words := kitWords(m[1])
			if name == ".pre-commit-hooks.yaml" {
				words = append(words, "filing.yaml") // pre-commit adds the files
			}
			total++
			t.Run(name+"/"+strings.Join(words, " "), func(t *testing.T) { acceptable(t, words) })
		}
	}
	for _, d := range kitDocuments(t, "cronjob.yaml", kits(t)["docs/ci/cronjob.yaml"]) {
		for _, args := range containerArgs(d) {
			total++
			t.Run("docs/ci/cronjob.yaml/"+strings.Join(args, " "), func(t *testing.T) { acceptable(t, args) })
		}
	}
	if total < 10 {
		t.Errorf("only %d command lines were found", total)
	}
}

// kitWords splits a command line as far as the kits need it: quotes group, an
// operator or an unmatched closing sign ends it.
func kitWords(line string) []string {
	var words []string
	var b strings.Builder
	var quote rune
	inWord := false
	flush := func() {
		if inWord {
			words = append(words, b.String())
			b.Reset()
		}
		inWord = false
	}
scan:
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			b.WriteRune(r)
		case r == '"':
			quote, inWord = r, true
		case r == ' ' || r == '\t':
			flush()
		case strings.ContainsRune(`|&;#>'`+"`", r):
			break scan
		default:
			inWord = true
			b.WriteRune(r)
		}
	}
	flush()
	return words
}

// acceptable runs a command line through the command tree up to the point where
// it would do something.
func acceptable(t *testing.T, words []string) {
	t.Helper()
	e := &environment{args: words, stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }, clock: time.Now}
	root := newRoot(e)
	c, rest, err := root.Find(words)
	if err != nil {
		t.Fatal(err)
	}
	if c == root {
		t.Fatalf("no command in %q", words)
	}
	if err := c.ParseFlags(rest); err != nil {
		t.Fatal(err)
	}
	if err := c.ValidateArgs(c.Flags().Args()); err != nil {
		t.Fatal(err)
	}
	o, err := e.read(c.Flags())
	if err != nil {
		t.Fatal(err)
	}
	if c.Name() != "batch" { // whose --output is no form of report
		if _, err := o.sinks(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.clock(e); err != nil {
		t.Fatal(err)
	}
}

// containerArgs finds the arguments of containers whose image is icpcheck's.
func containerArgs(v any) (all [][]string) {
	switch v := v.(type) {
	case map[string]any:
		if image, _ := v["image"].(string); strings.Contains(image, "icpcheck") {
			var words []string
			list, _ := v["args"].([]any)
			for _, a := range list {
				words = append(words, fmt.Sprint(a))
			}
			all = append(all, words)
		}
		for _, key := range slices.Sorted(func(yield func(string) bool) {
			for k := range v {
				if !yield(k) {
					return
				}
			}
		}) {
			all = append(all, containerArgs(v[key])...)
		}
	case []any:
		for _, item := range v {
			all = append(all, containerArgs(item)...)
		}
	}
	return all
}

// TestKitFiles: what the kits name exists, what they demand is demanded.
func TestKitFiles(t *testing.T) {
	all := kits(t)
	for name, content := range all {
		if ext := filepath.Ext(name); ext == ".yml" || ext == ".yaml" {
			kitDocuments(t, name, content)
		}
		if name != "docs/ci.md" && strings.HasPrefix(name, "docs/") && !strings.Contains(all["docs/ci.md"], strings.TrimPrefix(name, "docs/")) {
			t.Errorf("docs/ci.md does not mention %s", name)
		}
	}
	for _, link := range regexp.MustCompile(`\]\((\.\.?/[^)]*|[a-z][^):]*)\)`).FindAllStringSubmatch(all["docs/ci.md"], -1) {
		if _, err := os.Stat(filepath.Join(kitRoot, "docs", link[1])); err != nil {
			t.Errorf("docs/ci.md links to %s, which is not there", link[1])
		}
	}

	hooks := kitDocuments(t, ".pre-commit-hooks.yaml", all[".pre-commit-hooks.yaml"])
	for _, h := range hooks {
		for _, key := range []string{"id", "name", "entry", "language", "files"} {
			if h[key] == nil || h[key] == "" {
				t.Errorf("hook %v lacks %s", h["id"], key)
			}
		}
		files := regexp.MustCompile(h["files"].(string))
		for path, want := range map[string]bool{"filing.yaml": true, "sites/a/filing.yml": true, "filing-shop.yaml": true, "profiling.yaml": false, "filing.json": false} {
			if files.MatchString(path) != want {
				t.Errorf("hook %v takes %s: %v", h["id"], path, !want)
			}
		}
	}

	// A shared job is locked down, and the image it runs in has no user of a name.
	job := all["docs/ci/cronjob.yaml"]
	for _, want := range []string{"readOnlyRootFilesystem: true", "runAsNonRoot: true", "allowPrivilegeEscalation: false", "capabilities: {drop: [ALL]}", "automountServiceAccountToken: false", "limits:"} {
		if !strings.Contains(job, want) {
			t.Errorf("the CronJob lacks %s", want)
		}
	}
	for _, want := range []string{"FROM scratch", "USER 65532:65532", "ca-certificates.crt", "zoneinfo"} {
		if !strings.Contains(all["Dockerfile"], want) {
			t.Errorf("the Dockerfile lacks %s", want)
		}
	}
	// Other people's actions are pinned: a tag can be moved.
	for _, uses := range regexp.MustCompile(`uses: (\S+)`).FindAllStringSubmatch(all["action.yml"], -1) {
		if !regexp.MustCompile(`@[0-9a-f]{40}$`).MatchString(uses[1]) {
			t.Errorf("action.yml: %s is not pinned by its commit", uses[1])
		}
	}
}

// actionStep is a step of action.yml that runs a script.
func actionStep(t *testing.T, id string) (script string, env map[string]string) {
	t.Helper()
	var action struct {
		Inputs map[string]struct {
			Default string
		}
		Runs struct {
			Steps []struct {
				ID, Run string
				Env     map[string]string
			}
		}
	}
	data, err := os.ReadFile(filepath.Join(kitRoot, "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &action); err != nil {
		t.Fatal(err)
	}
	input := regexp.MustCompile(`^\$\{\{ inputs\.([a-z-]+) \}\}$`)
	for _, s := range action.Runs.Steps {
		if s.ID != id {
			continue
		}
		if strings.Contains(s.Run, "${{") {
			t.Errorf("step %s pastes an input into its script", id)
		}
		env = map[string]string{}
		for name, value := range s.Env {
			if m := input.FindStringSubmatch(value); m != nil {
				in, ok := action.Inputs[m[1]]
				if !ok {
					t.Errorf("step %s reads the input %s, which is not declared", id, m[1])
				}
				value = in.Default
			}
			env[name] = value
		}
		return s.Run, env
	}
	t.Fatalf("action.yml has no step %s", id)
	return "", nil
}

// TestAction runs the script of action.yml as a runner does, with the files that
// GitHub hands to a step.
func TestAction(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script, defaults := actionStep(t, "check")
	ready, err := os.ReadFile(kitRoot + "/testdata/filings/ok/ready.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		inputs map[string]string
		status string
		stdout []string
		sarif  bool
	}{
		{name: "ready", status: "0", stdout: []string{"icpcheck: filing.yaml：可以提交备案"}, sarif: true},
		{name: "not ready, in English", inputs: map[string]string{"INPUT_LANG": "en", "INPUT_ARGS": "--set\ndomain.real_name=none"}, status: "1",
			stdout: []string{"::error title=fail%3A Domain holder is verified [domain-real-name],file=filing.yaml,line=14,endLine=14,col=11,"}, sarif: true},
		{name: "undetermined", inputs: map[string]string{"INPUT_FILING": "filing.yaml\nshort file.yaml\n"}, status: "3",
			stdout: []string{"::warning title=待定", "file=short file.yaml"}, sarif: true},
		{name: "undetermined and allowed", inputs: map[string]string{"INPUT_FILING": "short file.yaml", "INPUT_ALLOW_UNDETERMINED": "true"}, status: "0", sarif: true},
		{name: "a plan without a filing", inputs: map[string]string{"INPUT_FILING": "", "INPUT_FACTS": "plan.json\n", "INPUT_LANG": "en"}, status: "1",
			stdout: []string{"[server-terms],file=plan.json,line=1,"}, sarif: true},
		{name: "no such file", inputs: map[string]string{"INPUT_FILING": "none.yaml"}, status: "2"},
		{name: "a file name that looks like a flag", inputs: map[string]string{"INPUT_FILING": "--format"}, status: "2"},
		{name: "an input that would like to run", inputs: map[string]string{"INPUT_ARGS": "$(touch stolen)\n`touch stolen`", "INPUT_LANG": "en; touch stolen"}, status: "2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, temp := t.TempDir(), t.TempDir()
			write := func(name string, data []byte) {
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("filing.yaml", ready)
			write("short file.yaml", []byte("domains: [example.com]\n"))
			write("plan.json", []byte(`{"format_version":"1.2","resource_changes":[{"address":"alicloud_instance.a","mode":"managed","type":"alicloud_instance","name":"a",`+
				`"change":{"actions":["create"],"after":{"instance_charge_type":"PostPaid"},"after_unknown":{}}}]}`))
			// The test binary is icpcheck under that name.
			if err := os.Symlink(self, filepath.Join(temp, "icpcheck")); err != nil {
				t.Skip(err)
			}
			write("icpcheck.sarif", []byte("of an earlier run"))
			summary, output := filepath.Join(temp, "summary.md"), filepath.Join(temp, "output")
			if err := os.WriteFile(summary, []byte("# before\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "RUNNER_TEMP="+temp, "GITHUB_STEP_SUMMARY="+summary, "GITHUB_OUTPUT="+output, "PATH="+temp+string(os.PathListSeparator)+os.Getenv("PATH"),
				"ICPCHECK_NOW="+scriptDay)
			for name, value := range defaults {
				if v, ok := c.inputs[name]; ok {
					value = v
				}
				if name == "INPUT_OFFLINE" {
					value = "true" // tests ask nobody
				}
				cmd.Env = append(cmd.Env, name+"="+value)
			}
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if got := fmt.Sprint(cmd.ProcessState.ExitCode()); got != c.status {
				t.Errorf("status %s, want %s\n%s%s", got, c.status, &stdout, &stderr)
			}
			for _, want := range c.stdout {
				if !strings.Contains(stdout.String(), want) {
					t.Errorf("no %q in\n%s", want, &stdout)
				}
			}
			out, err := os.ReadFile(output)
			if err != nil {
				t.Fatal(err)
			}
			want := "status=" + c.status + "\n"
			if c.sarif {
				want += "sarif=icpcheck.sarif\n"
			}
			if string(out) != want {
				t.Errorf("outputs %q, want %q", out, want)
			}
			data, err := os.ReadFile(filepath.Join(dir, "icpcheck.sarif"))
			if c.sarif != (err == nil && json.Valid(data)) {
				t.Errorf("SARIF: %v, %.40q", err, data)
			}
			page, err := os.ReadFile(summary)
			if err != nil || !strings.HasPrefix(string(page), "# before\n") || strings.Contains(string(page), "## ") != c.sarif {
				t.Errorf("summary: %v\n%s", err, page)
			}
			if _, err := os.Stat(filepath.Join(dir, "stolen")); err == nil {
				t.Error("an input was run")
			}
		})
	}
}
