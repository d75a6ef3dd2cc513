package registration

import (
	"strings"
)

// eppStatuses are the names of RFC 5731, RFC 3915 and pendingVerification,
// which Chinese vendors document for names whose holder is not yet verified.
var eppStatuses = []string{
	"ok", "active", "inactive", "linked",
	"addPeriod", "autoRenewPeriod", "renewPeriod", "transferPeriod", "redemptionPeriod",
	"clientDeleteProhibited", "clientHold", "clientRenewProhibited", "clientTransferProhibited", "clientUpdateProhibited",
	"serverDeleteProhibited", "serverHold", "serverRenewProhibited", "serverTransferProhibited", "serverUpdateProhibited",
	"pendingCreate", "pendingDelete", "pendingRenew", "pendingRestore", "pendingTransfer", "pendingUpdate", "pendingVerification",
}

// eppByFold finds an EPP name from its letters alone, since answers write
// serverHold, SERVER-HOLD and "server hold".
var eppByFold = func() map[string]string {
	byFold := map[string]string{
		// Names used before EPP, still seen in old answers.
		"registryhold":  "serverHold",
		"registrarhold": "clientHold",
	}
	for _, name := range eppStatuses {
		byFold[foldStatus(name)] = name
	}
	// RDAP (RFC 8056) says active where EPP says ok.
	byFold["active"] = "ok"
	return byFold
}()

func foldStatus(s string) string {
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

// epp returns the EPP name of s; false where s is not one.
func epp(s string) (string, bool) {
	// Folding drops other letters; they must not turn another word into a name.
	for _, r := range s {
		if r > 127 {
			return "", false
		}
	}
	name, ok := eppByFold[foldStatus(s)]
	return name, ok
}

var statusURL = lazily(`(?i)[(<]?\s*https?://\S*`)

// parseStatuses reads one status value: one EPP name, several, or one followed
// by a link or a remark. Anything else is kept as written.
func parseStatuses(value string) []string {
	value = clean(statusURL().ReplaceAllString(value, " "))
	if value == "" {
		return nil
	}
	if bare, _, remarked := strings.Cut(value, " ("); remarked {
		if name, ok := epp(bare); ok {
			return []string{name}
		}
	}
	if name, ok := epp(value); ok {
		return []string{name}
	}
	tokens := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" ,;|", r) })
	var names []string
	for _, token := range tokens {
		name, ok := epp(token)
		if !ok {
			break
		}
		names = addNew(names, name)
	}
	switch {
	case len(names) == 0:
		return []string{value}
	case len(names) < len(tokens) && !strings.ContainsAny(names[0], "DHPRTUV"):
		// "inactive since May" starts with an ordinary word, not with a status.
		return []string{value}
	}
	return names
}
