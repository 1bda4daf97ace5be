package node

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"entente/border"
	"entente/exchange/convert"
	"entente/internal/regular"
	"entente/statement"
)

// Limits of a folder of warning lists. The collection that MISP publishes has
// some 150 of at most 6 MiB.
const (
	maxWarningLists = 1000
	maxWarningList  = 64 << 20 // bytes
)

// warningLists reads a warning list, or every list below a folder: the files
// *.json there, in the order of their paths. A list of a folder that cannot be
// used is told to skipped and costs itself alone; one that is named by itself
// is an error.
func warningLists(path string, skipped func(path string, why error)) ([]*border.WarningList, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("warning list: %w", err)
	}
	if !info.IsDir() {
		l, err := warningList(filepath.Base(path), func() (*os.File, error) { return regular.Open(path) })
		if err != nil {
			return nil, fmt.Errorf("warning list %s: %w", path, err)
		}
		return []*border.WarningList{l}, nil
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("warning lists: %w", err)
	}
	defer root.Close()
	names, err := listFiles(root.FS())
	if err != nil {
		return nil, fmt.Errorf("warning lists %s: %w", path, err)
	}
	var all []*border.WarningList
	for _, name := range names {
		l, err := warningList(name, func() (*os.File, error) { return regular.In(root, name) })
		if err != nil {
			skipped(filepath.Join(path, name), err)
			continue
		}
		all = append(all, l)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("warning lists %s: no list that can be used in it", path)
	}
	return all, nil
}

func listFiles(dir fs.FS) (names []string, err error) {
	err = fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != ".":
			return fs.SkipDir
		case !d.Type().IsRegular() || filepath.Ext(name) != ".json":
			return nil
		case len(names) == maxWarningLists:
			return statement.Refuse(statement.CodeSize, "more than %d lists", maxWarningLists)
		}
		names = append(names, name)
		return nil
	})
	slices.Sort(names)
	return names, err
}

// warningList reads one list. The collection calls every file list.json: a
// list without a name gets that of its folder too.
func warningList(name string, open func() (*os.File, error)) (*border.WarningList, error) {
	f, err := open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxWarningList {
		return nil, statement.Refuse(statement.CodeSize, "a list of %d bytes, at most %d", info.Size(), maxWarningList)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxWarningList+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > maxWarningList {
		return nil, errors.New("the file grows while it is read")
	}
	return convert.WarningList(name, data)
}
