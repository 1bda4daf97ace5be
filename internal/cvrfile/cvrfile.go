// Package cvrfile opens the files, zip files and folders that hold cast vote records.
package cvrfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"entente/election/cvr"
	"entente/internal/regular"
)

// File is one that was opened.
type File interface {
	io.Reader
	io.ReaderAt
	io.Closer
	Size() int64 // in bytes
}

// Regular opens a regular file.
func Regular(path string) (File, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return file{f, info.Size()}, nil
}

type file struct {
	*os.File
	size int64
}

func (f file) Size() int64 { return f.size }

// Open lists the files that paths name: files, zip files and folders of both.
// closeAll is called when they have been read, also after an error.
func Open(paths []string, open func(path string) (File, error)) (inputs []cvr.Input, closeAll func(), err error) {
	var zips []File
	closeAll = func() {
		for _, z := range zips {
			_ = z.Close()
		}
	}
	add := func(path string) error {
		if !strings.EqualFold(filepath.Ext(path), ".zip") {
			inputs = append(inputs, cvr.Input{Name: filepath.ToSlash(path), Open: func() (io.ReadCloser, error) {
				f, err := open(path)
				return f, unwrapped(err)
			}})
			return nil
		}
		z, err := open(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, unwrapped(err))
		}
		zips = append(zips, z)
		in, err := cvr.Zip(filepath.ToSlash(path), z, z.Size())
		inputs = append(inputs, in...)
		return err
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return nil, closeAll, fmt.Errorf("%s: %w", path, unwrapped(err))
		case !info.IsDir():
			err = add(path)
		default:
			err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() || !cvr.Named(p) && !strings.EqualFold(filepath.Ext(p), ".zip") {
					return err
				}
				return add(p)
			})
		}
		if err != nil {
			return nil, closeAll, err
		}
	}
	return inputs, closeAll, nil
}

// unwrapped is an error without the path, which is said before it.
func unwrapped(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
