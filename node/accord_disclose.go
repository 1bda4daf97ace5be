package node

import (
	"context"
	"slices"
	"time"

	"entente/accord"
	"entente/border"
	"entente/record"
	"entente/statement"
)

func timeOf(unix int64) time.Time { return time.Unix(unix, 0).UTC() }

// discloseOne says what part 1 of a deposited statement is: salt and plaintext,
// so that everybody can hold it against the digest in the leaf.
func (n *Node) discloseOne(ctx context.Context, s accord.Said) error {
	_, log, err := n.logOf(s.Party)
	if err != nil {
		return err
	}
	shown, err := n.shown(log, s.Ref.Index)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(shown.Parts, func(p record.ShownPart) bool { return p.N == accord.ContentPart })
	if i < 0 {
		return nil // erased, or not for this node
	}
	_, err = n.author.say(ctx, draft{
		kind: accord.KindDisclosure, caseID: s.Act.Case, refs: []statement.Ref{s.Ref}, marking: border.Amber, toAll: true,
		body:  accord.Disclosure{Part: accord.ContentPart, Reason: "deadline"},
		parts: [][]byte{slices.Concat(shown.Parts[i].Salt, shown.Parts[i].Text)},
	})
	return err
}
