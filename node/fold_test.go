package node

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"entente/api"
	"entente/border"
	"entente/internal/logfile"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// prefix is a log as it was when it had fewer leaves.
type prefix struct {
	*logfile.Log
	size uint64
}

func (p prefix) Head() (record.Tree, []byte) { return record.Tree{Size: p.size}, nil }

// odd fills a unit's logs with what a fold must get right: kinds that change
// earlier ones, a rotated key, and leaves that do not count.
func odd(t *testing.T) *unit {
	u := newUnit(t, nil, north, south, observer)
	log := u.watches(south)
	u.automatic(south, 50)
	u.weblog(log, addresses(3)...)
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "dated.csv", dated(addresses(3)...))
	u.share(north, south, "undated.csv", undated(addresses(3)...))
	objects := u.shareObjects(north, south, thing("indicator", 1, v1, ""), thing("malware", 2, v1, "")).Refs[0]
	u.settle()
	must(u.node(north).Retract(t.Context(), Retract{Ref: objects, Items: []int{1}, Reason: "benign"}))(t)
	must(u.node(south).Control().Accept(t.Context(), api.AcceptRequest{Officer: officer, Reason: "a word", Name: "undated.csv"}))(t)
	u.settle()
	must(u.node(south).Control().Accept(t.Context(), api.AcceptRequest{Officer: officer, Reason: "another", Name: "undated.csv", Reject: true}))(t)
	n := u.node(north)
	list := must(n.view.Lists(t.Context(), ""))(t)[0].Ref.Index
	must(n.Control().Erase(t.Context(), api.PartRequest{Index: list, Part: 1, Reason: "it named a person"}))(t)
	must(n.Rotate(t.Context()))(t)
	u.seal(north, "under the next key")
	wrong := []func(*statement.Leaf){
		func(l *statement.Leaf) { l.Party = south },
		func(l *statement.Leaf) { l.Charter[0]++ },
		func(l *statement.Leaf) { l.Seq += 5 },
		func(l *statement.Leaf) { l.Time = 1 << 52 },
		func(l *statement.Leaf) { l.Format = "entente/leaf/v9" },
	}
	n.author.mu.Lock()
	for _, edit := range wrong {
		head, _ := n.log.Head()
		l := statement.Leaf{Format: statement.LeafFormat, Charter: n.roster.Charter.Digest(), Party: north, Seq: head.Size, Parts: []statement.Digest{{1}}, Sealed: []statement.Digest{statement.SealedDigest([]byte("not sealed at all"))}}
		edit(&l)
		leaf, _, err := statement.SignLeaf(l, n.author.key)
		u.ok(err)
		must(n.log.Append(t.Context(), leaf, [][]byte{[]byte("not sealed at all")}))(t)
	}
	must(n.log.Append(t.Context(), []byte("junk"), nil))(t)
	n.author.mu.Unlock()
	u.seal(north, "and after that")
	must(u.node(observer).Control().Withdraw(t.Context(), api.ReasonRequest{Reason: "seen enough"}))(t)
	late := u.afterAll(observer)
	u.still()
	for _, name := range []string{north, observer} {
		s := must(u.node(name).view.Statement(t.Context(), u.keys[observer].Origin, late))(t)
		if s.State != sqlite.StateRefused || s.Code != statement.CodeState {
			t.Errorf("%s takes a statement after the withdrawal as %s %s", name, s.State, s.Code)
		}
	}
	for _, name := range u.names {
		u.stop(name)
	}
	return u
}

// afterAll logs a statement that the node itself would not say any more.
func (u *unit) afterAll(name string) uint64 {
	u.t.Helper()
	a := u.node(name).author
	a.mu.Lock()
	defer a.mu.Unlock()
	digests, sealed, err := a.compose(u.t.Context(), &draft{kind: record.KindSeal, toAll: true, marking: border.Green, body: record.SealBody{What: "file", Name: "too late"}})
	u.ok(err)
	head, _ := a.log.Head()
	ciphertexts := []statement.Digest{statement.SealedDigest(sealed[0])}
	leaf, _, err := statement.SignLeaf(statement.Leaf{Format: statement.LeafFormat, Charter: a.roster.Charter.Digest(), Party: name, Seq: head.Size, Parts: digests, Sealed: ciphertexts}, a.key)
	u.ok(err)
	index := must(a.log.Append(u.t.Context(), leaf, sealed))(u.t)
	u.ok(u.node(name).takeOwn(u.t.Context()))
	u.eventually("the others hold it", func() bool { return u.reads(north, name) > index })
	return index
}

// TestFold: however the logs come in, in whatever pieces and interleaved in
// whatever order, the view is the same in the end.
func TestFold(t *testing.T) {
	t.Parallel()
	u := odd(t)
	folds := make(map[string]*folding)
	for _, reader := range u.names {
		f := must(OpenFolder(*u.cfg[reader], nil))(t)
		defer func() { u.ok(f.Close()) }()
		folds[reader] = &folding{Folder: f, dir: t.TempDir(), names: u.names}
		folds[reader].whole = folds[reader].fold(t, func(rest []string, sizes map[string]uint64) (string, uint64) {
			return rest[0], folds[reader].size(rest[0])
		})
	}
	rapid.Check(t, func(r *rapid.T) {
		f := folds[rapid.SampledFrom(u.names).Draw(r, "reader")]
		got := f.fold(t, func(rest []string, sizes map[string]uint64) (string, uint64) {
			name := rapid.SampledFrom(rest).Draw(r, "log")
			return name, rapid.Uint64Range(sizes[name]+1, f.size(name)).Draw(r, "size")
		})
		if got != f.whole {
			r.Fatalf("the order of coming in shows:\n%s", diff(f.whole, got))
		}
	})
}

// folding makes views of the logs in one folder.
type folding struct {
	*Folder
	dir   string
	names []string
	whole string // the dump when each log comes in at once
}

func (f *folding) size(party string) uint64 {
	head, _ := f.logs[party].Head()
	return head.Size
}

// fold computes a view. step says which of the logs that are not whole yet is
// taken next, and to which size.
func (f *folding) fold(t testing.TB, step func(rest []string, sizes map[string]uint64) (string, uint64)) string {
	path := filepath.Join(f.dir, viewFile)
	view := must(sqlite.OpenView(t.Context(), path))(t)
	in := ingress{roster: f.roster, registry: must(Kinds())(t), identity: f.keys.Parts, view: view}
	sizes := make(map[string]uint64)
	for {
		rest := slices.DeleteFunc(slices.Clone(f.names), func(name string) bool { return sizes[name] == f.size(name) })
		if len(rest) == 0 {
			break
		}
		party, to := step(rest, sizes)
		m, _ := f.roster.Member(party)
		must(in.take(t.Context(), m, prefix{f.logs[party], to}))(t)
		sizes[party] = to
	}
	var b bytes.Buffer
	if err := errors.Join(view.Dump(t.Context(), &b), view.Close(), removeView(path)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
