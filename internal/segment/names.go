package segment

import (
	"path"
	"slices"
)

// IsFile says that a name is one that a file of a segment has.
func IsFile(name string) bool {
	ext := path.Ext(name)
	_, ok := numberOf(name, ext)
	return ok && slices.Contains(extensions(), ext)
}

// Complete returns of the names in a folder those of segments that are whole: each has a manifest.
func Complete(names []string) (files []string) {
	for _, name := range names {
		number, ok := numberOf(name, path.Ext(name))
		if ok && IsFile(name) && slices.Contains(names, fileName(number, ".json")) {
			files = append(files, name)
		}
	}
	return files
}
