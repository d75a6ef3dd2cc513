package filing

import (
	"slices"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/mask"
)

// Type is the type of a fact's value.
type Type string

// The types, with the Go type that Fact.Value has.
const (
	Bool Type = "bool" // bool
	Int  Type = "int"  // int64
	Text Type = "text" // string
	Time Type = "time" // time.Time; a file gives a date, meaning that day in Beijing
	List Type = "list" // []string
)

// Field declares one fact.
type Field struct {
	// Path is the fact's name in rules and --set.
	Path string
	Type Type
	// Vocabulary names the list of ids the value (or each element) is from;
	// empty where any value is accepted. Ids, Chinese names and aliases are all accepted.
	Vocabulary string
	// Key is the key in the filing file where it differs from the path's last part.
	Key string
	// Address marks lists whose elements are IP addresses, Status those whose
	// elements are EPP status names, accepted in any spelling.
	Address bool
	Status  bool
	// LookupOnly marks facts that only a look-up gives; they are no keys of the file.
	LookupOnly bool
	// Personal values (identity, telephone and certificate numbers) are masked
	// in every report and log. A name is not: it stands on the filing's face, and
	// only a number that somebody put into it is masked.
	Personal bool
	Name     bool
}

// Shown is how a value of the fact stands in reports.
func (f Field) Shown(s string) string {
	switch {
	case f.Personal:
		return mask.Number(s)
	case f.Name:
		return mask.Free(s)
	}
	return s
}

// Domain reports whether the fact belongs to one domain, not to the whole filing.
func (f Field) Domain() bool { return strings.HasPrefix(f.Path, DomainPrefix) }

// DomainPrefix begins the path of every fact about one domain.
const DomainPrefix = "domain."

