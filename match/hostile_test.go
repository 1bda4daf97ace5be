package match

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/match/group"
	"entente/match/tree"
	"entente/observable"
	"entente/statement"
)

// lie is one thing that the side south does wrong. North must refuse with the
// code, blame south, and hold a transcript from which anybody finds the same.
type lie struct {
	name     string
	code     statement.Code
	manifest func(m *Manifest)
	tamper   func(g *meeting) func(r *Run) // of south, before it logs or answers
	bend     func(g *meeting) func(id ID, raw []byte) []byte
}

func once(f func(r *Run) bool) func(r *Run) {
	done := false
	return func(r *Run) {
		if !done {
			done = f(r)
		}
	}
}

// atCommit changes south before its commit is logged, and commits to that.
func atCommit(change func(g *meeting, r *Run, c *Commit)) func(g *meeting) func(r *Run) {
	return func(g *meeting) func(r *Run) {
		return once(func(r *Run) bool {
			c, err := parseCommit(r.small[ID{Kind: KindCommit}])
			if err != nil {
				g.t.Fatal(err)
			}
			change(g, r, c)
			c.List = r.ours().lists[ListOwn].outline.digest(c.Items)
			r.small[ID{Kind: KindCommit}] = c.marshal()
			return true
		})
	}
}

// atReturn changes the named list that south returns, before its digest is
// logged; if sorted, the sorted list is made from it.
func atReturn(sorted bool, change func(g *meeting, r *Run, named []byte) []byte) func(g *meeting) func(r *Run) {
	return func(g *meeting) func(r *Run) {
		return once(func(r *Run) bool {
			if _, made := r.small[ID{Kind: KindReturned}]; !made {
				return false
			}
			us := r.ours()
			named, was := change(g, r, us.pointsOf(g.t, ListNamed)), us.pointsOf(g.t, ListSorted)
			if err := r.returned(named); err != nil {
				g.t.Fatal(err)
			}
			if !sorted {
				if err := r.own(ListSorted, was); err != nil {
					g.t.Fatal(err)
				}
				n := len(named) / group.Size
				ret := &Returned{Named: r.ours().lists[ListNamed].outline.digest(n), Sorted: r.ours().lists[ListSorted].outline.digest(n)}
				r.small[ID{Kind: KindReturned}] = ret.marshal()
			}
			return true
		})
	}
}

// list puts another own list into south's hands.
func (r *Run) relist(change func(points []string) []string) {
	var points []string
	data, err := r.ours().lists[ListOwn].points(0, r.ours().lists[ListOwn].n)
	for at := 0; at < len(data); at += group.Size {
		points = append(points, string(data[at:at+group.Size]))
	}
	if err := errors.Join(err, r.own(ListOwn, []byte(strings.Join(change(points), "")))); err != nil {
		panic(err) // a list in memory
	}
}

// reroot commits to the items in the order that the list has now.
func (r *Run) reroot(c *Commit) error {
	leaves := make([]tree.Digest, len(r.order))
	for i, at := range r.order {
		v, err := r.item(int(at))
		if err != nil {
			return err
		}
		leaves[i] = leafOf(r.salt(v), v)
	}
	r.leaves = tree.New(leaves)
	c.Root = r.leaves.Root()
	return nil
}

// with puts a point into the list in the place of another, in order.
func with(point []byte) func(points []string) []string {
	return func(points []string) []string {
		points[0] = string(point)
		slices.Sort(points)
		return points
	}
}

// body changes the body of south's messages of one id.
func body(want ID, change func(g *meeting, b []byte) []byte) func(g *meeting) func(id ID, raw []byte) []byte {
	return func(g *meeting) func(id ID, raw []byte) []byte {
		return func(id ID, raw []byte) []byte {
			if id != want {
				return raw
			}
			return g.resign(raw, func(m *Message) { m.Body = change(g, m.Body) })
		}
	}
}

