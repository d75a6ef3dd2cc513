package engine

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// scope is what one rule sees: the facts of one target, what tables say about
// them, what follows from them, and in a sweep the values that are being tried.
type scope struct {
	book *rulebook.Rulebook
	// layers are the facts; the first that has one counts.
	layers  []filing.Facts
	now     time.Time
	assumed map[string]any
	// asked collects the facts that were asked for, known or not; nil where nobody
	// wants to know.
	asked map[string]bool
	// read collects the facts that were looked at, each once, for the evidence;
	// nil in sweeps.
	read   *[]Evidence
	buffer []Evidence // kept from check to check for read to grow in
	// condition is that of the check the scope is being used for, while nothing
	// is assumed.
	condition struct {
		check   *rulebook.Check
		applies bool
		missing []string
	}
	// siteLeadGiven says that the file names a lead of the site's own.
	siteLeadGiven bool
	keyBuffer     []byte
}

var _ cel.Activation = (*scope)(nil)

func newScope(book *rulebook.Rulebook, now time.Time, layers ...filing.Facts) *scope {
	s := &scope{book: book, layers: layers, now: now}
	for _, facts := range layers {
		for path := range facts {
			if strings.HasPrefix(path, siteLead) {
				s.siteLeadGiven = true
			}
		}
	}
	return s
}

// ResolveName gives CEL the value of a path, or an Unknown that names the
// absent facts which would give it. Every declared path resolves.
func (s *scope) ResolveName(path string) (any, bool) {
	v, missing := s.value(path)
	if missing == nil {
		return celValue(v), true
	}
	unknown := unknownOf(missing[0])
	for _, m := range missing[1:] {
		unknown = types.MergeUnknowns(unknown, unknownOf(m))
	}
	return unknown, true
}

// unknowns holds the Unknown of every path that was ever absent. They are never
// changed, and most of what a rule meets while facts are missing is one of a
// few dozen.
var unknowns sync.Map // path → *types.Unknown

func unknownOf(path string) *types.Unknown {
	if u, ok := unknowns.Load(path); ok {
		return u.(*types.Unknown)
	}
	u, _ := unknowns.LoadOrStore(path, types.NewUnknown(0, types.NewAttributeTrail(path)))
	return u.(*types.Unknown)
}

// Parent is nil: a scope stands alone.
func (s *scope) Parent() cel.Activation { return nil }

// value returns the value of a path, or the absent facts that it depends on.
func (s *scope) value(path string) (any, []string) {
	if v, ok := s.assumed[path]; ok {
		return v, nil
	}
	if f, ok := s.known(path); ok {
		s.note(path, f)
		return f.Value, nil
	}
	if rest, ok := strings.CutPrefix(path, siteLead); ok {
		if s.asked != nil {
			s.asked[siteLead] = true
		}
		if !s.siteLeadGiven {
			// The lead of the site is the subject's unless another is named.
			return s.value("subject.lead." + rest)
		}
	}
	if v, missing, ok := s.derived(path); ok {
		return v, missing
	}
	if join, column, ok := rulebook.JoinOf(path); ok {
		return s.joined(join, column, path)
	}
	return nil, []string{path}
}

func (s *scope) note(path string, f filing.Fact) {
	if s.read == nil || slices.ContainsFunc(*s.read, func(e Evidence) bool { return e.Path == path }) {
		return
	}
	*s.read = append(*s.read, Evidence{Path: path, Fact: f})
}

// text is value for text facts, in the form that joins ask for.
func (s *scope) text(path string) (string, bool) {
	v, missing := s.value(path)
	t, ok := v.(string)
	return t, ok && missing == nil
}

// provider is the access provider's id; "" while it is not known.
func (s *scope) provider() string {
	f, _ := s.known("provider")
	id, _ := f.Value.(string)
	return id
}

