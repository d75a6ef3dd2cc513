package rulebook

import (
	"cmp"
	"maps"
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
	{Name: "household", Tables: []string{"provinces"}, Row: byFact("provinces", "subject.lead.household_province")},
	{Name: "subject_type", Tables: []string{"subject-types"}, Row: byFact("subject-types", "subject.type")},
	{Name: "certificate_type", Tables: []string{"certificates"}, Row: byFact("certificates", "subject.certificate.type")},
	{Name: "suffix", Tables: []string{"suffixes", "suffixes-not-approved"}, Row: suffixRow},
	{Name: "registrar", Tables: []string{"registrars", "registrar-brands"}, Row: registrarRow},
	{Name: "server_type", Tables: []string{"server-types"}, Row: byProvider("server-types", "server.type")},
	{Name: "region", Tables: []string{"regions"}, Row: regionRow},
}

func byFact(table, path string) func(*Rulebook, func(string) (string, bool)) (*Row, []string) {
	return func(b *Rulebook, get func(string) (string, bool)) (*Row, []string) {
		id, ok := get(path)
		if !ok {
			return nil, []string{path}
		}
		return b.Row(table, id), nil
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
		return b.Row(table, provider+"/"+id), nil
	}
}

// regionRow finds a region of the provider by id in any case, by its Chinese
// name with or without the city (华东1（杭州）, 华东1), by the city alone, or by the
// beginning of an id that no row lists.
func regionRow(b *Rulebook, get func(string) (string, bool)) (*Row, []string) {
	row, missing := byProvider("regions", "server.region")(b, get)
	if row != nil || missing != nil {
		return row, missing
	}
	provider, _ := get("provider")
	word, _ := get("server.region")
	key := text.Fold(word)
	var byCity, byBeginning *Row
	for _, id := range b.IDs("regions") {
		region, ok := strings.CutPrefix(id, provider+"/")
		if !ok {
			continue
		}
		r := b.Row("regions", id)
		short, _, _ := strings.Cut(r.Name.Zh, "（")
		switch key {
		case text.Fold(region), text.Fold(r.Name.Zh), text.Fold(short):
			return r, nil
		case text.Fold(r.Text("city")):
			if byCity == nil {
				byCity = r
			}
		}
		if slices.ContainsFunc(r.List("beginnings"), func(s string) bool { return strings.HasPrefix(strings.ToLower(strings.TrimSpace(word)), s) }) {
			byBeginning = r
		}
	}
	return cmp.Or(byCity, byBeginning), nil
}

// unlisted stands for a suffix or registrar that no table has: nothing is known
// against it, and nothing for it.
var unlisted = &Row{ID: "unlisted", Confidence: "low", Cells: map[string]Cell{"approval": {Value: "unlisted"}}}

// suffixRow finds the longest listed suffix of the name: example.com.cn is
// judged as com.cn, a name under a private suffix as its top-level domain.
func suffixRow(b *Rulebook, get func(string) (string, bool)) (*Row, []string) {
	suffix, ok := get("domain.suffix")
	if !ok {
		return nil, []string{"domain.name"}
	}
	for s := suffix; s != ""; {
		for _, table := range []string{"suffixes", "suffixes-not-approved"} {
			if row := b.Row(table, s); row != nil {
				return row, nil
			}
		}
		_, s, _ = strings.Cut(s, ".")
	}
	return unlisted, nil
}

// registrarRow matches by IANA id first: names are spelled in many ways, ids
// are not. Where id and name lead to registrars of which one is approved and
// the other is not, neither is believed, and a person has to look. A brand is
// no registrar, but may tell which one it is.
func registrarRow(b *Rulebook, get func(string) (string, bool)) (*Row, []string) {
	id, haveID := get("domain.registrar_iana_id")
	name, haveName := get("domain.registrar")
	if !haveID && !haveName {
		return nil, []string{"domain.registrar"}
	}
	byID, byName := b.registrarOfID(strings.TrimSpace(id)), b.registrarOfName(name)
	var brand *Row
	var behind []*Row
	if byName == nil || !byName.writes(name) {
		if brand, behind = b.brand(name); brand != nil {
			byName = nil
		}
	}
	as := func(r *Row) bool { return r.Text("approval") == byID.Text("approval") }
	switch {
	case byID != nil && byName != nil && !as(byName), byID != nil && brand != nil && !slices.ContainsFunc(behind, as):
		return nil, []string{"registrar.approval"}
	case byID != nil:
		return byID, nil
	case byName != nil:
		return byName, nil
	case brand != nil:
		return brandRow(brand, behind), nil
	}
	return unlisted, nil
}

// brand finds what a domain is sold under that is no registrar's name, and the
// registrars behind it.
func (b *Rulebook) brand(name string) (brand *Row, behind []*Row) {
	const table = "registrar-brands"
	if b.Columns(table) == nil || text.Fold(name) == "" {
		return nil, nil
	}
	if brand = b.Find(table, name); brand == nil {
		return nil, nil
	}
	for _, id := range brand.List("companies") {
		if r := b.Row("registrars", id); r != nil {
			behind = append(behind, r)
		}
	}
	return brand, behind
}

// brandRow is what is known of a registrar of which the brand alone is given. An
// approved company that is the only one behind it is meant; else it may be any.
func brandRow(brand *Row, behind []*Row) *Row {
	row := *brand
	row.Cells = map[string]Cell{}
	if len(behind) == 1 && behind[0].Text("approval") == "approved" {
		row.Confidence = behind[0].Confidence
		maps.Copy(row.Cells, behind[0].Cells)
	} else {
		row.Cells["approval"] = Cell{Value: "brand"}
	}
	maps.Copy(row.Cells, brand.Cells)
	return &row
}

// writes reports whether the registrar's row has the name just so, its legal
// form included: GoDaddy is the brand of GoDaddy.com, LLC, and the row's id.
func (r *Row) writes(name string) bool {
	return slices.ContainsFunc(r.List("match_names"), func(n string) bool { return text.Fold(n) == text.Fold(name) })
}

// registrarOfID finds a registrar by IANA id.
func (b *Rulebook) registrarOfID(id string) *Row {
	if id == "" {
		return nil
	}
	has := func(r *Row) bool { return slices.Contains(r.List("iana_ids"), id) }
	return b.search("registrars", id, has)
}

// registrarOfName finds a registrar by any spelling of its name. The spelling
// in the table is tried first, since finding it takes parsing one row.
func (b *Rulebook) registrarOfName(name string) *Row {
	key := foldCompany(name)
	if key == "" {
		return nil
	}
	has := func(r *Row) bool {
		for _, n := range append([]string{r.ID, r.Name.Zh, r.Name.En}, slices.Concat(r.Also, r.List("match_names"))...) {
			if foldCompany(n) == key {
				return true
			}
		}
		return false
	}
	if r := b.search("registrars", name, has); r != nil {
		return r
	}
	b.registrarsOnce.Do(func() {
		b.registrarByName = map[string]*Row{}
		for _, r := range b.Table("registrars").Rows {
			for _, n := range append([]string{r.ID, r.Name.Zh, r.Name.En}, slices.Concat(r.Also, r.List("match_names"))...) {
				if k := foldCompany(n); k != "" && b.registrarByName[k] == nil {
					b.registrarByName[k] = r
				}
			}
		}
	})
	return b.registrarByName[key]
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
