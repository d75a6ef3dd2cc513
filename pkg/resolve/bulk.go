package resolve

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/net/ipv4"

	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/text"
)

// Bulk asks for the addresses of very many names: A and AAAA of each, over a few
// UDP sockets that are kept, with many questions on their way at once. What needs
// more than one datagram (an answer cut short, an alias whose end the answer
// leaves open) goes the Resolver's way.
//
// A forged answer has to hit the port, which is one of a few, and the id, which
// is drawn for each question from a generator that nobody can predict, and it has
// to repeat the question; the kernel drops what comes from another address.
type Bulk struct {
	// Resolver says whom to ask, and how long one attempt may take. It takes over
	// what is not simple.
	Resolver *Resolver
	// InFlight is how many questions are on their way at once; zero means 1024.
	InFlight int
}

// Addresses is what the DNS says about one name.
type Addresses struct {
	Ask
	List   []netip.Addr // sorted, each once
	CNAMEs []string     // the alias chain in order
	// Exists is true where a server knows the name, if only for want of records.
	Exists   bool
	Server   string             // host:port
	Failures []*failure.Failure // of A and of AAAA
}

const (
	bulkInFlight = 1024
	// bulkAttempts is how often a question is sent that nobody answers.
	bulkAttempts = 3
	// vector is how many datagrams one system call moves.
	vector = 64
	// bulkTick is how often a socket looks for questions that have waited too long.
	bulkTick = 50 * time.Millisecond
	// queryRoom is the longest question: header, name, type and class.
	queryRoom = headerSize + 255 + 4
)

// Ask is one name for Bulk.
type Ask struct {
	Name string // ASCII, without a trailing dot
	// Number, Line and Text are the caller's: they come back with the answer.
	Number, Line int
	Text         string
}

// Check tells why Run could not begin with the resolver's servers, without asking any.
func (b *Bulk) Check() error {
	servers, err := b.Resolver.servers()
	if err != nil {
		return err
	}
	for _, server := range servers {
		if strings.Contains(server, "://") {
			return text.Errorf("%s：批量查询只用普通 DNS；请把服务器写成 HOST 或 HOST:PORT", "%s: many names at once are asked over plain DNS only; give a resolver as HOST or HOST:PORT", server)
		}
	}
	return nil
}

// Run asks about every name and gives each answer to emit, in any order and from
// several goroutines at once. A name is asked about at once, however long the next
// one takes to come. It returns when all are emitted; when ctx ends, the names on
// their way are given up as canceled and no further one is begun.
func (b *Bulk) Run(ctx context.Context, names iter.Seq[Ask], emit func(Addresses)) error {
	if err := b.Check(); err != nil {
		return err
	}
	session, err := b.Resolver.open()
	if err != nil {
		return err
	}
	defer session.close()
	total := b.InFlight
	if total <= 0 {
		total = bulkInFlight
	}
	shards := make([]*shard, max(2, min(runtime.GOMAXPROCS(0), 8)))
	todo := make(chan *bulkName, len(shards)*vector)
	for i := range shards {
		s := &shard{
			session: session, server: session.servers[i%len(session.servers)], ctx: ctx, timeout: session.timeout, emit: emit,
			limit: max(total/len(shards), 2), todo: todo,
		}
		if err := s.connect(); err != nil {
			return failure.New(failure.Unreachable, Source, s.server, "", err)
		}
		defer s.udp.Close()
		shards[i] = s
	}
	// None begins before all are connected, or it would wait for ever.
	var wg sync.WaitGroup
	for _, s := range shards {
		wg.Go(s.run)
	}
	for ask := range names {
		todo <- &bulkName{Addresses: Addresses{Ask: ask}} // soon taken, also when ctx has ended
		if ctx.Err() != nil {
			break
		}
	}
	close(todo)
	wg.Wait()
	return ctx.Err()
}

// bulkName is a name on its way; only its shard touches it.
type bulkName struct {
	Addresses
	open  int // questions without an outcome
	known bool
	chain [2][]string
	fails [2]*failure.Failure
}

