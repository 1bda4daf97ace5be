package logfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"

	"golang.org/x/mod/sumdb/tlog"

	"entente/internal/disk"
)

const (
	indexName  = "index"
	indexEntry = 16 // uint64 place, uint32 distance back to the batch, uint32 check
)

// sidecar is the files that follow from log: index and hashes.
type sidecar struct {
	disk   disk.Disk
	index  disk.File
	levels [tileLevels]disk.File // nil until the first node of the level
	fresh  bool                  // names that SyncDir has not yet covered
}

// additions collect what one or more batches add to the derived files.
type additions struct {
	first  uint64 // leaf
	index  []byte
	levels [tileLevels][]byte
}

func (d *additions) reset(first uint64) {
	d.first, d.index = first, d.index[:0]
	for l := range d.levels {
		d.levels[l] = d.levels[l][:0]
	}
}

func (d *additions) keep(level int, h tlog.Hash) { d.levels[level] = append(d.levels[level], h[:]...) }

func (d *additions) place(p place, back uint32) {
	d.index = binary.BigEndian.AppendUint64(d.index, uint64(p))
	d.index = binary.BigEndian.AppendUint32(d.index, back)
	d.index = binary.BigEndian.AppendUint32(d.index, indexSum(d.first+uint64(len(d.index)/indexEntry), d.index[len(d.index)-12:]))
}

// indexSum is the check of the entry of a leaf.
func indexSum(leaf uint64, entry []byte) uint32 {
	return crc32.Update(uint32(leaf), crc32.MakeTable(crc32.Castagnoli), entry[:12])
}

// parseEntry reads an index entry; false if it is not what was written for
// this leaf.
func parseEntry(leaf uint64, b []byte) (place, uint32, bool) {
	ok := binary.BigEndian.Uint32(b[12:]) == indexSum(leaf, b)
	return place(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint32(b[8:]), ok
}

func levelName(level int) string { return fmt.Sprintf("h%02d", level*tileHeight) }

// open opens the files that there are and creates index and h00.
func (s *sidecar) open() (err error) {
	if s.index, err = s.create(indexName); err != nil {
		return err
	}
	for l := range s.levels {
		s.levels[l], err = s.disk.OpenFile(levelName(l), os.O_RDWR)
		if errors.Is(err, fs.ErrNotExist) {
			s.levels[l] = nil
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sidecar) create(name string) (disk.File, error) {
	f, err := s.disk.OpenFile(name, os.O_RDWR|os.O_CREATE)
	s.fresh = true
	return f, err
}

// write adds to the files, from leaf d.first on. Nothing waits for the medium.
func (s *sidecar) write(d *additions) error {
	if _, err := s.index.WriteAt(d.index, int64(d.first)*indexEntry); err != nil {
		return err
	}
	return s.writeHashes(d)
}

// writeHashes is write without the index.
func (s *sidecar) writeHashes(d *additions) error {
	for l, b := range d.levels {
		if len(b) == 0 {
			continue
		}
		if s.levels[l] == nil {
			f, err := s.create(levelName(l))
			if err != nil {
				return err
			}
			s.levels[l] = f
		}
		if _, err := s.levels[l].WriteAt(b, int64(d.first>>(l*tileHeight))*tlog.HashSize); err != nil {
			return err
		}
	}
	return nil
}

// sync makes everything written so far durable.
func (s *sidecar) sync() error {
	if err := s.index.Sync(); err != nil {
		return err
	}
	for _, f := range s.levels {
		if f == nil {
			continue
		}
		if err := f.Sync(); err != nil {
			return err
		}
	}
	if !s.fresh {
		return nil
	}
	s.fresh = false
	return s.disk.SyncDir()
}

// covers reports whether the files are long enough for a tree of n leaves.
func (s *sidecar) covers(n uint64) bool {
	size, err := s.index.Size()
	if err != nil || uint64(size) < n*indexEntry {
		return false
	}
	for l, f := range s.levels {
		want := n >> (l * tileHeight) * tlog.HashSize
		if want == 0 {
			continue
		}
		if f == nil {
			return false
		}
		if size, err := f.Size(); err != nil || uint64(size) < want {
			return false
		}
	}
	return true
}

// hashes reads count nodes of a tile level.
func (s *sidecar) hashes(level int, first int64, count int) ([]byte, error) {
	b := make([]byte, count*tlog.HashSize)
	if s.levels[level] == nil {
		return nil, fmt.Errorf("read %s: %w", levelName(level), fs.ErrNotExist)
	}
	if _, err := s.levels[level].ReadAt(b, first*tlog.HashSize); err != nil {
		return nil, fmt.Errorf("read %s: %w", levelName(level), err)
	}
	return b, nil
}

// ReadHashes implements tlog.HashReader by the least tile that holds each hash.
func (s *sidecar) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	var last tlog.Tile
	var data []byte
	for i, index := range indexes {
		t := tlog.TileForIndex(tileHeight, index)
		if t != last {
			var err error
			if data, err = s.hashes(t.L, t.N*tileWidth, t.W); err != nil {
				return nil, err
			}
			last = t
		}
		h, err := tlog.HashFromTile(t, data, index)
		if err != nil {
			return nil, err
		}
		out[i] = h
	}
	return out, nil
}

func (s *sidecar) close() error {
	var errs []error
	for _, f := range append(s.levels[:], s.index) {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}
