package fetch

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"
)

// TestLateConnection lets the time run out while a name is resolved. What comes
// of that later must not reach the result that the caller has by then, which the
// race detector sees; any other synchronisation than the pause would hide it.
func TestLateConnection(t *testing.T) {
	late := make(chan struct{})
	c := Client{
		Timeout: 10 * time.Millisecond, AllowPrivate: true,
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			time.Sleep(100 * time.Millisecond)
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
		Dial: func(context.Context, string, string) (net.Conn, error) {
			close(late)
			return nil, errors.New("too late")
		},
	}
	result, failed := c.Get(t.Context(), "http://late.example/")
	<-late
	if failed == nil || result.Status != 0 {
		t.Errorf("got %v, %+v", failed, result)
	}
}
