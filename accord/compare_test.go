package accord

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entente/charter"
	"entente/statement"
)

// account makes an open account with items and its part 1.
func account(t testing.TB, items ...Item) (Account, []byte) {
	t.Helper()
	a := samples()[KindAccount].(Account)
	list := []SaltedItem{}
	for i, it := range items {
		it.No = i + 1
		salt := sha256.Sum256([]byte{byte(i)})
		s := SaltedItem{hex.EncodeToString(salt[:]), it}
		d, err := ItemDigest(s)
		if err != nil {
			t.Fatal(err)
		}
		list, a.Items = append(list, s), append(a.Items, d)
	}
	part, err := marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return a, part
}

// tell logs an account with its items open to every reader.
func (s *story) tell(party string, a Account, part []byte, refs ...statement.Ref) statement.Ref {
	ref := s.say(party, KindAccount, a, refs...)
	last := &s.w.Said[len(s.w.Said)-1]
	last.Parts = map[int][]byte{1: part}
	for _, p := range s.w.Charter.Others(party) {
		last.Act.Recipients = append(last.Act.Recipients, p.ID)
	}
	slices.Sort(last.Act.Recipients)
	return ref
}

func onItem(s Stance, no int) Position {
	return Position{Part: PartName("item", no), Stance: s, Capacity: "official"}
}

func (s *story) row(t testing.TB, key string) CompareRow {
	t.Helper()
	for _, r := range s.record().Compare(s.last).Rows {
		if r.Key == key {
			return r
		}
	}
	t.Fatalf("no row %q", key)
	return CompareRow{}
}

// TestAnswers: only a party states its position. What the other says of it, its
// silence and its refusal to comment turn nothing into agreement.
func TestAnswers(t *testing.T) {
	s := newStory(t)
	a, part := account(t, claim(func(it *Item) { it.Kind, it.Who, it.What = "word", "south", "south-agreed" }), claim(nil))
	north := s.tell("north", a, part)
	s.pass(minute)
	want := func(key string, o Outcome) CompareRow {
		t.Helper()
		row := s.row(t, key)
		if row.Outcome != o {
			t.Errorf("%s: %s, want %s", key, row.Outcome, o)
		}
		return row
	}
	row := want("south-agreed", OutOnly)
	if it := row.Sides[0].Items[0]; it.Kind != "state-of-mind" || !slices.Equal(row.About, []string{"south"}) {
		t.Errorf("north's word of south counts as %s about %v", it.Kind, row.About)
	}
	n := samples()[KindNotice].(Notice)
	n.Ask, n.Part, n.To = "explain", "item/1", []string{"south"}
	for range 5 { // two of them beyond the quota of open ones
		s.say("north", KindNotice, n, north)
		s.pass(day)
	}
	s.pass(3000 * day)
	if row := want("south-agreed", OutNotAnswered); row.Asked != 3 || s.now-row.Since < 3000*day {
		t.Errorf("asked %d times since %d, now %d", row.Asked, row.Since, s.now)
	}
	s.say("south", KindPosition, Position{Stance: NoComment, Capacity: "official"}, north)
	s.pass(minute)
	want("south-agreed", OutNoComment)
	want("scan", OutNoComment)
	personal := onItem(Agree, 1)
	personal.Capacity = "personal"
	s.say("south", KindPosition, personal, north)
	s.say("south", KindPosition, stance(Deny), north) // of no item
	s.say("north", KindPosition, onItem(Agree, 1), north)
	s.pass(minute)
	row = want("south-agreed", OutNoComment)
	if d := row.Sides[1].Dissents; len(d) != 1 || d[0].Label != LabelPersonal {
		t.Errorf("the personal word is not beside it: %+v", d)
	}
	denial := s.say("south", KindPosition, onItem(Deny, 1), north)
	s.pass(minute)
	if row := want("south-agreed", OutContradict); row.Sides[0].Items[0].Kind != "word" {
		t.Error("answered, and still a state of mind")
	}
	want("scan", OutNoComment)
	s.sayBy([]string{"duty"}, "south", KindPosition, onItem(NoComment, 1), north)
	s.pass(minute)
	if row := want("south-agreed", OutContradict); len(row.Sides[1].Dissents) != 1 {
		t.Errorf("another officer's no-comment is not beside the denial: %+v", row.Sides[1])
	}
	s.say("south", KindPosition, stance(Retract), denial)
	s.pass(minute)
	want("south-agreed", OutNoComment)
}

