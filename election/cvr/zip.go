package cvr

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// maxUnpacked is what the files of one zip file may be long together, in bytes.
const maxUnpacked = 64 << 30

// Zip are the files of a zip file that may be part of an export: those that end
// in csv, json or xml. Their sizes are the archive's word, and are held to it.
func Zip(name string, r io.ReaderAt, size int64) ([]Input, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var out []Input
	total := uint64(0)
	for _, f := range z.File {
		if f.FileInfo().IsDir() || !Named(f.Name) {
			continue
		}
		if total += f.UncompressedSize64; f.UncompressedSize64 > maxUnpacked || total > maxUnpacked {
			return nil, fmt.Errorf("%s: more than %d GiB in one zip file", name, maxUnpacked>>30)
		}
		if len(out) == maxFiles {
			return nil, fmt.Errorf("%s: more than %d files", name, maxFiles)
		}
		out = append(out, Input{path.Join(name, strings.ReplaceAll(f.Name, `\`, "/")), func() (io.ReadCloser, error) {
			in, err := f.Open()
			return &held{in, f.UncompressedSize64}, err
		}})
	}
	return out, nil
}

// held ends a file that unpacks to more than its archive says.
type held struct {
	io.ReadCloser
	left uint64
}

func (h *held) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	if uint64(n) > h.left {
		return 0, errors.New("unpacks to more than the zip file says")
	}
	h.left -= uint64(n)
	return n, err
}

// Named says whether a file of a folder or zip file may be part of an export, by its name.
func Named(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".csv", ".json", ".xml":
		return !strings.HasPrefix(path.Base(name), ".")
	}
	return false
}
