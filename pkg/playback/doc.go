// Package playback answers RDAP, WHOIS, DNS and HTTP queries on loopback from
// recorded answers, so that tests and the demo need no network.
//
// [Start] opens one server for each protocol on 127.0.0.1 with a free port.
// They speak the real protocols, so the real clients can be pointed at them;
// DNS is served over UDP, TCP, TLS and HTTPS. A query that does not ask for
// recursion is answered as a zone's own server does.
//
// # Recording
//
// A recording is a folder. Names are lower-case ASCII (xn--… for Chinese ones),
// every part may be missing, and README.md is allowed anywhere:
//
//	rdap/<name>.json   answer to /domain/<name>; a recorded error object is
//	                   sent with its errorCode as status
//	whois/<name>.txt   answer to <name>
//	http/<host>.html   front page of <host>
//	dns.zone           all DNS records, in master-file format, names absolute
//	                   even without a trailing dot
//	subnet/<network>.zone   what clients of a network such as 192.0.2.0_24 are
//	                   told instead, name by name, where a query names their
//	                   network (RFC 7871)
//
// What is not recorded does not exist: RDAP and HTTP answer 404, WHOIS
// "No matching record.", DNS NXDOMAIN or an answer without records.
//
// # Header
//
// Every recorded file says where it comes from; [CheckHeaders] demands it. In
// WHOIS, zone and HTML files these are the first lines, written as a comment of
// that format ("# " for WHOIS, "; " for zones, "<!-- … -->" for HTML):
//
//	# recorded: 2026-11-24
//	# server: whois.cnnic.cn
//	# query: example.cn
//	# anonymised: holder and e-mail address replaced
//
// The servers leave them out. JSON has no comments, so there the four stand in
// an object "x_icpcheck_recording" at the top level, which is served with the
// rest: clients ignore members that they do not know.
package playback