// TestCorrection: a correction re-runs the comparison, and the one before is
// had by asking as of its time or sizes.
func TestCorrection(t *testing.T) {
	s := newStory(t)
	amount := func(n int64) Item { return claim(func(it *Item) { it.Quantity = &Quantity{"=", n, "hosts"} }) }
	a, part := account(t, amount(3))
	first := s.tell("north", a, part)
	b, other := account(t, amount(4))
	s.tell("south", b, other)
	s.pass(minute)
	before, sizes := s.world().Now, s.world().Sizes
	if row := s.row(t, "scan"); row.Outcome != OutContradict {
		t.Fatalf("%+v", row.Verdict)
	}
	s.pass(hour)
	second := s.tell("north", b, other)
	s.say("north", KindPosition, stance(Correct), first, second)
	s.pass(minute)
	if row := s.row(t, "scan"); row.Outcome != OutAgreed {
		t.Errorf("after the correction: %+v", row.Verdict)
	}
	for name, w := range map[string]World{"time": s.world().AsOf(before), "sizes": s.world().Upto(sizes)} {
		if rows := NewRecord(w).Compare(s.last).Rows; len(rows) != 1 || rows[0].Outcome != OutContradict {
			t.Errorf("as of the %s before: %+v", name, rows)
		}
	}
}

// TestAlignment: an item joins another's row by its author's word alone, and
// nobody moves an item of the other side.
func TestAlignment(t *testing.T) {
	s := newStory(t)
	a, part := account(t, claim(nil), claim(func(it *Item) { it.What = "leak" }))
	north := s.tell("north", a, part)
	b, other := account(t,
		claim(func(it *Item) { it.What, it.Aligns = "probe", "item/1" }),
		claim(func(it *Item) { it.What = "loss" }),
		claim(func(it *Item) { it.What, it.Vague = "tone", true }),
	)
	south := s.tell("south", b, other, north)
	p := onItem(Differ, 2)
	p.Counter = "item/2"
	s.say("south", KindPosition, p, north, south)
	steal := onItem(Differ, 3)
	steal.Counter = "item/1"
	s.say("north", KindPosition, steal, south, south)
	s.pass(minute)
	got := map[string]Verdict{}
	c := s.record().Compare(s.last)
	for _, r := range c.Rows {
		got[r.Key] = r.Verdict
	}
	if len(got) != 3 || got["scan"].Why != WhyTag || got["scan"].Outcome != OutDiffer || got["leak"].Outcome != OutDiffer || got["tone"].Why != WhyVague {
		t.Errorf("%+v", got)
	}
	if c.Counts[OutNotComparable] != 0 || c.Counts[OutDiffer] != 2 {
		t.Errorf("counts %v: what its author calls vague is left out", c.Counts)
	}
}

// TestObservationsStandAlone: rows of a clause are things of their own even
// under one tag.
func TestObservationsStandAlone(t *testing.T) {
	s := newStory(t)
	clause := s.say("north", KindProposal, s.clause())
	for _, party := range []string{"north", "south"} {
		a, part := account(t, claim(nil), claim(nil))
		a.Part = "clause/1"
		s.tell(party, a, part, clause)
	}
	s.pass(minute)
	if rows := s.record().Compare(s.last).Rows; len(rows) != 4 {
		t.Errorf("%d rows, want 4", len(rows))
	}
}

