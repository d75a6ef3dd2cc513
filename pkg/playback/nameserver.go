package playback

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"

	"github.com/miekg/dns"
)

// defaultTTL is the time to live, in seconds, of records that state none.
const defaultTTL = 300

// ednsSize is the largest answer over UDP that we announce.
const ednsSize = 1232

// zone holds all DNS records of a recording. Names are canonical.
type zone struct {
	records map[string]map[uint16][]dns.RR
	exists  map[string]bool // names with records, and all names above them
}

func parseZone(text []byte) (*zone, error) {
	z := &zone{records: map[string]map[uint16][]dns.RR{}, exists: map[string]bool{}}
	parser := dns.NewZoneParser(bytes.NewReader(text), ".", "")
	parser.SetDefaultTTL(defaultTTL)
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		name, kind := dns.CanonicalName(rr.Header().Name), rr.Header().Rrtype
		if z.records[name] == nil {
			z.records[name] = map[uint16][]dns.RR{}
		}
		z.records[name][kind] = append(z.records[name][kind], rr)
		for ; !z.exists[name]; name = parent(name) {
			z.exists[name] = true
		}
	}
	return z, parser.Err()
}

// parent drops the first label; the root is its own parent.
func parent(name string) string {
	if next, end := dns.NextLabel(name, 0); !end {
		return name[next:]
	}
	return "."
}

// lookup answers a question: aliases followed, the SOA of the zone beside an
// answer without records. A recursive server follows aliases anywhere, a zone's
// own within the zone only. Records in over stand in for those of the zone;
// steered tells that any did.
func (z *zone) lookup(name string, kind uint16, recursive bool, over *zone) (answer, authority []dns.RR, rcode int, steered bool) {
	name = dns.CanonicalName(name)
	home := z.apex(name)
	for seen := map[string]bool{}; ; {
		if len(answer) > 0 && !recursive && z.apex(name) != home {
			return answer, nil, dns.RcodeSuccess, steered
		}
		seen[name] = true
		if over != nil && len(over.records[name]) > 0 {
			z, steered = over.above(z, name), true
		}
		found, alias := z.records[name][kind], z.records[name][dns.TypeCNAME]
		answer = append(answer, found...)
		if len(found) > 0 {
			return answer, nil, dns.RcodeSuccess, steered
		}
		if len(alias) == 0 {
			if !z.exists[name] {
				rcode = dns.RcodeNameError
			}
			return answer, z.soa(name), rcode, steered
		}
		answer = append(answer, alias...)
		name = dns.CanonicalName(alias[0].(*dns.CNAME).Target)
		if seen[name] {
			return answer, nil, dns.RcodeSuccess, steered // a circle is for the client to notice
		}
	}
}

// above returns the zone with the records of one name replaced by these.
func (z *zone) above(base *zone, name string) *zone {
	merged := &zone{records: maps.Clone(base.records), exists: maps.Clone(base.exists)}
	merged.records[name] = z.records[name]
	for n := name; !merged.exists[n]; n = parent(n) {
		merged.exists[n] = true
	}
	return merged
}

// apex is the name of the nearest zone above a name, empty where none is recorded.
func (z *zone) apex(name string) string {
	if soa := z.soa(name); soa != nil {
		return dns.CanonicalName(soa[0].Header().Name)
	}
	return ""
}

// soa returns the SOA of the nearest zone above the name, if any is recorded.
func (z *zone) soa(name string) []dns.RR {
	for ; name != "."; name = parent(name) {
		if list := z.records[name][dns.TypeSOA]; len(list) > 0 {
			return list
		}
	}
	return nil
}

// steer finds the records for the client's network that a query names (RFC
// 7871), and the option to answer it with, whose scope is left at 0. A recording
// without networks is that of a server which knows nothing of them.
func (r *recording) steer(query *dns.Msg) (over subnetZone, echo *dns.EDNS0_SUBNET) {
	opt := query.IsEdns0()
	if opt == nil || len(r.subnets) == 0 {
		return over, nil
	}
	for _, option := range opt.Option {
		asked, ok := option.(*dns.EDNS0_SUBNET)
		if !ok {
			continue
		}
		reply := *asked
		reply.SourceScope = 0
		client, _ := netip.AddrFromSlice(asked.Address)
		for _, s := range r.subnets {
			if s.subnet.Contains(client.Unmap()) {
				return s, &reply
			}
		}
		return over, &reply
	}
	return over, nil
}

