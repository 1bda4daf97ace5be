// Package record is the append-only signed log of a party: checkpoints, cosignatures, proofs, parts, fork evidence and offline verification.
//
// Every party keeps one log, and every other party witnesses and mirrors it.
// All outward formats are C2SP's (signed-note, tlog-checkpoint,
// tlog-cosignature, tlog-witness, tlog-tiles, tlog-proof), so strangers' tools
// work on our logs; TestStrangersVerifiers holds the package to that.
//
// How far a statement has come is one of four words (Progress): logged,
// witnessed, held, acknowledged. Each is provable offline: Verify recomputes
// it from a bundle and a charter alone.
//
// The package is pure: storage, networks, clocks and randomness are
// arguments or small interfaces (Storage, Source, HeadStore).
package record
