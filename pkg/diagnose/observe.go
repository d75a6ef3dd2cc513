package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/fetch"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/page"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// observations collect what the steps saw, which conclude then weighs.
type observations struct {
	now          time.Time
	target       Target
	facts        filing.Facts
	cdn          text.Text
	explain      func(*failure.Failure) text.Text
	allowPrivate bool
	asked        bool // what visitors in the mainland get was asked for
	untold       bool // it is not known, asked for or not, and may well be something else
	steps        []Step

	addresses []netip.Addr
	sent      []netip.Addr // where visitors in the mainland are sent
	private   bool         // none of the addresses may be connected to
	probed    []netip.Addr

	connects             []connect
	http, https, control exchange
	tls12, tls13         state
	tlsControl           state
	signature            *page.Signature // of an answer by name
	blocked              string          // the URL whose answer bears it
}

func (o *observations) step(id, target string, outcome Outcome, zh, en string) {
	o.steps = append(o.steps, Step{ID: id, Target: target, Outcome: outcome, Seen: text.Text{Zh: zh, En: en}})
}

func (o *observations) bool(path string) (value, known bool) {
	value, known = o.facts[path].Value.(bool)
	return value, known
}

func (o *observations) expiry() (time.Time, bool) {
	t, ok := o.facts["domain.expires_at"].Value.(time.Time)
	return t, ok
}

// status finds one of the given EPP statuses.
func (o *observations) status(wanted ...string) string {
	list, _ := o.facts.List("domain.statuses")
	for _, s := range list {
		for _, w := range wanted {
			if text.SameWord(s, w) {
				return w
			}
		}
	}
	return ""
}

// lost finds the failure of the look-up that should have given a fact.
func lost(missed []filing.Missed, path string) *failure.Failure {
	var last *failure.Failure
	for _, m := range missed {
		if slices.Contains(m.Paths, path) {
			last = m.Failure
		}
	}
	return last
}

func (o *observations) registration(missed []filing.Missed) {
	apex := o.target.Name.Apex
	registered, known := o.bool("domain.registered")
	statuses, _ := o.facts.List("domain.statuses")
	expires, dated := o.expiry()
	if !known && !dated && len(statuses) == 0 {
		o.unanswered("registration", apex, lost(missed, "domain.registered"))
		return
	}
	if known && !registered {
		o.step("registration", apex, Failed, "没有注册", "not registered")
		return
	}
	zh, en := []string{"已注册"}, []string{"registered"}
	if dated {
		day := calendar.Date(expires)
		zh, en = append(zh, day+" 到期"), append(en, "until "+day)
	}
	if len(statuses) > 0 {
		words := text.Clean(strings.Join(statuses, ", "))
		zh, en = append(zh, "状态 "+words), append(en, "status "+words)
	}
	outcome := OK
	if _, bad := o.registrationProblem(); bad {
		outcome = Failed
	}
	o.step("registration", apex, outcome, strings.Join(zh, "，"), strings.Join(en, ", "))
}

// unanswered is a look-up that gave nothing.
func (o *observations) unanswered(id, target string, f *failure.Failure) {
	switch {
	case f == nil:
		o.step(id, target, Skipped, "未查询", "not asked")
	case f.Kind == failure.NotAsked:
		o.step(id, target, Skipped, "未查询（离线）", "not asked (offline)")
	default:
		reason := o.explain(f)
		o.step(id, target, Open, "未能查询："+text.Clean(reason.Zh), "could not ask: "+text.Clean(reason.En))
	}
}

