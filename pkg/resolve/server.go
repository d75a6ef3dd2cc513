package resolve

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

const defaultResolvConf = "/etc/resolv.conf"

// ParseServer reads the address of a DNS server: an IPv4 or IPv6 address with
// an optional port, an IPv6 address with a port in brackets. It returns
// host:port, with port 53 when none is given. Host names are an error, since
// they would need a DNS server themselves.
func ParseServer(s string) (string, error) {
	if server, err := netip.ParseAddrPort(s); err == nil && server.Port() != 0 {
		return server.String(), nil
	}
	host := s
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		host = s[1 : len(s)-1]
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return "", fmt.Errorf("%q is not the address of a DNS server (1.2.3.4, 1.2.3.4:5353, ::1 or [::1]:53)", s)
	}
	return netip.AddrPortFrom(addr, 53).String(), nil
}

// servers returns the servers to ask as host:port, at least one.
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
		return nil, fmt.Errorf("finding the DNS servers of this machine: %w", err)
	}
	for _, host := range config.Servers {
		// Other programs skip a line that they cannot read, too.
		if server, err := ParseServer(net.JoinHostPort(host, config.Port)); err == nil {
			list = append(list, server)
		}
	}
	if len(list) == 0 {
		return nil, errors.New("no DNS server in " + path)
	}
	return list, nil
}
