package intake

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Limits of an archive.
const (
	maxMembers  = 200
	maxUnpacked = 64 << 20 // bytes of all its files
)

// unpack gives the files of a zip file that may be read, or the file itself. fault
// says why there is none.
func unpack(name string, data []byte) (members []File, fault, hint string) {
	switch {
	case len(bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))) == 0:
		return nil, name + ": row 1: the file is empty", "empty"
	case bytes.HasPrefix(data, []byte("%PDF-")):
		return nil, name + ": a PDF holds pages and no table of values", "csv"
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return nil, name + ": a file of an old office program", "csv"
	case bytes.HasPrefix(data, []byte("\x1f\x8b")):
		return nil, name + ": packed by gzip", "unpack"
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return nil, name + ": row 1: UTF-16 text", "text"
	case !bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return []File{{name, data}}, "", ""
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Sprintf("%s: no whole zip file: %v", name, err), "unpack"
	}
	if len(z.File) > maxMembers {
		return nil, fmt.Sprintf("%s: an archive of %d files, at most %d are read", name, len(z.File), maxMembers), "unpack"
	}
	left := int64(maxUnpacked)
	for _, f := range z.File {
		if f.Name == "[Content_Types].xml" {
			return nil, name + ": a workbook or document of an office program", "csv"
		}
		if f.FileInfo().IsDir() || !readable(f.Name) {
			continue
		}
		inside := name + " > " + brief(f.Name)
		b, err := member(f, left)
		if errors.Is(err, errLarge) {
			return nil, fmt.Sprintf("%s: the archive unpacks to more than %d MiB", inside, maxUnpacked>>20), "unpack"
		}
		if err != nil {
			return nil, fmt.Sprintf("%s: %v", inside, err), "unpack"
		}
		left -= int64(len(b))
		members = append(members, File{inside, b})
	}
	if len(members) == 0 {
		return nil, name + ": no .xml, .json, .csv, .tsv or .txt in the archive", "unpack"
	}
	return members, "", ""
}

var errLarge = errors.New("too large")

func member(f *zip.File, left int64) ([]byte, error) {
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(in, left+1)) // whatever the archive says of its size
	if err == nil && int64(len(b)) > left {
		err = errLarge
	}
	return b, err
}

func readable(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".xml", ".json", ".csv", ".txt", ".tsv":
		return !strings.HasPrefix(path.Base(name), ".") && !strings.HasPrefix(name, "__MACOSX/")
	}
	return false
}
