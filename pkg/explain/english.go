package explain

import (
	"slices"
	"strings"
	"sync"

	"github.com/kljensen/snowball/english"
)

// sameEnglish are English words that mean the same in this subject: each is
// read as the last of its line. They are compared by their stems, without small
// words ([readAs]).
var sameEnglish = [][]string{
	{"web site", "website", "web page", "webpage", "internet information service", "site"},
	{"domain name", "domain"},
	{"owner", "registrant", "holder"},
	{"filing entity", "ICP entity", "entity", "organizer", "organiser", "sponsor", "subject"},
	{"company", "enterprise", "organization", "organisation", "unit"},
	{"identity card", "identification card", "ID card", "idcard"},
	{"business license", "business licence", "license", "licence"},
	{"ICP filing number", "ICP license number", "ICP licence number", "ICP record number", "ICP registration number", "filing number", "record number", "ICP number", "icpnumber"},
	{"ICP filing", "ICP license filing", "ICP record", "ICP registration", "filed", "filing"},
	{"real-name", "realname"},
	{"authentication", "authenticated", "verification", "certified", "verify"},
	{"ministry of industry and information technology", "ministry", "MIIT"},
	{"communications administration", "communication administration", "provincial administration", "administration", "authorities", "authority", "regulator", "bureau"},
	{"not match", "mismatch", "mismatched", "inconsistent", "inconsistency", "not consistent", "not same", "different", "not correspond", "not agree", "not identical", "discrepancy", "differ"},
	{"incorrect", "invalid", "not valid", "not correct", "not right", "not acceptable", "not accepted", "unacceptable", "not meet", "not comply", "not compliant", "not conform", "not qualified", "unqualified",
		"not allowed", "not permitted", "prohibited", "forbidden", "not satisfy", "not pass", "unsuccessful", "not successful", "erroneous", "mistyped", "not suitable", "unsuitable", "improper", "violates", "not fulfil",
		"not fulfill", "failed", "failure", "rejected", "problem", "wrong"},
	{"unclear", "not clear", "blurry", "blur", "illegible", "not legible", "unreadable", "not readable", "fuzzy", "too dark", "blurred"},
	{"not open", "not accessed", "not accessible", "inaccessible", "not reached", "not reachable", "not load", "unavailable", "not available", "offline", "not respond", "unreachable"},
	{"lapsed", "run out", "ran out", "has expired", "expired"},
	{"expiry", "expiration", "expiring", "expires"},
	{"deregister", "deregistration", "cancellation", "cancel"},
	{"already used", "already in use", "in use", "used", "duplicate", "duplicated", "occupied", "repeated", "more than once", "taken", "reused"},
	{"being deregistered", "being cancelled", "beingcancelled"},
	{"modification", "modify", "alteration", "alter", "change"},
	{"ongoing", "in progress", "in process", "in processing", "pending", "under review", "reviewed", "being reviewed", "unfinished", "underway", "outstanding", "unresolved", "being processed", "pending"},
	{"application", "request", "order"},
	{"foot", "bottom", "footer"},
	{"home page", "homepage"},
	{"telephone", "mobile phone", "cell phone", "cellphone", "mobile", "phone"},
	{"text message", "short message", "SMS"},
	{"facial", "face"},
	{"person in charge", "person responsible", "responsible person", "principal", "leader", "administrator", "lead"},
	{"legal person", "legal rep", "legal representative", "legalrep"},
	{"curtain", "background cloth", "backdrop"},
	{"picture", "image", "photograph", "photo"},
	{"provincial", "province"},
	{"top-level domain", "domain extension", "domain suffix", "domain name extension", "domain name suffix", "TLD", "extension", "suffix"},
	{"prior approval", "pre-approval", "preapproval"},
	{"unified social credit code", "social credit code", "USCC", "creditcode"},
	{"not exist", "not found", "not find", "not recorded", "nonexistent", "not registered", "notfound"},
	{"lacks", "not display", "not show", "not shown", "not added", "not contain", "not include", "absent", "not provided", "omitted", "without", "missing"},
	{"other", "somebody else", "someone else", "another"},
	{"black list", "blacklisted", "blacklist"},
	{"e-mail", "mail box", "mailbox", "email"},
	{"not located", "not within", "elsewhere", "outside"},
	{"not listed", "not on list", "unlisted"},
	{"not synced", "not synchronized", "not synchronised", "unsynchronized", "not propagated", "notsynced"},
	{"incomplete", "not complete", "not completed", "not finished", "not full", "incomplete"},
	{"not verified", "not authenticated", "unverified"},
	{"not answered", "nobody answered", "no one answered", "unanswered"},
	{"overseas", "abroad", "offshore", "foreign"},
	{"operations", "operating", "operation"},
}

