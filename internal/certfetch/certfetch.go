// Package certfetch reads the paths of certificate logs, from their servers and from folders, under limits.
package certfetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"entente/election/certlog"
	"entente/internal/regular"
)

// MaxAnswer is how large an answer of a log may be, unpacked.
const MaxAnswer = 32 << 20

// silence is how long a file of a folder may give no answer.
const silence = time.Minute

// Folder reads a log whose paths are files.
func Folder(root *os.Root) certlog.Source {
	server := &regular.Patient{Patience: silence} // the folder may lie on one
	return func(ctx context.Context, path string) ([]byte, error) {
		var got []byte
		var failed error
		if err := server.Do(ctx, path, func() { got, failed = readFile(root, path) }); err != nil {
			return nil, err
		}
		return got, failed
	}
}

func readFile(root *os.Root, path string) ([]byte, error) {
	file, err := regular.In(root, filepath.FromSlash(path))
	if errors.Is(err, os.ErrNotExist) {
		return nil, certlog.ErrNotThere
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return limited(file)
}

// CheckPrefix refuses what is no monitoring prefix of a log on a server.
func CheckPrefix(prefix string) error {
	u, err := url.Parse(prefix)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("not the address of a log's monitoring prefix")
	}
	return nil
}

// Server reads a log from below its monitoring prefix.
func Server(client *http.Client, prefix, agent string) certlog.Source {
	base := strings.TrimSuffix(prefix, "/") + "/"
	return func(ctx context.Context, path string) ([]byte, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Accept-Encoding", "gzip, identity")
		r.Header.Set("User-Agent", agent)
		answer, err := client.Do(r)
		if err != nil {
			return nil, err
		}
		defer answer.Body.Close()
		switch answer.StatusCode {
		case http.StatusOK:
			return limited(answer.Body)
		case http.StatusNotFound, http.StatusGone, http.StatusForbidden: // stores of objects say 403
			return nil, certlog.ErrNotThere
		}
		return nil, fmt.Errorf("%s answers %d", base+path, answer.StatusCode)
	}
}

// limited reads an answer, unpacked where it is packed: a log may pack without being asked.
func limited(in io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, MaxAnswer+1))
	if err == nil && bytes.HasPrefix(data, []byte{0x1f, 0x8b, 8}) {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(data)); err == nil {
			data, err = io.ReadAll(io.LimitReader(z, MaxAnswer+1))
		}
	}
	if err == nil && len(data) > MaxAnswer {
		err = fmt.Errorf("more than %d bytes", MaxAnswer)
	}
	return data, err
}
