// Package diagnose finds out why a site cannot be reached: blocked because its
// name is not filed, or for a reason that has nothing to do with filing.
//
// A [Prober] takes what registry and DNS said, connects to the addresses, and
// asks for the page and for a TLS handshake by name and, as the control, by bare
// address: a provider blocks by name, at its edge, so that the same machine
// answers one and not the other. Each [Step] says what was seen, and the
// [Conclusion] follows from all of them together.
//
// What the probes are, and are not, taken for:
//
//   - A page is asked for with GET; HEAD can pass where GET is cut off.
//   - A TLS handshake that goes through proves nothing: it was seen to go through
//     for names that are blocked. One that is reset by name, and not by address, does.
//   - A signature of low confidence never decides by itself.
//
// The words of the conclusions and what to do about each stand in rulebook table
// conclusions.
package diagnose