// TestSealed: neither side reads the other's before it has committed to its own
// or let its time pass, and what was committed to is what opens.
func TestSealed(t *testing.T) {
	s := newStory(t)
	seal := func(a Account, part []byte) (Account, []byte) {
		a.Mode, a.Depositary, a.CommitBy, a.RevealBy = "sealed", "observer", s.in(day), s.in(2*day)
		return a, part
	}
	a, part := seal(account(t, claim(nil)))
	b, other := seal(account(t, claim(func(it *Item) { it.Kind = "absence" })))
	north := s.tell("north", a, part)
	is := func(ref statement.Ref, want SealState, missing ...string) Seal {
		t.Helper()
		got, ok := s.record().Reveal(ref)
		if !ok || got.State != want || !slices.Equal(got.Missing, missing) {
			t.Errorf("%s, missing %v; want %s, %v", got.State, got.Missing, want, missing)
		}
		return got
	}
	s.pass(minute)
	is(north, SealClosed, "south")
	refused := func(err error, code statement.Code) {
		t.Helper()
		if !errors.Is(err, &statement.Refusal{Code: code}) {
			t.Errorf("%v, want %s", err, code)
		}
	}
	refused(s.record().MayReveal("north", north), statement.CodeState)
	refused(s.record().MayDisclose("observer", north), statement.CodeState)
	if rows := s.record().Compare(s.last).Rows; len(rows) != 0 {
		t.Errorf("a sealed account is compared where it happens to be readable: %v", rows)
	}
	s.sayBy([]string{"duty"}, "south", KindAccount, b) // one officer's is not south's
	s.pass(minute)
	is(north, SealClosed, "south")
	empty, nothing := seal(account(t))
	s.tell("south", empty, nothing) // who tells nothing has not told its own
	s.pass(minute)
	is(north, SealClosed, "south")
	south := s.tell("south", b, other)
	s.pass(minute)
	is(north, SealMayReveal)
	is(south, SealMayReveal)
	refused(s.record().MayReveal("south", north), statement.CodeParty)
	if err := s.record().MayReveal("north", north); err != nil {
		t.Error(err)
	}
	s.say("north", KindPosition, stance(Reveal), north)
	s.pass(minute)
	if got := is(north, SealRevealed); got.Early {
		t.Error("in time, and called early")
	}
	s.pass(2 * day)
	is(south, SealNotOpened)
	refused(s.record().MayDisclose("north", south), statement.CodeParty)
	refused(s.record().MayDisclose("observer", north), statement.CodeState)
	if err := s.record().MayDisclose("observer", south); err != nil {
		t.Error(err)
	}
	s.sayBy(nil, "observer", KindDisclosure, Disclosure{Part: 1, Reason: "deadline"}, south)
	s.pass(minute)
	if got := is(south, SealDisclosed); got.Early {
		t.Error("opened after the deadline, and called early")
	}
	if row := s.row(t, "scan"); row.Outcome != OutContradict {
		t.Errorf("%+v", row.Verdict)
	}
	for i := range s.w.Said {
		if s.w.Said[i].Ref == south {
			s.w.Said[i].Parts = map[int][]byte{1: part} // north's text in its place
		}
	}
	is(south, SealTampered)
	if row := s.row(t, "scan"); row.Outcome != OutOnly {
		t.Errorf("a tampered account counts: %+v", row.Verdict)
	}
}

// TestSealedAlone: at the deadline the one account opens alone, and is marked;
// before it, opening is early.
func TestSealedAlone(t *testing.T) {
	for _, c := range []struct {
		wait  int64
		early bool
	}{{hour, true}, {day + hour, false}} {
		s := newStory(t)
		a, part := account(t, claim(nil))
		a.Mode, a.CommitBy, a.RevealBy = "sealed", s.in(day), s.in(2*day)
		north := s.tell("north", a, part)
		s.pass(c.wait)
		s.say("north", KindPosition, stance(Reveal), north)
		s.pass(minute)
		s.pass(day)
		got, _ := s.record().Reveal(north)
		if got.State != SealRevealed || got.Early != c.early || !got.Alone || !slices.Equal(got.Missing, []string{"south"}) {
			t.Errorf("opened after %d s: %+v", c.wait, got)
		}
	}
}

// TestFreeTextStaysQuoted: what a party writes stands in the report in quotation
// marks or as a code word, and makes no markup of its own.
func TestFreeTextStaysQuoted(t *testing.T) {
	const hostile = "x” | **agreed** <b>signed</b> [a](b) `c` ### south agrees"
	s := newStory(t)
	a, part := account(t, claim(func(it *Item) {
		it.Text, it.Where, it.Source = Texts{"en": hostile}, hostile, hostile
		it.What, it.Quantity = "`a` | **agreed**", &Quantity{"=", 1, "`h` | **agreed**"}
	}))
	a.Event.Title = Texts{"en": "x | **agreed** [a](b)"}
	s.tell("north", a, part)
	s.pass(minute)
	got := CompareText(Lexicon{Lang: "en", Text: func(key string) string {
		if key == "accord.quote" {
			return "“{text}”"
		}
		return key + " {text}"
	}}, []Comparison{s.record().Compare(s.last)})
	for _, bad := range []string{"**agreed**", "<b>", "[a](b)", "\n###", "`c`", "x”"} {
		for line := range strings.Lines(got) {
			bare := inCode.ReplaceAllString(line, "")
			if strings.Contains(bare, bad) {
				t.Errorf("%q stands in %s", bad, line)
			}
		}
	}
}