// waiting is a question that was sent. The zero value is none.
type waiting struct {
	name    *bulkName
	qtype   uint16
	attempt uint8
	serial  uint32 // tells a question from an earlier one with the same id
}

// sent is an entry of the list of questions in the order of sending.
type sent struct {
	id     uint16
	serial uint32
	at     time.Time
}

// shard is one socket with its questions. A sender takes names from todo, and a
// reader gets the answers; mu keeps them apart.
type shard struct {
	session *session
	server  string
	ctx     context.Context
	timeout time.Duration
	emit    func(Addresses)
	limit   int
	todo    <-chan *bulkName
	udp     *net.UDPConn
	packets *ipv4.PacketConn // moves several datagrams in one call, of either family
	rest    sync.WaitGroup   // look-ups that the resolver has taken over

	mu       sync.Mutex
	room     *sync.Cond
	random   *rand.ChaCha8
	byID     [1 << 16]waiting
	order    []sent // a queue: order[head:] may still wait
	head     int
	inFlight int
	serial   uint32
	silent   int       // questions in a row that nobody answered
	probe    time.Time // when one question may go to a server that is left alone
	fed      bool      // todo is closed
	out      [][]byte  // datagrams to send
	free     [][]byte  // buffers of datagrams that are sent
	vector   []ipv4.Message
}

func (s *shard) connect() error {
	address, err := net.ResolveUDPAddr("udp", s.server) // an address, so nobody is asked
	if err != nil {
		return err
	}
	if s.udp, err = net.DialUDP("udp", nil, address); err != nil {
		return err
	}
	_ = s.udp.SetReadBuffer(4 << 20) // as much as the system allows
	s.packets = ipv4.NewPacketConn(s.udp)
	s.room = sync.NewCond(&s.mu)
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // never fails
	s.random = rand.NewChaCha8(seed)
	return nil
}

func (s *shard) run() {
	read := make(chan struct{})
	go func() { defer close(read); s.read() }()
	stop := context.AfterFunc(s.ctx, func() {
		s.mu.Lock()
		s.cancel()
		s.mu.Unlock()
	})
	for n := range s.todo {
		s.mu.Lock()
		// What else is there already shares the system call, but nothing waits for more.
		for i := 0; n != nil; i++ {
			for s.inFlight+2 > s.limit && s.ctx.Err() == nil {
				s.flush()
				s.room.Wait()
			}
			s.begin(n)
			n = nil
			if i < vector/2-1 {
				select {
				case n = <-s.todo: // nil when it is closed
				default:
				}
			}
		}
		s.flush()
		s.mu.Unlock()
	}
	s.mu.Lock()
	s.fed = true
	s.mu.Unlock()
	<-read
	stop()
	s.rest.Wait()
}

// begin sends the questions about a name; mu is held.
func (s *shard) begin(n *bulkName) {
	n.open = 2
	n.Server = s.server
	err := checkName(n.Name + ".")
	for _, qtype := range [2]uint16{dns.TypeA, dns.TypeAAAA} {
		switch {
		case s.ctx.Err() != nil:
			s.fail(n, qtype, s.ctx.Err())
		case err != nil:
			s.close(n, qtype, failure.New(failure.Unsupported, Source, "", s.query(n, qtype), err))
		case s.silent >= tripAfter && time.Now().Before(s.probe):
			s.fail(n, qtype, errSuspended)
		default:
			if s.silent >= tripAfter {
				s.probe = time.Now().Add(restFor)
			}
			s.send(n, qtype, 1)
		}
	}
}

func (s *shard) query(n *bulkName, qtype uint16) string {
	return question{n.Name + ".", qtype}.String()
}

// send puts a question among the datagrams to send; mu is held.
func (s *shard) send(n *bulkName, qtype uint16, attempt uint8) {
	id := uint16(s.random.Uint64())
	for s.byID[id].name != nil {
		id = uint16(s.random.Uint64())
	}
	s.serial++
	s.byID[id] = waiting{n, qtype, attempt, s.serial}
	s.order = append(s.order, sent{id, s.serial, time.Now()})
	s.inFlight++
	var data []byte
	if last := len(s.free) - 1; last >= 0 {
		data, s.free = s.free[last][:0], s.free[:last]
	} else {
		data = make([]byte, 0, queryRoom)
	}
	s.out = append(s.out, appendQuery(data, id, n.Name, qtype))
	if len(s.out) >= vector {
		s.flush()
	}
}

