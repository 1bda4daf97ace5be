// Package taxii is TAXII 2.1 without its transport: resources, filters, cursors, media types, and what a server asks of a store.
//
// Section numbers are those of the OASIS Standard of 10 June 2021.
package taxii

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
)

// MediaType is what every body of a TAXII 2.1 exchange is (section 1.6.8).
const MediaType = "application/taxii+json;version=2.1"

// StixType is the media type of the objects.
const StixType = "application/stix+json;version=2.1"

// Time is when something was added, in microseconds since 1970 in UTC. Zero
// stands for no time.
type Time int64

const timeLayout = "2006-01-02T15:04:05.000000Z"

// String writes the time as section 3.2 wants it, with exactly six digits
// behind the second.
func (t Time) String() string { return time.UnixMicro(int64(t)).UTC().Format(timeLayout) }

// MarshalText writes the time as String does.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what ParseTime reads.
func (t *Time) UnmarshalText(b []byte) (err error) {
	*t, err = ParseTime(string(b))
	return err
}

// ParseTime reads a timestamp in UTC with up to nine digits behind the second;
// what is finer than a microsecond is cut, which changes no comparison with
// times that have microseconds.
func ParseTime(s string) (Time, error) {
	if len(s) > len("2006-01-02T15:04:05.000000000Z") || len(s) == 0 || s[len(s)-1] != 'Z' {
		return 0, badRequest("no timestamp in UTC: %.40q", s)
	}
	t, err := time.Parse("2006-01-02T15:04:05Z", s) // takes a fraction, too
	if err != nil || t.Year() < 1970 {
		return 0, badRequest("no timestamp in UTC: %.40q", s)
	}
	return Time(t.UnixMicro()), nil
}

// Discovery says what a server offers (section 4.1.1).
type Discovery struct {
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Contact     string   `json:"contact,omitempty"`
	Default     string   `json:"default,omitempty"`
	APIRoots    []string `json:"api_roots,omitempty"`
}

// APIRoot describes one API root (section 4.2.1).
type APIRoot struct {
	Title            string   `json:"title"`
	Description      string   `json:"description,omitempty"`
	Versions         []string `json:"versions"`
	MaxContentLength int64    `json:"max_content_length"`
}

// Collection describes one collection as one account sees it (section 5.2.1).
type Collection struct {
	ID          string   `json:"id"` // a UUID of version 4
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Alias       string   `json:"alias,omitempty"`
	CanRead     bool     `json:"can_read"`
	CanWrite    bool     `json:"can_write"`
	MediaTypes  []string `json:"media_types,omitempty"`
}

// Collections is the list of them (section 5.1.1).
type Collections struct {
	Collections []Collection `json:"collections,omitempty"`
}

// Envelope carries objects (section 3.7). Empty, it is {}.
type Envelope struct {
	More    bool
	Next    string
	Objects []json.RawMessage
}

// AppendTo writes the envelope with the exact bytes of its objects: no encoder
// touches them.
func (e Envelope) AppendTo(b *bytes.Buffer) {
	if len(e.Objects) == 0 {
		b.WriteString("{}")
		return
	}
	b.WriteString(`{"more":`)
	b.WriteString(strconv.FormatBool(e.More))
	if e.Next != "" {
		b.WriteString(`,"next":`)
		b.WriteString(strconv.Quote(e.Next))
	}
	b.WriteString(`,"objects":[`)
	for i, o := range e.Objects {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(o)
	}
	b.WriteString("]}")
}

// Record is one entry of a manifest (section 5.3.1).
type Record struct {
	ID        string `json:"id"`
	DateAdded Time   `json:"date_added"`
	Version   string `json:"version"`
	MediaType string `json:"media_type,omitempty"`
}

// Manifest lists objects without their content (section 5.3.1). The
// specification knows no next here; clients look for it all the same.
type Manifest struct {
	More    *bool    `json:"more,omitempty"`
	Next    string   `json:"next,omitempty"`
	Objects []Record `json:"objects,omitempty"`
}

// Versions lists versions of one object (section 5.8.1), with next as in Manifest.
type Versions struct {
	More     *bool    `json:"more,omitempty"`
	Next     string   `json:"next,omitempty"`
	Versions []string `json:"versions,omitempty"`
}

// Status says what became of added objects (section 4.3.1).
type Status struct {
	ID               string   `json:"id"`
	Status           string   `json:"status"`
	RequestTimestamp Time     `json:"request_timestamp"`
	TotalCount       int      `json:"total_count"`
	SuccessCount     int      `json:"success_count"`
	Successes        []Detail `json:"successes,omitempty"`
	FailureCount     int      `json:"failure_count"`
	Failures         []Detail `json:"failures,omitempty"`
	PendingCount     int      `json:"pending_count"`
	Pendings         []Detail `json:"pendings,omitempty"`
}

// The two states of a Status.
const (
	Complete = "complete"
	Pending  = "pending"
)

// Detail is one object of a Status (section 4.3.2).
type Detail struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Message string `json:"message,omitempty"`
}

// Count fills in the counts and the state.
func (s *Status) Count() {
	s.SuccessCount, s.FailureCount, s.PendingCount = len(s.Successes), len(s.Failures), len(s.Pendings)
	s.TotalCount = s.SuccessCount + s.FailureCount + s.PendingCount
	s.Status = Complete
	if s.PendingCount > 0 {
		s.Status = Pending
	}
}