// opened changes the first opening of a page and proves the page again.
func opened(kind Kind, change func(o *Opening)) func(g *meeting) func(id ID, raw []byte) []byte {
	return body(ID{Kind: kind}, func(g *meeting, b []byte) []byte {
		p, err := parsePage(b, &g.agreed.Manifest.Sides[1])
		if err != nil {
			g.t.Fatal(err)
		}
		change(&p.openings[0])
		return p.marshal()
	})
}

func flip(at int) func(*meeting, []byte) []byte {
	return func(_ *meeting, b []byte) []byte {
		b[at] ^= 1
		return b
	}
}

func bytesOf(b byte, end byte) []byte { return append(bytes.Repeat([]byte{b}, 31), end) }

func theirCommit(g *meeting) *Commit {
	c, err := parseCommit(g.runs[0].small[ID{Kind: KindCommit}])
	if err != nil {
		g.t.Fatal(err)
	}
	return c
}

func aged(seconds int64) func(m *Manifest) {
	return func(m *Manifest) {
		m.Aged = Aged{Types: []observable.Type{observable.Domain}, Seconds: seconds}
	}
}

func lies() []lie {
	commit, chunk := ID{Kind: KindCommit}, ID{Kind: KindChunk}
	return []lie{
		{name: "reflection: the partner's key with its proof", code: statement.CodeProof, tamper: atCommit(func(g *meeting, _ *Run, c *Commit) {
			c.Key, c.Know = theirCommit(g).Key, theirCommit(g).Know
		})},
		{name: "reflection: the partner's list", code: statement.CodeKey, bend: body(commit, func(g *meeting, b []byte) []byte {
			c, _ := parseCommit(b)
			c.List = theirCommit(g).List
			return c.marshal()
		})},
		{name: "reflection: one point of the partner's list", code: statement.CodeValue, tamper: atCommit(func(g *meeting, r *Run, _ *Commit) {
			r.relist(with(g.runs[0].ours().pointsOf(g.t, ListOwn)[5*group.Size : 6*group.Size]))
		})},
		{name: "the identity for a key", code: statement.CodeValue, bend: body(commit, func(_ *meeting, b []byte) []byte {
			c, _ := parseCommit(b)
			c.Key = group.Encoded{}
			return c.marshal()
		})},
		{name: "another length than agreed", code: statement.CodeSize, bend: body(commit, func(_ *meeting, b []byte) []byte {
			c, _ := parseCommit(b)
			c.Items = MaxItems
			return c.marshal()
		})},
		{name: "a commit with a byte too many", code: statement.CodeSize, bend: body(commit, func(_ *meeting, b []byte) []byte { return append(b, 0) })},
		{name: "the proof of a key from an old run", code: statement.CodeProof, tamper: atCommit(func(g *meeting, r *Run, c *Commit) {
			var err error
			if c.Know, err = group.Know(r.key, fields([]byte("key"), make([]byte, 32), []byte("south")), &stream{}); err != nil {
				g.t.Fatal(err)
			}
		})},
		{name: "the identity in the list", code: statement.CodeValue, tamper: atCommit(func(_ *meeting, r *Run, _ *Commit) { r.relist(with(make([]byte, 32))) })},
		{name: "a non-canonical encoding", code: statement.CodeValue, tamper: atCommit(func(_ *meeting, r *Run, _ *Commit) { r.relist(with(bytesOf(0xff, 0xff))) })},
		{name: "a negative encoding", code: statement.CodeValue, tamper: atCommit(func(_ *meeting, r *Run, _ *Commit) { r.relist(with(append([]byte{1}, make([]byte, 31)...))) })},
		{name: "an unsorted list", code: statement.CodeSeq, tamper: atCommit(func(_ *meeting, r *Run, _ *Commit) {
			r.relist(func(p []string) []string { p[8], p[9] = p[9], p[8]; return p })
		})},
		{name: "unsorted across chunks", code: statement.CodeSeq, tamper: atCommit(func(_ *meeting, r *Run, _ *Commit) {
			r.relist(func(p []string) []string { p[1], p[2] = p[2], p[1]; return p })
		})},
		{name: "a point twice", code: statement.CodeSeq, tamper: atCommit(func(_ *meeting, r *Run, _ *Commit) {
			r.relist(func(p []string) []string { p[9] = p[8]; return p })
		})},
		{name: "a list other than the committed one", code: statement.CodeDigest, bend: body(ID{Kind: KindOutline}, flip(40))},
		{name: "an outline too long", code: statement.CodeSize, bend: body(ID{Kind: KindOutline}, func(_ *meeting, b []byte) []byte { return append(b, b...) })},
		{name: "a chunk other than the announced one", code: statement.CodeDigest, bend: body(chunk, flip(3))},
		{name: "a chunk too short", code: statement.CodeSize, bend: body(chunk, func(_ *meeting, b []byte) []byte { return b[:32] })},
		{name: "a chunk too long", code: statement.CodeSize, bend: body(chunk, func(_ *meeting, b []byte) []byte { return append(b, b...) })},
		{name: "one wrong element", code: statement.CodeProof, tamper: atReturn(true, func(_ *meeting, r *Run, w []byte) []byte {
			p := group.Base(77)
			e := p.Encode()
			copy(w[7*group.Size:], e[:])
			return w
		})},
		{name: "two keys", code: statement.CodeProof, tamper: atReturn(true, func(g *meeting, r *Run, w []byte) []byte {
			for at := 0; at < len(w)/2; at += group.Size {
				p, err := group.Decode(w[at : at+group.Size])
				if err != nil {
					g.t.Fatal(err)
				}
				q := p.Add(&p)
				e := q.Encode()
				copy(w[at:], e[:])
			}
			return w
		})},
		{name: "a permuted list", code: statement.CodeProof, tamper: atReturn(true, func(_ *meeting, _ *Run, w []byte) []byte {
			first := string(w[:group.Size])
			copy(w, w[group.Size:2*group.Size])
			copy(w[group.Size:], first)
			return w
		})},
		{name: "false corroboration: the partner's answer for an own one", code: statement.CodeProof, tamper: atReturn(true, func(g *meeting, _ *Run, w []byte) []byte {
			theirs, from := g.runs[1].ours().points, 0
			z := make([]byte, len(theirs)*group.Size)
			group.LockAll(g.runs[0].key, theirs, z)
			for at := 0; at < len(w); at += group.Size { // points of w that z has too stay
				if !bytes.Contains(z, w[at:at+group.Size]) && !bytes.Contains(w, z[from:from+group.Size]) {
					copy(w[at:], z[from:from+group.Size])
				}
				from = min(from+group.Size, len(z)-group.Size)
			}
			return w
		})},
		{name: "names other than the sorted ones", code: statement.CodeDigest, tamper: atReturn(false, func(_ *meeting, _ *Run, w []byte) []byte {
			p := group.Base(77)
			e := p.Encode()
			copy(w, e[:])
			return w
		})},
		{name: "a place named twice", code: statement.CodeSeq, bend: body(ID{Kind: KindChunk, List: ListNamed, Index: 1}, func(g *meeting, _ []byte) []byte {
			b, err := g.runs[1].board.body(1, ID{Kind: KindChunk, List: ListNamed})
			if err != nil {
				g.t.Fatal(err)
			}
			return b
		})},
		{name: "a place that is none", code: statement.CodeSeq, bend: body(ID{Kind: KindChunk, List: ListNamed, Index: 1}, flip(0))},
		{name: "the identity returned", code: statement.CodeValue, tamper: atReturn(true, func(_ *meeting, _ *Run, w []byte) []byte {
			clear(w[:group.Size])
			return w
		})},
		{name: "the partner's proof, mirrored", code: statement.CodeProof, bend: body(ID{Kind: KindOutline, List: ListNamed}, func(g *meeting, b []byte) []byte {
			if pr := g.runs[0].ours().lists[ListNamed].outline.proof; pr != nil {
				copy(b[len(b)-group.ProofSize:], pr[:])
			}
			return b
		})},
		{name: "a wrong count", code: statement.CodeValue, bend: body(ID{Kind: KindCount}, flip(3))},
		{name: "a wrong salt in a receipt", code: statement.CodeDigest, bend: opened(KindReceipts, func(o *Opening) { o.Salt[0] ^= 1 })},
		{name: "a wrong item in a receipt", code: statement.CodeDigest, bend: opened(KindReceipts, func(o *Opening) { o.Item.Canonical = "other.example" })},
		{name: "a wrong path in a receipt", code: statement.CodeDigest, bend: opened(KindReceipts, func(o *Opening) { o.Path[0][0] ^= 1 })},
		{name: "a stock that does not hold the item", code: statement.CodeDigest, bend: opened(KindReceipts, func(o *Opening) { o.StockPath[0][0] ^= 1 })},
		{name: "an item of a type that was not agreed", code: statement.CodeValue, bend: opened(KindReceipts, func(o *Opening) { o.Item.Type = "md5" })},
		{name: "another item than the matched one", code: statement.CodeSeq, bend: opened(KindReceipts, func(o *Opening) { o.Index ^= 1 })},
		{name: "a receipt without a proof", code: statement.CodeProof, bend: body(ID{Kind: KindReceipts}, func(_ *meeting, b []byte) []byte {
			clear(b[len(b)-group.ProofSize:])
			return b
		})},
		{name: "no receipt", code: statement.CodeSeq, bend: body(ID{Kind: KindReceipts}, func(_ *meeting, b []byte) []byte {
			return (&page{last: true}).marshal()
		})},
		{name: "a receipt that is too young", code: statement.CodeAge, manifest: func(m *Manifest) {
			aged(86400)(m)
			m.Sides[1].Stocks[0].Time = began.Add(-23 * time.Hour).UnixMilli()
		}},
		{name: "a receipt without a stock", code: statement.CodeAge, manifest: aged(86400), bend: opened(KindReceipts, func(o *Opening) { o.Stock = -1 })},
		{name: "items committed to that were not locked", code: statement.CodeProof, tamper: atCommit(func(_ *meeting, r *Run, c *Commit) {
			other := make([]tree.Digest, c.Items)
			salt := [32]byte{7}
			for i := range other {
				v := observable.Value{Type: observable.Domain, Canonical: "other.example"}
				other[i] = leafOf(salt, v)
			}
			r.leaves = tree.New(other)
			c.Root = r.leaves.Root()
		}), bend: body(ID{Kind: KindReceipts}, func(g *meeting, b []byte) []byte {
			p, err := parsePage(b, &g.agreed.Manifest.Sides[1])
			if err != nil {
				g.t.Fatal(err)
			}
			for i := range p.openings {
				o := &p.openings[i]
				o.Item, o.Salt, o.Stock = observable.Value{Type: observable.Domain, Canonical: "other.example"}, [32]byte{7}, -1
			}
			return p.marshal()
		})},
		{name: "another nonce than committed", code: statement.CodeDigest, bend: body(ID{Kind: KindNonce}, flip(0))},
		{name: "an audit of other items", code: statement.CodeSeq, bend: opened(KindOpenings, func(o *Opening) { o.Index ^= 1 })},
		{name: "a closing with another count", code: statement.CodeValue, bend: body(ID{Kind: KindClosing}, flip(3))},
		{name: "a closing about other receipts", code: statement.CodeDigest, bend: body(ID{Kind: KindClosing}, flip(9))},
		{name: "an abort that says nothing", code: statement.CodeField, bend: body(commit, nil)},
	}
}

