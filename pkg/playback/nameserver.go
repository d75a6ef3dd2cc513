package playback

import (
	"bytes"
	"errors"
	"net"

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

// lookup answers a question as a recursive resolver does: aliases followed,
// the SOA of the zone beside an answer without records.
func (z *zone) lookup(name string, kind uint16) (answer, authority []dns.RR, rcode int) {
	name = dns.CanonicalName(name)
	for seen := map[string]bool{}; ; {
		seen[name] = true
		found, alias := z.records[name][kind], z.records[name][dns.TypeCNAME]
		answer = append(answer, found...)
		if len(found) > 0 {
			return answer, nil, dns.RcodeSuccess
		}
		if len(alias) == 0 {
			if !z.exists[name] {
				rcode = dns.RcodeNameError
			}
			return answer, z.soa(name), rcode
		}
		answer = append(answer, alias...)
		name = dns.CanonicalName(alias[0].(*dns.CNAME).Target)
		if seen[name] {
			return answer, nil, dns.RcodeSuccess // a circle is for the client to notice
		}
	}
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

func (s *Servers) startDNS() error {
	packets, listener, err := listenBoth()
	if err != nil {
		return err
	}
	s.DNSAddr = packets.LocalAddr().String()
	handler := dns.HandlerFunc(s.answerDNS)
	for _, server := range []*dns.Server{
		{PacketConn: packets, Handler: handler},
		{Listener: listener, Handler: handler},
	} {
		started, served := make(chan struct{}), make(chan error, 1)
		server.NotifyStartedFunc = func() { close(started) }
		go func() { served <- server.ActivateAndServe() }()
		select {
		case <-started:
		case err := <-served:
			return errors.Join(err, packets.Close(), listener.Close())
		}
		s.stops = append(s.stops, func() error { return errors.Join(server.Shutdown(), <-served) })
	}
	return nil
}

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
		msg.Answer, msg.Ns, msg.Rcode = s.recording.zone.lookup(question.Name, question.Qtype)
		msg.Truncate(size)
	}
	w.WriteMsg(msg)
}
