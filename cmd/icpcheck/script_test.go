package main

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	goflag "flag"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/icpcheck/icpcheck/pkg/playback"
)

var update = goflag.Bool("update", false, "rewrite expected output in testdata")

// TestMain lets the test binary stand in for icpcheck, so that scripts run the
// real program without building it.
func TestMain(m *testing.M) {
	// Whatever starts the program without a word on its cache must not touch the
	// user's. Scripts name a folder.
	if _, told := os.LookupEnv("ICPCHECK_NO_CACHE"); !told && os.Getenv("ICPCHECK_CACHE_DIR") == "" {
		if err := os.Setenv("ICPCHECK_NO_CACHE", "true"); err != nil {
			panic(err)
		}
	}
	testscript.Main(m, map[string]func(){"icpcheck": main})
}

// scriptDay is the day scripts are judged on unless they say otherwise.
const scriptDay = "2026-11-24"

// TestScript runs every story under testdata/script; a new file needs no Go.
// Beside testscript's own commands they have those of scriptCommands, the files
// of testdata/filings/ok, and $DAY, which is also ICPCHECK_NOW.
func TestScript(t *testing.T) {
	const root = "../../testdata/script"
	var files []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".txtar" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no scripts under %s", root)
	}
	testscript.Run(t, testscript.Params{
		Files:               files,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("DAY", scriptDay)
			e.Setenv("ICPCHECK_NOW", scriptDay)
			// Each story has a cache of its own; the user's is never touched.
			e.Setenv("ICPCHECK_CACHE_DIR", filepath.Join(e.WorkDir, "cache"))
			return os.CopyFS(e.WorkDir, os.DirFS("../../testdata/filings/ok"))
		},
		Cmds: scriptCommands,
	})
}

var scriptCommands = map[string]func(*testscript.TestScript, bool, []string){
	"exits":    exits,
	"json":     assertJSON,
	"playback": startPlayback,
	"closed":   closedPorts,
	"lines":    lines,
	"generate": generate,
	"readlink": readLink,
}

// exits STATUS COMMAND ARG… runs a command and demands its exit status, which
// exec and ! exec do not tell apart.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// json FILE PATH VALUE… compares values of a JSON document (stdout, or a file)
// with what is given. A path is keys and indexes between slashes; key=value
// picks the element of a list, count counts them:
//
//	json stdout reports/0/checks/id=domain-validity/verdict fail reports/count 1
func assertJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args)%2 == 0 {
		ts.Fatalf("usage: json FILE PATH VALUE…")
	}
	var document any
	if err := json.Unmarshal([]byte(ts.ReadFile(args[0])), &document); err != nil {
		ts.Fatalf("%s is no JSON: %v", args[0], err)
	}
	for i := 1; i < len(args); i += 2 {
		v, err := dig(document, strings.Split(args[i], "/"))
		if err != nil {
			ts.Fatalf("%s: %v", args[i], err)
		}
		if got := plainJSON(v); got != args[i+1] {
			ts.Fatalf("%s is %s, want %s", args[i], got, args[i+1])
		}
	}
}