func (o *observations) dns(missed []filing.Missed) {
	host := o.target.Name.ASCII
	list, known := o.facts.List("domain.addresses")
	for _, s := range list {
		if a, err := netip.ParseAddr(s); err == nil {
			o.addresses = append(o.addresses, a.Unmap())
		}
	}
	aliases, _ := o.facts.List("domain.aliases")
	through := ""
	if len(aliases) > 0 {
		through = " → " + text.Clean(strings.Join(aliases, " → "))
	}
	resolves, asked := o.bool("domain.resolves")
	switch {
	case len(o.addresses) > 0:
		where := strings.Join(list, ", ") + through
		zh, en := "解析到 "+where, "points to "+where
		if places, ok := o.facts.List("domain.places"); ok && len(places) > 0 {
			var inZh, inEn []string
			for _, p := range places {
				inZh, inEn = append(inZh, placeWords[p].Zh), append(inEn, placeWords[p].En)
			}
			zh, en = zh+"（"+strings.Join(inZh, "、")+"）", en+" ("+strings.Join(inEn, ", ")+")"
		}
		if !o.cdn.Empty() {
			zh += "，经过" + o.cdn.Zh + "；加速范围含内地的，域名也要备案"
			en += ", through " + o.cdn.En + "; with the mainland in its scope the name has to be filed too"
		}
		outcome := OK
		switch {
		case o.elsewhere(), o.abroad() && !o.untold:
			outcome = Failed
		case o.abroad():
			outcome = Open
		}
		o.step("dns", host, outcome, zh, en)
	case known || asked && !resolves:
		o.step("dns", host, Failed, "没有解析到任何地址"+through, "points to no address"+through)
	default:
		o.unanswered("dns", host, lost(missed, "domain.addresses"))
	}
}

// reachable are the addresses that may be connected to.
func (o *observations) reachable() []netip.Addr {
	var list []netip.Addr
	for _, a := range o.addresses {
		if o.allowPrivate || fetch.Public(a) {
			list = append(list, a)
		}
	}
	if len(o.addresses) > 0 && len(list) == 0 {
		o.private = true
		o.step("connect", o.addresses[0].String(), Failed, "不是公网地址，外面无法访问", "not a public address; nobody outside can reach it")
	}
	return list
}

// elsewhere reports that the name points to none of the declared addresses, for
// us and for visitors in the mainland. The addresses of a CDN tell nothing of the
// server behind it.
func (o *observations) elsewhere() bool {
	declared, ok := o.facts.List("server.addresses")
	if !ok || len(declared) == 0 || len(o.addresses) == 0 || !o.cdn.Empty() {
		return false
	}
	return !slices.ContainsFunc(declared, func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && (slices.Contains(o.addresses, a.Unmap()) || slices.Contains(o.sent, a.Unmap()))
	})
}

// abroad reports that every address is known to be outside the mainland, those
// that visitors in the mainland get above all. It is not sure while these are untold.
func (o *observations) abroad() bool {
	outside := func(path string) bool {
		places, _ := o.facts.List(path)
		return len(places) > 0 && !slices.ContainsFunc(places, func(p string) bool { return p == "mainland" || p == "unknown" || p == "" })
	}
	if _, asked := o.facts.List("domain.vantage_places"); asked && !outside("domain.vantage_places") {
		return false
	}
	return len(o.addresses) > 0 && outside("domain.places")
}

var placeWords = map[string]text.Text{
	"mainland": {Zh: "中国内地", En: "the mainland"}, "hong-kong": {Zh: "中国香港", En: "Hong Kong"}, "macao": {Zh: "中国澳门", En: "Macao"},
	"taiwan": {Zh: "中国台湾", En: "Taiwan"}, "abroad": {Zh: "境外", En: "abroad"}, "unknown": {Zh: "所在地未知", En: "place unknown"},
}

var stateWords = map[state]text.Text{
	answered:    {Zh: "连上", En: "connected"},
	refused:     {Zh: "被拒绝（端口没有服务）", En: "refused (nothing listens)"},
	reset:       {Zh: "被重置", En: "reset"},
	timedOut:    {Zh: "超时", En: "timed out"},
	unreachable: {Zh: "从这里到不了", En: "no way there from here"},
	spoke:       {Zh: "应答无法解读", En: "answer not readable"},
}

// connected makes a step of each address.
func (o *observations) connected() {
	for _, a := range o.probed {
		outcome := Failed
		var zh, en []string
		for _, c := range o.connects {
			if c.to.Addr() != a {
				continue
			}
			if c.state == answered {
				outcome = OK
			}
			w := stateWords[c.state]
			zh, en = append(zh, fmt.Sprintf("端口 %d %s", c.to.Port(), w.Zh)), append(en, fmt.Sprintf("port %d %s", c.to.Port(), w.En))
		}
		if zh != nil {
			o.step("connect", a.String(), outcome, strings.Join(zh, "，"), strings.Join(en, ", "))
		}
	}
}

