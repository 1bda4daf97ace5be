package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"entente/api"
	"entente/border"
	"entente/console"
	"entente/exchange/convert"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// Share reads a file of indicators and says it, one statement for each sheet,
// all under one case. The objects of a STIX bundle travel as they are. A file
// that is broken is refused before anything is said.
func (c control) Share(ctx context.Context, r api.ShareRequest) (api.ShareResult, error) {
	n := c.n
	items, report, err := convert.Read(r.Name, r.Data)
	out := api.ShareResult{Report: report, Refs: []statement.Ref{}, Left: []convert.Skip{}}
	if err != nil {
		return out, err
	}
	if report.Format == convert.FormatSTIX && !r.Canary {
		if items, err = n.shareBundle(ctx, r, &out); err != nil || len(items) == 0 && len(out.Refs) > 0 {
			return out, err
		}
	}
	if len(items) == 0 {
		return out, statement.Refuse(statement.CodeValue, "no indicator in %.80q: %d rows, %d skipped", r.Name, report.Rows, report.SkippedTotal)
	}
	t, err := n.terms(ctx, r.Officer, r.Marking, r.To, border.Marking(report.Marking))
	if err != nil {
		return out, err
	}
	if out.Case == "" {
		if out.Case, err = newCase(rand.Reader); err != nil {
			return out, err
		}
	}
	out.Marking, out.To, out.Group = string(t.marking), t.to, t.group
	if r.Canary {
		err := n.shareMarked(ctx, r, items, t, &out)
		return out, err
	}
	texts, err := sheetTexts(items)
	if err != nil {
		return out, err
	}
	err = n.sayList(ctx, r, t, listSource(r.Source, sha256.Sum256(r.Data)), texts, &out)
	return out, err
}

// terms is how something is to go out, and to whom.
type terms struct {
	marking border.Marking
	to      []string // party ids
	group   string   // "@name": then to is who is in it just now
}

// named are the parties that are named one by one.
func (t terms) named() []string {
	if t.group != "" {
		return nil
	}
	return t.to
}

// terms works out marking and recipients. Without a marking TLP:AMBER counts,
// or the file's own if it is stricter: markings only tighten. What it refuses
// counts as kept by the border.
func (n *Node) terms(ctx context.Context, officer, marking string, to []string, files border.Marking) (t terms, err error) {
	defer func() { n.out.count(border.UseShare, officer, err) }()
	t.marking = border.Amber
	if files != "" {
		t.marking = border.Strictest(t.marking, files)
	}
	if marking != "" {
		asked, err := border.ParseMarking(marking)
		if err != nil {
			return t, statement.Refuse(statement.CodeMarking, "unknown marking %.40q; want %s, %s, %s, %s or %s", marking, border.Clear, border.Green, border.Amber, border.AmberStrict, border.Red)
		}
		if t.marking = asked; files != "" && border.Strictest(asked, files) != asked {
			return t, statement.Refuse(statement.CodeMarking, "marked %s by its file or statement; it cannot go out as %s", files, asked)
		}
	}
	to = slices.Compact(slices.Sorted(slices.Values(to)))
	if i := slices.IndexFunc(to, func(s string) bool { return strings.HasPrefix(s, groupMark) }); i >= 0 {
		if len(to) > 1 {
			return t, statement.Refuse(statement.CodeRecipient, "one group, or parties")
		}
		e, err := n.out.group(ctx, to[0])
		t.group, t.to = to[0], e.Others(n.present())
		return t, err
	}
	for _, id := range to {
		if _, known := n.roster.Member(id); !known || id == n.self.ID {
			return t, statement.Refuse(statement.CodeRecipient, "%.40q is no other party of the charter; the others are %s", id, strings.Join(n.present(), ", "))
		}
		if _, left := n.absent.Load(id); left {
			return t, statement.Refuse(statement.CodeRecipient, "%s has left", id)
		}
	}
	if len(to) == 0 && t.marking != border.Clear && t.marking != border.Green {
		return t, statement.Refuse(statement.CodeRecipient, "%s goes to named recipients only; name them", t.marking)
	}
	t.to = to
	return t, nil
}

// digestMark stands before the hex SHA-256 of the file that a list was made
// from, at the end of its source: who holds the same file finds the list by it.
const digestMark = "sha256:"

func listSource(source string, sum statement.Digest) string {
	return strings.TrimSpace(source + " " + digestMark + hex.EncodeToString(sum[:]))
}

