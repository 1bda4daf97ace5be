package node

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"entente/api"
	"entente/internal/logfile"
	"entente/record"
	"entente/statement"
)

// older makes a unit, lets north say some statements, copies north's folder
// and lets it say more. It returns where the older copy lies. North is
// stopped, the others run.
func older(t *testing.T) (u *unit, folder string, at uint64) {
	u = newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	for range 3 {
		u.seal(north, "early")
	}
	u.still()
	u.stop(north)
	folder = u.path(north) + ".older"
	u.copyFolder(u.path(north), folder)
	u.start(north)
	u.open(north)
	at = u.size(north)
	for range 4 {
		u.seal(north, "late")
	}
	u.still()
	u.stop(north)
	return u, folder, at
}

// mark reads the high-water mark of a party.
func (u *unit) mark(name string) waterMark {
	u.t.Helper()
	w, have, err := (&highWater{path: u.cfg[name].highWater(), origin: u.keys[name].Origin}).read()
	u.ok(err)
	if !have {
		u.t.Fatalf("%s has no high-water mark", name)
	}
	return w
}

// refusedToWrite demands that a node says why it does not write.
func (u *unit) refusedToWrite(name, why string) {
	u.t.Helper()
	u.eventually(name+" says why it does not write", func() bool {
		_, err := u.node(name).Control().Seal(u.t.Context(), api.SealRequest{Name: "too early"})
		r, ok := statement.AsRefusal(err)
		if !ok || r.Code != statement.CodeRewound {
			u.t.Fatalf("a statement of a folder that may be old: %v", err)
		}
		return strings.Contains(r.Detail, why)
	})
	if s := must(u.node(name).Control().Status(u.t.Context()))(u.t); !strings.Contains(s.ReadOnly, why) {
		u.t.Errorf("status says %q", s.ReadOnly)
	}
}

// TestOlderCopyGetsItsTailBack: an older copy of a data folder, with its
// high-water mark or without it, writes nothing before it has back what was
// said after it.
func TestOlderCopyGetsItsTailBack(t *testing.T) {
	t.Parallel()
	for _, marked := range []bool{true, false} {
		t.Run(map[bool]string{true: "with its mark", false: "without"}[marked], func(t *testing.T) {
			t.Parallel()
			u, folder, at := older(t)
			said := u.mark(north).Size
			u.copyFolder(folder, u.path(north))
			if !marked {
				u.ok(os.Remove(u.cfg[north].highWater()))
			}
			u.start(north)
			u.open(north)
			if got := u.size(north); got < said {
				t.Fatalf("%d leaves when it began to write, %d had been published", got, said)
			}
			if got := u.seal(north, "again"); got < said || said <= at {
				t.Errorf("said number %d; %d were there before", got, said)
			}
			u.settle()
			u.innocent()
			if n := u.ofKind(south, north, record.KindSeal); n != 8 {
				t.Errorf("south reads %d statements of 8", n)
			}
			live := u.halted(north)[north]
			if live != u.rebuilt(north, "") {
				t.Error("the view differs from one made of the logs")
			}
		})
	}
}

// TestOlderCopyAlone: with nobody to ask, an older copy stays read-only and
// says why; with its mark it knows how much it lacks.
func TestOlderCopyAlone(t *testing.T) {
	t.Parallel()
	u, folder, _ := older(t)
	u.stop(south)
	u.stop(observer)
	u.copyFolder(folder, u.path(north))
	u.start(north)
	u.refusedToWrite(north, "missing here that had been published before")
	u.stop(north)

	u.ok(os.Remove(u.cfg[north].highWater()))
	u.start(north)
	u.refusedToWrite(north, "no high-water mark")
	before := u.size(north)

	// An officer's word opens it; that word is the first thing it says.
	u.ok(u.node(north).Control().Override(t.Context(), api.ReasonRequest{Officer: officer, Reason: "both partners are gone for good"}))
	if n := u.ofKind(north, north, record.KindOverride); n != 1 {
		t.Fatalf("%d statements of the override", n)
	}
	s := must(u.node(north).view.Statement(t.Context(), u.keys[north].Origin, before))(t)
	if s.Kind != record.KindOverride {
		t.Errorf("the first statement after the override is of kind %s", s.Kind)
	}
	u.seal(north, "goes on")
	if err := u.node(north).Control().Override(t.Context(), api.ReasonRequest{Officer: officer, Reason: "again"}); err == nil {
		t.Error("a second override of a node that writes")
	}
}

// TestTailThatOnlyAWitnessHasSeen: the partner's witness has cosigned a head
// whose leaves its mirror never got. An older copy must not write below it.
func TestTailThatOnlyAWitnessHasSeen(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(u.names...)
	u.open(u.names...)
	u.seal(north, "early")
	u.still()
	u.stop(north)
	u.copyFolder(u.path(north), u.path(north)+".older")
	u.wire.oneWay(south, north)
	u.start(north)
	u.open(north)
	u.seal(north, "late")
	u.eventually("the witness has cosigned", func() bool {
		w := must(u.node(north).words(t.Context()))(t)
		return w.witnessed == w.logged && w.held < w.logged
	})
	u.stop(north)
	u.copyFolder(u.path(north)+".older", u.path(north))
	u.ok(os.Remove(u.cfg[north].highWater()))
	u.start(north)
	u.refusedToWrite(north, "missing here that had been published before")
	u.innocent()
}

