package stix

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"entente/statement"
)

// KindObjects is the kind of a statement that hands objects on as they came.
const KindObjects statement.Kind = "objects/v1"

// The media types of objects.
const (
	MediaSTIX = "application/stix+json;version=2.1"
	MediaMISP = "application/vnd.misp.event+json"
)

// Limits of one statement of objects. More are said in several sheets, see Sheets.
const (
	MaxObjects  = 5000
	MaxEnvelope = statement.MaxPart // bytes of part 1
	maxSheets   = 10000

	maxName, maxSource = 120, 280
)

// ObjectsBody is the body of objects/v1. It says what was given without saying
// what it is: that stands in part 1, for the recipients alone.
type ObjectsBody struct {
	Name    string `json:"name"`    // as people call it, at most 120 bytes
	Source  string `json:"source"`  // where the giver has it from, at most 280 bytes, may be empty
	Basis   string `json:"basis"`   // how the giver knows, a word of the product's vocabulary
	Media   string `json:"media"`   // MediaSTIX or MediaMISP
	Count   int    `json:"count"`   // objects in part 1
	Sheet   int    `json:"sheet"`   // which sheet of several, from 1
	Sheets  int    `json:"sheets"`  // how many there are; they share the act's case
	Account string `json:"account"` // of a draft: who brought it; else empty
}

// bases is the vocabulary of package watch/indicator, which stands above this one.
var bases = []string{"told", "observed", "recorded", "inferred", "asserted"}

// CheckObjects checks the body of objects/v1; its error is a *statement.Refusal.
func CheckObjects(body []byte) error {
	_, err := ParseObjectsBody(body)
	return err
}

// ParseObjectsBody decodes and checks the body of objects/v1.
func ParseObjectsBody(body []byte) (ObjectsBody, error) {
	var b ObjectsBody
	if err := statement.Decode(body, statement.MaxAct, &b); err != nil {
		return ObjectsBody{}, err
	}
	switch {
	case b.Name == "" || !oneLine(b.Name, maxName):
		return ObjectsBody{}, statement.Refuse(statement.CodeField, "name: 1 to %d bytes of plain text", maxName)
	case !oneLine(b.Source, maxSource):
		return ObjectsBody{}, statement.Refuse(statement.CodeField, "source: at most %d bytes of plain text", maxSource)
	case !oneLine(b.Account, maxName):
		return ObjectsBody{}, statement.Refuse(statement.CodeField, "account: at most %d bytes of plain text", maxName)
	case !slices.Contains(bases, b.Basis):
		return ObjectsBody{}, statement.Refuse(statement.CodeField, "unknown basis %.40q", b.Basis)
	case b.Media != MediaSTIX && b.Media != MediaMISP:
		return ObjectsBody{}, statement.Refuse(statement.CodeKind, "unknown media type %.80q", b.Media)
	case b.Count < 1 || b.Count > MaxObjects:
		return ObjectsBody{}, statement.Refuse(statement.CodeField, "count is %d, from 1 to %d", b.Count, MaxObjects)
	case b.Sheet < 1 || b.Sheet > b.Sheets || b.Sheets > maxSheets:
		return ObjectsBody{}, statement.Refuse(statement.CodeField, "sheet %d of %d", b.Sheet, b.Sheets)
	}
	return b, nil
}

// oneLine accepts one line of text without characters that a screen obeys.
func oneLine(text string, limit int) bool {
	hidden := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
	return len(text) <= limit && utf8.ValidString(text) && !slices.ContainsFunc([]rune(text), hidden)
}

// The frame of an envelope; between the objects stands one comma.
const envelopeHead, envelopeTail = `{"objects":[`, `]}`

// JoinEnvelope makes part 1 of objects/v1: the exact bytes of each object, one
// after the other. It is a TAXII 2.1 envelope.
func JoinEnvelope(objects [][]byte) []byte {
	size := len(envelopeHead) + len(envelopeTail)
	for _, o := range objects {
		size += len(o) + 1
	}
	out := append(make([]byte, 0, size), envelopeHead...)
	for i, o := range objects {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, o...)
	}
	return append(out, envelopeTail...)
}

// SplitEnvelope returns the exact bytes of the 1 to MaxObjects objects of part
// 1, as slices of it. It refuses another spelling of the frame and what is not
// JSON at all; what is wrong with one object is found by ParseObject, and is no
// fault of the others.
func SplitEnvelope(data []byte) ([][]byte, error) {
	if len(data) > MaxEnvelope {
		return nil, statement.Refuse(statement.CodeSize, "%d bytes, at most %d", len(data), MaxEnvelope)
	}
	list, ok := bytes.CutPrefix(data, []byte(envelopeHead[:len(envelopeHead)-1]))
	if !ok || !bytes.HasSuffix(list, []byte(envelopeTail)) {
		return nil, statement.Refuse(statement.CodeJSON, "not the one spelling of an envelope")
	}
	list = list[:len(list)-1]
	objects, err := elements(list, MaxObjects, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, err
	}
	if len(objects) == 0 || !bytes.Equal(JoinEnvelope(objects), data) {
		return nil, statement.Refuse(statement.CodeJSON, "not the one spelling of an envelope")
	}
	return objects, nil
}

// Sheets cuts objects, in their order, into as few envelopes as fit the limits.
// Objects of more than MaxObject bytes are the caller's to leave out.
func Sheets(objects [][]byte) [][][]byte {
	var sheets [][][]byte
	const frame = len(envelopeHead) + len(envelopeTail)
	start, size := 0, frame
	for i, o := range objects {
		if i > start && (i-start == MaxObjects || size+len(o)+1 > MaxEnvelope) {
			sheets = append(sheets, objects[start:i:i])
			start, size = i, frame
		}
		size += len(o) + 1
	}
	if start < len(objects) {
		sheets = append(sheets, objects[start:])
	}
	return sheets
}

// ObjectsOf returns the bytes of each object of a bundle or an envelope that
// passes CheckJSON, as slices of data.
func ObjectsOf(data []byte) ([][]byte, error) {
	if err := CheckJSON(data); err != nil {
		return nil, err
	}
	list, err := objectsOf(data)
	if err != nil {
		return nil, err
	}
	return elements(list, len(list))
}

// elements returns the bytes of each element of a list, as slices of it.
func elements(list []byte, most int, options ...jsontext.Options) (objects [][]byte, err error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(list), options...)
	if _, err := dec.ReadToken(); err != nil {
		return nil, jsonRefusal(list, err)
	}
	for dec.PeekKind() != ']' {
		value, err := dec.ReadValue()
		if err != nil {
			return nil, jsonRefusal(list, err)
		}
		end := int(dec.InputOffset())
		if objects = append(objects, list[end-len(value):end:end]); len(objects) > most {
			return nil, statement.Refuse(statement.CodeSize, "more than %d objects", most)
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, jsonRefusal(list, err)
	}
	return objects, nil
}
