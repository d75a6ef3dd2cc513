package page

import (
	"bytes"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
)

// reader goes over a page once and keeps its visible text in two forms: as
// written, and folded with spaces dropped, in which numbers are found whatever
// elements they are spread over.
type reader struct {
	page *url.URL // where the page comes from, nil where that is not known
	base *url.URL // what relative links start from

	raw    []rune  // visible text, spaces collapsed; '\n' between blocks
	folded []rune  // the same folded; '\n' between blocks
	at     []int32 // the place in raw of each folded character
	anchor []int32 // the anchor around each folded character, -1 for none

	anchors []anchor
	inside  int32 // the innermost open anchor plus one, 0 for none
	hidden  int   // how many hidden elements are open
	unseen  strings.Builder

	scripts   int  // <script> elements
	frames    int  // <frame> and <iframe>
	emptyRoot bool // the element that scripts fill has nothing in it
	emptyFoot bool // a footer has nothing in it
	sentOn    bool // <meta http-equiv=refresh>
	wantsJS   bool // <noscript> asks for JavaScript
}

// blocks end a line of text.
var blocks = set(atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Br, atom.Center, atom.Dd, atom.Div, atom.Dl,
	atom.Dt, atom.Fieldset, atom.Figure, atom.Footer, atom.Form, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Header, atom.Hr,
	atom.Li, atom.Main, atom.Nav, atom.Ol, atom.P, atom.Pre, atom.Section, atom.Table, atom.Tbody, atom.Td, atom.Tfoot, atom.Th, atom.Thead,
	atom.Tr, atom.Ul)

// unshown have text that a visitor does not read as part of the page.
var unshown = set(atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Title, atom.Textarea, atom.Iframe, atom.Noframes,
	atom.Object, atom.Select, atom.Datalist, atom.Xmp)

// roots are the ids of elements that the usual frameworks put a page into.
var roots = []string{"app", "root", "__next", "__nuxt", "__layout", "main-app", "app-root", "q-app", "___gatsby", "svelte", "container-app", "icestark-container", "ice-container"}

var (
	footID    = pattern.New(`(?i)^(?:page|site|main|app|my|common|web)?[-_]?(?:footer|foot|bottom|copyright)[-_]?(?:box|wrap|con|content|container|area)?$`)
	invisible = pattern.New(`(?i)(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)`)
	asksForJS = pattern.New(`(?i)javascript|js|脚本`)
)

func set(list ...atom.Atom) map[atom.Atom]bool {
	m := make(map[atom.Atom]bool, len(list))
	for _, a := range list {
		m[a] = true
	}
	return m
}

// element is what has to be remembered of an open element.
type element struct {
	tag     atom.Atom
	hides   bool
	anchor  int32 // plus one; 0 for none
	outside int32 // the anchor around it
	root    bool
	foot    bool
	before  int // folded characters before it
}

// tree visits the nodes below n. The parser bounds the depth.
func (r *reader) tree(n *html.Node) {
	if n.Type == html.TextNode {
		tag := atom.Atom(0)
		if n.Parent != nil {
			tag = n.Parent.DataAtom
		}
		r.text(n.Data, tag)
		return
	}
	if n.Type == html.ElementNode {
		defer r.leave(r.enter(n.DataAtom, n.Data, n.Attr))
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.tree(c)
	}
}

// tokens reads a page without a tree. Only elements that matter are kept open,
// so the depth of the rest is of no account.
func (r *reader) tokens(page []byte) {
	z := html.NewTokenizer(bytes.NewReader(page))
	var open []element
	tag := atom.Atom(0)
	for {
		switch z.Next() {
		case html.ErrorToken:
			for i := len(open) - 1; i >= 0; i-- {
				r.leave(open[i])
			}
			return
		case html.TextToken:
			r.text(string(z.Text()), tag)
		case html.StartTagToken:
			t := z.Token()
			e := r.enter(t.DataAtom, t.Data, t.Attr)
			tag = t.DataAtom
			if e.anchor != 0 || e.hides && unshown[e.tag] {
				open = append(open, e)
			} else if e.hides {
				r.hidden-- // without a tree its end is anybody's guess
			}
		case html.SelfClosingTagToken:
			t := z.Token()
			r.leave(r.enter(t.DataAtom, t.Data, t.Attr))
		case html.EndTagToken:
			t := z.Token()
			tag = 0
			if len(open) > 0 && open[len(open)-1].tag == t.DataAtom {
				r.leave(open[len(open)-1])
				open = open[:len(open)-1]
			}
			if blocks[t.DataAtom] {
				r.border()
			}
		}
	}
}

func attribute(list []html.Attribute, key string) (string, bool) {
	for _, a := range list {
		if a.Key == key && a.Namespace == "" {
			return a.Val, true
		}
	}
	return "", false
}