// fields is the one list. The order is the order of reports and questions.
var fields = []Field{
	{Path: "provider", Type: Text, Vocabulary: "providers"},
	{Path: "province", Type: Text, Vocabulary: "provinces"},
	{Path: "kind", Type: Text, Vocabulary: "kind"},

	{Path: "account.site", Type: Text, Vocabulary: "account-site"},
	{Path: "account.chengxintong", Type: Bool},
	{Path: "account.holds_other_subject", Type: Bool},
	{Path: "account.old_platform", Type: Bool},

	{Path: "subject.type", Type: Text, Vocabulary: "subject-types"},
	{Path: "subject.name", Type: Text, Name: true},
	{Path: "subject.name_changed", Type: Bool},
	{Path: "subject.certificate.type", Type: Text, Vocabulary: "certificates"},
	{Path: "subject.certificate.number", Type: Text, Personal: true},
	{Path: "subject.sites_filed", Type: Int},
	{Path: "subject.domains_filed", Type: Int},
	{Path: "subject.filed_at_provider", Type: Bool},
	{Path: "subject.filed_elsewhere", Type: Bool},
	{Path: "subject.commercial_wording", Type: Bool},
	{Path: "subject.record", Type: Text, Vocabulary: "subject-record"},
	{Path: "subject.record_matches", Type: Bool},
	{Path: "subject.changes_entity", Type: Bool},
	{Path: "subject.moves_province", Type: Bool},
	{Path: "subject.individual_to_unit", Type: Bool},

	{Path: "subject.lead.name", Type: Text, Name: true},
	{Path: "subject.lead.identity", Type: Text, Vocabulary: "identity"},
	{Path: "subject.lead.legal_representative", Type: Bool},
	{Path: "subject.lead.id_number", Type: Text, Personal: true},
	{Path: "subject.lead.household_province", Type: Text, Vocabulary: "provinces"},
	{Path: "subject.lead.from_abroad", Type: Bool},
	{Path: "subject.lead.phone", Type: Text, Personal: true},

	{Path: "domain.name", Type: Text},
	{Path: "domain.host", Type: Text, LookupOnly: true},
	{Path: "domain.suffix", Type: Text, LookupOnly: true},
	{Path: "domain.real_name", Type: Text, Vocabulary: "real-name"},
	{Path: "domain.real_name_verified_on", Type: Time},
	{Path: "domain.holder", Type: Text, Name: true},
	{Path: "domain.holder_confirmed", Type: Bool},
	{Path: "domain.holder_kind", Type: Text, Vocabulary: "holder-kind"},
	{Path: "domain.suffix_confirmed", Type: Bool},
	{Path: "domain.expires_at", Type: Time, Key: "expires_on"},
	{Path: "domain.renewal_confirmed", Type: Bool},
	{Path: "domain.registrar", Type: Text},
	{Path: "domain.registrar_iana_id", Type: Text},
	{Path: "domain.registrar_confirmed", Type: Bool},
	{Path: "domain.registered", Type: Bool},
	{Path: "domain.statuses", Type: List, Status: true},
	{Path: "domain.filed", Type: Bool},
	{Path: "domain.record", Type: Text, Vocabulary: "domain-record"},
	{Path: "domain.access_here", Type: Bool},
	{Path: "domain.reserved", Type: Bool, LookupOnly: true},
	{Path: "domain.created_at", Type: Time, LookupOnly: true},
	{Path: "domain.nameservers", Type: List, LookupOnly: true},
	{Path: "domain.resolves", Type: Bool, LookupOnly: true},
	{Path: "domain.addresses", Type: List, Address: true, LookupOnly: true},
	{Path: "domain.places", Type: List, Vocabulary: "place", LookupOnly: true},
	{Path: "domain.networks", Type: List, Vocabulary: "providers", LookupOnly: true},
	{Path: "domain.aliases", Type: List, LookupOnly: true},
	{Path: "domain.cdns", Type: List, Vocabulary: "cdns", LookupOnly: true},
	{Path: "domain.vantage_places", Type: List, Vocabulary: "place", LookupOnly: true},

	{Path: "service.kind", Type: Text, Vocabulary: "service-kind"},
	{Path: "service.public", Type: Bool},

	{Path: "site.name", Type: Text, Name: true},
	{Path: "site.content", Type: List, Vocabulary: "content"},
	{Path: "site.domains", Type: Int, LookupOnly: true},
	{Path: "site.commercial", Type: Bool},
	{Path: "site.online_on", Type: Time},
	{Path: "site.lead.name", Type: Text, Name: true},
	{Path: "site.lead.identity", Type: Text, Vocabulary: "identity"},
	{Path: "site.lead.legal_representative", Type: Bool},
	{Path: "site.lead.id_number", Type: Text, Personal: true},
	{Path: "site.lead.household_province", Type: Text, Vocabulary: "provinces"},
	{Path: "site.lead.phone", Type: Text, Personal: true},

	{Path: "server.type", Type: Text, Vocabulary: "server-types"},
	{Path: "server.region", Type: Text},
	{Path: "server.addresses", Type: List, Address: true},
	{Path: "server.places", Type: List, Vocabulary: "place", LookupOnly: true},
	{Path: "server.billing", Type: Text, Vocabulary: "billing"},
	{Path: "server.months", Type: Int},
	{Path: "server.first_purchase_months", Type: Int},
	{Path: "server.order_amount_cny", Type: Int},
	{Path: "server.expires_at", Type: Time, Key: "expires_on"},
	{Path: "server.public_bandwidth", Type: Bool},
	{Path: "server.service_codes_used", Type: Int},

	{Path: "materials", Type: List, Vocabulary: "materials"},

	{Path: "page.url", Type: Text, LookupOnly: true},
	{Path: "page.province", Type: Text, Vocabulary: "provinces", LookupOnly: true},
	{Path: "page.filing_numbers", Type: List, LookupOnly: true},
	{Path: "page.number_kinds", Type: List, LookupOnly: true},
	{Path: "page.link_kinds", Type: List, LookupOnly: true},
	{Path: "page.link_targets", Type: List, LookupOnly: true},
	{Path: "page.not_filings", Type: List, LookupOnly: true},
	{Path: "page.copyright", Type: List, LookupOnly: true},
	{Path: "page.copyright_names", Type: List, LookupOnly: true},
	{Path: "page.police_numbers", Type: List, LookupOnly: true},
	{Path: "page.police_links", Type: List, LookupOnly: true},
}

var byPath = func() map[string]int {
	m := make(map[string]int, len(fields))
	for i, f := range fields {
		m[f.Path] = i
	}
	return m
}()

// Fields lists every fact there is, in the order of reports.
func Fields() []Field { return slices.Clone(fields) }

// FieldOf returns the declaration of a fact.
func FieldOf(path string) (Field, bool) {
	i, ok := byPath[path]
	if !ok {
		return Field{}, false
	}
	return fields[i], true
}

// Compare orders paths as Fields does; unknown paths come last, by name.
func Compare(a, b string) int {
	i, aKnown := byPath[a]
	j, bKnown := byPath[b]
	switch {
	case aKnown && bKnown:
		return i - j
	case aKnown:
		return -1
	case bKnown:
		return 1
	}
	return strings.Compare(a, b)
}

// FilePath is the path of a fact as it is written in a filing file:
// domain.expires_at is domains[].expires_on there.
func FilePath(path string) string {
	f, ok := FieldOf(path)
	if !ok {
		return path
	}
	p := f.Path
	if f.Key != "" {
		p = p[:strings.LastIndexByte(p, '.')+1] + f.Key
	}
	if rest, ok := strings.CutPrefix(p, DomainPrefix); ok {
		return "domains[]." + rest
	}
	return p
}
