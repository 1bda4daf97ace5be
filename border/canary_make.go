package border

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"entente/observable"
	"entente/statement"
)

// Line is one item of a list as copies mark it. Its fields are those of an
// item of package watch/indicator, in that order.
type Line struct {
	Type, Value, Observed, Until string
	Context                      bool
	Note                         string
}

// Copy is what one recipient gets.
type Copy struct {
	To    string
	Lines []Line
}

// The decoys of one release: each recipient gets so many of its own, and each
// two recipients so many that only these two get. An intersection of two
// copies keeps the pair's, a union keeps everybody's own.
const (
	ownDecoys  = 2
	pairDecoys = 2
)

// Mark makes a copy of a list for each party. The copies hold the same items
// and mean the same. They differ in decoys, in the order of each two
// neighbours, in whether a bare date is written with its midnight, and in
// whether a note ends with a full stop: each by a coin of its own, so that the
// copy of somebody else agrees with a leak in half of these only. rand is
// where the coins come from; who knows them can strip the marks.
//
// The decoys are of the types that the list has, with the dates of its items.
// No address is ever made up: it would be somebody's. Rules are left as they are.
func Mark(rand io.Reader, lines []Line, parties []string) ([]Copy, []Decoy, error) {
	if len(lines) == 0 || len(parties) == 0 || len(parties) > MaxCopies {
		return nil, nil, statement.Refuse(statement.CodeRecipient, "a marked list has items and 1 to %d recipients", MaxCopies)
	}
	d := &dice{r: rand}
	parties = slices.Sorted(slices.Values(parties))
	taken := make(map[string]bool, len(lines))
	for _, l := range lines {
		taken[l.Value] = true
	}
	var decoys []Decoy
	made := make(map[string]Line)
	add := func(n int, to ...string) {
		for range n {
			l := d.decoy(lines, taken)
			taken[l.Value], made[l.Value] = true, l
			decoys = append(decoys, Decoy{l.Type, l.Value, to})
		}
	}
	for i, p := range parties {
		add(ownDecoys, p)
		for _, q := range parties[i+1:] {
			add(pairDecoys, p, q)
		}
	}
	var copies []Copy
	for _, p := range parties {
		c := Copy{To: p, Lines: d.copy(lines)}
		for _, decoy := range decoys {
			if slices.Contains(decoy.To, p) {
				c.Lines = slices.Insert(c.Lines, d.roll(len(c.Lines)+1), d.spell(made[decoy.Value]))
			}
		}
		copies = append(copies, c)
	}
	d.shuffle(decoys)
	return copies, decoys, d.err
}

// dice draws from rand and keeps the first error.
type dice struct {
	r   io.Reader
	err error
}

// roll returns a number below n.
func (d *dice) roll(n int) int {
	var b [8]byte
	if d.err == nil {
		_, d.err = io.ReadFull(d.r, b[:])
	}
	return int(binary.BigEndian.Uint64(b[:]) % uint64(n)) // the bias is below 2^-40
}

func (d *dice) coin() bool { return d.roll(2) == 1 }

func (d *dice) one(of []string) string { return of[d.roll(len(of))] }

// shuffle keeps the order in which decoys were drawn from saying anything.
func (d *dice) shuffle(decoys []Decoy) {
	for i := len(decoys) - 1; i > 0; i-- {
		j := d.roll(i + 1)
		decoys[i], decoys[j] = decoys[j], decoys[i]
	}
}

// copy marks the real lines.
func (d *dice) copy(lines []Line) []Line {
	out := make([]Line, len(lines))
	for i, l := range lines {
		out[i] = d.spell(l)
	}
	for i := 0; i+1 < len(out); i += 2 {
		if d.coin() {
			out[i], out[i+1] = out[i+1], out[i]
		}
	}
	return out
}

// midnight is what may stand behind a date without changing what it means.
const midnight = "T00:00:00Z"

