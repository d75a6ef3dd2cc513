package registration

import (
	"bytes"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/openrdap/rdap"
)

// domainAnswer is what a record needs of an answer about a domain.
//
// The library decodes into maps, and by reflection into fifty fields, of which a
// record needs ten; that is most of what a look-up costs. So an answer of the
// usual shape is decoded into just those, and one with anything unusual about
// them is left to the library, which is lenient. The standard encoding/json takes
// publicIDs for publicIds, and has given a registrar another's number for it; this
// one, of which the next encoding/json is made, keeps them apart.
type (
	domainAnswer struct {
		ObjectClassName string         `json:"objectClassName"`
		ErrorCode       jsontext.Value `json:"errorCode"`
		LDHName         string         `json:"ldhName"`
		UnicodeName     string         `json:"unicodeName"`
		Status          []string       `json:"status"`
		Events          []eventAnswer  `json:"events"`
		Nameservers     []hostAnswer   `json:"nameservers"`
		Entities        []entityAnswer `json:"entities"`
	}
	eventAnswer struct {
		Action string `json:"eventAction"`
		Date   string `json:"eventDate"`
	}
	hostAnswer struct {
		LDHName     string `json:"ldhName"`
		UnicodeName string `json:"unicodeName"`
	}
	entityAnswer struct {
		Handle    string     `json:"handle"`
		Roles     []string   `json:"roles"`
		PublicIDs []idAnswer `json:"publicIds"`
		// Card is read for those entities alone whose names are wanted: the full
		// name and the organisation.
		Card    jsontext.Value `json:"vcardArray"`
		fn, org string
	}
	idAnswer struct {
		Type       string `json:"type"`
		Identifier string `json:"identifier"`
	}
)

// named reports whether the names of an entity are wanted.
func (e *entityAnswer) named() bool { return e.has("registrar") || e.has("registrant") }

// has reports whether an entity has a role.
func (e *entityAnswer) has(role string) bool {
	return slices.ContainsFunc(e.Roles, func(r string) bool { return strings.EqualFold(r, role) })
}

// answers serve again, for the room in their lists.
var answers = sync.Pool{New: func() any { return new(domainAnswer) }}

// decodeFast reads an answer about a domain, and reports false where the library
// has to. Of members given twice the last counts, for the library too.
func (d *domainAnswer) decodeFast(raw []byte) bool {
	*d = domainAnswer{Status: d.Status[:0], Events: d.Events[:0], Nameservers: d.Nameservers[:0], Entities: d.Entities[:0]}
	if json.Unmarshal(raw, d, jsontext.AllowDuplicateNames(true)) != nil || d.ObjectClassName != "domain" || d.ErrorCode != nil {
		return false
	}
	for i := range d.Entities {
		if e := &d.Entities[i]; e.Card != nil && e.named() && !e.readCard() {
			return false
		}
	}
	return true
}

// fromLibrary takes the same from what the library has decoded.
func fromLibrary(from *rdap.Domain) *domainAnswer {
	d := &domainAnswer{LDHName: from.LDHName, UnicodeName: from.UnicodeName, Status: from.Status}
	for _, e := range from.Events {
		d.Events = append(d.Events, eventAnswer{e.Action, e.Date})
	}
	for _, ns := range from.Nameservers {
		d.Nameservers = append(d.Nameservers, hostAnswer{ns.LDHName, ns.UnicodeName})
	}
	for i := range from.Entities {
		e := entityAnswer{Handle: from.Entities[i].Handle, Roles: from.Entities[i].Roles}
		for _, id := range from.Entities[i].PublicIDs {
			e.PublicIDs = append(e.PublicIDs, idAnswer{id.Type, id.Identifier})
		}
		if e.named() {
			e.fn, e.org = card(&from.Entities[i])
		}
		d.Entities = append(d.Entities, e)
	}
	return d
}

// decoders are for cards, of which an answer has several.
var decoders = sync.Pool{New: func() any { return new(jsontext.Decoder) }}

// readCard reads the names in a jCard (RFC 7095): ["vcard", [[name, parameters,
// type, value…]…]]. Most properties are neither name and are passed over unread. It
// reports false for a card with anything unusual.
func (e *entityAnswer) readCard() bool {
	d := decoders.Get().(*jsontext.Decoder)
	defer decoders.Put(d)
	d.Reset(bytes.NewBuffer(e.Card)) // which it reads in place
	enter := func() bool {
		t, err := d.ReadToken()
		return err == nil && t.Kind() == '['
	}
	text := func() (string, bool) {
		if d.PeekKind() != '"' {
			return "", false
		}
		t, err := d.ReadToken()
		if err != nil {
			return "", false
		}
		return t.String(), true
	}
	skip := func(kind jsontext.Kind) bool { return d.PeekKind() == kind && d.SkipValue() == nil }
	if !enter() || !skip('"') || !enter() {
		return false
	}
	for d.PeekKind() == '[' {
		if !enter() {
			return false
		}
		name, ok := text()
		if !ok || !skip('{') || !skip('"') || d.PeekKind() == ']' {
			return false
		}
		if name == "fn" || name == "org" {
			value, ok := text()
			if !ok || d.PeekKind() != ']' {
				return false
			}
			switch value = clean(value); {
			case name == "fn" && e.fn == "":
				e.fn = value
			case name == "org" && e.org == "":
				e.org = value
			}
		}
		for d.PeekKind() != ']' {
			if d.SkipValue() != nil {
				return false
			}
		}
		if _, err := d.ReadToken(); err != nil {
			return false
		}
	}
	// The end of the properties, and nothing after them.
	_, err := d.ReadToken()
	return err == nil && d.PeekKind() == ']'
}
