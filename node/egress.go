package node

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"entente/border"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// egress is the node's one way out: every statement to another party and
// every file for a tool asks it, and what it answers becomes a receipt.
// Nothing else in this package may call border.Egress; a test looks.
type egress struct {
	self    record.Member
	roster  record.Roster
	view    *sqlite.View
	watch   *sqlite.Watch   // keeps what receipts will say until they are written
	present func() []string // ids of the other nodes that have not left
	changed func()          // is told when what was kept is to be written down; nil: nobody is

	mu    sync.Mutex // guards what follows
	noted map[uint64]noted
	kept  map[border.Refused]uint64               // counts, by everything but the count
	runs  map[border.ToolRelease]statement.Digest // what each run let out the last time, by everything but the count
}

// noted is what a receipt says and the own log does not.
type noted struct {
	ID      statement.Digest `json:"id"` // of the statement: another one may come to stand at its number
	Rule    string           `json:"rule"`
	PAP     string           `json:"pap"`
	Officer string           `json:"officer"`
}

// noteOf is where what a receipt will say of a leaf is kept.
func noteOf(index uint64) string { return "receipt:" + strconv.FormatUint(index, 10) }

func newEgress(self record.Member, r record.Roster, view *sqlite.View, watch *sqlite.Watch, present func() []string) *egress {
	return &egress{self: self, roster: r, view: view, watch: watch, runs: make(map[border.ToolRelease]statement.Digest), present: present, noted: make(map[uint64]noted), kept: make(map[border.Refused]uint64)}
}

// decide asks the border. What it refuses is counted, by whom and why.
func (g *egress) decide(r border.Request, officer string) (border.Receipt, error) {
	r.Parties = g.present()
	got, err := border.Egress(r)
	g.count(r.Use, officer, err)
	return got, err
}

// count counts a refusal, up to as many kinds of them as one receipt holds.
func (g *egress) count(use border.Use, officer string, err error) {
	no, ok := statement.AsRefusal(err)
	if !ok {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	k := border.Refused{Use: use, Code: no.Code, Officer: officer}
	if len(g.kept) < border.MaxReleased || g.kept[k] > 0 {
		g.kept[k]++
		if g.changed != nil {
			g.changed()
		}
	}
}

// keptNote holds what was kept and stands in no receipt yet, as it was within
// the last moment: a kill forgets or repeats no more than that.
const keptNote = "receipt:kept"

// recall goes on with what was kept before the start.
func (g *egress) recall(ctx context.Context) error {
	var all []border.Refused
	if _, err := note(ctx, g.watch, keptNote, &all); err != nil {
		return fmt.Errorf("what was kept: %w", err)
	}
	g.unsaid(all[:min(len(all), border.MaxReleased)])
	return nil
}

// save puts what was kept with the notes that are written down together.
func (g *egress) save(notes map[string][]byte) (err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	notes[keptNote], err = json.Marshal(g.counted())
	return err
}

// counted lists the counts in order. Callers hold mu.
func (g *egress) counted() []border.Refused {
	out := make([]border.Refused, 0, len(g.kept))
	for k, n := range g.kept {
		k.Count = n
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b border.Refused) int {
		return cmp.Or(cmp.Compare(a.Use, b.Use), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Officer, b.Officer))
	})
	return out
}

