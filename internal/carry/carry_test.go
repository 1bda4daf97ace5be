package carry_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"entente/internal/carry"
	"entente/internal/peer"
	"entente/record"
	"entente/statement"
)

const origin = "entente/north/00000000"

// shelf is a log in memory that is served as a node serves it.
type shelf struct {
	peer.Backend // the methods that reading does not need
	leaves       [][]byte
	hashes       []tlog.Hash
}

func (s *shelf) Log(_, h string) (peer.Log, bool)        { return s, h == peer.LogName(origin) }
func (s *shelf) Held(_, _ string) ([]byte, uint64, bool) { return nil, 0, false }
func (s *shelf) Size() uint64                            { return uint64(len(s.leaves)) }

func (s *shelf) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = s.hashes[x]
	}
	return out, nil
}

func (s *shelf) add(t testing.TB, leaf []byte) {
	t.Helper()
	hs, err := tlog.StoredHashes(int64(len(s.leaves)), leaf, s)
	if err != nil {
		t.Fatal(err)
	}
	s.leaves, s.hashes = append(s.leaves, leaf), append(s.hashes, hs...)
}

func (s *shelf) Checkpoint() []byte {
	root, err := tlog.TreeHash(int64(len(s.leaves)), s)
	if err != nil {
		return nil
	}
	c := record.Checkpoint{Origin: origin, Tree: record.Tree{Size: s.Size(), Root: root}}
	return append(c.Text(), "\n— north AAAAAAAA\n"...)
}

func (s *shelf) Tile(t tlog.Tile) ([]byte, error) { return tlog.ReadTileData(t, s) }

func (s *shelf) Entries(bundle uint64, width int) ([]byte, error) {
	var b []byte
	for _, leaf := range s.leaves[bundle*256:][:width] {
		b = peer.AppendEntry(b, leaf)
	}
	return b, nil
}

func (s *shelf) Sealed(index uint64) ([][]byte, error) {
	parts := [][]byte{fmt.Appendf(nil, "sealed %d", index), nil, {}}
	if index == 7 {
		parts[0] = make([]byte, 2<<20)
	}
	return parts[:index%4%3+1], nil
}

func (s *shelf) Erasure(index uint64, _ int) (uint64, bool) { return index + 9, true }

func north(t testing.TB, n int) *shelf {
	t.Helper()
	s := &shelf{}
	for i := range n {
		s.add(t, fmt.Appendf(nil, "leaf %d", i))
	}
	return s
}

