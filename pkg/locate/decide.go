package locate

import (
	"github.com/icpcheck/icpcheck/pkg/locate/internal/table"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// Reason says what a Location rests on.
type Reason string

// The reasons.
const (
	Agreement Reason = "country-and-network" // both say so
	ByCountry Reason = "country"             // the network tells nothing
	ByNetwork Reason = "network"             // the network is believed over the country table
	Anycast   Reason = "anycast"             // a public resolver with mainland nodes
	Conflict  Reason = "conflict"            // the network is outside, the country table says mainland
	NotPublic Reason = "not-public"          // private, documentation, multicast, invalid …
	NotListed Reason = "not-listed"          // the country table does not have the address
)

var reasonTexts = map[Reason]text.Text{
	Agreement: {Zh: "归属地与所属网络一致", En: "country and network agree"},
	ByCountry: {Zh: "按 IP 归属地", En: "by the country of the address"},
	ByNetwork: {Zh: "按所属网络（云服务商的内地自治系统）", En: "by its network, a mainland one of the provider"},
	Anycast:   {Zh: "任播公共 DNS，内地有节点", En: "an anycast public resolver with mainland nodes"},
	Conflict:  {Zh: "归属地显示内地，但由云服务商用于境外的网络宣告，无法确定", En: "placed in the mainland but announced by a network that the provider uses outside, so undetermined"},
	NotPublic: {Zh: "不是公网地址", En: "not a public address"},
	NotListed: {Zh: "地址库中没有", En: "not in the address table"},
}

// Text says the reason to people.
func (r Reason) Text() text.Text { return reasonTexts[r] }

var places = [...]Place{
	table.Unlisted: Unknown, table.Mainland: Mainland, table.HongKong: HongKong, table.Macao: Macao,
	table.Taiwan: Taiwan, table.Abroad: Abroad, table.Special: Unknown,
}

// decide weighs what the country table says against what the network says.
// Country tables lean on registries, which know where a block was bought and
// not where it is used; networks of clouds are mostly kept apart by side of
// the border, but the outside ones also announce a few mainland addresses.
func decide(c table.Country, n *table.Network, anycast bool) Location {
	place := places[c]
	l := Location{Place: place, Confidence: Medium, Reason: ByCountry}
	if c == table.Special {
		return Location{Place: Unknown, Confidence: Low, Reason: NotPublic}
	}
	if n != nil {
		l.ASN, l.Provider = n.ASN, n.Provider
		switch {
		case anycast:
			l.Place, l.Reason = Mainland, Anycast
			return l
		case n.Use == table.Override && place != Mainland:
			l.Place, l.Reason = Mainland, ByNetwork
			return l
		case n.Use == table.Conflict && place == Mainland:
			l.Place, l.Confidence, l.Reason = Unknown, Low, Conflict
			return l
		case n.Where == table.InMainland && place == Mainland, n.Where == table.Outside && place.Outside():
			l.Confidence, l.Reason = High, Agreement
		}
	}
	if place == Unknown {
		l.Confidence, l.Reason = Low, NotListed
	}
	return l
}
