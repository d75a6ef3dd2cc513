// Package idnumber validates certificate and identity numbers offline, by
// their published formats and check characters. It keeps and sends nothing.
package idnumber
