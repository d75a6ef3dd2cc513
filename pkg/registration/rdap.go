package registration

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openrdap/rdap"

	"github.com/icpcheck/icpcheck/pkg/epp"
	"github.com/icpcheck/icpcheck/pkg/failure"
)

// ParseRDAP reads one RDAP answer (RFC 9083) about domain. An error object with
// code 404 is a record that says not registered. The error is a
// [*failure.Failure]: rate-limited for code 429, server-error for 5xx, refused
// for other error codes, malformed where the text is no RDAP answer about a
// domain.
func ParseRDAP(domain string, raw []byte) (Record, error) {
	r, err := parseRDAP(domain, raw)
	if err != nil {
		return Record{}, failure.Of(SourceRDAP, "", domain, err)
	}
	return r, nil
}

func parseRDAP(domain string, raw []byte) (r Record, err error) {
	fail := func(kind failure.Kind, text string) (Record, error) {
		return Record{}, failure.New(kind, SourceRDAP, "", domain, errors.New(text))
	}
	if len(raw) > maxAnswer {
		return fail(failure.Malformed, fmt.Sprintf("the answer is longer than %d bytes", maxAnswer))
	}
	raw = bytes.TrimSpace(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")))
	switch {
	case len(raw) == 0:
		return fail(failure.Malformed, "the answer is empty")
	case raw[0] != '{':
		return fail(failure.Malformed, "the answer is not a JSON object")
	}
	d := answers.Get().(*domainAnswer)
	defer answers.Put(d)
	if d.decodeFast(raw) {
		return domainRecord(domain, d)
	}
	return parseWithLibrary(domain, raw)
}

// parseWithLibrary is parseRDAP for answers of every shape.
func parseWithLibrary(domain string, raw []byte) (r Record, err error) {
	fail := func(kind failure.Kind, text string) (Record, error) {
		return Record{}, failure.New(kind, SourceRDAP, "", domain, errors.New(text))
	}
	// The decoder panics on what it takes for its own bugs.
	defer func() {
		if p := recover(); p != nil {
			r, err = fail(failure.Malformed, fmt.Sprintf("the answer broke the decoder: %v", p))
		}
	}()
	if tooDeep(raw) {
		return fail(failure.Malformed, "the answer is nested too deeply")
	}
	object, err := rdap.NewDecoder(raw).Decode()
	if err != nil {
		return fail(failure.Malformed, "the answer is not RDAP: "+err.Error())
	}
	switch object := object.(type) {
	case *rdap.Domain:
		return domainRecord(domain, fromLibrary(object))
	case *rdap.Error:
		if object.ErrorCode == nil {
			return fail(failure.Malformed, "the answer has an error without a code")
		}
		code := int(*object.ErrorCode)
		if code == 404 {
			return notRegistered(domain), nil
		}
		return fail(kindOfStatus(code), fmt.Sprintf("error %d %s", code, clean(object.Title)))
	}
	return fail(failure.Malformed, "the answer is not about a domain")
}

// deepest is how many levels an answer may have. Contacts of contacts in their
// cards reach about a dozen; the library keeps all of the text below each level.
const deepest = 64

// tooDeep reports whether lists and objects in raw go deeper than that.
func tooDeep(raw []byte) bool {
	depth, inText := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '[' || c == '{':
			if depth++; depth > deepest {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

// kindOfStatus maps an HTTP status, or the error code that repeats it.
func kindOfStatus(code int) failure.Kind {
	switch {
	case code == 429:
		return failure.RateLimited
	case code >= 500 && code <= 599:
		return failure.Server
	case code >= 400 && code <= 499:
		return failure.Refused
	}
	return failure.Malformed
}

func domainRecord(domain string, d *domainAnswer) (Record, error) {
	r := Record{Domain: asciiDomain(cmp.Or(d.LDHName, d.UnicodeName, domain))}
	for _, event := range d.Events {
		t, ok := parseTime(event.Date, time.UTC)
		switch {
		case !ok:
		case strings.EqualFold(event.Action, "registration"):
			r.CreatedAt = firstTime(r.CreatedAt, &t)
		// "registrar expiration" is the registrar's own date; the registry's wins.
		case strings.EqualFold(event.Action, "expiration"):
			r.ExpiresAt = firstTime(r.ExpiresAt, &t)
		}
	}
	for _, status := range d.Status {
		for _, s := range epp.Parse(status) {
			r.Statuses = addNew(r.Statuses, s)
		}
	}
	for _, ns := range d.Nameservers {
		name := ns.LDHName
		if name == "" {
			name = ns.UnicodeName
		}
		r.Nameservers = addHosts(r.Nameservers, name)
	}
	for i := range d.Entities {
		e := &d.Entities[i]
		if e.has("registrar") && r.Registrar == "" {
			r.Registrar = cmp.Or(e.fn, e.org)
			r.RegistrarIANAID = ianaID(e)
		}
		if e.has("registrant") && r.Registrant == "" {
			r.Registrant = holder(e.org, e.fn)
		}
	}
	if r.Domain == "" || d.LDHName == "" && d.UnicodeName == "" && r.CreatedAt == nil && r.ExpiresAt == nil && r.Registrar == "" {
		return Record{}, failure.New(failure.Malformed, SourceRDAP, "", domain, errors.New("the answer names no domain"))
	}
	// Registries describe names that they keep back, too. Nobody sponsors those.
	if r.Registrar == "" && r.CreatedAt == nil && r.ExpiresAt == nil && slices.ContainsFunc(r.Statuses, keptStatus().MatchString) {
		return reserved(r.Domain), nil
	}
	return registered(r), nil
}

// ianaID finds the registrar's IANA number. Where a registry gives no publicIds,
// as .top and .click do, its handle for the registrar is that number.
func ianaID(e *entityAnswer) string {
	for _, id := range e.PublicIDs {
		if strings.Contains(strings.ToLower(id.Type), "iana") && ianaNumber().MatchString(id.Identifier) {
			return id.Identifier
		}
	}
	if len(e.PublicIDs) == 0 && len(e.Handle) <= 5 && ianaNumber().MatchString(e.Handle) {
		return e.Handle
	}
	return ""
}

// card returns the full name and the organisation. One broken property makes
// the library drop the whole card, so the raw one is read leniently then.
func card(e *rdap.Entity) (fn, org string) {
	vcard := e.VCard
	if vcard == nil && e.DecodeData != nil {
		raw, err := json.Marshal(e.DecodeData.Value("vcardArray"))
		if err != nil {
			return "", ""
		}
		vcard, err = rdap.NewVCardWithOptions(raw, rdap.VCardOptions{IgnoreInvalidProperties: true})
		if err != nil {
			return "", ""
		}
	}
	if vcard == nil {
		return "", ""
	}
	return property(vcard, "fn"), property(vcard, "org")
}

func property(vcard *rdap.VCard, name string) string {
	for _, p := range vcard.Get(name) {
		if s := clean(strings.Join(p.Values(), " ")); s != "" {
			return s
		}
	}
	return ""
}
