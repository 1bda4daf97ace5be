package logfile

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"entente/internal/disk"
	"entente/record"
)

// entry is one leaf on its way in, hashed by its caller.
type entry struct {
	leaf   []byte
	hash   tlog.Hash
	sealed [][]byte
	sums   [][sha256.Size]byte
	size   int // bytes in the batch
}

func newEntry(leaf []byte, sealed [][]byte) (entry, error) {
	e := entry{leaf: leaf, sealed: sealed, size: 2 + len(leaf)}
	if len(leaf) > maxLeaf || len(sealed) > maxParts {
		return entry{}, fmt.Errorf("%w: a leaf of %d bytes with %d parts", ErrLimit, len(leaf), len(sealed))
	}
	e.hash = tlog.RecordHash(leaf)
	if len(sealed) > 0 {
		e.sums = make([][sha256.Size]byte, len(sealed))
	}
	for i, p := range sealed {
		e.size += partSize + stateSize + len(p)
		if p != nil {
			e.sums[i] = sha256.Sum256(p)
		}
	}
	if e.size > maxBytes {
		return entry{}, fmt.Errorf("%w: sealed parts of %d bytes, at most %d", ErrLimit, e.size, maxBytes)
	}
	return e, nil
}

// Append implements record.Storage. Callers that meet share a batch: whoever
// gets the turn commits everything that has queued up meanwhile. ctx ends the
// waiting for a batch, not the writing of one: an error of ctx means that the
// leaf is not in the log.
func (l *Log) Append(ctx context.Context, leaf []byte, sealed [][]byte) (uint64, error) {
	if l.opts.Sign == nil {
		return 0, ErrMirror
	}
	e, err := newEntry(leaf, sealed)
	if err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	r := &request{entry: e, done: make(chan struct{})}
	if err := l.queue.put(r); err != nil {
		return 0, err
	}
	select {
	case l.turn <- struct{}{}:
		l.lead(r)
	case <-r.done:
	case <-ctx.Done():
		if l.queue.remove(r) {
			return 0, ctx.Err()
		}
		<-r.done
	}
	return r.index, r.err
}

// lead commits what waits until r is among it. The caller holds the turn,
// which ends with it.
func (l *Log) lead(r *request) {
	defer func() { <-l.turn }()
	for !r.isDone() {
		l.commitQueued()
	}
}

// commitQueued commits what waits, as far as one batch takes it.
func (l *Log) commitQueued() {
	requests := l.queue.take()
	if len(requests) == 0 {
		return
	}
	entries := make([]entry, len(requests))
	for i, r := range requests {
		entries[i] = r.entry
	}
	var first uint64
	err := errUnfinished
	defer func() {
		if err == errUnfinished { // Sign panicked: nobody may wait for ever
			err = l.poison(err)
		}
		for i, r := range requests {
			if r.err = err; err == nil {
				r.index = first + uint64(i)
			}
			close(r.done)
		}
	}()
	first, err = l.commit(entries, nil)
}

var errUnfinished = errors.New("a batch was not finished")

// AppendVerified implements record.Storage: one batch for all leaves. A nil
// sealed part is one that this node was not given. Without leaves it keeps a
// newer note of the same or a larger tree. ErrNote if the note is of another
// origin, of a smaller tree, or of this size with another root. On a log with
// Sign it restores the owner's own leaves from a mirror; Append is refused
// until the log has all leaves under the note, since what it signed meanwhile
// would be a fork.
func (l *Log) AppendVerified(ctx context.Context, leaves [][]byte, sealed [][][]byte, note []byte) error {
	if len(sealed) != 0 && len(sealed) != len(leaves) {
		return fmt.Errorf("%w: sealed parts for %d leaves of %d", ErrLimit, len(sealed), len(leaves))
	}
	entries, size := make([]entry, len(leaves)), 0
	for i, leaf := range leaves {
		var parts [][]byte
		if len(sealed) != 0 {
			parts = sealed[i]
		}
		e, err := newEntry(leaf, parts)
		if err != nil {
			return err
		}
		entries[i] = e
		size += e.size
	}
	if size > maxBytes || len(leaves) > maxLeaves {
		return fmt.Errorf("%w: %d leaves, %d bytes in one call", ErrLimit, len(leaves), size)
	}
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	_, err := l.commit(entries, slices.Clone(note))
	return err
}

