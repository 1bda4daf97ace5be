// Package accord is the working group itself: what parties propose, answer, notify, tell, judge and show, and what follows from it.
//
// Six kinds of statement are signed: proposal, position, notice, account,
// assessment and exhibit; beside them a party's officers, the times that
// witnesses saw, and an observer's opening of what was deposited with it.
// Everything else is derived: whether an act is in force, how two accounts
// compare, where a case stands, whose clock runs, what the day was. It is
// derived by functions of a World, which holds statements of the logs, the
// moments at which checkpoints were signed and cosigned, and proven forks.
// The words "agreed", "in force" and "joint" come from these functions alone.
//
// Who may say what is decided by Powers; nothing here believes a claimed time.
// The package is pure: an observer, a console and an offline verifier compute
// the same state from the same logs.
package accord
