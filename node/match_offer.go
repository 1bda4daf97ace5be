package node

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"slices"
	"strings"

	"entente/api"
	"entente/border"
	"entente/charter"
	"entente/match"
	"entente/observable"
	"entente/statement"
)

const matchStep = 3600 // seconds that one side may let the other wait, by default

// MatchOffer asks a partner for a run: the terms, and this side of the
// manifest, go into the own log.
func (c control) MatchOffer(ctx context.Context, r api.MatchOffer) (api.MatchMade, error) {
	n := c.n
	o, p, read, err := n.offerOf(ctx, r)
	if err != nil {
		return api.MatchMade{Read: read}, err
	}
	ref, waits, err := n.sayMatch(ctx, draft{kind: match.OfferKind, marking: border.Amber, toAll: true, body: o}, p)
	if err != nil || waits != nil {
		return api.MatchMade{Draft: waits, Items: o.Side.Items, Read: read}, err
	}
	run, err := c.MatchRun(ctx, ref.ID.String())
	return api.MatchMade{Run: run, Items: o.Side.Items, Read: read}, err
}

func (n *Node) offerOf(ctx context.Context, r api.MatchOffer) (*match.Offer, *matchPending, api.MatchRead, error) {
	if err := n.mayMatch(r.To); err != nil {
		return nil, nil, api.MatchRead{}, err
	}
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return nil, nil, api.MatchRead{}, err
	}
	o := &match.Offer{
		To: r.To, Purpose: r.Purpose, Mode: match.ModeNames, Types: slices.Sorted(slices.Values(r.Types)), Normaliser: observable.NormaliserVersion,
		Observer: r.Observer, Epoch: n.roster.Charter.Epoch, Time: n.opt.Now().UnixMilli(), Step: r.Step,
	}
	if r.Release {
		if err := n.mayReleaseNames(r.Observer); err != nil {
			return nil, nil, api.MatchRead{}, err
		}
		o.Release = match.ReleaseObserver
	}
	if r.Count {
		o.Mode = match.ModeCount
	}
	if o.Step == 0 {
		o.Step = matchStep
	}
	if o.Exclude, err = n.namedLists(r.Exclude); err != nil {
		return nil, nil, api.MatchRead{}, err
	}
	if o.Corpus, err = statement.ParseDigest(observable.CorpusDigest); err != nil {
		return nil, nil, api.MatchRead{}, err
	}
	limits, class, err := n.matchLimits(ctx, runs, o.Types, o.Mode, r.To)
	if err != nil {
		return nil, nil, api.MatchRead{}, err
	}
	o.Aged = match.Aged{Types: []observable.Type{}}
	if limits.Aged.Seconds > 0 {
		o.Aged = match.Aged{Types: o.Types, Seconds: limits.Aged.Seconds}
	}
	side, p, read, err := n.sideOf(ctx, r.Files, o, limits, r.UpTo)
	if err != nil {
		return nil, nil, read, err
	}
	o.Side = side
	if o.Audit, err = auditOf(r, class, side.Items); err != nil {
		return nil, nil, read, err
	}
	return o, p, read, nil
}

// auditOf is how many items are opened: what was asked for, or as many as the
// class demands of the largest list that may come.
func auditOf(r api.MatchOffer, c border.MatchClass, items int) (match.Audit, error) {
	a := match.Audit{Items: r.Audit, Sees: r.Sees}
	if a.Sees == "" {
		a.Sees = match.SeesPartner
	}
	if a.Items == 0 {
		a.Items = min(c.Most, max(items, 1)*border.MatchRatio*c.PerMille/1000)
	}
	if r.Count || a.Items == 0 || a.Sees == match.SeesNobody {
		return match.Audit{Sees: match.SeesNobody}, nil
	}
	if a.Items < 0 || a.Items > match.MaxAudit {
		return a, statement.Refuse(statement.CodeRequest, "an audit is of at most %d items", match.MaxAudit)
	}
	return a, nil
}

