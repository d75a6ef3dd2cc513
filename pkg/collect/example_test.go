package collect_test

import (
	"context"
	"fmt"
	"time"

	"github.com/icpcheck/icpcheck/pkg/calendar"
	"github.com/icpcheck/icpcheck/pkg/collect"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/playback"
	"github.com/icpcheck/icpcheck/pkg/registration"
)

// Asks a recorded registry about one domain.
func Example() {
	servers, err := playback.Start(playback.Demo(), playback.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer servers.Close()
	name, err := domainname.Parse("www.example.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	d := &filing.Domain{Facts: filing.Facts{}}
	filing.SetName(d.Facts, name, filing.Origin{Source: filing.FromFlag})
	c := &collect.Collector{
		Registration: &registration.Client{Servers: registration.Fixed{RDAP: servers.RDAPURL}},
		Timeout:      10 * time.Second,
	}
	c.Collect(context.Background(), &filing.Filing{Facts: filing.Facts{}, Domains: []*filing.Domain{d}})
	if expires, ok := d.Facts["domain.expires_at"].Value.(time.Time); ok {
		fmt.Println(d.Name(), "expires on", calendar.Date(expires), "says", d.Facts["domain.expires_at"].Origin.Source)
	}
	// Output: example.com expires on 2027-02-20 says rdap
}
