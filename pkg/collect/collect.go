package collect

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/icpcheck/icpcheck/pkg/cache"
	"github.com/icpcheck/icpcheck/pkg/domainname"
	"github.com/icpcheck/icpcheck/pkg/epp"
	"github.com/icpcheck/icpcheck/pkg/failure"
	"github.com/icpcheck/icpcheck/pkg/filing"
	"github.com/icpcheck/icpcheck/pkg/locate"
	"github.com/icpcheck/icpcheck/pkg/registration"
	"github.com/icpcheck/icpcheck/pkg/resolve"
)

// atOnce bounds the domains that are looked up at the same time.
const atOnce = 64

// Collector looks domains up. A nil client leaves its facts out.
type Collector struct {
	Registration *registration.Client
	Resolver     *resolve.Resolver
	// Locator tells where addresses are, for which it asks nobody.
	Locator *locate.Locator
	// Kept holds the answers that the clients keep; Close writes them.
	Kept *cache.Store
	// Timeout bounds everything asked about one domain; zero means no bound.
	Timeout time.Duration
	// Done is called after each domain, from several goroutines; nil means that
	// nobody watches.
	Done func()
	// Vantages are the networks on whose behalf addresses are asked for too, from
	// the server Via, or the names' own servers where it is empty.
	Vantages []Vantage
	Via      string
	// CDNs gives those that aliases are compared with, when there are aliases;
	// nil knows none.
	CDNs func() []CDN
	// Offline says that look-ups are switched off, so that reports can tell
	// facts nobody asked for from facts nobody has.
	Offline bool
}

// Close ends what the collector holds on to: the file of addresses and the cache.
func (c *Collector) Close() {
	c.Kept.Close()
	c.Locator.Close()
}

// registrationFacts are what a registry's answer gives, and so what is missing without one.
var registrationFacts = []string{
	"domain.registered", "domain.expires_at", "domain.registrar", "domain.registrar_iana_id",
	"domain.statuses", "domain.holder", "domain.created_at",
}

// viewFacts are what answers by network give.
var viewFacts = []string{"domain.vantage_places"}

var dnsFacts = []string{"domain.resolves", "domain.addresses", "domain.aliases"}

// Collect looks up every domain of the filings, all at once and each with all
// its questions at once, and returns when the slowest is done. What could not
// be had is noted in Domain.Missed. Then the addresses are located, declared
// ones too.
func (c *Collector) Collect(ctx context.Context, filings ...*filing.Filing) {
	gate := semaphore.NewWeighted(atOnce)
	var wg sync.WaitGroup
	for _, f := range filings {
		for _, d := range f.Domains {
			wg.Go(func() {
				if c.Done != nil {
					defer c.Done()
				}
				if gate.Acquire(ctx, 1) != nil {
					c.missed(d, failure.New(failure.Canceled, "rdap", "", d.Name(), ctx.Err()), registrationFacts)
					return
				}
				defer gate.Release(1)
				c.domain(ctx, d)
			})
		}
	}
	wg.Wait()
	if c.Locator != nil {
		for _, f := range filings {
			c.locate(f)
		}
	}
}

func (c *Collector) domain(ctx context.Context, d *filing.Domain) {
	host, _ := d.Facts.Text("domain.host")
	if host == "" {
		return // there is no name to ask about yet
	}
	if c.Offline {
		c.missed(d, failure.New(failure.NotAsked, "rdap", "", d.Name(), nil), registrationFacts)
		if len(c.Vantages) > 0 {
			c.missed(d, failure.New(failure.NotAsked, resolve.Source, "", host, nil), viewFacts)
		}
		return
	}
	name, err := domainname.Parse(host)
	if err != nil {
		return // decoding has refused such names already
	}
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	var registered registration.Answer
	var resolved resolve.Answer
	var views []resolve.View
	var wg sync.WaitGroup
	if c.Registration != nil {
		wg.Go(func() { registered = c.Registration.Lookup(ctx, name) })
	}
	if c.Resolver != nil {
		wg.Go(func() { resolved = c.Resolver.Lookup(ctx, name.ASCII, name.Apex) })
		if len(c.Vantages) > 0 {
			wg.Go(func() { views = c.Resolver.Views(ctx, name.ASCII, c.subnets(), c.Via) })
		}
	}
	wg.Wait()
	if c.Registration != nil {
		c.addRegistration(d, registered)
	}
	if c.Resolver != nil {
		c.addResolved(d, resolved)
		c.addViews(d, views)
		c.addCDNs(d)
	}
}

