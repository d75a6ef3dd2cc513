package cloudfile

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/filing"
)

// Reader reads files by forms.
type Reader struct {
	Forms []Form
	// Regions lists the ids of a provider's regions, which tell the region of a
	// zone, and whether a variable holds one.
	Regions func(provider string) []string
	// Sources is the folder in which to look for the lines of Terraform's own
	// files; empty points at the plan instead.
	Sources string
}

// Read reads a file. name is how it is called in messages.
func (r *Reader) Read(name string, data []byte) (*File, error) {
	data, err := plainText(name, data)
	if err != nil {
		return nil, err
	}
	root, err := parse(name, data)
	if err != nil {
		return nil, err
	}
	if ofTerraform(root) {
		return r.terraform(root)
	}
	return r.answer(root)
}

// place tells where a fact stands: the value in the file, or better. attribute
// is the first key of the path that the value was found by.
type place func(v value, attribute string) filing.Origin

// facts reads what a form names of a record.
func (r *Reader) facts(f *Form, record value, at place) filing.Facts {
	facts := filing.Facts{}
	state := func(path string, v any, from value, by string) {
		facts[path] = filing.Fact{Value: v, Origin: at(from, firstKey(by))}
	}
	for path, v := range f.States {
		state(path, v, record, "")
	}
	for _, reading := range f.Readings {
		if v, from, by, ok := reading.read(record); ok {
			state(reading.Fact, v, from, by)
		}
	}
	if billing, _ := facts.Text("server.billing"); billing != "subscription" && f.reads("server.billing") {
		// What is paid as it is used has no term, and clouds let it end in a far year.
		dropTerm(facts)
	}
	if zone := record.one(f.Zone); zone.known() {
		if _, told := facts["server.region"]; !told {
			if region := regionOf(zone.text(), r.regions(f.Provider)); region != "" {
				state("server.region", region, zone, f.Zone)
			}
		}
	}
	return facts
}

// dropTerm forgets how long a server is bought for.
func dropTerm(facts filing.Facts) {
	delete(facts, "server.months")
	delete(facts, "server.expires_at")
}

// reads reports whether records of the form tell a fact at all.
func (f *Form) reads(fact string) bool {
	return slices.ContainsFunc(f.Readings, func(g Reading) bool { return g.Fact == fact })
}

// billing is how a record is paid for, or "".
func (f *Form) billing(record value) string {
	for _, g := range f.Readings {
		if g.Fact != "server.billing" {
			continue
		}
		if v, _, _, ok := g.read(record); ok {
			return v.(string)
		}
	}
	return ""
}

func (r *Reader) regions(provider string) []string {
	if r.Regions == nil {
		return nil
	}
	return r.Regions(provider)
}

func firstKey(path string) string {
	key, _, _ := strings.Cut(path, ".")
	return strings.TrimSuffix(key, "[]")
}

// read reads one fact. by is the path that it was found at.
func (g *Reading) read(record value) (v any, from value, by string, ok bool) {
	field, _ := filing.FieldOf(g.Fact)
	if g.If != "" && !slices.ContainsFunc(record.find(g.If), func(v value) bool { return v.known() && v.text() != "false" }) {
		return nil, value{}, "", false
	}
	if g.From != "" {
		begin, ok1 := moment(record.one(g.From).text(), g.Milliseconds)
		end, ok2 := moment(record.one(g.To).text(), g.Milliseconds)
		if !ok1 || !ok2 || !end.After(begin) {
			return nil, value{}, "", false
		}
		return monthsBetween(begin, end), record.one(g.To), g.To, true
	}
	if field.Type == filing.List {
		return g.list(field, record)
	}
	for _, path := range g.At {
		if record.hidden[firstKey(path)] {
			break // whether it counts is not known
		}
		from := record.one(path)
		s, ok := from.scalar()
		if !ok || strings.TrimSpace(s) == "" {
			continue
		}
		if v, ok := g.convert(field, s); ok {
			return v, from, path, true
		}
		return nil, value{}, "", false
	}
	return nil, value{}, "", false
}

// list takes together what stands at all paths.
func (g *Reading) list(field filing.Field, record value) (v any, from value, by string, ok bool) {
	var list []string
	for _, path := range g.At {
		for _, item := range record.find(path) {
			s, ok := item.scalar()
			if !ok || strings.TrimSpace(s) == "" {
				continue
			}
			if field.Address {
				address, err := netip.ParseAddr(s)
				if err != nil {
					continue
				}
				s = address.Unmap().String()
			}
			if list == nil {
				from, by = item, path
			}
			list = append(list, s)
		}
	}
	slices.Sort(list)
	return slices.Compact(list), from, by, len(list) > 0
}

// convert makes a fact's value of what the file says; ok is false for what
// means nothing to us.
func (g *Reading) convert(field filing.Field, s string) (v any, ok bool) {
	if g.Above != nil {
		n, err := strconv.ParseFloat(s, 64)
		return true, err == nil && n > *g.Above
	}
	if g.Values != nil {
		if s, ok = g.Values[s]; !ok {
			return nil, false
		}
	}
	switch field.Type {
	case filing.Bool:
		v, err := strconv.ParseBool(s)
		return v, err == nil
	case filing.Int:
		n, err := strconv.ParseInt(s, 10, 32)
		return n, err == nil && n >= 0
	case filing.Time:
		t, ok := moment(s, g.Milliseconds)
		return t, ok
	}
	return s, true
}

