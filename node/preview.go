package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"entente/exchange/stix"
	"entente/statement"
)

// Preview is exactly what would be said, and to whom, if objects were shared now.
type Preview struct {
	To     []string // party ids
	Group  string   // "@name", where To is who is in it just now
	Runs   []PreviewRun
	Left   []Added // what would stay, each with its reason
	Digest string  // of everything above that crosses
}

// PreviewRun is what goes under one marking.
type PreviewRun struct {
	Marking string
	Objects []PreviewObject
}

// PreviewObject is one object as the recipients would read it.
type PreviewObject struct {
	ID       string
	Raw      []byte
	Redacted bool // something of it is kept back for those who may see it
}

// PreviewShare asks the border everything that ShareObjects asks, and says
// nothing to anybody. What it refuses counts as kept, as any attempt does.
func (n *Node) PreviewShare(ctx context.Context, r ShareObjects) (Preview, error) {
	r.Media = cmp.Or(r.Media, stix.MediaSTIX)
	var shared SharedObjects
	refs, list, err := n.weighAll(ctx, &r, &shared)
	if err != nil {
		return Preview{}, err
	}
	runs, err := n.runs(ctx, r, refs, list, &shared)
	out := Preview{To: shared.To}
	for _, a := range shared.Objects {
		if a.Refused != nil {
			out.Left = append(out.Left, a)
		}
	}
	if err != nil {
		return out, err
	}
	return out, n.look(ctx, runs, &out)
}

// look asks the border about runs and shows exactly what would cross.
func (n *Node) look(ctx context.Context, runs []run, out *Preview) error {
	sum := sha256.New()
	for i := range runs {
		d := runs[i].draft
		to, marking, err := n.author.pass(ctx, &d)
		if err != nil {
			return err
		}
		runs[i].draft.seen = &sight{to, marking}
		out.To, out.Group = to, d.group
		shown := PreviewRun{Marking: marking}
		for _, b := range runs[i].list {
			shown.Objects = append(shown.Objects, PreviewObject{ID: b.at.ID, Raw: b.raw, Redacted: b.whole != nil})
			writeFramed(sum, []byte(marking), b.raw)
		}
		for _, id := range to {
			writeFramed(sum, []byte(id))
		}
		out.Runs = append(out.Runs, shown)
	}
	out.Digest = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// sight is to whom, and marked how, somebody saw that a statement would go.
type sight struct {
	to      []string
	marking string
}

// lookedAt holds what is about to be said against what somebody looked at, and
// binds each statement to that: whatever changes still, it is not said.
func (n *Node) lookedAt(ctx context.Context, digest string, runs []run) error {
	var now Preview
	if err := n.look(ctx, runs, &now); err != nil {
		return err
	}
	if now.Digest != digest {
		return errChanged()
	}
	return nil
}

func errChanged() *statement.Refusal {
	return statement.Refuse(statement.CodeDigest, "what would go is not what was looked at")
}

// writeFramed writes texts so that no two lists of them run together.
func writeFramed(w interface{ Write([]byte) (int, error) }, texts ...[]byte) {
	for _, t := range texts {
		_, _ = w.Write(binary.BigEndian.AppendUint64(nil, uint64(len(t)))) // a hash takes everything
		_, _ = w.Write(t)
	}
}