// sideOf is the own side of a manifest, with what is to be kept for the run.
func (n *Node) sideOf(ctx context.Context, files []api.MatchFile, o *match.Offer, limits match.Limits, upTo int) (match.Side, *matchPending, api.MatchRead, error) {
	out, err := n.excludedLists(o.Exclude)
	if err != nil {
		return match.Side{}, nil, api.MatchRead{}, err
	}
	items, read, err := n.matchItems(files, o.Types, out)
	if err != nil {
		return match.Side{}, nil, read, err
	}
	stocks, _, err := n.matchStocks(ctx, items)
	if err != nil {
		return match.Side{}, nil, read, err
	}
	if o.Aged.Seconds > 0 {
		if items, stocks, err = n.onlyAged(ctx, items, stocks, o.Aged, &read); err != nil {
			return match.Side{}, nil, read, err
		}
	}
	p := &matchPending{Key: make([]byte, ed25519.SeedSize), Items: items, UpTo: upTo}
	var nonce [32]byte
	for _, secret := range [][]byte{p.Key, nonce[:]} {
		if _, err := rand.Read(secret); err != nil {
			return match.Side{}, nil, read, err
		}
	}
	head, _ := n.log.Head()
	return match.Side{
		Party: n.self.ID, Key: p.public(), Items: max(match.SizeClass(len(items)), match.SizeClass(border.MatchMinItems)), Stocks: stocks,
		Head: match.Head{Size: head.Size, Root: statement.Digest(head.Root)}, Left: limits.Left, Nonce: nonce,
	}, p, read, nil
}

// onlyAged leaves out items that no stock has held for long enough: who asks
// about something that came up today is not answered.
func (n *Node) onlyAged(ctx context.Context, items match.Items, stocks []match.Stock, aged match.Aged, read *api.MatchRead) (match.Items, []match.Stock, error) {
	before := n.opt.Now().UnixMilli() - aged.Seconds*1000
	stocks = slices.DeleteFunc(stocks, func(s match.Stock) bool { return s.Time > before })
	old := map[observable.Value]bool{}
	for _, s := range stocks {
		var list match.Items
		if err := n.readMatch(matchStocksDir+"/"+s.Root.String(), &list); err != nil {
			return nil, nil, err
		}
		for _, v := range list {
			old[v] = true
		}
	}
	all := len(items)
	items = slices.DeleteFunc(items, func(v observable.Value) bool { return !old[v] })
	read.NotAged, read.Items = all-len(items), len(items)
	if len(items) == 0 {
		return nil, nil, statement.Refuse(statement.CodeAge, "none of %d items has been in the log for %d hours: commit to them with a stock first", all, aged.Seconds/3600)
	}
	return items, stocks, nil
}

// mayMatch refuses partners with whom nothing can be matched.
func (n *Node) mayMatch(party string) error {
	p, ok := n.roster.Charter.Party(party)
	switch {
	case !ok || party == n.self.ID || p.Role != charter.RoleParty:
		return statement.Refuse(statement.CodeParty, "%.31s is no party to match with", party)
	case n.lineTo(party) == nil:
		return statement.Refuse(statement.CodeParty, "there is no direct line to %.31s", party)
	}
	return nil
}

func (n *Node) lineTo(party string) *line {
	for _, l := range n.lines {
		if l.member.ID == party {
			return l
		}
	}
	return nil
}

// MatchConsent answers a partner's offer with the whole manifest.
func (c control) MatchConsent(ctx context.Context, r api.MatchConsent) (api.MatchMade, error) {
	n := c.n
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return api.MatchMade{}, err
	}
	run, err := findRun(runs, r.Run)
	if err != nil {
		return api.MatchMade{}, err
	}
	m, p, read, err := n.consentOf(ctx, runs, run, r)
	if err != nil {
		return api.MatchMade{Read: read}, err
	}
	data, err := m.Marshal()
	if err != nil {
		return api.MatchMade{Read: read}, err
	}
	sig := match.SignManifest(data, p.key())
	_, waits, err := n.sayMatch(ctx, draft{
		kind: match.ConsentKind, refs: []statement.Ref{run.Offer}, marking: border.Amber, toAll: true,
		body: match.Consent{Manifest: string(data), Signature: base64.StdEncoding.EncodeToString(sig[:])},
	}, p)
	if err != nil {
		return api.MatchMade{Read: read}, err
	}
	out, err := c.MatchRun(ctx, run.Offer.ID.String())
	return api.MatchMade{Run: out, Draft: waits, Items: m.Sides[m.Side(n.self.ID)].Items, Read: read}, err
}