// TestHostilePartner: every lie ends the run with its code, and the transcript
// convinces a third party of the same.
func TestHostilePartner(t *testing.T) {
	for _, l := range lies() {
		t.Run(l.name, func(t *testing.T) {
			sizes := mixed(16, 12, 7)
			if strings.Contains(l.name, "chunk") { // of more than one point
				sizes = mixed(100, 90, 25)
			}
			g := meet(t, sizes, l.manifest).start()
			g.lying = true
			if l.tamper != nil {
				lying := l.tamper(g)
				g.tamper = func(side int, r *Run) {
					if side == 1 {
						lying(r)
					}
				}
			}
			change := func(_ ID, raw []byte) []byte { return raw }
			if l.name == "an abort that says nothing" {
				change = func(_ ID, raw []byte) []byte {
					return g.resign(raw, func(m *Message) { m.ID, m.Body = ID{Kind: KindAbort}, nil })
				}
			} else if l.bend != nil {
				change = l.bend(g)
			}
			_ = g.play(func(from int, id ID, raw []byte) []byte {
				if from == 0 || g.runs[0].Fault() != nil {
					return raw
				}
				return change(id, raw)
			})
			accused(t, g, 1, l.code)
		})
	}
}

// accused checks that the other side ended the run with this code and blames
// this one, that a verifier finds the same, and that the accusation fails where
// it points at an honest message.
func accused(t *testing.T, g *meeting, side int, code statement.Code) {
	t.Helper()
	r := g.runs[1-side]
	f := r.Fault()
	if f == nil || f.Side != side || f.Refusal.Code != code {
		t.Fatalf("the fault is %+v, want %s of side %d", f, code, side)
	}
	if r.key != nil || r.Want() != nil {
		t.Error("the run goes on, or its key is still there")
	}
	if ids := r.ToLog(); len(ids) != 1 || ids[0].Kind != KindAbort {
		t.Errorf("to be logged: %v", ids)
	} else if err := r.Logged(g.now, ids[0], g.place()); err != nil {
		t.Error(err)
	}
	var file bytes.Buffer
	if err := r.WriteTranscript(&file, true); err != nil {
		t.Fatal(err)
	}
	evidence := file.Bytes()
	rep, err := Verify(bytes.NewReader(evidence))
	if err != nil {
		t.Fatalf("the evidence is refused: %v", err)
	}
	found := side
	if f.Refusal.Detail == "a closing that speaks of other receipts or openings than were sent" {
		found = -1 // word against word
	}
	if rep.Fault == nil || rep.Fault.Side != found || rep.Fault.Refusal.Code != code {
		t.Errorf("a third party finds %+v", rep.Fault)
	}
	if rep.Aborts[1-side] == nil || rep.Aborts[1-side].Code != code || rep.Aborts[1-side].Fault != side {
		t.Errorf("the abort says %+v", rep.Aborts[1-side])
	}
	if _, err := Verify(bytes.NewReader(evidence[:len(evidence)-1])); !errors.Is(err, refusal(statement.CodeSize)) {
		t.Errorf("evidence that is cut off gave %v", err)
	}
}

