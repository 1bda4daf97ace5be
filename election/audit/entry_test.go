package audit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const board = "ballot,contest,state,choice,choice\n1-1-2,Mayor,votes,Bo\n1-1-1,Mayor,votes,Ann,\n1-1-1,Council,votes,Di,Cy\n1-2-9,Mayor,missing\n1-3-1,Mayor,Over\n"

func entries(t testing.TB, text string) Entries {
	t.Helper()
	es, err := ReadEntries(strings.NewReader(text), func(c string) bool { return c == "Ranked" })
	if err != nil {
		t.Fatal(err)
	}
	return es
}

func TestReadEntries(t *testing.T) {
	want := Entries{
		{"1-1-1", "Council", StateVotes, []string{"Cy", "Di"}},
		{"1-1-1", "Mayor", StateVotes, []string{"Ann"}},
		{"1-1-2", "Mayor", StateVotes, []string{"Bo"}},
		{"1-2-9", "Mayor", StateMissing, []string{}},
		{"1-3-1", "Mayor", StateOver, []string{}},
	}
	if d := cmp.Diff(want, entries(t, board)); d != "" {
		t.Error(d)
	}
	if got := entries(t, "ballot,contest,state\n1,Ranked,votes,B,A\n")[0].Choices; got[0] != "B" {
		t.Errorf("a ranking was sorted: %v", got)
	}
	if want[3].Paper() != nil || len(*want[4].Paper()) != 0 {
		t.Error("a card that is not found is none, an overvoted one has no choices")
	}
	for row, says := range map[string]string{
		"1,Mayor,votes":                "row 2: choices stand with the state votes",
		"1,Mayor,blank,Ann":            "row 2: choices stand with the state votes",
		"1,Mayor,maybe,Ann":            "row 2: no state \"maybe\"",
		"1,Mayor,votes,Ann,Ann":        "row 2: column 5: the choice \"Ann\" twice",
		"1,Mayor,blank\n1,Mayor,blank": "row 3: the ballot 1 stands in row 2 too",
		",Mayor,blank":                 "no ballot",
		"1,Mayor":                      "row 2",
		"1,Mayor,votes,A\u202enn":      "row 2: column 4: \"A\\u202enn\" holds U+202E",
		"1,\"Mayor,blank":              "row 2",
	} {
		if _, err := ReadEntries(strings.NewReader("ballot,contest,state\n"+row+"\n"), func(string) bool { return false }); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v; want one that says %q", row, err, says)
		}
	}
	if _, err := ReadEntries(strings.NewReader("a,b,c\n"), nil); err == nil {
		t.Error("other heads")
	}
}

// TestCommitEntries: the digest does not depend on the order of rows, and depends
// on everything else.
func TestCommitEntries(t *testing.T) {
	first := entries(t, board)
	lines := strings.Split(strings.TrimSpace(board), "\n")
	lines[1], lines[4] = lines[4], lines[1]
	commit := func(es Entries, audit, who string, salt byte) [32]byte {
		d, err := es.Commit(audit, who, [32]byte{salt})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	want := commit(first, "night", "a", 1)
	if commit(entries(t, strings.Join(lines, "\n")+"\n"), "night", "a", 1) != want {
		t.Error("another order is another digest")
	}
	for name, got := range map[string][32]byte{
		"audit": commit(first, "day", "a", 1), "board": commit(first, "night", "b", 1), "salt": commit(first, "night", "a", 2),
		"entries": commit(entries(t, strings.Replace(board, "Bo", "Cy", 1)), "night", "a", 1),
	} {
		if got == want {
			t.Errorf("another %s is the same digest", name)
		}
	}
}

// TestDoubleBlind: what two boards read differently is listed, and settled by a
// third entry that says neither less nor more.
func TestDoubleBlind(t *testing.T) {
	first := entries(t, board)
	second := entries(t, strings.NewReplacer("Bo\n", "Cy\n", "1-3-1,Mayor,Over\n", "1-4-1,Mayor,blank\n").Replace(board))
	got := Compare(first, second)
	var keys []string
	for _, d := range got {
		keys = append(keys, d.Ballot)
	}
	if strings.Join(keys, " ") != "1-1-2 1-3-1 1-4-1" || got[1].Second != nil || got[2].First != nil {
		t.Errorf("%+v", got)
	}
	third := entries(t, "ballot,contest,state\n1-1-2,Mayor,votes,Cy\n1-3-1,Mayor,over\n1-4-1,Mayor,absent\n")
	settled, err := Resolve(first, second, third)
	if err != nil || len(settled) != 6 {
		t.Fatalf("%+v, %v", settled, err)
	}
	if d := cmp.Diff(Compare(settled, first), []Difference{{"1-1-2", "Mayor", &third[0], &first[2]}, {"1-4-1", "Mayor", &third[2], nil}}); d != "" {
		t.Error(d)
	}
	if _, err := Resolve(first, second, third[:2]); err == nil || !strings.Contains(err.Error(), "ballot 1-4-1, Mayor: the boards differ, and the third entry does not say") {
		t.Error(err)
	}
	if _, err := Resolve(first, second, append(third, first[1])); err == nil || !strings.Contains(err.Error(), "ballot 1-1-1, Mayor: a third entry where the boards do not differ") {
		t.Error(err)
	}
	if settled, err := Resolve(first, first, nil); err != nil || cmp.Diff(settled, first) != "" {
		t.Error("boards that agree need a third")
	}
}

func FuzzEntries(f *testing.F) {
	f.Add([]byte(board))
	f.Add([]byte("\xef\xbb\xbfballot,contest,state\r1,Ranked,votes,\"B\nC\",A\r"))
	f.Fuzz(func(t *testing.T, data []byte) {
		es, err := ReadEntries(strings.NewReader(string(data)), func(c string) bool { return c == "Ranked" })
		if err != nil {
			return
		}
		if d := Compare(es, es); len(d) != 0 {
			t.Fatalf("%+v differ from themselves", d)
		}
		if settled, err := Resolve(es, nil, es); err != nil || len(settled) != len(es) {
			t.Fatal(err)
		}
	})
}
