package watchlist

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"entente/match"
	"entente/observable"
	"entente/statement"
)

// told is a log of statements about lists, as it grows.
type told struct {
	t    testing.TB
	said []match.Said
}

func (l *told) say(party string, kind statement.Kind, body any, refs ...statement.Ref) statement.Ref {
	l.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		l.t.Fatal(err)
	}
	n := len(l.said)
	ref := statement.Ref{Origin: "entente/" + party + "/0", Index: uint64(n), ID: statement.TaggedSum("test", []byte{byte(n)}, data)}
	l.said = append(l.said, match.Said{Ref: ref, Party: party, Refs: refs, Kind: kind, Time: int64(1000 + n), Body: data})
	return ref
}

func termsOf(a *Announcement, budget int) Terms {
	return Terms{
		To: "north", Purpose: "the same intruder?", Types: []observable.Type{observable.Domain}, Normaliser: observable.NormaliserVersion,
		Announcement: base64.StdEncoding.EncodeToString(a.Marshal()), Budget: budget, Echo: true,
		Aged: match.Aged{Types: []observable.Type{}}, Stocks: []match.Stock{}, From: 1000, Until: 5000, Step: 60,
	}
}

func asked(n, items int, b byte) Step {
	return Step{Do: DoAsk, Number: n, Items: items, Digest: statement.Digest{b}}
}

// course is a list with two questions, one of them answered and read.
func course(t testing.TB) *told {
	_, a, _ := open(t, names("listed", 40))
	l := &told{t: t}
	at := l.say("south", OpenKind, termsOf(a, 64))
	l.say("north", StepKind, asked(0, 16, 1), at)
	l.say("south", StepKind, Step{Do: DoAnswer, Number: 0, Digest: statement.Digest{2}}, at)
	l.say("north", StepKind, Step{Do: DoRead, Number: 0, Digest: statement.Digest{3}}, at)
	l.say("north", StepKind, asked(1, 32, 4), at)
	l.say("south", StepKind, Step{Do: DoRefuse, Number: 1, Code: statement.CodeLate}, at)
	l.say("south", StepKind, Step{Do: DoClose}, at)
	return l
}

// TestListsFold: every body passes its own check, and the fold comes to the same
// list in whatever order the statements of different logs come in.
func TestListsFold(t *testing.T) {
	l := course(t)
	for i, s := range l.said {
		for _, spec := range Specs() {
			if err := spec.Check(s.Body); (err == nil) != (spec.Kind == s.Kind) {
				t.Errorf("statement %d, a %s, checked as %s: %v", i, s.Kind, spec.Kind, err)
			}
		}
	}
	if got := Lists(l.said[:6])[0]; got.State(4999) != StateOpen || got.State(5000) != StateOver {
		t.Errorf("%s, later %s", got.State(4999), got.State(5000))
	}
	rapid.Check(t, func(t *rapid.T) {
		var south, north []match.Said
		for _, s := range l.said {
			if s.Party == "south" {
				south = append(south, s)
			} else {
				north = append(north, s)
			}
		}
		var mixed []match.Said
		for len(south)+len(north) > 0 {
			from := &south
			if len(south) == 0 || len(north) > 0 && rapid.Bool().Draw(t, "north") {
				from = &north
			}
			mixed, *from = append(mixed, (*from)[0]), (*from)[1:]
		}
		lists := Lists(mixed)
		if len(lists) != 1 {
			t.Fatalf("%d lists", len(lists))
		}
		got := lists[0]
		if len(got.Asks) != 2 || got.Spent != 48 || got.Left() != 16 || got.State(1) != StateClosed || got.Answered() != 16 || got.Taken() != 16 ||
			got.Asks[0].Answer == nil || got.Asks[0].Read == nil || got.Asks[1].Refuse == nil || got.Asks[1].Void != "" {
			t.Fatalf("%+v", got)
		}
	})
}

