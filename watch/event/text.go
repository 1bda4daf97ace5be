package event

import "strings"

// Texts makes strings of bytes, many of them in one piece of memory: a parser needs one for each line, whose parts are the values of
// its event. Who keeps such a value keeps a piece, and clones it to keep less. It is not safe for concurrent use.
type Texts struct{ piece strings.Builder }

const (
	pieceSize = 16 << 10
	shareSize = pieceSize / 4 // a longer text has memory of its own
)

// Of is string(b).
func (t *Texts) Of(b []byte) string {
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
