// Package resolve asks the DNS what a website's name points to and who serves
// its zone.
//
// A [Resolver] sends five questions at once: A, AAAA and CNAME of the name, NS
// and SOA of its registrable name. Each has its own time limit and one retry,
// so a look-up takes as long as its slowest question and one lost datagram
// costs one retry instead of the whole answer.
//
// "No such name" and "no such record" are answers. A question that could not
// be answered is a [failure.Failure] in [Answer.Failures], and what it would
// have told stays absent:
//
//	r := resolve.Resolver{Servers: []string{"223.5.5.5"}}
//	a := r.Lookup(ctx, "www.example.com", "example.com")
//	for _, f := range a.Failures {
//		log.Print(f) // dns 223.5.5.5:53 www.example.com AAAA: timeout (…)
//	}
package resolve
