// Package mask hides personal numbers: identity documents, telephones and
// certificates. Everything that leaves the program passes through it.
//
// Number hides one number that is known to be personal, Free whatever looks like
// one in running text. Both keep the length, so that positions stay right.
package mask