func (c *Collector) missed(d *filing.Domain, f *failure.Failure, paths []string) {
	d.Missed = append(d.Missed, filing.Missed{Failure: f, Paths: paths})
}

func (c *Collector) addRegistration(d *filing.Domain, a registration.Answer) {
	if a.Record == nil {
		for _, f := range a.Failures {
			c.missed(d, f, registrationFacts)
		}
		return
	}
	r := a.Record
	origin := filing.Origin{Source: filing.Source(a.Source), Server: a.Server, At: a.At}
	learn := func(path string, value any) { d.Learn(path, value, origin) }
	if r.Registered != nil {
		learn("domain.registered", *r.Registered)
	}
	if r.Reserved {
		learn("domain.reserved", true)
	}
	if r.CreatedAt != nil {
		learn("domain.created_at", *r.CreatedAt)
	}
	if r.ExpiresAt != nil {
		learn("domain.expires_at", *r.ExpiresAt)
	}
	if r.Registrar != "" {
		learn("domain.registrar", r.Registrar)
	}
	if r.RegistrarIANAID != "" {
		learn("domain.registrar_iana_id", r.RegistrarIANAID)
	}
	if r.Registrant != "" {
		learn("domain.holder", r.Registrant)
	}
	switch i := slices.IndexFunc(r.Statuses, func(s string) bool { return !epp.Known(s) }); {
	case len(r.Statuses) == 0:
	case i < 0 || slices.ContainsFunc(r.Statuses, epp.Refuses):
		learn("domain.statuses", r.Statuses)
	default:
		// A registry's own word may say that the name is suspended.
		cause := fmt.Errorf("status %q is none of EPP", r.Statuses[i])
		c.missed(d, failure.New(failure.Malformed, a.Source, a.Server, d.Host(), cause), []string{"domain.statuses"})
	}
	if len(r.Nameservers) > 0 {
		learn("domain.nameservers", r.Nameservers)
	}
}

func (c *Collector) addResolved(d *filing.Domain, a resolve.Answer) {
	told := false
	for _, f := range a.Failures {
		// One refusal of five questions is enough to tell; NS and SOA are extras, and
		// so is AAAA where A has addresses.
		if !told && (strings.HasSuffix(f.Query, " A") || strings.HasSuffix(f.Query, " AAAA") && a.Addresses == nil) {
			c.missed(d, f, dnsFacts)
			told = true
		}
	}
	origin := filing.Origin{Source: filing.FromDNS, Server: a.Server, At: a.At}
	// A name that exists may have addresses of the family that was not answered.
	if a.Addresses != nil || a.Exists != nil && !*a.Exists {
		d.Learn("domain.resolves", len(a.Addresses) > 0, origin)
	}
	if a.Addresses != nil {
		addresses := make([]string, len(a.Addresses))
		for i, address := range a.Addresses {
			addresses[i] = address.String()
		}
		d.Learn("domain.addresses", addresses, origin)
	}
	if len(a.CNAMEs) > 0 {
		d.Learn("domain.aliases", a.CNAMEs, origin)
	}
	if _, known := d.Facts["domain.nameservers"]; !known && len(a.Nameservers) > 0 {
		d.Learn("domain.nameservers", a.Nameservers, origin)
	}
}
