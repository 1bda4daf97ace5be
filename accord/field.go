package accord

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"entente/statement"
)

// parse decodes a body strictly as T, demands its one spelling and checks it.
func parse[T any](body []byte, limit int, check func(T) error) (T, error) {
	var b, none T
	if err := statement.Decode(body, limit, &b); err != nil {
		return none, err
	}
	if again, err := json.Marshal(b); err != nil || !bytes.Equal(again, body) {
		return none, refuse("not the one spelling of this body")
	}
	if err := check(b); err != nil {
		return none, err
	}
	return b, nil
}

func refuse(format string, a ...any) *statement.Refusal {
	return statement.Refuse(statement.CodeField, format, a...)
}

// first returns the first error: it lets a check read as a list.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Instant is a time as it stands in a body: RFC 3339, UTC, whole seconds, as
// in 2026-01-31T12:00:00Z, so that noon and midnight cannot be mixed up. Empty
// means none.
type Instant string

// At makes an Instant of a time.
func At(t time.Time) Instant { return Instant(t.UTC().Format(time.RFC3339)) }

// Time is the instant; zero if there is none.
func (i Instant) Time() time.Time {
	t, err := time.Parse(time.RFC3339, string(i))
	if err != nil {
		return time.Time{}
	}
	return t
}

func (i Instant) check(what string, needed bool) error {
	if i == "" && !needed {
		return nil
	}
	t, err := time.Parse("2006-01-02T15:04:05Z", string(i))
	if err != nil || At(t) != i {
		return refuse("%s: an instant such as 2026-01-31T12:00:00Z", what)
	}
	return nil
}

// one demands one of a closed list.
func one[S ~string](what string, s S, of ...S) error {
	if slices.Contains(of, s) {
		return nil
	}
	names := make([]string, len(of))
	for i, o := range of {
		names[i] = string(o)
	}
	return refuse("%s %.40q, want one of %s", what, string(s), strings.Join(names, ", "))
}

// each demands a list (never null) of at most limit, and checks its members.
func each[T any](what string, list []T, limit int, check func(i int, v T) error) error {
	if list == nil || len(list) > limit {
		return refuse("%s: a list of at most %d", what, limit)
	}
	for i, v := range list {
		if err := check(i, v); err != nil {
			return err
		}
	}
	return nil
}

// word demands a short token: a tag, an id, a name of a field.
func word(what, s string) error {
	if s == "" || len(s) > 120 {
		return refuse("%s: 1 to 120 bytes", what)
	}
	return plain(what, s)
}

// words demands a list of tokens, each once.
func words(what string, list []string, limit int) error {
	return each(what, list, limit, func(i int, s string) error {
		if slices.Contains(list[:i], s) {
			return refuse("%s: %.60q twice", what, s)
		}
		return word(what, s)
	})
}

func within(what string, n, least, most int64) error {
	if n < least || n > most {
		return refuse("%s: %d to %d", what, least, most)
	}
	return nil
}

const maxNote = 4000 // bytes of a free text beside a structured one