// appendQuery makes a question with recursion desired. The name has passed
// checkName, so that its labels fit.
func appendQuery(data []byte, id uint16, name string, qtype uint16) []byte {
	data = binary.BigEndian.AppendUint16(data, id)
	data = append(data, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	for rest := name; rest != ""; {
		label, after, _ := strings.Cut(rest, ".")
		data = append(data, byte(len(label)))
		data = append(data, label...)
		rest = after
	}
	data = append(data, 0)
	data = binary.BigEndian.AppendUint16(data, qtype)
	return append(data, 0, 1)
}

// flush sends what is to be sent; mu is held. What the system refuses to send
// waits for its time like what gets lost on the way.
func (s *shard) flush() {
	if len(s.out) == 0 {
		return
	}
	for len(s.vector) < len(s.out) {
		s.vector = append(s.vector, ipv4.Message{Buffers: make([][]byte, 1)})
	}
	messages := s.vector[:len(s.out)]
	for i := range s.out {
		messages[i].Buffers[0] = s.out[i]
	}
	for rest := messages; len(rest) > 0; {
		n, err := s.packets.WriteBatch(rest, 0)
		if err != nil && !errors.Is(err, syscall.ECONNREFUSED) { // that is about an earlier one
			break
		}
		rest = rest[max(n, 0):]
		if err != nil && n <= 0 {
			rest = rest[min(1, len(rest)):]
		}
	}
	s.free = append(s.free, s.out...)
	s.out = s.out[:0]
}

// read gets answers until all names are done.
func (s *shard) read() {
	messages := make([]ipv4.Message, vector)
	for i := range messages {
		messages[i].Buffers = [][]byte{make([]byte, bufferSize)}
	}
	next := time.Time{}
	var parser dnsmessage.Parser
	for {
		if now := time.Now(); now.After(next) {
			next = now.Add(bulkTick)
			_ = s.udp.SetReadDeadline(next.Add(bulkTick))
			s.mu.Lock()
			s.expire(now)
			s.flush()
			done := s.fed && s.inFlight == 0
			s.mu.Unlock()
			if done {
				return
			}
		}
		n, err := s.packets.ReadBatch(messages, 0)
		s.mu.Lock()
		if err != nil {
			if errors.Is(err, syscall.ECONNREFUSED) {
				s.refused(err)
			}
			n = 0
		}
		for _, m := range messages[:max(n, 0)] {
			s.take(&parser, m.Buffers[0][:m.N])
		}
		s.flush()
		done := s.fed && s.inFlight == 0
		s.room.Signal()
		s.mu.Unlock()
		if done {
			return
		}
		if err != nil && !errors.Is(err, syscall.ECONNREFUSED) && !isTimeout(err) {
			time.Sleep(bulkTick) // a socket that is broken for good; expire sorts out the questions
		}
	}
}

func isTimeout(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) && netErr.Timeout()
}

// settle takes a question off the list of those that wait; mu is held.
func (s *shard) settle(id uint16) waiting {
	w := s.byID[id]
	s.byID[id] = waiting{}
	s.inFlight--
	return w
}

// again sends a question once more, or gives it up.
func (s *shard) again(w waiting, err error) {
	if int(w.attempt) < bulkAttempts && s.silent < tripAfter && s.ctx.Err() == nil {
		s.send(w.name, w.qtype, w.attempt+1)
		return
	}
	s.fail(w.name, w.qtype, err)
}

// expire sorts out questions that have waited too long; mu is held.
func (s *shard) expire(now time.Time) {
	late := now.Add(-s.timeout)
	for s.head < len(s.order) && !s.order[s.head].at.After(late) {
		e := s.order[s.head]
		s.head++
		if w := s.byID[e.id]; w.name != nil && w.serial == e.serial {
			s.settle(e.id)
			s.unanswered()
			s.again(w, context.DeadlineExceeded)
		}
	}
	s.tidy()
	s.room.Signal()
}