// Accept records an officer's decision on items, sealed to the own party.
func (c control) Accept(ctx context.Context, r api.AcceptRequest) (api.AcceptResult, error) {
	n := c.n
	out := api.AcceptResult{Refs: []statement.Ref{}}
	stance := border.StanceAccept
	if r.Reject {
		stance = border.StanceReject
	}
	keys, err := n.chosen(ctx, r)
	if err != nil {
		return out, err
	}
	if len(keys) == 0 {
		return out, statement.Refuse(statement.CodeRequest, "nothing that this names waits for a decision")
	}
	before, _ := n.log.Head()
	if err := n.decide(ctx, r.Officer, keys, stance, r.Reason); err != nil {
		return out, err
	}
	out.Items = len(keys)
	decisions, err := n.view.OfKind(ctx, n.self.Origin, border.KindDecision)
	for _, s := range decisions {
		if s.Index >= before.Size {
			out.Refs = append(out.Refs, statement.Ref{Origin: s.Origin, Index: s.Index, ID: s.ID})
		}
	}
	return out, err
}

// chosen finds the items that a request names: of those that are held, or for
// a rejection of those that were accepted.
func (n *Node) chosen(ctx context.Context, r api.AcceptRequest) ([]sqlite.Key, error) {
	if len(r.IDs) > 0 {
		keys, err := parseIDs(r.IDs)
		if err != nil {
			return nil, statement.Refuse(statement.CodeRequest, "not the id of an item")
		}
		return keys, nil
	}
	if r.Index == nil && r.Name == "" && r.Digest == nil && !r.All {
		return nil, statement.Refuse(statement.CodeRequest, "which items? name a list, a file or all")
	}
	sources, err := n.listSources(ctx)
	if err != nil {
		return nil, err
	}
	var keys []sqlite.Key
	for _, e := range n.lists.get().entries {
		if e.canary != "" {
			continue // nothing real stands behind it
		}
		named := r.All ||
			r.Index != nil && e.giver == r.Party && e.key.Index == *r.Index ||
			r.Name != "" && e.name == r.Name && (r.Party == "" || r.Party == e.giver) ||
			r.Digest != nil && strings.HasSuffix(sources[e.list], digestMark+r.Digest.String())
		waits := e.held()
		if r.Reject {
			waits = e.accepted != ""
		}
		if named && waits {
			keys = append(keys, e.key)
		}
	}
	return keys, nil
}

func (n *Node) listSources(ctx context.Context) (map[statement.Ref]string, error) {
	all, err := n.view.Lists(ctx, n.self.Origin)
	sources := make(map[statement.Ref]string, len(all))
	for _, l := range all {
		sources[l.Ref] = l.Body.Source
	}
	return sources, err
}

// Release lets sightings go on an officer's word: those named, all or none; or
// with All as many as the day's budget allows.
func (c control) Release(ctx context.Context, r api.ReleaseRequest) (api.ReleaseResult, error) {
	n := c.n
	var out api.ReleaseResult
	if r.Officer == "" {
		return out, statement.Refuse(statement.CodeField, "a release names its officer")
	}
	if !r.All {
		if len(r.IDs) == 0 {
			return out, statement.Refuse(statement.CodeRequest, "which alerts? give their ids")
		}
		keys, err := alertKeys(r.IDs)
		if err != nil {
			return out, err
		}
		err = n.teller.releaseAll(ctx, r.Officer, keys)
		if errors.Is(err, sqlite.ErrNone) {
			return out, noAlert(strings.Join(r.IDs, " "))
		}
		if err == nil {
			out.Sent = len(keys)
		}
		return out, err
	}
	groups, _, err := n.seen.Groups(ctx, false, manyGroups, 0)
	if err != nil {
		return out, err
	}
	for _, g := range groups {
		if g.Sent {
			continue
		}
		outcome, err := n.teller.release(ctx, g.Key, r.Officer, true)
		if err != nil {
			return out, err
		}
		switch outcome {
		case border.Send:
			out.Sent++
		case border.OverBudget:
			out.OverBudget++
		default:
			out.Kept++
		}
	}
	return out, nil
}