func (s *scope) joined(join rulebook.Join, column, path string) (any, []string) {
	row, missing := join.Row(s.book, s.text)
	if missing != nil {
		return nil, missing
	}
	if row == nil {
		return nil, []string{path} // no table knows; a person can look it up and --set it
	}
	switch column {
	case "id":
		return row.ID, nil
	case "confidence":
		return row.ConfidenceOf(""), nil
	}
	if graded, ok := strings.CutSuffix(column, ".confidence"); ok {
		return row.ConfidenceOf(graded), nil
	}
	if named, ok := strings.CutSuffix(column, ".source"); ok {
		return s.book.SourceOf(row, named), nil
	}
	cell, ok := row.Cells[column]
	if !ok {
		c, _ := s.book.JoinColumn(path)
		if c.Default == nil {
			return nil, []string{path}
		}
		cell.Value = c.Default
	}
	s.note(path, filing.Fact{Value: cell.Value, Origin: filing.Origin{Source: filing.FromRulebook, Server: cmp.Or(row.Table, join.Tables[0]) + "/" + row.ID}})
	return cell.Value, nil
}

// derived concludes a fact from others, and reports whether path is such a
// fact. They are here and not in rules because they combine evidence about one
// thing, whatever the rule.
func (s *scope) derived(path string) (v any, missing []string, ok bool) {
	switch path {
	case "now":
		return s.now, nil, true
	case "domain.expiry_provisional":
		v, missing = s.expiryProvisional()
		return v, missing, true
	case "domain.holder_kind":
		v, missing = s.holderKind()
		return v, missing, true
	case "domain.unregistered":
		// Known to be free. While that is not known, a name is taken to exist,
		// so that what the file says about it is judged.
		registered, missing := s.value("domain.registered")
		return missing == nil && registered == false, nil, true
	case "domain.suffix_confirmed", "domain.registrar_confirmed":
		// What is said of a suffix or a registrar as such (--set) holds for the name.
		said := strings.TrimSuffix(strings.TrimPrefix(path, filing.DomainPrefix), "_confirmed") + ".confirmed"
		v, missing = s.value(said)
		if slices.Contains(missing, said) {
			missing = []string{path}
		}
		return v, missing, true
	case "domain.behind_cdn":
		// Known to be. A name that was not looked up is taken to lead to its server.
		v, missing := s.value("domain.cdns")
		list, _ := v.([]string)
		return missing == nil && len(list) > 0, nil, true
	case "server.mainland":
		v, missing = s.serverMainland()
		return v, missing, true
	case "subject.lead.from_elsewhere":
		v, missing = s.fromElsewhere()
		return v, missing, true
	case "subject.lead.from_abroad":
		v, missing = s.fromAbroad()
		return v, missing, true
	case "subject.record":
		v, missing = s.subjectRecord()
		return v, missing, true
	case "subject.record_matches":
		// A unit that has changed its name has to put its record right.
		if changed, unsaid := s.value("subject.name_changed"); unsaid == nil && changed == true {
			return false, nil, true
		}
		return nil, []string{path}, true
	case "domain.record":
		v, missing = s.domainRecord()
		return v, missing, true
	case "domain.access_here":
		v, missing = s.accessHere()
		return v, missing, true
	}
	return nil, nil, false
}

// subjectRecord concludes from where the subject is filed whether it is at
// all. What the filing is declared to be counts where nothing else is said.
func (s *scope) subjectRecord() (any, []string) {
	here, hereMissing := s.value("subject.filed_at_provider")
	elsewhere, elsewhereMissing := s.value("subject.filed_elsewhere")
	switch {
	case hereMissing == nil && here == true, elsewhereMissing == nil && elsewhere == true:
		return "active", nil
	case hereMissing == nil && elsewhereMissing == nil:
		return "none", nil
	}
	if sites, unsaid := s.value("subject.sites_filed"); unsaid == nil && sites != int64(0) {
		return "active", nil
	}
	switch kind, _ := s.text("kind"); kind {
	case "first":
		return "none", nil
	case "new-site", "access", "change":
		return "active", nil
	}
	return nil, slices.Concat(hereMissing, elsewhereMissing)
}

// domainRecord tells in whose record the domain is: one that is filed while
// this subject is not belongs to somebody else.
func (s *scope) domainRecord() (any, []string) {
	filed, missing := s.value("domain.filed")
	if missing != nil {
		switch kind, _ := s.text("kind"); kind {
		case "first", "new-site":
			return "none", nil
		case "access":
			return "this-subject", nil
		}
		return nil, missing
	}
	if filed == false {
		return "none", nil
	}
	record, missing := s.value("subject.record")
	switch {
	case missing != nil:
		return nil, missing
	case record == "active":
		return "this-subject", nil
	}
	return "other-subject", nil
}

