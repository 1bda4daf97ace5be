// Package match finds what two parties both hold, shows nothing else, and lets anybody who watched check every step.
//
// The protocol is a mutual Diffie-Hellman set intersection over ristretto255,
// "double lock": each side locks its items with a key of this run alone,
// ascending, the other locks them again, and equal items are equal points.
// What makes it fit for parties that do not trust each other is the order:
//
//	M0  manifest   signed by both; its digest, the sid, is in every point
//	M1  commit     key, proof of the key, digest of the locked list, root over
//	               the salted items; in the log and witnessed by the other
//	M2  own list   only after both commits
//	M3a returned   digests of the other's list, locked again; in the log
//	M3b sorted     the returned list without its order: both can count
//	    count      signed; in mode names this is the consent to the names
//	M3c named      the returned list in order with its proof, in 64 turns
//	M5  receipts   every matched item opened: salt, place, since when in the log
//	M6  audit      unmatched items opened that both nonces chose
//	M7  closing    counts, digests, and that of a self-proof; then no key is left
//
// What is proven, under decisional Diffie-Hellman and in the random oracle
// model: (1) both inputs are independent, since lists and keys are committed to
// and logged before either list is seen; (2) a returned list is the other's
// list times the committed key, with an error of 2^-128, since the weights of
// the proof depend on every point; (3) no false corroboration: a point of the
// returned list that meets the own one was committed to by a side that had the
// item's point in hand; (4) bounded probing: a side can test at most as many
// items as it committed to, dummies included (one-more gap Diffie-Hellman).
// Neither side can deny a visible match or invent one.
//
// What is not: universal composability; fairness (whoever leaves early is
// ahead by one turn of 64, and the abort is on record); that an item is true;
// that a side shows all it has; cover of traffic and timing; and a hidden hit:
// a side that locks one of its own items with a second key learns whether the
// other holds it, and the other sees no match. No proof here finds that. An
// audit does with the chance of drawing the item, a disclosure always. In mode
// count a side can hide matches by a wrong answer, not add any. Points that
// were recorded fall to a quantum computer, for items that can be guessed.
//
// The package is pure: bytes, times and randomness are arguments, sets are
// read through an interface, and calls use all processors but leave nothing
// running. The lists of points, 128 bytes an item and side, lie in a Space that
// the caller gives, or in memory. What is always there is some 100 bytes an
// item, and up to 320 for the points of lists that are short enough to stay
// decoded, until they are proven.
package match
