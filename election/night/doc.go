// Package night follows published results through an election night: what each party fetched and sealed, what changed, what balances, and where parties differ.
//
// A node says `published/v1` when a page it watches has other numbers than
// before, and in batches that pages are still the same; and `balance/v1` when
// somebody has its word given that the numbers under a root add up, or which
// do not. Everything else is computed from these statements by pure functions
// that anybody runs again: the state of each page, the copy that both sides
// have sealed, the joint word over one root, and disagreement.
package night