// TestFalseAccusation: an honest message shown as a fault is none.
func TestFalseAccusation(t *testing.T) {
	g := meet(t, mixed(10, 10, 2), nil).start()
	if err := g.play(nil); err != nil {
		t.Fatal(err)
	}
	raw, err := g.runs[1].Message(ID{Kind: KindCommit})
	if err != nil {
		t.Fatal(err)
	}
	g.runs[0].fault = &Fault{Side: 1, Refusal: statement.Refuse(statement.CodeProof, "made up"), Message: raw, Place: &Place{}}
	var file bytes.Buffer
	if err := g.runs[0].WriteTranscript(&file, true); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(&file); !errors.Is(err, refusal(statement.CodeProof)) {
		t.Errorf("a false accusation gave %v", err)
	}
}

// TestSaidTwice: a second, other commit is a fault, whenever it comes.
func TestSaidTwice(t *testing.T) {
	g := meet(t, mixed(10, 10, 2), nil).start()
	if err := g.play(nil); err != nil {
		t.Fatal(err)
	}
	raw, err := g.runs[1].Message(ID{Kind: KindCommit})
	if err != nil {
		t.Fatal(err)
	}
	other := g.resign(raw, func(m *Message) { m.Body[140] ^= 1 })
	var f *Fault
	if err := g.runs[0].Accept(g.now, other, &Place{}); !errors.As(err, &f) {
		t.Fatalf("another commit gave %v", err)
	}
	accused(t, g, 1, statement.CodeChanged)
}

