package audit

import (
	"slices"
	"testing"
)

// The sequence is the one that Colorado's software is tested with.
func TestColoradoDraws(t *testing.T) {
	var got []int64
	for _, card := range Distinct("3546311556112163624615351222", 876) {
		if got = append(got, card); len(got) == 12 {
			break
		}
	}
	want := []int64{740, 180, 264, 789, 238, 448, 272, 611, 761, 208, 596, 88}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestAdams: of the 468,858 cards of Adams county, 103-484-34, on which paper
// and record differed, is the 138,145th by its manifest, and Colorado drew it in November
// 2024 as the 76th.
func TestAdams(t *testing.T) {
	if card := Draw("53417960661093690826", 76, 468_858); card != 138_145 {
		t.Errorf("draw 76 is card %d", card)
	}
}

// Every card comes up once, and no draw leaves its range.
func TestDistinctDrawsAll(t *testing.T) {
	seen := make(map[int64]bool)
	for _, card := range Distinct("1", 618) {
		if card < 1 || card > 618 || seen[card] {
			t.Fatalf("card %d", card)
		}
		seen[card] = true
	}
	if len(seen) != 618 {
		t.Errorf("%d of 618 cards", len(seen))
	}
	for range Distinct("1", 1) {
	}
}

// The figures are those that Rivest's consistent_sampler documents.
func TestTickets(t *testing.T) {
	if got := uniform("abc"); got[:22] != "0.56998071861792858926" {
		t.Errorf("abc is %s", got)
	}
	first := First("AB-130", "01382438112797316654")
	if first.Number != "0.26299714122838008416507544297546663599715395525154425586041245287750224561854" {
		t.Errorf("AB-130 is %s", first.Number)
	}
	if got := first.Next(); got.Number != "0.8232357229934205790595761924514048157652891124687533667363938813600770093316" || got.Generation != 2 {
		t.Errorf("the next is %+v", got)
	}
	seq, err := Tickets([]string{"A#2", "B#7", "C#1", "D#4"}, "314159", true)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for ticket := range seq {
		if ids = append(ids, ticket.ID); len(ids) == 8 {
			break
		}
	}
	if want := []string{"D#4", "C#1", "C#1", "B#7", "A#2", "C#1", "D#4", "B#7"}; !slices.Equal(ids, want) {
		t.Errorf("%v, want %v", ids, want)
	}
	seq, err = Tickets([]string{"ab-1", "ab-2", "cd-1", "ef-3"}, "314159", false)
	if err != nil {
		t.Fatal(err)
	}
	var short []string
	for ticket := range seq {
		short = append(short, ticket.Short(9)+" "+ticket.ID)
	}
	if want := []string{"0.317685817 cd-1", "0.832984519 ef-3", "0.9098039269 ab-1", "0.9231549043 ab-2"}; !slices.Equal(short, want) {
		t.Errorf("%v, want %v", short, want)
	}
	if _, err := Tickets([]string{"a", "b", "a"}, "1", false); err == nil {
		t.Error("an id that stands twice is drawn")
	}
}

func TestCheckSeed(t *testing.T) {
	for _, s := range []string{"", "12a", " 1", "１２", string(make([]byte, 65))} {
		if CheckSeed(s) == nil {
			t.Errorf("%q is a seed", s)
		}
	}
	if err := CheckSeed("53417960661093690826"); err != nil {
		t.Error(err)
	}
}

func BenchmarkDraw(b *testing.B) {
	for i := int64(1); b.Loop(); i++ {
		Draw("53417960661093690826", i, 468858)
	}
}

func BenchmarkTicket(b *testing.B) {
	for b.Loop() {
		First("103-484-34", "53417960661093690826")
	}
}
