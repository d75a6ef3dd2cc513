package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/icpcheck/icpcheck/pkg/text"
	"github.com/icpcheck/icpcheck/pkg/verdict"
	"github.com/icpcheck/icpcheck/pkg/yamlfile"
)

// environment is everything outside the program that a run touches, so that
// tests can run the whole command in-process.
type environment struct {
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	// clock is the time of the run where --now does not say otherwise.
	clock func() time.Time
	// userCache finds the folder for what can be had again; nil keeps nothing
	// between runs, so that tests leave no trace unless they say --cache-dir.
	userCache func() (string, error)
	// userConfig finds the folder of config files; nil reads none unless it is named.
	userConfig func() (string, error)
	// config is the config file that was read last.
	config *configFile
	// origins tells which options were given otherwise than as a flag.
	origins map[string]text.Text
	// terminal tells whether stdout is a terminal, and how wide it is.
	terminal bool
	width    int
	// watched tells whether stderr is a terminal, where someone may be waiting,
	// and watchedWidth how wide that is; 0 is not known.
	watched      bool
	watchedWidth int
	// profile is what --cpuprofile writes, or nil.
	profile *os.File
}

// system is the environment of the real process.
func system() *environment {
	e := &environment{
		args: os.Args[1:], stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		getenv: os.Getenv, clock: time.Now, userCache: os.UserCacheDir, userConfig: os.UserConfigDir,
	}
	if term.IsTerminal(int(os.Stdout.Fd())) {
		e.terminal = true
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
			e.width = w
		}
	}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		e.watched = true
		if w, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil {
			e.watchedWidth = w
		}
	}
	return e
}

// usageError is a mistake on the command line; hint says what to try.
type usageError struct {
	err  error
	hint text.Text
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usage is a mistake on the command line in both languages; see text.Errorf.
func usage(zh, en string, args ...any) error { return &usageError{err: text.Errorf(zh, en, args...)} }

// flagError is a mistake in what a flag says.
func flagError(flag string, err error) error {
	return &usageError{err: fmt.Errorf("%s: %w", flag, err)}
}

// warn says something on stderr in the language of the run.
func (a *app) warn(zh, en string, args ...any) {
	fmt.Fprintf(a.stderr, "icpcheck: %s\n", text.Clean(text.ErrorIn(text.Errorf(zh, en, args...), a.lang)))
}

// reason drops from an error of the file system what the message around it
// says already: the operation, and the name, which may be a temporary one. What
// people meet most is said in both languages.
func reason(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	zh := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		zh = "没有这个文件或目录"
	case errors.Is(err, fs.ErrPermission):
		zh = "没有权限"
	case errors.Is(err, fs.ErrExist):
		zh = "已经存在"
	case errors.Is(err, syscall.EISDIR):
		zh = "是目录"
	case errors.Is(err, syscall.ENOTDIR):
		zh = "路径中有一段不是目录"
	case errors.Is(err, syscall.ELOOP):
		zh = "符号链接绕成了圈"
	case errors.Is(err, syscall.ENOSPC):
		zh = "磁盘已满"
	case errors.Is(err, syscall.EROFS):
		zh = "文件系统是只读的"
	default:
		return err
	}
	return text.Errorf(zh, "%w", err)
}

// statusError ends the run with a status and without a message of its own.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// run does everything and returns the exit status.
func run(e *environment) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first interruption lets a command finish what is in flight; the second
	// ends the process, as if nobody had asked for the first.
	defer context.AfterFunc(ctx, stop)()
	out := &checked{w: e.stdout}
	e.stdout = out
	root := newRoot(e)
	root.SetArgs(e.args)
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	err := root.ExecuteContext(ctx)
	if stopErr := e.stopProfile(); err == nil {
		err = stopErr
	}
	var status statusError
	if out.err != nil && (err == nil || errors.As(err, &status) || errors.Is(err, out.err)) {
		// A verdict on half a report would be worse than none.
		err = text.Errorf("写输出：%w", "writing the output: %w", reason(out.err))
	}
	switch {
	case err == nil:
		return verdict.ExitReady
	case errors.As(err, &status):
		return int(status)
	}
	e.explain(err)
	return verdict.ExitCouldNotRun
}

// checked remembers the first error of a writer, so that no command has to
// look at each of its prints.
type checked struct {
	w   io.Writer
	err error
}

func (c *checked) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if err != nil && c.err == nil {
		c.err = err
	}
	return n, err
}

// explain prints an error on stderr: a line each, for mistakes in files with
// the offending line and a caret, and a hint where there is one.
func (e *environment) explain(err error) {
	lang := e.language()
	// What programs that read logs look for is the same in both languages.
	const mark = "icpcheck: error: "
	var problems yamlfile.Problems
	var problem yamlfile.Problem
	switch {
	case errors.As(err, &problems):
	case errors.As(err, &problem):
		problems = yamlfile.Problems{problem}
	}
	if problems != nil {
		const most = 20
		for i, p := range problems {
			if i == most {
				fmt.Fprintf(e.stderr, "%s%s\n", mark, text.ErrorIn(text.Errorf("……还有 %d 处", "… and %d more", len(problems)-most), lang))
				break
			}
			fmt.Fprintf(e.stderr, "%s%s\n", mark, text.Clean(p.In(lang)))
			if detail := p.Detail(); detail != "" {
				fmt.Fprintln(e.stderr, detail)
			}
		}
		return
	}
	for _, line := range strings.Split(text.ErrorIn(err, lang), "\n") {
		fmt.Fprintf(e.stderr, "%s%s\n", mark, text.Clean(line))
	}
	var u *usageError
	if !errors.As(err, &u) {
		return
	}
	if !u.hint.Empty() {
		fmt.Fprintf(e.stderr, "icpcheck: hint: %s\n", u.hint.In(lang))
	}
	// Who gave no such flag would look for it in vain.
	if name, found := strings.CutPrefix(u.Error(), "--"); found {
		name, _, _ = strings.Cut(name, " ")
		name = strings.TrimSuffix(name, ":")
		if origin, other := e.origins[name]; other {
			hint := text.Text{Zh: "--" + name + " 来自" + origin.Zh, En: "--" + name + " comes from " + origin.En}
			fmt.Fprintf(e.stderr, "icpcheck: hint: %s\n", text.Clean(hint.In(lang)))
		}
	}
}
