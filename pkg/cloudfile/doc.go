// Package cloudfile reads facts from files that the tools of clouds write:
// Terraform plans and states (terraform show -json), and answers of a cloud's
// API as its command line prints them.
//
// What stands where is declared by a list of Forms, which come from the
// rulebook; this package knows no cloud. It asks nobody, and needs no key: the
// user made the file. Such files hold secrets, so only what a form names is
// read, and nothing else is kept or repeated in messages.
//
// What a file leaves open (a value known after apply, one that a form does not
// list) is absent from the facts, never a default.
package cloudfile
