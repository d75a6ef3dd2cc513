package shipped_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/internal/shipped"
	"github.com/icpcheck/icpcheck/pkg/rulebook"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// fact is one collected fact of a province.
type fact struct {
	Value  any
	part   bool // one of several values that have their sources in common
	Source string
	Also   []string
	Other  []struct {
		Value  any
		Source string
		Also   []string
	}
}

// columns tells by which columns of table provinces a fact is answered, and
// what the first of them holds for its value. Facts are named by their path:
// site_limits.sites_per_order. A nil translation is for facts in free words, of
// which the column has to say something in both languages.
var columns = map[string]struct {
	names     []string
	translate func(any) any
}{
	"name_zh":                             {[]string{"name"}, same},
	"iso":                                 {[]string{"iso"}, same},
	"gb":                                  {[]string{"code"}, same},
	"abbr":                                {[]string{"abbr"}, nil}, // compared in compareNames
	"recent_support":                      {[]string{"recent_support"}, same},
	"domain_validity_min_days":            {[]string{"min_validity_days"}, same},
	"domain_holder.unit":                  {[]string{"holder_unit"}, ids},
	"domain_holder.individual":            {[]string{"holder_individual"}, ids},
	"domain_holder.proof":                 {[]string{"holder_proof"}, nil},
	"domain_suffix_and_registrar.refused": {[]string{"suffixes_refused", "country_codes_refused"}, suffixes},
	"domain_suffix_and_registrar.foreign_registrar":    {[]string{"foreign_registrar_refused"}, is("refused")},
	"domain_suffix_and_registrar.public_institution":   {[]string{"suffixes_institution"}, suffixes},
	"domain_suffix_and_registrar.party_or_government":  {[]string{"suffixes_government"}, suffixes},
	"domain_suffix_and_registrar.individual_refused":   {[]string{"suffixes_refused_individual"}, suffixes},
	"domain_suffix_and_registrar.takeover_refused":     {[]string{"suffixes_refused_takeover"}, suffixes},
	"subject_lead_legal_representative":                {[]string{"lead_rule"}, ids},
	"site_lead":                                        {[]string{"site_lead"}, ids},
	"unit_lead_min_age":                                {[]string{"unit_lead_min_age"}, same},
	"handheld_photo.unit":                              {[]string{"handheld_photo_unit"}, nil},
	"handheld_photo.individual":                        {[]string{"handheld_photo_individual"}, nil},
	"curtain_photo.individual":                         {[]string{"curtain_photo"}, lists("individual")},
	"authorisation_letter":                             {[]string{"authorization_letter", "authorization_letter_text"}, nil},
	"individual_id_from_elsewhere":                     {[]string{"individual_elsewhere"}, ids},
	"phone_locality":                                   {[]string{"phone_locality"}, ids},
	"commitment_letters":                               {[]string{"commitment_text", "commitment_letters"}, nil},
	"verification_form":                                {[]string{"verification_form"}, nil},
	"org_establishment_proof":                          {[]string{"org_establishment_proof", "org_establishment_text"}, always(true)},
	"business_statement":                               {[]string{"business_statement"}, nil},
	"individuals_may_file":                             {[]string{"individuals_may_file"}, same},
	"individual_rules.id":                              {[]string{"individual_id_card_only"}, always(true)},
	"individual_rules.min_age":                         {[]string{"individual_min_age", "individual_rules"}, same},
	"individual_rules.foreigners":                      {[]string{"individual_foreigners_refused"}, is("refused")},
	"individual_rules.temporary_id":                    {[]string{"individual_temporary_id_refused"}, is("refused")},
	"individual_rules.suffix_refused":                  {[]string{"suffixes_refused_individual"}, suffixes},
	"individual_rules.content":                         {[]string{"individual_rules"}, nil},
	"individual_rules.note":                            {[]string{"individual_rules"}, nil},
	"individual_rules.hong_kong_macao":                 {[]string{"individual_rules"}, nil},
	"individual_rules.age_16_to_18":                    {[]string{"individual_rules"}, nil},
	"individual_rules.under_18":                        {[]string{"individual_rules"}, nil},
	"individual_rules.site_name":                       {[]string{"individual_rules"}, nil},
	"individual_rules.remark":                          {[]string{"individual_rules"}, nil},
	"individual_rules.service_content":                 {[]string{"individual_rules"}, nil},
	"individual_rules.address":                         {[]string{"individual_rules"}, nil},
	"individual_name_banned_words":                     {[]string{"individual_banned_words"}, same},
	"site_limits.note":                                 {[]string{"site_limits_text"}, nil},
	"site_limits.then":                                 {[]string{"site_limits_text"}, nil},
	"site_limits.new_domains_per_order":                {[]string{"domains_per_order_unit", "domains_per_order_individual"}, same},
	"site_limits.unit_domains_per_order":               {[]string{"domains_per_order_unit"}, same},
	"site_limits.sites_per_order":                      {[]string{"sites_per_order_unit", "sites_per_order_individual"}, same},
	"site_limits.individual_sites_per_order":           {[]string{"sites_per_order_individual"}, same},
	"site_limits.first_filing_sites_per_order":         {[]string{"first_filing_sites"}, same},
	"site_limits.individual_first_filing_domains":      {[]string{"first_filing_domains_individual"}, same},
	"site_limits.unit_filed_gt":                        {[]string{"single_domain_orders_above_unit"}, same},
	"site_limits.individual_filed_gt":                  {[]string{"single_domain_orders_above_individual"}, same},
	"site_limits.then_domains_per_order":               {[]string{"single_domain_orders_above_unit"}, nil}, // its name says one
	"site_limits.unit_sites_max":                       {[]string{"sites_max_unit"}, same},
	"site_limits.individual_sites_max":                 {[]string{"sites_max_individual"}, same},
	"site_limits.unit_filed_sites_ge":                  {[]string{"site_statement_unit_from"}, same},
	"site_limits.domains_per_site":                     {[]string{"domains_per_site"}, same},
	"domain_certificate.unit":                          {[]string{"domain_certificate_unit"}, certificate},
	"domain_certificate.individual":                    {[]string{"domain_certificate_individual"}, certificate},
	"domain_certificate.threshold":                     {[]string{"domain_certificate_from"}, nil}, // compared in compareCertificate
	"construction_plan.unit_sites_ge":                  {[]string{"construction_plan_unit_from", "construction_plan"}, same},
	"construction_plan.unit_domains_ge":                {[]string{"construction_plan_unit_from", "construction_plan"}, nil},
	"construction_plan.unit_prefixes_ge":               {[]string{"construction_plan_unit_from", "construction_plan"}, same},
	"construction_plan.unit_prefixes_gt":               {[]string{"construction_plan_unit_from", "construction_plan"}, plusOne},
	"construction_plan.unit_existing_sites_gt":         {[]string{"construction_plan_unit_from", "construction_plan"}, plusOne},
	"construction_plan.individual_prefixes_gt":         {[]string{"construction_plan_individual_from"}, plusOne},
	"construction_plan.individual_sites_gt":            {[]string{"construction_plan_individual_from"}, plusOne},
	"construction_plan.individual_guarantee_letter_at": {[]string{"guarantee_letter_individual_from"}, same},
	"construction_plan.with_commitment_letter":         {[]string{"commitment_letters"}, nil},
	"construction_plan.individual":                     {[]string{"construction_plan"}, lists("individual")},
	"pre_approval":                                     {[]string{"pre_approval"}, nil},
	"change_filing.unit_to_other_unit":                 {[]string{"change_unit_to_other_unit"}, ids},
	"change_filing.unit_to_individual":                 {[]string{"change_unit_to_individual"}, ids},
	"change_filing.individual_to_other_individual":     {[]string{"change_individual_to_other_individual"}, ids},
	"change_filing.individual_to_unit":                 {[]string{"change_individual_to_unit"}, ids},
	"change_proof":                                     {[]string{"change_proof", "change_proof_number"}, nil},
	"shell_subject_can_add_site":                       {[]string{"shell_subject_can_add_site"}, same},
	"takeover_filing.unit_must_match":                  {[]string{"takeover_unit_must_match"}, ids},
	"takeover_filing.individual_must_match":            {[]string{"takeover_individual_must_match"}, ids},
	"filed_sites_must_be_reachable":                    {[]string{"filed_sites_must_be_reachable"}, same},
	"footer_number":                                    {[]string{"footer_number"}, same},
	"footer_copyright_owner":                           {[]string{"footer_copyright_owner"}, copyrightOwner},
	"review_working_days.max":                          {[]string{"review_max_days"}, same},
	"review_working_days.typical":                      {[]string{"review_min_days", "review_max_days"}, first},
	"sms_check_since":                                  {[]string{"sms_check_since"}, day},
	"hints":                                            {[]string{"hints"}, nil}, // compared in compareHints
}

