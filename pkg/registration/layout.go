package registration

import (
	"cmp"
	"strings"
	"sync"
	"time"

	"github.com/icpcheck/icpcheck/pkg/epp"
	"github.com/icpcheck/icpcheck/pkg/internal/pattern"
)

// fieldKind says what a labelled line of an answer is about.
type fieldKind int

const (
	otherField fieldKind = iota
	domainField
	hostField // starts a host's entry, not a domain's
	contactField
	createdField
	expiresField
	registrarExpiresField
	registrarField
	ianaField
	statusField
	nameserverField
	organisationField
	personField
	chineseField
)

// fieldKinds lists the labels in lower case, without dots and brackets. First
// the ICANN layout, then what registries of their own mind write.
var fieldKinds = sync.OnceValue(func() map[string]fieldKind {
	kinds := map[string]fieldKind{}
	for kind, labels := range map[fieldKind]string{
		domainField:  "domain name|domain|domainname|domain name ace|domain-name|domain_name|nom de domaine|complete domain name",
		hostField:    "server name",
		contactField: "contact|nic-hdl|nic-hdl-br|person|role|contact type|contact id|contact handle|personname|id-contact|irt|key",
		createdField: "creation date|created|created on|created date|create date|date created|registered|registered on|registered date|" +
			"registration date|registration time|domain registration date|domain create date|domain created|domain name commencement date|" +
			"domain record activated|record created|record created on|registration|activated|activation|entry created|connected date|" +
			"domain creation date|assigned|first registration date|登録年月日|commencement date|created at|reg_created|domain_dateregistered|acivated|domain record created|domain registered",
		expiresField: "registry expiry date|expiry date|expiration date|expiration time|expires|expires on|expires at|expire|expire date|" +
			"expiry|expire-date|domain expiration date|domain expires|paid-till|valid until|valid-date|validity|renewal date|record expires on|" +
			"record expires|domain expiry date|exp date|registry expiration date|registration expiration date|有効期限|expires date|renew date|validity date|registration-expires|registrar-expires|domain_datebilleduntil|record will expire on",
		registrarExpiresField: "registrar registration expiration date|registrar expiration date|registrar expiry date",
		registrarField: "registrar|sponsoring registrar|registrar name|registrar organization|sponsoring registrar organization|sponsoring registrar name|" +
			"current registrar|registrar company|registrar_name|registered through|registered by|registrar company name|registration service provider|current registar|domain registrar",
		ianaField:   "registrar iana id|sponsoring registrar iana id|registrar iana-id|iana id",
		statusField: "domain status|status|registration status|query_status|eppstatus|epp status|domain_status|ステータス|状態",
		nameserverField: "name server|name servers|nameserver|nameservers|nserver|nservers|domain servers in listed order|domain nameservers|" +
			"name servers information|dns servers|dns|ns|host name|hostname|domain servers|nameserver information|name server information|" +
			"primary server|secondary server|primary name server|secondary name server|name server handle|nserver name|ネームサーバ|authoritative name servers|" +
			"domain name servers|ns_name|nameserver handle|dns name|listed name servers",
		organisationField: "registrant organization|registrant organisation|registrant|titular|registrant company|registrant contact organization|" +
			"registrant contact organisation|owner|holder|owner organization|owner orgname|company english name|registrant organization name|domain holder|organization using domain name",
		// .hk gives both; the certificate that a filing rests on has the Chinese one.
		chineseField: "company chinese name",
		personField:  "registrant name|registrant contact name|owner name|registrant person",
	} {
		for label := range strings.SplitSeq(labels, "|") {
			kinds[label] = kind
		}
	}
	return kinds
})

var (
	bracketLabel = pattern.New(`^(?:[a-z]\.\s*)?\[([^\]]{1,60})\]\s*(.*)$`)
	dottedLabel  = pattern.New(`^([A-Za-z][A-Za-z0-9 ()/'-]*?)\s*\.{3,}:?\s*(.*)$`)
	columnLabel  = pattern.New(`^(\S.{0,40}?)(?:\s{2,}|\t+)(\S.*)$`)
	sentence     = pattern.New(`(?i)^(record (?:created|expires|will expire)(?: on)?)[: ]\s*(\d.*)$`)
	inBrackets   = pattern.New(`\s*\([^)]*\)`)
	counted      = pattern.New(`^(name ?server|nserver|ns|dns|name_server|ns_name|host) ?[_-]?\d{1,2}$`)
	nameLabel    = pattern.New(`(?i)^(?:name|organi[sz]ation)\s*[.:]+\s*(.+)$`)
	registrarTag = pattern.New(`\s*\[.*\]\s*$|\s*\(https?:[^)]*\)\s*$`)
	afiliasID    = pattern.New(`^(.*\S) (?:\(R\d+-[A-Z0-9]+\)|R\d+-[A-Z0-9]+)$`)
	afiliasCount = pattern.New(`^(.* R\d+-[A-Z0-9]+) \(\d+\)$`)
	ianaNumber   = pattern.New(`^\d{1,10}$`)
)

