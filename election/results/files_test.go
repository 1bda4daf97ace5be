package results

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const data = "../../../shared/data/election/"

// open reads a file of the shared data, which the project never ships.
func open(t testing.TB, name string, o Options) *Table {
	t.Helper()
	f, err := os.Open(filepath.Join(filepath.FromSlash(data), filepath.FromSlash(name)))
	if err != nil {
		t.Skipf("no shared data: %v", err)
	}
	defer f.Close()
	o.File = filepath.Base(name)
	table, err := Read(f, o)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func dc(t testing.TB) *Table {
	m, err := Merge(open(t, "dc-2016/precinct.csv", Options{Final: true}), open(t, "dc-2016/ward.csv", Options{Final: true}), open(t, "dc-2016/district.csv", Options{Final: true}))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestHonestFiles reads every real file and checks what the notes measured of it.
func TestHonestFiles(t *testing.T) {
	sov := "sov/boulder-2024-official.csv"
	for _, f := range []struct {
		name         string
		cells, rows  int
		rule         string
		held, broken int
	}{
		{"clarity/ga-2018-runoff-detail.xml", 7514, 36, "I1", 180, 0},
		{"clarity/ga-2018-special-detail.xml", 130, 8, "I1", 40, 0},
		{"clarity/ga-bartow-detail.xml", 184, 4, "I1", 20, 0},
		{"dc-2016/precinct.csv", 7151, 7151, "range", 7151, 0},
		{"nist-err/wy-2020-general.xml", 5290, 5290, "range", 5290, 0},
		{"openelections/mi-2020-antrim-precinct.csv", 540, 540, "I3", 22, 0},
		{sov, 18438 + 4*7710, 18438, "I3", 7710, 0},
		{sov, 18438 + 4*7710, 18438, "I4", 7705, 5},
		{"sov/boulder-2024-amended.csv", 66 + 4*13, 66, "I4", 13, 0},
	} {
		table := open(t, f.name, Options{})
		if len(table.Cells) != f.cells || table.Rows != f.rows || table.Doubts != 0 {
			t.Errorf("%s: %d cells, %d rows, %d doubts %v; want %d, %d, 0", f.name, len(table.Cells), table.Rows, table.Doubts, table.Problems, f.cells, f.rows)
		}
		r := Check(table, Profile{})
		if got := r.Tally(f.rule); got.Held != f.held || got.Broken != f.broken {
			t.Errorf("%s: %s holds %d and breaks %d, want %d and %d", f.name, f.rule, got.Held, got.Broken, f.held, f.broken)
		}
		if a := r.Alarms(); len(a) > 0 {
			t.Errorf("%s: a hard alarm on an honest file: %+v", f.name, a)
		}
		for _, x := range r.Findings {
			if x.Grade == Medium {
				t.Errorf("%s: %s: %s", f.name, x.Code, x.Says)
			}
		}
	}
}

// TestDistrictOfColumbia: precincts are the wards in 262 of 262 numbers, wards
// the city in 66 of 66.
func TestDistrictOfColumbia(t *testing.T) {
	m := dc(t)
	wards, city := 0, 0
	unitSums(m, func(Cell) bool { return true }, func(whole Cell, sum int64, _ []Cell) {
		if whole.Count != sum {
			t.Errorf("%s: %d, units %d", whole.Key, whole.Count, sum)
		}
		if whole.Level == Whole {
			city++
		} else {
			wards++
		}
	})
	if wards != 262 || city != 66 {
		t.Errorf("%d wards' and %d city's numbers were tested, want 262 and 66", wards, city)
	}
	r := Check(m, Profile{})
	if got := r.Tally("I2"); got.Held != 328 || len(r.Alarms()) > 0 {
		t.Errorf("%+v, alarms %+v", got, r.Alarms())
	}
	// One digit of one precinct breaks it, and certified it is an alarm.
	for i, c := range m.Cells {
		if c.Level == "precinct" && strings.HasPrefix(c.Contest, "electors") {
			m.Cells[i].Count++
			break
		}
	}
	if r := Check(m, Profile{}); len(r.Alarms()) != 1 || r.Tally("I2").Broken != 1 {
		t.Errorf("a changed precinct: %+v", r.Alarms())
	}
}

// TestWyoming: NIST's names become units, choices and contests.
func TestWyoming(t *testing.T) {
	w := open(t, "nist-err/wy-2020-general.xml", Options{})
	c, ok := w.Find(Key{Contest: "us president (wy)", Choice: "joseph r. biden", Unit: "wyoming;albany county", Level: "county", Type: Total, What: Votes})
	if !ok || c.Count != 9092 {
		t.Errorf("Biden in Albany County: %d %v", c.Count, ok)
	}
	if len(w.Contests) != 78 || w.Sources[0].Marks.Status != "unofficial-partial" || w.Sources[0].Marks.Generated != "2021-07-10T04:58:51Z" {
		t.Errorf("%d contests, %+v", len(w.Contests), w.Sources[0].Marks)
	}
}
