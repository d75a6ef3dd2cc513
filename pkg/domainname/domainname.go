package domainname

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// Name is one domain name in both spellings, cut at its registrable part.
//
// The suffix follows the whole Public Suffix List. Its private part counts as
// well: the registrable part of www.example.uk.com is example.uk.com. That is
// the name a filing is about, yet the registry of the top-level domain knows
// only uk.com, so Private says where asking that registry would mislead.
type Name struct {
	ASCII       string // whole name, lower case, punycode, no trailing dot
	Unicode     string // the same for reading
	Apex        string // registrable part, ASCII
	ApexUnicode string // the same for reading
	Suffix      string // public suffix, ASCII, for example com.cn
	TLD         string // last label, ASCII
	Private     bool   // Suffix is run by the owner of a name, not by a registry (uk.com, github.io)
}

// Limits of RFC 1035, in octets of the ASCII form.
const (
	maxLabel = 63
	maxName  = 253
)

// missingSuffixes are open for registration under .cn, as CNNIC and CONAC
// announce, but stand in no version of the Public Suffix List: 政务.cn and 公益.cn.
var missingSuffixes = []string{"xn--zfr164b.cn", "xn--55qw42g.cn"}

// profile maps as a browser would before a look-up (case, width, ideographic
// full stop). Hyphens in third and fourth place are allowed, because such names
// exist; every other rule of IDNA 2008 holds.
var profile = idna.New(
	idna.MapForLookup(),
	idna.BidiRule(),
	idna.Transitional(false),
	idna.StrictDomainName(true),
	idna.CheckHyphens(false),
)

// Parse reads one domain name. Surrounding space and one trailing dot are
// ignored. The error is one line that says what is wrong and, where that is
// clear, what to give instead. A name that is itself a public suffix is an
// error, since nobody can file it.
func Parse(s string) (Name, error) {
	ascii, err := toASCII(s)
	if err != nil {
		return Name{}, err
	}
	if !strings.Contains(ascii, ".") {
		return Name{}, text.Errorf("%s 只有一级，请给出完整域名，如 example.com", "%s has only one label, give a full name such as example.com", quote(s))
	}
	suffix, icann := publicSuffix(ascii)
	if suffix == ascii {
		return Name{}, text.Errorf("%s 是公共后缀，请给出它下面的域名", "%s is a public suffix, give a name below it", quote(s))
	}
	rest := strings.TrimSuffix(ascii, "."+suffix)
	apex := rest[strings.LastIndexByte(rest, '.')+1:] + "." + suffix
	return Name{
		ASCII:       ascii,
		Unicode:     ToUnicode(ascii),
		Apex:        apex,
		ApexUnicode: ToUnicode(apex),
		Suffix:      suffix,
		TLD:         ascii[strings.LastIndexByte(ascii, '.')+1:],
		// The list's default rule "*" is not an ICANN rule either, but a suffix
		// of one label is a top-level domain whoever runs it.
		Private: !icann && strings.Contains(suffix, "."),
	}, nil
}

// Registrable returns the registrable part of s in ASCII, and false where there
// is none: s is a public suffix, or no name at all.
func Registrable(s string) (string, bool) {
	name, err := Parse(s)
	return name.Apex, err == nil
}

// ToASCII maps s to lower-case punycode without judging its suffix, so that
// names in answers ("EXAMPLE.CN.", "示例.中国") can be compared. It reports
// false where s is no host name.
func ToASCII(s string) (string, bool) {
	ascii, err := toASCII(s)
	return ascii, err == nil
}

// IsPlain reports whether s is spelled as registries spell most names: two or
// more labels of a to z, 0 to 9 and inner hyphens, none of them punycode, the
// last of letters only, no dot at the end. Such a name is what ToASCII makes of
// it, which spares most names the mapping.
func IsPlain(s string) bool {
	if len(s) > maxName {
		return false
	}
	start, letters := 0, true // of the label being read
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == '.' {
			label := s[start:i]
			if label == "" || len(label) > maxLabel || label[len(label)-1] == '-' || strings.HasPrefix(label, "xn--") {
				return false
			}
			if i < len(s) {
				start, letters = i+1, true
			}
			continue
		}
		switch c := s[i]; {
		case 'a' <= c && c <= 'z':
		case '0' <= c && c <= '9', c == '-' && i > start:
			letters = false
		default:
			return false
		}
	}
	return start > 0 && letters && len(s)-start >= 2
}

// ToUnicode spells an ASCII name for reading. A label that does not decode
// stays as it is.
func ToUnicode(ascii string) string {
	if IsPlain(ascii) {
		return ascii
	}
	unicode, err := profile.ToUnicode(ascii)
	if err != nil {
		return ascii
	}
	return unicode
}

// IsPrivateSuffix reports whether suffix, in ASCII, stands in the private part
// of the Public Suffix List, where the owner of a name, not a registry, hands
// out the names below it.
func IsPrivateSuffix(suffix string) bool {
	if !strings.Contains(suffix, ".") {
		return false
	}
	found, icann := publicSuffix("x." + suffix)
	return found == suffix && !icann
}

