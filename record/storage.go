package record

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Storage is one log on durable storage. internal/logfile implements it;
// recordtest is the conformance suite that every engine passes.
type Storage interface {
	// Append adds one leaf with its sealed parts and returns its index. When
	// it returns nil, every byte and a checkpoint over the new tree survive
	// power loss and have been read back and re-hashed. Calls may run
	// concurrently and share one fsync; calls of one goroutine keep their order.
	Append(ctx context.Context, leaf []byte, sealed [][]byte) (index uint64, err error)
	// AppendVerified adds leaves of a partner's log that the caller has
	// verified against note, the partner's signed checkpoint of the tree after
	// these leaves or of a larger one. The same durability holds.
	AppendVerified(ctx context.Context, leaves [][]byte, sealed [][][]byte, note []byte) error
	// Head returns the durable tree and the note stored with it (nil when empty).
	Head() (Tree, []byte)
	// Leaf returns the exact bytes of one leaf.
	Leaf(index uint64) ([]byte, error)
	// Sealed returns the sealed parts of one leaf; nil stands for an erased one.
	Sealed(index uint64) ([][]byte, error)
	// Erase overwrites one sealed part for ever, durably.
	Erase(index uint64, part int) error
	// ReadHashes makes the storage a tlog.HashReader.
	ReadHashes(indexes []int64) ([]tlog.Hash, error)
	// Scrub re-reads and re-hashes up to n leaves from index from on and
	// returns where to go on (0 after the last). A difference is a *Damage.
	Scrub(ctx context.Context, from, n uint64) (next uint64, err error)
	// Close releases the folder.
	Close() error
}

// ErrPoisoned is returned by a storage after a failed write or fsync: what is
// on the disk is unknown, and the node must stop.
var ErrPoisoned = errors.New("storage failed; the node must stop")

// Damage says that stored bytes are not what was written. It is never a
// partner's guilt.
type Damage struct {
	Index uint64 // leaf, or the first leaf of the damaged batch
	What  string
}

func (d *Damage) Error() string { return fmt.Sprintf("leaf %d: %s", d.Index, d.What) }

// Head is the newest checkpoint of one log that a witness cosigned.
type Head struct {
	Tree Tree
	Note []byte // the log's note with this witness's cosignature lines
}

// ErrConflict says that a head moved between reading and updating it.
var ErrConflict = errors.New("the head has moved")

// HeadStore is a witness's memory. internal/headfile implements it.
type HeadStore interface {
	// Latest returns the newest head of a log; false if there is none.
	Latest(origin string) (Head, bool)
	// Update replaces the head of size oldSize (0 also for none) and returns
	// only when the new one is durable. ErrConflict if the size is another one.
	Update(ctx context.Context, origin string, oldSize uint64, next Head) error
}