// labelled splits a line into a known label and its value. Labels are followed
// by a colon, stand in brackets, or in a column of their own.
func labelled(line string) (fieldKind, string) {
	line = strings.TrimSpace(line)
	if line == "" || strings.ContainsAny(line[:1], "%#;>") {
		return otherField, ""
	}
	line = strings.TrimSpace(strings.TrimLeft(line, "*- "))
	if m := bracketLabel().FindStringSubmatch(line); m != nil {
		return kindOf(m[1]), strings.TrimSpace(m[2])
	}
	if m := sentence().FindStringSubmatch(line); m != nil {
		return kindOf(m[1]), m[2]
	}
	if i := strings.IndexAny(line, ":："); i > 0 && i < 250 {
		rest := strings.TrimPrefix(strings.TrimPrefix(line[i:], ":"), "：")
		if kind := kindOf(line[:i]); kind != otherField {
			return kind, strings.TrimSpace(rest)
		}
	}
	for _, layout := range []pattern.Pattern{dottedLabel, columnLabel} {
		if m := layout().FindStringSubmatch(line); m != nil {
			if kind := kindOf(m[1]); kind != otherField {
				return kind, strings.TrimSpace(m[2])
			}
		}
	}
	// A heading without a colon, as of the sections of .it.
	if kind := kindOf(line); kind == nameserverField || kind == registrarField {
		return kind, ""
	}
	return otherField, ""
}

func kindOf(label string) fieldKind {
	label = inBrackets().ReplaceAllString(strings.ToLower(label), "")
	label = clean(strings.Trim(label, ". \t_*"))
	if counted().MatchString(label) {
		return nameserverField
	}
	return fieldKinds()[label]
}

// block is one object of an answer. Answers may hold several: host entries that
// share the name's beginning, IANA's entry for the suffix, and the registrar's
// own answer after the registry's.
type block struct {
	host             bool
	domain           string
	created, expires *time.Time
	registrarExpires *time.Time
	registrar, iana  string
	statuses         []string
	nameservers      []string
	organisation     string
	chinese          string // the organisation's Chinese name, where the registry gives both
	person           string
	free, kept       bool // the status says available, or reserved
	unreadable       *int // times of the whole answer that could not be read
	asked            string
}

// evidence reports whether the block describes a registration.
func (b *block) evidence() bool {
	facts := 0
	for _, has := range []bool{b.created != nil, b.expires != nil || b.registrarExpires != nil, b.registrar != "",
		len(b.nameservers) > 0, b.organisation != "" || b.person != "", hasEPP(b.statuses)} {
		if has {
			facts++
		}
	}
	if b.domain == "" {
		// Without the name, one stray line of the terms of use must not do.
		return facts >= 2 && (b.created != nil || b.expires != nil)
	}
	return facts >= 1
}

func hasEPP(statuses []string) bool {
	for _, s := range statuses {
		if _, ok := epp.Name(s); ok {
			return true
		}
	}
	return false
}

var (
	freeStatus = pattern.New(`(?i)^(\d{3} )?(free|available|no object found|not registered|unregistered|not found|no match|not_registered)\b`)
	keptStatus = pattern.New(`(?i)^(\d{3} )?(reserved|prohibited|blocked|restricted)\b`)
)

// readBlocks reads every labelled line. Where a label stands alone its value is
// on the lines that follow.
func readBlocks(text, asked string) []*block {
	current := &block{unreadable: new(int), asked: asked}
	blocks := []*block{current}
	inContact, first := false, true
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.TrimSpace(line) == "" {
			inContact, first = false, true
			continue
		}
		starts := first
		first = false
		kind, value := labelled(line)
		if kind == otherField {
			continue
		}
		if value == "" {
			for _, v := range following(lines[i+1:], kind) {
				current.add(kind, v)
			}
			continue
		}
		switch kind {
		case hostField:
			current = &block{host: true, domain: value, unreadable: current.unreadable, asked: asked}
			blocks = append(blocks, current)
		case domainField:
			inContact = false
			if current.host || current.domain != "" && current.evidence() {
				current = &block{unreadable: current.unreadable, asked: asked}
				blocks = append(blocks, current)
			}
			current.add(kind, value)
		case contactField:
			// Elsewhere "person: Private Person" is a line about the domain.
			inContact = inContact || starts
		default:
			// A contact has its own creation date and status.
			if inContact {
				continue
			}
			current.add(kind, value)
			for _, v := range continued(lines[i+1:], kind) {
				current.add(kind, v)
			}
		}
	}
	return blocks
}

// following returns the values below a label that stands alone: one line, or
// for name servers all lines up to the next blank one.
func following(lines []string, kind fieldKind) []string {
	if kind == contactField || kind == hostField {
		return nil
	}
	var values []string
	for i, line := range lines {
		value := strings.TrimSpace(line)
		if strings.Trim(value, "-=") == "" {
			if (i == 0 || value != "") && kind == nameserverField {
				continue
			}
			break
		}
		if next, _ := labelled(line); next != otherField || strings.ContainsAny(value[:1], "%#>") {
			break
		}
		if m := nameLabel().FindStringSubmatch(value); m != nil && kind == registrarField {
			return m[1:]
		}
		if kind != nameserverField {
			if strings.Contains(value, ":") && kind != createdField && kind != expiresField {
				break
			}
			return []string{value}
		}
		if len(addHosts(nil, value)) == 0 {
			break
		}
		values = append(values, value)
	}
	return values
}

