package mispfeed

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"entente/exchange/misp"
	"entente/statement"
)

// Limits of a zip file, beside those of the files in it.
const (
	MaxZip   = 64 << 20 // bytes, packed
	maxOut   = 64 << 20 // bytes, unpacked, together
	maxRatio = 50
	freely   = 64 << 10 // smaller files may be packed better than that
)

// IsZip says whether data begins as a zip file does.
func IsZip(data []byte) bool { return bytes.HasPrefix(data, []byte("PK\x03\x04")) }

// ReadZip reads a feed from a zip file, in which it may lie in a folder. A file
// with any name that leads out of it, a link, a name twice (letter case aside),
// two entries over the same bytes, or more than the limits is refused whole.
func ReadZip(data []byte, visit func(e misp.Entry, raw []byte) error) (Report, error) {
	a, err := openZip(data)
	if err != nil {
		return Report{}, err
	}
	return read(a, all, visit)
}

// archive is the files beside the manifest.
type archive map[string]*zip.File

func (a archive) names() ([]string, error) {
	var names []string
	for name := range a {
		names = append(names, name)
	}
	return names, nil
}

func (a archive) open(name string) ([]byte, error) {
	f := a[name]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	r, err := f.Open()
	if err != nil {
		return nil, damaged(name)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, int64(f.UncompressedSize64)+1))
	if err != nil || uint64(len(data)) != f.UncompressedSize64 {
		return nil, damaged(name)
	}
	return data, nil
}

func damaged(name string) error {
	return statement.Refuse(statement.CodeDigest, "%.80q cannot be unpacked", name)
}

func openZip(data []byte) (archive, error) {
	if len(data) > MaxZip {
		return nil, statement.Refuse(statement.CodeSize, "a zip file of %d bytes, at most %d", len(data), MaxZip)
	}
	// Before anything is held in memory for each: how many entries are said to be there.
	if n := bytes.Count(data, []byte("PK\x01\x02")); n > maxNames {
		return nil, statement.Refuse(statement.CodeSize, "a zip file of %d names, at most %d", n, maxNames)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, statement.Refuse(statement.CodeField, "not a zip file that can be read")
	}
	if err := checkZip(z); err != nil {
		return nil, err
	}
	return beside(z), nil
}

// checkZip looks at all entries, read or not.
func checkZip(z *zip.Reader) error {
	type stretch struct{ from, to int64 }
	var taken []stretch
	seen := make(map[string]bool)
	out := uint64(0)
	for _, f := range z.File {
		key := strings.ToLower(strings.TrimSuffix(f.Name, "/"))
		switch mode := f.Mode(); {
		case !clean(f.Name):
			return statement.Refuse(statement.CodeField, "%.80q is a name that leads elsewhere", f.Name)
		case !mode.IsRegular() && !mode.IsDir():
			return statement.Refuse(statement.CodeField, "%.80q is no regular file", f.Name)
		case seen[key]:
			return statement.Refuse(statement.CodeField, "%.80q twice", f.Name)
		case f.UncompressedSize64 > freely && f.UncompressedSize64/maxRatio > f.CompressedSize64:
			return statement.Refuse(statement.CodeSize, "%.80q is packed better than %d to 1", f.Name, maxRatio)
		case f.UncompressedSize64 > maxOut-out:
			return statement.Refuse(statement.CodeSize, "unpacked it has more than %d bytes", maxOut)
		case f.Flags&1 != 0:
			return statement.Refuse(statement.CodeField, "%.80q is encrypted", f.Name)
		}
		seen[key] = true
		out += f.UncompressedSize64
		at, err := f.DataOffset()
		if err != nil {
			return damaged(f.Name)
		}
		if f.CompressedSize64 > 0 {
			taken = append(taken, stretch{at, at + int64(min(f.CompressedSize64, MaxZip))})
		}
	}
	slices.SortFunc(taken, func(a, b stretch) int { return int(a.from - b.from) })
	for i := 1; i < len(taken); i++ {
		if taken[i].from < taken[i-1].to {
			return statement.Refuse(statement.CodeField, "two files in it share their bytes")
		}
	}
	return nil
}

// clean says that a name stays below where it is unpacked, on any system.
func clean(name string) bool {
	name = strings.TrimSuffix(name, "/")
	if name == "" || len(name) > 255 || strings.ContainsAny(name, "\\:\x00") || strings.HasPrefix(name, "/") || path.Clean(name) != name {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." || part == "." {
			return false
		}
	}
	return true
}

// beside takes the files of the folder in which the first manifest lies.
func beside(z *zip.Reader) archive {
	folder := ""
	for _, f := range z.File {
		if path.Base(f.Name) == misp.ManifestFile {
			folder = path.Dir(f.Name)
			break
		}
	}
	a := make(archive)
	for _, f := range z.File {
		if !f.Mode().IsDir() && path.Dir(f.Name) == folder {
			a[path.Base(f.Name)] = f
		}
	}
	return a
}
