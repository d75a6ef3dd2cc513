package playback

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"
)

const (
	zoneFile  = "dns.zone"
	jsonKey   = "x_icpcheck_recording"
	subnetDir = "subnet"
	subnetExt = ".zone"
	notesFile = "README.md"
)

// headerKeys are the four things that every recorded file tells.
var headerKeys = []string{"recorded", "server", "query", "anonymised"}

// format is one kind of recorded file.
type format struct {
	dir, ext  string // of <dir>/<name><ext>; both empty for the zone file
	open, end string // how a header line begins and ends; both empty for JSON
}

var (
	rdapFormat  = format{dir: "rdap", ext: ".json"}
	whoisFormat = format{dir: "whois", ext: ".txt", open: "# "}
	httpFormat  = format{dir: "http", ext: ".html", open: "<!-- ", end: " -->"}
	zoneFormat  = format{open: "; "}
)

// recording is a recording in memory: answers by name, headers taken off.
type recording struct {
	rdap, whois, http map[string][]byte
	zone              *zone
	subnets           []subnetZone
}

// subnetZone holds the records that clients of one network get instead.
type subnetZone struct {
	subnet netip.Prefix
	zone   *zone
}

// load reads a whole recording, so that a broken one fails at the start and not
// in the middle of a test.
func load(fsys fs.FS) (*recording, error) {
	var rec recording
	for _, part := range []struct {
		into *map[string][]byte
		format
	}{{&rec.rdap, rdapFormat}, {&rec.whois, whoisFormat}, {&rec.http, httpFormat}} {
		answers, err := loadDir(fsys, part.format)
		if err != nil {
			return nil, err
		}
		*part.into = answers
	}
	text, err := fs.ReadFile(fsys, zoneFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading recording: %w", err)
	}
	if rec.zone, err = parseZone(text); err != nil {
		return nil, fmt.Errorf("reading recording %s: %w", zoneFile, err)
	}
	paths, err := fs.Glob(fsys, subnetDir+"/*"+subnetExt)
	if err != nil {
		return nil, fmt.Errorf("reading recording: %w", err)
	}
	for _, p := range paths {
		subnet, ok := subnetOf(p)
		if !ok {
			return nil, fmt.Errorf("reading recording %s: want a network such as 192.0.2.0_24%s", p, subnetExt)
		}
		text, err := fs.ReadFile(fsys, p)
		if err != nil {
			return nil, fmt.Errorf("reading recording: %w", err)
		}
		z, err := parseZone(text)
		if err != nil {
			return nil, fmt.Errorf("reading recording %s: %w", p, err)
		}
		rec.subnets = append(rec.subnets, subnetZone{subnet, z})
	}
	return &rec, nil
}

// subnetOf reads the network in the name of a file below subnet/.
func subnetOf(p string) (netip.Prefix, bool) {
	name, ok := strings.CutSuffix(path.Base(p), subnetExt)
	if !ok || path.Dir(p) != subnetDir {
		return netip.Prefix{}, false
	}
	subnet, err := netip.ParsePrefix(strings.ReplaceAll(name, "_", "/"))
	return subnet, err == nil && subnet == subnet.Masked()
}

func loadDir(fsys fs.FS, f format) (map[string][]byte, error) {
	paths, err := fs.Glob(fsys, f.dir+"/*"+f.ext)
	if err != nil {
		return nil, fmt.Errorf("reading recording: %w", err)
	}
	answers := map[string][]byte{}
	for _, p := range paths {
		name := strings.TrimSuffix(path.Base(p), f.ext)
		if err := checkName(name); err != nil {
			return nil, fmt.Errorf("reading recording %s: %w", p, err)
		}
		data, err := fs.ReadFile(fsys, p)
		if err != nil {
			return nil, fmt.Errorf("reading recording: %w", err)
		}
		_, answers[name] = splitHeader(data, f)
	}
	return answers, nil
}

// checkName demands the spelling under which queries are looked up.
func checkName(name string) error {
	odd := strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' })
	if odd || name == "" || name != canonical(name) {
		return fmt.Errorf("%q is not a name in lower-case ASCII", name)
	}
	return nil
}

// canonical is the spelling of names in recordings, faults and counters.
func canonical(name string) string {
	return strings.TrimSuffix(strings.ToLower(name), ".")
}

// splitHeader takes the header lines off the top. It stops at the first line
// that is none of ours, since registries write comments of their own.
func splitHeader(data []byte, f format) (header map[string]string, body []byte) {
	header = map[string]string{}
	for f.open != "" {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		text, opened := strings.CutPrefix(strings.TrimRight(string(line), "\r"), f.open)
		text, ended := strings.CutSuffix(text, f.end)
		key, value, found := strings.Cut(text, ":")
		if !opened || !ended || !found || !slices.Contains(headerKeys, key) {
			break
		}
		header[key] = strings.TrimSpace(value)
		data = rest
	}
	return header, data
}

// jsonHeader reads the header of an RDAP answer.
func jsonHeader(data []byte) (map[string]string, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return nil, fmt.Errorf("no JSON object: %w", err)
	}
	header := map[string]string{}
	if raw, ok := object[jsonKey]; ok {
		if err := json.Unmarshal(raw, &header); err != nil {
			return nil, fmt.Errorf("%s: %w", jsonKey, err)
		}
	}
	return header, nil
}

// CheckHeaders demands of every file in a recording that it lies where the
// layout wants it and that its header tells when it was recorded (2006-01-02),
// from which server, with which query, and what was anonymised. The error names
// every file that does not, in one line.
func CheckHeaders(fsys fs.FS) error {
	var problems []string
	err := fs.WalkDir(fsys, ".", func(p string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == notesFile {
			return err
		}
		data, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		if err := checkHeader(p, data); err != nil {
			problems = append(problems, p+": "+err.Error())
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading recording: %w", err)
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "; "))
	}
	return nil
}

func checkHeader(p string, data []byte) error {
	f, ok := formatOf(p)
	if !ok {
		return errors.New("not a place for a recorded file")
	}
	header, _ := splitHeader(data, f)
	if f == rdapFormat {
		var err error
		if header, err = jsonHeader(data); err != nil {
			return err
		}
	}
	for _, key := range headerKeys {
		if header[key] == "" {
			return fmt.Errorf("header without %q", key)
		}
	}
	if _, err := time.Parse(time.DateOnly, header["recorded"]); err != nil {
		return fmt.Errorf("recorded %q is not a date such as 2026-11-24", header["recorded"])
	}
	return nil
}

// formatOf tells which kind of recorded file belongs at p.
func formatOf(p string) (format, bool) {
	if p == zoneFile {
		return zoneFormat, true
	}
	if path.Dir(p) == subnetDir {
		_, ok := subnetOf(p)
		return zoneFormat, ok
	}
	for _, f := range []format{rdapFormat, whoisFormat, httpFormat} {
		if name, ok := strings.CutSuffix(path.Base(p), f.ext); ok && path.Dir(p) == f.dir {
			return f, checkName(name) == nil
		}
	}
	return format{}, false
}
