package fetch_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing/fstest"

	"github.com/icpcheck/icpcheck/pkg/fetch"
	"github.com/icpcheck/icpcheck/pkg/playback"
)

// Gets a page from a server on loopback, which has to be allowed.
func ExampleClient_Get() {
	servers, err := playback.Start(fstest.MapFS{
		"http/www.example.com.html": {Data: []byte("<!-- recorded: 2026-11-24\nserver: www.example.com\nquery: /\nanonymised: invented -->\n<title>示例</title>\n")},
	}, playback.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer servers.Close()
	server := netip.MustParseAddrPort(servers.HTTPAddr)
	c := fetch.Client{Resolve: func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{server.Addr()}, nil }}
	address := "http://" + net.JoinHostPort("www.example.com", fmt.Sprint(server.Port())) + "/"

	_, failed := c.Get(context.Background(), address)
	fmt.Println(failed.Kind)

	c.AllowPrivate = true
	page, failed := c.Get(context.Background(), address)
	fmt.Println(page.Status, page.Charset, failed == nil)
	// Output:
	// forbidden
	// 200 utf-8 true
}
