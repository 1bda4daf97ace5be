package event

import (
	"fmt"
	"strings"
)

// Texts makes strings of the bytes of values, many of them in one piece of memory. Who keeps one keeps a piece, and
// clones it to keep less. It is not safe for concurrent use.
type Texts struct{ piece strings.Builder }

const (
	pieceSize = 16 << 10
	shareSize = pieceSize / 4 // a longer text has memory of its own
)

// Of is string(b).
func (t *Texts) Of(b []byte) string {
	if len(b) <= 3 {
		if s, ok := short(b); ok {
			return s
		}
	}
	if len(b) > shareSize {
		return string(b)
	}
	at := t.piece.Len()
	if t.piece.Cap()-at < len(b) { // what is written to it stays, so the strings made of it may
		t.piece.Reset()
		t.piece.Grow(pieceSize)
		at = 0
	}
	t.piece.Write(b)
	return t.piece.String()[at:]
}

// short takes numbers of up to three digits, as counts and ports often are, from a table.
func short(b []byte) (string, bool) {
	n := 0
	for _, c := range b {
		if c-'0' > 9 {
			return "", false
		}
		n = n*10 + int(c-'0')
	}
	return thousand[3*n+3-len(b) : 3*n+3], true
}

// thousand is 000, 001, 002 to 999 in a row.
var thousand = func() string {
	var b strings.Builder
	for n := range 1000 {
		fmt.Fprintf(&b, "%03d", n)
	}
	return b.String()
}()

// Recurring makes strings of the values of one field, if the same few come again and again. It is not safe for concurrent use.
type Recurring struct {
	seen   *[8]string
	missed int
}

// Of is string(b). What is new comes from texts once the field is known to vary.
func (r *Recurring) Of(b []byte, texts *Texts) string {
	const longest, patience = 32, 64
	if r.missed >= patience || len(b) == 0 || len(b) > longest {
		return texts.Of(b)
	}
	if r.seen == nil {
		r.seen = new([8]string)
	}
	slot := &r.seen[(len(b)+int(b[0])+int(b[len(b)/2])+3*int(b[len(b)-1]))%len(r.seen)]
	if *slot == string(b) {
		r.missed = max(r.missed-1, 0)
		return *slot
	}
	if r.missed++; r.missed == patience {
		r.seen = nil
		return texts.Of(b)
	}
	*slot = string(b)
	return *slot
}
