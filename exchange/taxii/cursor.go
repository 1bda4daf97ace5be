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
// says nothing to others and gives no right (Appendix B). What it shows are the
// date of the last item, which its reader knows from that item's page, and that
// of the youngest that the reader could see when the first page was asked for:
// the walk ends there, however fast others write.
//
//	base64url( date added, end of the walk, each 8 bytes big-endian |
//	  first 16 bytes of HMAC-SHA256(key, binding | dates) )

const (
	cursorMAC    = 16
	cursorDates  = 16
	cursorLength = (cursorDates + cursorMAC) * 4 / 3
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

func (c Cursors) mac(b Binding, q Query, dates []byte) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write([]byte("entente taxii cursor v2\x00"))
	for _, s := range []string{b.Account, b.Collection, string(b.Endpoint), b.Object, q.canonical()} {
		h.Write(binary.AppendUvarint(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	h.Write(dates)
	return h.Sum(nil)[:cursorMAC]
}

// Make returns the cursor behind an item that was added at last, of a walk that
// ends with what was added at until.
func (c Cursors) Make(b Binding, q Query, last, until Time) string {
	dates := binary.BigEndian.AppendUint64(nil, uint64(last))
	dates = binary.BigEndian.AppendUint64(dates, uint64(until))
	return base64.RawURLEncoding.EncodeToString(append(dates, c.mac(b, q, dates)...))
}

// Read returns the date behind which the query goes on, and the one at which it
// ends. A cursor that was not
// made for exactly this query and account is an *Error with status 400.
func (c Cursors) Read(b Binding, q Query) (last, until Time, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(q.Next)
	if err != nil || len(raw) != cursorDates+cursorMAC || !hmac.Equal(raw[cursorDates:], c.mac(b, q, raw[:cursorDates])) {
		return 0, 0, errCursor()
	}
	return Time(binary.BigEndian.Uint64(raw)), Time(binary.BigEndian.Uint64(raw[8:])), nil
}

func errCursor() *Error {
	return badRequest("next was not given for this query and account; repeat the query with the filters that it came with")
}
