package match

// State is how far a run has come, by what the logs say.
type State string

// The states of a run, in the order in which it comes to them.
const (
	StateVoid      State = "void"      // the offer is not its party's position
	StateOffered   State = "offered"   // waits for the other side's consent
	StateConsented State = "consented" // waits for the signature that begins it
	StateAgreed    State = "agreed"    // both have signed
	StateCommitted State = "committed" // both have committed to their lists
	StateCompared  State = "compared"  // both have committed to what they returned
	StateClosed    State = "closed"    // by both
	StateAborted   State = "aborted"   // by one side, before both had closed it
)

// Over reports whether nothing more is logged in a run.
func (s State) Over() bool { return s == StateVoid || s == StateClosed || s == StateAborted }

// State is how far the run has come. Nobody ends afterwards what both have closed.
func (s *Standing) State() State {
	switch {
	case s.Void != "":
		return StateVoid
	case s.Consent == nil:
		return StateOffered
	case s.Agreed == nil:
		return StateConsented
	case s.has(0, KindClosing) && s.has(1, KindClosing):
		return StateClosed
	case s.has(0, KindAbort) || s.has(1, KindAbort):
		return StateAborted
	case s.has(0, KindReturned) && s.has(1, KindReturned):
		return StateCompared
	case s.has(0, KindCommit) && s.has(1, KindCommit):
		return StateCommitted
	}
	return StateAgreed
}