// publicSuffix is publicsuffix.PublicSuffix plus the suffixes it lacks.
func publicSuffix(ascii string) (suffix string, icann bool) {
	for _, missing := range missingSuffixes {
		if ascii == missing || strings.HasSuffix(ascii, "."+missing) {
			return missing, true
		}
	}
	return publicsuffix.PublicSuffix(ascii)
}

func toASCII(s string) (string, error) {
	if IsPlain(s) {
		return s, nil
	}
	return mapped(s)
}

// mapped is toASCII for names of every spelling.
func mapped(s string) (string, error) {
	name := strings.TrimSpace(s)
	// No name of 253 octets in ASCII needs more than this many bytes of UTF-8;
	// stopping here keeps the mapping below cheap.
	if len(name) > 16*maxName {
		return "", text.Errorf("%s 超过 %d 个字符", "%s is longer than %d characters", quote(s), maxName)
	}
	if !utf8.ValidString(name) {
		return "", text.Errorf("%s 不是 UTF-8 编码", "%s is not valid UTF-8", quote(s))
	}
	if err := refuse(s, name); err != nil {
		return "", err
	}
	ascii, err := profile.ToASCII(name)
	if err != nil {
		return "", text.Errorf("%s 不是域名：%s", "%s is not a domain name: %s", quote(s), reason(err))
	}
	// The mapping turns the ideographic full stop and its width variants into
	// dots, so dots can only be counted now.
	ascii = strings.TrimSuffix(ascii, ".")
	if len(ascii) > maxName {
		return "", text.Errorf("%s 超过 %d 个字符", "%s is longer than %d characters", quote(s), maxName)
	}
	labels := strings.Split(ascii, ".")
	for i, label := range labels {
		switch {
		case label == "" && i == 0 && len(labels) > 1:
			return "", text.Errorf("%s 以点开头", "%s starts with a dot", quote(s))
		case label == "":
			return "", text.Errorf("%s 有一级是空的", "%s has an empty label", quote(s))
		case len(label) > maxLabel:
			return "", text.Errorf("%s 有一级超过 %d 个字符", "%s has a label longer than %d characters", quote(s), maxLabel)
		case label[0] == '-' || label[len(label)-1] == '-':
			return "", text.Errorf("%s 有一级以连字符开头或结尾", "%s has a label that starts or ends with a hyphen", quote(s))
		case strings.Contains(label, "_"):
			return "", underscore(s)
		}
	}
	if digitsOnly(labels[len(labels)-1]) {
		if _, err := netip.ParseAddr(ascii); err == nil {
			return "", address(s)
		}
		return "", text.Errorf("%s 不是域名：最后一级是数字", "%s is not a domain name: its last label is a number", quote(s))
	}
	return ascii, nil
}

// refuse names the usual mistakes, so that nobody has to read an IDNA error
// for having pasted a URL.
func refuse(s, name string) error {
	if name == "" {
		return text.Errorf("域名是空的", "the domain name is empty")
	}
	_, afterScheme, hasScheme := strings.Cut(name, "://")
	if hasScheme {
		return urlGiven(s, afterScheme)
	}
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return address(s)
	}
	switch {
	case strings.ContainsAny(name, "/\\?#"):
		return urlGiven(s, name)
	case strings.ContainsAny(name, "@＠"):
		return text.Errorf("%s 是邮箱地址，请只给出域名", "%s is an e-mail address, give only the domain name", quote(s))
	case strings.ContainsAny(name, ":："):
		return text.Errorf("%s 带有端口，请只给出域名", "%s has a port, give only the domain name", quote(s))
	case strings.ContainsAny(name, "_＿"):
		return underscore(s)
	case strings.ContainsFunc(name, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }):
		return text.Errorf("%s 里有空格", "%s has a space in it", quote(s))
	}
	return nil
}

func urlGiven(s, rest string) error {
	host := rest
	if i := strings.IndexAny(host, "/\\?#"); i >= 0 {
		host = host[:i]
	}
	host = host[strings.LastIndexByte(host, '@')+1:]
	if i := strings.LastIndexByte(host, ':'); i >= 0 && digitsOnly(host[i+1:]) {
		host = host[:i]
	}
	if ascii, err := toASCII(host); err == nil {
		return text.Errorf("%s 是网址，请只给出主机名：%s", "%s is a URL, give only the host name: %s", quote(s), ToUnicode(ascii))
	}
	return text.Errorf("%s 是网址，请只给出主机名", "%s is a URL, give only the host name", quote(s))
}

func underscore(s string) error {
	return text.Errorf("%s 里有下划线，注册的域名不会有下划线", "%s has an underscore, which no registered name can have", quote(s))
}

func address(s string) error {
	return text.Errorf("%s 是 IP 地址，请给出域名", "%s is an IP address, give a domain name", quote(s))
}

// reason drops the package prefix and the repetition of the name.
func reason(err error) text.Text {
	message := strings.TrimPrefix(err.Error(), "idna: ")
	if strings.HasPrefix(message, "invalid label") {
		return text.Text{Zh: "有一级不合规则（Punycode 错误，或字符不能放在一起）", En: "a label is invalid (bad punycode, or letters that do not go together)"}
	}
	return text.Same(message)
}

// quote shows what was given on one line, cut where it is long.
func quote(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

func digitsOnly(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
