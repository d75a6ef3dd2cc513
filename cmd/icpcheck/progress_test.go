//go:build !windows

package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/icpcheck/icpcheck/pkg/playback"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// onTerminal runs the real program with stderr on a pseudo terminal so many
// columns wide, and stdout on it too or else in a pipe.
func onTerminal(t *testing.T, columns uint16, stdoutToo bool, args ...string) (stdout, terminal string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "icpcheck") // under this name the test binary is the program
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	defer master.Close()
	if err := pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	var out, seen bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+filepath.Join(dir, "config"), "LC_ALL=zh_CN.UTF-8", "NO_COLOR=1")
	cmd.Stdout, cmd.Stderr = &out, slave
	if stdoutToo {
		cmd.Stdout = slave
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(&seen, master) // ends with an error when the last writer is gone
	}()
	err = cmd.Run()
	_ = slave.Close()
	<-read
	if code := cmd.ProcessState.ExitCode(); code == 2 || code < 0 {
		t.Fatalf("%v\n%s%s", err, &out, &seen)
	}
	return out.String(), seen.String()
}

// screen is what stands on a terminal after all that was written to it: a
// carriage return goes back to the first column, and text writes over text.
func screen(s string) []string {
	var lines []string
	for _, line := range strings.Split(s, "\r\n") { // the terminal makes \r\n of a line break
		var row []rune
		column := 0
		for _, r := range line {
			if r == '\r' {
				column = 0
				continue
			}
			for range text.Width(string(r)) {
				for len(row) <= column {
					row = append(row, ' ')
				}
				row[column] = r
				column++
			}
		}
		lines = append(lines, strings.TrimRight(string(row), " "))
	}
	return lines
}

// TestProgress watches the line appear, keep within the terminal and go.
func TestProgress(t *testing.T) {
	servers, err := playback.Start(playback.Demo(), playback.Options{Faults: map[string]playback.Fault{"example.com": {Kind: playback.Stall}}})
	if err != nil {
		t.Fatal(err)
	}
	defer servers.Close()
	flags := []string{"--rdap-url", servers.RDAPURL, "--whois-server", servers.WHOISAddr, "--resolver", servers.DNSAddr, "--now", scriptDay, "--timeout", "1500ms"}
	with := func(args ...string) []string { return append(args, flags...) }

	t.Run("one name", func(t *testing.T) {
		stdout, terminal := onTerminal(t, 80, false, with("domain", "example.com")...)
		if !strings.Contains(terminal, "正在查询 example.com … 0 s") || !strings.Contains(terminal, "… 1 s") {
			t.Errorf("no line that moves on: %q", terminal)
		}
		if rest := strings.Join(screen(terminal), ""); rest != "" {
			t.Errorf("left on the terminal: %q", rest)
		}
		if strings.Contains(terminal, "\x1b") || strings.Contains(stdout, "\r") || strings.Contains(stdout, "正在查询") {
			t.Errorf("terminal %q\nstdout %q", terminal, stdout)
		}
	})
	t.Run("the report begins where the line stood", func(t *testing.T) {
		stdout, _ := onTerminal(t, 80, false, with("domain", "example.com", "我的网站.中国")...)
		_, terminal := onTerminal(t, 200, true, with("domain", "example.com", "我的网站.中国")...)
		if !strings.Contains(terminal, "正在查询域名 1/2") {
			t.Errorf("the first of two is not counted: %q", terminal)
		}
		if got, want := screen(terminal)[0], strings.SplitN(stdout, "\n", 2)[0]; got != want {
			t.Errorf("the report begins with %q, want %q", got, want)
		}
		for _, line := range screen(terminal) {
			if strings.Contains(line, "正在查询") {
				t.Errorf("the line is still there: %q", line)
			}
		}
	})
	t.Run("narrow", func(t *testing.T) {
		_, terminal := onTerminal(t, 20, false, with("domain", "example.com")...)
		shown := regexp.MustCompile(`[^\r]+`).FindAllString(terminal, -1)
		if len(shown) == 0 {
			t.Error("no line")
		}
		for _, line := range shown {
			if text.Width(line) >= 20 {
				t.Errorf("%q does not fit into 20 columns", line)
			}
		}
	})
	for name, args := range map[string][]string{
		"quiet":   with("domain", "example.com", "--quiet"),
		"offline": with("domain", "example.com", "--offline"),
	} {
		t.Run(name, func(t *testing.T) {
			if _, terminal := onTerminal(t, 80, false, args...); terminal != "" {
				t.Errorf("shown: %q", terminal)
			}
		})
	}
	t.Run("no terminal", func(t *testing.T) {
		if o := inProcess(t, with("domain", "example.com")...); o.stderr != "" {
			t.Errorf("shown: %q", o.stderr)
		}
	})
	t.Run("a filing", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "filing.yaml")
		if err := os.WriteFile(file, []byte("domains: [example.com]\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, terminal := onTerminal(t, 80, false, with("check", file, "--lang", "en")...); !strings.Contains(terminal, "looking up example.com") {
			t.Errorf("shown: %q", terminal)
		}
	})
	t.Run("a page and a diagnosis", func(t *testing.T) {
		// A server that takes the connection and says nothing.
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		go func() {
			for {
				c, err := listener.Accept()
				if err != nil {
					return
				}
				time.AfterFunc(10*time.Second, func() { c.Close() })
			}
		}()
		_, terminal := onTerminal(t, 80, false, "site", "http://"+listener.Addr().String()+"/", "--allow-private", "--timeout", "1s")
		if !strings.Contains(terminal, "正在打开网页") || strings.Join(screen(terminal), "") != "" {
			t.Errorf("site: %q", terminal)
		}
		_, terminal = onTerminal(t, 80, false, with("diagnose", "example.com")...)
		if !strings.Contains(terminal, "正在诊断 example.com") || strings.Join(screen(terminal), "") != "" {
			t.Errorf("diagnose: %q", terminal)
		}
	})
}
