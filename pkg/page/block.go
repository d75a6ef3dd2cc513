package page

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// Signature describes the answer that a provider gives in place of an unfiled
// site. What is empty does not matter; what is given must all hold, and of
// Titles and Phrases together one.
type Signature struct {
	ID   string
	Name text.Text
	// Confidence is high, medium or low. A low one is a hint only.
	Confidence string
	Statuses   []int
	Headers    []string // "Name: value"
	// Locations are beginnings of the address redirected to, without its scheme.
	Locations []string
	Titles    []string
	Phrases   []string
	// Shared tells that a name is blocked for other reasons with the same answer.
	Shared bool
}

// Decides reports whether the signature is proof enough by itself.
func (s *Signature) Decides() bool { return s.Confidence == "high" || s.Confidence == "medium" }

// scanned is how much of a page is searched for phrases, in bytes; block pages are short.
const scanned = 256 << 10

// Block finds the signature that an answer bears: the best by confidence, the
// first among equals, nil for none. body is in UTF-8; location is the address
// the answer redirects to, absolute or not, and empty where it does not.
func Block(status int, header http.Header, body []byte, location string, rows []Signature) *Signature {
	var best *Signature
	body = body[:min(len(body), scanned)]
	title := ""
	for i := range rows {
		s := &rows[i]
		if len(s.Statuses) == 0 && len(s.Locations) == 0 && len(s.Titles) == 0 && len(s.Phrases) == 0 {
			continue // tells nothing about an answer
		}
		if len(s.Titles) > 0 && title == "" {
			title = titleOf(body)
		}
		if s.matches(status, header, body, title, location) && (best == nil || grade(s) > grade(best)) {
			best = s
		}
	}
	return best
}

func grade(s *Signature) int {
	return slices.Index([]string{"low", "medium", "high"}, s.Confidence)
}

func (s *Signature) matches(status int, header http.Header, body []byte, title, location string) bool {
	if len(s.Statuses) > 0 && !slices.Contains(s.Statuses, status) {
		return false
	}
	for _, line := range s.Headers {
		name, value, _ := strings.Cut(line, ":")
		if !slices.ContainsFunc(header.Values(strings.TrimSpace(name)), func(have string) bool { return strings.EqualFold(have, strings.TrimSpace(value)) }) {
			return false
		}
	}
	if len(s.Locations) > 0 {
		_, rest, _ := strings.Cut(location, "//")
		if !slices.ContainsFunc(s.Locations, func(prefix string) bool { return strings.HasPrefix(rest, prefix) }) {
			return false
		}
	}
	if len(s.Titles)+len(s.Phrases) == 0 {
		return true
	}
	return slices.ContainsFunc(s.Titles, func(want string) bool { return title == want }) ||
		slices.ContainsFunc(s.Phrases, func(phrase string) bool { return bytes.Contains(body, []byte(phrase)) })
}

// titleOf reads the <title> of a page, on one line.
func titleOf(page []byte) string {
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken:
			if name, _ := z.TagName(); atom.Lookup(name) == atom.Title && z.Next() == html.TextToken {
				return strings.Join(strings.Fields(string(z.Text())), " ")
			}
		}
	}
}
