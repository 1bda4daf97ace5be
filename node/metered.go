package node

import (
	"context"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"entente/border"
	"entente/internal/peer"
	"entente/record"
	"entente/statement"
)

// meter keeps what of one log this node may still be made to fetch and store:
// the charter's bytes per day from each that gives of it, so that none uses up
// what may come from another, and the disk that it may fill.
type meter struct {
	disk  int64  // bytes that the stored log may reach
	dir   string // where it is stored
	owner string // party id
	now   func() time.Time

	used func() // called after bytes were counted; nil until then

	mu      sync.Mutex // guards what follows
	perDay  border.Budget
	bytes   border.Budget            // from the owner
	relayed map[string]border.Budget // from others, by party
}

func newMeter(owner string, bytesPerDay, disk int64, dir string, now func() time.Time) *meter {
	b := border.NewBudget(math.MaxInt64, bytesPerDay)
	return &meter{disk: disk, dir: dir, owner: owner, now: now, perDay: b, bytes: b, relayed: make(map[string]border.Budget)}
}

// take counts bytes that came from a party, or refuses them: they came all the
// same, and nothing more of the day is left.
func (m *meter) take(from string, n int64) error {
	if m.used != nil {
		defer m.used()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.of(from)
	err := b.Take(0, n, m.now())
	if err != nil {
		_ = b.Take(0, 0, m.now()) // to the day of now
		_, left := b.Left()
		_ = b.Take(0, left, m.now())
	}
	if from == m.owner {
		m.bytes = b
	} else {
		m.relayed[from] = b
	}
	return err
}

// of returns the budget of one giver. The caller holds mu.
func (m *meter) of(from string) border.Budget {
	if from == m.owner {
		return m.bytes
	}
	if b, ok := m.relayed[from]; ok {
		return b
	}
	return m.perDay
}

// ask refuses to ask a party that has nothing left.
func (m *meter) ask(from string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.of(from)
	return b.Take(0, 1, m.now())
}

// state is what was used, to be kept across a restart.
func (m *meter) state() (border.Budget, map[string]border.Budget) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bytes, maps.Clone(m.relayed)
}

func (m *meter) resume(old border.Budget, relayed map[string]border.Budget) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes.Resume(old)
	for from, old := range relayed {
		b := m.perDay
		b.Resume(old)
		m.relayed[from] = b
	}
}

// room refuses when the stored log has reached its share of the disk.
func (m *meter) room() error {
	info, err := os.Stat(filepath.Join(m.dir, "log"))
	if err != nil || info.Size() < m.disk {
		return nil //nolint:nilerr // what cannot be measured is found by the append itself
	}
	return statement.Refuse(statement.CodeBudget, "its log fills %d bytes here, %d are agreed", info.Size(), m.disk)
}

// metered is a source of a log whose bytes count against the party that gives them.
type metered struct {
	record.Source
	meter *meter
	from  string
}

func (s metered) Entries(ctx context.Context, origin string, bundle uint64, width int) ([][]byte, error) {
	if err := s.meter.ask(s.from); err != nil {
		return nil, err
	}
	leaves, err := s.Source.Entries(ctx, origin, bundle, width)
	if err != nil {
		return nil, s.malformed(err, peer.MaxEntriesAnswer)
	}
	return leaves, s.meter.take(s.from, sizeOf(leaves))
}

func (s metered) Sealed(ctx context.Context, origin string, from uint64, n int) ([][][]byte, error) {
	if err := errors.Join(s.meter.room(), s.meter.ask(s.from)); err != nil {
		return nil, err
	}
	leaves, err := s.Source.Sealed(ctx, origin, from, n)
	if err != nil {
		return nil, s.malformed(err, peer.MaxPartsAnswer)
	}
	var sum int64
	for _, parts := range leaves {
		sum += sizeOf(parts)
	}
	return leaves, s.meter.take(s.from, sum)
}

func (s metered) Erasure(ctx context.Context, origin string, index uint64, part int) (uint64, error) {
	if err := s.meter.ask(s.from); err != nil {
		return 0, err
	}
	by, err := s.Source.Erasure(ctx, origin, index, part)
	return by, s.malformed(err, peer.MaxPartsAnswer)
}

// malformed counts an answer that was none as the longest that is read.
func (s metered) malformed(err error, most int64) error {
	if errors.Is(err, peer.ErrMalformed) {
		return errors.Join(err, s.meter.take(s.from, most))
	}
	return err
}

func sizeOf(b [][]byte) int64 {
	var n int64
	for _, x := range b {
		n += int64(len(x))
	}
	return n
}
