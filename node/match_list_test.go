package node

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"entente/api"
	"entente/match"
	locks "entente/match/group"
	voprf "entente/match/watchlist"
	"entente/observable"
	"entente/statement"
)

// opensList lets south open a list of names to north, who follows it.
func (u *unit) opensList(o api.WatchlistOpen) string {
	u.t.Helper()
	o.To, o.Purpose, o.Types = north, "is it the same intruder?", []observable.Type{observable.Domain}
	made := must(u.node(south).Control().WatchlistOpen(u.t.Context(), o))(u.t)
	u.follow(made.List.ID)
	return made.List.ID
}

// follow waits until north may ask a list, and the observer knows it.
func (u *unit) follow(id string) {
	u.t.Helper()
	u.eventually("the list is followed", func() bool {
		_, err := u.node(observer).Control().Watchlist(u.t.Context(), id)
		return err == nil && u.node(north).rounds.asking.live.get(id) != nil
	})
}

func (u *unit) listAt(name, id string) api.Watchlist {
	u.t.Helper()
	return must(u.node(name).Control().Watchlist(u.t.Context(), id))(u.t)
}

// asksList lets north ask and waits until so many questions are settled.
func (u *unit) asksList(id string, files []api.MatchFile, settled int) api.Watchlist {
	u.t.Helper()
	must(u.node(north).Control().WatchlistAsk(u.t.Context(), api.WatchlistAsk{List: id, Files: files, Echo: true}))(u.t)
	u.settled(id, settled)
	return u.listAt(north, id)
}

// settled waits until so many questions were read, refused or void at both sides.
func (u *unit) settled(id string, n int) {
	u.t.Helper()
	u.eventually("questions are settled", func() bool {
		for _, name := range []string{north, south} {
			done := 0
			for _, b := range u.listAt(name, id).Batches {
				if b.State == "read" || b.State == "refused" {
					done++
				}
			}
			if done < n {
				return false
			}
		}
		return true
	})
}

func listHits(l api.Watchlist) (out []string) {
	for _, b := range l.Batches {
		for _, h := range b.Hits {
			out = append(out, h.Value)
		}
	}
	slices.Sort(out)
	return out
}

// listUnit is two parties and an observer, and a list of south's that is open to
// north with two of north's items on it.
func listUnit(t *testing.T, o api.WatchlistOpen) (*unit, string) {
	t.Helper()
	u := newLoopback(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	o.Files = namesFile("south", 50, "shared-one.example", "shared-two.example")
	return u, u.opensList(o)
}

// TestWatchlist: who asks learns its hits, the owner learns them by their echo
// alone, and nobody learns an item of the other's. What is asked spends.
func TestWatchlist(t *testing.T) {
	t.Parallel()
	u, id := listUnit(t, api.WatchlistOpen{Budget: 100, Echo: true})
	if _, err := u.node(north).Control().WatchlistAsk(t.Context(), api.WatchlistAsk{List: id, Files: namesFile("north", 3)}); !refusedFor(err, statement.CodeState) {
		t.Errorf("a list that demands echoes, asked without: %v", err)
	}
	both := []string{"shared-one.example", "shared-two.example"}
	got := u.asksList(id, namesFile("north", 30, both...), 1)
	if !slices.Equal(listHits(got), both) || got.Left != 100-32 || got.Batches[0].Items != 32 || got.Tokens != 64 {
		t.Errorf("%+v", got)
	}
	u.eventually("the echo is checked", func() bool { return len(listHits(u.listAt(south, id))) == 2 })
	if got := u.asksList(id, namesFile("other", 3), 2); len(got.Batches[1].Hits) > 0 || got.Left != 100-32-16 {
		t.Errorf("%+v", got.Batches[1])
	}
	if _, err := u.node(north).Control().WatchlistAsk(t.Context(), api.WatchlistAsk{List: id, Files: namesFile("more", 60), Echo: true}); !refusedFor(err, statement.CodeBudget) {
		t.Errorf("64 items of 52 that are left: %v", err)
	}
	must(u.node(south).Control().WatchlistClose(t.Context(), api.WatchlistClose{List: id}))(t)
	u.eventually("all know it closed", func() bool {
		for _, name := range u.names {
			if u.listAt(name, id).State != voprf.StateClosed {
				return false
			}
		}
		return u.node(south).rounds.asking.live.get(id) == nil && u.node(north).rounds.asking.live.get(id) == nil
	})
	if seen := u.listAt(observer, id); len(listHits(seen)) > 0 || seen.Own != "" || len(seen.Batches) != 2 {
		t.Errorf("the observer: %+v", seen)
	}
	u.listsHidden(both)
	u.receipts3(id)
}

// receipts3 checks what north can show of its hits, and that it shows anybody.
func (u *unit) receipts3(id string) {
	u.t.Helper()
	dir := filepath.Join(u.node(north).cfg.Dir, matchDir, "lists", id)
	e := must(voprf.ParseEvidence(must(os.ReadFile(filepath.Join(dir, "evidence-0.json")))(u.t)))(u.t)
	for i := range 2 {
		var r voprf.Receipt
		u.ok(u.node(north).readMatch("lists/"+id+"/receipt-0-"+strconv.Itoa(i)+".json", &r))
		u.ok(r.Check(e))
	}
	for _, gone := range []string{"tokens", "query-0", "receipt-0-2.json"} {
		if exists(filepath.Join(dir, gone)) {
			u.t.Errorf("%s is still there", gone)
		}
	}
	if left, err := filepath.Glob(filepath.Join(u.node(south).cfg.Dir, matchDir, matchOpenedDir, "*")); err != nil || len(left) > 0 {
		u.t.Errorf("the items of a closed list lie in %v, %v", left, err)
	}
}

// listsHidden looks in every file of each node for items of the others, but for
// what both hold, and at the observer for those too.
func (u *unit) listsHidden(both []string) {
	u.t.Helper()
	for reader, others := range map[string][]string{north: {"south-3.example"}, south: {"north-3.example", "other-2.example"}, observer: append([]string{"south-3.example", "north-3.example"}, both...)} {
		u.ok(filepath.WalkDir(u.node(reader).cfg.Dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			for _, item := range others {
				if bytes.Contains(data, []byte(item)) {
					u.t.Errorf("%s holds %s in %s", reader, item, filepath.Base(path))
				}
			}
			return err
		}))
	}
}

