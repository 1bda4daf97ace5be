package node

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"

	"entente/border"
	"entente/exchange/convert"
	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/internal/account"
	"entente/internal/misphttp"
	"entente/internal/sqlite"
	"entente/statement"
)

// mispPath is where the API of MISP stands: the URL that its tools are given.
const mispPath = "/misp"

// mispMount puts the API of MISP behind the door of the tools.
func (n *Node) mispMount() account.Mount {
	server := misphttp.New(&mispStore{n: n}, n.opt.Now, rand.Reader, n.logger)
	return account.Mount{
		Prefixes: []string{mispPath + "/"}, BareKey: true, Body: misphttp.MaxBody, Refuse: misphttp.Refuse,
		Serve: func(w http.ResponseWriter, r *http.Request, a account.Account) {
			who, err := n.mispAccount(a)
			if err != nil {
				misphttp.Refuse(w, r, http.StatusForbidden, "this account may not do that")
				return
			}
			http.StripPrefix(mispPath, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { server.Serve(w, r, who) })).ServeHTTP(w, r)
		},
	}
}

// mispAccount says what an account is to the API. A guest writes nothing: what
// stands in the own log is the own side's.
func (n *Node) mispAccount(a account.Account) (misphttp.Who, error) {
	who := misphttp.Who{Name: a.Name, Party: n.self.ID, Read: a.May(account.MispRead), Write: a.May(account.MispWrite) && a.Party == ""}
	if a.Party != "" {
		who.Party = a.Party
	}
	scope := account.MispRead
	if !who.Read {
		scope = account.MispWrite
	}
	v := border.Viewer{Account: a.Name, Clearance: a.Clearance, Guest: a.Party}
	for _, s := range a.Scopes {
		v.Scopes = append(v.Scopes, string(s))
	}
	lens, err := border.See(v, string(scope), "")
	who.Handle = lens
	return who, err
}

// mispStore shows tools of MISP the events of the own side and of every party,
// and the lists of both as events. Of a partner's, what the gate holds back is
// shown as no means of detection.
type mispStore struct {
	n     *Node
	index mispIndex
}

var _ misphttp.Store = (*mispStore)(nil)

func lensOf(who misphttp.Who) border.Lens {
	l, _ := who.Handle.(border.Lens) // the zero Lens shows nothing
	return l
}

// mispPage is how many events are held at once.
const mispPage = 50

// shelves are all that hold events for a viewer.
func (s *mispStore) shelves(l border.Lens) []string {
	list := s.n.shelvesOf(ObjectQuery{Scope: ScopeOwn, Lens: l, Media: stix.MediaMISP})
	for _, m := range s.n.roster.Others(s.n.self.ID) {
		list = append(list, s.n.shelvesOf(ObjectQuery{Scope: m.ID, Lens: l, Media: stix.MediaMISP})...)
	}
	return list
}

// Each implements misphttp.Store: events as they came, then lists.
func (s *mispStore) Each(ctx context.Context, who misphttp.Who, visit func(misphttp.Event) (bool, error)) error {
	lens := lensOf(who)
	beside, err := s.beside(ctx, lens)
	if err != nil {
		return err
	}
	q := sqlite.ObjectQuery{Shelves: s.shelves(lens), Lens: lens, Limit: mispPage}
	seen := make(map[string]bool)
	for more := len(q.Shelves) > 0; more; {
		var page []sqlite.Placed
		if page, more, err = s.n.view.Objects(ctx, q); err != nil {
			return err
		}
		for _, o := range page {
			q.After = o.Added
			shown, err := s.shows(ctx, q, o)
			if err != nil {
				return err
			}
			if seen[o.ID] || !shown {
				continue
			}
			seen[o.ID] = true
			if on, err := visit(s.event(o, beside)); err != nil || !on {
				return err
			}
		}
	}
	return s.eachList(ctx, lens, beside, visit)
}

// shows says whether of all bodies for an id that can be seen this is the one:
// that of whoever said it first. Another's claim stands in only where there is
// no such.
func (s *mispStore) shows(ctx context.Context, q sqlite.ObjectQuery, o sqlite.Placed) (bool, error) {
	if o.Media != stix.MediaMISP || o.Revoked {
		return false, nil
	}
	if o.Standing != sqlite.StandingClaim {
		return true, nil
	}
	q.IDs, q.After, q.Limit = []string{o.ID}, 0, mispPage
	all, _, err := s.n.view.Objects(ctx, q)
	for _, x := range all {
		if x.Standing != sqlite.StandingClaim {
			return false, err
		}
	}
	return true, err
}

// event makes of a row what tools see.
func (s *mispStore) event(o sqlite.Placed, beside beside) misphttp.Event {
	e := misphttp.Event{
		UUID: o.ID, Raw: misp.Bare(o.Raw), Own: o.Party == s.n.self.ID && o.Standing != sqlite.StandingClaim, From: o.Party,
		Marking: string(markingAt(o.Level)), Sightings: beside.attributes, Seen: beside.values,
	}
	if o.Party != s.n.self.ID {
		e.Held = s.held(o)
	}
	return e
}