func (r *reader) enter(tag atom.Atom, name string, attributes []html.Attribute) element {
	e := element{tag: tag, outside: r.inside, before: len(r.folded), hides: unshown[tag]}
	id, _ := attribute(attributes, "id")
	switch tag {
	case atom.Script:
		r.scripts++
	case atom.Iframe, atom.Frame:
		r.frames++
	case atom.Base:
		if href, ok := attribute(attributes, "href"); ok {
			if u, err := url.Parse(strings.TrimSpace(href)); err == nil {
				if r.page != nil {
					u = r.page.ResolveReference(u)
				}
				if u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
					r.base = u
				}
			}
		}
	case atom.Meta:
		if equiv, _ := attribute(attributes, "http-equiv"); strings.EqualFold(equiv, "refresh") {
			content, _ := attribute(attributes, "content")
			r.sentOn = r.sentOn || strings.Contains(strings.ToLower(content), "url")
		}
	case atom.Html, atom.Body:
		// Pages hide themselves until their scripts have run; what they hold counts.
	default:
		style, _ := attribute(attributes, "style")
		_, hidden := attribute(attributes, "hidden")
		e.hides = e.hides || hidden || invisible().MatchString(style)
	}
	if e.hides {
		r.hidden++
	}
	e.root = slices.Contains(roots, strings.ToLower(id)) || name == "app-root"
	e.foot = tag == atom.Footer || footID().MatchString(id)
	href, isLink := attribute(attributes, "href")
	isLink = isLink && tag == atom.A || tag == atom.Area && isLink
	script, clicks := attribute(attributes, "onclick")
	if tag != atom.Body && tag != atom.Html && (isLink || clicks) {
		r.anchors = append(r.anchors, anchor{href: href, hasHref: isLink, script: script, start: len(r.folded)})
		e.anchor = int32(len(r.anchors))
		// A handler around a link does not take the link's place, nor the other way.
		if isLink || r.inside == 0 || !r.anchors[r.inside-1].hasHref {
			r.inside = e.anchor
		}
	}
	if blocks[tag] {
		r.border()
	}
	return e
}

func (r *reader) leave(e element) {
	if e.anchor != 0 {
		r.anchors[e.anchor-1].end = len(r.folded)
	}
	r.inside = e.outside
	if e.hides {
		r.hidden--
		r.unseen.WriteByte('\n')
	}
	empty := strings.TrimSpace(string(r.folded[e.before:min(len(r.folded), e.before+8)])) == ""
	r.emptyRoot = r.emptyRoot || e.root && empty
	r.emptyFoot = r.emptyFoot || e.foot && empty
	if blocks[e.tag] {
		r.border()
	}
}

// border ends a line.
func (r *reader) border() {
	if r.hidden > 0 {
		r.unseen.WriteByte('\n')
		return
	}
	if n := len(r.folded); n > 0 && r.folded[n-1] != '\n' {
		r.folded, r.at, r.anchor = append(r.folded, '\n'), append(r.at, int32(len(r.raw))), append(r.anchor, -1)
	}
	if n := len(r.raw); n > 0 && r.raw[n-1] != '\n' {
		r.raw = append(r.raw, '\n')
	}
}

func (r *reader) text(s string, parent atom.Atom) {
	if r.hidden > 0 {
		switch parent {
		case atom.Style, atom.Title, atom.Textarea, atom.Select, atom.Option:
		case atom.Script:
			r.unseen.WriteString(unescape(s))
		case atom.Noscript:
			r.wantsJS = r.wantsJS || asksForJS().MatchString(s)
			r.unseen.WriteString(unescape(s))
		default:
			r.unseen.WriteString(s)
		}
		return
	}
	for _, c := range s {
		if unicode.IsSpace(c) {
			if n := len(r.raw); n > 0 && r.raw[n-1] != ' ' && r.raw[n-1] != '\n' {
				r.raw = append(r.raw, ' ')
			}
			continue
		}
		if f := fold(c); f != 0 {
			r.folded, r.at, r.anchor = append(r.folded, f), append(r.at, int32(len(r.raw))), append(r.anchor, r.inside-1)
		}
		r.raw = append(r.raw, c)
	}
}

// written gives folded characters as they were written, on one line.
func (r *reader) written(start, end int) string {
	text := string(r.raw[r.at[start] : r.at[end-1]+1])
	return strings.Join(strings.Fields(text), " ")
}

func foldText(s string) []rune {
	out := make([]rune, 0, len(s)/2)
	for _, c := range s {
		if c == '\n' {
			out = append(out, c)
		} else if f := fold(c); f != 0 {
			out = append(out, f)
		}
	}
	return out
}

var (
	escapes = pattern.New(`\\(?:u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{2})|/)`)
	tags    = pattern.New(`<[^<>]*>`)
)

// unescape turns the strings of a script into the text they would show: \u5907,
// \x41 and <\/a> as they are meant, without tags.
func unescape(s string) string {
	if strings.Contains(s, `\`) {
		s = escapes().ReplaceAllStringFunc(s, func(m string) string {
			digits := strings.Trim(m[1:], "ux{}/")
			if digits == "" {
				return "/"
			}
			n, err := strconv.ParseUint(digits, 16, 32)
			if err != nil {
				return m
			}
			return string(rune(n))
		})
	}
	s = tags().ReplaceAllStringFunc(s, func(tag string) string {
		if len(tag) > 2 && (tag[1] == '/' || tag[1] >= 'a' && tag[1] <= 'z') {
			return ""
		}
		return tag
	})
	if strings.Contains(s, "&") {
		s = html.UnescapeString(s)
	}
	return s
}

// few is how little text a page has that shows next to nothing by itself, in characters.
const few = 200

// needsRender judges a page without a visible filing number.
func (r *reader) needsRender(unseen []Number) bool {
	if slices.ContainsFunc(unseen, func(n Number) bool { return n.Kind.Filing() }) {
		return true
	}
	if r.sentOn && len(r.folded) < few || r.frames > 0 && len(r.folded) < few {
		return true
	}
	if r.scripts == 0 {
		return false
	}
	return r.emptyRoot || r.emptyFoot || len(r.folded) < few && r.wantsJS || len(r.folded) < 20
}
