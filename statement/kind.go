package statement

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Kind names what an act is and in which version, as in "sighting/v1". A
// version never changes: a change is a new version.
type Kind string

// Valid reports whether k has the form name/vN, the name of a-z and "-", N a
// number from 1 without leading zeros, at most 64 bytes.
func (k Kind) Valid() bool {
	name, version, ok := strings.Cut(string(k), "/v")
	if !ok || len(k) > 64 || name == "" || version == "" || version[0] == '0' {
		return false
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") == "" && strings.Trim(version, "0123456789") == ""
}

// Spec is what the registry knows of a kind.
type Spec struct {
	Kind Kind
	// Check decodes a body strictly and returns a *Refusal if it does not fit.
	Check func(body []byte) error
	// Housekeeping marks kinds that the machinery itself writes about other
	// statements (heads, ack, refusal). They beget neither heads nor acks and
	// are not counted as something said.
	Housekeeping bool
}

// Registry is the explicit list of the kinds that this version understands.
// It is built once, in node, and passed down.
type Registry struct{ specs map[Kind]Spec }

// NewRegistry makes a registry; a kind named twice or without a check is an
// error of the programmer and reported as such.
func NewRegistry(specs ...Spec) (Registry, error) {
	m := make(map[Kind]Spec, len(specs))
	for _, s := range specs {
		if _, twice := m[s.Kind]; twice || !s.Kind.Valid() || s.Check == nil {
			return Registry{}, fmt.Errorf("kind %q: registered twice, misnamed or without a check", s.Kind)
		}
		m[s.Kind] = s
	}
	return Registry{specs: m}, nil
}

// Kinds returns the registered kinds in order.
func (r Registry) Kinds() []Kind { return slices.Sorted(maps.Keys(r.specs)) }

// Spec returns what is known of k; false means "not understood by this version".
func (r Registry) Spec(k Kind) (Spec, bool) {
	s, ok := r.specs[k]
	return s, ok
}

// Check checks the body of an act. Unknown kinds give ErrNotUnderstood.
func (r Registry) Check(a Act) error {
	s, ok := r.specs[a.Kind]
	if !ok {
		return ErrNotUnderstood
	}
	return s.Check(a.Body)
}