// held finds what the gate holds back of an event: every attribute with a value
// that it does not let through, also one that it has not judged yet. Types of
// which it judges none are let through with the event, when nothing in it waits.
func (s *mispStore) held(o sqlite.Placed) func(misp.Attribute) bool {
	through, waiting := make(map[string]bool), false
	for _, e := range s.index.entries(s.n.lists.get(), sqlite.Leaf{Origin: o.Ref.Origin, Index: o.Ref.Index}) {
		if e.object != o.N {
			continue
		}
		if e.held() {
			waiting = true
			continue
		}
		through[e.item.Type+" "+e.item.Value] = true
	}
	return func(a misp.Attribute) bool {
		values, read := convert.Observables(string(a.Type), string(a.Value))
		for _, v := range values {
			if !through[string(v.Type)+" "+v.Canonical] {
				return true
			}
		}
		return len(values) == 0 && (read || waiting || len(through) == 0)
	}
}

// Event implements misphttp.Store.
func (s *mispStore) Event(ctx context.Context, who misphttp.Who, uuid string) (misphttp.Event, error) {
	lens := lensOf(who)
	beside, err := s.beside(ctx, lens)
	if err != nil {
		return misphttp.Event{}, err
	}
	q := sqlite.ObjectQuery{Shelves: s.shelves(lens), Lens: lens, Limit: mispPage, IDs: []string{uuid}}
	if len(q.Shelves) > 0 {
		page, _, err := s.n.view.Objects(ctx, q)
		if err != nil {
			return misphttp.Event{}, err
		}
		for _, o := range page {
			if shown, err := s.shows(ctx, q, o); err != nil || shown {
				return s.event(o, beside), err
			}
		}
	}
	return s.listEvent(ctx, lens, beside, uuid)
}

// Put implements misphttp.Store.
func (s *mispStore) Put(ctx context.Context, who misphttp.Who, uuid string, event []byte) error {
	e, err := misp.ParseEvent(event)
	if err != nil {
		return err
	}
	if err := s.tightens(ctx, who, uuid, event); err != nil {
		return err
	}
	return s.bring(ctx, who, AddObjects{Media: stix.MediaMISP, Name: convert.OneLine(string(e.Info)), Objects: [][]byte{event}})
}

// tightens refuses a version of an event that is marked looser than the one
// before: markings only tighten, by whichever door. What nobody has marked yet
// may be.
func (s *mispStore) tightens(ctx context.Context, who misphttp.Who, uuid string, event []byte) error {
	old, err := s.Event(ctx, who, uuid)
	if errors.Is(err, misphttp.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	k := s.n.newBook(ctx, s.n.lens)
	pap := func(raw []byte) border.Label {
		p := k.piece(stix.MediaMISP, raw)
		return border.Label{TLP: border.Clear, PAP: p.Label.Join(p.Least).PAP}
	}
	was, is := pap(old.Raw), pap(event)
	switch {
	case k.err != nil:
		return k.err
	case old.Marking != "" && objectOf(stix.MediaMISP, event, "").Level < border.Marking(old.Marking).Level():
		return statement.Refuse(statement.CodeMarking, "it is %s; markings only tighten", old.Marking)
	case !is.Covers(was):
		return statement.Refuse(statement.CodePAP, "it is %s; markings only tighten", was.PAP)
	}
	return nil
}

// bring takes one object in as a draft of an account.
func (s *mispStore) bring(ctx context.Context, who misphttp.Who, r AddObjects) error {
	r.Account, r.Lens = who.Name, lensOf(who)
	added, err := s.n.AddObjects(ctx, r)
	if err != nil {
		return err
	}
	if no := added[0].Refused; no != nil {
		if no.Code == sqlite.CodeOwner {
			return misphttp.ErrNotOwn
		}
		return no
	}
	return nil
}

// Retract implements misphttp.Store: of what the account does not see, nothing
// is taken back.
func (s *mispStore) Retract(ctx context.Context, who misphttp.Who, uuid string) error {
	bodies, _, err := s.n.RetractObject(ctx, lensOf(who), stix.MediaMISP, uuid, nil, "deleted by the account "+who.Name)
	if err == nil && bodies == 0 {
		err = misphttp.ErrNone
	}
	return err
}

// Sight implements misphttp.Store: the sighting becomes a draft of its own,
// under the marking of what it is about.
func (s *mispStore) Sight(ctx context.Context, who misphttp.Who, e misphttp.Event, attribute string, x misp.Sighting) error {
	raw, err := convert.Sighting(s.n.self.ID, attribute, x, e.Marking, s.n.opt.Now())
	if err != nil {
		return err
	}
	return s.bring(ctx, who, AddObjects{Media: stix.MediaSTIX, Name: "sighting", Objects: [][]byte{raw}})
}
