// Package explain finds the reasons for which a filing was returned in what
// people have of it: the bureau's answer, a ticket, a mail, a result code of
// the ministry, the id of a reason or of a check.
//
// The reasons are the rows of the rulebook's table of rejections. A text is
// folded ([fold]: case, width, traditional characters, words that mean the
// same), cut into tokens (a Chinese character or the stem of an English word,
// [plain]) and searched for the table's wordings and codes: Chinese ones in
// their order, English ones in any. Sentences in which none stands are compared with
// the wordings by the pairs of characters they share. A text in which nothing is
// found that way is compared with all that the table says of each reason, its
// causes and remedies too, which gives a guess with a low score. What a text
// denies (不存在…, 已…, 未过期) does not count.
//
// Nothing found is an answer of its own: no reason.
package explain
