package logfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"entente/internal/disk"
	"entente/record"
)

// settle makes what memory still holds durable (a process that was killed
// leaves it there) and then forgets clean pages, so that what is read from
// here on is on the medium even if an earlier fsync failed.
func (l *Log) settle() error {
	if err := l.file.Sync(); err != nil {
		return err
	}
	if l.opts.plant.noForget {
		return nil
	}
	return l.file.Forget()
}

// recover finds the durable tree. It trusts the derived files up to a mark
// that a batch header vouches for, and replays log from there.
func (l *Log) recover() error {
	size, err := l.file.Size()
	if err != nil {
		return err
	}
	from := l.trusted()
	torn, err := l.replay(from, size)
	var damage *record.Damage
	if errors.As(err, &damage) && from.leaves > 0 {
		// Derived files may be at fault; log alone decides.
		torn, err = l.replay(mark{end: fileHeader}, size)
	}
	if err != nil {
		return err
	}
	l.allocated = size
	if torn {
		if err := l.cut(); err != nil {
			return err
		}
	}
	if l.note == nil {
		l.tree.Root = record.EmptyRoot
		return nil
	}
	return l.checkNote(l.tree, l.note)
}

// cut drops everything behind the last batch, durably: the next batch must
// find zeros there, or a later torn write could not be told from damage.
func (l *Log) cut() error {
	if err := l.file.Truncate(l.end); err != nil {
		return err
	}
	l.allocated = l.end
	return l.file.Sync()
}

// trusted returns up to where index and hashes are known to be durable. The
// last index entries lead to a late batch, whole or torn; its header names a
// mark. The batch before that mark is whole and names the mark to take, so
// that at least one whole batch is replayed and gives tree and note.
func (l *Log) trusted() mark {
	start := mark{end: fileHeader}
	size, err := l.side.index.Size()
	if err != nil {
		return start
	}
	for i, step := size/indexEntry-1, int64(1); i >= 0; i, step = i-step, step*2 {
		h, ok := l.batchOf(uint64(i))
		if !ok {
			continue
		}
		if h, ok = l.markOf(h); !ok {
			return start
		}
		before, ok := l.markOf(h)
		if !ok {
			return start
		}
		return mark{leaves: h.derived, end: before.offset + before.length()}
	}
	return start
}

// markOf returns the batch that ends at the mark of another one.
func (l *Log) markOf(h header) (header, bool) {
	if h.derived == 0 || !l.side.covers(h.derived) {
		return header{}, false
	}
	before, ok := l.batchOf(h.derived - 1)
	return before, ok && before.first+uint64(before.leaves) == h.derived
}

// batchOf reads the header of the batch that the index names for a leaf.
func (l *Log) batchOf(index uint64) (header, bool) {
	var b [headerSize]byte
	if _, err := l.side.index.ReadAt(b[:indexEntry], int64(index)*indexEntry); err != nil {
		return header{}, false
	}
	p, back, ok := parseEntry(index, b[:])
	offset := p.offset() - int64(back)
	if !ok || offset < fileHeader {
		return header{}, false
	}
	if _, err := l.file.ReadAt(b[:], offset); err != nil {
		return header{}, false
	}
	h, ok := parseHeader(l.id, b[:], offset)
	return h, ok && h.first <= index && index < h.first+uint64(h.leaves)
}

// replay loads the derived files up to from and verifies every batch behind
// it in full, up to the first place where no whole batch follows. It judges
// what is there instead.
func (l *Log) replay(from mark, size int64) (torn bool, err error) {
	l.end, l.derived, l.leaves, l.tree, l.note = from.end, from, table{}, record.Tree{}, nil
	if err := l.loadIndex(from.leaves); err != nil {
		return false, err
	}
	if l.edge, err = readEdge(from.leaves, l.side); err != nil {
		return false, &record.Damage{Index: from.leaves, What: err.Error()}
	}
	w := disk.Window{File: l.file, Size: size}
	var add additions
	add.reset(from.leaves)
	for {
		ok, err := l.replayBatch(&w, &add)
		if err != nil {
			return false, err
		}
		if !ok {
			break
		}
		if len(add.index) > 1<<16 {
			if err := l.side.write(&add); err != nil {
				return false, err
			}
			add.reset(l.edge.size)
		}
	}
	if from.leaves > 0 && l.note == nil {
		return false, &record.Damage{Index: from.leaves, What: "no whole batch where the index has one"}
	}
	if torn, err = l.judgeTail(size); err != nil {
		return false, err
	}
	return torn, l.side.write(&add)
}

