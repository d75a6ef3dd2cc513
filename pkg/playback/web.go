package playback

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// readLimit is how long a client may take to ask.
const readLimit = 30 * time.Second

// connKey is the context key for the connection of a request.
type connKey struct{}

func (s *Servers) startRDAP() error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /domain/{name}", func(w http.ResponseWriter, r *http.Request) {
		name := canonical(r.PathValue("name"))
		status, body := http.StatusOK, s.recording.rdap[name]
		switch code := errorCode(body); {
		case body == nil:
			status = http.StatusNotFound
		case code != 0:
			status = code
		}
		s.respond(w, r, RDAP, name, status, body)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		write(w, RDAP, http.StatusNotFound, nil)
	})
	addr, err := s.serveWeb(mux)
	s.RDAPURL = "http://" + addr + "/"
	return err
}

// errorCode returns the status of a recorded RDAP error object, else 0.
func errorCode(body []byte) int {
	var object struct {
		ErrorCode int `json:"errorCode"`
	}
	// A recording may hold an unreadable answer on purpose.
	if json.Unmarshal(body, &object) != nil || object.ErrorCode < 400 || object.ErrorCode > 599 {
		return 0
	}
	return object.ErrorCode
}

func (s *Servers) startHTTP() error {
	addr, err := s.serveWeb(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		host = canonical(host)
		status, body := http.StatusOK, s.recording.http[host]
		if body == nil || r.URL.Path != "/" {
			status, body = http.StatusNotFound, nil
		}
		s.respond(w, r, HTTP, host, status, body)
	}))
	s.HTTPAddr = addr
	return err
}

// respond sends the recorded answer, or what the fault makes of it. A nil body
// means that nothing is recorded.
func (s *Servers) respond(w http.ResponseWriter, r *http.Request, protocol Protocol, name string, status int, body []byte) {
	fault := s.arrive(protocol, name, "")
	if fault == Stall {
		select {
		case <-s.closing:
		case <-r.Context().Done(): // the client gave up
		}
		panic(http.ErrAbortHandler)
	}
	s.pause()
	switch fault {
	case Refuse:
		if conn, ok := r.Context().Value(connKey{}).(net.Conn); ok {
			reset(conn)
		}
		panic(http.ErrAbortHandler)
	case Garbage:
		body = []byte(garbage)
	case RateLimit:
		status, body = http.StatusTooManyRequests, nil
	case ServerError:
		status, body = http.StatusInternalServerError, nil
	case Truncate:
		// The length that was promised tells the client what is missing.
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
		write(w, protocol, status, append([]byte{}, body[:len(body)/2]...))
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	write(w, protocol, status, body)
}

// write sends a response; without a body it makes one that states the status.
func write(w http.ResponseWriter, protocol Protocol, status int, body []byte) {
	title := http.StatusText(status)
	contentType := "text/html; charset=utf-8"
	if protocol == RDAP {
		contentType = "application/rdap+json"
	}
	switch {
	case body != nil:
	case protocol == RDAP:
		body = fmt.Appendf(nil, `{"rdapConformance":["rdap_level_0"],"errorCode":%d,"title":%q,"description":["%s"]}`+"\n", status, title, title)
	default:
		body = fmt.Appendf(nil, "<!DOCTYPE html>\n<title>%d %s</title>\n", status, title)
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	w.Write(body)
}

// serveWeb starts an HTTP server and returns its address.
func (s *Servers) serveWeb(handler http.Handler) (string, error) {
	listener, err := net.Listen("tcp", loopback)
	if err != nil {
		return "", err
	}
	return s.serveOn(listener, handler), nil
}

// serveWebTLS is serveWeb with TLS.
func (s *Servers) serveWebTLS(handler http.Handler) (string, error) {
	listener, err := net.Listen("tcp", loopback)
	if err != nil {
		return "", err
	}
	return s.serveOn(tls.NewListener(listener, s.tls), handler), nil
}

func (s *Servers) serveOn(listener net.Listener, handler http.Handler) string {
	var conns sync.WaitGroup
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readLimit,
		ErrorLog:          log.New(io.Discard, "", 0), // faults are no news
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, conn)
		},
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				conns.Add(1)
			case http.StateClosed:
				conns.Done()
			}
		},
	}
	// Go's client asks again by itself when a kept connection is closed, and
	// would spoil the count of queries.
	server.SetKeepAlivesEnabled(false)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	s.stops = append(s.stops, func() error {
		err := server.Close()
		if e := <-served; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
		conns.Wait() // complete: Serve reports new connections before it returns
		return err
	})
	return listener.Addr().String()
}
