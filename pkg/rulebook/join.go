package rulebook

import (
	"slices"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// Join makes the columns of a table row available to rules under a name:
// province.min_validity_days is column min_validity_days of the row that the
// fact province names.
type Join struct {
	// Name begins the paths: province, suffix, registrar, server_type, region.
	Name string
	// Tables are looked at in order; the first that has the row wins.
	Tables []string
	// Row finds the row. get returns a text fact and reports whether it is
	// known. missing names the absent facts that would tell the row; a nil row
	// with nothing missing means that no table has it.
	Row func(b *Rulebook, get func(path string) (string, bool)) (row *Row, missing []string)
}

// joins are all of them. A rule file needs no Go for a new column, only for a new join.
var joins = []Join{
	{Name: "province", Tables: []string{"provinces"}, Row: byFact("provinces", "province")},
	{Name: "subject_type", Tables: []string{"subject-types"}, Row: byFact("subject-types", "subject.type")},
	{Name: "certificate_type", Tables: []string{"certificates"}, Row: byFact("certificates", "subject.certificate.type")},
	{Name: "suffix", Tables: []string{"suffixes", "suffixes-not-approved"}, Row: suffixRow},
	{Name: "registrar", Tables: []string{"registrars"}, Row: registrarRow},
	{Name: "server_type", Tables: []string{"server-types"}, Row: byProvider("server-types", "server.type")},
	{Name: "region", Tables: []string{"regions"}, Row: byProvider("regions", "server.region")},
}

func byFact(table, path string) func(*Rulebook, func(string) (string, bool)) (*Row, []string) {
	return func(b *Rulebook, get func(string) (string, bool)) (*Row, []string) {
		id, ok := get(path)
		if !ok {
			return nil, []string{path}
		}
		return b.Table(table).Row(id), nil
	}
}

// byProvider finds rows whose ids mean something only together with the
// provider: ap-southeast-1 is Hong Kong at one and Singapore at another.
func byProvider(table, path string) func(*Rulebook, func(string) (string, bool)) (*Row, []string) {
	return func(b *Rulebook, get func(string) (string, bool)) (*Row, []string) {
		provider, known := get("provider")
		id, ok := get(path)
		var missing []string
		if !known {
			missing = append(missing, "provider")
		}
		if !ok {
			missing = append(missing, path)
		}
		if missing != nil {
			return nil, missing
		}
		return b.Table(table).Row(provider + "/" + id), nil
	}
}

// unlisted stands for a suffix or registrar that no table has: nothing is known
// against it, and nothing for it.
var unlisted = &Row{ID: "unlisted", Confidence: "low", Cells: map[string]Cell{"approval": {Value: "unlisted"}}}

// suffixRow finds the longest listed suffix of the name: example.com.cn is
// judged as com.cn, a name under a private suffix as its top-level domain.
func suffixRow(b *Rulebook, get func(string) (string, bool)) (*Row, []string) {
	suffix, ok := get("domain.suffix")
	if !ok {
		return nil, []string{"domain.suffix"}
	}
	for s := suffix; s != ""; {
		for _, table := range []string{"suffixes", "suffixes-not-approved"} {
			if row := b.Table(table).Row(s); row != nil {
				return row, nil
			}
		}
		_, s, _ = strings.Cut(s, ".")
	}
	return unlisted, nil
}

// registrarRow matches by IANA id first: names are spelled in many ways, ids
// are not. Where id and name lead to registrars of which one is approved and
// the other is not, neither is believed, and a person has to look.
func registrarRow(b *Rulebook, get func(string) (string, bool)) (*Row, []string) {
	id, haveID := get("domain.registrar_iana_id")
	name, haveName := get("domain.registrar")
	if !haveID && !haveName {
		return nil, []string{"domain.registrar"}
	}
	b.indexRegistrars()
	byID, byName := b.registrarByID[strings.TrimSpace(id)], b.registrarByName[foldCompany(name)]
	switch {
	case byID != nil && byName != nil && byID.Text("approval") != byName.Text("approval"):
		return nil, []string{"registrar.approval"}
	case byID != nil:
		return byID, nil
	case byName != nil:
		return byName, nil
	}
	return unlisted, nil
}

func (b *Rulebook) indexRegistrars() {
	b.registrarsOnce.Do(func() {
		b.registrarByID, b.registrarByName = map[string]*Row{}, map[string]*Row{}
		for _, row := range b.Table("registrars").Rows {
			for _, id := range row.List("iana_ids") {
				b.registrarByID[id] = row
			}
			for _, name := range append([]string{row.ID, row.Name.Zh, row.Name.En}, slices.Concat(row.Also, row.List("match_names"))...) {
				if key := foldCompany(name); key != "" && b.registrarByName[key] == nil {
					b.registrarByName[key] = row
				}
			}
		}
	})
}

// companyForms are the ends of company names that registries write or leave out.
var companyForms = []string{"coltd", "co", "ltd", "inc", "llc", "limited", "corporation", "corp"}

// foldCompany folds a company name further than Fold does: without its legal
// form at the end, so that "Dynadot Inc" and "Dynadot, Inc." are one.
func foldCompany(s string) string {
	s = text.Fold(s)
	for _, form := range companyForms {
		if t, ok := strings.CutSuffix(s, form); ok && len(t) > 3 {
			return t
		}
	}
	return s
}

// JoinOf returns the join that a path such as province.min_validity_days goes
// through, with the column.
func JoinOf(path string) (join Join, column string, ok bool) {
	name, column, found := strings.Cut(path, ".")
	if !found {
		return Join{}, "", false
	}
	i := slices.IndexFunc(joins, func(j Join) bool { return j.Name == name })
	if i < 0 {
		return Join{}, "", false
	}
	return joins[i], column, true
}
