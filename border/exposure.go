package border

import "entente/statement"

// Exposure is all that one party has shown another, and all that the other can
// have learnt, computed from the record alone: any two copies of the record
// give the same.
type Exposure struct {
	Self  string `json:"self"`
	Party string `json:"party"`
	// Size and Theirs are how much of both logs it was computed from.
	Size   uint64 `json:"size"`
	Theirs uint64 `json:"theirs"`

	Crossed []Crossing `json:"crossed"` // what it can read, in the order of the log, housekeeping left out
	Totals  []Total    `json:"totals"`  // the same by kind, housekeeping too
	Back    Back       `json:"back"`
	Found   Found      `json:"found"`
	Learnt  Learnt     `json:"learnt"`
	Beside  Beside     `json:"beside"`
}

// Crossing is one statement that the other party can read.
type Crossing struct {
	Index      uint64           `json:"index"`
	ID         statement.Digest `json:"id"`
	Time       int64            `json:"time"` // claimed, Unix milliseconds
	Kind       statement.Kind   `json:"kind"`
	Name       string           `json:"name"`  // of a list, a file or objects
	Items      int              `json:"items"` // values, objects or rules in it
	Decoys     int              `json:"decoys"`
	Marking    string           `json:"marking"`
	Recipients []string         `json:"recipients"`
	Rule       string           `json:"rule"`  // by which it left; empty where no receipt is written yet
	Group      *Epoch           `json:"group"` // with the rule "group"
	By         string           `json:"by"`    // who let it go, as the record says; empty where it does not
	Erased     bool             `json:"erased"`
	Retracted  bool             `json:"retracted"`
}

// Total counts one kind.
type Total struct {
	Kind       statement.Kind `json:"kind"`
	Statements int            `json:"statements"`
	Items      int            `json:"items"`
}

// Back is what the other party has given in return, as far as it can be read.
type Back struct {
	Totals  []Total `json:"totals"`
	Answers []Total `json:"answers"` // its verdicts on what crossed, the verdict as the kind
}

// Found is what came of it. Decoys count on neither side.
type Found struct {
	Shown int `json:"shown"` // distinct own values that it was shown
	There int `json:"there"` // of them, how many it says to have seen
	Given int `json:"given"` // distinct values that it gave
	Here  int `json:"here"`  // of them, how many we told it that we have seen
	// False is how many of our decoys it says to have seen: nobody can have.
	False int `json:"false"`
}

// PerItem is how many were found for each item shown, on either side; ok is
// false where nothing was shown.
func (f Found) PerItem() (p float64, ok bool) {
	if f.Shown == 0 {
		return 0, false
	}
	return float64(f.There+f.Here) / float64(f.Shown), true
}

// Learnt bounds what it can have concluded about our own logs. It gives values
// as indicators, that is, it guesses; a sighting confirms one. Where answers go
// back automatically, silence on a guess is an answer too. The record does
// not say how they go back, so silence counts as one here.
type Learnt struct {
	Guesses   int `json:"guesses"`   // items that it gave, each time that it gave them
	Values    int `json:"values"`    // distinct ones
	Confirmed int `json:"confirmed"` // of these: we said that we have seen it
	Silent    int `json:"silent"`    // of these: we said nothing; at most, that we have not seen it
	// Others counts the objects of which our verdicts can have told it that their
	// ids are another's, and so that they are here: all of a statement that was
	// refused for that, and one of a statement that was held back. What the gate
	// knows of the own side alone, assets say, is in no verdict.
	Others int `json:"others"`

	PerDay  int64 `json:"per_day"` // sightings that the charter lets go in a day
	Days    int64 `json:"days"`    // UTC days on which any went
	Fullest int   `json:"fullest"` // most that went on one of them
}

// Most is about how many values it can have learnt anything.
func (l Learnt) Most() int { return l.Confirmed + l.Silent }

// Told is how many single things we confirmed to it at most, by whatever answer.
func (l Learnt) Told() int { return l.Confirmed + l.Others }

// Beside is what the log tells a mirror whoever the statements are for.
type Beside struct {
	Leaves       int    `json:"leaves"` // all statements
	Readable     int    `json:"readable"`
	Housekeeping int    `json:"housekeeping"` // of the readable ones: heads, acks, refusals and the like
	Sealed       int    `json:"sealed"`       // not for it: it sees that something was said, when, and how large
	Hours        int    `json:"hours"`        // distinct hours in which the sealed ones were said
	Sizes        []Size `json:"sizes"`        // of the parts of the sealed ones
	Refusals     int    `json:"refusals"`     // of its own words that we told everybody of
}

// Size counts containers of one size.
type Size struct {
	Bytes int `json:"bytes"`
	Parts int `json:"parts"`
}
