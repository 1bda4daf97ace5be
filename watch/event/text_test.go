package event

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
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
