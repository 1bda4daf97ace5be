package node

import (
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"entente/api"
)

// TestControlSocket: mode 0600, a short path where the folder's is too long, a
// stale socket replaced, a live one left alone.
func TestControlSocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes of unix sockets are not those of Windows")
	}
	for _, dir := range []string{shortDir(t), filepath.Join(shortDir(t), strings.Repeat("long/", 30))} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := Connect(dir).Status(t.Context()); !errors.Is(err, api.ErrNoNode) {
			t.Errorf("nobody listens: %v", err)
		}
		for range 2 {
			l, err := listenControl(dir, net.Listen)
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(l.Addr().String())
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("socket %v, %v", info.Mode(), err)
			}
			s := &http.Server{Handler: http.NotFoundHandler()}
			go func() { _ = s.Serve(l) }()
			if _, err := Connect(dir).Status(t.Context()); err == nil || errors.Is(err, api.ErrNoNode) {
				t.Errorf("somebody listens: %v", err)
			}
			if _, err := listenControl(dir, net.Listen); !errors.Is(err, ErrRunning) {
				t.Errorf("a second one: %v", err)
			}
			_ = s.Close()
		}
		// What kill -9 leaves: a file that nobody answers on.
		if err := os.WriteFile(filepath.Join(dir, ControlSocket), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := listenControl(dir, net.Listen)
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
	}
}

// shortDir is a folder whose socket path is short wherever tests run, below
// which the long one's sockets lie too.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	t.Setenv("TMPDIR", dir)
	return dir
}
