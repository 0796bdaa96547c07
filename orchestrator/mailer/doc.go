// Package mailer tells people by mail of the messages that callers left.
//
// That somebody is to be told is noted by records in the transaction that puts the message
// itself on record, so it outlives every process. A Mailer of each process takes one mail
// after another; a mail is with one of them at a time. It tries again with growing pauses
// for a day, over restarts. That the server took a mail is stored at once, and its entry
// in the call's journal follows, in that order.
//
// SMTP cannot tell whether a server took a mail when the connection ended between the last
// byte and the answer, and a process may die after the answer and before it is stored. Then
// the mail is sent again, with the same Message-ID. Otherwise nobody is told twice.
//
// It imports records, and the mail library alone of all packages; cmd joins it to
// definitions and PBXs.
package mailer
