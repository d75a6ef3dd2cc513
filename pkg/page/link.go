package page

import (
	"net/url"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
)

// Link says where the link of a number leads.
type Link string

// The kinds of links.
const (
	LinkMIIT      Link = "miit"        // https://beian.miit.gov.cn, any path
	LinkMIITHTTP  Link = "miit-http"   // the same host over http
	LinkMIITWWW   Link = "miit-www"    // www.beian.miit.gov.cn
	LinkMIITOld   Link = "miit-old"    // the hosts in use before: miitbeian.gov.cn, miibeian.gov.cn
	LinkPolice    Link = "police-site" // beian.mps.gov.cn, beian.gov.cn
	LinkLookAlike Link = "look-alike"  // a host that is made to look like the ministry's
	LinkBroken    Link = "broken"      // meant for one of these, but leads nowhere: a slash or https:// is missing
	LinkOwnPage   Link = "own-page"    // a page of the same site
	LinkScript    Link = "script"      // opened by script, no link
	LinkEmpty     Link = "empty-href"  // <a href="">
	LinkNone      Link = "none"        // no link at all
	LinkOther     Link = "other"       // another site
)

// ministry reports whether a link is, or was meant to be, to the filing system
// of the ministry.
func (l Link) ministry() bool {
	switch l {
	case LinkMIIT, LinkMIITHTTP, LinkMIITWWW, LinkMIITOld, LinkLookAlike:
		return true
	}
	return false
}

// anchor is an element that leads somewhere: a link, or anything with a click handler.
type anchor struct {
	href       string
	hasHref    bool
	script     string // of onclick
	start, end int    // of its folded text
}

// hosts of the authorities; a name below an old one counts as old too, as the
// bureaus had (xxcainfo.miitbeian.gov.cn).
func linkOfHost(host, scheme string) (Link, bool) {
	switch host {
	case "beian.miit.gov.cn":
		if scheme == "https" {
			return LinkMIIT, true
		}
		return LinkMIITHTTP, true
	case "www.beian.miit.gov.cn":
		return LinkMIITWWW, true
	case "beian.mps.gov.cn", "www.beian.mps.gov.cn", "beian.gov.cn", "www.beian.gov.cn":
		return LinkPolice, true
	}
	for _, old := range []string{"miitbeian.gov.cn", "miibeian.gov.cn"} {
		if host == old || strings.HasSuffix(host, "."+old) {
			return LinkMIITOld, true
		}
	}
	return "", false
}

// scripted finds the address that a click handler opens.
var scripted = pattern.New(`['"]\s*((?:https?:)?/{1,2}[^'"\s]+)`)

// bare is an address whose scheme or slashes are missing, which a browser takes
// for a path on the same site.
var bare = pattern.New(`^(?:https?:?/{0,1})?((?:www\.)?beian\.(?:miit|mps)\.gov\.cn|(?:www\.)?(?:miitbeian|miibeian|beian)\.gov\.cn)(?:[/:?#]|$)`)

// classify tells where an anchor on the page leads. base is what relative links
// start from; both may be nil.
func classify(a *anchor, base, page *url.URL) (Link, string) {
	href := strings.TrimSpace(a.href)
	if !a.hasHref || strings.HasPrefix(strings.ToLower(href), "javascript:") {
		script := a.script
		if a.hasHref && !strings.Contains(strings.ToLower(href), "void") {
			script = href + " " + script
		}
		if m := scripted().FindStringSubmatch(script); m != nil {
			return LinkScript, m[1]
		}
		if strings.TrimSpace(script) != "" {
			return LinkScript, ""
		}
		return LinkNone, ""
	}
	if href == "" {
		return LinkEmpty, ""
	}
	if bare().MatchString(strings.ToLower(href)) {
		return LinkBroken, href
	}
	u, err := url.Parse(strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1 // as browsers do
		}
		return r
	}, href))
	if err != nil {
		return LinkOther, href
	}
	relative := u.Host == "" && (u.Scheme == "" || u.Scheme == "http" || u.Scheme == "https")
	if base != nil {
		u = base.ResolveReference(u)
	}
	host := u.Hostname()
	if ascii, ok := domainname.ToASCII(host); ok {
		host = ascii
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if kind, ok := linkOfHost(host, strings.ToLower(u.Scheme)); ok {
		// A protocol-relative link on a page of unknown address is taken as https.
		if kind == LinkMIITHTTP && u.Scheme == "" {
			kind = LinkMIIT
		}
		return kind, u.String()
	}
	switch {
	case relative || page != nil && host != "" && sameSite(host, page.Hostname()):
		return LinkOwnPage, u.String()
	case lookAlike(host, u):
		return LinkLookAlike, u.String()
	}
	return LinkOther, u.String()
}

func sameSite(a, b string) bool {
	b = strings.ToLower(b)
	return a == b || strings.TrimPrefix(a, "www.") == strings.TrimPrefix(b, "www.")
}

// lookAlike finds hosts that borrow the ministry's name: beian.miit.gov.cn.example.com,
// beian-miit.example, beian.miit.gov.com, or the true host put before an @.
func lookAlike(host string, u *url.URL) bool {
	if u.User != nil && strings.Contains(strings.ToLower(u.User.String()), "beian") {
		return true
	}
	letters := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r
		case r == '1':
			return 'i'
		case r == '0':
			return 'o'
		}
		return -1
	}, host)
	letters = strings.NewReplacer("mlit", "miit", "miilt", "miit", "mitt", "miit").Replace(letters)
	return strings.Contains(letters, "miit") && (strings.Contains(letters, "beian") || strings.Contains(letters, "gov") && !strings.HasSuffix(host, "miit.gov.cn"))
}
