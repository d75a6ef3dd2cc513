package playback_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"strings"

	"github.com/icpcheck/icpcheck/pkg/playback"
)

// Asks the recorded WHOIS server twice: the first time it is too busy.
func ExampleStart() {
	servers, err := playback.Start(playback.Demo(), playback.Options{
		Faults: map[string]playback.Fault{"whois/example.cn": {Kind: playback.RateLimit, Times: 1}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer servers.Close()

	for range 2 {
		conn, err := net.Dial("tcp", servers.WHOISAddr)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Fprint(conn, "example.cn\r\n")
		answer, err := io.ReadAll(conn)
		if err != nil {
			log.Fatal(err)
		}
		conn.Close()
		first, _, _ := strings.Cut(string(answer), "\n")
		fmt.Println(first)
	}
	fmt.Println(servers.Queries(playback.WHOIS, "example.cn"), "queries")
	// Output:
	// Queried interval is too short.
	// Domain Name: example.cn
	// 2 queries
}
