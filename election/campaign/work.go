package campaign

import (
	"context"
	"errors"
	"fmt"
)

// Work bounds what is done for one result. An export is foreign: how much there is
// to compare follows from what stands in it, not from how long it is.
type Work struct {
	Pairs int   // posts that act together, two by two: each takes eight bytes
	Steps int64 // comparisons of two posts, and shingles that are looked at
}

// unbounded steps are more than can be made.
const unbounded = 1 << 62

// ErrWork reports that a result would take more work than was allowed. The text of
// an error that is one says what there is too much of.
var ErrWork = errors.New("more work than is allowed")

// excess is an ErrWork.
type excess string

func (e excess) Error() string      { return string(e) }
func (excess) Is(target error) bool { return target == ErrWork }

func tooManyPairs(n int) error {
	return excess(fmt.Sprintf("more than %d pairs act together: a shorter window, or leave out what everybody carries", n))
}

// askEvery so many steps the context is asked.
const askEvery = 1 << 16

// meter counts the steps of one call, and ends it when they are too many or its
// context ends.
type meter struct {
	ctx               context.Context
	most, steps, asks int64 // allowed, made, and the number at which is asked next
}

func newMeter(ctx context.Context, w Work) *meter { return &meter{ctx: ctx, most: w.Steps} }

func (m *meter) step(n int) error {
	if m.steps += int64(n); m.steps < m.asks {
		return nil
	}
	return m.ask()
}

func (m *meter) ask() error {
	if m.steps > m.most {
		return excess(fmt.Sprintf("more than %d comparisons: a shorter window, fewer posts, or leave out what everybody carries", m.most))
	}
	m.asks = m.steps + min(askEvery, m.most-m.steps+1)
	return m.ctx.Err()
}