// readAs tells how words are read whose stem would be something else: "" leaves
// the word out.
var readAs = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, w := range strings.Fields("a an the of to for from by with at on in into it its is are was were be been am has have had do does did will would shall " +
		"you your yours we our us i my me this that these those which who whom whose there here and as so also yet still just currently please kindly properly enough") {
		m[w] = ""
	}
	for _, w := range strings.Fields("cannot can't doesn't don't didn't isn't aren't wasn't weren't hasn't haven't couldn't won't no never neither") {
		m[w] = "not"
	}
	for _, w := range strings.Fields("expired filed used administrator") { // unlike expires, file, use and administration
		m[w] = w
	}
	return m
})

// englishWord is a sequence of stems and the one it is read as.
type englishWord struct{ from, to []string }

// equivalents are the sequences by their first stem, the longest first.
var equivalents = sync.OnceValue(func() map[string][]englishWord {
	m := map[string][]englishWord{}
	for _, line := range sameEnglish {
		to := stems(line[len(line)-1])
		for _, s := range line[:len(line)-1] {
			if from := stems(s); !slices.Equal(from, to) {
				m[from[0]] = append(m[from[0]], englishWord{from, to})
			}
		}
	}
	for _, list := range m {
		slices.SortStableFunc(list, func(x, y englishWord) int { return len(y.from) - len(x.from) })
	}
	return m
})

// stems reads words without looking for those that mean the same.
func stems(s string) []string {
	var list []string
	for _, t := range stemmed(tokens(fold(s))) {
		list = append(list, t.text)
	}
	return list
}

// stemmed leaves the small words out and cuts the endings off the others. What
// is no English word, as Chinese and numbers, stays.
func stemmed(list []token) []token {
	out := make([]token, 0, len(list))
	for i, t := range list {
		if !isEnglish(t.text) {
			out = append(out, t)
			continue
		}
		if n := len(out) - 1; n >= 0 {
			switch last := out[n].text; {
			case t.text == "to" && (last == "fail" || last == "unabl"): // failed to open
				out[n].text = "not"
				continue
			case t.text == "in" && list[i-1].text == "not":
				out[n].text = "outsid"
				continue
			}
		}
		as, ok := readAs()[t.text]
		if !ok {
			as = english.Stem(t.text, false)
		}
		if as != "" {
			t.text = as
			out = append(out, t)
		}
	}
	return out
}

// isEnglish tells a word of a to z, with apostrophes.
func isEnglish(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && r != '\'' {
			return false
		}
	}
	return true
}

// plain reads English words by their stems, and those that mean the same as one.
func plain(list []token) []token {
	if !slices.ContainsFunc(list, func(t token) bool { return isEnglish(t.text) }) {
		return list
	}
	list = stemmed(list)
	same := equivalents()
	out := make([]token, 0, len(list))
	for i := 0; i < len(list); i++ {
		read := list[i : i+1]
		for _, w := range same[list[i].text] {
			if here(list, i, w.from) {
				read = nil
				for n, s := range w.to {
					t := list[i+min(n, len(w.from)-1)]
					t.text = s
					read = append(read, t)
				}
				i += len(w.from) - 1
				break
			}
		}
		out = append(out, read...)
	}
	return out
}

// words cuts a text into the tokens that are compared.
func words(s string) []token { return plain(tokens(fold(s))) }

// unwrap joins the lines of a mail that was wrapped within a sentence: one that
// begins with a small letter goes on with the line before it.
func unwrap(s string) string {
	if !strings.Contains(s, "\n") {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if c != '\n' || i == 0 || i+1 == len(b) {
			continue
		}
		last := b[i-1]
		if last == '\r' && i > 1 {
			last = b[i-2]
		}
		if next := b[i+1]; next >= 'a' && next <= 'z' && (last >= 'a' && last <= 'z' || last == ',') {
			b[i] = ' '
			if b[i-1] == '\r' {
				b[i-1] = ' '
			}
		}
	}
	return string(b)
}
