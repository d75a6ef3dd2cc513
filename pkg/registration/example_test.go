package registration_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/registration"
)

func Example() {
	// A registry on loopback stands in for the real one.
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"objectClassName": "domain", "ldhName": "example.com", "status": ["active"],
			"events": [{"eventAction": "expiration", "eventDate": "2027-01-02T00:00:00Z"}]}`)
	}))
	defer registry.Close()

	name, err := domainname.Parse("www.example.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client := &registration.Client{Servers: registration.Fixed{RDAP: registry.URL}}
	answer := client.Lookup(ctx, name)
	for _, f := range answer.Failures {
		fmt.Println(f)
	}
	if r := answer.Record; r != nil {
		fmt.Println(r.Domain, *r.Registered, r.Statuses, r.ExpiresAt.Format(time.DateOnly), answer.Source)
	}
	// Output: example.com true [ok] 2027-01-02 rdap
}

func ExampleParseWHOIS() {
	_, err := registration.ParseWHOIS("example.cn", []byte("Queried interval is too short.\r\n"))
	fmt.Println(err)
	record, err := registration.ParseWHOIS("example.cn", []byte("No matching record.\r\n"))
	fmt.Println(*record.Registered, err)
	// Output:
	// whois example.cn: rate-limited (the server asks for fewer queries)
	// false <nil>
}
