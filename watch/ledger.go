package watch

import (
	"errors"
	"fmt"

	"entente/watch/event"
)

// Outcome is what became of one line.
type Outcome uint8

// The outcomes. A line that only held indicators meet is clean: nobody is told of it.
const (
	Clean    Outcome = iota // no active indicator meets it, or it holds no event
	Matched                 // at least one alert
	Unparsed                // not of the source's format, too long, or junk
	Dropped                 // read and lost before it could be looked at
)

// Ledger accounts for the lines of one source. Its zero value is an empty account.
type Ledger struct {
	Read     int64 `json:"read"`
	Matched  int64 `json:"matched"`
	Clean    int64 `json:"clean"`
	Unparsed int64 `json:"unparsed"`
	Dropped  int64 `json:"dropped"`
}

// ErrLedger says that lines are unaccounted for.
var ErrLedger = errors.New("lines unaccounted for")

// Judge tells the outcome of a line that was parsed with err and met so many active indicators.
func Judge(err error, alerts int) Outcome {
	switch {
	case err != nil && !errors.Is(err, event.ErrNoEvent):
		return Unparsed
	case alerts > 0:
		return Matched
	default:
		return Clean
	}
}

// Count enters one line.
func (l *Ledger) Count(o Outcome) {
	l.Read++
	switch o {
	case Matched:
		l.Matched++
	case Clean:
		l.Clean++
	case Unparsed:
		l.Unparsed++
	case Dropped:
		l.Dropped++
	}
}

// Rematch moves lines from clean to matched: they met an indicator that came after they were read. A
// line that was matched before must not be moved again.
func (l *Ledger) Rematch(lines int64) {
	l.Clean -= lines
	l.Matched += lines
}

// Add enters all of another account.
func (l *Ledger) Add(o Ledger) {
	l.Read += o.Read
	l.Matched += o.Matched
	l.Clean += o.Clean
	l.Unparsed += o.Unparsed
	l.Dropped += o.Dropped
}

// Check returns an error wrapping ErrLedger unless read = matched + clean + unparsed + dropped, each of
// them at least zero.
func (l Ledger) Check() error {
	sum := l.Matched + l.Clean + l.Unparsed + l.Dropped
	if l.Read != sum || min(l.Matched, l.Clean, l.Unparsed, l.Dropped) < 0 {
		return fmt.Errorf("%w: read %d, but matched %d + clean %d + unparsed %d + dropped %d = %d",
			ErrLedger, l.Read, l.Matched, l.Clean, l.Unparsed, l.Dropped, sum)
	}
	return nil
}
