package diagnose

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// conclude weighs the observations.
func (o *observations) conclude() Diagnosis {
	d := Diagnosis{Steps: o.steps}
	d.Conclusion, d.Because = o.weigh()
	if o.signature != nil && o.signature.Decides() {
		d.Signature = o.signature
	}
	return d
}

// weigh goes from the more certain to the less: what the registry says, where
// the name points, the marks of a block, and at last the server.
func (o *observations) weigh() (Conclusion, text.Text) {
	if c, bad := o.registrationProblem(); bad {
		return c, o.registrationReason()
	}
	if len(o.addresses) == 0 {
		return o.pointsNowhere()
	}
	if o.private {
		return PointsElsewhere, text.Text{Zh: "解析到的不是公网地址", En: "it points to an address that is not public"}
	}
	if s := o.signature; s != nil && s.Decides() {
		at := text.Clean(o.blocked)
		if s.Shared {
			return Undetermined, text.Text{Zh: at + " 的应答是" + s.Name.Zh + "，违规内容也用同一页面，不能断定是备案原因：在 beian.miit.gov.cn 按域名查询", En: "the answer of " + at + " is: " + s.Name.En + ", which serves banned content too, so that filing need not be why: query the name at beian.miit.gov.cn"}
		}
		return o.block(), text.Text{Zh: at + " 的应答是" + s.Name.Zh, En: "the answer of " + at + " is: " + s.Name.En}
	}
	// Abroad no provider blocks names for filing, though others cut them off.
	if why := o.cutOff(); !why.Empty() && !o.abroad() {
		return ResetByName, why
	}
	if o.elsewhere() {
		return PointsElsewhere, text.Text{Zh: "解析到的地址都不是所填服务器", En: "none of its addresses is the declared server"}
	}
	if o.abroad() {
		switch {
		case o.untold && !o.asked:
			return Undetermined, text.Text{Zh: "从这里看，解析到的地址都在中国内地以外，但 CDN 可能给内地访问者另外的节点：加 --vantage 再运行一次；已经知道的，用 --set domain.vantage_places=abroad 说明",
				En: "as seen from here all of its addresses are outside the mainland, but the CDN may give visitors in the mainland other nodes: run it again with --vantage; if you know it, say --set domain.vantage_places=abroad"}
		case o.untold:
			return Undetermined, text.Text{Zh: "从这里看，解析到的地址都在中国内地以外，但不知道内地访问者得到的是哪里：请在中国内地的网络上不加 --vantage 运行，或用 --vantage-server 指定会按网段回答的 DNS 服务器；已经知道的，用 --set domain.vantage_places=abroad 说明",
				En: "as seen from here all of its addresses are outside the mainland, but where visitors in the mainland are sent is not known: run it inside the mainland without --vantage, or name a DNS server that answers by network with --vantage-server; if you know it, say --set domain.vantage_places=abroad"}
		}
		return PointsAbroad, text.Text{Zh: "解析到的地址都在中国内地以外", En: "all of its addresses are outside the mainland"}
	}
	return o.server()
}

// gone are the statuses of a name that has run out.
var gone = []string{"redemptionPeriod", "pendingDelete", "pendingRestore", "expired"}

// registrationProblem finds what takes a name out of the DNS whatever the
// server does. A name that is not registered but resolves is a mistake of the
// look-up, not of the name.
func (o *observations) registrationProblem() (Conclusion, bool) {
	if o.status("serverHold", "clientHold") != "" {
		return OnHold, true
	}
	registered, known := o.bool("domain.registered")
	expires, dated := o.expiry()
	list, _ := o.facts.List("domain.addresses")
	switch {
	case o.status(gone...) != "", dated && calendar.DaysBetween(o.now, expires) < 0, known && !registered && len(list) == 0:
		return Expired, true
	}
	return "", false
}

