// Package logfile keeps one party's log in flat append-only files, one write and one sync for each batch of leaves and its signed checkpoint.
//
// A folder holds
//
//	log            header, then batches: leaves, sealed parts, tree, checkpoint note
//	index          for each leaf where it is in log
//	h00 h08 h16 …  the hashes of tile levels 0, 1, 2 …, 32 bytes each: tiles are slices of them
//	lock           taken while a process has the log open
//
// Only log is the truth. The others follow from it: they are written without
// waiting, made durable now and then, and made anew at Open from the point
// that a batch header vouches for. Deleting them is harmless.
//
// What an acknowledgement means: Append returns nil after the batch was
// written, synced, read back, its checksums and leaf hashes recomputed and its
// tree found equal to the signed one. Whatever goes wrong before that leaves
// no acknowledged leaf behind:
//
//   - A failed write, sync or read-back poisons the log. Every later call
//     returns record.ErrPoisoned, Failed tells the node to stop, and nothing is
//     tried again (a second fsync may lie about the first).
//   - A full disk (ErrFull) is not a failure: the batch is refused whole, the
//     log can be read, and the next Append tries again, so writing resumes by
//     itself when there is room.
//   - After a crash Open syncs what memory still holds, drops the system's
//     clean pages so that it reads the medium, verifies the last batches in
//     full, and cuts off a torn last batch: one that has sectors which were
//     never written. It was not acknowledged. A batch that is all there but
//     wrong, or wrong with others behind it, is a *record.Damage: Open refuses,
//     and the mirrors have the leaves.
//
// Sign sees a tree before it is durable. A checkpoint that was signed but whose
// batch did not come through is never returned by Head, and another one of the
// same size may be signed later.
//
// TestCrash plays these promises on a simulated disk, TestKill with kill -9.
package logfile
