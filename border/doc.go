// Package border is the one gate between parties: what may leave, what may enter, what may alert, each decision with its reason.
//
// Going out: Release decides whether a statement with a TLP marking may go to
// the recipients that its author names, and Decide whether a sighting may go
// back to the giver of an indicator. Both give a receipt: the rule that
// decided, so that an observer can check the decision without the content.
//
// Coming in: Budget bounds what a partner may send in a day, and Gate judges
// each indicator before it may alert anybody. The gate holds what would poison
// the watch: a network as wide as a country, a top-level domain, a public
// resolver, the own web site, a value that nobody dated. Held is not refused:
// the record keeps it, the console shows it with every reason, a person may
// accept it.
//
// Everything here is a pure function of its arguments. Lists and policies are
// the receiver's own; nothing that a partner sends can change them.
package border