// leaves notes what the receipt of a leaf will say that the log does not, before
// the leaf is written: a crash between the two loses neither. Only what an
// officer let go, or PAP restricts, has more to say than its rule.
func (g *egress) leaves(ctx context.Context, index uint64, n noted) error {
	if n.PAP != "" || n.Officer != "" {
		text, err := json.Marshal(n)
		if err == nil {
			err = g.watch.PutNote(ctx, noteOf(index), text)
		}
		if err != nil {
			return fmt.Errorf("note what the receipt says: %w", err)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.noted[index] = n
	return nil
}

// note returns what was noted of a leaf, by this process or one before it.
func (g *egress) note(ctx context.Context, index uint64, id statement.Digest) (n noted, ok bool, err error) {
	g.mu.Lock()
	n, ok = g.noted[index]
	g.mu.Unlock()
	if !ok {
		ok, err = note(ctx, g.watch, noteOf(index), &n)
	}
	return n, ok && n.ID == id, err
}

// forget drops the notes of leaves before one: their receipts are written.
func (g *egress) forget(ctx context.Context, before uint64, written []border.Released) error {
	g.mu.Lock()
	for index := range g.noted {
		if index < before {
			delete(g.noted, index)
		}
	}
	g.mu.Unlock()
	keys := make([]string, len(written), len(written)+1)
	for i, r := range written {
		keys[i] = noteOf(r.Index)
	}
	if g.changed != nil {
		g.changed() // what was kept meanwhile is written down anew
	}
	return g.watch.DropNotes(ctx, append(keys, keptNote))
}

// refusals takes out what was counted.
func (g *egress) refusals() []border.Refused {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := g.counted()
	clear(g.kept)
	return out
}

// unsaid takes counts back that could not be written.
func (g *egress) unsaid(all []border.Refused) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range all {
		n := r.Count
		r.Count = 0
		g.kept[r] += n
	}
}

// groupMark stands before the name of a group where a party could be named.
const groupMark = "@"

// group finds a group at its newest epoch here: "@name" is an own one,
// "@party/name" another's, of which this node must be a member.
func (g *egress) group(ctx context.Context, name string) (border.Epoch, error) {
	owner, short, of := strings.Cut(strings.TrimPrefix(name, groupMark), "/")
	if !of {
		owner, short = g.self.ID, owner
	}
	m, ok := g.roster.Member(owner)
	if !ok || !border.ValidGroupName(short) {
		return border.Epoch{}, statement.Refuse(statement.CodeGroup, "no group %.80q; @NAME is an own one, @PARTY/NAME another's", name)
	}
	s, err := g.view.Group(ctx, m.Origin, short)
	if errors.Is(err, sqlite.ErrNone) {
		return border.Epoch{}, statement.Refuse(statement.CodeGroup, "no group %.80q", name)
	}
	if err != nil {
		return border.Epoch{}, err
	}
	e, err := epochOf(s)
	if err == nil && !e.Has(g.self.ID) {
		err = statement.Refuse(statement.CodeGroup, "this party is not in the group %.80q", name)
	}
	return e, err
}

// epochOf reads a group/v1 statement.
func epochOf(s sqlite.Statement) (border.Epoch, error) {
	b, err := border.ParseGroup(s.Body)
	return border.Epoch{
		Owner: s.Party, Name: b.Name, Epoch: b.Epoch, Members: b.Members,
		Said: statement.Ref{Origin: s.Origin, Index: s.Index, ID: s.ID},
	}, err
}

// addressed finds the group that a statement was said to: its last reference,
// if that is one that this node can read. It gives the epoch that is named.
func (g *egress) addressed(ctx context.Context, refs []statement.Ref) (*border.Epoch, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	last := refs[len(refs)-1]
	s, err := g.view.Statement(ctx, last.Origin, last.Index)
	if errors.Is(err, sqlite.ErrNone) || err == nil && (s.ID != last.ID || s.Kind != border.KindGroup || s.State != sqlite.StateOpen) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	e, err := epochOf(s)
	return &e, err
}

// audience is who may have what another party's statement says: by its
// marking, by whom it names, and by the group that it was said to, as that is
// now.
func (g *egress) audience(ctx context.Context, s sqlite.Statement) ([]string, error) {
	m, err := border.ParseMarking(s.Marking)
	if err != nil {
		return []string{}, nil //nolint:nilerr // what nobody marked goes to nobody
	}
	e, err := g.addressed(ctx, s.Refs)
	if err != nil || e == nil {
		return border.Audience(m, s.Party, s.Recipients, nil), err
	}
	now, err := g.view.Group(ctx, e.Said.Origin, e.Name)
	if err != nil {
		return nil, err
	}
	newest, err := epochOf(now)
	return border.Audience(m, s.Party, s.Recipients, &newest), err
}

// spoken makes of each statement of another party that refs name what the
// border needs to know of it: whoever speaks of something is bound by its
// marking and by whom its giver lets have it. Own statements bind nobody, and
// neither do groups: who is told of one that names a group learns no more.
func (g *egress) spoken(ctx context.Context, refs []statement.Ref) ([]border.Piece, error) {
	var out []border.Piece
	for _, ref := range refs {
		if ref.Origin == g.self.Origin {
			continue
		}
		s, err := g.view.Statement(ctx, ref.Origin, ref.Index)
		switch {
		case errors.Is(err, sqlite.ErrNone) || err == nil && (s.ID != ref.ID || s.State != sqlite.StateOpen):
			return nil, statement.Refuse(statement.CodeClosure, "it speaks of %s, which cannot be read here", refText(ref))
		case err != nil:
			return nil, err
		case s.Kind == border.KindGroup:
			continue
		}
		m, err := border.ParseMarking(s.Marking)
		p := border.Piece{ID: refText(ref), Label: border.Label{TLP: m}, Fault: err, Giver: s.Party}
		if p.Only, err = g.audience(ctx, s); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func refText(r statement.Ref) string {
	return r.Origin + "/" + strconv.FormatUint(r.Index, 10)
}
