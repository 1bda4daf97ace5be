package stix

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entente/statement"
)

// Limits of foreign JSON. Other tools nest deeper and write larger files than
// anything that is signed here (statement.CheckJSON).
const (
	MaxSize  = 64 << 20 // bytes
	MaxDepth = 64
	MaxKeys  = 10_000 // in one object: they are held to find one that comes twice
)

// CheckJSON accepts one JSON value (RFC 8259) that all readers understand
// alike: valid UTF-8, no key twice in an object, nothing behind it, at most
// MaxSize bytes, MaxDepth levels and MaxKeys keys in one object. Fractions and keys in any case are fine.
// The refusal says where the fault is, as line, column and byte, so that
// somebody with an editor can find it.
func CheckJSON(data []byte) error {
	if len(data) > MaxSize {
		return statement.Refuse(statement.CodeSize, "%d bytes, at most %d", len(data), MaxSize)
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(data))
	for inside := true; inside; inside = dec.StackDepth() > 0 {
		if _, err := dec.ReadToken(); errors.Is(err, io.EOF) {
			return statement.Refuse(statement.CodeJSON, "there is nothing in it")
		} else if err != nil {
			return jsonRefusal(data, err)
		}
		if dec.StackDepth() > MaxDepth {
			return refuseAt(statement.CodeDepth, data, dec.InputOffset()-1, fmt.Sprintf("nested deeper than %d", MaxDepth))
		}
		if kind, n := dec.StackIndex(dec.StackDepth()); kind == '{' && n > 2*MaxKeys { // keys and values
			return refuseAt(statement.CodeSize, data, dec.InputOffset()-1, fmt.Sprintf("more than %d keys in one object", MaxKeys))
		}
	}
	end := dec.InputOffset()
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return refuseAt(statement.CodeJSON, data, end, "more behind the value")
	}
	return nil
}

// EachElement calls f for each element of a JSON list; its bytes are valid
// until f returns. What is no list has no elements. An error of f ends the
// walk. data has passed CheckJSON.
func EachElement(data []byte, f func(element jsontext.Value) error) error {
	if jsontext.Value(data).Kind() != '[' {
		return nil
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(data))
	if _, err := dec.ReadToken(); err != nil {
		return jsonRefusal(data, err)
	}
	for dec.PeekKind() != ']' {
		element, err := dec.ReadValue()
		if err != nil {
			return jsonRefusal(data, err)
		}
		if err := f(element); err != nil {
			return err
		}
	}
	return nil
}

// jsonRefusal turns an error of the decoder into a refusal with a position.
func jsonRefusal(data []byte, err error) error {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return statement.Refuse(statement.CodeJSON, "not JSON")
	}
	switch why := syntax.Err; {
	case errors.Is(why, jsontext.ErrDuplicateName):
		return refuseAt(statement.CodeDupKey, data, syntax.ByteOffset, fmt.Sprintf("key %.80q twice", syntax.JSONPointer.LastToken()))
	case errors.Is(why, io.ErrUnexpectedEOF):
		return refuseAt(statement.CodeJSON, data, int64(len(data)), "the file ends in the middle")
	case strings.Contains(why.Error(), "invalid UTF-8"), strings.Contains(why.Error(), "surrogate"):
		return refuseAt(statement.CodeUTF8, data, syntax.ByteOffset, "not valid UTF-8")
	case isTrailingComma(data, syntax.ByteOffset):
		return refuseAt(statement.CodeJSON, data, syntax.ByteOffset, "a comma with no value behind it")
	default:
		return refuseAt(statement.CodeJSON, data, syntax.ByteOffset, why.Error())
	}
}

// isTrailingComma recognises the commonest slip of files written by hand.
func isTrailingComma(data []byte, offset int64) bool {
	if offset < 0 || offset >= int64(len(data)) || data[offset] != ',' {
		return false
	}
	rest := bytes.TrimLeft(data[offset+1:], " \t\r\n")
	return len(rest) > 0 && (rest[0] == ']' || rest[0] == '}')
}

// refuseAt names the position of the byte at offset: lines and columns count
// from 1, columns in bytes, the byte itself from 0.
func refuseAt(code statement.Code, data []byte, offset int64, why string) error {
	before := data[:min(max(offset, 0), int64(len(data)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return statement.Refuse(code, "line %d, column %d (byte %d): %s", line, column, len(before), why)
}
