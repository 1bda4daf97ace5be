package audit

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entente/statement"
)

// entries seals what a board read of the first ballots, shows it, or both.
func (w *world) entries(party, board, read string, what ...string) {
	for _, what := range what {
		w.append(Said{Party: party, What: what, Name: board, Digest: sheet(party, board, read), Entries: entered(read)})
	}
}

// entered are entries of as many ballots as there are names.
func entered(read string) (es Entries) {
	for i, name := range strings.Fields(read) {
		es = append(es, Entry{fmt.Sprintf("1-1-%d", i+1), "Mayor", StateVotes, []string{name}})
	}
	return es
}

func sheet(party, board, read string) statement.Digest {
	return statement.TaggedSum("entries", []byte(party+board+read))
}

func (w *world) mayShow(party, board, read string) string {
	if err := MayShow("night", w.log, w.with, party, board, sheet(party, board, read), entered(read)); err != nil {
		return err.Error()
	}
	return ""
}

func TestSheets(t *testing.T) {
	w := newWorld(t)
	w.through(StepPublic)
	w.entries("north", "a", "Ann Ann", SealEntries)
	if err := w.mayShow("north", "a", "Ann Ann"); !strings.Contains(err, "before its log had recorded that another's board had sealed") {
		t.Error(err)
	}
	w.entries("south", "b", "Ann Bo", SealEntries)
	w.hearAll()
	if err := w.mayShow("north", "a", "Bo Bo"); !strings.Contains(err, "that it had not sealed") {
		t.Error(err)
	}
	if err := w.mayShow("north", "a", "Ann Ann"); err != "" {
		t.Fatal(err)
	}
	w.entries("north", "a", "Ann Ann", SaidEntries)
	w.hearAll()

	// South has seen what north read, and would rather have read the same.
	w.entries("south", "b", "Ann Ann", SealEntries)
	if err := w.mayShow("south", "b", "Ann Ann"); !strings.Contains(err, "show these first") {
		t.Error(err)
	}
	w.entries("south", "c", "Ann Ann", SealEntries, SaidEntries)
	w.entries("south", "b", "Ann Ann", SaidEntries)
	j := w.join()
	if _, err := j.Find("b"); err == nil || len(j.Faults) > 0 {
		t.Errorf("a sheet counts of which nobody knows whether it changed an earlier one: %+v", j)
	}
	w.entries("south", "b", "Ann Bo", SaidEntries)
	j = w.join()
	a, b, c := j.Sheets[0], j.Sheets[1], j.Sheets[3]
	if len(j.Faults) != 1 || j.Faults[0].Code != FaultEntries || j.Faults[0].Party != "south" || !strings.Contains(j.Faults[0].Says, "1-1-2") || j.Seed == "" || j.Sheets[2].Bad != BadChanged {
		t.Errorf("%+v", j)
	}
	if got, err := j.Find("b"); err != nil || got.Digest != b.Digest || !Apart(a, b) || !Apart(b, a) {
		t.Errorf("%+v, %v", got, err)
	}
	if Apart(a, c) || !slices.Equal(c.Knew, []string{"north/a"}) {
		t.Errorf("a board that read after the other showed is apart from it: %+v", c)
	}

	// A second round reads on, and changes nothing of the first.
	w.entries("north", "a", "Ann Ann Bo", SealEntries)
	w.entries("south", "d", "Ann Bo Bo", SealEntries)
	w.hearAll()
	w.entries("north", "a", "Ann Ann Bo", SaidEntries)
	j = w.join()
	if got, err := j.Find("north/a"); err != nil || got.Round != 2 || got.Bad != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := j.Find("north/b"); err == nil {
		t.Error("a board of another party")
	}
	w.entries("north", "b", "Bo", SealEntries, SaidEntries)
	if _, err := w.join().Find("b"); err == nil || !strings.Contains(err.Error(), "several parties") {
		t.Error(err)
	}
}

// TestShowedTooEarly: who shows before the other has sealed is at fault, and what
// the other seals then may have known it.
func TestShowedTooEarly(t *testing.T) {
	w := newWorld(t)
	w.entries("north", "a", "Ann", SealEntries, SaidEntries)
	w.entries("south", "b", "Ann", SealEntries, SaidEntries)
	j := w.join()
	if len(j.Faults) != 2 || j.Faults[0].Party != "north" || j.Faults[0].Code != FaultEarly || Apart(j.Sheets[0], j.Sheets[1]) {
		t.Errorf("%+v", j)
	}
}

func TestEntriesShown(t *testing.T) {
	es := Entries{{"1-1-1", "Mayor", StateVotes, []string{"Ann"}}, {"1-1-2", "Mayor", StateBlank, []string{}}}
	data, err := es.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseEntries(data)
	if err != nil || len(back) != 2 || !back[0].same(es[0]) {
		t.Fatal(back, err)
	}
	for old, wrong := range map[string]string{
		`"votes"`: `"many"`, `"1-1-2"`: `"1-1-1"`, `["Ann"]`: `[]`, `[]`: `null`, `,{`: ` ,{`, `"Mayor"`: `"Mayor "`, `"ballot"`: `"card"`,
	} {
		if _, err := ParseEntries(bytes.Replace(data, []byte(old), []byte(wrong), 1)); err == nil {
			t.Errorf("%s instead of %s is read", wrong, old)
		}
	}
	if _, err := (Entries{{Ballot: strings.Repeat("x", statement.MaxPart)}}).Marshal(); err == nil {
		t.Error("too large for a part")
	}
	salt := strings.Repeat("1", 64)
	if err := CheckSheet([]byte(`{"audit":"night","board":"a","salt":"` + salt + `"}`)); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{
		`{"audit":"night","board":"","salt":"` + salt + `"}`, `{"audit":"night","board":"a/b","salt":"` + salt + `"}`,
		`{"audit":"night","board":"a","salt":"` + strings.Repeat("0", 64) + `"}`, `{}`,
	} {
		if CheckSheet([]byte(bad)) == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func FuzzParseEntries(f *testing.F) {
	data, _ := Entries{{"1-1-1", "Mayor", StateVotes, []string{"Ann", "Bo"}}}.Marshal()
	f.Add(data)
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		es, err := ParseEntries(data)
		if err != nil {
			return
		}
		if again, err := es.Marshal(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%s, %v", again, err)
		}
		if d := Compare(es, es); len(d) > 0 {
			t.Fatal(d)
		}
	})
}
