package results

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// readNISTJSON shows a JSON report as the elements that its XML would have: each
// member of an object an element, each item of a list one of the member's
// name, "@id" and "@type" attributes.
func readNISTJSON(r *bufio.Reader, b *builder, src *Source) error {
	f := newFixed(r)
	d := json.NewDecoder(f)
	d.UseNumber()
	n := newNIST(b, src, "NIST SP 1500-100 JSON")
	w := &jsonWalk{d: d, f: f, t: n}
	err := w.value("ElectionReport")
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			err = errors.New("text after the report")
		}
	}
	if err != nil {
		return fmt.Errorf("%s: row %d: %w", b.file, f.at(d.InputOffset()), err)
	}
	f.report(b)
	n.finish()
	return nil
}

type jsonWalk struct {
	d    *json.Decoder
	f    *fixed
	t    tree
	path []*element
	deep int // lists and values inside each other
}

func (w *jsonWalk) value(name string) error {
	tok, err := w.d.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	row := w.f.at(w.d.InputOffset())
	if w.deep++; w.deep > maxDepth {
		return fmt.Errorf("more than %d values inside each other", maxDepth)
	}
	defer func() { w.deep-- }()
	if tok == json.Delim('[') {
		for w.d.More() {
			if err := w.value(name); err != nil {
				return err
			}
		}
		_, err := w.d.Token()
		return err
	}
	e := &element{name: name, row: row, attr: map[string]string{}}
	w.path = append(w.path, e)
	defer func() { w.path = w.path[:len(w.path)-1] }()
	switch tok := tok.(type) {
	case json.Delim:
		if err := w.object(e); err != nil {
			return err
		}
	case string:
		e.text.WriteString(tok)
	case nil:
	default:
		fmt.Fprint(&e.text, tok)
	}
	return w.t.close(w.path)
}

func (w *jsonWalk) object(e *element) error {
	for w.d.More() {
		key, err := w.d.Token()
		if err != nil {
			return err
		}
		name, ok := key.(string)
		if !ok {
			return errors.New("a member without a name")
		}
		if name != "@id" && name != "@type" {
			if err := w.value(name); err != nil {
				return err
			}
			continue
		}
		tok, err := w.d.Token()
		if err != nil {
			return err
		}
		if s, ok := tok.(string); ok {
			e.attr[name] = s
		} else {
			return fmt.Errorf("%s is no text", name)
		}
	}
	_, err := w.d.Token()
	return err
}
