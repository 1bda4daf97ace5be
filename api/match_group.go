package api

import (
	"context"
	"net/url"
	"strconv"

	"entente/observable"
)

// MatchGroupNode is the part of a node that finds which of its items several
// partners hold. A group is runs between two, tied by a mark in their purpose.
type MatchGroupNode interface {
	// MatchGroupOffer offers one run to each of several partners, with one list.
	MatchGroupOffer(ctx context.Context, r MatchGroupOffer) (MatchGroupMade, error)
	// MatchGroup lays the own runs of a group side by side. An empty id is the only
	// group; atLeast 0 is 2.
	MatchGroup(ctx context.Context, id string, atLeast int) (MatchGroup, error)
}

func matchGroupRoutes(mux *board, n Node) {
	postUpTo(mux, "match/group/offer", MaxMatch, n.MatchGroupOffer)
	get(mux, "match/group", func(ctx context.Context, q *query) (MatchGroup, error) {
		id, atLeast := q.Get("group"), q.number("at_least", 0, 1<<10)
		if q.err != nil {
			return MatchGroup{}, q.err
		}
		return n.MatchGroup(ctx, id, atLeast)
	})
}

// MatchGroupOffer implements Node.
func (c *Client) MatchGroupOffer(ctx context.Context, r MatchGroupOffer) (out MatchGroupMade, err error) {
	return out, c.post(ctx, "match/group/offer", r, &out)
}

// MatchGroup implements Node.
func (c *Client) MatchGroup(ctx context.Context, id string, atLeast int) (out MatchGroup, err error) {
	return out, c.get(ctx, "match/group", url.Values{"group": {id}, "at_least": {strconv.Itoa(atLeast)}}, &out)
}

// MatchGroupOffer asks several partners for one run each.
type MatchGroupOffer struct {
	// Parties are the partners. In a group that is known already none means
	// everybody with whom no run of it is open or closed.
	Parties []string `json:"parties"`
	Group   string   `json:"group"` // a known group's id, or the beginning of it; empty: a new one
	// Each is what every one of them is asked for; its to is empty. In a known group
	// purpose, types and excluded lists may be left out: then they are the group's.
	Each MatchOffer `json:"each"`
}

// MatchGroupMade is a group with what was offered.
type MatchGroupMade struct {
	Group   string          `json:"group"`   // 16 hex digits
	Parties []string        `json:"parties"` // all of the group, the own one too
	Offers  []MatchGroupRun `json:"offers"`
}

// MatchGroupRun is what was offered to one partner.
type MatchGroupRun struct {
	Party string    `json:"party"`
	Made  MatchMade `json:"made"`
}

// MatchGroup is what the own runs of a group have come to.
type MatchGroup struct {
	Group   string     `json:"group"`
	Purpose string     `json:"purpose"` // without the mark
	Parties []string   `json:"parties"`
	Runs    []MatchRun `json:"runs"` // own ones, without what was found
	// Counted are the partners whose runs are in the table: of names, closed, and
	// without a fault. Missing are the others.
	Counted []string     `json:"counted"`
	Missing []string     `json:"missing"`
	AtLeast int          `json:"at_least"`
	Items   []MatchJoint `json:"items"`
}

// MatchJoint is an own item and who else holds it.
type MatchJoint struct {
	Type  observable.Type `json:"type"`
	Value string          `json:"value"`
	Held  int             `json:"held"` // by so many of the group, the own party included
	Ours  int64           `json:"ours"` // since when the own log commits to it, Unix milliseconds; 0: not before the runs
	With  []MatchHolder   `json:"with"`
}

// MatchHolder is a partner that holds an item.
type MatchHolder struct {
	Party  string `json:"party"`
	Run    string `json:"run"`    // whose receipt shows it
	Theirs int64  `json:"theirs"` // since when its log commits to it; 0: not before the run
}
