package accord_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/accord"
	"entente/charter"
	"entente/statement"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// move is one statement of a made-up case, its parties by number: 0 and 1 are
// parties, 2 is the observer.
type move struct {
	by, kind, ref, no int
	late              int64
	stance            accord.Stance
	capacity, mode    string
	items             []madeItem
	names             []int
}

type madeItem struct {
	kind, what, text, where string
	who                     int // 3: both
	from, n                 int
	cmp                     string
	aligns                  int
	vague                   bool
}

func moves(t *rapid.T) []move {
	pick := func(list []string, name string) string { return rapid.SampledFrom(list).Draw(t, name) }
	num := func(n int, name string) int { return rapid.IntRange(0, n-1).Draw(t, name) }
	list := make([]move, rapid.IntRange(0, 14).Draw(t, "moves"))
	for i := range list {
		m := move{by: num(3, "by"), kind: num(8, "kind"), ref: num(i+1, "ref"), no: 1 + num(3, "no"), late: int64(num(4, "late")) * 60, capacity: pick([]string{"official", "official", "personal"}, "capacity"), mode: pick([]string{"open", "open", "sealed"}, "mode")}
		m.stance = rapid.SampledFrom([]accord.Stance{accord.Agree, accord.Differ, accord.Deny, accord.NoComment, accord.CannotSay, accord.Vague, accord.Retract, accord.Reveal, accord.Ack, accord.Park, accord.Correct}).Draw(t, "stance")
		for range 1 + num(2, "items") {
			m.items = append(m.items, madeItem{
				kind: pick([]string{"act", "act", "word", "state-of-mind", "measure", "absence"}, "kind"), what: pick([]string{"a", "a", "b", "b/scope", "c"}, "what"),
				text: pick([]string{"x", "y"}, "text"), where: pick([]string{"", "", "p", "q"}, "where"), who: rapid.SampledFrom([]int{3, 3, 0, 1, 2}).Draw(t, "who"), from: max(0, num(6, "from")-2), n: max(0, num(8, "n")-4),
				cmp: pick([]string{"=", ">=", "<", "~", "?"}, "cmp"), aligns: num(3, "aligns"), vague: num(8, "vague") == 0,
			})
		}
		if num(6, "accuses") == 0 {
			m.names = []int{num(2, "name")}
		}
		list[i] = m
	}
	return list
}

// stage builds the world of a made-up case with given names for its parties.
// Ids depend on the place of a statement alone, so that naming the parties the
// other way round changes nothing else.
func stage(moves []move, names [2]string) (accord.World, string) {
	ids := []string{names[0], names[1], "observer"}
	origin := func(by int) string { return "entente/" + ids[by] + "/00112233" }
	w := accord.World{Charter: charter.Charter{Name: "unit", Epoch: 1, CoolingOffSeconds: 60, Scope: []string{}}, Sizes: map[string]uint64{}}
	for by, id := range ids {
		w.Charter.Parties = append(w.Charter.Parties, charter.Party{ID: id, Role: map[bool]charter.Role{true: charter.RoleObserver, false: charter.RoleParty}[by == 2], Origin: origin(by), Name: id})
	}
	slices.SortFunc(w.Charter.Parties, func(a, b charter.Party) int { return strings.Compare(a.ID, b.ID) })
	const id = "00000000000000000000000000000001"
	now := int64(1_800_000_000)
	var refs, accounts []statement.Ref
	add := func(by int, kind statement.Kind, ref []statement.Ref, body any, part []byte, late int64) {
		raw, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		r := statement.Ref{Origin: origin(by), Index: w.Sizes[origin(by)], ID: sha256.Sum256(fmt.Append(nil, len(w.Said)))}
		w.Sizes[r.Origin]++
		s := accord.Said{Ref: r, Party: ids[by], Act: statement.Act{Kind: kind, Case: id, Refs: ref, Recipients: []string{}, Body: raw}}
		for o := range ids {
			if o != by {
				s.Act.Recipients = append(s.Act.Recipients, ids[o])
				w.Moments = append(w.Moments, accord.Moment{Origin: r.Origin, Size: r.Index + 1, Owner: now, By: ids[o], At: now + late})
			}
		}
		slices.Sort(s.Act.Recipients)
		if part != nil {
			s.Parts = map[int][]byte{1: part}
		}
		for _, officer := range []string{"one", "two"} {
			s.Approvals = append(s.Approvals, statement.Approval{Officer: officer, Key: stageKey(officer)})
		}
		w.Said, refs = append(w.Said, s), append(refs, r)
	}
	for by := range ids {
		o := accord.Officers{Contacts: []accord.Contact{}}
		for _, officer := range []string{"one", "two"} {
			o.Officers = append(o.Officers, accord.Officer{ID: officer, Name: officer, Roles: accord.Roles(), Keys: []accord.OfficerKey{{Form: "ed25519", Key: stageKey(officer)}}})
		}
		add(by, accord.KindOfficers, []statement.Ref{}, o, nil, 0)
	}
	for _, m := range moves {
		now += 3600
		body, part, kind := m.body(ids, now)
		ref := []statement.Ref{}
		if len(accounts) > 0 && (kind == accord.KindNotice || kind == accord.KindPosition && m.late > 0) {
			ref = append(ref, accounts[m.ref%len(accounts)])
		} else if len(refs) > 3 {
			ref = append(ref, refs[3+m.ref%(len(refs)-3)])
		}
		add(m.by, kind, ref, body, part, m.late)
		if kind == accord.KindAccount {
			accounts = append(accounts, refs[len(refs)-1])
		}
	}
	w.Now = time.Unix(now+3600, 0).UTC()
	return w, id
}

