package charter

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"entente/statement"
)

// Count is a number of nodes, or All of them.
type Count int

// All stands for every other node, written "all".
const All Count = 0

// MarshalJSON writes "all" or the number.
func (n Count) MarshalJSON() ([]byte, error) {
	if n == All {
		return []byte(`"all"`), nil
	}
	return strconv.AppendInt(nil, int64(n), 10), nil
}

// UnmarshalJSON reads "all" or a number of at least 1.
func (n *Count) UnmarshalJSON(b []byte) error {
	if string(b) == `"all"` {
		*n = All
		return nil
	}
	var i int
	if err := json.Unmarshal(b, &i); err != nil || i < 1 {
		return statement.Refuse(statement.CodeField, `held is "all" or a number of nodes`)
	}
	*n = Count(i)
	return nil
}

const (
	maxName       = 80
	maxScope      = 64
	maxScopeText  = 280
	maxInterval   = 24 * 60 * 60
	maxCoolingOff = 366 * 24 * 60 * 60
	maxAddress    = 255
)

// Origin is the origin of a party's log: its id and the first eight hex
// digits of SHA-256 of the statement key that it enrolled with. It outlives
// every later key.
func Origin(id string, statementKey ed25519.PublicKey) string {
	sum := sha256.Sum256(statementKey)
	return "entente/" + id + "/" + hex.EncodeToString(sum[:4])
}

// ValidID reports whether s is a party id: [a-z][a-z0-9-]{0,30}.
func ValidID(s string) bool {
	if len(s) < 1 || len(s) > 31 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func (c Charter) check() error {
	if err := checkText("name", c.Name, maxName); err != nil {
		return err
	}
	if c.Epoch < 1 || c.Epoch > 1<<31 || (c.Epoch == 1) != (c.Previous == nil) {
		return refuse("epoch 1 has no previous charter, every later one names it")
	}
	if n := len(c.Parties); n < 2 || n > MaxParties {
		return refuse("%d parties, want 2 to %d", n, MaxParties)
	}
	if err := c.checkParties(); err != nil {
		return err
	}
	others := len(c.Parties) - 1
	if c.Quorum.Witnesses < 1 || c.Quorum.Witnesses > others {
		return refuse("quorum.witnesses is %d, want 1 to %d: only other nodes count", c.Quorum.Witnesses, others)
	}
	if int(c.Quorum.Held) < 0 || int(c.Quorum.Held) > others {
		return refuse(`quorum.held is %d, want 1 to %d or "all"`, c.Quorum.Held, others)
	}
	if c.Succession < 1 || c.Succession > others {
		return refuse("succession is %d, want 1 to %d", c.Succession, others)
	}
	if err := c.checkScope(); err != nil {
		return err
	}
	return c.checkClocks()
}

func (c Charter) checkParties() error {
	seen := newKeySet()
	origins := make(map[string]bool, len(c.Parties))
	parties := 0
	for i, p := range c.Parties {
		if i > 0 && c.Parties[i-1].ID >= p.ID {
			return refuse("parties are sorted by id and named once: %.31q", p.ID)
		}
		if origins[p.Origin] {
			return refuse("origin %.60q twice", p.Origin)
		}
		origins[p.Origin] = true
		// A key may have been rotated in a later epoch; the origin stays.
		if err := p.check(c.Epoch == 1); err != nil {
			return err
		}
		if err := seen.add(p); err != nil {
			return err
		}
		if p.Role == RoleParty {
			parties++
		}
	}
	if parties < 2 {
		return refuse("%d entries with the role party, want at least 2", parties)
	}
	return seen.fresh(c.Parties)
}

// check tests one entry alone; enrolling says that its statement key is the
// one that its origin was made from.
func (p Party) check(enrolling bool) error {
	if !ValidID(p.ID) {
		return statement.Refuse(statement.CodeParty, "party id %.40q: want [a-z][a-z0-9-]{0,30}", p.ID)
	}
	if p.Role != RoleParty && p.Role != RoleObserver {
		return refuse("party %s: role %.20q, want party or observer", p.ID, string(p.Role))
	}
	if err := checkText("party "+p.ID+": name", p.Name, maxName); err != nil {
		return err
	}
	if err := checkAddress(p.Address); err != nil {
		return refuse("party %s: address %.60q: %s", p.ID, p.Address, err.Detail)
	}
	key, err := p.Keys.check(p.Origin)
	if err != nil {
		return statement.Refuse(err.Code, "party %s: %s", p.ID, err.Detail)
	}
	want := Origin(p.ID, key)
	if enrolling && p.Origin != want {
		return statement.Refuse(statement.CodeKey, "party %s: origin %.60q does not belong to its statement key", p.ID, p.Origin)
	}
	hash, ok := strings.CutPrefix(p.Origin, "entente/"+p.ID+"/")
	if !ok || len(hash) != 8 || strings.Trim(hash, "0123456789abcdef") != "" {
		return refuse("party %s: origin %.60q, want entente/%s/ and 8 hex digits", p.ID, p.Origin, p.ID)
	}
	return nil
}

func (c Charter) checkScope() error {
	if c.Scope == nil || len(c.Scope) > maxScope {
		return refuse("scope is a list of at most %d lines", maxScope)
	}
	for i, s := range c.Scope {
		if err := checkText("scope", s, maxScopeText); err != nil {
			return err
		}
		if slices.Contains(c.Scope[:i], s) {
			return refuse("scope line %d twice", i+1)
		}
	}
	return nil
}

func (c Charter) checkClocks() error {
	const tera = 1 << 40
	for _, r := range []struct {
		name        string
		value       int64
		least, most int64
	}{
		{"budgets.sightings_per_day", c.Budgets.SightingsPerDay, 0, 1_000_000},
		{"budgets.objects_per_day", c.Budgets.ObjectsPerDay, 1, 1_000_000_000},
		{"budgets.bytes_per_day", c.Budgets.BytesPerDay, 1 << 20, 16 * tera},
		{"budgets.requests_per_second", c.Budgets.RequestsPerSecond, 1, 100_000},
		{"budgets.connections", c.Budgets.Connections, 1, 10_000},
		{"budgets.disk_bytes", c.Budgets.DiskBytes, 1 << 20, 1024 * tera},
		{"intervals.heartbeat_seconds", c.Intervals.HeartbeatSeconds, 1, maxInterval},
		{"intervals.ack_seconds", c.Intervals.AckSeconds, 1, maxInterval},
		{"intervals.heads_seconds", c.Intervals.HeadsSeconds, 1, maxInterval},
		{"intervals.stale_after_missed", c.Intervals.StaleAfterMissed, 2, 100},
		{"cooling_off_seconds", c.CoolingOffSeconds, 0, maxCoolingOff},
	} {
		if r.value < r.least || r.value > r.most {
			return refuse("%s is %d, want %d to %d", r.name, r.value, r.least, r.most)
		}
	}
	if _, err := parseInstant(c.Effective); err != nil {
		return refuse("effective %.40q: want an instant such as 2026-01-31T12:00:00Z", c.Effective)
	}
	return nil
}

// Succeeds checks that next may follow c: one epoch later, naming c's digest,
// and no party under another origin than before. Who joined enrolled with the
// key that its origin was made from.
func (c Charter) Succeeds(next Charter) error {
	if next.Epoch != c.Epoch+1 || next.Previous == nil || *next.Previous != c.digest {
		return statement.Refuse(statement.CodeCharter, "epoch %d does not follow %s", next.Epoch, c.digest.Short())
	}
	for _, p := range next.Parties {
		before, known := c.Party(p.ID)
		if known && before.Origin != p.Origin {
			return statement.Refuse(statement.CodeCharter, "party %s: an origin never changes", p.ID)
		}
		if err := p.check(!known); err != nil {
			return err
		}
	}
	return nil
}

func refuse(format string, a ...any) *statement.Refusal {
	return statement.Refuse(statement.CodeField, format, a...)
}

// checkText accepts what a reader sees as it is: no control, format, bidi or
// invisible characters, no blanks at the ends.
func checkText(what, s string, most int) error {
	if s == "" || len(s) > most || strings.TrimSpace(s) != s {
		return refuse("%s: want 1 to %d bytes without blanks at the ends", what, most)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return refuse("%s: character %U is not printable", what, r)
		}
	}
	return nil
}

