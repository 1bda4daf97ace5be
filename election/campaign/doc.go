// Package campaign finds accounts whose exported posts are alike beyond chance, in a way that anybody can run again.
//
// Posts are given: account, time, and what they carry, an address, a hashtag or
// words. Two posts act together if they carry the same within a window. Whether an
// account does that more often than chance would have it is measured against the
// same posts with what they carry shuffled within each hour, and the share of
// accounts that are named falsely is bounded. Everything follows from the posts,
// the parameters and a seed, so that the other side gets the same bytes.
//
// The result says "behaved alike beyond chance". It does not say that accounts
// are false, who runs them or why: fans, newsrooms and bots of a weather service
// behave alike too.
package campaign
