// Package collect asks registries and the DNS about the domains of filings and
// adds what they say to the facts, with where the addresses found are.
//
// Facts that a live source gives replace those of the file, and a difference is
// kept as a conflict; those that a person set by a flag stay. A look-up that gave
// nothing is noted with the facts it should have given, never as a value.
package collect