// replayBatch takes in the batch at l.end; false if there is no whole one.
func (l *Log) replayBatch(w *disk.Window, add *additions) (bool, error) {
	head, err := w.Bytes(l.end, headerSize)
	if err != nil {
		return false, err
	}
	h, ok := parseHeader(l.id, head, l.end)
	if !ok {
		return false, nil
	}
	raw, err := w.Bytes(l.end, h.length())
	if err != nil {
		return false, err
	}
	b, err := split(h, raw)
	if err != nil {
		return false, nil
	}
	next := l.edge
	if h.first != next.size {
		return false, &record.Damage{Index: next.size, What: fmt.Sprintf("the next batch begins with leaf %d", h.first)}
	}
	if err := b.verify(l.id, &next, nil); err != nil {
		return false, nil
	}
	if err := l.place(b, add); err != nil {
		return false, err
	}
	l.tree, l.note = b.tree, bytes.Clone(b.note)
	l.end += h.length()
	return true, nil
}

// place enters the leaves of a verified batch into table and derived files,
// and moves the edge on.
func (l *Log) place(b batch, add *additions) error {
	return b.eachLeaf(func(at int, leaf []byte) error {
		p := newPlace(b.offset+int64(at), len(leaf))
		add.place(p, uint32(at))
		l.leaves.add(p, uint32(at))
		return l.edge.add(tlog.RecordHash(leaf), add.keep)
	})
}

// loadIndex reads the places of the first n leaves.
func (l *Log) loadIndex(n uint64) error {
	buf := make([]byte, min(n, chunkLeaves)*indexEntry)
	for l.leaves.n < n {
		part := buf[:min(chunkLeaves, n-l.leaves.n)*indexEntry]
		if _, err := l.side.index.ReadAt(part, int64(l.leaves.n)*indexEntry); err != nil {
			return err
		}
		for ; len(part) > 0; part = part[indexEntry:] {
			p, back, ok := parseEntry(l.leaves.n, part)
			if !ok {
				return &record.Damage{Index: l.leaves.n, What: "its entry in the index"}
			}
			l.leaves.add(p, back)
		}
	}
	return nil
}

// judgeTail looks at what follows the last whole batch.
func (l *Log) judgeTail(size int64) (torn bool, err error) {
	var last header
	f := disk.Frames{File: l.file, Size: size, Magic: batchMagic, Header: headerSize, Length: func(b []byte, at int64) (int64, bool) {
		h, ok := parseHeader(l.id, b, at)
		if ok && at == l.end {
			last = h
		}
		return h.length(), ok
	}}
	torn, err = f.Torn(l.end)
	if err == nil && torn && last.parts > 0 {
		var gone bool
		if gone, err = l.erasedIn(last); gone {
			err = disk.ErrDamaged
		}
	}
	if errors.Is(err, disk.ErrDamaged) {
		return false, &record.Damage{Index: l.edge.size, What: "the batch that begins here differs from what was written"}
	}
	return torn, err
}

// erasedIn reports whether a part of the batch was erased, which happens only
// to acknowledged leaves and leaves zeros that are no holes.
func (l *Log) erasedIn(h header) (bool, error) {
	states := make([]byte, h.parts*stateSize)
	at := h.offset + headerSize + int64(h.entryLen) + int64(h.parts)*partSize
	if _, err := l.file.ReadAt(states, at); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return bytes.IndexByte(states, erased[0]) >= 0, nil
}
