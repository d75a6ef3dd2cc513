// Package fetch gets a page from an address that a stranger gave, without
// letting that address reach what it should not.
//
// Only http and https are spoken. An address with a user name is refused, no
// cookie is kept, no proxy of the environment is used, and at most five
// redirects are followed. Names are resolved here and the address that was
// checked is the one connected to, so a name that changes its answer between
// check and connection (DNS rebinding) gains nothing; every redirect is checked
// again. Private, loopback, link-local, carrier-grade NAT and reserved
// addresses are refused unless [Client.AllowPrivate] is set. One time limit
// bounds the whole, and a body ends at five megabytes after decompression.
//
// What comes back is UTF-8, whatever the page was written in:
//
//	var c fetch.Client
//	page, failed := c.Get(ctx, "https://www.example.com/")
//	if failed != nil {
//		log.Print(failed) // http www.example.com:443 https://www.example.com/: tls (…)
//	}
//	fmt.Println(page.Status, page.Charset, len(page.Body))
//
// A status of 404 or 500 is an answer, not a failure.
package fetch
