package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"sync"

	"entente/api"
	"entente/border"
	"entente/internal/logfile"
	"entente/internal/sqlite"
	"entente/observable"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// shareMarked says a list to each recipient in a copy of its own, after the
// record holds which copy and which decoys each will get.
func (n *Node) shareMarked(ctx context.Context, r api.ShareRequest, items []indicator.Item, t terms, out *api.ShareResult) error {
	to := t.to
	if t.group != "" {
		return statement.Refuse(statement.CodeGroup, "marked copies go to named parties, one each; name them")
	}
	if len(to) == 0 {
		to = n.present()
	}
	lines := make([]border.Line, len(items))
	for i, it := range items {
		lines[i] = border.Line(it)
	}
	copies, decoys, err := border.Mark(rand.Reader, lines, to)
	if err != nil {
		return err
	}
	ledger := border.Ledger{Decoys: decoys}
	texts := make([][][]byte, len(copies))
	for i, c := range copies {
		if texts[i], err = sheetsOf(c.Lines); err != nil {
			return err
		}
		issued := border.Issued{To: c.To}
		for _, text := range texts[i] {
			issued.Sheets = append(issued.Sheets, sha256.Sum256(text))
		}
		ledger.Copies = append(ledger.Copies, issued)
	}
	part, err := ledger.Marshal()
	if err != nil {
		return err
	}
	// The own side keeps the list as it is: own tools and the own watch read this
	// one, and of the copies the decoys alone.
	plain, err := sheetTexts(items)
	if err != nil {
		return err
	}
	if err := n.keepList(ctx, r, t.marking, plain, out.Case); err != nil {
		return err
	}
	ref, err := n.author.say(ctx, draft{
		kind: border.KindCanary, private: true, marking: border.Red, caseID: out.Case, parts: [][]byte{part},
		body: border.CanaryBody{Name: r.Name, Copies: len(copies), Decoys: len(decoys)},
	})
	if err != nil {
		return err
	}
	out.Canary = &ref
	for i, c := range copies {
		out.Decoys = len(c.Lines) - len(lines)
		// No digest of the file: who has that too would find the decoys by it.
		if err := n.sayList(ctx, r, terms{marking: t.marking, to: []string{c.To}}, strings.TrimSpace(r.Source), texts[i], out); err != nil {
			return err
		}
	}
	return nil
}

// sheetsOf returns the exact texts of the sheets of a copy.
func sheetsOf(lines []border.Line) ([][]byte, error) {
	items := make([]indicator.Item, len(lines))
	for i, l := range lines {
		items[i] = indicator.Item(l)
	}
	return sheetTexts(items)
}

func sheetTexts(items []indicator.Item) ([][]byte, error) {
	var texts [][]byte
	for _, sheet := range indicator.Split(items) {
		text, err := indicator.List{Items: sheet}.Marshal()
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// sayList says the sheets of one list to its recipients.
func (n *Node) sayList(ctx context.Context, r api.ShareRequest, t terms, source string, texts [][]byte, out *api.ShareResult) error {
	for i, text := range texts {
		list, err := indicator.ParseList(text)
		if err != nil {
			return err
		}
		ref, err := n.author.say(ctx, draft{
			kind: indicator.KindList, caseID: out.Case, marking: t.marking, recipients: t.named(), group: t.group, officer: r.Officer, parts: [][]byte{text},
			body: indicator.ListBody{
				Name: r.Name, Source: source, Basis: cmp.Or(r.Basis, indicator.BasisTold),
				Count: len(list.Items), Sheet: i + 1, Sheets: len(texts),
			},
		})
		if err != nil {
			return err
		}
		out.Refs = append(out.Refs, ref)
	}
	return nil
}

// keepList says a list to nobody.
func (n *Node) keepList(ctx context.Context, r api.ShareRequest, marking border.Marking, texts [][]byte, caseID string) error {
	for i, text := range texts {
		list, err := indicator.ParseList(text)
		if err != nil {
			return err
		}
		_, err = n.author.say(ctx, draft{
			kind: indicator.KindList, private: true, marking: marking, caseID: caseID, parts: [][]byte{text},
			body: indicator.ListBody{
				Name: r.Name, Source: strings.TrimSpace(r.Source), Basis: cmp.Or(r.Basis, indicator.BasisTold),
				Count: len(list.Items), Sheet: i + 1, Sheets: len(texts),
			},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// canaries knows the own decoys. It reads each ledger once.
type canaries struct {
	self   record.Member
	view   *sqlite.View
	log    *logfile.Log
	opens  ingress
	mu     sync.Mutex // guards what follows
	ledger map[uint64]border.Ledger
}

// ledgerPart is the part of a canary that holds its ledger.
const ledgerPart = 1

// all returns the ledgers of the own releases by the index of their statement.
func (c *canaries) all(ctx context.Context) (map[uint64]border.Ledger, []sqlite.Statement, error) {
	said, err := c.view.OfKind(ctx, c.self.Origin, border.KindCanary)
	if err != nil {
		return nil, nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ledger == nil {
		c.ledger = make(map[uint64]border.Ledger)
	}
	var open []sqlite.Statement
	for _, s := range said {
		if s.State != sqlite.StateOpen {
			continue
		}
		if _, known := c.ledger[s.Index]; !known {
			text, err := c.opens.text(c.log, s.Index, ledgerPart)
			if err != nil {
				return nil, nil, err
			}
			if text == nil {
				continue // erased: it accuses nobody any more
			}
			if c.ledger[s.Index], err = border.ParseLedger(text); err != nil {
				return nil, nil, err
			}
		}
		open = append(open, s)
	}
	return c.ledger, open, nil
}

// text opens one part of a leaf; nil and no error if it cannot be opened.
func (in ingress) text(log *logfile.Log, index uint64, part int) ([]byte, error) {
	raw, err := log.Leaf(index)
	if err != nil {
		return nil, err
	}
	l, _, err := leafOf(raw)
	if err != nil {
		return nil, err
	}
	sealed, err := log.Sealed(index)
	if err != nil {
		return nil, err
	}
	p, err := in.open(l, sealed, part)
	if _, refused := statement.AsRefusal(err); refused {
		return nil, nil
	}
	return p.Plaintext, err
}

// decoys returns who was given each own decoy.
func (c *canaries) decoys(ctx context.Context) (map[observable.Value]string, error) {
	all, _, err := c.all(ctx)
	given := make(map[observable.Value]string)
	for _, l := range all {
		for _, d := range l.Decoys {
			given[d.Observable()] = strings.Join(d.To, ", ")
		}
	}
	return given, err
}

// copies returns the own statements that are marked copies.
func (c *canaries) copies(ctx context.Context) (map[uint64]bool, error) {
	_, said, err := c.all(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[uint64]bool)
	for _, s := range said {
		lists, err := c.view.OfCase(ctx, c.self.Origin, s.Case, indicator.KindList)
		if err != nil {
			return nil, err
		}
		for _, l := range lists {
			out[l.Index] = l.Index > s.Index && len(l.Recipients) == 1
		}
	}
	return out, nil
}
