package node

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"entente/election/roll"
)

// withhold keeps anybody from opening a file, as a server does that holds a lease on
// it or is gone, until give is called; the system takes it back after 45 s.
func withhold(t *testing.T, path string) (give func()) {
	t.Helper()
	const setLease, writeLease, noLease = 1024, 1, 2 // fcntl(2)
	holder := must(os.OpenFile(path, os.O_RDWR, 0))(t)
	t.Cleanup(func() { _ = holder.Close() })
	lease := func(what uintptr) syscall.Errno {
		_, _, e := syscall.Syscall(syscall.SYS_FCNTL, holder.Fd(), setLease, what)
		return e
	}
	if e := lease(writeLease); e != 0 {
		t.Skipf("this file system gives no leases: %v", e)
	}
	return func() {
		if e := lease(noLease); e != 0 {
			t.Error(e)
		}
	}
}

// TestFileThatGivesNoAnswer: an export that cannot be opened for now keeps no other
// guard, and no other site of its own guard, from what they look at; the screens are
// shown; a node that waits for it ends at once; and it is read when it answers.
func TestFileThatGivesNoAnswer(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	dir := t.TempDir()
	held, free, posts := filepath.Join(dir, "held"), filepath.Join(dir, "free"), filepath.Join(dir, "posts.csv")
	write(t, u.path(north, "list.json"), fmt.Appendf(nil, `{"registration": [{"name": "held", "exports": [%q]}, {"name": "free", "exports": [%q]}], "files": [{"name": "platform", "path": %q, "what": "posts"}]}`, held, free, posts))
	u.cfg[north].Inventory = u.path(north, "list.json")
	s := must(roll.NewSynth(7, 300, 2, time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC)))(t)
	var b bytes.Buffer
	u.ok(s.Write(&b, roll.Known()[0].Name))
	for _, dir := range []string{held, free} {
		u.ok(os.MkdirAll(dir, 0o700))
		write(t, filepath.Join(dir, "roll-2026-10-20.txt"), b.Bytes())
	}
	write(t, posts, crowdedPosts(10, 3))
	give := withhold(t, filepath.Join(held, "roll-2026-10-20.txt"))
	u.start(north)
	days := func() (of [2]int) {
		for _, v := range must(guardScreens{u.node(north).whole()}.Rolls(t.Context()))(t) {
			of[map[string]int{"held": 0, "free": 1}[v.Site]] = len(v.Days)
		}
		return of
	}
	u.eventually("the others are read", func() bool {
		u.node(north).guards.wake.ring()
		v := must(guardScreens{u.node(north).whole()}.Posts(t.Context()))(t)
		return days() == [2]int{0, 1} && v[0].Read
	})
	u.stop(north) // while it waits
	u.start(north)
	give()
	u.eventually("it is read too", func() bool {
		u.node(north).guards.wake.ring()
		return days() == [2]int{1, 1}
	})
}