// mallory is north's hand on a list: it says and shows what north would not.
type mallory struct {
	*unit
	id   string
	list *liveList
}

func (u *unit) malloryOn(id string) mallory {
	return mallory{u, id, u.node(north).rounds.asking.live.get(id)}
}

// asks commits to a question and shows another one, if shown is not nil.
func (m mallory) asks(number, items int, query, shown []byte) {
	m.t.Helper()
	if shown == nil {
		shown = query
	}
	if len(shown) > 0 {
		write(m.t, m.list.path("query", number), shown)
	}
	m.ok(m.node(north).sayOfList(m.t.Context(), m.list.said, voprf.Step{Do: voprf.DoAsk, Number: number, Items: items, Digest: voprf.QueryDigest(query)}))
}

// refused waits until a question is refused and returns why.
func (m mallory) refused(number int) (code string) {
	m.t.Helper()
	m.eventually("question "+strconv.Itoa(number)+" is refused", func() bool {
		l := m.listAt(observer, m.id)
		if len(l.Batches) > number && l.Batches[number].State == "refused" {
			code = l.Batches[number].Code
		}
		return code != ""
	})
	return code
}

func (m mallory) question(prefix string, n int) []byte {
	m.t.Helper()
	m.list.mu.Lock()
	about := m.list.standing.About
	m.list.mu.Unlock()
	var items match.Items
	for i := range n {
		items = append(items, observable.Value{Type: observable.Domain, Canonical: prefix + strconv.Itoa(i) + ".example"})
	}
	return must(voprf.Ask(about, items, rand.Reader))(m.t).Bytes()
}