func write(t testing.TB, fill func(*carry.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := carry.NewWriter(&b, "north", time.UnixMilli(1767225600000))
	if err != nil {
		t.Fatal(err)
	}
	if err := fill(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(b []byte) (*carry.Reader, error) {
	return carry.NewReader(bytes.NewReader(b), int64(len(b)))
}

// TestMirrorFromStick reads a log through a stick exactly as through the link:
// every call of record.Source gives the same bytes.
func TestMirrorFromStick(t *testing.T) {
	s := north(t, 1000)
	h := peer.LogName(origin)
	link := peer.NewSource(peer.Local{Backend: s, Party: "south"})
	for _, from := range []uint64{0, 600} {
		var progress uint64
		stick, err := open(write(t, func(w *carry.Writer) error {
			w.Progress = func(done, _ uint64) { progress = done }
			size, err := w.Log(t.Context(), peer.Local{Backend: s, Party: "south"}, h, from)
			if size != 1000 {
				t.Errorf("copied %d leaves", size)
			}
			return err
		}))
		if err != nil {
			t.Fatal(err)
		}
		if stick.From != "north" || stick.Made.Unix() != 1767225600 || len(stick.Logs()) != 1 || stick.Logs()[0] != h || progress != 1000 {
			t.Errorf("stick of %s at %v with %v, progress %d", stick.From, stick.Made, stick.Logs(), progress)
		}
		same(t, link, peer.NewSource(stick), from)
	}
}

func same(t *testing.T, link, stick record.Source, from uint64) {
	t.Helper()
	ctx := t.Context()
	check := func(what string, a, b any, err1, err2 error) {
		t.Helper()
		if err1 != nil || err2 != nil || fmt.Sprintf("%x", a) != fmt.Sprintf("%x", b) {
			t.Fatalf("%s differs: %v, %v", what, err1, err2)
		}
	}
	a, err1 := link.Checkpoint(ctx, origin)
	b, err2 := stick.Checkpoint(ctx, origin)
	check("checkpoint", a, b, err1, err2)
	for _, tile := range tlog.NewTiles(8, int64(from)&^255, 1000) {
		a, err1 := link.Tile(ctx, origin, tile)
		b, err2 := stick.Tile(ctx, origin, tile)
		check(tile.Path(), a, b, err1, err2)
	}
	for n := from / 256; n < 4; n++ {
		width := int(min(256, 1000-n*256))
		a, err1 := link.Entries(ctx, origin, n, width)
		b, err2 := stick.Entries(ctx, origin, n, width)
		check("bundle", a, b, err1, err2)
	}
	for i := from; i < 1000; {
		a, err1 := link.Sealed(ctx, origin, i, 100)
		b, err2 := stick.Sealed(ctx, origin, i, 100)
		check(fmt.Sprintf("parts from leaf %d", i), a, b, err1, err2)
		i += uint64(len(a))
	}
	if _, err := stick.Sealed(ctx, origin, 1000, 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("beyond the log: %v", err)
	}
	if _, err := stick.Checkpoint(ctx, "entente/else/00000000"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another log: %v", err)
	}
}

// TestLetters carries add-checkpoint requests and responses.
func TestLetters(t *testing.T) {
	ask := carry.Ask{From: "north", To: "south", Body: []byte("old 0\n\nnote")}
	answer := carry.Answer{From: "north", To: "south", Status: 409, Asked: sha256.Sum256([]byte("x")), ContentType: "text/x.tlog.size; charset=utf-8", Body: []byte("7\n")}
	r, err := open(write(t, func(w *carry.Writer) error {
		return errors.Join(w.Ask(ask), w.Ask(carry.Ask{From: "north", To: "observer"}), w.Answer(answer))
	}))
	if err != nil {
		t.Fatal(err)
	}
	asks, err := r.Asks("south")
	if err != nil || len(asks) != 1 || string(asks[0].Body) != string(ask.Body) || asks[0].Digest() != ask.Digest() {
		t.Errorf("asks %v, %v", asks, err)
	}
	answers, err := r.Answers("south")
	if err != nil || len(answers) != 1 || answers[0].Status != 409 || answers[0].Asked != answer.Asked ||
		answers[0].ContentType != "text/x.tlog.size" || string(answers[0].Body) != "7\n" {
		t.Errorf("answers %+v, %v", answers, err)
	}
	if got, err := r.Answers("north"); err != nil || got != nil {
		t.Errorf("answers to north: %v, %v", got, err)
	}
}

// TestDamage flips, cuts and adds: the stick is refused as a whole.
func TestDamage(t *testing.T) {
	good := write(t, func(w *carry.Writer) error {
		_, err := w.Log(context.Background(), peer.Local{Backend: north(t, 3)}, peer.LogName(origin), 0)
		return err
	})
	if _, err := open(good); err != nil {
		t.Fatal(err)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		refused(t, fmt.Sprintf("byte %d flipped", i), bad)
		refused(t, fmt.Sprintf("cut at %d", i), good[:i])
	}
	refused(t, "a byte more", append(bytes.Clone(good), '\n'))
	refused(t, "twice", append(bytes.Clone(good), good...))
}

func refused(t *testing.T, what string, stick []byte) {
	t.Helper()
	_, err := open(stick)
	if _, ok := statement.AsRefusal(err); !ok {
		t.Errorf("%s: %v", what, err)
	}
}

// seal adds the right last line, so that what is before it is judged.
func seal(b []byte) []byte {
	return fmt.Appendf(bytes.Clone(b), "end %x\n", sha256.Sum256(b))
}

// TestForms is the table of sticks that match their last line and are refused.
func TestForms(t *testing.T) {
	const top = "entente-carry/1\nfrom mallory\nmade 0\n\n"
	h := strings.Repeat("0a", 32)
	if _, err := open(seal([]byte(top))); err != nil {
		t.Fatalf("the empty stick: %v", err)
	}
	for name, text := range map[string]string{
		"another format":     "entente-carry/2\nfrom mallory\nmade 0\n\n",
		"no party":           "entente-carry/1\nfrom \nmade 0\n\n",
		"party with escape":  "entente-carry/1\nfrom \x1b[2J\nmade 0\n\n",
		"time with zeros":    "entente-carry/1\nfrom mallory\nmade 00\n\n",
		"time before 1970":   "entente-carry/1\nfrom mallory\nmade -1\n\n",
		"CRLF":               "entente-carry/1\r\nfrom mallory\r\nmade 0\r\n\r\n",
		"path outside":       top + "get /etc/passwd 0\n\n",
		"path climbs":        top + "get /" + h + "/tile/../x 0\n\n",
		"path of parts":      top + "get /" + h + "/parts/0?n=1 0\n\n",
		"path twice":         top + "get /" + h + "/held 0\n\nget /" + h + "/held 0\n\n",
		"size with zeros":    top + "get /" + h + "/held 00\n\n",
		"size beyond file":   top + "get /" + h + "/held 99\n\n",
		"size beyond limit":  top + "get /" + h + "/held 99999999999\n\n",
		"size beyond int":    top + "get /" + h + "/held 99999999999999999999\n\n",
		"negative size":      top + "get /" + h + "/held -1\n\n",
		"gap in leaves":      top + "leaf " + h + " 0 0\n\nleaf " + h + " 2 0\n\n",
		"leaf twice":         top + "leaf " + h + " 0 0\n\nleaf " + h + " 0 0\n\n",
		"large ask":          top + "ask mallory south 16385\n" + strings.Repeat("x", 16385) + "\n",
		"unknown record":     top + "run mallory 0\n\n",
		"long line":          top + "get " + strings.Repeat("x", 100_000),
		"two spaces":         top + "get  /" + h + "/held 0\n\n",
		"body without line":  top + "get /" + h + "/held 1\nxx",
		"answer with header": top + "answer mallory south 200 " + h + " text/plain\x00 0\n\n",
	} {
		refused(t, name, seal([]byte(text)))
	}
}

// FuzzReader: no stick, sealed or not, breaks the reader, and what it accepts
// can be read within limits.
func FuzzReader(f *testing.F) {
	good := write(f, func(w *carry.Writer) error {
		_, err := w.Log(context.Background(), peer.Local{Backend: north(f, 3)}, peer.LogName(origin), 0)
		return errors.Join(err, w.Ask(carry.Ask{From: "north", To: "south", Body: []byte("x")}))
	})
	f.Add(good)
	f.Add(good[:bytes.LastIndex(good, []byte("end "))])
	f.Add([]byte("entente-carry/1\nfrom mallory\nmade 0\n\nask a b 1\nx\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, stick := range [][]byte{b, seal(b)} {
			r, err := open(stick)
			if err != nil {
				if _, ok := statement.AsRefusal(err); !ok {
					t.Fatalf("not a refusal: %v", err)
				}
				continue
			}
			for _, h := range r.Logs() {
				if _, err := r.Get(t.Context(), "/"+h+"/checkpoint", 1<<26); err != nil {
					t.Fatal(err)
				}
				_, _ = r.Get(t.Context(), "/"+h+"/parts/0?n=256", 1<<26)
			}
			if _, err := r.Asks("south"); err != nil {
				t.Fatal(err)
			}
			_, _ = peer.NewSource(r).Sealed(t.Context(), origin, 0, 256)
		}
	})
}

// TestSmallerTreeFromStick: a stick whose checkpoint is of a larger tree gives
// the tiles and bundles of every smaller one, since a mirror's own note may lag.
func TestSmallerTreeFromStick(t *testing.T) {
	s, h := north(t, 600), peer.LogName(origin)
	b, err := open(write(t, func(w *carry.Writer) error {
		_, err := w.Log(t.Context(), peer.Local{Backend: s, Party: "south"}, h, 0)
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	stick, ctx := peer.NewSource(b), t.Context()
	for _, size := range []int64{1, 5, 87, 88, 255, 256, 257, 343, 511, 512, 513, 599} {
		smaller := peer.NewSource(peer.Local{Backend: north(t, int(size)), Party: "south"})
		for _, tile := range tlog.NewTiles(8, 0, size) {
			want, err1 := smaller.Tile(ctx, origin, tile)
			got, err2 := stick.Tile(ctx, origin, tile)
			if err1 != nil || err2 != nil || !bytes.Equal(want, got) {
				t.Errorf("tile %s of a tree of %d: %v, %v", tile.Path(), size, err1, err2)
			}
		}
		for n := int64(0); n*256 < size; n++ {
			width := int(min(256, size-n*256))
			want, err1 := smaller.Entries(ctx, origin, uint64(n), width)
			got, err2 := stick.Entries(ctx, origin, uint64(n), width)
			if err1 != nil || err2 != nil || fmt.Sprint(want) != fmt.Sprint(got) {
				t.Errorf("bundle %d of a tree of %d: %v, %v", n, size, err1, err2)
			}
		}
	}
	for _, path := range []string{"/tile/0/002.p/89", "/tile/0/002.p/0", "/tile/0/002.p/256", "/tile/0/003.p/1", "/tile/0/001.p/07", "/tile/entries/002.p/200"} {
		if _, err := b.Get(ctx, "/"+h+path, 1<<20); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