// commit makes one batch durable and visible: derived files, signature, one
// write, one sync, read back and verify, publish. A nil note is one to sign.
// The caller holds the turn.
func (l *Log) commit(entries []entry, note []byte) (first uint64, err error) {
	if err := l.Err(); err != nil {
		return 0, err
	}
	next := l.edge
	h, add, err := l.plan(entries, &next)
	if err != nil {
		return 0, err
	}
	tree, err := next.tree()
	if err != nil {
		return 0, err
	}
	if note == nil && l.noted > l.edge.size {
		return 0, fmt.Errorf("%w: the log has %d leaves of the %d under its own checkpoint", ErrNote, l.edge.size, l.noted)
	}
	if note != nil {
		h.flags = flagMirrored
		if err := l.checkNote(tree, note); err != nil {
			return 0, err
		}
	}
	if err := l.prepare(&h, add); err != nil {
		return 0, err
	}
	if note == nil {
		if note, err = l.opts.Sign(tree); err != nil {
			return 0, fmt.Errorf("sign the tree of %d leaves: %w", tree.Size, err)
		}
		if err := l.checkNote(tree, note); err != nil {
			return 0, err
		}
	}
	h.noteLen = uint32(len(note))
	if err := l.store(h, entries, tree, note); err != nil {
		return 0, err
	}
	l.publish(h, next, tree, note, add)
	return h.first, nil
}

// plan lays out header, index and hashes of a batch and moves the edge over it.
func (l *Log) plan(entries []entry, next *edge) (header, *additions, error) {
	h := header{offset: l.end, first: next.size, leaves: uint32(len(entries))}
	add := &l.add
	add.reset(next.size)
	at := headerSize
	for _, e := range entries {
		if err := next.add(e.hash, add.keep); err != nil {
			return header{}, nil, err
		}
		add.place(newPlace(l.end+int64(at)+2, len(e.leaf)), uint32(at+2))
		at += 2 + len(e.leaf)
		h.parts += uint32(len(e.sealed))
		for _, p := range e.sealed {
			h.sealedLen += uint32(len(p))
		}
	}
	h.entryLen = uint32(at - headerSize)
	return h, add, nil
}

// checkNote says whether a note is of this log and of tree or, when a mirror
// is still behind, of a larger one.
func (l *Log) checkNote(tree record.Tree, note []byte) error {
	c, err := record.Peek(note)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrNote, err)
	case c.Origin != l.opts.Origin:
		return fmt.Errorf("%w: it is of %q", ErrNote, c.Origin)
	case c.Size < tree.Size, c.Size == tree.Size && c.Root != tree.Root:
		return fmt.Errorf("%w: a checkpoint of %d leaves for a tree of %d", ErrNote, c.Size, tree.Size)
	}
	l.noted = c.Size
	return nil
}

// prepare does everything that can find the disk full before anything is
// signed: the mark, the derived files and the room for the batch.
func (l *Log) prepare(h *header, add *additions) error {
	if l.edge.size-l.derived.leaves >= l.opts.deriveEvery || l.end-l.derived.end >= int64(l.opts.deriveEvery)<<10 {
		if err := l.side.sync(); err != nil {
			return l.poison(fmt.Errorf("sync index and hashes: %w", err))
		}
		l.derived = mark{l.edge.size, l.end}
	}
	h.derived = l.derived.leaves
	h.noteLen = record.MaxNote
	if err := l.reserve(l.end + h.length()); err != nil {
		return err
	}
	if err := l.side.write(add); err != nil {
		return l.refuseOrPoison("write index and hashes", err)
	}
	return nil
}

// reserve sees to it that the file has room up to need.
func (l *Log) reserve(need int64) error {
	if need <= l.allocated {
		return nil
	}
	target := max(need, l.allocated+min(max(l.end/4, l.opts.chunk), 8<<20))
	err := l.file.Allocate(l.allocated, target-l.allocated)
	if disk.IsFull(err) {
		target = need
		err = l.file.Allocate(l.allocated, target-l.allocated)
	}
	if err != nil {
		return l.refuseOrPoison("allocate", err)
	}
	l.allocated = target
	return nil
}

