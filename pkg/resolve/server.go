package resolve

import (
	"cmp"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"github.com/icpcheck/icpcheck/pkg/text"
)

const defaultResolvConf = "/etc/resolv.conf"

// How addresses of servers begin that are not asked over UDP.
const (
	overTLS   = "tls://"   // DNS over TLS (RFC 7858)
	overHTTPS = "https://" // DNS over HTTPS (RFC 8484)
)

// ParseServer reads the address of a DNS server: an IPv4 or IPv6 address with
// an optional port, an IPv6 address with a port in brackets; tls://HOST[:PORT]
// for DNS over TLS and https://HOST[:PORT]/PATH for DNS over HTTPS. It returns
// host:port, with port 53 when none is given, or the address with its scheme
// and, for TLS, the port. Only with a scheme may the host be a name, which the
// system's resolver looks up: a certificate then tells whether it was right.
func ParseServer(s string) (string, error) {
	if strings.HasPrefix(s, overTLS) || strings.HasPrefix(s, overHTTPS) {
		return parseEncrypted(s)
	}
	if server, err := netip.ParseAddrPort(s); err == nil && server.Port() != 0 {
		return server.String(), nil
	}
	host := s
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		host = s[1 : len(s)-1]
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return "", text.Errorf("%q 不是 DNS 服务器的地址（1.2.3.4、1.2.3.4:5353、::1、[::1]:53、tls://1.2.3.4 或 https://1.2.3.4/dns-query）", "%q is not the address of a DNS server (1.2.3.4, 1.2.3.4:5353, ::1, [::1]:53, tls://1.2.3.4 or https://1.2.3.4/dns-query)", s)
	}
	return netip.AddrPortFrom(addr, 53).String(), nil
}

func parseEncrypted(s string) (string, error) {
	fail := func(zh, en string) (string, error) {
		return "", text.Errorf("%q 不是 DNS 服务器的地址：%s（tls://dns.example 或 https://dns.example/dns-query）",
			"%q is not the address of a DNS server: %s (tls://dns.example or https://dns.example/dns-query)", s, text.Text{Zh: zh, En: en})
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || strings.ContainsAny(u.Hostname(), "%/ ") {
		return fail("读不出主机", "the host cannot be read")
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) || strings.HasSuffix(u.Host, ":") {
		return fail("读不出端口", "the port cannot be read")
	}
	if u.User != nil || u.Fragment != "" || u.RawQuery != "" {
		return fail("只能有主机、端口和路径", "want host, port and path only")
	}
	if u.Scheme == "tls" {
		if u.Path != "" && u.Path != "/" {
			return fail("DNS over TLS 没有路径", "DNS over TLS has no path")
		}
		return overTLS + net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "853")), nil
	}
	if u.Path == "" {
		return fail("DNS over HTTPS 要有路径", "DNS over HTTPS needs its path")
	}
	return u.String(), nil
}

// servers returns the servers to ask as ParseServer writes them, at least one.
func (r *Resolver) servers() ([]string, error) {
	var list []string
	for _, s := range r.Servers {
		server, err := ParseServer(s)
		if err != nil {
			return nil, err
		}
		list = append(list, server)
	}
	if len(list) > 0 {
		return list, nil
	}
	path := r.resolvConf
	if path == "" {
		path = defaultResolvConf
	}
	config, err := dns.ClientConfigFromFile(path)
	if err != nil {
		return nil, text.Errorf("查找本机的 DNS 服务器：%w", "finding the DNS servers of this machine: %w", err)
	}
	for _, host := range config.Servers {
		// Other programs skip a line that they cannot read, too.
		if server, err := ParseServer(net.JoinHostPort(host, config.Port)); err == nil {
			list = append(list, server)
		}
	}
	if len(list) == 0 {
		return nil, text.Errorf("%s 里没有 DNS 服务器", "no DNS server in %s", path)
	}
	return list, nil
}