var inCode = regexp.MustCompile("`[^`]*`")

// TestThreeParties: who takes no part in what two others tell is no column of
// it, and an agreement of two hides no silence of the third.
func TestThreeParties(t *testing.T) {
	s := newStory(t)
	s.w.Charter.Parties = append(s.w.Charter.Parties, charter.Party{ID: "west", Role: charter.RoleParty, Name: "west", Origin: originOf("west")})
	s.say("west", KindOfficers, staff("west"))
	s.round()
	a, part := account(t, claim(nil))
	north := s.tell("north", a, part)
	s.tell("south", a, part)
	s.pass(minute)
	c := s.record().Compare(s.last)
	if len(c.Rows) != 1 || c.Rows[0].Outcome != OutAgreed || !slices.Equal(c.Parties, []string{"north", "south"}) {
		t.Errorf("%v: %+v", c.Parties, c.Rows)
	}
	n := samples()[KindNotice].(Notice)
	n.Ask, n.Part, n.To = "explain", "item/1", []string{"west"}
	s.say("observer", KindNotice, n, north)
	s.pass(minute)
	row := s.row(t, "scan")
	if row.Outcome != OutNotAnswered || !slices.Equal(row.Parties, []string{"west"}) || len(row.Sides) != 3 {
		t.Errorf("%+v", row.Verdict)
	}
	s.say("west", KindPosition, onItem(Deny, 1), north)
	s.pass(minute)
	if row := s.row(t, "scan"); row.Outcome != OutContradict {
		t.Errorf("%+v", row.Verdict)
	}
}

// TestCircle: two parties put their items beside each other, and others come
// beside these: that is one row, in whatever order the world is read.
func TestCircle(t *testing.T) {
	s := newStory(t)
	tagged := func(tag string) Item { return claim(func(it *Item) { it.What = tag }) }
	a, part := account(t, tagged("first"))
	north := s.tell("north", a, part)
	s.pass(minute)
	beside := tagged("second")
	beside.Aligns = "item/1"
	a, part = account(t, beside)
	south := s.tell("south", a, part, north)
	b := onItem(Differ, 1)
	b.Counter = "item/1"
	s.say("north", KindPosition, b, south, north)
	third := tagged("third")
	third.Aligns = "item/1"
	a, part = account(t, third)
	s.tell("south", a, part, south)
	s.pass(minute)
	w := s.world()
	for range 2 {
		rows := NewRecord(w).Compare(s.last).Rows
		if len(rows) != 1 || rows[0].Key != "first" || len(rows[0].Sides[1].Items) != 2 {
			t.Errorf("%d rows: %+v", len(rows), rows)
		}
		slices.Reverse(w.Said)
	}
}

// TestMost: what a party says beyond measure in one row is shown, labelled, and
// held against nothing; so are its words on a whole account but the last ones.
func TestMost(t *testing.T) {
	s := newStory(t)
	one, part := account(t, claim(nil))
	north := s.tell("north", one, part)
	a, part := account(t, slices.Repeat([]Item{claim(nil)}, maxBeside+20)...)
	s.tell("south", a, part)
	for range 3 * maxWhole {
		s.say("south", KindPosition, stance(NoComment), north)
		s.sayBy(nil, "south", KindPosition, stance(CannotSay), north)
	}
	s.pass(minute)
	row := s.row(t, "scan")
	over := 0
	for _, v := range row.Sides[1].Items {
		if v.Label == LabelOverQuota {
			over++
		}
	}
	if row.Outcome != OutAgreed || len(row.Sides[1].Items) != maxBeside+20 || over != 20 {
		t.Errorf("%s, %d items, %d of them over", row.Outcome, len(row.Sides[1].Items), over)
	}
	if v := row.Sides[0].Items[0]; len(v.Answers) != 2*maxWhole || v.standing("south") == nil || v.standing("south").Stance != NoComment {
		t.Errorf("%d answers, what stands: %+v", len(v.Answers), v.standing("south"))
	}
}
