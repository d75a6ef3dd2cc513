// Package page reads what a page says about its filing: the filing numbers, the
// public-security number and the copyright line of its footer, and whether it
// is no page at all but one that a provider shows in place of an unfiled site.
//
// [Footer] takes HTML in UTF-8 from anywhere and never fails; what is not there
// is not in its [Findings]:
//
//	found := page.Footer(body, "https://www.example.com/")
//	for _, n := range found.Numbers {
//		fmt.Println(n.Normal, n.Kind, n.Province, n.Link, n.Href)
//	}
//
// [Block] compares an answer with the signatures of block pages.
package page