func same(v any) any { return v }

// ids writes the words of the facts as the table does: legal-representative.
func ids(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "_", "-")
	case []any:
		list := make([]any, len(v))
		for i, s := range v {
			list[i] = ids(s)
		}
		return list
	}
	return v
}

func is(word string) func(any) any { return func(v any) any { return v == word } }

func always(v any) func(any) any { return func(any) any { return v } }

// lists is for facts that put somebody on a list.
func lists(who string) func(any) any { return func(any) any { return []any{who} } }

func plusOne(v any) any { return v.(int) + 1 }

func first(v any) any { return v.([]any)[0] }

func day(v any) any {
	t, err := time.ParseInLocation(calendar.DateLayout, v.(string), calendar.Beijing)
	if err != nil {
		panic(err)
	}
	return t
}

// suffixes writes them without the dot. That others' country codes are refused
// has a column of its own.
func suffixes(v any) any {
	var list []any
	for _, s := range v.([]any) {
		if s, ok := strings.CutPrefix(s.(string), "."); ok {
			list = append(list, s)
		}
	}
	return list
}

func certificate(v any) any {
	s := strings.TrimPrefix(v.(string), "required_if_")
	s = strings.TrimSuffix(strings.TrimSuffix(s, "_ge"), "_gt")
	return ids(s)
}

