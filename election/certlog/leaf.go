package certlog

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Limits of entries.
const (
	maxTile    = 32 << 20 // bytes of a data tile
	maxEntries = 4096     // in one answer to get-entries
)

// The types of entries.
const (
	Certificate    = 0
	Precertificate = 1
)

// An Entry is one leaf of a log.
type Entry struct {
	Index int64
	Time  int64 // Unix milliseconds: when the log promised it
	Type  int
	// Body is the certificate, or the TBSCertificate of a precertificate, DER.
	Body []byte
	// Leaf is the MerkleTreeLeaf, over which the log's tree stands.
	Leaf []byte
}

// When is the log's own time of an entry.
func (e Entry) When() time.Time { return time.UnixMilli(e.Time).UTC() }

var (
	errShort = errors.New("it ends within an entry")
	errLeaf  = errors.New("this is no MerkleTreeLeaf of version 1 (RFC 6962 section 3.4)")
)

// reader takes fields off the front of bytes.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n > len(r.b) {
		r.bad = true
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) number(bytes int) (n uint64) {
	for _, c := range r.take(bytes) {
		n = n<<8 | uint64(c)
	}
	return n
}

// vector takes what a length of so many bytes says.
func (r *reader) vector(bytes int) []byte { return r.take(int(r.number(bytes))) }

// timestamped takes a TimestampedEntry: its time, type, body, and the index that
// its extensions say, -1 where they do not.
func (r *reader) timestamped() (e Entry, err error) {
	at := r.number(8)
	e.Type, e.Index = int(r.number(2)), -1
	switch {
	case r.bad:
		return e, errShort
	case at > 1<<62:
		return e, errLeaf
	case e.Type == Precertificate:
		r.take(32) // the key of its issuer
	case e.Type != Certificate:
		return e, fmt.Errorf("an entry of the type %d", e.Type)
	}
	e.Time, e.Body = int64(at), r.vector(3)
	x := reader{b: r.vector(2)}
	if r.bad {
		return e, errShort
	}
	for len(x.b) > 0 {
		kind, data := x.number(1), x.vector(2)
		if x.bad {
			return e, errors.New("extensions that are none (static-ct-api)")
		}
		if kind == 0 {
			if len(data) != 5 || e.Index >= 0 {
				return e, errors.New("a leaf_index that is none (static-ct-api)")
			}
			e.Index = int64(binary.BigEndian.Uint64(append([]byte{0, 0, 0}, data...)))
		}
	}
	return e, nil
}

// ParseLeaf reads a whole MerkleTreeLeaf. The index is that of its extensions, or -1.
func ParseLeaf(data []byte) (Entry, error) {
	r := reader{b: data}
	if r.number(2) != 0 {
		return Entry{}, errLeaf
	}
	e, err := r.timestamped()
	if err == nil && len(r.b) > 0 {
		err = errLeaf
	}
	e.Leaf = data
	return e, err
}

// ParseTile reads the entries of a data tile whose first has the index first.
// Entries before a fault are returned with it.
func ParseTile(data []byte, first int64) (list []Entry, err error) {
	if len(data) > maxTile {
		return nil, fmt.Errorf("a data tile of more than %d bytes", maxTile)
	}
	r := reader{b: data}
	for len(r.b) > 0 {
		before := r.b
		e, err := r.timestamped()
		if err != nil {
			return list, fmt.Errorf("entry %d: %w", first+int64(len(list)), err)
		}
		e.Leaf = append([]byte{0, 0}, before[:len(before)-len(r.b)]...)
		if e.Type == Precertificate {
			r.vector(3)
		}
		r.vector(2) // fingerprints of the chain
		want := first + int64(len(list))
		switch {
		case r.bad:
			return list, fmt.Errorf("entry %d: %w", want, errShort)
		case e.Index != want:
			return list, fmt.Errorf("entry %d: it says that it is %d", want, e.Index)
		case len(list) == 256:
			return list, errors.New("a data tile of more than 256 entries")
		}
		list = append(list, e)
	}
	return list, nil
}

// ParseEntries reads the answer to get-entries (RFC 6962 section 4.6) from the index first on.
func ParseEntries(data []byte, first int64) (list []Entry, err error) {
	var in struct {
		Entries []struct {
			Leaf  string          `json:"leaf_input"`
			Extra json.RawMessage `json:"extra_data"`
		} `json:"entries"`
	}
	if len(data) > maxTile || json.Unmarshal(data, &in) != nil || len(in.Entries) == 0 || len(in.Entries) > maxEntries {
		return nil, errors.New("this is no answer to get-entries (RFC 6962 section 4.6)")
	}
	for i, one := range in.Entries {
		raw, err := base64.StdEncoding.DecodeString(one.Leaf)
		if err != nil {
			return list, fmt.Errorf("entry %d: no base64", first+int64(i))
		}
		e, err := ParseLeaf(raw)
		if err != nil {
			return list, fmt.Errorf("entry %d: %w", first+int64(i), err)
		}
		if e.Index >= 0 && e.Index != first+int64(i) {
			return list, fmt.Errorf("entry %d: it says that it is %d", first+int64(i), e.Index)
		}
		e.Index = first + int64(i)
		list = append(list, e)
	}
	return list, nil
}