// unanswered counts towards leaving the server alone.
func (s *shard) unanswered() {
	if s.silent++; s.silent == tripAfter {
		s.probe = time.Now().Add(restFor)
	}
}

// tidy drops the part of the list that is done.
func (s *shard) tidy() {
	for s.head < len(s.order) {
		e := s.order[s.head]
		if w := s.byID[e.id]; w.name != nil && w.serial == e.serial {
			break
		}
		s.head++
	}
	if s.head > 4096 && s.head > len(s.order)/2 {
		s.order = s.order[:copy(s.order, s.order[s.head:])]
		s.head = 0
	}
}

// refused handles the system's word that nobody listens, which does not say
// about which question.
func (s *shard) refused(err error) {
	waitingNow := s.order[s.head:]
	s.order, s.head = nil, 0
	for _, e := range waitingNow {
		if w := s.byID[e.id]; w.name != nil && w.serial == e.serial {
			s.settle(e.id)
			s.unanswered()
			s.again(w, fmt.Errorf("%w: %w", errNotSent, err))
		}
	}
}

// cancel gives up all that wait.
func (s *shard) cancel() {
	for _, e := range s.order[s.head:] {
		if w := s.byID[e.id]; w.name != nil && w.serial == e.serial {
			s.settle(e.id)
			s.fail(w.name, w.qtype, s.ctx.Err())
		}
	}
	s.order, s.head = nil, 0
	s.room.Broadcast()
}

// take reads a datagram; mu is held. What does not belong to a question is
// ignored: anybody can send one.
func (s *shard) take(p *dnsmessage.Parser, data []byte) {
	header, err := p.Start(data)
	if err != nil || !header.Response {
		return
	}
	w := s.byID[header.ID]
	if w.name == nil {
		return
	}
	q, err := p.Question()
	if err != nil {
		// Servers that reject a message unread may leave the question out.
		if header.RCode == dnsmessage.RCodeSuccess || header.RCode == dnsmessage.RCodeNameError || len(data) > headerSize {
			return
		}
	} else if uint16(q.Type) != w.qtype || q.Class != dnsmessage.ClassINET || !sameName(&q.Name, w.name.Name) {
		return
	}
	s.settle(header.ID)
	s.silent = 0
	s.tidy()
	switch {
	case header.Truncated:
		s.handOver(w)
		return
	case header.RCode != dnsmessage.RCodeSuccess && header.RCode != dnsmessage.RCodeNameError:
		s.again(w, &rcodeError{rcode: int(header.RCode)})
		return
	}
	if err := p.SkipAllQuestions(); err != nil { // there is one more, and it is broken
		s.fail(w.name, w.qtype, fmt.Errorf("unreadable answer: %w", err))
		return
	}
	s.answer(p, header, w)
}

// sameName compares a name of a message with one in ASCII without its last dot.
func sameName(n *dnsmessage.Name, name string) bool {
	return int(n.Length) == len(name)+1 && n.Data[n.Length-1] == '.' && equalFold(n.Data[:n.Length-1], name)
}

func equalFold(a []byte, b string) bool {
	for i := range a {
		x, y := a[i], b[i]
		if 'A' <= x && x <= 'Z' {
			x |= 0x20
		}
		if x != y {
			return false
		}
	}
	return true
}

