// Package headfile is the durable memory of a witness: every head it cosigned, one per log and size, kept before it is answered.
//
// A folder holds one file, heads: a header and then frames, each written by
// one write and one sync and holding the updates of as many logs as met in
// it. Update compares and swaps: it returns nil only when the new head is on
// the medium and has been read back. The newest head of a log is never
// dropped; older ones stay, so that a contradiction can be shown, until Compact
// leaves the newest Keep of each log. Compact writes a second file, syncs it,
// reads it back and renames it over the first.
//
// After a failed write or sync the memory is poisoned and the node stops. After
// a crash Open drops a torn last frame, which no answer was given for; anything
// else that differs from what was written is disk.ErrDamaged, and the witness
// must not cosign: a witness that forgets can be led to cosign a fork.
//
// TestCrash plays these promises on a simulated disk.
package headfile