// TestWatchlistHostileAsker: every question that may not be asked is refused in
// the owner's log with its reason, and the list goes on for honest ones.
func TestWatchlistHostileAsker(t *testing.T) {
	t.Parallel()
	days(t)
	u, id := listUnit(t, api.WatchlistOpen{Budget: 500, Step: 2})
	m := u.malloryOn(id)
	first := m.question("a", 16)
	identity := append(slices.Clone(first[:32]), make([]byte, 16*32)...)
	crooked := append(slices.Clone(first[:32]), bytes.Repeat([]byte{0xff}, 16*32)...)
	other := slices.Clone(first)
	other[0] ^= 1
	for i, c := range []struct {
		what  string
		code  statement.Code
		items int
		query []byte
		shown []byte
	}{
		{"over the budget", statement.CodeBudget, 512, m.question("b", 512), nil},
		{"the identity", statement.CodeValue, 16, identity, nil},
		{"no encoding", statement.CodeValue, 16, crooked, nil},
		{"another list's", statement.CodeState, 16, other, nil},
		{"more than it was said to be", statement.CodeSize, 16, m.question("c", 17), nil},
		{"cut off", statement.CodeSize, 16, first[:100], nil},
		{"the same again", statement.CodeSeq, 16, identity, nil},
		{"other than was committed to", statement.CodeDigest, 16, m.question("d", 16), m.question("e", 16)},
		{"never shown", statement.CodeLate, 16, m.question("f", 16), []byte{}},
	} {
		m.asks(i, c.items, c.query, c.shown)
		if got := m.refused(i); got != string(c.code) {
			t.Errorf("%s: %s, want %s", c.what, got, c.code)
		}
		if c.code != statement.CodeValue && c.code != statement.CodeSize {
			continue
		}
		path := filepath.Join(u.node(south).cfg.Dir, matchDir, "lists", id, "evidence-"+strconv.Itoa(i)+".json")
		e := must(voprf.ParseEvidence(must(os.ReadFile(path))(t)))(t)
		if j, err := e.Judge(); err != nil || j.Guilty != north || j.Why.Code != c.code {
			t.Errorf("%s: the evidence says %+v, %v", c.what, j, err)
		}
	}
	got := u.asksList(id, namesFile("north", 3, "shared-one.example"), 10)
	if !slices.Equal(listHits(got), []string{"shared-one.example"}) || got.State != voprf.StateOpen {
		t.Errorf("afterwards: %+v", got)
	}
	for i := 10; u.listAt(south, id).State == voprf.StateOpen; i++ { // five questions before bore evidence
		if i > 10+maxBadAsks {
			t.Fatal("the list goes on whatever is asked")
		}
		bent := slices.Clone(identity)
		bent[32] = byte(i)
		m.asks(i, 16, append(bent, make([]byte, 32*i)...), nil)
		u.eventually("it is refused, or the list ends", func() bool {
			l := u.listAt(south, id)
			return l.State != voprf.StateOpen || len(l.Batches) > i && l.Batches[i].State == "refused"
		})
	}
	if kept := must(filepath.Glob(filepath.Join(u.node(south).cfg.Dir, matchDir, "lists", id, "evidence-*.json")))(t); len(kept) != maxBadAsks+1 {
		t.Errorf("%d pieces of evidence are kept", len(kept))
	}
}

// TestWatchlistProbes: nobody gets more answers than the class leaves, whatever
// the single lists would give.
func TestWatchlistProbes(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south, observer)
	u.cfg[south].Match.Guesses = map[string]int{"names": 40}
	u.start(u.names...)
	u.open(u.names...)
	var ids []string
	for i := range 3 { // each opened while the whole budget is left
		ids = append(ids, u.opensList(api.WatchlistOpen{Budget: 40, Files: namesFile("south", 20+i)}))
	}
	for _, id := range ids {
		m := u.malloryOn(id)
		m.asks(0, 32, m.question("probe", 32), nil)
	}
	answered := 0
	for _, id := range ids {
		u.eventually("a probe is judged", func() bool {
			b := u.listAt(south, id).Batches
			return len(b) == 1 && b[0].State != "asked"
		})
		if u.listAt(south, id).Batches[0].State == "answered" || u.listAt(south, id).Batches[0].State == "read" {
			answered++
		}
	}
	if answered != 1 {
		t.Errorf("%d questions of 32 answered within a budget of 40, want one", answered)
	}
}

