package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"entente/statement"
)

// read is what a board reads of cards: Ann on all but those named.
func read(board string, salt byte, cards []string, bo ...string) Reading {
	r := Reading{Audit: "night", Board: board, Salt: strings.Repeat(fmt.Sprintf("%02x", salt), 32)}
	for _, c := range slices.Sorted(slices.Values(cards)) {
		who := "Ann"
		if slices.Contains(bo, c) {
			who = "Bo"
		}
		r.Entries = append(r.Entries, Entry{Ballot: c, Contest: "Mayor", State: StateVotes, Choices: []string{who}})
	}
	return r
}

func sealOf(t *testing.T, party string, index uint64, r Reading) Sealed {
	t.Helper()
	d, err := r.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return Sealed{Party: party, Index: index, What: SealEntries, Name: r.Board, Digest: d, Size: int64(len(r.Entries))}
}

// TestCourse: the risk of each draw is what would have been measured then, and
// the last is what is measured.
func TestCourse(t *testing.T) {
	c := Contest{Name: "Mayor", Rule: RulePlurality, Method: MethodPolling, Winners: []string{"Ann"}, Losers: []string{"Bo"}, Votes: map[string]int64{"Ann": 70, "Bo": 30}, Cards: 100, Limit: "0.1"}
	m, err := ReadManifest(strings.NewReader("Tabulator,Batch,Cards\n1,1,100\n"))
	if err != nil {
		t.Fatal(err)
	}
	const seed = "12345678901234567890"
	sequence, err := c.Sequence(seed, m)
	if err != nil {
		t.Fatal(err)
	}
	var cards []string
	for label := range sequence {
		if cards = append(cards, label); len(cards) == 25 {
			break
		}
	}
	entries := read("red", 1, cards, cards[3], cards[9]).Entries
	got, err := c.Measure(seed, m, entries, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 25 || got.Rows[3].Paper != "Bo" || got.Rows[4].Paper != "Ann" || got.Seen != 25 {
		t.Errorf("%+v", got.Rows)
	}
	course, err := got.Course(10)
	if err != nil || len(course) != 10 || course[9] != (Point{25, got.Risk}) {
		t.Fatalf("%v %v", course, err)
	}
	short, err := c.Measure(seed, m, read("red", 1, cards[:course[4].Draws], cards[3], cards[9]).Entries, nil, nil)
	if err != nil || short.Risk != course[4].Risk {
		t.Errorf("after %d draws %v, measured then %v (%v)", course[4].Draws, course[4].Risk, short.Risk, err)
	}
	if course, err = got.Course(100); err != nil || len(course) != 25 {
		t.Errorf("%d points of 25 draws: %v", len(course), err)
	}
	if _, err := c.Measure(seed, m, read("red", 1, append(slices.Clone(cards[1:]), "1-1-0")).Entries, nil, nil); err == nil {
		t.Error("a chosen sample is measured")
	}
	compare := c
	compare.Method = MethodComparison
	records, err := NewRecords(compare)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		records.Add(Vote{map[bool]string{true: "Ann", false: "Bo"}[i < 70]})
	}
	votes := make(map[string]Vote)
	for card := range maps.Keys(entries.Cards("Mayor")) {
		votes[card] = Vote{"Ann"}
	}
	delete(votes, cards[0])
	got, err = compare.Measure(seed, m, entries, records, votes)
	if err != nil || !slices.Equal(got.Unrecorded, cards[:1]) || got.Rows[1].Record != "Ann" || got.Rows[0].Record != "" || got.Differ != 3 {
		t.Errorf("%+v %v", got.Outcome, err)
	}
}

// FuzzParseReading: whatever the bytes, there is a reading with a digest or an error.
func FuzzParseReading(f *testing.F) {
	f.Add([]byte(`{"audit": "night", "board": "red", "salt": "` + statement.Digest{1}.String() + `", "entries": [{"ballot": "1", "contest": "Mayor", "state": "votes", "choices": ["Ann"]}]}`))
	f.Add([]byte(`{"board": "red"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseReading(data)
		if err != nil {
			return
		}
		if _, err := r.Digest(); err == nil && len(r.Salt) != 64 {
			t.Fatalf("a salt of %q", r.Salt)
		}
	})
}
