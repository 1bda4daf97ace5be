package taxii

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/stix"
)

// ReadEnvelope splits an envelope into the exact bytes of its objects (section
// 3.7). Only the frame is judged here: an object that nobody could read
// spoils no other. What is no envelope is an *Error with status 422. A STIX
// bundle is read like one: the commonest library sends its objects so.
func ReadEnvelope(body []byte) (e Envelope, err error) {
	d := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return e, unprocessable("no JSON object")
	}
	seen := make(map[string]bool)
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil {
			return e, unprocessable("no JSON object")
		}
		name := t.String()
		if slices.Contains([]string{"objects", "more", "next"}, name) { // of custom ones there may be any number
			if seen[name] {
				return e, unprocessable("%s is there twice", name)
			}
			seen[name] = true
		}
		if err := e.property(d, name); err != nil {
			return e, err
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return e, unprocessable("not JSON")
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return e, unprocessable("something follows the envelope")
	}
	return e, nil
}

// property reads the value of one property; custom ones are passed over.
func (e *Envelope) property(d *jsontext.Decoder, name string) (err error) {
	if name == "objects" {
		e.Objects, err = elements(d)
		return err
	}
	v, err := d.ReadValue()
	switch kind := v.Kind(); {
	case err != nil:
		return unprocessable("not JSON")
	case name == "more" && kind != 't' && kind != 'f':
		return unprocessable("more is neither true nor false")
	case name == "more":
		e.More = kind == 't'
	case name == "next" && (kind != '"' || json.Unmarshal(v, &e.Next) != nil):
		return unprocessable("next is no string")
	}
	return nil
}

// maxObjects bounds what an envelope makes of a few bytes each. A server that
// goes by no limit may send many at once.
const maxObjects = 100_000

func elements(d *jsontext.Decoder) ([]json.RawMessage, error) {
	if t, err := d.ReadToken(); err != nil || t.Kind() != '[' {
		return nil, unprocessable("objects is no list")
	}
	var list []json.RawMessage
	for d.PeekKind() != ']' {
		if len(list) == maxObjects {
			return nil, Fail(413, "too large", "an envelope of more than %d objects", maxObjects)
		}
		v, err := d.ReadValue()
		if err != nil {
			return nil, unprocessable("object %d is no JSON", len(list))
		}
		if v.Kind() != '{' {
			return nil, unprocessable("object %d is none", len(list))
		}
		list = append(list, json.RawMessage(bytes.Clone(v)))
	}
	_, err := d.ReadToken()
	if err != nil {
		return nil, unprocessable("not JSON")
	}
	return list, nil
}

func unprocessable(format string, a ...any) *Error {
	return Fail(422, "not an envelope", format, a...)
}

// Named is how a status names an object that could not be read: by what it
// says of itself where that is an identifier, else by its bytes.
func Named(raw []byte) Detail {
	var o struct {
		ID       string `json:"id"`
		Modified string `json:"modified"`
		Created  string `json:"created"`
	}
	_ = json.Unmarshal(raw, &o) // what it cannot read stays empty
	d := Detail{ID: o.ID, Version: Unversioned}
	if _, ok := stix.IDType(o.ID); !ok {
		d.ID = unnamed(raw)
	}
	for _, v := range []string{o.Created, o.Modified} {
		if stix.IsTime(v) {
			d.Version = v
		}
	}
	return d
}

// unnamed is an identifier made of a digest, in the form of a UUID of version 5.
func unnamed(raw []byte) string {
	sum := sha256.Sum256(raw)
	return "unknown--" + UUID(sum, 5)
}

// UUID writes the first half of a digest as a UUID of a version.
func UUID(sum [sha256.Size]byte, version byte) string {
	sum[6] = sum[6]&0x0f | version<<4
	sum[8] = sum[8]&0x3f | 0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