// TestStartAlone: a whole folder with its mark writes though nobody answers.
func TestStartAlone(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north)
	u.open(north)
	u.seal(north, "alone")
	u.stop(north)
	u.start(north)
	u.open(north)
	u.seal(north, "still alone")
}

// TestMarkOfAnotherHistory: a folder of the right size with another history
// than the one that was published writes nothing.
func TestMarkOfAnotherHistory(t *testing.T) {
	t.Parallel()
	for _, lonely := range []bool{true, false} {
		t.Run(map[bool]string{true: "alone", false: "with partners"}[lonely], func(t *testing.T) {
			t.Parallel()
			u, folder, _ := older(t)
			size := u.mark(north).Size
			mark := must(os.ReadFile(u.cfg[north].highWater()))(t)
			// The older copy goes on by an officer's word, alone, to the same size.
			u.wire.refuse(north, true)
			u.copyFolder(folder, u.path(north))
			u.ok(os.Remove(u.cfg[north].highWater()))
			u.start(north)
			u.ok(u.node(north).Control().Override(t.Context(), api.ReasonRequest{Officer: officer, Reason: "gone"}))
			for u.size(north) < size {
				u.seal(north, "another history")
			}
			u.stop(north)
			write(t, u.cfg[north].highWater(), mark)
			if lonely {
				u.stop(south)
				u.stop(observer)
			} else {
				u.ok(os.Remove(u.cfg[north].highWater()))
			}
			u.wire.refuse(north, false)
			u.start(north)
			u.refusedToWrite(north, "another history")
		})
	}
}

// TestSecondWriter: two copies of one folder run at once. Whoever meets a tree
// with its own signature that is not its own stops.
func TestSecondWriter(t *testing.T) {
	t.Parallel()
	const twin = "twin"
	copies := func(t *testing.T) *unit {
		u := newUnit(t, nil, north, south, observer)
		u.start(u.names...)
		u.open(u.names...)
		u.seal(north, "one writer")
		u.settle()
		u.stop(north)
		u.copyFolder(u.path(north), u.path(north)+".twin")
		u.cfg[twin] = &Config{Dir: u.path(north) + ".twin", Console: "off", Listen: "twin.example:7001"}
		u.opt[twin] = u.opt[north]
		u.start(north, twin)
		u.open(north, twin)
		return u
	}
	t.Run("one is ahead", func(t *testing.T) {
		u := copies(t)
		u.seal(north, "ahead")
		u.seal(north, "further ahead")
		if err := u.fails(twin); !errors.Is(err, errSecondWriter) {
			t.Fatalf("the twin ended with: %v", err)
		}
		u.seal(north, "goes on")
		u.settle(north)
		u.innocent()
	})
	t.Run("both at once", func(t *testing.T) {
		u := copies(t)
		for _, name := range []string{north, twin} {
			_, err := u.node(name).Control().Seal(t.Context(), api.SealRequest{Name: "by " + name})
			u.ok(err)
		}
		// One has given another history to a witness: there is no way back.
		a, b := u.live[north], u.live[twin]
		select {
		case <-a.ended:
		case <-b.ended:
		case <-time.After(u.patience):
			t.Fatal("two writers go on")
		}
		for _, name := range []string{north, twin} {
			if r := u.live[name]; ended(r) && !errors.Is(r.err, errSecondWriter) {
				t.Errorf("%s ended with: %v", name, r.err)
			} else if ended(r) {
				delete(u.live, name)
			}
		}
	})
}

func ended(r *running) bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// TestFolderTrouble: what is wrong with a folder or an address is said in
// words, and nothing is changed.
func TestFolderTrouble(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north)
	for _, c := range []struct {
		name string
		make func(t *testing.T)
		is   error
		says string
	}{
		{"in use", func(*testing.T) {}, ErrRunning, "runs in this folder"},
		{"another party's", func(t *testing.T) {
			u.copyFolder(u.path(south), u.path(south)+".mixed")
			write(t, u.path(south)+".mixed/keys.json", must(os.ReadFile(u.path(north, "keys.json")))(t))
		}, ErrOther, "data folder of another party"},
		{"no charter", func(*testing.T) { u.ok(os.Remove(u.path(south, CharterFile))) }, os.ErrNotExist, "holds no charter"},
		{"no folder", func(*testing.T) { u.ok(os.RemoveAll(u.path(south))) }, os.ErrNotExist, "keys of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.make(t)
			cfg, opt := *u.cfg[south], *u.opt[south]
			switch c.name {
			case "in use":
				cfg, opt = *u.cfg[north], *u.opt[north]
			case "another party's":
				cfg.Dir += ".mixed"
			}
			err := Run(t.Context(), cfg, opt, u.node(north).logger, nil)
			if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
	u.open(north)
	u.seal(north, "undisturbed")
}

// TestPortInUse: the message names the address, and the folder is free again.
func TestPortInUse(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	taken := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer taken.Close()
	at := taken.Addr().String()
	for _, edit := range []func(*Config){
		func(c *Config) { c.Listen = at },
		func(c *Config) { c.Listen, c.Console = "127.0.0.1:0", at },
	} {
		cfg := *u.cfg[north]
		edit(&cfg)
		err := Run(t.Context(), cfg, Options{}, u.quiet(north), nil)
		if err == nil || !strings.Contains(err.Error(), at) || !strings.Contains(err.Error(), "in use") {
			t.Errorf("got %v", err)
		}
		if errors.Is(err, logfile.ErrInUse) {
			t.Error("the port is in use, not the folder")
		}
	}
	u.start(north)
}