// TestListsIgnoreWhatDoesNotFit: strangers, second words and skipped numbers move
// nothing; what is over the budget, too late or said again spends nothing and
// cannot be answered.
func TestListsIgnoreWhatDoesNotFit(t *testing.T) {
	_, a, _ := open(t, names("listed", 40))
	for what, c := range map[string]struct {
		say                  func(l *told, at statement.Ref)
		asks, spent, answers int
		void                 statement.Code // of the last question
	}{
		"a stranger asks": {func(l *told, at statement.Ref) { l.say("mallory", StepKind, asked(0, 16, 1), at) }, 0, 0, 0, ""},
		"the owner asks":  {func(l *told, at statement.Ref) { l.say("south", StepKind, asked(0, 16, 1), at) }, 0, 0, 0, ""},
		"a number is skipped": {func(l *told, at statement.Ref) {
			l.say("north", StepKind, asked(1, 16, 1), at)
		}, 0, 0, 0, ""},
		"a number twice": {func(l *told, at statement.Ref) {
			l.say("north", StepKind, asked(0, 16, 1), at)
			l.say("north", StepKind, asked(0, 16, 2), at)
		}, 1, 16, 0, ""},
		"another list": {func(l *told, at statement.Ref) { l.say("north", StepKind, asked(0, 16, 1), statement.Ref{}) }, 0, 0, 0, ""},
		"over the budget, and then within": {func(l *told, at statement.Ref) {
			l.say("north", StepKind, asked(0, 64, 1), at)
			l.say("north", StepKind, asked(1, 1, 2), at)
			l.say("south", StepKind, Step{Do: DoAnswer, Number: 1, Digest: statement.Digest{9}}, at)
		}, 2, 64, 0, statement.CodeBudget},
		"the same question again": {func(l *told, at statement.Ref) {
			l.say("north", StepKind, asked(0, 16, 1), at)
			l.say("north", StepKind, asked(1, 16, 1), at)
			l.say("south", StepKind, Step{Do: DoAnswer, Number: 1, Digest: statement.Digest{9}}, at)
		}, 2, 16, 0, statement.CodeSeq},
		"after its time": {func(l *told, at statement.Ref) {
			l.say("north", StepKind, asked(0, 16, 1), at)
			l.said[1].Time = 5000
		}, 1, 0, 0, statement.CodeLate},
		"answered by a stranger": {func(l *told, at statement.Ref) {
			l.say("north", StepKind, asked(0, 16, 1), at)
			l.say("mallory", StepKind, Step{Do: DoAnswer, Number: 0, Digest: statement.Digest{9}}, at)
			l.say("mallory", StepKind, Step{Do: DoClose}, at)
		}, 1, 16, 0, ""},
		"refused, and then answered": {func(l *told, at statement.Ref) {
			l.say("north", StepKind, asked(0, 16, 1), at)
			l.say("south", StepKind, Step{Do: DoRefuse, Number: 0, Code: statement.CodeLate}, at)
			l.say("south", StepKind, Step{Do: DoAnswer, Number: 0, Digest: statement.Digest{9}}, at)
		}, 1, 16, 0, ""},
	} {
		l := &told{t: t}
		at := l.say("south", OpenKind, termsOf(a, 64))
		c.say(l, at)
		got := Lists(l.said)[0]
		answers, void := 0, statement.Code("")
		for _, q := range got.Asks {
			if q.Answer != nil {
				answers++
			}
			void = q.Void
		}
		if len(got.Asks) != c.asks || got.Spent != c.spent || answers != c.answers || void != c.void || got.Ended != nil {
			t.Errorf("%s: %d questions, %d spent, %d answered, %q, %+v", what, len(got.Asks), got.Spent, answers, void, got.Ended)
		}
	}
	l := &told{t: t}
	l.say("mallory", OpenKind, termsOf(a, 64))
	if got := Lists(l.said); len(got) != 0 {
		t.Errorf("a list of another's: %+v", got[0])
	}
}

// TestFill: a question tells its size class and nothing of how much of it is real,
// and no dummy is ever a hit.
func TestFill(t *testing.T) {
	list := names("listed", 40)
	o, a, file := open(t, list)
	items, err := Fill(list[:3], 16, chance(4))
	if err != nil || len(items) != 16 {
		t.Fatal(len(items), err)
	}
	q := ask(t, a, items)
	answer, err := o.Answer(q.Bytes(), 16, chance(3))
	if err != nil {
		t.Fatal(err)
	}
	got, err := q.Open(answer, bytes.NewReader(file))
	if err != nil || len(got) != 3 {
		t.Errorf("%v, %v", hits(got), err)
	}
	f := Findings{Salt: [32]byte{1}}
	for _, h := range got {
		f.Echoes = append(f.Echoes, h.Echo)
	}
	again, err := ParseFindings(f.Marshal(), 16)
	if err != nil || again.Digest() != f.Digest() || len(again.Echoes) != 3 {
		t.Errorf("%+v, %v", again, err)
	}
	twice := Findings{Salt: f.Salt, Echoes: append(slices.Clone(f.Echoes), f.Echoes[1])}
	if _, err := ParseFindings(twice.Marshal(), 16); !errors.Is(err, refusal(statement.CodeSeq)) {
		t.Errorf("an echo twice: %v", err)
	}
	for _, bad := range [][]byte{nil, f.Marshal()[:31], f.Marshal()[:40], append(f.Marshal(), make([]byte, 64*14)...)} {
		if _, err := ParseFindings(bad, 16); !errors.Is(err, refusal(statement.CodeSize)) {
			t.Errorf("findings of %d bytes: %v", len(bad), err)
		}
	}
}

