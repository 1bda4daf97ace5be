package audit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readManifest(t testing.TB, text string) *Manifest {
	t.Helper()
	m, err := ReadManifest(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestManifestRoot: the same batches have one root, whatever the spelling of
// the file; a change of anything, also of their order, has another.
func TestManifestRoot(t *testing.T) {
	want := readManifest(t, "County,Tabulator,Batch,Cards,Location\nX,1,a,10,bin 1\nX,1,b,20,bin 2\n").Root()
	if got := readManifest(t, "\ufeffBatch Name,# of Ballots,Tabulator ID,County,Locations\r\na,\"10\",1,X,bin 1\r\nb,20,1,X,bin 2\r\n").Root(); got != want {
		t.Error("another spelling has another root")
	}
	for _, other := range []string{"X,1,a,11,bin 1\nX,1,b,20,bin 2", "X,1,b,20,bin 2\nX,1,a,10,bin 1", "Y,1,a,10,bin 1\nX,1,b,20,bin 2", "X,2,a,10,bin 1\nX,1,b,20,bin 2", "X,1,a,10,bin 3\nX,1,b,20,bin 2", "X,1,a,10,bin 1", "X,1,a,10,bin 1\nX,1,b,20,bin 2\nX,1,c,0,"} {
		if readManifest(t, "County,Tabulator,Batch,Cards,Location\n"+other+"\n").Root() == want {
			t.Errorf("%q has the same root", other)
		}
	}
}

func TestManifestMatch(t *testing.T) {
	m := readManifest(t, "Tabulator,Batch,Cards\n1,a,10\n1,b,20\n2,a,5\n2,c,0\n")
	if d := m.Match([]Batch{{Tabulator: "1", Name: "a", Cards: 10}, {Tabulator: "1", Name: "b", Cards: 20}, {Tabulator: "2", Name: "a", Cards: 5}}); len(d) != 0 {
		t.Errorf("%+v", d)
	}
	want := []Mismatch{{"1", "b", 20, 19}, {"2", "a", 5, 0}, {"2", "d", 0, 5}}
	if d := cmp.Diff(want, m.Match([]Batch{{Tabulator: "1", Name: "a", Cards: 10}, {Tabulator: "1", Name: "b", Cards: 19}, {Tabulator: "2", Name: "d", Cards: 5}})); d != "" {
		t.Error(d)
	}
	// records that name no tabulator are compared by the names of batches
	if d := cmp.Diff([]Mismatch{{"", "b", 20, 21}}, m.Match([]Batch{{Name: "a", Cards: 15}, {Name: "b", Cards: 21}})); d != "" {
		t.Error(d)
	}
}
