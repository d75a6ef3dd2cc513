package cloudfile

import "github.com/icpcheck/icpcheck/pkg/filing"

// Form declares where one kind of record holds our facts. Paths in it are keys
// of JSON objects joined by dots; "[]" after a key means every element.
type Form struct {
	// ID names the form in messages.
	ID string
	// Terraform is the type of resource that the record is, such as
	// alicloud_instance; empty for an answer.
	Terraform string
	// Answer is the path of the records in an answer; "." is the answer itself.
	// It is looked for at the top and below "Response", which some APIs put round.
	Answer string
	// Total and Next are paths of how many records there are in all, and of what
	// asks for the next page; empty where an answer is all there is.
	Total, Next string
	// Has are keys that only records of this form have, together.
	Has []string
	// Key is the path of what tells a record from others: an instance's id.
	Key string
	// Domain is the path of the domain that the record is about; empty where it
	// is about a server.
	Domain string
	// Provider is the cloud, by the id of the rulebook.
	Provider string
	// States are facts that every such record states, by their paths.
	States map[string]string
	// Zone is the path of the availability zone, which tells the region where
	// nothing else does.
	Zone string
	// Order tells for how long a resource is bought that is about to be made.
	Order Order
	// Readings are the rest, in any order.
	Readings []Reading
}

// Order tells where a first order's length stands.
type Order struct {
	// At and UnitAt are paths of number and unit; empty where there is none.
	At, UnitAt string
	// Months is how many months a unit has, rounded down: a week has none.
	Months map[string]int
	// Unit is meant where the file names none.
	Unit string
}

// Reading tells how one fact is read.
type Reading struct {
	// Fact is its path, such as server.billing.
	Fact string
	// At are the paths of the value. The first that is there counts; of a list
	// all are taken together.
	At []string
	// Values maps what the file says to our ids. What is not listed is not known.
	Values map[string]string
	// Above makes a number that is greater state true. A smaller one states
	// nothing: what one resource lacks another may give.
	Above *float64
	// If is the path of what makes the value count: something other than false.
	If string
	// From and To are paths of two times, between which the whole months count.
	From, To string
	// Milliseconds says that a time is a number of them since 1970.
	Milliseconds bool
}

// Record is what a file says about one server or one domain.
type Record struct {
	// Form is the form it was read by.
	Form string
	// Name is a resource's address in Terraform (module.web.alicloud_instance.a[0]),
	// an instance's id, or a domain's name.
	Name string
	// Domain is the name of the domain; empty for a server.
	Domain string
	// Facts are about that domain, its name aside, or about the filing whose server it is.
	Facts filing.Facts
	// Origin is where the record itself stands.
	Origin filing.Origin
}

// File is a file that was read.
type File struct {
	Name    string
	Records []Record
	// Changes tells that it is a plan of Terraform.
	Changes bool
	// Passed are the types of resources, sorted, that are made or changed and
	// that no form reads.
	Passed []string
	// Partial tells that a plan leaves some of the configuration out, or that the
	// cloud has more records than the answer.
	Partial bool
	// Empty tells that it is an answer without records: clouds give the same
	// to who may not see them, so that it says nothing.
	Empty bool
}
