package playback

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// What CNNIC's server says, word for word.
const (
	whoisNotFound  = "No matching record.\n"
	whoisRateLimit = "Queried interval is too short.\n"
)

// maxQuery is the longest line that is read, in bytes.
const maxQuery = 1024

func (s *Servers) startWHOIS() error {
	listener, err := net.Listen("tcp", loopback)
	if err != nil {
		return err
	}
	s.WHOISAddr = listener.Addr().String()

	var mu sync.Mutex
	open := map[net.Conn]bool{}
	var conns sync.WaitGroup
	accepted := make(chan error, 1)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				accepted <- err
				return
			}
			mu.Lock()
			open[conn] = true
			mu.Unlock()
			conns.Go(func() {
				s.answerWHOIS(conn)
				mu.Lock()
				delete(open, conn)
				mu.Unlock()
				conn.Close()
			})
		}
	}()
	s.stops = append(s.stops, func() error {
		err := listener.Close()
		if e := <-accepted; !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
		mu.Lock()
		for conn := range open {
			conn.Close() // wakes those that wait for a query
		}
		mu.Unlock()
		conns.Wait()
		return err
	})
	return nil
}

// answerWHOIS reads one line and writes the answer; the caller closes.
func (s *Servers) answerWHOIS(conn net.Conn) {
	conn.SetReadDeadline(time.Now().Add(readLimit))
	line, err := bufio.NewReader(io.LimitReader(conn, maxQuery)).ReadString('\n')
	if err != nil {
		return
	}
	name := canonical(strings.TrimSpace(line))
	answer, ok := s.recording.whois[name]
	if !ok {
		answer = []byte(whoisNotFound)
	}
	fault := s.arrive(WHOIS, name, "")
	if fault == Stall {
		<-s.closing
		return
	}
	s.pause()
	switch fault {
	case Refuse:
		reset(conn)
		return
	case Garbage:
		answer = []byte(garbage)
	case RateLimit:
		answer = []byte(whoisRateLimit)
	case ServerError:
		answer = nil
	case Truncate:
		answer = answer[:len(answer)/2]
	}
	conn.Write(answer)
}
