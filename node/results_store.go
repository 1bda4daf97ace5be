package node

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"entente/statement"
)

// resultsDir holds what was fetched, each thing packed under its digest: bytes
// by SHA-256, sheets of cells by their root.
const resultsDir = "results"

const (
	keptBytes  = "bytes"
	keptCells  = "cells"
	resultsMiB = 2048 // kept by default
	maxSheet   = 512 << 20
)

// pageStore keeps fetched pages up to a size. What goes beyond it is the
// oldest that nothing needs; it is counted, and its digests stay in the record.
type pageStore struct {
	dir   string
	limit int64

	mu   sync.Mutex // guards size
	size int64
}

func newPageStore(dir string, mib int64) *pageStore {
	s := &pageStore{dir: filepath.Join(dir, resultsDir), limit: cmp.Or(mib, resultsMiB) << 20}
	for _, f := range s.list() {
		s.size += f.size
	}
	return s
}

func (s *pageStore) path(what string, d statement.Digest) string {
	return filepath.Join(s.dir, what+"-"+d.String()+".gz")
}

// put keeps something; what is there already stays as it is.
func (s *pageStore) put(what string, d statement.Digest, write func(io.Writer) error) error {
	path := s.path(what, d)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := errors.Join(write(z), z.Close()); err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	if err := replaceFile(path, b.Bytes()); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size += int64(b.Len())
	return nil
}

// get gives it back; fs.ErrNotExist if it is not here any more.
func (s *pageStore) get(what string, d statement.Digest) ([]byte, error) {
	data, err := os.ReadFile(s.path(what, d))
	if err != nil {
		return nil, err
	}
	out, err := unzipped(data)
	if err == nil && what == keptBytes && statement.Digest(sha256.Sum256(out)) != d {
		err = errors.New("damaged")
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", what, d.Short(), err)
	}
	return out, nil
}

// unzipped opens gzip under a limit.
func unzipped(data []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(z, maxSheet+1))
	if err == nil && len(out) > maxSheet {
		err = errors.New("unpacks to more than can be")
	}
	return out, err
}

type keptFile struct {
	name string
	size int64
	at   time.Time
}

func (s *pageStore) list() (all []keptFile) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".gz") {
			all = append(all, keptFile{e.Name(), info.Size(), info.ModTime()})
		}
	}
	return all
}

// removed counts what went to keep within the limit.
type removed struct {
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
}

// prune removes the oldest files beyond the limit: of fetched bytes first, of
// sheets then. What is needed stays, whatever its size.
func (s *pageStore) prune(needed map[string]bool) (out removed, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size <= s.limit {
		return out, nil
	}
	all := s.list()
	slices.SortFunc(all, func(a, b keptFile) int {
		return cmp.Or(strings.Compare(a.name[:len(keptBytes)], b.name[:len(keptBytes)]), a.at.Compare(b.at), strings.Compare(a.name, b.name))
	})
	for _, f := range all {
		if s.size <= s.limit {
			break
		}
		if needed[f.name] {
			continue
		}
		if err := os.Remove(filepath.Join(s.dir, f.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return out, err
		}
		s.size -= f.size
		out.Files, out.Bytes = out.Files+1, out.Bytes+f.size
	}
	return out, nil
}

func (s *pageStore) used() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size
}
