package peer

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"entente/record"
	"entente/statement"
)

const (
	tileHeight = 8 // C2SP tlog-tiles

	// BundleWidth is the number of leaves in a full tile or bundle.
	BundleWidth = 1 << tileHeight
	// MaxCount is the largest count of a parts request.
	MaxCount = 256
	// MaxTargets is the largest number of targets of a long poll.
	MaxTargets = 64

	maxPath    = 8 << 10
	maxMessage = 64      // of a message's name
	maxLevel   = 63      // C2SP tlog-tiles
	maxTile    = 1 << 55 // beyond it a leaf index would not fit an int64
)

// LogName returns H, the name of a log in every path.
func LogName(origin string) string { return record.OriginHash(origin) }

type endpoint uint8

const (
	atCheckpoint endpoint = iota
	atTile
	atEntries
	atParts
	atHeld
	atWait
	atAdd
	atRound
)

// subject is what a long poll asks about.
type subject string

const (
	ofLog   subject = "log"   // leaves
	ofHeld  subject = "held"  // the note with this node's mirror cosignature
	ofRound subject = "match" // messages of a run of match
)

// target is one log (or the held note of one, or a run) and the size known to
// the asker.
type target struct {
	of   subject
	log  string // H, or the run's id in the same form
	size uint64
}

// route is a parsed request target. String gives the one spelling that
// parseRoute accepts.
type route struct {
	at      endpoint
	log     string    // H
	tile    tlog.Tile // atTile; atEntries uses N and W
	index   uint64    // atParts
	count   int       // atParts
	targets []target  // atWait
	message string    // atRound; the run stands in log
}

func (r route) String() string {
	switch r.at {
	case atCheckpoint:
		return "/" + r.log + "/checkpoint"
	case atHeld:
		return "/" + r.log + "/held"
	case atTile, atEntries:
		return "/" + r.log + "/" + tilePath(r)
	case atParts:
		return fmt.Sprintf("/%s/parts/%d?n=%d", r.log, r.index, r.count)
	case atWait:
		return "/wait?" + r.query()
	case atAdd:
		return "/add-checkpoint"
	case atRound:
		return "/match/" + r.log + "/" + r.message
	}
	return ""
}

func (r route) query() string {
	var b strings.Builder
	for i, t := range r.targets {
		if i > 0 {
			b.WriteByte('&')
		}
		fmt.Fprintf(&b, "%s=%s&size=%d", t.of, t.log, t.size)
	}
	return b.String()
}

// tilePath spells a tile as C2SP tlog-tiles does: x/mod's path without its
// height, and "entries" for its level -1.
func tilePath(r route) string {
	t := r.tile
	if r.at == atEntries {
		t.L = -1
		return "tile/entries/" + strings.TrimPrefix(t.Path(), "tile/8/data/")
	}
	return "tile/" + strings.TrimPrefix(t.Path(), "tile/8/")
}

// Paths gives one example of every path that a partner may ask for, of a log "H".
func Paths() (out []string) {
	for at := atCheckpoint; ; at++ {
		r := route{at: at, log: "H", tile: tlog.Tile{H: tileHeight, W: BundleWidth}, count: 1, targets: []target{{of: ofLog, log: "H"}}, message: "M"}
		if r.String() == "" {
			return out
		}
		out = append(out, r.String())
	}
}

func badRoute() error { return statement.Refuse(statement.CodeRequest, "no such path") }

// parseRoute reads a request target in its exact form: no escapes, no leading
// zeros, no parameters beyond the documented ones.
func parseRoute(uri string) (route, error) {
	if len(uri) > maxPath {
		return route{}, statement.Refuse(statement.CodeSize, "path of %d bytes", len(uri))
	}
	r, ok := scanRoute(uri)
	if !ok || r.String() != uri {
		return route{}, badRoute()
	}
	return r, nil
}

func scanRoute(uri string) (route, bool) {
	if uri == "/add-checkpoint" {
		return route{at: atAdd}, true
	}
	if q, ok := strings.CutPrefix(uri, "/wait?"); ok {
		return scanWait(q)
	}
	run, isRound := strings.CutPrefix(uri, "/match/")
	h, rest, ok := strings.Cut(strings.TrimPrefix(run, "/"), "/")
	if !ok || !isLogName(h) {
		return route{}, false
	}
	if isRound {
		return route{at: atRound, log: h, message: rest}, isMessage(rest)
	}
	r := route{log: h}
	switch {
	case rest == "checkpoint":
		r.at = atCheckpoint
	case rest == "held":
		r.at = atHeld
	case strings.HasPrefix(rest, "parts/"):
		return scanParts(r, rest[len("parts/"):])
	case strings.HasPrefix(rest, "tile/entries/"):
		r.at = atEntries
		return scanTile(r, "tile/8/data/"+rest[len("tile/entries/"):])
	case strings.HasPrefix(rest, "tile/"):
		r.at = atTile
		return scanTile(r, "tile/8/"+rest[len("tile/"):])
	default:
		return route{}, false
	}
	return r, true
}

func isLogName(h string) bool {
	return len(h) == 2*sha256.Size && strings.Trim(h, "0123456789abcdef") == ""
}

// isMessage reports whether s can name a message of a run.
func isMessage(s string) bool {
	return s != "" && len(s) <= maxMessage && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func scanTile(r route, path string) (route, bool) {
	t, err := tlog.ParseTilePath(path)
	if err != nil || t.N < 0 || t.N >= maxTile {
		return route{}, false
	}
	if r.at == atEntries {
		t.L = 0
	}
	if t.L < 0 || t.L > maxLevel {
		return route{}, false
	}
	r.tile = t
	return r, true
}

func scanParts(r route, rest string) (route, bool) {
	index, count, ok := strings.Cut(rest, "?n=")
	if !ok {
		return route{}, false
	}
	i, err := strconv.ParseUint(index, 10, 63)
	if err != nil {
		return route{}, false
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > MaxCount {
		return route{}, false
	}
	r.at, r.index, r.count = atParts, i, n
	return r, true
}

func scanWait(query string) (route, bool) {
	f := strings.Split(query, "&")
	if len(f)%2 != 0 || len(f) > 2*MaxTargets {
		return route{}, false
	}
	r := route{at: atWait}
	for ; len(f) > 0; f = f[2:] {
		kind, h, _ := strings.Cut(f[0], "=")
		size, err := strconv.ParseUint(strings.TrimPrefix(f[1], "size="), 10, 63)
		of := subject(kind)
		if err != nil || !isLogName(h) || of != ofLog && of != ofHeld && of != ofRound {
			return route{}, false
		}
		r.targets = append(r.targets, target{of, h, size})
	}
	return r, true
}
