package peers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// exportSize gives tiles on three levels, full and partial ones.
const exportSize = 70_000

func leafHashes(bundle []byte) ([][]byte, error) {
	var b api.EntryBundle
	if err := b.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	out := make([][]byte, 0, len(b.Entries))
	for _, e := range b.Entries {
		out = append(out, rfc6962.DefaultHasher.HashLeaf(e))
	}
	return out, nil
}

// check runs Tessera's fsck. It may hang on damage with one worker
// (tessera#878), hence two and a deadline.
func check(t testing.TB, v note.Verifier, f fsck.Fetcher) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil { // a truncated bundle, as of v1.0.4
				done <- fmt.Errorf("fsck panics: %v", p)
			}
		}()
		done <- fsck.New(origin, v, f, leafHashes, fsck.Opts{N: 4}).Check(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("fsck hangs: %w", ctx.Err())
	}
}

// TestFsckAccepts: Tessera's fsck accepts the static tree that we export, from
// files and over HTTP, under either of the log's keys, and again after growth.
func TestFsckAccepts(t *testing.T) {
	o := newOwner(t)
	l, dir := exported(t, o, exportSize)
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	over := must(client.NewHTTPFetcher(must(url.Parse(server.URL+"/")), server.Client()))
	for name, v := range map[string]note.Verifier{
		"Ed25519, x/mod":     must(note.NewVerifier(o.log.String())),
		"Ed25519, formats":   must(fnote.NewVerifier(o.log.String())),
		"ML-DSA-44, formats": must(fnote.NewVerifier(o.pq.String())),
	} {
		if err := check(t, v, client.FileFetcher{Root: dir}); err != nil {
			t.Errorf("%s: files: %v", name, err)
		}
		if err := check(t, v, over); err != nil {
			t.Errorf("%s: HTTP: %v", name, err)
		}
	}
	fill(t, 16, 1000, func(leaf []byte) error { _, err := l.Append(t.Context(), leaf, nil); return err })
	export(t, l, dir)
	if err := check(t, must(note.NewVerifier(o.log.String())), client.FileFetcher{Root: dir}); err != nil {
		t.Errorf("after growth: %v", err)
	}
}

// TestFsckRefuses shows that fsck would have noticed.
func TestFsckRefuses(t *testing.T) {
	o := newOwner(t)
	_, dir := exported(t, o, 3000)
	v := must(note.NewVerifier(o.log.String()))
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte {
			b = bytes.Clone(b)
			b[(at+len(b))%len(b)] ^= 1
			return b
		}
	}
	for _, tc := range []struct {
		name, file string
		edit       func([]byte) []byte
	}{
		{"entry", "tile/entries/004", flip(700)},
		{"entry of the last bundle", "tile/entries/011.p/184", flip(-1)},
		{"leaf tile", "tile/0/007", flip(33)},
		{"partial leaf tile", "tile/0/011.p/184", flip(-1)},
		{"upper tile", "tile/1/000.p/11", flip(0)},
		{"truncated bundle", "tile/entries/004", func(b []byte) []byte { return b[:len(b)-66] }},
		{"checkpoint", "checkpoint", func(b []byte) []byte { return bytes.Replace(b, []byte("3000"), []byte("2999"), 1) }},
	} {
		if err := check(t, v, client.FileFetcher{Root: changed(t, dir, tc.file, tc.edit)}); err == nil {
			t.Errorf("%s: fsck accepts a changed %s", tc.name, tc.file)
		}
	}
}

// webTiles is a tlog.TileReader over a C2SP tree on a web server. x/mod has
// the height in its paths, C2SP has not; nothing else differs.
type webTiles struct {
	url string
	c   *http.Client
}

func (webTiles) Height() int                     { return 8 }
func (webTiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (w webTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, t := range tiles {
		b, err := w.get(strings.Replace(t.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

func (w webTiles) get(path string) ([]byte, error) {
	resp, err := w.c.Get(w.url + "/" + path)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, resp.Status)
	}
	return io.ReadAll(resp.Body)
}

// TestSumdbClient: x/mod/sumdb reads our checkpoint and tiles, and proves
// leaves and growth from them.
func TestSumdbClient(t *testing.T) {
	o := newOwner(t)
	l, dir := exported(t, o, exportSize)
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	web := webTiles{server.URL, server.Client()}
	n, err := note.Open(must(web.get("checkpoint")), note.VerifierList(must(note.NewVerifier(o.log.String()))))
	if err != nil {
		t.Fatal(err)
	}
	c := &log.Checkpoint{}
	if _, err := c.Unmarshal([]byte(n.Text)); err != nil || c.Origin != origin || c.Size != exportSize {
		t.Fatalf("checkpoint %+v, %v", c, err)
	}
	tree := tlog.Tree{N: int64(c.Size), Hash: tlog.Hash(c.Hash)}
	r := tlog.TileHashReader(tree, web)
	for _, i := range []int64{0, 1, 255, 256, 65_535, 65_536, 69_887, 69_888, exportSize - 1} {
		leaf := must(l.Leaf(uint64(i)))
		p, err := tlog.ProveRecord(tree.N, i, r)
		if err != nil {
			t.Fatalf("leaf %d: %v", i, err)
		}
		if err := tlog.CheckRecord(p, tree.N, tree.Hash, i, tlog.RecordHash(leaf)); err != nil {
			t.Errorf("leaf %d: %v", i, err)
		}
		if tlog.CheckRecord(p, tree.N, tree.Hash, i, tlog.RecordHash(append(leaf, 1))) == nil {
			t.Errorf("leaf %d: another leaf is proved", i)
		}
	}
	for _, old := range []int64{1, 255, 256, 65_536, 69_999, exportSize} {
		was := must(tlog.TreeHash(old, r))
		if err := tlog.CheckTree(must(tlog.ProveTree(tree.N, old, r)), tree.N, tree.Hash, old, was); err != nil {
			t.Errorf("growth from %d: %v", old, err)
		}
	}
}

// TestTesseraClient: Tessera's client and transparency-dev/merkle prove from
// our tiles too.
func TestTesseraClient(t *testing.T) {
	o := newOwner(t)
	l, dir := exported(t, o, 3000)
	f := client.FileFetcher{Root: dir}
	ctx := t.Context()
	v := must(note.NewVerifier(o.log.String()))
	c, _, _, err := client.FetchCheckpoint(ctx, f.ReadCheckpoint, v, origin)
	if err != nil || c.Size != 3000 {
		t.Fatalf("%+v, %v", c, err)
	}
	pb := must(client.NewProofBuilder(ctx, c.Size, f.ReadTile))
	for _, i := range []uint64{0, 255, 256, 2815, 2816, 2999} {
		p := must(pb.InclusionProof(ctx, i))
		leaf := rfc6962.DefaultHasher.HashLeaf(must(l.Leaf(i)))
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, i, c.Size, leaf, p, c.Hash); err != nil {
			t.Errorf("leaf %d: %v", i, err)
		}
		bundle := must(client.GetEntryBundle(ctx, f.ReadEntryBundle, i/256, c.Size))
		if !bytes.Equal(bundle.Entries[i%256], must(l.Leaf(i))) {
			t.Errorf("entry %d differs", i)
		}
	}
}
