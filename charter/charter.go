package charter

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"entente/statement"
)

const (
	// Format is the format that this version writes and understands.
	Format = "entente/charter/v1"
	// Rules is the version of the rules by which joint states are computed.
	Rules = "1"
	// MaxSize is the largest charter, in bytes: MaxParties entries with their
	// post-quantum keys take some 1.4 MB.
	MaxSize = 2 << 20
	// MaxParties is the largest number of parties and observers together.
	MaxParties = 200

	digestTag = "entente/charter/v1"
)

// Role is what a node is on the roster.
type Role string

// The roles. Both run full nodes (log, witness, mirror) and both consent; only
// parties take part in what becomes joint.
const (
	RoleParty    Role = "party"
	RoleObserver Role = "observer"
)

// Charter is one parsed roster. Make it with Parse; a Charter built by hand
// has no digest.
type Charter struct {
	Format            string            `json:"format"`
	Name              string            `json:"name"`
	Epoch             uint64            `json:"epoch"`    // 1 for the first charter of a unit
	Previous          *statement.Digest `json:"previous"` // digest of the charter before, null in epoch 1
	Rules             string            `json:"rules"`
	Parties           []Party           `json:"parties"` // sorted by id
	Quorum            Quorum            `json:"quorum"`
	Succession        int               `json:"succession"` // how many others must sign for a lost statement key
	Scope             []string          `json:"scope"`
	Budgets           Budgets           `json:"budgets"`
	Intervals         Intervals         `json:"intervals"`
	CoolingOffSeconds int64             `json:"cooling_off_seconds"`
	Effective         string            `json:"effective"` // RFC 3339, UTC, whole seconds

	raw    string
	digest statement.Digest
}

// Party is one entry of the roster.
type Party struct {
	ID      string `json:"id"`      // [a-z][a-z0-9-]{0,30}
	Role    Role   `json:"role"`    // "party" or "observer"
	Name    string `json:"name"`    // for people
	Origin  string `json:"origin"`  // its log's origin, see Origin; never changes
	Address string `json:"address"` // host:port, or empty where there is no direct line
	Keys    Keys   `json:"keys"`
}

// Quorum says how many other nodes carry a statement to which word.
type Quorum struct {
	Witnesses int   `json:"witnesses"` // cosignatures of OTHER nodes for "witnessed"
	Held      Count `json:"held"`      // mirror cosignatures of OTHER nodes for "held"
}

// Budgets limit what one partner may cost one node. Days are UTC.
type Budgets struct {
	SightingsPerDay   int64 `json:"sightings_per_day"` // automatic sightings released to one partner
	ObjectsPerDay     int64 `json:"objects_per_day"`
	BytesPerDay       int64 `json:"bytes_per_day"`
	RequestsPerSecond int64 `json:"requests_per_second"`
	Connections       int64 `json:"connections"`
	DiskBytes         int64 `json:"disk_bytes"`
}

// Intervals are the clocks that every node keeps.
type Intervals struct {
	HeartbeatSeconds int64 `json:"heartbeat_seconds"` // re-sign and submit the own head, changed or not
	AckSeconds       int64 `json:"ack_seconds"`       // batch acknowledgements
	HeadsSeconds     int64 `json:"heads_seconds"`     // log the heads that were cosigned
	StaleAfterMissed int64 `json:"stale_after_missed"`
}

// Parse reads a charter strictly. It accepts only the one spelling that
// Propose writes (two-space indented JSON, fields in order, final newline),
// checks every field, and returns a *statement.Refusal otherwise. A charter of
// another format or rules version gives statement.ErrNotUnderstood.
func Parse(data []byte) (Charter, error) {
	var c Charter
	if err := decode(data, MaxSize, Format, &c); err != nil {
		return Charter{}, err
	}
	if c.Rules != Rules {
		return Charter{}, statement.ErrNotUnderstood
	}
	if err := c.check(); err != nil {
		return Charter{}, err
	}
	c.raw = string(data)
	c.digest = statement.TaggedSum(digestTag, data)
	return c, nil
}

// Digest is SHA-256 of the exact bytes under a domain tag.
func (c Charter) Digest() statement.Digest { return c.digest }

// Bytes returns the exact bytes that the charter was read from.
func (c Charter) Bytes() []byte { return []byte(c.raw) }

// EffectiveAt is the instant that the text names.
func (c Charter) EffectiveAt() time.Time {
	t, err := time.Parse(time.RFC3339, c.Effective)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// CoolingOff is the time between the last consent and force.
func (c Charter) CoolingOff() time.Duration {
	return time.Duration(c.CoolingOffSeconds) * time.Second
}

// Party returns the entry with the given id.
func (c Charter) Party(id string) (Party, bool) {
	return c.find(func(p Party) bool { return p.ID == id })
}

// ByOrigin returns the entry whose log has the given origin.
func (c Charter) ByOrigin(origin string) (Party, bool) {
	return c.find(func(p Party) bool { return p.Origin == origin })
}

// Others returns every entry but the one with the given id, in order.
func (c Charter) Others(id string) []Party {
	return slices.DeleteFunc(slices.Clone(c.Parties), func(p Party) bool { return p.ID == id })
}

func (c Charter) find(is func(Party) bool) (Party, bool) {
	if i := slices.IndexFunc(c.Parties, is); i >= 0 {
		return c.Parties[i], true
	}
	return Party{}, false
}

// HeldNeeded is the number of other nodes' mirror cosignatures for "held".
func (c Charter) HeldNeeded() int {
	if c.Quorum.Held == All {
		return len(c.Parties) - 1
	}
	return int(c.Quorum.Held)
}

// Duration returns the heartbeat, ack and heads intervals as durations.
func (i Intervals) Duration() (heartbeat, ack, heads time.Duration) {
	return time.Duration(i.HeartbeatSeconds) * time.Second, time.Duration(i.AckSeconds) * time.Second, time.Duration(i.HeadsSeconds) * time.Second
}

// decode reads one of this package's files: format first, then every field,
// then the comparison with the one spelling.
func decode(data []byte, maxSize int, format string, v any) error {
	if err := statement.CheckJSON(data, maxSize); err != nil {
		return err
	}
	var probe struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(data, &probe); err != nil || probe.Format == "" {
		return statement.Refuse(statement.CodeField, "no format; want %s", format)
	}
	if probe.Format != format {
		name, _, _ := strings.Cut(format, "/v")
		if strings.HasPrefix(probe.Format, name+"/v") {
			return statement.ErrNotUnderstood
		}
		return statement.Refuse(statement.CodeField, "this file says %.40q, want %s", probe.Format, format)
	}
	if err := statement.Decode(data, maxSize, v); err != nil {
		return err
	}
	again, err := encode(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, data) {
		return statement.Refuse(statement.CodeJSON, "not the one spelling of this file; it was edited or re-formatted")
	}
	return nil
}

// encode writes the one spelling: two-space indent, no HTML escapes, newline.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
