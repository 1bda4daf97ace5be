package node

import (
	"context"
	"time"

	"entente/border"
	"entente/record"
)

// TimePublish says one statement and returns how long it took until the
// charter's quorum had cosigned it.
func (n *Node) TimePublish(ctx context.Context) (time.Duration, error) {
	changed := n.changes.subscribe(ctx)
	start := time.Now()
	ref, err := n.author.say(ctx, draft{kind: record.KindSeal, toAll: true, marking: border.Green, body: record.SealBody{What: "measurement", Name: "publish"}})
	if err != nil {
		return 0, err
	}
	for n.publisher.standing().coverage.WitnessedSize(n.roster.Charter.Quorum.Witnesses) <= ref.Index {
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	return time.Since(start), nil
}