// moment reads a time as clouds write it: RFC 3339, with or without seconds, or
// a date, meaning that day in Beijing. A time of day without a zone is not
// known, since nobody says which is meant.
func moment(s string, milliseconds bool) (time.Time, bool) {
	if milliseconds {
		n, err := strconv.ParseInt(s, 10, 64)
		t := time.UnixMilli(n).UTC()
		return t, err == nil && n > 0 && t.Year() <= 9999
	}
	t, err := time.Parse("2006-01-02T15:04Z07:00", s)
	if err != nil {
		t, err = calendar.Parse(s)
	}
	return t.UTC(), err == nil
}

// monthsBetween counts the whole months from the day of begin to that of end.
// Clouds let a term end at the midnight after, or some seconds early, so that
// a day more or less counts as the month it is meant to be.
func monthsBetween(begin, end time.Time) int64 {
	end = calendar.AddDays(end, 1)
	n := 0
	for n < 1200 && !calendar.AddMonths(begin, n+1).After(end) {
		n++
	}
	return int64(n)
}

// regionOf is the region that a zone is in: the longest id of the provider's
// regions with which the zone begins, if only a letter or a number follows. It
// is "" where that is not sure.
func regionOf(zone string, regions []string) string {
	best := ""
	for _, region := range regions {
		rest, ok := strings.CutPrefix(strings.ToLower(zone), strings.ToLower(region))
		if ok && len(region) > len(best) && zoneEnd(rest) {
			best = region
		}
	}
	return best
}

// zoneEnd reports whether a zone's name can end so after its region: "-b", "a", "-3".
func zoneEnd(rest string) bool {
	short, dash := strings.CutPrefix(rest, "-")
	if len(short) == 1 && short[0] >= 'a' && short[0] <= 'z' {
		return true
	}
	_, err := strconv.ParseUint(short, 10, 8)
	return err == nil && dash
}

// order adds how long a resource is bought that is about to be made. What is
// paid as it is used has no such length.
func (f *Form) order(record value, facts filing.Facts, at place) {
	number := record.one(f.Order.At)
	n, err := strconv.ParseInt(number.text(), 10, 16)
	billing, _ := facts.Text("server.billing")
	if err != nil || n < 1 || billing != "subscription" || record.hidden[firstKey(f.Order.UnitAt)] {
		return
	}
	unit := f.Order.Unit
	if u := record.one(f.Order.UnitAt); u.known() {
		unit = u.text()
	}
	months, ok := f.Order.Months[unit]
	if !ok {
		return
	}
	for _, path := range []string{"server.months", "server.first_purchase_months"} {
		facts[path] = filing.Fact{Value: n * int64(months), Origin: at(number, firstKey(f.Order.At))}
	}
}

// answer reads an answer of an API.
func (r *Reader) answer(root value) (*File, error) {
	file := &File{Name: root.doc.name}
	recognised := false
	for _, top := range []value{root, root.member("Response")} {
		for i := range r.Forms {
			f := &r.Forms[i]
			if f.Answer == "" || !top.known() {
				continue
			}
			records := top.find(f.Answer)
			if path, isList := strings.CutSuffix(f.Answer, "[]"); isList && len(records) == 0 {
				// A list that is null is empty, one of something else is no list of ours.
				for _, list := range top.find(path) {
					if !list.known() || list.raw[0] == '[' {
						recognised, file.Empty = true, true
					}
				}
			}
			if !slices.ContainsFunc(records, f.has) {
				continue
			}
			recognised = true
			if total, err := strconv.Atoi(top.one(f.Total).text()); err == nil && total > len(records) || top.one(f.Next).text() != "" {
				file.Partial = true
			}
			for _, record := range records {
				if !f.has(record) {
					continue
				}
				if record, ok := r.answerRecord(f, record); ok {
					file.Records = append(file.Records, record)
				}
			}
		}
	}
	if !recognised {
		return nil, root.doc.problem(root.at, "既不是 Terraform 计划，也不是认得的云平台答复（icpcheck rules list cloud-records 列出认得的）",
			"neither a Terraform plan nor an answer of a cloud that is known (icpcheck rules list cloud-records shows those)")
	}
	file.Empty = file.Empty && len(file.Records) == 0
	return file, nil
}

func (f *Form) has(record value) bool {
	keys := map[string]bool{}
	for key := range record.children() {
		keys[key] = true
	}
	return len(keys) > 0 && !slices.ContainsFunc(f.Has, func(key string) bool { return !keys[key] })
}

func (r *Reader) answerRecord(f *Form, v value) (Record, bool) {
	record := Record{Form: f.ID, Name: v.one(f.Key).text()}
	if f.Domain != "" {
		name, err := domainname.Parse(v.one(f.Domain).text())
		if err != nil {
			return Record{}, false
		}
		record.Name, record.Domain = name.Unicode, name.ApexUnicode
	}
	at := func(v value, _ string) filing.Origin {
		return filing.Origin{Source: filing.FromAPI, Server: record.Name, Position: v.position()}
	}
	record.Facts, record.Origin = r.facts(f, v, at), at(v, "")
	return record, true
}
