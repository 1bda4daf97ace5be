package node

import (
	"context"
	"errors"

	"filippo.io/age"

	"entente/record"
	"entente/statement"
)

// giver is somebody who may give this party's own log back.
type giver struct {
	name string
	record.Source
}

// pullOwn brings the own log up to a note from whoever has it; a giver that
// fails is passed over for the next. blame is told who gave back less than it
// was given.
func pullOwn(ctx context.Context, givers []giver, identity age.Identity, log record.Storage, note []byte, blame func(name string, err error)) error {
	var errs []error
	for i, g := range givers {
		others := append(append([]giver(nil), givers[:i]...), givers[i+1:]...)
		err := record.Pull(ctx, &ownTail{g, others, identity, make(map[uint64][]byte), blame}, log, note)
		if err == nil || errors.Is(err, record.ErrInconsistent) || errors.Is(err, record.ErrPoisoned) {
			return err
		}
		blame(g.name, err)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// ownTail reads the own log back from one giver. Ciphertexts are not under the
// tree, but every part of an own statement is sealed to its owner too: here
// each is opened and held against its digest, and one that is missing or
// changed is asked of the others, so that no hostile mirror gives back a log
// with its contents gone.
type ownTail struct {
	giver
	others   []giver
	identity age.Identity
	leaves   map[uint64][]byte // fetched, parts not yet
	blame    func(name string, err error)
}

// Entries implements record.Source and keeps the leaves for Sealed, which
// record.Pull calls after it has proved them.
func (o *ownTail) Entries(ctx context.Context, origin string, bundle uint64, width int) ([][]byte, error) {
	leaves, err := o.giver.Entries(ctx, origin, bundle, width)
	for i, leaf := range leaves {
		o.leaves[bundle*256+uint64(i)] = leaf
	}
	return leaves, err
}

// Sealed implements record.Source.
func (o *ownTail) Sealed(ctx context.Context, origin string, from uint64, n int) ([][][]byte, error) {
	got, err := o.giver.Sealed(ctx, origin, from, n)
	for i, parts := range got {
		if err := o.mend(ctx, origin, from+uint64(i), parts); err != nil {
			return nil, err
		}
	}
	return got, err
}

// mend replaces what does not open. A part is taken as erased when somebody
// says so and nobody has it.
func (o *ownTail) mend(ctx context.Context, origin string, index uint64, parts [][]byte) error {
	e, err := statement.ParseEnvelope(o.leaves[index])
	delete(o.leaves, index)
	if err != nil {
		return nil //nolint:nilerr // of another version: nothing to hold it against
	}
	l, err := e.Leaf()
	if err != nil || len(parts) != len(l.Parts) {
		return nil //nolint:nilerr // record.Pull refuses another number of parts
	}
	for j, p := range parts {
		if o.good(p, l.Parts[j]) {
			continue
		}
		bad := statement.Refuse(statement.CodePart, "part %d of the own leaf %d comes back missing or changed", j, index)
		found, erased := o.ask(ctx, origin, index, j, l.Parts[j])
		switch {
		case found != nil:
			o.blame(o.name, bad)
			parts[j] = found
		case p == nil || erased:
			parts[j] = nil
		default:
			return bad
		}
	}
	return nil
}

func (o *ownTail) good(part []byte, want statement.Digest) bool {
	if len(part) == 0 {
		return false
	}
	_, err := record.OpenPart(part, want, o.identity)
	return err == nil
}

// ask looks for one part at the other givers.
func (o *ownTail) ask(ctx context.Context, origin string, index uint64, n int, want statement.Digest) (part []byte, erased bool) {
	for _, g := range o.others {
		got, err := g.Sealed(ctx, origin, index, 1)
		if err != nil || len(got) != 1 || n >= len(got[0]) {
			continue
		}
		p := got[0][n]
		if o.good(p, want) {
			return p, false
		}
		erased = erased || p == nil
	}
	return nil, erased
}
