package registration

import (
	"strings"

	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
)

// What servers say instead of a record. Every pattern is matched against single
// lines, since terms of use speak of limits, reservations and availability too;
// the looser ones only against the head of an answer.
const (
	// errorMark is what may stand before an answer.
	errorMark = `^(error:? ?)?(\d+:? ?)?(sorry,? ?|unfortunately,? ?)?(but )?`
	// subject is what an answer speaks of: a domain, by word or by name.
	subject = `(the |this )?(requested |queried )?(domain|object|key|record|entry|name|whois entry|"?[^ ]+\.[^ ]+"?)`
)

var (
	rateLimit = pattern.New(`(?i)` + strings.Join([]string{
		`queried interval is too short`,
		`\b(quer(y|ies)|quota|limit|rate|look-?ups?|connections?|requests?)\b.{0,50}\b(exceeded|reached)\b`,
		`\bexceed(ed|s|ing)?\b.{0,60}\b(quota|limit|number|rate|maximum|quer(y|ies)|requests?)\b`,
		`too many (requests|queries|connections|lookups|simultaneous)`,
		`excessive (querying|queries|requests|use)`,
		`(try|come back|query) again (later|in|after|tomorrow)`,
		`(server|service|system) (is )?(currently |too )?(busy|overloaded)`,
		`temporarily (unavailable|blocked|denied|banned|suspended)`,
		`\brate.?limit(ed|ing)? ?(exceeded|in effect|$|[.,:!])`,
		`you (are|have been|were) (temporarily )?(blocked|banned|blacklisted|rate.?limited|throttled)`,
		`(ip|address|host|client) .{0,60}(is|has been) (blocked|banned|blacklisted|black listed)`,
		`query too (frequent|often|fast)`, `too (frequent|fast)\b`, `slow down`,
		`频繁|频率|查询次数|查询过快|请求过多|请稍[后候]`,
	}, "|"))

	keptBack = pattern.New(`(?i)` + strings.Join([]string{
		`in the reserved list`,
		`^(sorry, ?)?the domain( name)? (you (requested|queried|want to register)|requested) is (prohibited|reserved|blocked)`,
		`^(this |the |domain |name |domain name |"?[a-z0-9.-]+\.[a-z0-9-]+"? )*(is |has been )?(a )?(reserved|prohibited|blocked)( (domain|name|domain name|by|for|from|in|due)\b.*)?[.!]?$`,
		`can ?not be registered`, `not available for registration`, `dpml brand protection`, `subscribes to the (uni eps|adultblock)`,
	}, "|"))

	badQuery = pattern.New(`(?i)` + strings.Join([]string{
		`^(error:? ?)?(\d+:? ?)?invalid\b`, `\binvalid (query|input|domain|request|syntax|pattern|character|name)`,
		`non bijective`, `s[oó]lo acepta`, `only accepts? (queries|domains|requests)`, `not a valid domain`,
		`(malformed|bad|unsupported|illegal) (request|query|domain)`, `syntax error`, `(tld|suffix|zone|extension) (is )?not supported`,
		`(request|access|query) (was |is |has been )?(denied|refused|rejected)`, `not authori[sz]ed to (use|query) this server`,
		`requests of this client are not permitted`,
	}, "|"))

	// Most alternatives hold the whole line, from its first word on: a line of
	// the terms of use may break anywhere, and must never free a name.
	notFound = pattern.New(`(?i)` + strings.Join([]string{
		`^no match`, `^[a-z ]{0,25}/ no match`, `^nothing found`, `^no found`,
		errorMark + `no (such )?(data|entr(y|ies)|records?|objects?|results?|domain|whois)( [^ ]+){0,4}? (found|matche[sd]|exists?|available)\b.{0,60}$`,
		errorMark + `no such domain\b.{0,60}$`, errorMark + `no results were found`, errorMark + `no information available about`,
		`^(this )?query returned 0 objects`,
		errorMark + subject + `.{0,70}\bnot (be )?found( in .{0,60}| here| on .{0,40}| \(.*)?[.!"]*$`,
		`^not found([.:!]*$|: ?[^ ]+$)`,
		errorMark + subject + `.{0,60}\b(is|has) not (been |a |yet )*registe?red\b.{0,30}$`, `^not registered\b`, errorMark + subject + `.{0,60} not registe?red[.!]*$`, `^unregistered[.!]?$`,
		errorMark + subject + `.{0,70}\b(does not|doesn't) exist\b.{0,40}$`, `: no existe$`, `^domain unknown`, `^domain name not known`,
		`^(the )?(domain( name)? )?"?[^ ]+\.[^ ]+"? is (still )?(available|free)( for (registration|purchase))?[.!]?( -.*)?$`,
		`^(available|free|avail)[.!]?$`, `^domain (is )?(available|free)\b`, `^this (domain|name|domain name) is (available|free)\b`,
		`do not have an entry in our database`, errorMark + subject + `.{0,40}\bnot (available )?in (our|the) (whois )?database`,
		`does not have any data for|^any data for`, `^(sorry,? )?(we )?could not (find|locate) (the requested|any|this|a|that) `,
		`no se encontr`, `premium name \(no match`, `(platinum|premium) domain is available for purchase`,
	}, "|"))
)

// What an answer without a record may look like: a line of more than longLine
// bytes is prose, and one beyond the first mostLines belongs to something else.
const (
	longLine  = 200
	mostLines = 1000
)

// answerLines returns the lines that may carry an answer, without the marks of
// comments, which some registries use for the answer itself.
func answerLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.Trim(strings.TrimSpace(line), "%#*;-<> "))
		if line != "" && len(line) <= longLine {
			lines = append(lines, clean(line))
		}
		if len(lines) == mostLines {
			break
		}
	}
	return lines
}

// head returns the first lines, or all of an answer too short for terms of use.
func head(lines []string) []string {
	const short, first = 600, 6
	total := 0
	for _, line := range lines {
		total += len(line)
	}
	if total <= short {
		return lines
	}
	return lines[:min(first, len(lines))]
}

func anyMatch(p pattern.Pattern, lines []string) bool {
	for _, line := range lines {
		if p().MatchString(line) {
			return true
		}
	}
	return false
}
