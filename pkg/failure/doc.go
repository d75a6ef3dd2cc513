// Package failure describes why a fact could not be had.
//
// A failure is data, shown beside the undetermined checks that it left
// undecided. An answer such as "not registered" is a fact and never a failure.
package failure