// alertKeys reads ids; the refusal names the one that is none.
func alertKeys(ids []string) ([]sqlite.Key, error) {
	keys := make([]sqlite.Key, 0, len(ids))
	for _, id := range ids {
		k, err := parseAlertID(id)
		if err != nil {
			return nil, noAlert(id)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func noAlert(id string) error {
	return statement.Refuse(statement.CodeRequest, "no alert %.200s; entente alerts gives the ids", id)
}

// Seal puts the digest of something outside into the record.
func (c control) Seal(ctx context.Context, r api.SealRequest) (statement.Ref, error) {
	return c.n.author.say(ctx, draft{
		kind: record.KindSeal, toAll: true, marking: border.Green,
		body: record.SealBody{What: cmp.Or(r.What, "file"), Name: r.Name, Size: r.Size, Digest: r.Digest},
	})
}

// Erase says that a part of an own statement is erased, then erases it: what
// is gone is always on the record.
func (c control) Erase(ctx context.Context, r api.PartRequest) (statement.Ref, error) {
	n := c.n
	about, s, err := n.ownPart(ctx, r)
	if err != nil {
		return about, err
	}
	if r.Part == 0 {
		return about, statement.Refuse(statement.CodePart, "part 0, the act, is never erased: every state is computed from it")
	}
	if err := n.onHold(ctx, r.Index); err != nil {
		return about, err
	}
	ref, err := n.author.say(ctx, draft{
		kind: record.KindErasure, toAll: true, marking: border.Green, caseID: s.Case,
		refs: []statement.Ref{about}, body: record.ErasureBody{Part: r.Part, Reason: r.Reason},
	})
	if err != nil {
		return ref, err
	}
	return ref, n.log.Erase(r.Index, r.Part)
}

// Open opens a part of an own statement to more parties, by a statement that
// carries its salt and plaintext, and those of the act that says what it is.
func (c control) Open(ctx context.Context, r api.PartRequest) (statement.Ref, error) {
	n := c.n
	about, s, err := n.ownPart(ctx, r)
	if err != nil {
		return about, err
	}
	shown, err := n.shown(n.log, r.Index)
	if err != nil {
		return about, err
	}
	var parts [][]byte
	for _, number := range slices.Compact([]int{r.Part, 0}) {
		i := slices.IndexFunc(shown.Parts, func(p record.ShownPart) bool { return p.N == number })
		if i < 0 {
			return about, statement.Refuse(statement.CodePart, "part %d was erased", number)
		}
		parts = append(parts, slices.Concat(shown.Parts[i].Salt, shown.Parts[i].Text))
	}
	t, err := n.terms(ctx, r.Officer, r.Marking, r.To, border.Marking(s.Marking))
	if err != nil {
		return about, err
	}
	return n.author.say(ctx, draft{
		kind: record.KindRelease, marking: t.marking, recipients: t.named(), group: t.group, officer: r.Officer, caseID: s.Case,
		refs: []statement.Ref{about}, body: record.ReleaseBody{Part: r.Part, Reason: r.Reason},
		parts: parts,
	})
}

func (n *Node) ownPart(ctx context.Context, r api.PartRequest) (statement.Ref, sqlite.Statement, error) {
	if r.Reason == "" {
		return statement.Ref{}, sqlite.Statement{}, statement.Refuse(statement.CodeField, "give a reason")
	}
	s, err := n.view.Statement(ctx, n.self.Origin, r.Index)
	if errors.Is(err, sqlite.ErrNone) || err == nil && (r.Part < 0 || r.Part >= s.Parts) {
		err = statement.Refuse(statement.CodeRequest, "no part %d of an own statement %d", r.Part, r.Index)
	}
	return statement.Ref{Origin: s.Origin, Index: s.Index, ID: s.ID}, s, err
}

// Rotate replaces the statement key by the one that was committed to.
func (c control) Rotate(ctx context.Context) (statement.Ref, error) { return c.n.Rotate(ctx) }

// Withdraw says the party's last statement: it leaves.
func (c control) Withdraw(ctx context.Context, r api.ReasonRequest) (statement.Ref, error) {
	if r.Reason == "" {
		return statement.Ref{}, statement.Refuse(statement.CodeField, "give a reason")
	}
	body := record.WithdrawalBody{Reason: r.Reason}
	ref, err := c.n.author.say(ctx, draft{kind: record.KindWithdrawal, toAll: true, marking: border.Green, body: body})
	if !refusedFor(err, statement.CodePower) {
		return ref, err
	}
	// The party has officers: leaving is theirs.
	p, failed := c.n.Draft(ctx, AccordDraft{Kind: record.KindWithdrawal, Marking: border.Green, Body: body})
	if failed != nil {
		return ref, failed
	}
	return ref, statement.Refuse(statement.CodePower, "%s; it waits as draft %s for entente sign", mustSign(p.Officers, p.Roles), p.ID[:console.Typed])
}
