package peer

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"entente/record"
	"entente/statement"
)

// Getter fetches the body of a GET path of this package's wire form, of at
// most limit bytes. What is not there is an fs.ErrNotExist. The link, a stick and this node's own backend are Getters,
// so that what is read from each passes the same parsers.
type Getter interface {
	Get(ctx context.Context, path string, limit int64) ([]byte, error)
}

// Source reads logs through a Getter. It is a record.Source: everything it
// returns has the right form and size, and nothing is verified yet.
type Source struct {
	get Getter

	mu   sync.Mutex        // guards said
	said map[erased]uint64 // by what, as answers of Sealed said it
}

// erased is one part that is gone.
type erased struct {
	origin string
	index  uint64
	part   int
}

// maxSaid bounds what is remembered of erasures; of more it is asked again.
const maxSaid = 1 << 14

// NewSource returns the source that reads through g.
func NewSource(g Getter) *Source { return &Source{get: g} }

var _ record.Source = (*Source)(nil)

// maxNote bounds a checkpoint note: sixteen ML-DSA-44 signature lines fit.
const maxNote = record.MaxNote

// Checkpoint returns the newest note of a log.
func (s *Source) Checkpoint(ctx context.Context, origin string) ([]byte, error) {
	return s.get.Get(ctx, route{at: atCheckpoint, log: LogName(origin)}.String(), maxNote)
}

// Held returns the newest note of a log that carries the mirror cosignature of
// the node that is read from.
func (s *Source) Held(ctx context.Context, origin string) ([]byte, error) {
	return s.get.Get(ctx, route{at: atHeld, log: LogName(origin)}.String(), maxNote)
}

// Tile returns the t.W hashes of a tile of height 8.
func (s *Source) Tile(ctx context.Context, origin string, t tlog.Tile) ([]byte, error) {
	if t.H != tileHeight || t.L < 0 || t.L > maxLevel || t.W < 1 || t.W > BundleWidth || t.N < 0 || t.N >= maxTile {
		return nil, fmt.Errorf("no such tile: %+v", t)
	}
	path := route{at: atTile, log: LogName(origin), tile: t}.String()
	want := t.W * tlog.HashSize
	body, err := s.get.Get(ctx, path, int64(want))
	if err != nil {
		return nil, err
	}
	if len(body) != want {
		return nil, malformed(path, statement.Refuse(statement.CodeSize, "tile of %d bytes, want %d", len(body), want))
	}
	return body, nil
}

// Entries returns the first width leaves of a bundle of 256.
func (s *Source) Entries(ctx context.Context, origin string, bundle uint64, width int) ([][]byte, error) {
	if width < 1 || width > BundleWidth || bundle >= maxTile {
		return nil, fmt.Errorf("no such bundle: %d of width %d", bundle, width)
	}
	t := tlog.Tile{H: tileHeight, N: int64(bundle), W: width}
	path := route{at: atEntries, log: LogName(origin), tile: t}.String()
	body, err := s.get.Get(ctx, path, int64(width)*(2+statement.MaxEnvelope))
	if err != nil {
		return nil, err
	}
	leaves, err := ParseEntries(body, width)
	if err != nil {
		return nil, malformed(path, err)
	}
	return leaves, nil
}

// Sealed returns the sealed parts of up to n leaves from index from on, at
// least one leaf's. A nil part is erased, an empty one is not held there.
func (s *Source) Sealed(ctx context.Context, origin string, from uint64, n int) ([][][]byte, error) {
	n = min(n, MaxCount)
	if n < 1 || from >= 1<<63 {
		return nil, fmt.Errorf("no such parts: %d from leaf %d", n, from)
	}
	path := route{at: atParts, log: LogName(origin), index: from, count: n}.String()
	body, err := s.get.Get(ctx, path, MaxPartsAnswer)
	if err != nil {
		return nil, err
	}
	leaves, by, err := parseSealed(body, n)
	if err != nil {
		return nil, malformed(path, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, parts := range leaves {
		for j, p := range parts {
			if p == nil {
				s.remember(erased{origin, from + uint64(i), j}, by[i][j])
			}
		}
	}
	return leaves, nil
}

// remember keeps what was said of an erased part, so that Erasure need not
// fetch all the others once more. mu is held.
func (s *Source) remember(e erased, by uint64) {
	if s.said == nil || len(s.said) >= maxSaid {
		s.said = make(map[erased]uint64)
	}
	s.said[e] = by
}

// Erasure returns which statement is said to erase a part.
func (s *Source) Erasure(ctx context.Context, origin string, index uint64, part int) (uint64, error) {
	s.mu.Lock()
	by, ok := s.said[erased{origin, index, part}]
	delete(s.said, erased{origin, index, part})
	s.mu.Unlock()
	if ok {
		return by, nil
	}
	if index >= 1<<63 {
		return 0, fmt.Errorf("no such leaf: %d", index)
	}
	path := route{at: atParts, log: LogName(origin), index: index, count: 1}.String()
	body, err := s.get.Get(ctx, path, MaxPartsAnswer)
	if err != nil {
		return 0, err
	}
	by, err = parseErasure(body, part)
	if err != nil {
		return 0, malformed(path, err)
	}
	return by, nil
}

// Local is a Getter that reads a backend in this process as party would.
type Local struct {
	Backend Backend
	Party   string
}

// Get answers path without a connection. What is not there is ErrAbsent.
func (l Local) Get(_ context.Context, path string, limit int64) ([]byte, error) {
	r, err := parseRoute(path)
	if err != nil {
		return nil, err
	}
	if r.at == atWait || r.at == atAdd {
		return nil, badRoute()
	}
	a, err := answer(l.Backend, l.Party, r)
	switch {
	case err != nil:
		return nil, err
	case a.status != http.StatusOK:
		return nil, &Error{Party: l.Party, Path: path, Kind: ErrAbsent, Status: a.status}
	case int64(len(a.body)) > limit:
		return nil, statement.Refuse(statement.CodeSize, "%s has %d bytes, at most %d", path, len(a.body), limit)
	}
	return a.body, nil
}
