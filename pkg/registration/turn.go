package registration

import "github.com/icpcheck/icpcheck/pkg/domainname"

// Turn tells whom a look-up of name asks first, as host or host:port, and at
// which pace that server may be asked, for callers who spread look-ups over
// several processes. It is empty where no server is known.
func (c *Client) Turn(name domainname.Name) (server string, pace Pace) {
	known, _ := longestMatch(c.Servers, name.Suffix)
	server = c.Host(name)
	if host, err := c.hostOf(server); err == nil {
		server = host
	}
	return server, c.paceOf(server, known.Pace)
}