// via is the address that answers are compared at: a preferred one, and of those
// the one with most open ports.
func (o *observations) via(preferred func(netip.Addr) bool) (netip.Addr, bool) {
	best, count := netip.Addr{}, 0
	for _, a := range o.probed {
		if count > 0 && preferred(best) && !preferred(a) {
			continue
		}
		n := 0
		for _, c := range o.connects {
			if c.to.Addr() == a && c.state == answered {
				n++
			}
		}
		if n > count {
			best, count = a, n
		}
	}
	return best, count > 0
}

func (o *observations) open(a netip.Addr, port uint16) bool {
	return slices.ContainsFunc(o.connects, func(c connect) bool { return c.to == netip.AddrPortFrom(a, port) && c.state == answered })
}

// answered compares the answers by name with the signatures, and makes steps of
// all of them.
func (o *observations) answered(signatures []page.Signature) {
	for _, x := range []*exchange{&o.http, &o.https} {
		if x.state != answered {
			continue
		}
		s := page.Block(x.result.Status, x.result.Header, x.result.Body, x.result.Location, signatures)
		if s != nil && (o.signature == nil || s.Decides() && !o.signature.Decides()) {
			o.signature, o.blocked = s, x.url
		}
	}
	o.exchanged("http", o.http, signatures)
	o.exchanged("https", o.https, signatures)
	o.exchanged("http-address", o.control, nil)
	o.shaken()
}

func (o *observations) exchanged(id string, x exchange, signatures []page.Signature) {
	switch x.state {
	case untried:
		return
	case answered:
	case spoke:
		// On a port of the user's one of the two never fits.
		if o.target.Port != 0 && (id == "https" && o.http.state == answered || id == "http" && o.https.state == answered) {
			return
		}
		reason := text.Clean(x.failed.Error())
		o.step(id, x.url, Failed, "应答有误："+reason, "not acceptable: "+reason)
		return
	default:
		w := stateWords[x.state]
		o.step(id, x.url, Failed, w.Zh, w.En)
		return
	}
	r := x.result
	zh := fmt.Sprintf("GET 得到 %d", r.Status)
	en := fmt.Sprintf("GET gives %d", r.Status)
	if server := text.Clean(r.Header.Get("Server")); server != "" {
		zh, en = zh+"（Server: "+server+"）", en+" (Server: "+server+")"
	}
	if r.Location != "" {
		to := text.Clean(r.Location)
		zh, en = zh+"，转到 "+to, en+", on to "+to
	}
	outcome := OK
	if r.Status >= 400 {
		outcome = Failed
	}
	if s := page.Block(r.Status, r.Header, r.Body, r.Location, signatures); s != nil {
		if s.Decides() {
			outcome = Blocked
			zh, en = zh+"，是"+s.Name.Zh, en+": "+s.Name.En
		} else {
			outcome = Open
			zh, en = zh+"，像"+s.Name.Zh, en+", much like: "+s.Name.En
		}
	}
	o.step(id, x.url, outcome, zh, en)
}

// shaken makes steps of the handshakes.
func (o *observations) shaken() {
	if o.tls12 == untried {
		return
	}
	plainPort := o.target.Port != 0 && o.http.state == answered && o.https.state != answered
	if plainPort && o.tls12 == spoke {
		return // the port speaks no TLS, to nobody
	}
	words := func(s state) text.Text {
		switch s {
		case answered:
			return text.Text{Zh: "成功", En: "goes through"}
		case spoke:
			return text.Text{Zh: "服务器拒绝", En: "the server declines"}
		}
		return stateWords[s]
	}
	old, fresh, control := words(o.tls12), words(o.tls13), words(o.tlsControl)
	outcome := Open // success proves nothing
	if o.tls12 == reset || o.tls13 == reset {
		outcome = Failed
	}
	name := o.target.Name.ASCII
	o.step("tls", name, outcome, "带域名握手：TLS 1.2 "+old.Zh+"，TLS 1.3 "+fresh.Zh, "handshake with the name: TLS 1.2 "+old.En+", TLS 1.3 "+fresh.En)
	o.step("tls-address", "", Open, "不带域名握手："+control.Zh, "handshake without a name: "+control.En)
}