// TestWatchlistHostileOwner: an owner that answers with another key, or shows
// another file, is found out before anything comes of it. The list ends on the
// record, and what proves it lies with who asked.
func TestWatchlistHostileOwner(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	n := u.node(south)
	ask := api.WatchlistOpen{To: north, Purpose: "x", Types: []observable.Type{observable.Domain}, Files: namesFile("south", 50, "shared-one.example"), Budget: 100}
	terms, items, _, err := n.termsOf(t.Context(), ask)
	u.ok(err)
	owner := func() *voprf.Owner {
		return must(voprf.NewOwner(t.Context(), south, n.roster.Charter.Epoch, items, rand.Reader))(t)
	}
	for what, c := range map[string]struct {
		code statement.Code
		bend func(o *voprf.Owner) (outline []byte)
	}{
		"another key": {statement.CodeProof, func(o *voprf.Owner) []byte {
			key := must(locks.RandomScalar(rand.Reader))(t)
			public := key.Public()
			o.Announcement.Key = public.Encode()
			context := binary.BigEndian.AppendUint64([]byte("watchlist "+south+"\x00"), o.Announcement.Epoch)
			o.Announcement.Know = must(locks.Know(key, context, rand.Reader))(t)
			return o.Outline()
		}},
		"another outline": {statement.CodeDigest, func(*voprf.Owner) []byte { return owner().Outline() }},
		"another file": {statement.CodeDigest, func(o *voprf.Owner) []byte {
			announced := owner()
			o.Announcement.Root = announced.Announcement.Root
			return announced.Outline()
		}},
	} {
		o := owner()
		ref := must(n.putList(t.Context(), terms, &preparedList{o, c.bend(o), items}, nil))(t)
		id := ref.ID.String()
		u.follow(id)
		must(u.node(north).Control().WatchlistAsk(t.Context(), api.WatchlistAsk{List: id, Files: namesFile("north", 3, "shared-one.example")}))(t)
		u.eventually("all know that the list is broken", func() bool {
			return u.listAt(observer, id).State == voprf.StateBroken && u.listAt(south, id).State == voprf.StateBroken
		})
		got := u.listAt(north, id)
		if got.Code != string(c.code) || got.EndedBy != north || len(listHits(got)) > 0 {
			t.Errorf("%s: %+v", what, got)
		}
		if c.code != statement.CodeProof {
			if len(got.Batches) > 0 {
				t.Errorf("%s: a question was spent on it", what)
			}
			continue
		}
		path := filepath.Join(u.node(north).cfg.Dir, matchDir, "lists", id, "evidence-0.json")
		e := must(voprf.ParseEvidence(must(os.ReadFile(path))(t)))(t)
		if j, err := e.Judge(); err != nil || j.Guilty != south || j.Why.Code != c.code {
			t.Errorf("%s: the evidence says %+v, %v", what, j, err)
		}
	}
}

// TestWatchlistEcho: who claims a hit that it has not, or does not show what it
// found as agreed, ends the list.
func TestWatchlistEcho(t *testing.T) {
	t.Parallel()
	days(t)
	for what, c := range map[string]struct {
		code statement.Code
		show bool
	}{"a made-up echo": {statement.CodeProof, true}, "none shown": {statement.CodeLate, false}} {
		u, id := listUnit(t, api.WatchlistOpen{Budget: 200, Step: 1, Echo: true})
		m := u.malloryOn(id)
		f := voprf.Findings{Echoes: []voprf.Echo{{1, 2, 3}}}
		if c.show {
			write(t, m.list.path("findings", 0), f.Marshal())
		}
		m.asks(0, 16, m.question("a", 16), nil)
		u.ok(u.node(north).sayOfList(t.Context(), m.list.said, voprf.Step{Do: voprf.DoRead, Digest: f.Digest()}))
		u.eventually("the list is ended", func() bool { return u.listAt(observer, id).State == voprf.StateBroken })
		if got := u.listAt(observer, id); got.Code != string(c.code) || got.EndedBy != south {
			t.Errorf("%s: %+v", what, got)
		}
		for _, name := range u.names {
			u.stop(name)
		}
	}
}

// TestWatchlistRestart: the key dies with the node. The list is closed on the
// record, and another one takes its place with what is left.
func TestWatchlistRestart(t *testing.T) {
	t.Parallel()
	days(t)
	u, id := listUnit(t, api.WatchlistOpen{Budget: 100})
	u.asksList(id, namesFile("north", 20), 1)
	u.stop(south)
	u.start(south)
	u.open(south)
	var next string
	u.eventually("another list takes its place", func() bool {
		for _, l := range must(u.node(north).Control().Watchlists(t.Context()))(t) {
			if l.ID != id && l.State == voprf.StateOpen && u.node(north).rounds.asking.live.get(l.ID) != nil {
				next = l.ID
			}
		}
		return next != ""
	})
	if old := u.listAt(north, id); old.State != voprf.StateBroken || old.Code != string(statement.CodeState) || old.EndedBy != south {
		t.Errorf("the old one: %+v", old)
	}
	got := u.asksList(next, namesFile("north", 2, "shared-two.example"), 1)
	if !slices.Equal(listHits(got), []string{"shared-two.example"}) || got.Budget != 100-23 || got.Until != u.listAt(north, id).Until {
		t.Errorf("the new one: %+v", got)
	}
}