func (s *Servers) startDNS() error {
	packets, listener, err := listenBoth()
	if err != nil {
		return err
	}
	s.DNSAddr = packets.LocalAddr().String()
	handler := dns.HandlerFunc(s.answerDNS)
	secure, err := net.Listen("tcp", loopback)
	if err != nil {
		return errors.Join(err, packets.Close(), listener.Close())
	}
	s.DNSOverTLS = "tls://" + secure.Addr().String()
	for _, server := range []*dns.Server{
		{PacketConn: packets, Handler: handler},
		{Listener: listener, Handler: handler},
		{Listener: tls.NewListener(secure, s.tls), Handler: handler},
	} {
		started, served := make(chan struct{}), make(chan error, 1)
		server.NotifyStartedFunc = func() { close(started) }
		go func() { served <- server.ActivateAndServe() }()
		select {
		case <-started:
		case err := <-served:
			return errors.Join(err, packets.Close(), listener.Close(), secure.Close())
		}
		s.stops = append(s.stops, func() error { return errors.Join(server.Shutdown(), <-served) })
	}
	address, err := s.serveWebTLS(http.HandlerFunc(s.answerDNSOverHTTPS))
	s.DNSOverHTTPS = "https://" + address + queryPath
	return err
}

// queryPath is where DNS over HTTPS is asked (RFC 8484).
const queryPath = "/dns-query"

func (s *Servers) answerDNSOverHTTPS(w http.ResponseWriter, r *http.Request) {
	const message = "application/dns-message"
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, dns.MaxMsgSize))
	query := new(dns.Msg)
	switch {
	case r.URL.Path != queryPath:
		http.NotFound(w, r)
	case r.Method != http.MethodPost || r.Header.Get("Content-Type") != message:
		http.Error(w, "want POST with "+message, http.StatusUnsupportedMediaType)
	case err != nil || query.Unpack(data) != nil || len(query.Question) != 1:
		http.Error(w, "no DNS query", http.StatusBadRequest)
	default:
		w.Header().Set("Content-Type", message)
		s.answerDNS(&webWriter{web: w, remote: r.RemoteAddr}, query)
	}
}

// webWriter sends an answer over HTTPS. The rest of dns.ResponseWriter is not asked for.
type webWriter struct {
	dns.ResponseWriter
	web    http.ResponseWriter
	remote string
}

func (w *webWriter) RemoteAddr() net.Addr           { return stringAddr(w.remote) }
func (w *webWriter) Write(data []byte) (int, error) { return w.web.Write(data) }
func (w *webWriter) WriteMsg(msg *dns.Msg) error {
	data, err := msg.Pack()
	if err == nil {
		_, err = w.web.Write(data)
	}
	return err
}

// stringAddr is the address of the other end of an HTTPS connection.
type stringAddr string

func (stringAddr) Network() string  { return "tcp" }
func (a stringAddr) String() string { return string(a) }

// listenBoth finds a port that is free for both UDP and TCP.
func listenBoth() (packets net.PacketConn, listener net.Listener, err error) {
	for range 20 {
		if listener, err = net.Listen("tcp", loopback); err != nil {
			return nil, nil, err
		}
		if packets, err = net.ListenPacket("udp", listener.Addr().String()); err == nil {
			return packets, listener, nil
		}
		listener.Close()
	}
	return nil, nil, err
}

func (s *Servers) answerDNS(w dns.ResponseWriter, query *dns.Msg) {
	question := query.Question[0] // the server rejects queries with any other number
	_, overUDP := w.RemoteAddr().(*net.UDPAddr)
	fault := s.arrive(DNS, canonical(question.Name), dns.Type(question.Qtype).String())
	if fault == Stall {
		if !overUDP {
			<-s.closing // the end of the handler would let the connection time out
		}
		return
	}
	s.pause()

	msg := new(dns.Msg).SetReply(query)
	msg.Authoritative, msg.RecursionAvailable = true, true
	size := dns.MaxMsgSize
	if overUDP {
		size = dns.MinMsgSize
	}
	if opt := query.IsEdns0(); opt != nil {
		msg.SetEdns0(ednsSize, false)
		if overUDP {
			size = max(size, int(opt.UDPSize()))
		}
	}
	switch {
	case fault == Garbage:
		// The id is right, the rest promises a question that is not there.
		w.Write(append([]byte{byte(query.Id >> 8), byte(query.Id), 0x84, 0, 0, 1, 0, 9, 0, 9, 0, 9}, garbage...))
		return
	case fault == Refuse, fault == RateLimit, question.Qclass != dns.ClassINET:
		msg.Rcode = dns.RcodeRefused
	case fault == ServerError:
		msg.Rcode = dns.RcodeServerFailure
	case fault == Truncate && overUDP:
		msg.Truncated = true
	default:
		over, echo := s.recording.steer(query)
		var steered bool
		msg.Answer, msg.Ns, msg.Rcode, steered = s.recording.zone.lookup(question.Name, question.Qtype, query.RecursionDesired, over.zone)
		if steered {
			echo.SourceScope = uint8(over.subnet.Bits())
		}
		if opt := msg.IsEdns0(); opt != nil && echo != nil {
			opt.Option = append(opt.Option, echo)
		}
		msg.Truncate(size)
	}
	w.WriteMsg(msg)
}
