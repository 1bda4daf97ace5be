package ingest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A rotated log stays beside its successor under a longer name: access.log, access.log.1, access.log-20261005,
// access.log.2.gz. What follows looks for an incarnation there, by inode first and by content second.

type candidate struct {
	path string
	info os.FileInfo
}

// rotation is what rotation puts behind the name of a log: numbers or dates, and compression.
var rotation = regexp.MustCompile(`([._-][0-9]+)*(\.(gz|zst))?$`)

func rootName(path string) string { return rotation.ReplaceAllString(filepath.Base(path), "") }

// neighbours lists the regular files beside path that are rotations of the same log, newest first.
func neighbours(path string) []candidate {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	var out []candidate
	for _, e := range entries {
		if rootName(e.Name()) != rootName(path) {
			continue
		}
		full := filepath.Join(filepath.Dir(path), e.Name())
		if info, err := os.Stat(full); err == nil && info.Mode().IsRegular() {
			out = append(out, candidate{full, info})
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return b.info.ModTime().Compare(a.info.ModTime()) })
	return out[:min(len(out), 64)]
}

// locate finds the file that now holds the incarnation m of the source at path, or "". It looks again if a
// rotation went on meanwhile.
func locate(path string, m Mark, cfg Config) string {
	for range 8 {
		before := neighbours(path)
		if at := locateIn(before, path, m, cfg); at != "" {
			return at
		}
		same := func(a, b candidate) bool { return a.path == b.path && os.SameFile(a.info, b.info) }
		if slices.EqualFunc(before, neighbours(path), same) {
			break
		}
	}
	return ""
}

// locateIn prefers the same inode: a log that always begins alike must not pass for its own predecessor.
func locateIn(all []candidate, path string, m Mark, cfg Config) string {
	all = slices.Clone(all)
	if i := slices.IndexFunc(all, func(c candidate) bool { return c.path == path }); i > 0 {
		all[0], all[i] = all[i], all[0]
	} else if i < 0 {
		if info, err := os.Stat(path); err == nil {
			all = append([]candidate{{path, info}}, all...)
		}
	}
	byContent := ""
	for _, c := range all {
		s, err := openFile(c.path, cfg)
		if err != nil {
			continue
		}
		same := s.device == m.Identity.Device && s.inode == m.Identity.Inode
		fits := (same || byContent == "" && m.Offset > 0) && s.holds(m)
		s.close()
		if fits && same {
			return c.path
		}
		if fits {
			byContent = c.path
		}
	}
	return byContent
}

// between lists the files that were this log after the incarnation at old and before the one at path,
// oldest first: several rotations may pass while nobody reads.
func between(path, old string) []string {
	was, err := os.Stat(old)
	if err != nil {
		return nil
	}
	now, _ := os.Stat(path)
	var out []string
	for _, c := range slices.Backward(neighbours(path)) {
		switch {
		case c.path == old || os.SameFile(c.info, was):
		case now != nil && os.SameFile(c.info, now):
		case !strings.HasPrefix(filepath.Base(c.path), filepath.Base(path)):
		case !c.info.ModTime().Before(was.ModTime()): // clocks of files are coarse
			out = append(out, c.path)
		}
	}
	return out
}
