// Package epp knows the status names of domains (EPP, RFC 5731 and RFC 3915)
// in the spellings that registries, RDAP and people use.
package epp

import (
	"slices"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
)

// names are the names of RFC 5731, RFC 3915 and pendingVerification,
// which Chinese vendors document for names whose holder is not yet verified.
var names = []string{
	"ok", "active", "inactive", "linked",
	"addPeriod", "autoRenewPeriod", "renewPeriod", "transferPeriod", "redemptionPeriod",
	"clientDeleteProhibited", "clientHold", "clientRenewProhibited", "clientTransferProhibited", "clientUpdateProhibited",
	"serverDeleteProhibited", "serverHold", "serverRenewProhibited", "serverTransferProhibited", "serverUpdateProhibited",
	"pendingCreate", "pendingDelete", "pendingRenew", "pendingRestore", "pendingTransfer", "pendingUpdate", "pendingVerification",
}

// byFold finds an EPP name from its letters alone, since answers write
// serverHold, SERVER-HOLD and "server hold". The usual two spellings, of EPP and
// of RDAP, are there as they are.
var byFold = func() map[string]string {
	m := map[string]string{
		// Names used before EPP, still seen in old answers.
		"registryhold":  "serverHold",
		"registrarhold": "clientHold",
	}
	for _, name := range names {
		m[fold(name)] = name
		m[name], m[spaced(name)] = name, name
	}
	// RDAP (RFC 8056) says active where EPP says ok.
	m["active"] = "ok"
	return m
}()

// spaced spells a name as RDAP does (RFC 8056): "server hold".
func spaced(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, s)
}

// Name returns the EPP name of s; false where s is not one.
func Name(s string) (string, bool) {
	if name, ok := byFold[s]; ok {
		return name, true
	}
	// Folding drops other letters; they must not turn another word into a name.
	for _, r := range s {
		if r > 127 {
			return "", false
		}
	}
	name, ok := byFold[fold(s)]
	return name, ok
}

// link matches the explanation that registries add. It is compiled when first
// used, to keep start-up short.
var link = pattern.New(`(?i)[(<]?\s*https?://\S*`)

// remark matches what stands in brackets behind other words, in either width.
var remark = pattern.New(`^([^(（]*[^(（ ]) ?[(（] ?([^()（）]+?) ?[)）]$`)

// Parse reads one status value: one EPP name, several, or one followed by a
// link or a remark, or being the remark or the link's end. Anything else is kept
// as written; an empty value gives nil.
func Parse(value string) []string {
	if name, ok := byFold[value]; ok {
		return []string{name}
	}
	linked := ""
	if strings.Contains(value, "://") { // the pattern takes longer than all the rest
		_, linked, _ = strings.Cut(value, "#")
		value = link().ReplaceAllString(value, " ")
	}
	value = strings.Join(strings.Fields(value), " ")
	if value == "" {
		if name, ok := Name(strings.Trim(linked, " )>")); ok {
			return []string{name}
		}
		return nil
	}
	if strings.ContainsAny(value, "(（") {
		if m := remark().FindStringSubmatch(value); m != nil {
			for _, part := range m[1:] {
				if name, ok := Name(part); ok {
					return []string{name}
				}
			}
		}
	}
	if name, ok := Name(value); ok {
		return []string{name}
	}
	if name, ok := spoken[strings.ToLower(value)]; ok {
		return []string{name}
	}
	tokens := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" ,;|", r) })
	var found []string
	for _, token := range tokens {
		name, ok := Name(token)
		if !ok {
			break
		}
		if !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	switch {
	case len(found) == 0:
		return []string{value}
	case len(found) < len(tokens) && !strings.ContainsAny(found[0], "DHPRTUV"):
		// "inactive since May" starts with an ordinary word, not with a status.
		return []string{value}
	}
	return found
}

// spoken are words that people write into a filing file, and some registrars into
// their answers.
var spoken = map[string]string{
	"expired": "expired", "正常": "ok", "已过期": "expired", "过期": "expired", "赎回期": "redemptionPeriod", "待删除": "pendingDelete",
	"注册局暂停解析": "serverHold", "注册局设置暂停解析": "serverHold", "注册商暂停解析": "clientHold", "注册商设置暂停解析": "clientHold",
}

// Written reads a status as a person writes it: any spelling of an EPP name, a
// line pasted from WHOIS, or a Chinese word. False where it is none of these.
func Written(s string) ([]string, bool) {
	s = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(s), "Domain Status:"))
	if name, ok := spoken[strings.ToLower(s)]; ok {
		return []string{name}, true
	}
	found := Parse(s)
	if len(found) == 0 {
		return nil, false
	}
	for _, f := range found {
		if name, ok := Name(f); !ok || name != f {
			return nil, false
		}
	}
	return found, true
}

// ofRDAP are the statuses of RDAP that are no names of EPP and tell of nothing
// that keeps a domain from being used (RFC 9083, section 10.2.2).
var ofRDAP = []string{
	"validated", "locked", "proxy", "private", "obscured", "associated", "renew prohibited", "update prohibited", "transfer prohibited", "delete prohibited",
}

// Known reports whether it is known what a status means: others may say that a
// domain is suspended, in words of the registry's own.
func Known(status string) bool {
	_, ok := Name(status)
	return ok || status == "expired" || slices.Contains(ofRDAP, status)
}

// Refuses reports whether a status says by itself that the domain is suspended,
// expired or about to be deleted.
func Refuses(status string) bool {
	switch status {
	case "serverHold", "clientHold", "redemptionPeriod", "pendingDelete", "pendingRestore", "expired":
		return true
	}
	return false
}

// Names lists the EPP names, for messages.
func Names() []string { return slices.Clone(names) }
