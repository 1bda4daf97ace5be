// Package charter is the roster of a joint unit: parties, keys, quorum, scope, budgets, intervals and epochs.
//
// A charter is one file of exact bytes; its digest is SHA-256 over them under
// a domain tag. It binds nobody by itself. Every party on it signs a consent
// to the digest, and State computes from the charter, the consents and an
// instant whether it is proposed, consented, cooling off, in force or
// revoked. State takes nobody's word and no order of arrival into account, so
// two parties that hold the same files read the same answer; TestStateProperties
// holds it to that.
//
// A card is one party's own entry for the roster, made with its keys and sent
// to whoever writes the proposal. Fingerprints are for people: both sides read
// the charter's digits to each other over a line that nobody else chose.
//
// Formats are in docs/wire.md. The package is pure: bytes and times are
// arguments, nothing is read or written.
package charter
