package match

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"entente/match/group"
	"entente/observable"
	"entente/statement"
)

// hide lets south lock one of its own items with a second key.
func hide(item string, second *group.Scalar) func(g *meeting) func(r *Run) {
	return atCommit(func(g *meeting, r *Run, c *Commit) {
		v := observable.Value{Type: observable.Domain, Canonical: item}
		h := hashItem(g.agreed.SID, v)
		right, wrong := h.Mul(r.key), h.Mul(second)
		from, to := right.Encode(), wrong.Encode()
		data := bytes.Clone(r.ours().pointsOf(g.t, ListOwn))
		at := bytes.Index(data, from[:]) / group.Size
		copy(data[at*group.Size:], to[:])
		sorted := gather(data, sortOrder(data))
		// its item and leaf move with the point
		place := bytes.Index(sorted, to[:]) / group.Size
		order := append([]uint32(nil), r.order...)
		order = append(order[:at], order[at+1:]...)
		r.order = append(order[:place], append([]uint32{r.order[at]}, order[place:]...)...)
		if err := r.reroot(c); err != nil {
			g.t.Fatal(err)
		}
		if err := r.own(ListOwn, sorted); err != nil {
			g.t.Fatal(err)
		}
		r.ours().points = nil
	})
}

// TestHiddenHit: a side that locks a probe with a second key learns in secret
// whether the other has it. Nobody's proof shows that; an audit that draws the
// probe does, and a disclosure of all items.
func TestHiddenHit(t *testing.T) {
	second := (&group.Scalar{})
	*second = *group.HashScalar("test", []byte("second key"))
	for _, audit := range []int{0, 1000} {
		g := meet(t, mixed(16, 12, 7), func(m *Manifest) {
			if m.Audit.Items = audit; audit == 0 {
				m.Audit.Sees = SeesNobody
			}
		}).start()
		lying := hide("shared-3.example", second)(g)
		g.lying = true
		g.tamper = func(side int, r *Run) {
			if side == 1 {
				lying(r)
			}
		}
		_ = g.play(nil)
		if audit > 0 {
			accused(t, g, 1, statement.CodeProof)
			continue
		}
		north, south := g.runs[0], g.runs[1]
		if !north.Done() || len(matched(t, north)) != 6 {
			t.Fatalf("north sees %v", matched(t, north))
		}
		// south takes its second lock off what north returned, and looks it up
		found, inverse := false, second.Invert()
		z, u := south.partner().pointsOf(t, ListNamed), north.ours().pointsOf(t, ListOwn)
		for at := 0; at < len(z); at += group.Size {
			p, err := group.Decode(z[at : at+group.Size])
			if err != nil {
				t.Fatal(err)
			}
			p = p.Mul(inverse)
			e := p.Encode()
			found = found || bytes.Contains(u, e[:])
		}
		if !found {
			t.Error("the attack that this test is about does not work")
		}
		if err := disclosed(t, g, 1); !errors.Is(err, refusal(statement.CodeProof)) {
			t.Errorf("a disclosure of all items gave %v", err)
		}
		if err := disclosed(t, g, 0); err != nil {
			t.Errorf("the honest side's disclosure gave %v", err)
		}
	}
}

// disclosed shows a side's whole list to an auditor.
func disclosed(t *testing.T, g *meeting, side int) error {
	t.Helper()
	var file bytes.Buffer
	if err := g.runs[1-side].WriteTranscript(&file, false); err != nil {
		t.Fatal(err)
	}
	v, err := Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	self := g.runs[side].Self()
	return v.CheckDisclosure(side, self.Proof, self.Disclose(g.sets[side], g.seeds[side]))
}

// TestObserverAudit: the observer alone sees the audited items.
func TestObserverAudit(t *testing.T) {
	g := meet(t, mixed(20, 10, 4), func(m *Manifest) {
		m.Observer, m.Audit = "observer", Audit{Items: 5, Sees: SeesObserver}
	}).start()
	if err := g.play(func(_ int, id ID, raw []byte) []byte {
		if id.Kind == KindOpenings {
			t.Error("the partner sees an opening")
		}
		return raw
	}); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := g.runs[0].WriteTranscript(&file, false); err != nil {
		t.Fatal(err)
	}
	v, err := Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range g.runs {
		if !r.Done() {
			t.Fatalf("waits for %v", r.Want())
		}
		pages, err := r.ForObserver()
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range pages {
			if err := v.Accept(raw, nil); err != nil {
				t.Error(err)
			}
		}
	}
	if rep := v.Report(); rep.Audited != [2]int{5, 5} {
		t.Errorf("audited %v", rep.Audited)
	}
}

func TestDisclosure(t *testing.T) {
	g := meet(t, mixed(20, 10, 4), nil).start()
	if err := g.play(nil); err != nil {
		t.Fatal(err)
	}
	for side := range g.runs {
		if err := disclosed(t, g, side); err != nil {
			t.Error(err)
		}
	}
	g.sets[0] = append(names("other", 1), g.sets[0].(Items)[1:]...)
	if err := disclosed(t, g, 0); !errors.Is(err, refusal(statement.CodeDigest)) {
		t.Errorf("other items gave %v", err)
	}
	g.runs[1].self.Proof[0] ^= 1
	if err := disclosed(t, g, 1); !errors.Is(err, refusal(statement.CodeDigest)) {
		t.Errorf("another proof gave %v", err)
	}
}

// TestAuditOdds: over 10,000 runs, an audit of s items out of many finds a list
// of which the share f is bad as often as 1-(1-f)^s says.
func TestAuditOdds(t *testing.T) {
	const n, runs = 10_000, 10_000
	places := make([]int, n)
	for i := range places {
		places[i] = i
	}
	for _, c := range []struct {
		s int
		f float64
	}{{50, 0.01}, {50, 0.05}, {300, 0.001}} {
		bad, found := int(c.f*n), 0
		for run := range runs {
			d := drawing{seed: []byte{byte(run), byte(run >> 8), byte(c.s), byte(bad)}}
			hit := false
			for _, at := range d.choose(places, c.s) {
				hit = hit || at < bad
			}
			if hit {
				found++
			}
		}
		got, want := float64(found)/runs, 1-math.Pow(1-c.f, float64(c.s))
		sigma := math.Sqrt(want * (1 - want) / runs)
		// drawing without putting back finds a little more: at most s/2n of it
		if d := got - want; d < -4*sigma || d > 4*sigma+want*float64(c.s)/(2*n) {
			t.Errorf("s=%d f=%v: found in %.4f of the runs, want %.4f ± %.4f", c.s, c.f, got, want, sigma)
		}
	}
}

func TestDrawing(t *testing.T) {
	d := drawing{seed: []byte("seed")}
	got := d.choose([]int{4, 5, 6}, 9)
	if len(got) != 3 || got[0] != 4 || got[1] != 5 || got[2] != 6 {
		t.Errorf("all of three are %v", got)
	}
	if got := d.choose(nil, 3); len(got) != 0 {
		t.Errorf("none are %v", got)
	}
}