// TestNobody: what no side signed, or another run, ends nothing.
func TestNobody(t *testing.T) {
	g := meet(t, mixed(10, 10, 2), nil).start()
	old := meet(t, mixed(10, 10, 2), func(m *Manifest) { m.Purpose = "last month" }).start()
	ids := []ID{{Kind: KindCommit}}
	for _, id := range ids {
		raw, err := g.runs[1].Message(id)
		if err != nil {
			t.Fatal(err)
		}
		replayed, err := old.runs[1].Message(id)
		if err != nil {
			t.Fatal(err)
		}
		unsigned := slices.Clone(raw)
		unsigned[len(unsigned)-1] ^= 1
		own, err := g.runs[0].Message(id)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			raw  []byte
			code statement.Code
		}{
			"an old session": {replayed, statement.CodeState}, "a wrong signature": {unsigned, statement.CodeSignature},
			"one's own": {own, statement.CodeParty}, "nothing": {nil, statement.CodeRequest}, "too much": {make([]byte, MaxMessage+1), statement.CodeSize},
		} {
			if err := g.runs[0].Accept(g.now, c.raw, &Place{}); !errors.Is(err, refusal(c.code)) {
				t.Errorf("%s gave %v", name, err)
			}
		}
	}
	if g.runs[0].Fault() != nil {
		t.Error("somebody's bytes ended the run")
	}
	if err := g.play(nil); err != nil || !g.runs[0].Done() {
		t.Errorf("the run does not go on: %v", err)
	}
}

