package audit

import (
	"bytes"
	"strings"
	"testing"
)

func TestManifest(t *testing.T) {
	m, err := ReadManifest(strings.NewReader("\ufeffCounty,Tabulator ID ,Batch,# of Ballots,Locations\nX,102,1,25,Bin #1\nX,102,2,\"1,000\",Bin #1\nX,103,1,0,\nX,103,2,3,\n"))
	if err != nil {
		t.Fatal(err)
	}
	if m.Cards() != 1028 || len(m.Batches) != 4 {
		t.Fatalf("%d cards in %d batches", m.Cards(), len(m.Batches))
	}
	for n, want := range map[int64]string{1: "102-1-1", 25: "102-1-25", 26: "102-2-1", 1025: "102-2-1000", 1026: "103-2-1", 1028: "103-2-3"} {
		b, at, ok := m.Card(n)
		if !ok || b.Label(at) != want {
			t.Errorf("card %d is %s, %v; want %s", n, b.Label(at), ok, want)
		}
		if back, ok := m.Number(b.County, b.Tabulator, b.Name, at); !ok || back != n {
			t.Errorf("%s is card %d, %v; want %d", want, back, ok, n)
		}
	}
	for _, n := range []int64{0, -1, 1029} {
		if _, _, ok := m.Card(n); ok {
			t.Errorf("card %d is there", n)
		}
	}
}

// A file whose lines end in CR alone, as old spreadsheets write it, is read.
func TestManifestLineEnds(t *testing.T) {
	m, err := ReadManifest(strings.NewReader("Batch,# of Ballots\r1,25\r2,3\r"))
	if err != nil || m.Cards() != 28 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestManifestRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"empty":       {"", "row 1"},
		"no heads":    {"102,1,25\n", "no column of batch"},
		"no batch":    {"Batch,# of Ballots\n", "without a batch"},
		"words":       {"Batch,# of Ballots\n1,25\n2,many\n", "row 3"},
		"negative":    {"Batch,# of Ballots\n1,-25\n", "row 2"},
		"huge":        {"Batch,# of Ballots\n1,99999999999\n", "row 2"},
		"sum":         {"Batch,# of Ballots\n1,2147483648\n2,1\n", "row 3"},
		"overflow":    {"Batch,# of Ballots\n1,9223372036854775808\n", "row 2"},
		"twice":       {"Batch,# of Ballots\n1,25\n1,3\n", "row 3: the batch  1 stands twice"},
		"two columns": {"Batch,Cards,# of Ballots\n1,2,3\n", "column 3"},
		"no name":     {"Batch,# of Ballots\n,3\n", "row 2"},
		"quote":       {"Batch,# of Ballots\n\"1,25\n", "row 2: a quote"},
		"no end":      {"Batch,# of Ballots\n\"" + strings.Repeat("1", 2<<20), "row 2"},
		"encoding":    {"Batch,# of Ballots\n\xed,25\n", "UTF-8"},
	} {
		if m, err := ReadManifest(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v; want one that says %q", name, m, err, c.says)
		}
	}
}

// TestHinsdale reads a county's real manifest and finds the cards of the
// seed that Colorado rolled in November 2024.
func TestHinsdale(t *testing.T) {
	m, err := ReadManifest(bytes.NewReader(sharedFile(t, "rla/co-2024-hinsdale-manifest.csv")))
	if err != nil {
		t.Fatal(err)
	}
	if m.Cards() != 618 {
		t.Errorf("%d cards; Hinsdale counted 618", m.Cards())
	}
	_, seed, _ := strings.Cut(strings.TrimSpace(string(sharedFile(t, "rla/co-2024-seed.csv"))), "\n")
	for i, card := range Draws(seed, m.Cards()) {
		if b, at, ok := m.Card(card); !ok || b.County != "Hinsdale" || at < 1 || at > b.Cards {
			t.Errorf("draw %d is card %d: %+v, %d", i, card, b, at)
		}
		if i == 78 {
			break
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte("County,Tabulator ID ,Batch,# of Ballots,Locations\nX,102,1,25,Bin #1\n"))
	f.Add([]byte("\xef\xbb\xbfBatch,Cards\r\n\"a\nb\",\"1,0\"\r\n"))
	f.Add([]byte("Batch,Cards\n1,0\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ReadManifest(strings.NewReader(string(data)))
		if err != nil {
			return
		}
		for _, n := range []int64{1, m.Cards() / 2, m.Cards()} {
			b, at, ok := m.Card(n)
			if ok != (n >= 1 && n <= m.Cards()) {
				t.Fatalf("card %d of %d: %v", n, m.Cards(), ok)
			}
			if back, _ := m.Number(b.County, b.Tabulator, b.Name, at); ok && back != n {
				t.Fatalf("card %d comes back as %d", n, back)
			}
		}
	})
}