// spell writes a line in one of the ways that mean the same.
func (d *dice) spell(l Line) Line {
	if date, ok := bareDate(l.Observed); ok {
		l.Observed = date
		if d.coin() {
			l.Observed += midnight
		}
	}
	if note, ok := bareNote(l); ok {
		l.Note = note
		if d.coin() {
			l.Note += "."
		}
	}
	return l
}

// bareDate returns a date that may carry its midnight or not.
func bareDate(observed string) (date string, ok bool) {
	date = strings.TrimSuffix(observed, midnight)
	return date, len(date) == len("2006-01-02")
}

// bareNote returns a note that may end with a full stop or not.
func bareNote(l Line) (note string, ok bool) {
	const most = 270 // bytes; an item's note may have ten more
	note = strings.TrimSuffix(l.Note, ".")
	return note, note != "" && len(note) <= most && !strings.HasSuffix(note, ".") && !isRule(l)
}

// isRule says that a line is no value but a program.
func isRule(l Line) bool {
	return !slices.Contains(observable.Types(), observable.Type(l.Type))
}

// decoy makes a line that looks like those of the list.
func (d *dice) decoy(lines []Line, taken map[string]bool) Line {
	for {
		like := lines[d.roll(len(lines))]
		l := Line{Type: like.Type, Observed: like.Observed, Until: like.Until, Context: like.Context}
		if isRule(like) {
			l.Observed, l.Until = "", ""
		}
		switch observable.Type(like.Type) {
		case observable.MD5:
			l.Value = d.hex(16)
		case observable.SHA1:
			l.Value = d.hex(20)
		case observable.SHA256:
			l.Value = d.hex(32)
		case observable.URL:
			l.Value = d.name() + "/" + d.path()
		case observable.Email:
			l.Value = d.one(things) + "@" + d.name()
		default: // an address would be somebody's
			l.Type, l.Value = string(observable.Domain), d.name()
		}
		if usual := d.note(lines); !isRule(like) {
			l.Note = usual
		}
		if !taken[l.Value] || d.err != nil {
			return l
		}
	}
}

// note returns a note that several lines of the list have, or none: one that
// only its own line has would betray the copy of it.
func (d *dice) note(lines []Line) string {
	note := lines[d.roll(len(lines))].Note
	same := 0
	for _, l := range lines {
		if l.Note == note {
			same++
		}
	}
	if same < 2 || len(note) > 270 {
		return ""
	}
	return note
}

func (d *dice) hex(n int) string {
	b := make([]byte, n)
	if d.err == nil {
		_, d.err = io.ReadFull(d.r, b)
	}
	return hex.EncodeToString(b)
}

const consonants, vowels = "bcdfghklmnprstvz", "aeiou"

var (
	things   = []string{"account", "admin", "api", "assets", "auth", "backup", "billing", "cdn", "cloud", "connect", "content", "data", "docs", "download", "edge", "files", "gateway", "help", "host", "id", "image", "info", "invoice", "live", "login", "mail", "media", "meet", "mobile", "news", "notify", "office", "online", "panel", "pay", "portal", "proxy", "report", "secure", "server", "service", "share", "site", "sso", "static", "status", "storage", "support", "sync", "system", "team", "token", "track", "update", "upload", "user", "verify", "view", "vpn", "web", "work", "zone", "check", "page"}
	zones    = []string{"com", "net", "org", "info", "biz", "online", "site", "top"}
	suffixes = []string{"", ".php", ".html", ".js", ".aspx", "/", ".bin", ".dat"}
)

// name makes up a domain name that can be said and that nobody has: four
// syllables, a word and a zone, of 2^35.2 that there are.
func (d *dice) name() string {
	var b strings.Builder
	for range 4 {
		b.WriteByte(consonants[d.roll(len(consonants))])
		b.WriteByte(vowels[d.roll(len(vowels))])
	}
	made, word := b.String(), d.one(things)
	if d.coin() {
		made, word = word, made
	}
	return made + "-" + word + "." + d.one(zones)
}

func (d *dice) path() string {
	return d.one(things) + "/" + d.hex(3) + d.one(suffixes)
}

// nameBits is the logarithm of how many names there are, rounded down: what a
// decoy is worth against chance and guessing.
const nameBits = 35