// plainJSON writes text without quotes and everything else as JSON.
func plainJSON(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func dig(v any, path []string) (any, error) {
	for _, step := range path {
		switch node := v.(type) {
		case map[string]any:
			next, ok := node[step]
			if !ok {
				return nil, fmt.Errorf("no key %q", step)
			}
			v = next
		case []any:
			if step == "count" {
				v = float64(len(node))
				continue
			}
			next, err := element(node, step)
			if err != nil {
				return nil, err
			}
			v = next
		default:
			return nil, fmt.Errorf("nothing below %v for %q", v, step)
		}
	}
	return v, nil
}

func element(list []any, step string) (any, error) {
	key, value, pick := strings.Cut(step, "=")
	if !pick {
		i, err := strconv.Atoi(step)
		if err != nil || i < 0 || i >= len(list) {
			return nil, fmt.Errorf("no element %s of %d", step, len(list))
		}
		return list[i], nil
	}
	for _, item := range list {
		if m, ok := item.(map[string]any); ok && plainJSON(m[key]) == value {
			return item, nil
		}
	}
	return nil, fmt.Errorf("no element with %s", step)
}

// playback [DIR] [NAME=FAULT]… serves a recording (the demo's without DIR) on
// loopback and puts the addresses into $RDAP, $WHOIS, $DNS and the variables
// that icpcheck reads. NAME is as in playback.Options: example.com, rdap/example.com.
func startPlayback(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("playback cannot be negated")
	}
	recording := playback.Demo()
	options := playback.Options{Faults: map[string]playback.Fault{}}
	for _, arg := range args {
		name, fault, ok := strings.Cut(arg, "=")
		if !ok {
			recording = os.DirFS(ts.MkAbs(arg))
			continue
		}
		options.Faults[name] = playback.Fault{Kind: playback.FaultKind(fault)}
	}
	servers, err := playback.Start(recording, options)
	ts.Check(err)
	ts.Defer(func() { _ = servers.Close() })
	pointTo(ts, servers.RDAPURL, servers.WHOISAddr, servers.DNSAddr)
	ts.Setenv("DNS", servers.DNSAddr)
	ts.Setenv("DNS_OVER_TLS", servers.DNSOverTLS)
	ts.Setenv("DNS_OVER_HTTPS", servers.DNSOverHTTPS)
	certificate := ts.MkAbs("playback.pem")
	ts.Check(os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: servers.Certificate.Raw}), 0o600))
	ts.Setenv("PLAYBACK_CERTIFICATE", certificate)
}

// closed points every look-up at a loopback port that nobody listens on.
func closedPorts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: closed")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	address := listener.Addr().String()
	ts.Check(listener.Close())
	pointTo(ts, "http://"+address+"/", address, address)
}

func pointTo(ts *testscript.TestScript, rdap, whois, dns string) {
	for name, value := range map[string]string{"RDAP": rdap, "WHOIS": whois, "DNS": dns, "ICPCHECK_RDAP_URL": rdap, "ICPCHECK_WHOIS_SERVER": whois, "ICPCHECK_RESOLVER": dns} {
		ts.Setenv(name, value)
	}
}

// lines FILE COUNT demands a number of lines.
func lines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lines FILE COUNT")
	}
	if got := strings.Count(ts.ReadFile(args[0]), "\n"); strconv.Itoa(got) != args[1] {
		ts.Fatalf("%s has %d lines, want %s", args[0], got, args[1])
	}
}

// readlink FILE TARGET demands a symbolic link that leads there.
func readLink(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: readlink FILE TARGET")
	}
	target, err := os.Readlink(ts.MkAbs(args[0]))
	ts.Check(err)
	// testscript makes targets absolute that have no folder above.
	if target != args[1] && target != ts.MkAbs(args[1]) {
		ts.Fatalf("%s leads to %s, want %s", args[0], target, args[1])
	}
}

// generate FILE KIND writes input that is too large or too odd for a script.
func generate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: generate FILE KIND")
	}
	data, ok := oddInputs[args[1]]
	if !ok {
		ts.Fatalf("nothing is called %q", args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data(), 0o600))
}

// oddInputs are inputs that would clutter testdata.
var oddInputs = map[string]func() []byte{
	"10-mb": func() []byte {
		return []byte("subject: {name: 示例}\n" + strings.Repeat("# "+strings.Repeat("x", 1022)+"\n", 10*1024))
	},
	"deep-flow": func() []byte { return []byte("site: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "\n") },
	"deep-block": func() []byte {
		var b strings.Builder
		for i := range 200 {
			fmt.Fprintf(&b, "%ssite:\n", strings.Repeat(" ", i))
		}
		return []byte(b.String())
	},
	// Nine levels of ten aliases each stand for a billion words.
	"billion-laughs": func() []byte {
		var b strings.Builder
		b.WriteString("a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n")
		for i := 1; i < 9; i++ {
			fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
		}
		return []byte(b.String())
	},
	"binary":        func() []byte { return []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00") },
	"invalid-utf-8": func() []byte { return []byte("province: \xc5\xa8\xbd\xad\n") },
	"long-name":     func() []byte { return []byte("domains: [" + strings.Repeat("abcdefghi.", 30) + "com]\n") },
	"long-label":    func() []byte { return []byte("domains: [" + strings.Repeat("a", 64) + ".com]\n") },
	"many-mistakes": func() []byte {
		var b strings.Builder
		for i := range 30 {
			fmt.Fprintf(&b, "mistake%02d: 1\n", i)
		}
		return []byte(b.String())
	},
}
