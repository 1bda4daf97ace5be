package misp

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/stix"
	"entente/statement"
)

// The files of a feed beside one for each event.
const (
	ManifestFile = "manifest.json"
	HashesFile   = "hashes.csv"
)

// MaxFeed is how many events a feed may name.
const MaxFeed = stix.MaxKeys

// FeedFile is the name of an event's file. It is made from the uuid alone:
// nothing in a manifest is ever a path.
func FeedFile(uuid string) string { return strings.ToLower(uuid) + ".json" }

// Entry is what a manifest says of an event (misp-rfc, "Manifest").
type Entry struct {
	UUID      string       `json:"-"`
	Info      Text         `json:"info"`
	Orgc      Organisation `json:"Orgc"`
	Date      Text         `json:"date"`
	Analysis  Text         `json:"analysis"`
	Level     Text         `json:"threat_level_id"`
	Timestamp Text         `json:"timestamp"`
	Tags      []Tag        `json:"Tag"`
	SHA256    Text         `json:"integrity:sha256,omitzero"`
	PGP       Text         `json:"integrity:pgp,omitzero"` // shown as there, never checked
}

// ParseManifest reads a manifest, sorted by uuid. A key that is no uuid, and
// two that differ in letter case alone, refuse it whole (E_FIELD): a name that
// is not one is an attack, not a slip. An entry that cannot be read keeps its
// uuid.
func ParseManifest(data []byte) ([]Entry, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if err := stix.CheckJSON(data); err != nil {
		return nil, err
	}
	m, err := ParseMembers(data)
	if err != nil {
		return nil, statement.Refuse(statement.CodeKind, "not a manifest")
	}
	if len(m.names) > MaxFeed {
		return nil, statement.Refuse(statement.CodeSize, "a feed of %d events, at most %d", len(m.names), MaxFeed)
	}
	list := make([]Entry, 0, len(m.names))
	seen := make(map[string]bool, len(m.names))
	for i, uuid := range m.names {
		low := strings.ToLower(uuid)
		if !IsUUID(uuid) || seen[low] {
			return nil, statement.Refuse(statement.CodeField, "%.80q: the manifest names events by uuid, each once", uuid)
		}
		seen[low] = true
		var e Entry
		if err := json.Unmarshal(m.values[i], &e); err != nil {
			e = Entry{}
		}
		e.UUID = low
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b Entry) int { return strings.Compare(a.UUID, b.UUID) })
	return list, nil
}

// Matches refuses a file whose hash is not the one in the manifest (E_DIGEST).
func (e Entry) Matches(file []byte) error {
	if want := strings.ToLower(string(e.SHA256)); want != "" {
		if got := sha256.Sum256(file); hex.EncodeToString(got[:]) != want {
			return statement.Refuse(statement.CodeDigest, "%s is not the file that the manifest means", FeedFile(e.UUID))
		}
	}
	return nil
}

// FeedEvent returns the event of a file, whose uuid the file's name gives.
func FeedEvent(uuid string, file []byte) (raw []byte, err error) {
	n := 0
	err = EachEvent(file, func(r jsontext.Value) error {
		if n++; n > 1 {
			return statement.Refuse(statement.CodeField, "%s holds more than one event", FeedFile(uuid))
		}
		raw = r.Clone()
		e, err := ParseEvent(r)
		if err == nil && !strings.EqualFold(string(e.UUID), uuid) {
			err = statement.Refuse(statement.CodeField, "%s holds the event %s", FeedFile(uuid), e.UUID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return raw, nil
}

// Feed makes the files of a feed.
type Feed struct {
	entries []Entry
	seen    map[string]bool
	hashes  bytes.Buffer
}

// Add takes an event in and returns its file. open says that the event is for
// everybody: only then its values go into hashes.csv, because a hash without
// salt of an address or a name is found by trying all of them.
func (f *Feed) Add(raw []byte, open bool) (name string, file []byte, err error) {
	e, err := ParseEvent(raw)
	if err != nil {
		return "", nil, err
	}
	uuid := strings.ToLower(string(e.UUID))
	if f.seen[uuid] {
		return "", nil, statement.Refuse(statement.CodeField, "the event %s twice", uuid)
	}
	if len(f.entries) == MaxFeed {
		return "", nil, statement.Refuse(statement.CodeSize, "a feed of more than %d events", MaxFeed)
	}
	file = slices.Concat([]byte(`{"Event":`), Bare(raw), []byte("}\n"))
	sum := sha256.Sum256(file)
	x := Entry{
		UUID: uuid, Info: e.Info, Date: e.Date, Analysis: e.Analysis, Level: e.ThreatLevel, Timestamp: e.Timestamp,
		Tags: e.Tags, SHA256: Text(hex.EncodeToString(sum[:])),
	}
	if x.Tags == nil {
		x.Tags = []Tag{}
	}
	if e.Orgc != nil {
		x.Orgc = *e.Orgc
		x.Orgc.ID, x.Orgc.Local = "", ""
	}
	if f.entries = append(f.entries, x); f.seen == nil {
		f.seen = make(map[string]bool)
	}
	f.seen[uuid] = true
	if open {
		if err := f.addHashes(e, uuid); err != nil {
			return "", nil, err
		}
	}
	return FeedFile(uuid), file, nil
}

// addHashes writes a line for each value, and for each part of a composite one.
func (f *Feed) addHashes(e Event, uuid string) error {
	seen := make(map[string]bool)
	return e.EachAttribute(func(a Attribute, p Place, _ jsontext.Value) error {
		if p.Proposal || p.Deleted(a) {
			return nil
		}
		for _, part := range Parts(string(a.Type), string(a.Value)) {
			if part == "" || seen[part] {
				continue
			}
			seen[part] = true
			sum := md5.Sum([]byte(part))
			f.hashes.WriteString(hex.EncodeToString(sum[:]) + "," + uuid + "\n")
		}
		return nil
	})
}

// Manifest writes manifest.json.
func (f *Feed) Manifest() ([]byte, error) {
	slices.SortFunc(f.entries, func(a, b Entry) int { return strings.Compare(a.UUID, b.UUID) })
	m := new(Members)
	for _, e := range f.entries {
		if err := m.Set(e.UUID, e); err != nil {
			return nil, err
		}
	}
	raw, err := m.Marshal()
	return append(raw, '\n'), err
}

// Hashes returns hashes.csv, nil if there is no event for everybody.
func (f *Feed) Hashes() []byte { return f.hashes.Bytes() }

// Len returns how many events were taken in.
func (f *Feed) Len() int { return len(f.entries) }

// Names says whether an event was taken in.
func (f *Feed) Names(uuid string) bool { return f.seen[strings.ToLower(uuid)] }
