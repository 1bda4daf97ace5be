// Package roll compares the daily exports of a voter roll, seals them without showing a voter, and proves what changed.
//
// What leaves the office is a root and counts that are too coarse to point at
// anybody. A voter's place in the tree is a keyed digest of the voter's id, and
// each value of the record a commitment under a salt that is derived from the
// office's key: names and ids can be listed by anybody, so a bare hash of them
// would hide nothing. Equal values of one voter give equal commitments on every
// day, which is what makes "only these changed" provable.
package roll
