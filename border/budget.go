package border

import (
	"math"
	"time"

	"entente/statement"
)

// Budget is what one partner may still send today: objects and bytes per day,
// UTC. It is a value without a clock or a lock: the caller says when, keeps one
// per partner, and stores it if the count is to survive a restart.
type Budget struct {
	Objects int64 `json:"objects"` // allowed per day
	Bytes   int64 `json:"bytes"`

	// Keep is how many days' unused objects add up: who was away for a while
	// may bring what it could have sent meanwhile.
	Keep int64 `json:"keep"`

	Day         int64 `json:"day"`          // days since 1970 that the use below is of
	UsedObjects int64 `json:"used_objects"` // below 0 by what was kept
	UsedBytes   int64 `json:"used_bytes"`
}

// NewBudget allows so many objects and bytes per day; zero or less allows none.
func NewBudget(objects, bytes int64) Budget {
	return Budget{Objects: max(objects, 0), Bytes: max(bytes, 0)}
}

// NewAllowance allows so many objects per day and any number of bytes. What is
// left of a day, counted from the one before since, adds up over keep days, so
// that neither clocks that differ nor a while without a line make an honest
// partner exceed it.
func NewAllowance(objects, keep int64, since time.Time) Budget {
	b := NewBudget(min(objects, maxKept), math.MaxInt64)
	b.Keep, b.Day = max(keep, 0), dayOf(since)-1
	return b
}

// maxKept bounds the objects per day of an allowance: days of them must add up.
const maxKept = 1 << 32

// Take takes objects and bytes from the budget of the day of now, or refuses
// (E_BUDGET) and takes nothing. A clock that steps back opens no day again.
func (b *Budget) Take(objects, bytes int64, now time.Time) error {
	next := b.at(now)
	// Compared by what is left: a sum could overflow.
	switch left, leftBytes := next.Left(); {
	case objects < 0 || bytes < 0:
		return statement.Refuse(statement.CodeBudget, "a negative amount")
	case objects > left:
		return statement.Refuse(statement.CodeBudget, "%d objects, %d of %d left today", objects, left, b.Objects)
	case bytes > leftBytes:
		return statement.Refuse(statement.CodeBudget, "%d bytes, %d of %d left today", bytes, leftBytes, b.Bytes)
	}
	next.UsedObjects += objects
	next.UsedBytes += bytes
	*b = next
	return nil
}

// Resume goes on with what was used before, under the budget of today.
func (b *Budget) Resume(old Budget) {
	b.Day, b.UsedObjects, b.UsedBytes = old.Day, old.UsedObjects, old.UsedBytes
}

// Left returns what remains of the day that the budget stands at.
func (b Budget) Left() (objects, bytes int64) {
	return max(b.Objects-b.UsedObjects, 0), max(b.Bytes-b.UsedBytes, 0)
}

// at returns the budget as it stands at now: fresh on a later day.
func (b Budget) at(now time.Time) Budget {
	if today := dayOf(now); today > b.Day {
		days := min(today-b.Day, 2*b.Keep+1) // more change nothing
		b.Day, b.UsedBytes = today, 0
		if b.UsedObjects = max(b.UsedObjects-days*b.Objects, -b.Keep*b.Objects); b.Keep == 0 {
			b.UsedObjects = 0
		}
	}
	return b
}

func dayOf(t time.Time) int64 {
	const day = 24 * 60 * 60
	return t.Unix() / day
}
