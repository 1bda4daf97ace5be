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
func pullOwn(ctx context.Context, self record.Member, givers []giver, identity age.Identity, log record.Storage, note []byte, blame func(name string, err error)) error {
	var errs []error
	for i, g := range givers {
		others := append(append([]giver(nil), givers[:i]...), givers[i+1:]...)
		err := record.Pull(ctx, &ownTail{g, others, make(map[uint64][]byte), blame}, log, note, erases(self, identity))
		if err == nil || errors.Is(err, record.ErrInconsistent) || errors.Is(err, record.ErrPoisoned) {
			return err
		}
		blame(g.name, err)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// ownTail reads the own log back from one giver. A ciphertext that is missing
// or is not the one that was logged is asked of the others, so that no hostile
// mirror gives back a log with its contents gone.
type ownTail struct {
	giver
	others []giver
	leaves map[uint64][]byte // fetched, parts not yet
	blame  func(name string, err error)
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
		o.mend(ctx, origin, from+uint64(i), parts)
		if n > 1 { // one alone may be asked for again, when it erases a part
			delete(o.leaves, from+uint64(i))
		}
	}
	return got, err
}

// mend replaces what is missing or changed by what another giver has. What
// nobody has is left as it came, and record.Pull judges it.
func (o *ownTail) mend(ctx context.Context, origin string, index uint64, parts [][]byte) {
	e, err := statement.ParseEnvelope(o.leaves[index])
	if err != nil {
		return
	}
	want, ok := e.Ciphertexts()
	if !ok || len(parts) != len(want) {
		return
	}
	for j, p := range parts {
		if good(p, want[j]) {
			continue
		}
		if found := o.ask(ctx, origin, index, j, want[j]); found != nil {
			o.blame(o.name, statement.Refuse(statement.CodePart, "part %d of the own leaf %d comes back missing or changed", j, index))
			parts[j] = found
		}
	}
}

func good(part []byte, want statement.Digest) bool {
	return len(part) > 0 && statement.SealedDigest(part) == want
}

// ask looks for one part at the other givers.
func (o *ownTail) ask(ctx context.Context, origin string, index uint64, n int, want statement.Digest) []byte {
	for _, g := range o.others {
		got, err := g.Sealed(ctx, origin, index, 1)
		if err == nil && len(got) == 1 && n < len(got[0]) && good(got[0][n], want) {
			return got[0][n]
		}
	}
	return nil
}
