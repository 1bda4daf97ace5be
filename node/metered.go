package node

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"entente/border"
	"entente/record"
	"entente/statement"
)

// meter keeps what one partner may still make this node fetch and store: the
// charter's bytes per day, and the disk that its log may fill.
type meter struct {
	disk int64  // bytes that the stored log may reach
	dir  string // where it is stored
	now  func() time.Time

	used func() // called after bytes were counted; nil until then

	mu    sync.Mutex // guards bytes
	bytes border.Budget
}

func newMeter(bytesPerDay, disk int64, dir string, now func() time.Time) *meter {
	return &meter{disk: disk, dir: dir, now: now, bytes: border.NewBudget(math.MaxInt64, bytesPerDay)}
}

// take counts bytes that came, or refuses them.
func (m *meter) take(n int64) error {
	if m.used != nil {
		defer m.used()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bytes.Take(0, n, m.now())
}

// state is what was used, to be kept across a restart.
func (m *meter) state() border.Budget {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bytes
}

func (m *meter) resume(old border.Budget) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes.Resume(old)
}

// room refuses when the stored log has reached its share of the disk.
func (m *meter) room() error {
	info, err := os.Stat(filepath.Join(m.dir, "log"))
	if err != nil || info.Size() < m.disk {
		return nil //nolint:nilerr // what cannot be measured is found by the append itself
	}
	return statement.Refuse(statement.CodeBudget, "its log fills %d bytes here, %d are agreed", info.Size(), m.disk)
}

// metered is a source whose bytes count against its log's owner.
type metered struct {
	record.Source
	meter *meter
}

func (s metered) Entries(ctx context.Context, origin string, bundle uint64, width int) ([][]byte, error) {
	leaves, err := s.Source.Entries(ctx, origin, bundle, width)
	if err != nil {
		return nil, err
	}
	return leaves, s.meter.take(sizeOf(leaves))
}

func (s metered) Sealed(ctx context.Context, origin string, from uint64, n int) ([][][]byte, error) {
	if err := s.meter.room(); err != nil {
		return nil, err
	}
	leaves, err := s.Source.Sealed(ctx, origin, from, n)
	if err != nil {
		return nil, err
	}
	var sum int64
	for _, parts := range leaves {
		sum += sizeOf(parts)
	}
	return leaves, s.meter.take(sum)
}

func sizeOf(b [][]byte) int64 {
	var n int64
	for _, x := range b {
		n += int64(len(x))
	}
	return n
}
