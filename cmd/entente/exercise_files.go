package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"entente/node"
)

// openFolders puts the files of a folder of indicators in its place.
func (x *exercise) openFolders() (err error) {
	for _, name := range []string{north, south} {
		if x.indicators[name], err = filesOf(x.indicators[name]); err != nil {
			return err
		}
	}
	x.accept, err = filesOf(x.accept)
	return err
}

// filesOf are the files, and of each folder those in it that are not hidden, in the order of their names.
func filesOf(paths []string) (files []string, err error) {
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, p)
			continue
		}
		inside, err := os.ReadDir(p)
		if err != nil {
			return nil, err
		}
		before := len(files)
		for _, e := range inside {
			path := filepath.Join(p, e.Name())
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
				files = append(files, path)
			}
		}
		if len(files) == before {
			return nil, hint(fmt.Errorf("%s holds no file", p), "give a file of indicators, or a folder with some")
		}
	}
	return files, nil
}

// occupied says what to do about a folder that holds something.
func (x *exercise) occupied(inside []os.DirEntry) error {
	err := fmt.Errorf("%s is not empty: nothing was changed", x.dir)
	if _, there := os.Stat(filepath.Join(x.dir, north, node.CharterFile)); there == nil {
		return hint(err, "choose an empty folder; to go on with an earlier exercise: entente serve --dir %s", filepath.Join(x.dir, north))
	}
	var names []string
	for _, e := range inside {
		names = append(names, e.Name())
	}
	if leftover := slices.ContainsFunc(names, func(s string) bool { return strings.HasSuffix(s, ".head") || s == "scenario" }); leftover {
		return hint(err, "an earlier exercise left %s there; remove them, or choose an empty folder", short(strings.Join(names, ", "), 120))
	}
	return hint(err, "choose an empty folder")
}