func (o *observations) registrationReason() text.Text {
	if s := o.status("serverHold", "clientHold"); s != "" {
		return text.Text{Zh: "域名状态为 " + s, En: "its status is " + s}
	}
	if s := o.status(gone...); s != "" {
		return text.Text{Zh: "域名状态为 " + s, En: "its status is " + s}
	}
	if expires, dated := o.expiry(); dated && calendar.DaysBetween(o.now, expires) < 0 {
		day := calendar.Date(expires)
		return text.Text{Zh: "域名已于 " + day + " 到期", En: "it expired on " + day}
	}
	return text.Text{Zh: "注册局没有这个域名", En: "the registry does not have it"}
}

// pointsNowhere tells an empty answer of the DNS from none.
func (o *observations) pointsNowhere() (Conclusion, text.Text) {
	_, known := o.facts.List("domain.addresses")
	resolves, asked := o.bool("domain.resolves")
	if known || asked && !resolves {
		return PointsElsewhere, text.Text{Zh: "没有解析到任何地址", En: "it points to no address at all"}
	}
	return Undetermined, text.Text{Zh: "不知道域名解析到哪里", En: "where it points is not known"}
}

// block tells the three kinds of block apart, which look the same: by what the
// user knows about the filing. Nothing known means not filed, the usual case.
func (o *observations) block() Conclusion {
	here, hereKnown := o.bool("subject.filed_at_provider")
	if filed, known := o.bool("domain.filed"); !known || !filed {
		return NotFiled
	}
	if hereKnown && here {
		return AccessCancelled
	}
	return NotTakenOver
}

// cutOff finds a name that is cut off where the same machine answers its
// address. For TLS only a reset counts, and only where a handshake without a
// name is not reset too.
func (o *observations) cutOff() text.Text {
	httpCut := o.http.state == reset || o.http.state == timedOut
	switch {
	case httpCut && o.control.state == answered:
		return text.Text{Zh: "用域名访问被切断，用地址访问有应答", En: "cut off by name, while the address answers"}
	case (o.tls12 == reset || o.tls13 == reset) && (o.tlsControl == answered || o.tlsControl == spoke):
		return text.Text{Zh: "带域名的 TLS 握手被重置，不带域名的没有", En: "the TLS handshake is reset with the name and not without it"}
	}
	return text.Text{}
}

// server judges what the server itself does. Only a page got by name makes a
// name fine.
func (o *observations) server() (Conclusion, text.Text) {
	if len(o.connects) == 0 {
		return Undetermined, text.Text{Zh: "没有连接服务器", En: "no connection was made"}
	}
	if !slices.ContainsFunc(o.connects, func(c connect) bool { return c.state == answered }) {
		for _, c := range o.connects {
			if c.state != unreachable {
				return ServerDown, text.Text{Zh: "所有地址都连不上", En: "none of its addresses takes a connection"}
			}
		}
		return Undetermined, text.Text{Zh: "从这里到不了这些地址", En: "there is no way to its addresses from here"}
	}
	x := o.best()
	if x == nil {
		return o.noAnswer()
	}
	says := x.says()
	switch {
	case o.signature != nil:
		return Undetermined, text.Text{Zh: says.Zh + "，页面像拦截页，但不足以断定", En: says.En + ", and the page looks like a block page, which is no proof"}
	case x.result.Status >= 500:
		return ServerDown, says
	case x.result.Status >= 400 && !o.strange(x):
		return ServerRefuses, says
	}
	// Some providers leave https alone and block http, so both count.
	for _, y := range []*exchange{x, &o.http} {
		if y.state != answered {
			continue
		}
		seen := y.says()
		switch {
		case o.strange(y):
			return Undetermined, text.Text{Zh: seen.Zh + "，用地址访问却正常，应答者不同：可能是未知的拦截页，也可能是站点设置", En: seen.En + ", while the address answers well and another server speaks there: an unknown block page, or a setting of the site"}
		case o.sentAway(y):
			return Undetermined, text.Text{Zh: seen.Zh + "，转到别的域名 " + text.Clean(y.result.Location), En: seen.En + ", on to another name: " + text.Clean(y.result.Location)}
		}
	}
	if x == &o.http && o.toHTTPS() {
		return o.httpsFails(says)
	}
	return Fine, says
}

