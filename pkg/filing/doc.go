// Package filing holds what is known about a filing: facts with their origin,
// the one list of facts there are, and the filing file.
//
// A fact is addressed by its path, the same in filing files, in --set, in
// rules and in reports: subject.lead.identity, domain.expires_at, province. A
// fact nobody knows is absent from Facts; there is no zero value for "unknown".
package filing
