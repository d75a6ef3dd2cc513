package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"
)

// command runs a program in a folder, and fails with what it said.
func command(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestReproducible builds the program as the Makefile does in two folders, and
// wants the same bytes.
func TestReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("links the program twice")
	}
	for _, tool := range []string{"make", "go"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s", tool)
		}
	}
	const commit = "0123456789abcdef0123456789abcdef01234567"
	var first []byte
	for _, name := range []string{"a", "b/deeper and with a blank"} {
		dir := filepath.Join(t.TempDir(), name)
		for _, folder := range []string{"cmd", "pkg", "rules"} {
			if err := os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join(kitRoot, folder))); err != nil {
				t.Fatal(err)
			}
		}
		for _, file := range []string{"go.mod", "go.sum", "Makefile"} {
			data, err := os.ReadFile(filepath.Join(kitRoot, file))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		command(t, dir, []string{"GOFLAGS="}, "make", "build", "VERSION=1.2.3", "COMMIT="+commit)
		binary := filepath.Join(dir, "bin", "icpcheck")
		data, err := os.ReadFile(binary)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
			version := command(t, dir, []string{"LC_ALL=C"}, binary, "version")
			if !regexp.MustCompile(`^icpcheck 1\.2\.3 \(commit ` + commit + `, go1\.[^)]*\)\nrulebook .* sha256:[0-9a-f]{64}\n$`).MatchString(version) {
				t.Errorf("version says %q", version)
			}
		}
		if !bytes.Equal(first, data) {
			t.Errorf("built in %q the program differs", name)
		}
		if bytes.Contains(data, []byte(dir)) {
			t.Errorf("the program holds the folder %s that it was built in", dir)
		}
	}
}

// TestManPages writes the man pages of both languages: one for each command, and
// the same bytes again.
func TestManPages(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program with the generator")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go")
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "icpcheck-man.exe")
	command(t, ".", nil, "go", "build", "-tags", "manpages", "-o", binary, ".")
	for lang, want := range map[string]string{"en": "check whole filings", "zh": "检查整份备案材料"} {
		for _, name := range []string{"first", "second"} {
			command(t, dir, []string{"SOURCE_DATE_EPOCH=1795478400"}, binary, "man", filepath.Join(dir, lang, name), "--lang", lang)
		}
		var expect func(c *cobra.Command)
		expect = func(c *cobra.Command) {
			if c.Hidden || c.Name() == "help" {
				return
			}
			page := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
			first, err := os.ReadFile(filepath.Join(dir, lang, "first", page))
			if err != nil {
				t.Error(err)
				return
			}
			second, _ := os.ReadFile(filepath.Join(dir, lang, "second", page))
			if !bytes.Equal(first, second) || !bytes.Contains(first, []byte("Nov 2026")) {
				t.Errorf("%s/%s is not the same twice, or has no date", lang, page)
			}
			if c.Name() == "check" && (!bytes.Contains(first, []byte(want)) || !bytes.Contains(first, []byte("--province"))) {
				t.Errorf("%s/%s lacks %q or a flag:\n%s", lang, page, want, first)
			}
			for _, sub := range c.Commands() {
				expect(sub)
			}
		}
		expect(newRoot(&environment{getenv: func(string) string { return "" }}))
	}
}

// TestReleaseFile: what .goreleaser.yaml packs is what make extras writes, and
// it builds as the Makefile does.
func TestReleaseFile(t *testing.T) {
	release, err := os.ReadFile(filepath.Join(kitRoot, ".goreleaser.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Builds []struct {
			Flags, Goos, Goarch []string
		}
		NFPMs []struct {
			Formats  []string
			Contents []struct{ Src, Dst string }
		}
	}
	if err := yaml.Unmarshal(release, &v); err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile(filepath.Join(kitRoot, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range v.Builds[0].Flags {
		if !bytes.Contains(makefile, []byte(flag)) {
			t.Errorf("make build lacks %s", flag)
		}
	}
	if got := strings.Join(v.Builds[0].Goos, " ") + " " + strings.Join(v.Builds[0].Goarch, " ") + " " + strings.Join(v.NFPMs[0].Formats, " "); got != "linux darwin windows amd64 arm64 deb rpm apk" {
		t.Errorf("released are %s", got)
	}
	for _, c := range v.NFPMs[0].Contents {
		if strings.Contains(c.Src, "*") || strings.HasPrefix(c.Src, "bin/extras/completions/") {
			continue
		}
		if _, err := os.Stat(filepath.Join(kitRoot, c.Src)); err != nil {
			t.Errorf("packed is %s, which is not there", c.Src)
		}
	}
}
