package peer

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"entente/statement"
)

// Backend is what the server serves. Its methods are called from many
// goroutines at once; party is always the id of the authenticated partner.
type Backend interface {
	// Log returns party's view of the log named h (LogName of its origin),
	// own or mirrored. A log that party must not see is false.
	Log(party, h string) (Log, bool)
	// Held returns the newest checkpoint note of log h that carries this
	// node's mirror cosignature, and the tree size that it speaks of.
	Held(party, h string) (note []byte, size uint64, ok bool)
	// Round returns what this node has said to party in a run of match, whose
	// id is 64 hexadecimal digits. A run that is not party's is false.
	Round(party, run string) (Round, bool)
	// AddCheckpoint answers a C2SP tlog-witness request of at most
	// MaxAddCheckpoint bytes, statuses included. It counts its own refusals.
	AddCheckpoint(ctx context.Context, party string, body []byte) (status int, contentType string, response []byte)
	// Changed returns a channel that is closed when any log, held note or run has
	// grown after the call.
	Changed() <-chan struct{}
	// Refused takes note of a refusal. An empty party is a stranger or
	// nobody yet; a flood calls it often, so it aggregates.
	Refused(party string, code statement.Code, detail string)
}

// Log is one log as a partner sees it. A Log may grow while it is in use.
type Log interface {
	// Size is the number of leaves under the checkpoint or beyond it that are
	// served.
	Size() uint64
	// Checkpoint is the newest signed note; nil for an empty log.
	Checkpoint() []byte
	// Tile returns the t.W hashes of a tile of height 8 that lies within Size.
	Tile(t tlog.Tile) ([]byte, error)
	// Entries returns the first width leaves of a bundle within Size, in the
	// form of AppendEntry.
	Entries(bundle uint64, width int) ([]byte, error)
	// Sealed returns the sealed parts of a leaf below Size: nil for an erased
	// one, empty for one that is not held or not for this party.
	Sealed(index uint64) ([][]byte, error)
	// Erasure returns the index of the statement that erases a part which
	// Sealed gives as nil; false if none is known.
	Erasure(index uint64, part int) (by uint64, ok bool)
}

// Round is one side of a run of match. It grows until the run ends.
type Round interface {
	// Size is how many messages have been said.
	Size() uint64
	// Message returns one of them by its name; nil if it has not been said.
	Message(name string) ([]byte, error)
}

const (
	typeNote   = "text/plain; charset=utf-8"
	typeBinary = "application/octet-stream"
)

// reply is a response before it is written.
type reply struct {
	status int
	kind   string // content type
	body   []byte
}

func absent() reply { return reply{http.StatusNotFound, typeNote, []byte("not held here\n")} }

// answer serves the routes that only read. An error is a fault of this node.
func answer(b Backend, party string, r route) (reply, error) {
	if r.at == atHeld {
		note, _, ok := b.Held(party, r.log)
		if !ok {
			return absent(), nil
		}
		return reply{http.StatusOK, typeNote, note}, nil
	}
	if r.at == atRound {
		return answerRound(b, party, r)
	}
	log, ok := b.Log(party, r.log)
	if !ok {
		return absent(), nil
	}
	switch r.at {
	case atCheckpoint:
		note := log.Checkpoint()
		if note == nil {
			return absent(), nil
		}
		return reply{http.StatusOK, typeNote, note}, nil
	case atTile, atEntries:
		return answerTile(log, r)
	case atParts:
		return answerParts(log, r)
	}
	return reply{}, fmt.Errorf("route %s cannot be read", r)
}

func answerRound(b Backend, party string, r route) (reply, error) {
	round, ok := b.Round(party, r.log)
	if !ok {
		return absent(), nil
	}
	body, err := round.Message(r.message)
	switch {
	case err != nil:
		return reply{}, fmt.Errorf("read %s: %w", r, err)
	case body == nil:
		return absent(), nil
	}
	return reply{http.StatusOK, typeBinary, body}, nil
}

func answerTile(log Log, r route) (reply, error) {
	n, level := uint64(r.tile.N), 8*r.tile.L
	if level >= 64 || n*BundleWidth+uint64(r.tile.W) > log.Size()>>level {
		return absent(), nil
	}
	var body []byte
	var err error
	if r.at == atEntries {
		body, err = log.Entries(n, r.tile.W)
	} else {
		body, err = log.Tile(r.tile)
	}
	if err != nil {
		return reply{}, fmt.Errorf("read %s: %w", r, err)
	}
	return reply{http.StatusOK, typeBinary, body}, nil
}

func answerParts(log Log, r route) (reply, error) {
	size := log.Size()
	if r.index >= size {
		return absent(), nil
	}
	var body []byte
	for i := range min(uint64(r.count), size-r.index) {
		parts, err := log.Sealed(r.index + i)
		if err != nil {
			return reply{}, fmt.Errorf("read %s: %w", r, err)
		}
		if len(body) > 0 && len(body)+frameSize(parts) > softParts {
			break
		}
		body = AppendSealed(body, parts, func(part int) (uint64, bool) { return log.Erasure(r.index+i, part) })
	}
	return reply{http.StatusOK, typeBinary, body}, nil
}

func frameSize(parts [][]byte) int {
	size := 2
	for _, p := range parts {
		size += 9 + len(p)
	}
	return size
}

// grown returns the targets that have grown, with their present sizes. A log
// that is not known has not grown.
func grown(b Backend, party string, targets []target) []target {
	var out []target
	for _, t := range targets {
		if size := sizeOf(b, party, t); size > t.size {
			out = append(out, target{t.of, t.log, size})
		}
	}
	return out
}

func sizeOf(b Backend, party string, t target) (size uint64) {
	switch t.of {
	case ofHeld:
		_, size, _ = b.Held(party, t.log)
	case ofRound:
		if round, ok := b.Round(party, t.log); ok {
			size = round.Size()
		}
	default:
		if log, ok := b.Log(party, t.log); ok {
			size = log.Size()
		}
	}
	return size
}

// marshalTargets writes one line "log H size", "held H size" or "match RUN size"
// for each.
func marshalTargets(targets []target) []byte {
	var b strings.Builder
	for _, t := range targets {
		fmt.Fprintf(&b, "%s %s %d\n", t.of, t.log, t.size)
	}
	return []byte(b.String())
}

// parseTargets reads the answer to a long poll: a subset of what was asked,
// each beyond the size asked, none twice.
func parseTargets(body []byte, asked []target) ([]target, error) {
	bad := statement.Refuse(statement.CodeField, "not an answer to what was asked")
	rest := string(body)
	var out []target
	for rest != "" {
		line, tail, ok := strings.Cut(rest, "\n")
		f := strings.Split(line, " ")
		if !ok || len(f) != 3 {
			return nil, bad
		}
		r, ok := scanWait(f[0] + "=" + f[1] + "&size=" + f[2])
		if !ok || string(marshalTargets(r.targets)) != line+"\n" {
			return nil, bad
		}
		got := r.targets[0]
		same := func(t target) bool { return t.of == got.of && t.log == got.log }
		i := slices.IndexFunc(asked, same)
		if i < 0 || got.size <= asked[i].size || slices.ContainsFunc(out, same) {
			return nil, bad
		}
		out, rest = append(out, got), tail
	}
	if len(out) == 0 {
		return nil, bad
	}
	return out, nil
}
