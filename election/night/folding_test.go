package night

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestFolding: in whatever order the logs of parties come in, and whatever is read
// meanwhile, the histories are those of all statements read from nothing; one
// party's are dropped and read anew; and what was given out stays as it was.
func TestFolding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		logs := make(map[string][]Said)
		parties := []string{"north", "south", "observer"}
		for _, party := range parties {
			for i := range rapid.IntRange(0, 12).Draw(t, party) {
				at, root := int64(1000*i+1), rapid.IntRange(0, 3).Draw(t, "root")
				one := version(party, uint64(i), root, at)
				if rapid.Bool().Draw(t, "same") {
					one = same(party, uint64(i), root, at, at+rapid.Int64Range(0, 5000).Draw(t, "for"))
				}
				if rapid.Bool().Draw(t, "elsewhere") {
					for k := range one.Same {
						one.Same[k].URL = "https://b.example/"
					}
				}
				logs[party] = append(logs[party], one)
			}
		}
		var f Folding
		taken, at := []Said{}, make(map[string]int)
		type look struct{ given, then []History }
		var looks []look
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			party := rapid.SampledFrom(parties).Draw(t, "next")
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				given := f.Histories()
				looks = append(looks, look{given, copied(given)})
				if want := Fold(taken); !reflect.DeepEqual(given, want) {
					t.Fatalf("a history that grew differs from one read whole:\n%s", cmp.Diff(want, given))
				}
			case 1: // as when something of a party was taken back
				f.Forget(party)
				for _, s := range logs[party][:at[party]] {
					f.Add(s)
				}
			default:
				if at[party] < len(logs[party]) {
					s := logs[party][at[party]]
					f.Add(s)
					taken = append(taken, s)
					at[party]++
				}
			}
		}
		for _, l := range looks {
			if !reflect.DeepEqual(l.given, l.then) {
				t.Fatalf("what was given out has changed:\n%s", cmp.Diff(l.then, l.given))
			}
		}
	})
}

func copied(all []History) []History {
	out := append([]History{}, all...)
	for i := range out {
		out[i].Versions = append([]Seen{}, out[i].Versions...)
	}
	return out
}
