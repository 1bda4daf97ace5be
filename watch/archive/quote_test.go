package archive

import (
	"bytes"
	"testing"
)

// stands says what comparing the bytes says, at every place, for every length and whichever byte is another.
func TestStands(t *testing.T) {
	line := []byte("abcdefghijklmnopqrstuvwxyz0123456789")
	q := &quoter{line: line}
	for n := range 25 {
		for at := -1; at <= len(line)+1; at++ {
			inside := at >= 0 && at+n <= len(line)
			value := make([]byte, n)
			if inside {
				copy(value, line[at:])
			}
			if want := inside && n >= shortest; q.stands(at, string(value)) != want {
				t.Errorf("%q at %d: want %v", value, at, want)
			}
			for i := range n {
				other := bytes.Clone(value)
				other[i] ^= 0x80
				if q.stands(at, string(other)) {
					t.Errorf("%q stands at %d", other, at)
				}
			}
		}
	}
}

// TestPause: a value that stands nowhere is looked for ever more seldom, never for good, and as often as before once it was found.
func TestPause(t *testing.T) {
	const value = "a value that stands"
	in, out := []byte("here is "+value+" in the line"), []byte("here is something else in the line")
	var h habit
	misses := func(line []byte) int { // until it is found
		for n := range 2 * longest {
			q := quoter{line: line}
			if q.find(value, &h) >= 0 {
				return n
			}
		}
		return -1
	}
	absent := func(n int) {
		for range n {
			q := quoter{line: out}
			if q.find(value, &h) >= 0 {
				t.Fatal("found where it is not")
			}
		}
	}
	absent(1)
	if got := misses(in); got != pause {
		t.Errorf("not looked for in %d records, want %d", got, pause)
	}
	absent(1)
	if got := misses(in); got != pause {
		t.Errorf("after it was found, not looked for in %d records, want %d", got, pause)
	}
	absent(1 + pause + 1)
	if got := misses(in); got != 2*pause {
		t.Errorf("after it was looked for twice, not in %d records, want %d", got, 2*pause)
	}
	absent(10 * longest)
	if got := misses(in); got < 0 || got > longest {
		t.Errorf("after many records without it, not looked for in %d, at most %d", got, longest)
	}
}

// TestRecentKinds: records of one kind have their own habits, also where another kind takes the place among the recent ones.
func TestRecentKinds(t *testing.T) {
	var e Encoder
	seen := make(map[*habits]string)
	for range 3 {
		for _, dataset := range []string{"", "a", "ab", "a.flow", "b.flow", "ccflow", "suricata.dns", "suricata.tls", "suricata.flow", "suricata.http", "ab"} {
			h := e.habits(dataset)
			if other, ok := seen[h]; ok && other != dataset {
				t.Errorf("%q has the habits of %q", dataset, other)
			}
			seen[h] = dataset
		}
	}
	if len(seen) != 10 {
		t.Errorf("%d kinds of habits, want 10", len(seen))
	}
}
