package logfile

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"entente/internal/disk"
	"entente/internal/disk/disktest"
	"entente/record"
	"entente/record/recordtest"
)

// openDir opens the log in a folder and creates it in an empty one.
func openDir(dir string, opts Options) (*Log, error) {
	d, err := disk.OS(dir)
	if err != nil {
		return nil, err
	}
	opts.Origin = recordtest.Origin
	if err := Create(d, opts.Origin); err != nil && !errors.Is(err, ErrNotEmpty) && !errors.Is(err, ErrInUse) {
		return nil, err
	}
	return Open(d, opts)
}

func mustOpen(t testing.TB, dir string, opts Options) *Log {
	t.Helper()
	l, err := openDir(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestConformance(t *testing.T) {
	t.Run("files", func(t *testing.T) {
		recordtest.Run(t, recordtest.Engine{
			Open: func(dir string, sign recordtest.SignFunc) (record.Storage, error) {
				return openDir(dir, Options{Sign: sign})
			},
			Spoil: func(t *testing.T, dir string, leaf []byte) {
				name := filepath.Join(dir, logName)
				b, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				b[bytes.Index(b, leaf)+3] ^= 0x10
				if err := os.WriteFile(name, b, 0o600); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
	// With derived files synced after every third leaf, Open trusts them nearly
	// to the end, as it does in a large log.
	t.Run("simulated", func(t *testing.T) {
		disks := map[string]*disktest.Disk{}
		recordtest.Run(t, recordtest.Engine{
			Open: func(dir string, sign recordtest.SignFunc) (record.Storage, error) {
				if disks[dir] == nil {
					disks[dir] = disktest.New(rand.New(rand.NewPCG(1, 2)))
					if err := Create(disks[dir], recordtest.Origin); err != nil {
						return nil, err
					}
				}
				return Open(disks[dir], Options{Origin: recordtest.Origin, Sign: sign, deriveEvery: 3, chunk: 100})
			},
			Spoil: func(t *testing.T, dir string, leaf []byte) {
				changed := bytes.Clone(leaf)
				changed[3] ^= 0x10
				overwrite(t, disks[dir], logName, leaf, changed)
			},
		})
	})
}

// TestRestore brings an owner's leaves back from a mirror: until the last one
// is there the owner signs nothing, or it would fork itself.
func TestRestore(t *testing.T) {
	const n = 20
	mirror := simulated(t, Options{Sign: ownerSign(t)})
	var leaves [][]byte
	for i := range n {
		leaves = append(leaves, fmt.Appendf(nil, "leaf %d", i))
		if _, err := mirror.Append(t.Context(), leaves[i], nil); err != nil {
			t.Fatal(err)
		}
	}
	tree, note := mirror.Head()
	l := simulated(t, Options{Sign: ownerSign(t)})
	for i := 0; i < n; i += 5 {
		if err := l.AppendVerified(t.Context(), leaves[i:i+5], nil, note); err != nil {
			t.Fatal(err)
		}
		_, err := l.Append(t.Context(), []byte("too early"), nil)
		if i+5 < n && !errors.Is(err, ErrNote) || i+5 == n && err != nil {
			t.Errorf("append with %d leaves of %d: %v", i+5, n, err)
		}
	}
	if got, _ := l.Head(); got.Size != tree.Size+1 {
		t.Errorf("%d leaves", got.Size)
	}
}

// TestPanic is a signer that panics, under a handler that recovers: nobody
// waits for ever, and the log is done for.
func TestPanic(t *testing.T) {
	l := simulated(t, Options{Sign: func(record.Tree) ([]byte, error) { panic("signer") }})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		l.Append(t.Context(), []byte("x"), nil)
	}()
	if _, err := l.Append(t.Context(), []byte("x"), nil); !errors.Is(err, record.ErrPoisoned) {
		t.Errorf("append after a panic: %v", err)
	}
}
