package registration

import (
	"bytes"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/openrdap/rdap"
)

// The library decodes into maps, and by reflection into fifty fields, of which a
// record needs ten; that is most of what a look-up costs. So an answer of the
// usual shape is decoded into just those, and one with anything unusual about
// them is left to the library, which is lenient. The standard encoding/json takes
// publicIDs for publicIds, and has given a registrar another's number for it; this
// one, of which the next encoding/json is made, keeps them apart.
type (
	fastDomain struct {
		ObjectClassName string         `json:"objectClassName"`
		ErrorCode       jsontext.Value `json:"errorCode"`
		LDHName         string         `json:"ldhName"`
		UnicodeName     string         `json:"unicodeName"`
		Status          []string       `json:"status"`
		Events          []struct {
			Action string `json:"eventAction"`
			Date   string `json:"eventDate"`
		} `json:"events"`
		Nameservers []struct {
			LDHName     string `json:"ldhName"`
			UnicodeName string `json:"unicodeName"`
		} `json:"nameservers"`
		Entities []fastEntity `json:"entities"`
	}
	fastEntity struct {
		Handle    string   `json:"handle"`
		Roles     []string `json:"roles"`
		PublicIDs []struct {
			Type       string `json:"type"`
			Identifier string `json:"identifier"`
		} `json:"publicIds"`
		// Card is decoded for those entities alone whose names are wanted.
		Card jsontext.Value `json:"vcardArray"`
	}
)

// decodeFast reads an answer about a domain, and reports false where the library
// has to.
func decodeFast(raw []byte) (*rdap.Domain, bool) {
	var f fastDomain
	if json.Unmarshal(raw, &f) != nil || f.ObjectClassName != "domain" || f.ErrorCode != nil {
		return nil, false
	}
	d := &rdap.Domain{LDHName: f.LDHName, UnicodeName: f.UnicodeName, Status: f.Status}
	d.Events = make([]rdap.Event, len(f.Events))
	for i, e := range f.Events {
		d.Events[i].Action, d.Events[i].Date = e.Action, e.Date
	}
	d.Nameservers = make([]rdap.Nameserver, len(f.Nameservers))
	for i, ns := range f.Nameservers {
		d.Nameservers[i].LDHName, d.Nameservers[i].UnicodeName = ns.LDHName, ns.UnicodeName
	}
	d.Entities = make([]rdap.Entity, len(f.Entities))
	for i, from := range f.Entities {
		e := &d.Entities[i]
		e.Handle, e.Roles = from.Handle, from.Roles
		for _, id := range from.PublicIDs {
			e.PublicIDs = append(e.PublicIDs, rdap.PublicID{Type: id.Type, Identifier: id.Identifier})
		}
		if from.Card == nil || !hasRole(e, "registrar") && !hasRole(e, "registrant") {
			continue
		}
		var ok bool
		if e.VCard, ok = cardFast(from.Card); !ok {
			return nil, false
		}
	}
	return d, true
}

// decoders are for cards, of which an answer has several.
var decoders = sync.Pool{New: func() any { return new(jsontext.Decoder) }}

// cardFast reads the names in a jCard (RFC 7095): ["vcard", [[name, parameters,
// type, value…]…]]. Most properties are neither name and are passed over unread.
func cardFast(raw jsontext.Value) (*rdap.VCard, bool) {
	d := decoders.Get().(*jsontext.Decoder)
	defer decoders.Put(d)
	d.Reset(bytes.NewBuffer(raw)) // which it reads in place
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
		return nil, false
	}
	card := &rdap.VCard{}
	for d.PeekKind() == '[' {
		if !enter() {
			return nil, false
		}
		name, ok := text()
		if !ok || !skip('{') || !skip('"') || d.PeekKind() == ']' {
			return nil, false
		}
		if name == "fn" || name == "org" {
			value, ok := text()
			if !ok || d.PeekKind() != ']' {
				return nil, false
			}
			card.Properties = append(card.Properties, &rdap.VCardProperty{Name: name, Value: value})
		}
		for d.PeekKind() != ']' {
			if d.SkipValue() != nil {
				return nil, false
			}
		}
		if _, err := d.ReadToken(); err != nil {
			return nil, false
		}
	}
	// The end of the properties, and nothing after them.
	if _, err := d.ReadToken(); err != nil || d.PeekKind() != ']' {
		return nil, false
	}
	return card, true
}