// says puts an answer into words.
func (x *exchange) says() text.Text {
	at, status := text.Clean(x.url), strconv.Itoa(x.result.Status)
	return text.Text{Zh: at + " 得到 " + status, En: at + " gives " + status}
}

// strange reports whether the name is refused by somebody else than the server
// that answers the bare address well.
func (o *observations) strange(x *exchange) bool {
	return x.result.Status >= 400 && x.result.Status < 500 && o.control.state == answered && o.control.result.Status < 400 && !o.sameServer(x)
}

// best is the answer that a visitor gets: over https where there is one.
func (o *observations) best() *exchange {
	for _, x := range []*exchange{&o.https, &o.http} {
		if x.state == answered {
			// On one port for both, a web server tells that it was addressed in the wrong way.
			if x == &o.http && o.target.Port != 0 && o.https.state == spoke && o.https.failed != nil && o.tls13 == answered {
				continue
			}
			return x
		}
	}
	return nil
}

// noAnswer judges connections that nothing came over.
func (o *observations) noAnswer() (Conclusion, text.Text) {
	for _, x := range []*exchange{&o.https, &o.http} {
		if x.failed != nil && x.failed.Kind == failure.Insecure {
			reason := text.Clean(x.failed.Error())
			return ServerRefuses, text.Text{Zh: "证书或 TLS 有误：" + reason, En: "certificate or TLS not acceptable: " + reason}
		}
	}
	return ServerDown, text.Text{Zh: "连得上，但用域名和地址都没有应答", En: "it takes connections, but answers neither name nor address"}
}

// sameServer compares who answers by name and by address.
func (o *observations) sameServer(x *exchange) bool {
	return x.result.Header.Get("Server") == o.control.result.Header.Get("Server")
}

// toHTTPS reports whether http sends on to https of the same name, at the port
// that was tried.
func (o *observations) toHTTPS() bool {
	u, err := url.Parse(o.http.result.Location)
	_, secure := o.target.ports()
	return err == nil && u.Scheme == "https" && u.Hostname() == o.target.Name.ASCII && secure != 0 &&
		(u.Port() == "" && secure == 443 || u.Port() == strconv.Itoa(int(secure)))
}

// httpsFails judges a site that sends on to https, where there is no answer.
func (o *observations) httpsFails(says text.Text) (Conclusion, text.Text) {
	if f := o.https.failed; f != nil && f.Kind == failure.Insecure {
		reason := text.Clean(f.Error())
		return ServerRefuses, text.Text{Zh: says.Zh + "，转到 HTTPS 后证书或 TLS 有误：" + reason, En: says.En + ", on to HTTPS, whose certificate or TLS is not acceptable: " + reason}
	}
	return ServerDown, text.Text{Zh: says.Zh + "，转到 HTTPS 后没有应答", En: says.En + ", on to HTTPS, where there is no answer"}
}

// sentAway reports whether an answer by name leads to another registrable name
// where the bare address does not: a block page nobody has described may do so.
// Those that are known redirect for the time being; a site that has moved says so.
func (o *observations) sentAway(x *exchange) bool {
	u, err := url.Parse(x.result.Location)
	if err != nil || u.Host == "" || x.result.Status != http.StatusFound && x.result.Status != http.StatusTemporaryRedirect {
		return false
	}
	if apex, ok := domainname.Registrable(u.Hostname()); !ok || apex == o.target.Name.Apex {
		return false
	}
	control, err := url.Parse(o.control.result.Location)
	return err != nil || control.Hostname() != u.Hostname()
}
