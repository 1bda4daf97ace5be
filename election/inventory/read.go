package inventory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"entente/statement"
)

// Error is what is wrong with a list, and where. Line and Column count from 1.
type Error struct {
	File         string
	Line, Column int
	Says, Hint   string
}

// Error names the place as compilers do.
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Says)
}

// Duration is written as 90s, 5m or 1h30m.
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	got, err := time.ParseDuration(string(text))
	if err != nil {
		return errors.New("a time is written as 90s, 5m or 1h30m")
	}
	*d = Duration(got)
	return nil
}

// Parse reads a list; file is its name, for messages. The error is an *Error.
func Parse(data []byte, file string) (Inventory, error) {
	p := &parser{file: file, data: data}
	if len(data) > MaxBytes {
		return Inventory{}, p.fail(0, "", "longer than %d bytes", MaxBytes)
	}
	if err := statement.CheckJSON(data, MaxBytes); err != nil {
		return Inventory{}, p.syntax(err)
	}
	p.dec = json.NewDecoder(bytes.NewReader(data))
	if err := p.sections(); err != nil {
		return Inventory{}, err
	}
	if err := p.check(); err != nil {
		return Inventory{}, err
	}
	return p.out, nil
}

type parser struct {
	file string
	data []byte
	dec  *json.Decoder
	out  Inventory
	at   map[string][]int // where the items of each section begin
}

// fail makes an error at an offset.
func (p *parser) fail(at int, hint, format string, a ...any) *Error {
	before := p.data[:min(max(at, 0), len(p.data))]
	line := bytes.Count(before, []byte{'\n'}) + 1
	column := len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1
	return &Error{p.file, line, column, fmt.Sprintf(format, a...), hint}
}

// syntax finds where a text stops to be JSON; what only the strict reader
// refuses is told at the beginning.
func (p *parser) syntax(strict error) error {
	var bad *json.SyntaxError
	if err := json.Unmarshal(p.data, new(any)); errors.As(err, &bad) {
		at := int(bad.Offset) - 1
		if at >= len(p.data)-1 {
			at = len(p.data)
		}
		return p.fail(at, "check commas, quotes and brackets just before this place", "this is no JSON: %s", bad.Error())
	}
	why := strict.Error()
	if r, ok := statement.AsRefusal(strict); ok {
		why = r.Detail
	}
	return p.fail(0, "", "%s", why)
}

// next is where the next value begins.
func (p *parser) next() int {
	at := int(p.dec.InputOffset())
	for at < len(p.data) && strings.IndexByte(" \t\r\n,:", p.data[at]) >= 0 {
		at++
	}
	return at
}

func (p *parser) sections() error {
	p.at = make(map[string][]int)
	if start := p.next(); start >= len(p.data) || p.data[start] != '{' {
		return p.fail(start, `{"results": [{"id": "adams", "url": "https://..."}]}`, "a list begins with {")
	}
	_, _ = p.dec.Token()
	into := p.out.lists()
	for p.dec.More() {
		at := p.next()
		key, err := p.dec.Token()
		if err != nil {
			return p.fail(at, "", "%v", err)
		}
		name, _ := key.(string)
		list, ok := into[name]
		if !ok {
			return p.fail(at, "the sections are "+strings.Join(Sections(), ", "), "no section %.60q", name)
		}
		if err := p.section(name, list); err != nil {
			return err
		}
	}
	_, _ = p.dec.Token()
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return p.fail(p.next(), "", "something stands after the end")
	}
	return nil
}

// Sections are the names of the sections, in the order of the screens.
func Sections() []string {
	return []string{"offices", "domains", "senders", "results", "registration", "files", "vendors", "call"}
}

func (v *Inventory) lists() map[string]any {
	return map[string]any{
		"offices": &v.Offices, "domains": &v.Domains, "senders": &v.Senders, "results": &v.Results,
		"registration": &v.Registration, "files": &v.Files, "vendors": &v.Vendors, "call": &v.Call,
	}
}

func (p *parser) section(name string, list any) error {
	at := p.next()
	if p.data[at] != '[' {
		return p.fail(at, fmt.Sprintf(`"%s": [{...}, {...}]`, name), "%s: a list in brackets is wanted", name)
	}
	_, _ = p.dec.Token()
	slice := reflect.ValueOf(list).Elem()
	most := MaxItems
	if name == "results" {
		most = MaxPages
	}
	for p.dec.More() {
		at := p.next()
		var raw json.RawMessage
		if err := p.dec.Decode(&raw); err != nil {
			return p.fail(at, "", "%s: %v", name, err)
		}
		if slice.Len() == most {
			return p.fail(at, "", "%s: more than %d", name, most)
		}
		item := reflect.New(slice.Type().Elem())
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(item.Interface()); err != nil {
			return p.item(name, at, raw, item.Type().Elem(), err)
		}
		slice.Set(reflect.Append(slice, item.Elem()))
		p.at[name] = append(p.at[name], at)
	}
	_, _ = p.dec.Token()
	return nil
}

// item says what is wrong inside one item, as near to it as can be told.
func (p *parser) item(section string, at int, raw []byte, typ reflect.Type, err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		what := strings.TrimPrefix(wrong.Field, ".")
		return p.fail(at+max(0, int(wrong.Offset)-1), "", "%s: %s is a %s, not a %s", section, what, plain(wrong.Type), wrong.Value)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if i := bytes.Index(raw, []byte(name)); i >= 0 {
			at += i
		}
		return p.fail(at, "it may have "+strings.Join(fields(typ), ", "), "%s: no field %s", section, name)
	}
	return p.fail(at, "", "%s: %v", section, err)
}

func plain(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "list"
	case reflect.Struct, reflect.Map, reflect.Pointer:
		return "object"
	case reflect.Bool:
		return "true or false"
	case reflect.Int64, reflect.Int:
		if t == reflect.TypeFor[Duration]() {
			return "text like 5m"
		}
		return "whole number"
	}
	return "text"
}

func fields(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
