package registration

import (
	"errors"
	"fmt"
	"strings"

	whoisparser "github.com/likexian/whois-parser"

	"github.com/icpcheck/icpcheck/pkg/epp"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
)

// Source names a protocol in answers and failures.
const (
	SourceRDAP  = "rdap"
	SourceWHOIS = "whois"
)

// ParseWHOIS reads one WHOIS answer about domain, as bytes came from the server
// (UTF-8, GB18030 or Latin-1). An empty domain means whatever the answer is
// about. The error is a [*failure.Failure]: rate-limited where the server asked
// for fewer queries, refused where it would not answer the query, malformed
// where the text is empty or says nothing that can be relied on.
func ParseWHOIS(domain string, raw []byte) (Record, error) {
	r, err := parseWHOIS(domain, raw)
	if err != nil {
		return Record{}, failure.Of(SourceWHOIS, "", domain, err)
	}
	return r, nil
}

// webPage recognises what an HTTP server or a captive portal says on port 43.
var webPage = pattern.New(`(?i)^\s*(<!doctype|<html|http/\d)`)

func parseWHOIS(domain string, raw []byte) (Record, error) {
	fail := func(kind failure.Kind, text string) (Record, error) {
		return Record{}, failure.New(kind, SourceWHOIS, "", domain, errors.New(text))
	}
	if len(raw) > maxAnswer {
		return fail(failure.Malformed, fmt.Sprintf("the answer is longer than %d bytes", maxAnswer))
	}
	text := decodeText(raw)
	if strings.TrimSpace(text) == "" {
		return fail(failure.Malformed, "the answer is empty")
	}
	if webPage().MatchString(text) {
		return fail(failure.Malformed, "the answer is a web page")
	}
	if isCNNIC(text) {
		if r, ok := parseCNNIC(domain, text); ok {
			return r, nil
		}
	}
	asked := ""
	if domain != "" {
		asked = asciiDomain(domain)
	}
	chosen := choose(readBlocks(text, asked), asked)
	free, kept := false, false
	for _, b := range chosen {
		if b.evidence() {
			return registered(merge(asked, chosen)), nil
		}
		free, kept = free || b.free, kept || b.kept
		if asked == "" {
			domain = b.domain
		}
	}

	// No record. Limits come first: such replies often go on like a free name.
	lines := answerLines(text)
	switch {
	case anyMatch(rateLimit, head(lines)):
		return fail(failure.RateLimited, "the server asks for fewer queries")
	case anyMatch(keptBack, lines), kept:
		return reserved(domain), nil
	case anyMatch(badQuery, head(lines)):
		return fail(failure.Refused, "the server refuses the query")
	case free, anyMatch(notFound, lines):
		return notRegistered(domain), nil
	}
	return parseOther(domain, asked, text)
}

// parseOther lets github.com/likexian/whois-parser read layouts of which ours
// makes nothing. Its record is used only when it carries a date. Its "not found"
// is never used: it looks for two words anywhere, terms of use included. It may
// panic, which then is the answer's fault.
func parseOther(domain, asked, text string) (r Record, err error) {
	fail := func(kind failure.Kind, text string) (Record, error) {
		return Record{}, failure.New(kind, SourceWHOIS, "", domain, errors.New(text))
	}
	defer func() {
		if p := recover(); p != nil {
			r, err = fail(failure.Malformed, fmt.Sprintf("the answer broke the parser: %v", p))
		}
	}()
	info, err := whoisparser.Parse(text)
	switch {
	case errors.Is(err, whoisparser.ErrDomainLimitExceed):
		return fail(failure.RateLimited, "the server asks for fewer queries")
	case err != nil || info.Domain == nil:
		return fail(failure.Malformed, "the answer is in no known layout")
	}
	r.Domain = asked
	if d := asciiDomain(info.Domain.Domain); d != "" {
		r.Domain = d
	}
	// The library's own times take those without a zone for UTC.
	local := localZone(r.Domain)
	if t, ok := parseTime(info.Domain.CreatedDate, local); ok {
		r.CreatedAt = &t
	}
	if t, ok := parseTime(info.Domain.ExpirationDate, local); ok {
		r.ExpiresAt = &t
	}
	if r.CreatedAt == nil && r.ExpiresAt == nil {
		return fail(failure.Malformed, "the answer is in no known layout")
	}
	for _, value := range info.Domain.Status {
		for _, status := range epp.Parse(value) {
			r.Statuses = addNew(r.Statuses, status)
		}
	}
	for _, value := range info.Domain.NameServers {
		r.Nameservers = addHosts(r.Nameservers, value)
	}
	if info.Registrar != nil {
		r.Registrar = registrarName(info.Registrar.Name)
		if ianaNumber().MatchString(info.Registrar.ID) {
			r.RegistrarIANAID = info.Registrar.ID
		}
	}
	if info.Registrant != nil {
		r.Registrant = holder(info.Registrant.Organization, info.Registrant.Name)
	}
	return registered(r), nil
}