// TestUsedKey: a key of an earlier run is refused; the two commits are the
// evidence, in two transcripts.
func TestUsedKey(t *testing.T) {
	g := meet(t, mixed(10, 10, 2), nil).start()
	old := meet(t, mixed(10, 10, 3), func(m *Manifest) { m.Purpose = "last month" }).start()
	seen := map[group.Encoded]bool{}
	c, err := parseCommit(old.runs[1].small[ID{Kind: KindCommit}])
	if err != nil {
		t.Fatal(err)
	}
	seen[c.Key] = true
	conf := g.config(0)
	conf.Used = func(k group.Encoded) bool { return seen[k] }
	if g.runs[0], err = New(conf); err != nil {
		t.Fatal(err)
	}
	if err := g.runs[0].Prepare(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := g.play(nil); !errors.Is(err, refusal(statement.CodeKey)) {
		t.Errorf("a key used twice gave %v", err)
	}
}

// TestSilence: whoever stops answering, before or after it has the other's
// list, is late, and the abort says so.
func TestSilence(t *testing.T) {
	for _, stop := range []ID{{Kind: KindCommit}, {Kind: KindChunk, Index: 3}, {Kind: KindReturned}, {Kind: KindChunk, List: ListNamed, Index: 30}, {Kind: KindReceipts}, {Kind: KindClosing}} {
		g := meet(t, mixed(40, 40, 5), nil).start()
		if err := g.play(func(from int, id ID, raw []byte) []byte {
			if from == 1 && id == stop {
				return nil
			}
			return raw
		}); err != nil {
			t.Fatal(err)
		}
		r := g.runs[0]
		if err := r.Overdue(r.moved.Add(time.Minute)); err != nil {
			t.Errorf("%s: late in time: %v", stop, err)
		}
		if err := r.Overdue(r.moved.Add(time.Minute + 1)); !errors.Is(err, refusal(statement.CodeLate)) || r.Fault().Side != 1 {
			t.Errorf("%s: %v", stop, err)
		}
		if ids := r.ToLog(); len(ids) != 1 || ids[0].Kind != KindAbort {
			t.Errorf("%s: to be logged: %v", stop, ids)
		}
		var file bytes.Buffer
		if err := r.WriteTranscript(&file, false); err != nil {
			t.Fatal(err)
		}
		if rep, err := Verify(&file); err != nil || rep.Closed || rep.Fault != nil {
			t.Errorf("%s: the observer finds %+v, %v", stop, rep, err)
		}
		if stop.List == ListNamed && r.partner().lists[ListNamed].got != 30 {
			t.Errorf("ahead by %d", 30-r.partner().lists[ListNamed].got)
		}
	}
}