func copyrightOwner(v any) any {
	if strings.Contains(v.(string), "naming the unit") {
		return "unit-name"
	}
	return "any-line"
}

// TestProvinces compares table provinces with the collected facts, field by
// field: all 31 rows answer all that is known of them, with every source of it
// and with what other sources say instead. What is left out stands in
// docs/coverage.md.
func TestProvinces(t *testing.T) {
	data := collected(t, "provinces.yaml")
	var file struct {
		Provinces map[string]map[string]yaml.Node
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	table := shipped.Book(t).Table("provinces")
	if got, want := table.IDs(), slices.Sorted(maps.Keys(file.Provinces)); len(want) != 31 || !sameSet(got, want) {
		t.Errorf("rows %q, want the 31 of %q", got, want)
	}
	out, met := leftOut(t, "provinces"), map[string]bool{}
	for id, nodes := range file.Provinces {
		row := table.Row(id)
		if row == nil {
			continue
		}
		whole, answering := map[string]fact{}, map[string][]string{}
		for path, f := range flatten(t, nodes) {
			met[path] = true
			if out[path] != "" {
				continue
			}
			if err := compare(row, path, f); err != nil {
				t.Errorf("%s: %s: %v", id, path, err)
			}
			if f.part {
				key, _, _ := strings.Cut(path, ".")
				whole[key] = fact{Source: f.Source, Also: f.Also}
				answering[key] = append(answering[key], columns[path].names...)
			}
		}
		// The table says which source supports which part; together they have all.
		for key, f := range whole {
			if err := compareSources(row, answering[key], f); err != nil {
				t.Errorf("%s: %s: %v", id, key, err)
			}
		}
	}
	for path := range out {
		if !met[path] {
			t.Errorf("docs/coverage.md leaves out %s, which no province has", path)
		}
	}
	for path := range columns {
		if !met[path] || out[path] != "" {
			t.Errorf("%s is compared here and is left out, or no province has it", path)
		}
	}
}

// flatten gives the facts of a province by path.
func flatten(t *testing.T, nodes map[string]yaml.Node) map[string]fact {
	t.Helper()
	facts := map[string]fact{}
	for key, n := range nodes {
		var f fact
		if n.Kind != yaml.MappingNode || n.Decode(&f) != nil || f.Source == "" {
			f = fact{}
			if err := n.Decode(&f.Value); err != nil {
				t.Fatal(err)
			}
		}
		parts, ok := f.Value.(map[string]any)
		if !ok {
			facts[key] = f
			continue
		}
		for name, value := range parts {
			facts[key+"."+name] = fact{Value: value, part: true, Source: f.Source, Also: f.Also}
		}
		// What others say concerns the parts that they name, or all.
		for _, o := range f.Other {
			claims, ok := o.Value.(map[string]any)
			if !ok {
				claims = parts
			}
			for name := range claims {
				part := facts[key+"."+name]
				part.Other = append(part.Other, o)
				facts[key+"."+name] = part
			}
		}
	}
	return facts
}

func compare(row *rulebook.Row, path string, f fact) error {
	switch path {
	case "name_en", "abbr_also_seen", "code_sources":
		return compareNames(row, path, f.Value)
	}
	c, ok := columns[path]
	if !ok {
		return fmt.Errorf("no column answers it, and docs/coverage.md does not leave it out")
	}
	if path == "name_zh" {
		return differ(row.Name.Zh, f.Value)
	}
	if f.Source == "" && f.Value == nil {
		return compareSources(row, c.names, f) // only others say anything of it
	}
	answered := slices.ContainsFunc(c.names, func(name string) bool { return says(row.Cells[name].Value) })
	if !answered && !reflect.DeepEqual(f.Value, []any{}) {
		return fmt.Errorf("%q says nothing of %v", c.names, f.Value)
	}
	if c.translate != nil {
		if err := differ(row.Cells[c.names[0]].Value, c.translate(f.Value)); err != nil {
			return fmt.Errorf("%s: %w", c.names[0], err)
		}
	}
	switch path {
	case "abbr":
		return compareNames(row, path, f.Value)
	case "hints":
		return compareHints(row, f.Value)
	case "domain_certificate.threshold":
		// “More than three” and “from four on” are one number in the table.
		if got := row.Cells["domain_certificate_from"].Value; got != int64(f.Value.(int)) && got != int64(f.Value.(int)+1) {
			return fmt.Errorf("domain_certificate_from is %v, want %v or one more", got, f.Value)
		}
	}
	return compareSources(row, c.names, f)
}

// says reports whether a cell's value says anything.
func says(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case text.Text:
		return v.Zh != "" && v.En != ""
	case []string:
		return len(v) > 0
	case []any:
		return len(v) > 0
	}
	return true
}

