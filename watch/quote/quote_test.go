package quote

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// naive is the oracle.
func naive(line []byte) (at []uint32, ascii bool) {
	ascii = true
	for i, c := range line {
		if c == '"' || c == '\\' || c < 0x20 {
			at = append(at, uint32(i))
		}
		ascii = ascii && c < 0x80
	}
	return at, ascii
}

// agree holds all three to each other, with the line in the middle of memory that would show in the result.
func agree(t *testing.T, line []byte) {
	t.Helper()
	around := bytes.Repeat([]byte{'"'}, 200+len(line))
	line = around[100 : 100+copy(around[100:], line)]
	want, wantASCII := naive(line)
	for name, f := range map[string]func([]uint32, []byte) ([]uint32, bool){
		"index": Index,
		"plain": func(at []uint32, line []byte) ([]uint32, bool) { return plain(make([]uint32, len(line)), line) },
	} {
		at := make([]uint32, 0, 3) // too small for most
		got, ascii := f(at, line)
		if !slices.Equal(got, want) || ascii != wantASCII {
			t.Fatalf("%s of %q\n gave %v %v\n want %v %v", name, line, got, ascii, want, wantASCII)
		}
	}
}

// ends holds End and its twin to what naive finds.
func ends(t *testing.T, line []byte, pos int) {
	t.Helper()
	around := bytes.Repeat([]byte{'"'}, 200+len(line))
	line = around[100 : 100+copy(around[100:], line)]
	pos = min(max(pos, 0), len(line))
	want, wantASCII := -1, false
	if at, _ := naive(line[pos:]); len(at) > 0 {
		want = pos + int(at[0])
		_, wantASCII = naive(line[pos:want])
	}
	for name, f := range map[string]func([]byte, int) (int, bool){
		"End":   End,
		"plain": func(line []byte, pos int) (int, bool) { return plainEnd(line, pos, 0) },
	} {
		if got, ascii := f(line, pos); got != want || ascii != wantASCII {
			t.Fatalf("%s of %q at %d gave %d %v, want %d %v", name, line, pos, got, ascii, want, wantASCII)
		}
	}
}

func TestEnd(t *testing.T) {
	for n := range 110 {
		for c := range 256 {
			line := bytes.Repeat([]byte{'x'}, 110)
			line[n] = byte(c)
			ends(t, line, 0)
			ends(t, line, 5)
			ends(t, line[:n+1], 2)
			line[n/2] ^= 0x80 // another before it
			ends(t, line, 1)
			ends(t, append(line[:n+1:n+1], '"'), 3)
		}
	}
}

func FuzzEnd(f *testing.F) {
	for _, seed := range []string{"", `a":"b\"c"}`, strings.Repeat("x", 64) + `"`, strings.Repeat("\x1f\x80", 65), "\x80" + strings.Repeat("y", 40) + `\`} {
		f.Add([]byte(seed), 1)
	}
	f.Fuzz(ends)
}

func TestIndex(t *testing.T) {
	for n := range 300 {
		for _, fill := range []string{"a", `"`, `\`, "\x00", "\x1f", "\x20", "\x7f", "\x80", "\xff", "é", `"b`, "12345678901234567890123456789012345678901234567890123456789012\"", "\xa2\xdc"} {
			agree(t, []byte(strings.Repeat(fill, n)[:n]))
		}
	}
	for c := range 256 {
		for _, at := range []int{0, 7, 31, 32, 63, 64, 65, 127, 128, 130} {
			line := bytes.Repeat([]byte{'x'}, 131)
			line[at] = byte(c)
			agree(t, line)
		}
	}
}

func TestIndexKeepsItsMemory(t *testing.T) {
	line := []byte(strings.Repeat(`"a":"b",`, 100))
	at, _ := Index(nil, line)
	if n := testing.AllocsPerRun(100, func() { at, _ = Index(at, line) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	// What lies beyond the room that Index asks for stays as it was.
	room := make([]uint32, len(line)+slack+8)
	for i := range room {
		room[i] = 7
	}
	Index(room[:0:len(line)+slack], bytes.Repeat([]byte{'"'}, len(line)))
	for _, word := range room[len(line)+slack:] {
		if word != 7 {
			t.Error("written beyond the room")
		}
	}
}

func FuzzIndex(f *testing.F) {
	for _, seed := range []string{"", `{"a":"b\"c"}`, strings.Repeat(`"`, 64), strings.Repeat("\x1f\x80", 65), strings.Repeat(`{"k":"v\\"}`, 13)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(agree)
}

func BenchmarkIndex(b *testing.B) {
	line := []byte(strings.Repeat(`"src_ip":"192.0.2.1","src_port":443,"proto":"TCP",`, 11))
	at := make([]uint32, len(line)+slack)
	b.Run("plain", func(b *testing.B) {
		b.SetBytes(int64(len(line)))
		for b.Loop() {
			plain(at, line)
		}
	})
	b.Run("index", func(b *testing.B) {
		b.SetBytes(int64(len(line)))
		for b.Loop() {
			Index(at, line)
		}
	})
}
