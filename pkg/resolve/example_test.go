package resolve_test

import (
	"context"
	"fmt"
	"log"

	"github.com/icpcheck/icpcheck/pkg/playback"
	"github.com/icpcheck/icpcheck/pkg/resolve"
)

// Looks a website up at a server on loopback that plays back recorded answers.
func ExampleResolver_Lookup() {
	servers, err := playback.Start(playback.Demo(), playback.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer servers.Close()

	resolver := resolve.Resolver{Servers: []string{servers.DNSAddr}}
	answer := resolver.Lookup(context.Background(), "www.example.com", "example.com")
	fmt.Println("addresses:", answer.Addresses)
	fmt.Println("aliases:", answer.CNAMEs)
	fmt.Println("name servers:", answer.Nameservers)
	fmt.Println("serial:", answer.SOA.Serial)
	fmt.Println("failures:", len(answer.Failures))

	answer = resolver.Lookup(context.Background(), "example.cn", "example.cn")
	fmt.Println("example.cn exists:", *answer.Exists)
	// Output:
	// addresses: [203.0.113.7]
	// aliases: [example.com]
	// name servers: [dns1.hichina.com dns2.hichina.com]
	// serial: 2026112401
	// failures: 0
	// example.cn exists: false
}
