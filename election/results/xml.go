package results

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// element is an element of XML or a value of JSON, as a reader of a format sees it.
type element struct {
	name string
	attr map[string]string
	row  int
	text strings.Builder
}

// tree is what a format does with elements; an error ends the file.
type tree interface {
	open(path []*element) error
	close(path []*element) error
}

// readXML finds the format by the first element.
func readXML(r *bufio.Reader, b *builder, src *Source) error {
	f := newFixed(r)
	d := xml.NewDecoder(f)
	d.Entity = map[string]string{}
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		switch strings.ToLower(label) {
		case "iso-8859-1", "iso-8859-15", "latin1", "windows-1252", "us-ascii", "ascii":
			return in, nil // fixed has read it so
		}
		return nil, fmt.Errorf("encoding %q; save it as UTF-8", label)
	}
	var t tree
	err := walkXML(d, f, func(root *element) (tree, error) {
		switch root.name {
		case "ElectionResult":
			t = &clarity{b: b, src: src}
		case "ElectionReport":
			t = newNIST(b, src, "NIST SP 1500-100 XML")
		default:
			return nil, fmt.Errorf("the file begins with <%s>; known are ElectionReport (NIST SP 1500-100) and ElectionResult (Clarity)", cut(root.name))
		}
		return t, nil
	})
	if err != nil {
		line, column := d.InputPos()
		return fmt.Errorf("%s: row %d, column %d: %w", b.file, line, column, err)
	}
	f.report(b)
	if n, ok := t.(*nist); ok {
		n.finish()
	}
	return nil
}

func walkXML(d *xml.Decoder, f *fixed, begin func(*element) (tree, error)) error {
	var t tree
	var path []*element
	for ended := false; ; {
		tok, err := d.Token()
		row := f.at(d.InputOffset())
		switch {
		case errors.Is(err, io.EOF) && ended:
			return nil
		case err != nil:
			return err
		}
		switch tok := tok.(type) {
		case xml.Directive:
			return errors.New("a document type or entity declaration, which results never need")
		case xml.CharData:
			if len(path) == 0 {
				break
			}
			e := path[len(path)-1]
			if e.text.Len()+len(tok) > maxItem {
				return errLongItem
			}
			e.text.Write(tok)
		case xml.StartElement:
			if ended || len(path) == maxDepth {
				return fmt.Errorf("more than one document, or %d elements inside each other", maxDepth)
			}
			e := &element{name: tok.Name.Local, row: row, attr: make(map[string]string, len(tok.Attr))}
			for _, a := range tok.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			if t == nil {
				if t, err = begin(e); err != nil {
					return err
				}
			}
			if len(path) > 0 {
				path[len(path)-1].text.Reset() // what holds elements holds no text
			}
			path = append(path, e)
			if err := t.open(path); err != nil {
				return err
			}
		case xml.EndElement:
			if err := t.close(path); err != nil {
				return err
			}
			path = path[:len(path)-1]
			ended = len(path) == 0
		}
	}
}