// answer reads the records of an answer.
func (s *shard) answer(p *dnsmessage.Parser, header dnsmessage.Header, w waiting) {
	n := w.name
	owner := n.Name // the end of the alias chain so far; records stand in its order almost always
	var list []netip.Addr
	var chain []string
	records, concerned := 0, false
	for {
		h, err := p.AnswerHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			break
		}
		if err != nil {
			s.fail(n, w.qtype, fmt.Errorf("unreadable answer: %w", err))
			return
		}
		records++
		mine := sameName(&h.Name, owner)
		concerned = concerned || mine
		switch {
		case mine && h.Type == dnsmessage.TypeA && w.qtype == dns.TypeA:
			r, err := p.AResource()
			if err != nil {
				s.fail(n, w.qtype, fmt.Errorf("unreadable answer: %w", err))
				return
			}
			list = append(list, netip.AddrFrom4(r.A))
		case mine && h.Type == dnsmessage.TypeAAAA && w.qtype == dns.TypeAAAA:
			r, err := p.AAAAResource()
			if err != nil {
				s.fail(n, w.qtype, fmt.Errorf("unreadable answer: %w", err))
				return
			}
			list = append(list, netip.AddrFrom16(r.AAAA))
		case mine && h.Type == dnsmessage.TypeCNAME:
			r, err := p.CNAMEResource()
			if err != nil {
				s.fail(n, w.qtype, fmt.Errorf("unreadable answer: %w", err))
				return
			}
			owner = bare(strings.ToLower(r.CNAME.String()))
			chain = append(chain, owner)
		default:
			if h.Type == dnsmessage.TypeCNAME || uint16(h.Type) == w.qtype {
				s.handOver(w) // out of order, or something odd: read it with all care
				return
			}
			if err := p.SkipAnswer(); err != nil {
				s.fail(n, w.qtype, fmt.Errorf("unreadable answer: %w", err))
				return
			}
		}
	}
	switch {
	case len(list) > 0:
	case records == 0 && header.RCode == dnsmessage.RCodeSuccess && !header.Authoritative && !header.RecursionAvailable:
		s.again(w, errReferral)
		return
	case len(chain) > 0, records > 0 && !concerned:
		s.handOver(w) // it may leave the end open, or be about others alone
		return
	case header.RCode == dnsmessage.RCodeNameError && !header.Authoritative && !deniedByZone(p):
		s.handOver(w) // its word alone is not enough
		return
	}
	n.known = true
	n.Exists = n.Exists || len(chain) > 0 || header.RCode == dnsmessage.RCodeSuccess
	n.List = append(n.List, list...)
	n.chain[family(w.qtype)] = chain
	s.close(n, w.qtype, nil)
}

// deniedByZone reports whether an answer without records shows the zone that
// denies the name; see proven.
func deniedByZone(p *dnsmessage.Parser) bool {
	for {
		h, err := p.AuthorityHeader()
		if err != nil {
			return false
		}
		if h.Type == dnsmessage.TypeSOA && h.Name.Length > 1 {
			return true
		}
		if p.SkipAuthority() != nil {
			return false
		}
	}
}

// family is 0 for A and 1 for AAAA.
func family(qtype uint16) int {
	if qtype == dns.TypeAAAA {
		return 1
	}
	return 0
}

// handOver lets the resolver answer a question, which is none of ours then.
func (s *shard) handOver(w waiting) {
	s.inFlight++ // it still counts
	s.rest.Go(func() {
		o := s.session.resolve(s.ctx, question{w.name.Name + ".", w.qtype}, s.session.recursively)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inFlight--
		n := w.name
		n.known = n.known || o.known
		n.Exists = n.Exists || o.known && o.exists
		for _, name := range o.chain {
			n.chain[family(w.qtype)] = append(n.chain[family(w.qtype)], bare(name))
		}
		switch addrs := addresses(o, outcome{}); {
		case o.failure != nil:
			s.close(n, w.qtype, o.failure)
		default:
			n.List = append(n.List, addrs...)
			s.close(n, w.qtype, nil)
		}
		s.room.Signal()
	})
}

// fail is close with an error.
func (s *shard) fail(n *bulkName, qtype uint16, err error) {
	s.close(n, qtype, describe(s.server, s.query(n, qtype), err))
}

// close ends a question, and with the last one the name; mu is held.
func (s *shard) close(n *bulkName, qtype uint16, f *failure.Failure) {
	n.fails[family(qtype)] = f
	if n.open--; n.open > 0 {
		return
	}
	for _, f := range n.fails {
		if f != nil {
			n.Failures = append(n.Failures, f)
		}
	}
	n.CNAMEs = n.chain[0]
	if len(n.chain[1]) > len(n.CNAMEs) {
		n.CNAMEs = n.chain[1]
	}
	if len(n.List) > 1 {
		slices.SortFunc(n.List, netip.Addr.Compare)
		n.List = slices.Compact(n.List)
	}
	s.emit(n.Addresses)
}
