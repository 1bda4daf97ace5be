// Package lookalike finds names that were made to be taken for protected ones: domains and mail senders.
//
// One index answers for all protected names at once, at a cost that does not
// grow with their number. A name is folded (punycode, marks, UTS 39 skeleton,
// digraphs), and its fold and what is left of it without one or two letters are
// looked up among those of the protected names; a hit is then verified by its
// distance. Beside that, a protected name inside a longer one, and the same
// name under another suffix, are found. What is found is ranked, explained, and
// says nothing about who made it or why.
package lookalike
