// Package render opens a page of a stranger's in a Chromium without a window
// and gives what a visitor would see of it, for pages that scripts put together.
//
// The browser is held to the rules of package fetch. Its only way out is a
// gate of ours on loopback, one for each page, which it has to use for every
// request, loopback included; it resolves no name by itself. Through the gate
// go GET requests to public addresses, checked as they are connected to; no
// request that carries data, no WebSocket, no download, no cookie in either
// direction, at most five redirects in a row, five megabytes a body after
// decompression and thirty a page. The gate ends TLS itself and verifies the
// server's certificate as package fetch does, so that all this holds for https
// too; the browser is told to trust the gate's key, which lives in memory and
// as long as the gate does. QUIC and direct WebRTC are off.
//
// A [Browser] is one process with a profile in a temporary folder, which
// [Browser.Close] removes. Each page has a context of its own that keeps
// nothing:
//
//	b, err := render.Start(ctx, render.Options{Client: &fetch.Client{}})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer b.Close()
//	page, failed := b.Open(ctx, "https://www.example.com/")
package render
