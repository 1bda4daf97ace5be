package node

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"entente/border"
	"entente/statement"
)

// toolRun is what one run of an export lets out to a tool, gathered before it goes.
type toolRun struct {
	border.ToolRelease
	label border.Label
	lines bytes.Buffer // a digest and an id for each object
	files bytes.Buffer // and for each file
}

// newRun begins a run. tool names what is written.
func newRun(use border.Use, rule, tool, officer string) *toolRun {
	return &toolRun{ToolRelease: border.ToolRelease{Use: use, Rule: rule, Tool: tool, Officer: officer}, label: border.Label{TLP: border.Clear}}
}

// add counts one object.
func (r *toolRun) add(id string, sum statement.Digest, l border.Label) {
	r.Count++
	fmt.Fprintf(&r.lines, "%s %s\n", sum, id)
	if !l.Marked() {
		l.TLP = border.Red // the own side's alone
	}
	r.label = r.label.Join(l)
}

// file adds the digest of a file as it goes out.
func (r *toolRun) file(name string, data []byte) {
	fmt.Fprintf(&r.files, "%s %s\n", statement.Digest(sha256.Sum256(data)), name)
}

// list is what part 1 of the receipt holds: every object with its digest, or of
// a run that is too long for a part the digest of that list.
func (r *toolRun) list() []byte {
	out := append(bytes.Clone(r.files.Bytes()), r.lines.Bytes()...)
	if len(out) <= statement.MaxPart {
		return out
	}
	return fmt.Appendf(nil, "%s list of %d objects\n", statement.Digest(sha256.Sum256(out)), r.Count)
}

// toTools writes the receipt of a run before anything of it goes: what has no
// receipt does not go. A run that lets out just what it did the last time, like
// the files that a tool fetches every five minutes, needs no second one.
func (n *Node) toTools(ctx context.Context, r *toolRun) error {
	if r.Count == 0 {
		return nil
	}
	r.Marking, r.PAP = string(r.label.TLP), string(r.label.PAP)
	key, sum := r.ToolRelease, statement.Digest(sha256.Sum256(r.lines.Bytes()))
	key.Count = 0
	if n.out.ranAlike(key, sum) {
		return nil
	}
	d := draft{
		kind: border.KindReceipt, marking: border.Amber, recipients: observers(n.roster, n.present()), parts: [][]byte{r.list()}, closed: 1,
		body: border.ReceiptBody{Releases: []border.Released{}, Refusals: []border.Refused{}, Tools: []border.ToolRelease{r.ToolRelease}},
	}
	d.private = len(d.recipients) == 0
	if _, err := n.author.say(ctx, d); err != nil {
		return err
	}
	n.out.ran(key, sum)
	return nil
}

func (g *egress) ranAlike(key border.ToolRelease, sum statement.Digest) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	last, ok := g.runs[key]
	return ok && last == sum
}

func (g *egress) ran(key border.ToolRelease, sum statement.Digest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.runs) >= border.MaxReleased {
		clear(g.runs)
	}
	g.runs[key] = sum
}