func differ(got, want any) error {
	plain := func(v any) string {
		switch v := v.(type) {
		case []string:
			return strings.Join(v, " ")
		case []any:
			return strings.Trim(fmt.Sprint(v), "[]")
		case time.Time:
			return calendar.Date(v)
		}
		return fmt.Sprint(v)
	}
	if plain(got) != plain(want) {
		return fmt.Errorf("the table has %v, want %v", plain(got), plain(want))
	}
	return nil
}

func compareNames(row *rulebook.Row, path string, v any) error {
	switch path {
	case "name_en": // “Tibet (Xizang)”: the second is accepted as well
		name, other, _ := strings.Cut(strings.TrimSuffix(v.(string), ")"), " (")
		if row.Name.En != name || other != "" && !slices.Contains(row.Also, other) {
			return fmt.Errorf("the table has %q, also %q, want %v", row.Name.En, row.Also, v)
		}
	case "abbr":
		if list := row.List("abbr"); len(list) == 0 || list[0] != v {
			return fmt.Errorf("the table has %q, want %v first", list, v)
		}
	case "abbr_also_seen":
		for _, s := range v.([]any) {
			if !slices.Contains(row.List("abbr"), s.(string)) {
				return fmt.Errorf("the table has %q, want %v as well", row.List("abbr"), s)
			}
		}
	case "code_sources":
		for _, s := range v.([]any) {
			if !slices.Contains(row.Source, source(s.(string))) {
				return fmt.Errorf("the row's sources are %q, want %v as well", row.Source, s)
			}
		}
	}
	return nil
}

// compareHints wants as many hints as were collected, each with its source.
func compareHints(row *rulebook.Row, v any) error {
	hints, _ := row.Value("hints").([]any)
	want := v.([]any)
	if len(hints) != len(want) {
		return fmt.Errorf("%d hints, want %d", len(hints), len(want))
	}
	for i, h := range hints {
		h, w := h.(map[string]any), want[i].(map[string]any)
		if h["zh"] == "" || h["en"] == "" || !strings.Contains(fmt.Sprint(h["source"]), source(w["source"].(string))) {
			return fmt.Errorf("hint %d is %v, want %v", i+1, h, w)
		}
	}
	return nil
}

// source is the table's id of a source.
func source(id string) string {
	if id == "seed-2022" {
		return "seed"
	}
	return "provinces/" + id
}

// compareSources wants all that support the value among the sources of the
// columns, and all that speak against it as well.
func compareSources(row *rulebook.Row, names []string, f fact) error {
	var have []string
	for _, name := range names {
		have = append(have, row.SourcesOf(name)...)
		for _, o := range row.Cells[name].Other {
			have = append(have, o.Source...)
		}
	}
	missing := func(ids []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" || slices.Contains(have, source(id)) })
	}
	support := append([]string{f.Source}, f.Also...)
	lacks := missing(support)
	if f.part && len(lacks) < len(support) {
		lacks = nil // the others support other parts; see TestProvinces
	}
	for _, o := range f.Other {
		lacks = append(lacks, missing(append([]string{o.Source}, o.Also...))...)
	}
	if len(lacks) > 0 {
		return fmt.Errorf("the sources of %q are %q, want %q as well", names, have, lacks)
	}
	return nil
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}
