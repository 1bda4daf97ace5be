package match

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"entente/statement"
)

// Kind says what a message is.
type Kind uint8

// The kinds of messages, in the order of a run. Logged ones stand in the
// sender's log, witnessed, before they count.
const (
	KindCommit   Kind = iota + 1 // M1, logged: key, list digest, items' root
	KindOutline                  // hashes of the chunks of a list, and its proof
	KindChunk                    // points of a list
	KindReturned                 // M3a, logged: digests of the locked list
	KindCount                    // the count, signed: the consent to names
	KindReceipts                 // M5: matched items opened
	KindNonce                    // M6: the number that chooses what is audited
	KindOpenings                 // M6: unmatched items opened
	KindClosing                  // M7, logged: what came of the run
	KindAbort                    // logged: why there is no more
)

func kindNames() []string {
	return []string{"", "commit", "outline", "chunk", "returned", "count", "receipts", "nonce", "openings", "closing", "abort"}
}

// String returns the kind's name.
func (k Kind) String() string {
	if names := kindNames(); k >= KindCommit && int(k) < len(names) {
		return names[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// Logged reports whether messages of this kind stand in the sender's log.
func (k Kind) Logged() bool {
	return k == KindCommit || k == KindReturned || k == KindClosing || k == KindAbort
}

// List says which list an outline or a chunk belongs to.
type List uint8

// The lists that each side sends.
const (
	ListOwn    List = iota // its items, locked once, ascending (M2)
	ListSorted             // the partner's list, locked again, ascending (M3b)
	ListNamed              // the same in the partner's order (M3c)
	lists      = 3
)

func listNames() []string { return []string{"own", "sorted", "named"} }

// String returns the list's name.
func (l List) String() string {
	if int(l) < lists {
		return listNames()[l]
	}
	return "list " + strconv.Itoa(int(l))
}

// ID names one message of one side.
type ID struct {
	Kind  Kind
	List  List
	Index int // of a chunk, of a page of openings
}

// String is the id as paths spell it: "chunk-own-12", "commit-own-0".
func (id ID) String() string { return fmt.Sprintf("%s-%s-%d", id.Kind, id.List, id.Index) }

// ParseID reads what String gave. The error is a *statement.Refusal with
// E_REQUEST.
func ParseID(s string) (ID, error) {
	parts := strings.Split(s, "-")
	if len(parts) == 3 {
		n, err := strconv.ParseUint(parts[2], 10, 21)
		id := ID{Index: int(n)}
		for i, name := range kindNames() {
			if i > 0 && name == parts[0] {
				id.Kind = Kind(i)
			}
		}
		for i, name := range listNames() {
			if name == parts[1] {
				id.List = List(i)
			}
		}
		if err == nil && id.String() == s {
			return id, nil
		}
	}
	return ID{}, statement.Refuse(statement.CodeRequest, "no such message")
}

// Message is one message, parsed.
type Message struct {
	ID   ID
	Side int // of the sender
	SID  SID
	Body []byte
	Sig  [ed25519.SignatureSize]byte
}

const (
	headerSize = 3 + 1 + 1 + 1 + 4 + 4 + 32
	// MaxBody is the longest body: a chunk of MaxItems/Parts points, or a page
	// of openings.
	MaxBody = MaxItems / Parts * 32
	// MaxMessage is the longest message, in bytes.
	MaxMessage = headerSize + MaxBody + ed25519.SignatureSize
)

const messageMagic = "em\x01"

// header is magic, kind, side, list, index, length of the body, sid; integers
// big-endian.
func (m *Message) header() []byte {
	b := make([]byte, 0, headerSize)
	b = append(b, messageMagic...)
	b = append(b, byte(m.ID.Kind), byte(m.Side), byte(m.ID.List))
	b = binary.BigEndian.AppendUint32(b, uint32(m.ID.Index))
	b = binary.BigEndian.AppendUint32(b, uint32(len(m.Body)))
	return append(b, m.SID[:]...)
}

func (m *Message) digest() statement.Digest {
	return statement.TaggedSum("entente/match/v1 message", m.header(), m.Body)
}

func (m *Message) sign(key ed25519.PrivateKey) {
	d := m.digest()
	m.Sig = [ed25519.SignatureSize]byte(ed25519.Sign(key, d[:]))
}

// Marshal returns the message's bytes: header, body, signature.
func (m *Message) Marshal() []byte {
	out := make([]byte, 0, headerSize+len(m.Body)+len(m.Sig))
	out = append(append(out, m.header()...), m.Body...)
	return append(out, m.Sig[:]...)
}

// ParseMessage reads a message; Body is a part of data. It says nothing of the
// signature. The error is a *statement.Refusal.
func ParseMessage(data []byte) (Message, error) {
	if len(data) > MaxMessage {
		return Message{}, statement.Refuse(statement.CodeSize, "a message of %d bytes", len(data))
	}
	if len(data) < headerSize+ed25519.SignatureSize || string(data[:3]) != messageMagic {
		return Message{}, statement.Refuse(statement.CodeRequest, "not a message of %s", Format)
	}
	m := Message{
		ID:   ID{Kind(data[3]), List(data[5]), int(binary.BigEndian.Uint32(data[6:]))},
		Side: int(data[4]),
		SID:  SID(data[14:46]),
		Body: data[headerSize : len(data)-ed25519.SignatureSize],
		Sig:  [ed25519.SignatureSize]byte(data[len(data)-ed25519.SignatureSize:]),
	}
	listed := m.ID.Kind == KindOutline || m.ID.Kind == KindChunk
	paged := m.ID.Kind == KindChunk || m.ID.Kind == KindReceipts || m.ID.Kind == KindOpenings
	switch {
	case m.ID.Kind < KindCommit || m.ID.Kind > KindAbort || m.Side > 1,
		m.ID.List >= lists, !listed && m.ID.List != 0,
		m.ID.Index >= MaxItems, !paged && m.ID.Index != 0:
		return Message{}, statement.Refuse(statement.CodeKind, "no message %s of side %d", m.ID, m.Side)
	case int(binary.BigEndian.Uint32(data[10:])) != len(m.Body):
		return Message{}, statement.Refuse(statement.CodeSize, "%s says another length than it has", m.ID)
	}
	return m, nil
}

// Place is where a logged message stands in its sender's log, as the caller
// has checked it: witnessed by the other party, included under a checkpoint.
type Place struct {
	Index uint64
	Time  int64 // of the witnessed checkpoint, Unix milliseconds
}
