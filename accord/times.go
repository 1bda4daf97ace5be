package accord

import "entente/statement"

// Times is the body of times/v1: checkpoints of other logs that this node
// cosigned, with the owner's and its own timestamped signatures, so that every
// reader of the logs computes the same states. Each note is verified before
// anything is reckoned with it, so that whoever logs it adds nothing of its own.
type Times struct {
	Notes []string `json:"notes"` // checkpoint notes: owner's Ed25519 and time lines, and cosignatures
}

// MaxTimes is how many notes fit into one statement.
const MaxTimes = 24

// ParseTimes decodes and checks the body of times.
func ParseTimes(body []byte) (Times, error) {
	return parse(body, statement.MaxAct, func(t Times) error {
		if len(t.Notes) == 0 {
			return refuse("1 to %d notes", MaxTimes)
		}
		return each("notes", t.Notes, MaxTimes, func(_ int, n string) error { return within("note, bytes", int64(len(n)), 1, 4096) })
	})
}

// Disclosure is the body of disclosure/v1: the depositary opens part Part of
// refs[0] because its time has come; part 1 holds salt and plaintext.
type Disclosure struct {
	Part   int    `json:"part"`
	Reason string `json:"reason"` // deadline
}

// ParseDisclosure decodes and checks the body of a disclosure.
func ParseDisclosure(body []byte) (Disclosure, error) {
	return parse(body, statement.MaxAct, func(d Disclosure) error {
		return first(within("part", int64(d.Part), 1, statement.MaxParts-1), one("reason", d.Reason, "deadline"))
	})
}