// continued returns the lines that go on with a list: servers or statuses
// without a label of their own.
func continued(lines []string, kind fieldKind) []string {
	var values []string
	for _, line := range lines {
		value := strings.TrimSpace(line)
		if next, _ := labelled(line); value == "" || next != otherField {
			break
		}
		goesOn := kind == nameserverField && len(addHosts(nil, value)) > 0 ||
			kind == statusField && hasEPP(epp.Parse(value))
		if !goesOn {
			break
		}
		values = append(values, value)
	}
	return values
}

// add takes one value; the first of a kind wins, lists grow.
func (b *block) add(kind fieldKind, value string) {
	switch kind {
	case domainField:
		if name, _, _ := strings.Cut(value, " "); b.domain == "" {
			b.domain = asciiDomain(strings.Trim(name, `"',;`))
		}
	case createdField:
		b.setTime(&b.created, value)
	case expiresField:
		b.setTime(&b.expires, value)
	case registrarExpiresField:
		b.setTime(&b.registrarExpires, value)
	case registrarField:
		if b.registrar == "" {
			b.registrar = registrarName(value)
		}
	case ianaField:
		if b.iana == "" && ianaNumber().MatchString(value) {
			b.iana = value
		}
	case statusField:
		if freeStatus().MatchString(value) {
			b.free = true
			return
		}
		if keptStatus().MatchString(value) {
			b.kept = true
		}
		for _, status := range epp.Parse(value) {
			b.statuses = addNew(b.statuses, status)
		}
	case nameserverField:
		for _, host := range addHosts(nil, value) {
			// .dk gives the domain's own spelling for DNS under the same label.
			if host != b.domain {
				b.nameservers = addNew(b.nameservers, host)
			}
		}
	case organisationField:
		if b.organisation == "" {
			b.organisation = holder(value)
		}
	case chineseField:
		if b.chinese == "" {
			b.chinese = holder(value)
		}
	case personField:
		if b.person == "" {
			b.person = holder(value)
		}
	}
}

// mostUnreadable bounds the times that are tried in vain: each costs half a
// millisecond, and a hostile answer has thousands.
const mostUnreadable = 50

func (b *block) setTime(at **time.Time, value string) {
	if *at != nil || *b.unreadable >= mostUnreadable {
		return
	}
	if t, ok := parseTime(value, localZone(cmp.Or(b.domain, b.asked))); ok {
		*at = &t
	} else {
		*b.unreadable++
	}
}

// registrarName drops the handle that some registries write after the name:
// "MarkMonitor Inc. (R151-LRMS)", "Gandi [Tag = GANDI]".
func registrarName(value string) string {
	value = clean(registrarTag().ReplaceAllString(clean(value), ""))
	if m := afiliasCount().FindStringSubmatch(value); m != nil {
		return m[1]
	}
	if m := afiliasID().FindStringSubmatch(value); m != nil {
		return m[1]
	}
	return value
}

// choose returns the blocks about domain, the registry's first; where none
// carries that name, the first that describes a registration.
func choose(blocks []*block, domain string) []*block {
	var chosen, rest []*block
	for _, b := range blocks {
		switch {
		case b.host:
		case domain != "" && b.domain == domain:
			chosen = append(chosen, b)
		default:
			rest = append(rest, b)
		}
	}
	if len(chosen) > 0 {
		return chosen
	}
	for _, b := range rest {
		if b.evidence() && (domain != "" || strings.Contains(b.domain, ".")) {
			return []*block{b}
		}
	}
	return rest[:min(1, len(rest))]
}

// merge lets the first block that knows a fact decide it: the registry's word
// comes before the registrar's.
func merge(domain string, blocks []*block) Record {
	r := Record{Domain: domain}
	for _, b := range blocks {
		if b.domain != "" && r.Domain != b.domain {
			r.Domain = b.domain
		}
		r.CreatedAt = firstTime(r.CreatedAt, b.created)
		r.ExpiresAt = firstTime(r.ExpiresAt, b.expires, b.registrarExpires)
		if r.Registrar == "" {
			r.Registrar = b.registrar
		}
		if r.RegistrarIANAID == "" {
			r.RegistrarIANAID = b.iana
		}
		if len(r.Statuses) == 0 {
			r.Statuses = b.statuses
		}
		if len(r.Nameservers) == 0 {
			r.Nameservers = b.nameservers
		}
		if r.Registrant == "" {
			r.Registrant = holder(b.chinese, b.organisation, b.person)
		}
	}
	return r
}

func firstTime(times ...*time.Time) *time.Time {
	for _, t := range times {
		if t != nil {
			return t
		}
	}
	return nil
}
