// Package registration asks registries who holds a domain name, until when and
// in which state: RDAP first, WHOIS where RDAP does not exist or fails.
//
// [ParseRDAP] and [ParseWHOIS] turn one answer into a [Record]; [Client] asks.
// "Not registered" is a fact and found in a record. A rate limit, a refusal or
// an answer that cannot be read is a failure, and never taken for a free name.
// Registrants may be people: callers must not log them.
package registration