// checkAddress accepts "", an IP address with a port, or a lower-case host
// name with a port.
func checkAddress(s string) *statement.Refusal {
	if s == "" {
		return nil
	}
	if len(s) > maxAddress {
		return refuse("longer than %d bytes", maxAddress)
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		if ap.Port() == 0 || ap.String() != s || ap.Addr().Zone() != "" {
			return refuse("not the usual spelling")
		}
		return nil
	}
	i := strings.LastIndexByte(s, ':')
	if i < 1 {
		return refuse("want host:port")
	}
	host, port := s[:i], s[i+1:]
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return refuse("want a port from 1 to 65535")
	}
	for label := range strings.SplitSeq(host, ".") {
		bad := label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-'
		if bad || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return refuse("want a lower-case host name or an IP address")
		}
	}
	// A host of digits and dots that is no IP address is read differently by
	// different resolvers (octal, short forms).
	if strings.Trim(host, "0123456789.") == "" {
		return refuse("not an IP address")
	}
	return nil
}

// parseInstant reads RFC 3339 in UTC with whole seconds, in its one spelling.
func parseInstant(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.UTC().Format(time.RFC3339) != s {
		return time.Time{}, refuse("not an instant")
	}
	if y := t.Year(); y < 2000 || y > 9000 {
		return time.Time{}, refuse("not a plausible year")
	}
	return t.UTC(), nil
}
