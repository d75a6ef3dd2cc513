package resolve

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/miekg/dns"
)

const (
	// socketUses and socketAge bound how long one port is used, which a forged
	// answer has to hit, besides the id and the question (RFC 5452).
	socketUses = 32
	socketAge  = 5 * time.Second
	// idleSockets is how many sockets to one server wait for the next question.
	idleSockets = 256
)

// sockets are UDP sockets connected to one server. Each serves one question at a
// time, and then again: to open one takes as long as to ask and to read.
type sockets struct {
	mu   sync.Mutex
	idle []*socket
}

type socket struct {
	conn  net.Conn
	left  int // questions
	until time.Time
}

// take returns a socket that has served, or nil.
func (k *sockets) take() *socket {
	k.mu.Lock()
	defer k.mu.Unlock()
	for last := len(k.idle) - 1; last >= 0; last-- {
		s := k.idle[last]
		k.idle = k.idle[:last]
		if time.Now().Before(s.until) {
			return s
		}
		s.conn.Close()
	}
	return nil
}

// give keeps a socket that nothing is expected on any more.
func (k *sockets) give(s *socket) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s.left--; s.left <= 0 || len(k.idle) >= idleSockets {
		s.conn.Close()
		return
	}
	k.idle = append(k.idle, s)
}

// overUDP asks one of the recursive servers, or a zone's own, whose sockets are not
// kept as there are very many such servers.
func (s *session) overUDP(ctx context.Context, server string, query *dns.Msg, keep bool) (*dns.Msg, error) {
	var kept *sockets
	if keep {
		k, _ := s.resolver.sockets.LoadOrStore(server, new(sockets))
		kept = k.(*sockets)
		if used := kept.take(); used != nil {
			msg, err := exchange(ctx, used.conn, false, query)
			if err == nil {
				kept.give(used)
				return msg, nil
			}
			used.conn.Close()
			if ctx.Err() != nil {
				return nil, err
			}
			// It may have been the word on an earlier question, or a network that is
			// gone: the question deserves a socket of its own.
		}
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp", server)
	if err != nil {
		return nil, notSent(ctx, err)
	}
	msg, err := exchange(ctx, conn, false, query)
	if err != nil || kept == nil {
		conn.Close()
		return msg, err
	}
	kept.give(&socket{conn, socketUses, time.Now().Add(socketAge)})
	return msg, nil
}
