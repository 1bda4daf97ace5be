package node

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"entente/internal/logfile"
	"entente/record"
	"entente/statement"
)

// localSource reads a log of this node as record.Source.
type localSource struct {
	log    *logfile.Log
	erases record.Erases // nil: nothing is known to be erased
}

func (s localSource) Checkpoint(context.Context, string) ([]byte, error) {
	_, note := s.log.Head()
	return note, nil
}

func (s localSource) Tile(_ context.Context, _ string, t tlog.Tile) ([]byte, error) {
	return s.log.Tile(t)
}

func (s localSource) Entries(_ context.Context, _ string, bundle uint64, width int) ([][]byte, error) {
	leaves := make([][]byte, 0, width)
	for i := range uint64(width) {
		leaf, err := s.log.Leaf(bundle*256 + i)
		if err != nil {
			return nil, err
		}
		leaves = append(leaves, leaf)
	}
	return leaves, nil
}

func (s localSource) Sealed(_ context.Context, _ string, from uint64, n int) ([][][]byte, error) {
	out := make([][][]byte, 0, n)
	for i := range uint64(n) {
		parts, err := s.log.Sealed(from + i)
		if err != nil {
			return nil, fmt.Errorf("parts of leaf %d: %w", from+i, err)
		}
		out = append(out, parts)
	}
	return out, nil
}

func (s localSource) Erasure(_ context.Context, origin string, index uint64, part int) (uint64, error) {
	of, ok := refTo(s.log, origin, index)
	if ok && s.erases != nil {
		if by, ok := new(erasures).find(of, part, s.log, s.erases, nil); ok {
			return by, nil
		}
	}
	return 0, statement.Refuse(statement.CodePart, "part %d of leaf %d is not here, and no statement erases it", part, index)
}