func (n *Node) consentOf(ctx context.Context, runs []*match.Standing, run *match.Standing, r api.MatchConsent) (*match.Manifest, *matchPending, api.MatchRead, error) {
	if err := n.mayConsent(run); err != nil {
		return nil, nil, api.MatchRead{}, err
	}
	o := &run.Terms
	limits, _, err := n.matchLimits(ctx, runs, o.Types, o.Mode, run.From)
	if err != nil {
		return nil, nil, api.MatchRead{}, err
	}
	side, p, read, err := n.sideOf(ctx, r.Files, o, limits, r.UpTo)
	if err != nil {
		return nil, nil, read, err
	}
	side.After = max(0, side.Left-o.Side.Items)
	m := o.Manifest(side)
	if err := limits.Check(&m); err != nil {
		return nil, nil, read, err
	}
	return &m, p, read, n.stocksHold(ctx, &m, run.From)
}

// stocksHold looks up in the partner's log what it says of its stocks: nothing
// is older there than the record shows.
func (n *Node) stocksHold(ctx context.Context, m *match.Manifest, partner string) error {
	return n.stocksOf(ctx, m.Sides[m.Side(partner)].Stocks, partner)
}

func (n *Node) stocksOf(ctx context.Context, stocks []match.Stock, partner string) error {
	who, _ := n.roster.Member(partner)
	for _, s := range stocks {
		row, err := n.view.Statement(ctx, who.Origin, s.Index)
		if err != nil || row.Kind != match.StockKind {
			return statement.Refuse(statement.CodeAge, "%s names a stock that is not in its log", partner)
		}
		b, err := match.ParseStock(row.Body)
		if err != nil || b.Root != s.Root || b.Items != s.Items {
			return statement.Refuse(statement.CodeDigest, "%s names a stock otherwise than its log has it", partner)
		}
		at, ok, err := n.stockedAt(ctx, who.Origin, s.Index)
		if err != nil {
			return err
		}
		if !ok || s.Time < at {
			return statement.Refuse(statement.CodeAge, "%s names a stock as older than the record shows", partner)
		}
	}
	return nil
}

// beginMatch puts the own signature under a manifest that the partner made of
// the own offer. What does not fit is never signed, and said at home.
func (n *Node) beginMatch(ctx context.Context, r *match.Standing, p *matchPending) error {
	guilty, err := n.maySign(ctx, r, p)
	if why, refused := statement.AsRefusal(err); refused {
		n.logger.Warn("a consent is not what this side can sign", "run", r.Offer.ID.Short(), "partner", r.Terms.To, "error", why)
		if err := n.keepOutcome(r.Offer.ID, outcome{Fault: why.Error(), Guilty: guilty, Count: -1}, nil); err != nil {
			return err
		}
		return n.dropPending(p.public())
	}
	if err != nil {
		return err
	}
	data, err := r.Proposed.Marshal()
	if err != nil {
		return err
	}
	sig := match.SignManifest(data, p.key())
	_, err = n.author.say(ctx, draft{
		kind: match.StepKind, refs: r.Refs(), marking: border.Amber, toAll: true,
		body: match.Step{Signature: base64.StdEncoding.EncodeToString(sig[:])},
	})
	return err
}

// findRun finds a run by its id or the beginning of it.
func findRun(runs []*match.Standing, id string) (*match.Standing, error) {
	var found []*match.Standing
	for _, r := range runs {
		if len(id) >= 4 && strings.HasPrefix(r.Offer.ID.String(), id) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return nil, statement.Refuse(statement.CodeRequest, "no run %.64q here", id)
	case 1:
		return found[0], nil
	}
	return nil, statement.Refuse(statement.CodeRequest, "%.64q begins the ids of %d runs", id, len(found))
}