// accessHere tells whether the domain has its access at this provider. A
// subject that is filed here and nowhere else has all its domains here.
func (s *scope) accessHere() (any, []string) {
	record, missing := s.value("domain.record")
	if missing != nil {
		return nil, missing
	}
	if record != "this-subject" {
		return false, nil
	}
	here, missing := s.value("subject.filed_at_provider")
	if missing != nil {
		if kind, _ := s.text("kind"); kind == "access" {
			return false, nil
		}
		return nil, missing
	}
	if here == false {
		return false, nil
	}
	elsewhere, missing := s.value("subject.filed_elsewhere")
	if missing != nil {
		return nil, missing
	}
	if elsewhere == false {
		return true, nil
	}
	return nil, []string{"domain.access_here"}
}

// holderKind concludes from the holder's name: who is the subject is of the
// subject's kind.
func (s *scope) holderKind() (any, []string) {
	unknown := []string{"domain.holder_kind"}
	holder, ok := s.text("domain.holder")
	if !ok {
		return nil, unknown
	}
	subject, named := s.text("subject.name")
	kind, typed := s.text("subject.type")
	if !named || !typed || text.FoldName(holder) != text.FoldName(subject) {
		return nil, unknown
	}
	if kind == "individual" {
		return "person", nil
	}
	return "unit", nil
}

// expiryProvisional tells whether the expiry date may not be relied on: a
// registry adds a year at expiry before anyone has paid (autoRenewPeriod, RFC
// 3915), and takes it back unless the registrar confirms.
func (s *scope) expiryProvisional() (any, []string) {
	statuses, missing := s.value("domain.statuses")
	if missing != nil {
		// A date without statuses was written down by a person, who would only
		// speak of a missing renewal where there is one.
		if confirmed, unsaid := s.value("domain.renewal_confirmed"); unsaid == nil && confirmed == false {
			return nil, missing
		}
		return false, nil
	}
	list, _ := statuses.([]string)
	return slices.ContainsFunc(list, func(status string) bool {
		return strings.EqualFold(status, "autoRenewPeriod")
	}), nil
}

// serverMainland tells whether the server is in the mainland. Outside beats
// inside: one address abroad is enough for a filing to be refused.
func (s *scope) serverMainland() (any, []string) {
	region, regionMissing := s.value("region.mainland")
	if regionMissing == nil && region == false {
		return false, nil
	}
	v, notLocated := s.value("server.places")
	places, _ := v.([]string)
	for _, p := range places {
		if p != "mainland" && p != "unknown" {
			return false, nil
		}
	}
	if regionMissing == nil {
		return true, nil
	}
	if notLocated == nil && len(places) > 0 && !slices.Contains(places, "unknown") {
		return true, nil
	}
	return nil, regionMissing
}

// fromAbroad tells whether the lead is from outside the mainland. A household
// is in a province of the mainland, so who has one is not.
func (s *scope) fromAbroad() (any, []string) {
	identity, told := s.text("subject.lead.identity")
	_, missing := s.value("subject.lead.household_province")
	switch {
	case missing != nil && !told:
		return nil, []string{"subject.lead.identity"}
	case missing == nil && told && identity != "mainland":
		return nil, []string{"subject.lead.from_abroad"} // one of the two is wrong
	}
	return told && identity != "mainland", nil
}

// fromElsewhere tells whether the lead's household is in another province than
// the one the filing goes to. Who is from outside the mainland has none.
func (s *scope) fromElsewhere() (any, []string) {
	abroad, unsaid := s.value("subject.lead.from_abroad")
	if unsaid == nil && abroad == true {
		return false, nil
	}
	household, missing := s.value("subject.lead.household_province")
	if missing != nil {
		return nil, missing
	}
	province, missing := s.value("province")
	switch {
	case missing != nil:
		return nil, missing
	case household == province:
		return false, nil
	case unsaid != nil:
		return nil, unsaid
	}
	return true, nil
}

// celValue converts a fact's value into CEL's.
func celValue(v any) ref.Val {
	switch v := v.(type) {
	case bool:
		return types.Bool(v)
	case int64:
		return types.Int(v)
	case string:
		return types.String(v)
	case time.Time:
		return types.Timestamp{Time: v}
	case []string:
		return types.DefaultTypeAdapter.NativeToValue(v)
	}
	return types.NewErr("a value of type %T cannot be used in a rule", v)
}
