// Package domainname reads domain names as people write them and finds the
// part that was registered.
//
// It accepts upper case, full-width letters, the ideographic full stop, Chinese
// names and punycode, and refuses everything that is not a name (URLs,
// addresses, ports) with one line that says what to give instead. The
// registrable part follows the Public Suffix List compiled into
// golang.org/x/net/publicsuffix, its private part included, plus two suffixes
// that the list lacks; see [Name].
package domainname
