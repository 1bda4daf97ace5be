package event

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTexts(t *testing.T) {
	var texts Texts
	var got, want []string
	b := make([]byte, 2*pieceSize)
	for i := range 2000 {
		n := i * 7 % 600
		if i%500 == 499 {
			n = shareSize - 1 + i%3
		}
		for j := range b[:n] {
			b[j] = byte(i + j)
		}
		got, want = append(got, texts.Of(b[:n])), append(want, string(b[:n]))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("text %d is another by now", i)
		}
	}
	for _, n := range []int{0, 1, shareSize, shareSize + 1, pieceSize, 2 * pieceSize} {
		if text := texts.Of(b[:n]); text != string(b[:n]) {
			t.Errorf("%d bytes became %d", n, len(text))
		}
	}
}

func TestShortTexts(t *testing.T) {
	var texts Texts
	for _, b := range []string{"", "-", "-1", "a", "1a", "a12", "1.2", "::", "/0", "00:", "\x00\x01"} {
		if text := texts.Of([]byte(b)); text != b {
			t.Errorf("%q became %q", b, text)
		}
	}
	for n := range 1111 {
		for _, format := range []string{"%d", "%02d", "%03d", "%04d"} {
			want := fmt.Sprintf(format, n)
			if got := texts.Of([]byte(want)); got != want {
				t.Errorf("%s became %s", want, got)
			}
		}
	}
	if n := testing.AllocsPerRun(100, func() { texts.Of([]byte("443")) }); n > 0 {
		t.Errorf("%v allocations for a short number", n)
	}
}

func TestRecurring(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var texts Texts
		var values Recurring
		few := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 40), 1, 12).Draw(t, "few")
		var got []string
		var want [][]byte
		b := make([]byte, 0, 64)
		for range rapid.IntRange(1, 300).Draw(t, "values") {
			b = append(b[:0], rapid.SampledFrom(few).Draw(t, "value")...)
			if rapid.IntRange(0, 3).Draw(t, "other") == 0 {
				b = append(b, byte(len(got)), byte(len(got)>>8))
			}
			got, want = append(got, values.Of(b, &texts)), append(want, bytes.Clone(b))
		}
		for i := range got {
			if got[i] != string(want[i]) {
				t.Fatalf("value %d is %q, was %q", i, got[i], want[i])
			}
		}
	})
}

// Values that come again take no memory; those of a field that varies come from the texts.
func TestRecurringMemory(t *testing.T) {
	var texts Texts
	var same, other Recurring
	few := [][]byte{[]byte("eth0"), []byte("eth1"), []byte("established"), []byte("closed")}
	i := 0
	for range few {
		same.Of(few[i%len(few)], &texts)
		i++
	}
	at := texts.piece.Len()
	if n := testing.AllocsPerRun(1000, func() { same.Of(few[i%len(few)], &texts); i++ }); n > 0 || texts.piece.Len() != at {
		t.Errorf("%v allocations a value", n)
	}
	b := []byte("value 0000000")
	vary := func() { i++; b = fmt.Appendf(b[:0], "value %07d", i); other.Of(b, &texts) }
	for range 1000 {
		vary()
	}
	if n := testing.AllocsPerRun(1000, vary); n > 1 || other.seen != nil { // the one that boxes i
		t.Errorf("%v allocations a value, %v remembered", n, other.seen)
	}
}

// Many texts take few allocations, and one of them keeps no more than a piece.
func TestTextsMemory(t *testing.T) {
	var texts Texts
	line := bytes.Repeat([]byte("x"), 500)
	if n := testing.AllocsPerRun(3000, func() { texts.Of(line) }); n > 0 {
		t.Errorf("%v allocations a text", n)
	}
	var kept []string
	before := heap()
	for range 20 {
		for range 1000 {
			texts.Of(line)
		}
		kept = append(kept, texts.Of(line)[:1])
	}
	if grown := heap() - before; grown > 22*pieceSize {
		t.Errorf("%d texts keep %d bytes", len(kept), grown)
	}
	if strings.Join(kept, "") != strings.Repeat("x", 20) {
		t.Error(kept)
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