// refuseOrPoison tells a full disk, which touched nothing of the log, from the
// rest.
func (l *Log) refuseOrPoison(what string, err error) error {
	if disk.IsFull(err) {
		return fmt.Errorf("%w: %s: %w", ErrFull, what, err)
	}
	return l.poison(fmt.Errorf("%s: %w", what, err))
}

// store writes one batch, verifies it, syncs it and reads it back.
func (l *Log) store(h header, entries []entry, tree record.Tree, note []byte) error {
	l.out = l.encode(l.out[:0], h, entries, tree, note)
	if _, err := l.file.WriteAt(l.out, l.end); err != nil {
		cut := l.cut() // nothing half done stays behind
		if cut != nil || !disk.IsFull(err) {
			return l.poison(fmt.Errorf("write: %w", errors.Join(err, cut)))
		}
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	// The medium begins, and meanwhile the bytes it was given are verified.
	if err := l.file.StartSync(l.end, int64(len(l.out))); err != nil {
		return l.poison(err)
	}
	err := l.verifyOut(h, tree)
	if err == nil && !l.opts.plant.noSync {
		if err := l.file.Sync(); err != nil {
			return l.poison(err)
		}
	}
	if err == nil {
		err = l.readBack(h)
	}
	if err != nil {
		// Nobody was told of this batch. Cut it off, so that the next start does
		// not find damage; if that fails too, the next start will say so.
		return l.poison(fmt.Errorf("read back: %w", errors.Join(err, l.cut())))
	}
	return nil
}

// verifyOut re-hashes the bytes that were written, as Open would.
func (l *Log) verifyOut(h header, tree record.Tree) error {
	if l.opts.plant.noReadBack {
		return nil
	}
	got, ok := parseHeader(l.id, l.out, l.end)
	b, err := split(got, l.out)
	if err == nil {
		e := l.edge
		err = b.verify(l.id, &e, nil)
	}
	if err != nil || !ok || got != h || b.tree != tree {
		return &record.Damage{Index: h.first, What: fmt.Sprintf("the batch just encoded: %v", err)}
	}
	return nil
}

// readBack holds what the file has after the sync against the verified bytes.
func (l *Log) readBack(h header) error {
	if l.opts.plant.noReadBack {
		return nil
	}
	l.back = slices.Grow(l.back[:0], len(l.out))[:len(l.out)]
	if _, err := l.file.ReadAt(l.back, l.end); err != nil {
		return err
	}
	if !bytes.Equal(l.back, l.out) {
		return &record.Damage{Index: h.first, What: "the batch just written"}
	}
	return nil
}

// publish shows a durable batch to readers.
func (l *Log) publish(h header, next edge, tree record.Tree, note []byte, add *additions) {
	l.edge = next
	l.end += h.length()
	if cap(l.out) > 4<<20 {
		l.out, l.back = nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for b := add.index; len(b) > 0; b = b[indexEntry:] {
		p, back, _ := parseEntry(l.leaves.n, b)
		l.leaves.add(p, back)
	}
	l.tree, l.note = tree, note
}

// encode lays a batch out.
func (l *Log) encode(b []byte, h header, entries []entry, tree record.Tree, note []byte) []byte {
	b = slices.Grow(b, int(h.length()))
	b = h.append(b, l.id)
	for _, e := range entries {
		b = binary.BigEndian.AppendUint16(b, uint16(len(e.leaf)))
		b = append(b, e.leaf...)
	}
	tableAt := len(b)
	for i, e := range entries {
		for k, p := range e.sealed {
			b = binary.BigEndian.AppendUint32(b, uint32(i))
			size := uint32(len(p))
			if p == nil {
				size = notHeld
			}
			b = binary.BigEndian.AppendUint32(b, size)
			b = append(b, e.sums[k][:]...)
		}
	}
	table := b[tableAt:]
	for range h.parts {
		b = append(b, held...)
	}
	for _, e := range entries {
		for _, p := range e.sealed {
			b = append(b, p...)
		}
	}
	trailer := len(b)
	b = binary.BigEndian.AppendUint64(b, tree.Size)
	b = append(b, tree.Root[:]...)
	b = append(b, note...)
	sum := batch{raw: b, table: table, tree: tree, note: b[trailer+8+tlog.HashSize:]}.checksum(l.id)
	b = append(b, sum...)
	return append(b, endMark...)
}