func stageKey(officer string) string {
	sum := sha256.Sum256([]byte(officer))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (m move) body(ids []string, now int64) (body any, part []byte, kind statement.Kind) {
	in := func(hours int64) accord.Instant { return accord.At(time.Unix(now+hours*3600, 0)) }
	text := accord.Texts{"en": "x"}
	switch m.kind {
	case 0, 1, 2:
		body, part = m.account(ids, in)
		return body, part, accord.KindAccount
	case 3:
		return accord.Notice{Level: accord.LevelRoutine, Ask: "explain", Subject: text, Text: text, What: []string{}, SeenFrom: []string{}, AckBy: in(1), To: []string{ids[(m.by+1)%2]}, Role: accord.RoleDuty, Part: accord.PartName("item", m.no)}, nil, accord.KindNotice
	case 4:
		return accord.Exhibit{Name: "x", MediaType: "text/plain", Kind: "file", Captured: accord.Captured{At: in(0), By: "x", Tool: "x"}, Custody: []accord.Custody{}, Held: "withheld", Reason: "x", Verify: []string{}}, nil, accord.KindExhibit
	case 5:
		stage := []string{"hypotheses", "rows", "judgement"}[m.no-1]
		a := accord.Assessment{Question: text, Level: "technical", AsOf: in(0), Stage: stage, Mode: "open", Hypotheses: []accord.Hypothesis{}, Judgements: []accord.Judgement{}, Assumptions: []accord.Texts{}, Gaps: []accord.Texts{}, WouldChange: []accord.Texts{}, Dissents: []accord.Dissent{}}
		if stage == "hypotheses" {
			a.Hypotheses = append(a.Hypotheses, accord.Hypothesis{No: 1, Text: text, Actors: []string{}, Excludes: []int{}})
		}
		if stage == "judgement" {
			a.Judgements = append(a.Judgements, accord.Judgement{Hypothesis: "other", Likelihood: accord.Likelihoods()[m.no], Confidence: "low", Why: text, About: "actor"})
		}
		return a, nil, accord.KindAssessment
	}
	p := accord.Position{Stance: m.stance, Capacity: m.capacity}
	if m.stance != accord.Reveal && m.stance != accord.Retract && m.stance != accord.Ack && m.stance != accord.Park && m.stance != accord.Correct {
		p.Part = accord.PartName("item", m.no)
	}
	return p, nil, accord.KindPosition
}

func (m move) account(ids []string, in func(int64) accord.Instant) (accord.Account, []byte) {
	text := accord.Texts{"en": "x"}
	a := accord.Account{Event: accord.Event{Title: text, From: in(0), Present: []string{}}, Mode: m.mode, Capacity: m.capacity, Names: []string{}, Items: []statement.Digest{}}
	if m.mode == "sealed" {
		a.RevealBy, a.CommitBy, a.Depositary = in(5), in(2), "observer"
	}
	for _, n := range m.names {
		a.Names = append(a.Names, ids[n])
	}
	var salted []accord.SaltedItem
	for i, it := range m.items {
		who := "both"
		if it.who < 3 {
			who = ids[it.who]
		}
		item := accord.Item{No: i + 1, Kind: it.kind, Who: who, What: it.what, Text: accord.Texts{"en": it.text}, Where: it.where, Basis: "recorded", Exhibits: []string{}, Vague: it.vague}
		if it.from > 0 {
			item.From = accord.At(time.Unix(1_700_000_000+int64(it.from)*60, 0))
		}
		if it.n > 0 {
			item.Quantity = &accord.Quantity{Cmp: it.cmp, N: int64(it.n), Unit: []string{"min", "h", "x"}[it.n-1]}
		}
		if it.aligns > 0 {
			item.Aligns = accord.PartName("item", it.aligns)
		}
		salt := sha256.Sum256([]byte{byte(i)})
		s := accord.SaltedItem{Salt: hex.EncodeToString(salt[:]), Item: item}
		d, err := accord.ItemDigest(s)
		if err != nil {
			panic(err)
		}
		salted, a.Items = append(salted, s), append(a.Items, d)
	}
	part, err := json.Marshal(salted)
	if err != nil {
		panic(err)
	}
	return a, part
}

// neutral is a derived value with the parties' names replaced by their numbers
// and every list but the rows sorted.
func neutral(t *rapid.T, v any, names [2]string) any {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal([]byte(strings.NewReplacer(names[0], "P0", names[1], "P1").Replace(string(raw))), &tree); err != nil {
		t.Fatal(err)
	}
	return sorted(tree, "")
}

func sorted(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = sorted(v[k], k)
		}
	case []any:
		for i := range v {
			v[i] = sorted(v[i], "")
		}
		if name != "Rows" {
			slices.SortFunc(v, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
	}
	return v
}

func shuffled(t *rapid.T, w accord.World) accord.World {
	w.Said = rapid.Permutation(append(slices.Clone(w.Said), w.Said[:len(w.Said)/2]...)).Draw(t, "said")
	w.Moments = rapid.Permutation(append(slices.Clone(w.Moments), w.Moments[:len(w.Moments)/2]...)).Draw(t, "moments")
	return w
}

// derived are all the things that this file's properties must hold for.
func derived(r *accord.Record, id string) map[string]any {
	charge, _ := r.Accusation(id)
	return map[string]any{"comparison": r.Compare(id), "accusation": charge, "questions": r.Questions(id), "state": r.CaseState(id)}
}

// TestDerivedProperties: whatever was said, in whatever order it is read and
// however often, everything derived is one and the same; and naming the parties
// the other way round names them the other way round in what is derived and
// changes nothing else, not the order of the rows.
func TestDerivedProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := moves(t)
		w, id := stage(list, [2]string{"north", "south"})
		one := derived(accord.NewRecord(w), id)
		again := derived(accord.NewRecord(shuffled(t, w)), id)
		swapped, _ := stage(list, [2]string{"south", "north"})
		two := derived(accord.NewRecord(swapped), id)
		for what := range one {
			a, b := mustJSON(t, one[what]), mustJSON(t, again[what])
			if a != b {
				t.Fatalf("%s depends on the order of reading:\n%s\n%s", what, a, b)
			}
			if d := cmp.Diff(neutral(t, one[what], [2]string{"north", "south"}), neutral(t, two[what], [2]string{"south", "north"})); d != "" {
				t.Fatalf("%s depends on who is who:\n%s", what, d)
			}
		}
	})
}

func mustJSON(t *rapid.T, v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestCompareIsTotal: every row has one of the outcomes, and of each party the
// items that its accounts hold and no others.
func TestCompareIsTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, id := stage(moves(t), [2]string{"north", "south"})
		r := accord.NewRecord(w)
		if c := r.CaseState(id); !slices.Contains(accord.CaseStates(), c.State) || !slices.Contains(accord.CaseKinds(), c.Kind) {
			t.Fatalf("state %q of a case of kind %q", c.State, c.Kind)
		}
		c := r.Compare(id)
		items := map[string]bool{}
		for _, row := range c.Rows {
			if !slices.Contains(accord.Outcomes(), row.Outcome) || row.Key == "" || len(row.Sides) != 2 {
				t.Fatalf("row %+v", row)
			}
			for _, s := range row.Sides {
				for _, it := range s.Items {
					key := fmt.Sprint(it.Account, it.Item.No)
					if it.Party != s.Party || items[key] {
						t.Fatalf("item %s in the column of %s, or twice", key, s.Party)
					}
					items[key] = true
				}
			}
		}
	})
}