// TestBlocks: the file comes block by block, each held against the root.
func TestBlocks(t *testing.T) {
	o, a, file := open(t, names("listed", BlockTokens+100))
	outline := o.Outline()
	if err := a.CheckOutline(outline); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{2, -1, math.MaxInt, math.MinInt, 1 << 47, 1<<48 + 1, -1 << 47} { // times 65,536 some wrap around
		if b := o.Block(i); b != nil {
			t.Errorf("block %d has %d bytes", i, len(b))
		}
	}
	var got []byte
	for i := range a.Blocks() {
		if err := a.CheckBlock(outline, i, o.Block(i)); err != nil {
			t.Fatal(err)
		}
		got = append(got, o.Block(i)...)
	}
	if !slices.Equal(got, file) || a.Blocks() != 2 {
		t.Errorf("%d blocks, %d bytes of %d", a.Blocks(), len(got), len(file))
	}
	bent := slices.Clone(outline)
	bent[40] ^= 1
	wrong := o.Block(1)
	wrong[3] ^= 1
	for what, c := range map[string]struct {
		code statement.Code
		err  error
	}{
		"another outline":  {statement.CodeDigest, a.CheckOutline(bent)},
		"a short outline":  {statement.CodeSize, a.CheckOutline(outline[:32])},
		"another block":    {statement.CodeDigest, a.CheckBlock(outline, 1, wrong)},
		"the wrong place":  {statement.CodeSize, a.CheckBlock(outline, 0, o.Block(1))},
		"beyond the last":  {statement.CodeSize, a.CheckBlock(outline, 2, o.Block(1))},
		"a longer block":   {statement.CodeSize, a.CheckBlock(outline, 1, o.Block(0))},
		"no block":         {statement.CodeSize, a.CheckBlock(outline, 1, nil)},
		"a negative place": {statement.CodeSize, a.CheckBlock(outline, -1, o.Block(0))},
	} {
		if !errors.Is(c.err, refusal(c.code)) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
}

// TestEvidence: who was wrong follows from what both committed to.
func TestEvidence(t *testing.T) {
	list := names("listed", 40)
	o, a, _ := open(t, list)
	liar, err := NewOwner(t.Context(), "south", 7, list, chance(9))
	if err != nil {
		t.Fatal(err)
	}
	terms, err := json.Marshal(termsOf(a, 64))
	if err != nil {
		t.Fatal(err)
	}
	query := ask(t, a, list[:5]).Bytes()
	answer, err := o.Answer(query, 5, chance(3))
	if err != nil {
		t.Fatal(err)
	}
	liar.Announcement, liar.signer = o.Announcement, o.signer // another key behind the announced one
	lie, err := liar.Answer(query, 5, chance(3))
	if err != nil {
		t.Fatal(err)
	}
	identity := append(query[:queryHead:queryHead], make([]byte, 5*32)...)
	for what, c := range map[string]struct {
		guilty       string
		code         statement.Code
		query, reply []byte
		items        int
		otherwise    bool // the commitment is to something else
	}{
		"nothing wrong":           {"", "", query, answer, 5, false},
		"another key":             {"south", statement.CodeProof, query, lie, 5, false},
		"the identity":            {"north", statement.CodeValue, identity, nil, 5, false},
		"other than was said":     {"north", statement.CodeSize, query, nil, 4, false},
		"not what was committed":  {"", statement.CodeDigest, query, answer, 5, true},
		"nothing came":            {"", "", nil, nil, 5, false},
		"no answer came as yet":   {"", "", query, nil, 5, false},
		"an answer to no request": {"south", statement.CodeSignature, query, append(slices.Clone(answer[:len(answer)-1]), answer[len(answer)-1]^1), 5, false},
	} {
		e := Evidence{
			Format: EvidenceFormat, Terms: terms, Query: c.query, Reply: c.reply,
			Ask:    Step{Do: DoAsk, Items: c.items, Digest: QueryDigest(c.query)},
			Answer: Step{Do: DoAnswer, Digest: AnswerDigest(c.reply)},
		}
		if c.otherwise {
			e.Ask.Digest[0] ^= 1
		}
		data, _, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseEvidence(data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := again.Judge()
		if c.otherwise {
			if !errors.Is(err, refusal(c.code)) {
				t.Errorf("%s: %v", what, err)
			}
			continue
		}
		if err != nil || got.Guilty != c.guilty || (got.Why != nil) != (c.code != "") || got.Why != nil && got.Why.Code != c.code {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}

// FuzzSteps: no body is taken that is not a refusal, and none makes the fold stumble.
func FuzzSteps(f *testing.F) {
	l := course(f)
	for _, s := range l.said {
		f.Add(string(s.Kind), []byte(s.Body))
	}
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		for _, spec := range Specs() {
			if err := spec.Check(body); err != nil {
				if _, ok := statement.AsRefusal(err); !ok {
					t.Fatalf("not a refusal: %v", err)
				}
			}
		}
		for i := range l.said {
			if bent := slices.Clone(l.said); string(bent[i].Kind) == kind {
				bent[i].Body = body
				for _, s := range Lists(bent) {
					if s.Spent > s.Terms.Budget || s.Spent < 0 {
						t.Fatalf("%d spent of %d", s.Spent, s.Terms.Budget)
					}
				}
			}
		}
		if e, err := ParseEvidence(body); err == nil {
			_, _ = e.Judge()
		}
	})
}

// TestGoesOn: a list that officers did not sign stands only where it goes on with one
// that stands: the same terms under another key, no more budget than answers left,
// and the first to do so. Questions that are said afterwards change nothing.
func TestGoesOn(t *testing.T) {
	_, a, _ := open(t, names("listed", 40))
	_, b, _ := open(t, names("listed", 40))
	_, longer, _ := open(t, names("listed", 900))
	again := termsOf(b, 48)
	for what, c := range map[string]struct {
		bend   func(*Terms)
		end    *Step // instead of the owner's
		by     string
		twice  bool
		first  string // Void of the first
		late   *Step  // a close that is said when the new list stands, and claims to be the earliest
		lateBy string
		want   bool
	}{
		"the same":                              {want: true},
		"less budget":                           {bend: func(t *Terms) { t.Budget = 16 }, want: true},
		"more budget":                           {bend: func(t *Terms) { t.Budget = 49 }},
		"another partner":                       {bend: func(t *Terms) { t.To = "west" }},
		"a longer time":                         {bend: func(t *Terms) { t.Until++ }},
		"other types":                           {bend: func(t *Terms) { t.Types = []observable.Type{observable.URL} }},
		"no echo":                               {bend: func(t *Terms) { t.Echo = false }},
		"more items":                            {bend: func(t *Terms) { t.Announcement = base64.StdEncoding.EncodeToString(longer.Marshal()) }},
		"an older time":                         {bend: func(t *Terms) { t.From-- }},
		"for a fault":                           {end: &Step{Do: DoClose, Code: statement.CodeProof}},
		"as agreed":                             {end: &Step{Do: DoClose}},
		"by the partner":                        {end: &Step{Do: DoClose, Code: statement.CodeState}, by: "north"},
		"twice":                                 {twice: true},
		"closed earlier, as the partner claims": {late: &Step{Do: DoClose}, lateBy: "north", want: true},
		"for a fault, as the partner claims":    {late: &Step{Do: DoClose, Code: statement.CodeProof}, lateBy: "north", want: true},
		"closed earlier, as the owner claims":   {late: &Step{Do: DoClose, Code: statement.CodeProof}, lateBy: "south", want: true},
		"of a void one":                         {first: match.VoidNoPower},
	} {
		l := &told{t: t}
		at := l.say("south", OpenKind, termsOf(a, 64))
		l.said[0].Void = c.first
		l.say("north", StepKind, asked(0, 16, 1), at)
		l.say("south", StepKind, Step{Do: DoAnswer, Number: 0, Digest: statement.Digest{2}}, at)
		end, by := Step{Do: DoClose, Code: statement.CodeState}, "south"
		if c.end != nil {
			end = *c.end
		}
		if c.by != "" {
			by = c.by
		}
		l.say(by, StepKind, end, at)
		next := again
		if c.bend != nil {
			c.bend(&next)
		}
		opens := 1
		if c.twice {
			opens = 2
		}
		for range opens {
			l.say("south", OpenKind, next, at)
			l.said[len(l.said)-1].Void = match.VoidNoPower
		}
		l.say("north", StepKind, asked(1, 32, 7), at) // too late to take anything from it
		if c.late != nil {
			l.say(c.lateBy, StepKind, *c.late, at)
			l.said[len(l.said)-1].Time = 1001
		}
		list := Lists(l.said)
		last := list[len(list)-1]
		if stands := last.Void == ""; stands != c.want || (last.State(4000) == StateVoid) == c.want {
			t.Errorf("%s: void %q, %s", what, last.Void, last.State(4000))
		}
		if c.twice && list[1].Void != "" {
			t.Errorf("the first of two: void %q", list[1].Void)
		}
	}
	l := &told{t: t}
	l.say("south", OpenKind, again, statement.Ref{Origin: "entente/south/0", ID: statement.Digest{9}})
	l.said[0].Void = match.VoidNoPower
	if Lists(l.said)[0].Void == "" {
		t.Error("it goes on with none")
	}
}
