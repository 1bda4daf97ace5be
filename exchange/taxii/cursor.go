package taxii

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// A cursor says where a page ended, so that a server keeps nothing between
// two requests and a page costs the same wherever it lies. It is authenticated
// and bound to the account, the collection, the endpoint and the filters: it
// says nothing to others and gives no right (Appendix B). What it shows, the
// date of the last item, its reader knows from that item's page.
//
//	base64url( date added, 8 bytes big-endian | first 16 bytes of
//	  HMAC-SHA256(key, binding | date) )

const (
	cursorMAC    = 16
	cursorLength = (8 + cursorMAC) * 4 / 3
)

// Cursors makes and reads cursors. The key belongs to one store: dates of
// another one mean nothing.
type Cursors struct{ key []byte }

// NewCursors takes a secret key of 32 bytes.
func NewCursors(key [32]byte) Cursors { return Cursors{key[:]} }

// Binding is where a cursor is valid.
type Binding struct {
	Account    string
	Collection string // its id, also where the alias was used
	Endpoint   Endpoint
	Object     string // id of the single object, if it is about one
}

func (c Cursors) mac(b Binding, q Query, date []byte) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write([]byte("entente taxii cursor v1\x00"))
	for _, s := range []string{b.Account, b.Collection, string(b.Endpoint), b.Object, q.canonical()} {
		h.Write(binary.AppendUvarint(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	h.Write(date)
	return h.Sum(nil)[:cursorMAC]
}

// Make returns the cursor behind an item that was added at last.
func (c Cursors) Make(b Binding, q Query, last Time) string {
	date := binary.BigEndian.AppendUint64(nil, uint64(last))
	return base64.RawURLEncoding.EncodeToString(append(date, c.mac(b, q, date)...))
}

// Read returns the date behind which the query goes on. A cursor that was not
// made for exactly this query and account is an *Error with status 400.
func (c Cursors) Read(b Binding, q Query) (Time, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(q.Next)
	if err != nil || len(raw) != 8+cursorMAC || !hmac.Equal(raw[8:], c.mac(b, q, raw[:8])) {
		return 0, errCursor()
	}
	return Time(binary.BigEndian.Uint64(raw)), nil
}

func errCursor() *Error {
	return badRequest("next was not given for this query and account; repeat the query with the filters that it came with")
}
