// Package text holds bilingual text, display width, and every word that Go
// code itself prints. Words about rules live in the rulebook.
//
// Words of the program are keys of one catalogue, each with both languages;
// Width, Pad and Wrap know that a Chinese character takes two columns; Clean makes
// what came from outside safe to print.
package text
