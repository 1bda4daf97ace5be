package stix

import (
	"errors"
	"fmt"
	"io"
)

// BundleWriter writes a bundle object by object.
type BundleWriter struct {
	w     io.Writer
	id    string
	count int
	done  bool
}

// NewBundleWriter begins a bundle with this id, "bundle--<UUID>".
func NewBundleWriter(w io.Writer, id string) (*BundleWriter, error) {
	if typ, ok := IDType(id); !ok || typ != "bundle" {
		return nil, fmt.Errorf("%q is not the id of a bundle", id)
	}
	return &BundleWriter{w: w, id: id}, nil
}

// Add writes one object, its bytes as they are.
func (b *BundleWriter) Add(o Object) error {
	if b.done {
		return errors.New("the bundle is closed")
	}
	frame := ",\n"
	if b.count == 0 {
		frame = `{"type":"bundle","id":"` + b.id + "\",\"objects\":[\n"
	}
	b.count++
	if _, err := io.WriteString(b.w, frame); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	if _, err := b.w.Write(o.Raw); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	return nil
}

// Close ends the bundle. One without objects has no list of them: the
// specification forbids empty lists (section 2.11).
func (b *BundleWriter) Close() error {
	b.done = true
	end := "\n]}\n"
	if b.count == 0 {
		end = `{"type":"bundle","id":"` + b.id + "\"}\n"
	}
	if _, err := io.WriteString(b.w, end); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	return nil
}
