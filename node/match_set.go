package node

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"entente/accord"
	"entente/api"
	"entente/border"
	"entente/exchange/convert"
	"entente/match"
	"entente/observable"
	"entente/statement"
)

// matchDir holds what runs of match need and leave behind: the seed of the
// salts, the sets of runs to come, the stocks, and for each run its transcript
// and what came of it. All of it shows items.
const matchDir = "match"

// The folders below it, each with what one thing alone needs: what is cleared
// with one must not take another with it.
const (
	matchPendingDir = "pending" // what the own side brings to runs that are not over
	matchWorkDir    = "work"    // points of runs that are played, a folder each; worth nothing to another process
	matchRunsDir    = "runs"    // transcripts, and what came of runs
	matchListsDir   = "lists"   // evidence, hits and receipts of watchlists
	matchOpenedDir  = "opened"  // items of own lists that may be opened again
	matchStocksDir  = "stocks"  // items that the log commits to
)

// matchItems reads files into the distinct values of the given types. What the
// gate would hold back as common or one's own is left out: that both hold
// 8.8.8.8 says nothing; and what both sides have agreed to leave out.
func (n *Node) matchItems(files []api.MatchFile, types []observable.Type, out []*border.WarningList) (match.Items, api.MatchRead, error) {
	var read api.MatchRead
	gate, now, seen := n.lists.gate, n.opt.Now(), map[observable.Value]bool{}
	var list match.Items
	for _, f := range files {
		items, report, err := convert.Read(f.Name, f.Data)
		if err != nil {
			return nil, read, fmt.Errorf("%s: %w", f.Name, err)
		}
		read.Skipped += report.SkippedTotal
		for _, it := range items {
			v := it.Observable()
			switch {
			case it.IsRule() || !slices.Contains(types, v.Type) || len(v.Canonical) > match.MaxItem:
				read.Other++
			case seen[v]:
			case onLists(out, v):
				seen[v] = true
				read.Excluded++
			case commonplace(gate.Judge(border.Candidate{Value: v, Observed: now}, now)):
				seen[v] = true
				read.Common++
			default:
				seen[v] = true
				list = append(list, v)
			}
		}
	}
	slices.SortFunc(list, func(a, b observable.Value) int {
		return strings.Compare(string(a.Type)+" "+a.Canonical, string(b.Type)+" "+b.Canonical)
	})
	read.Items = len(list)
	if len(list) == 0 {
		return nil, read, statement.Refuse(statement.CodeValue, "no item of the run's types in what was given; %d of other types, %d on warning lists", read.Other, read.Common+read.Excluded)
	}
	return list, read, nil
}

func onLists(lists []*border.WarningList, v observable.Value) bool {
	_, found := border.Meets(lists, v)
	return found
}

// matchSeed is the secret that all salts come from. It is made once and kept: a
// stock of last month must open with the salts of today.
func (n *Node) matchSeed() (seed [32]byte, err error) {
	path := filepath.Join(n.cfg.Dir, matchDir, "seed")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := rand.Read(seed[:]); err != nil {
			return seed, err
		}
		return seed, n.keepMatch("seed", []byte(hex.EncodeToString(seed[:])+"\n"))
	}
	if err != nil {
		return seed, fmt.Errorf("read the seed of salts: %w", err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(data)))
	if err != nil || len(raw) != len(seed) {
		return seed, fmt.Errorf("%s: not a seed of salts", path)
	}
	return [32]byte(raw), nil
}

// keepMatch writes a file below matchDir that survives a crash.
func (n *Node) keepMatch(name string, data []byte) error {
	path := filepath.Join(n.cfg.Dir, matchDir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return replaceFile(path, data)
}

func (n *Node) readMatch(name string, v any) error {
	data, err := os.ReadFile(filepath.Join(n.cfg.Dir, matchDir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

// MatchStock puts a commitment to items into the own log.
func (c control) MatchStock(ctx context.Context, r api.MatchStock) (api.MatchStocked, error) {
	n := c.n
	var out api.MatchStocked
	if _, err := border.MatchClassOf(n.matchClasses(), r.Types); err != nil {
		return out, err
	}
	list, read, err := n.matchItems(r.Files, r.Types, nil)
	out.Read = read
	if err != nil {
		return out, err
	}
	seed, err := n.matchSeed()
	if err != nil {
		return out, err
	}
	shelf, err := match.NewShelf(ctx, list, seed)
	if err != nil {
		return out, err
	}
	out.Root, out.Items = shelf.Root(), shelf.Len()
	data, err := json.Marshal(list)
	if err != nil {
		return out, err
	}
	if err := n.keepMatch(matchStocksDir+"/"+out.Root.String(), data); err != nil {
		return out, err
	}
	out.Ref, err = n.author.say(ctx, draft{kind: match.StockKind, marking: border.Amber, toAll: true, body: match.StockBody{Root: out.Root, Items: out.Items}})
	return out, err
}

// matchStocks are the own stocks in the log, oldest first, that hold any of the
// items, with their shelves.
func (n *Node) matchStocks(ctx context.Context, items match.Items) (stocks []match.Stock, shelves []*match.Shelf, err error) {
	said, err := n.view.OfKind(ctx, n.self.Origin, match.StockKind)
	if err != nil {
		return nil, nil, err
	}
	seed, err := n.matchSeed()
	if err != nil {
		return nil, nil, err
	}
	wanted := map[observable.Value]bool{}
	for _, v := range items {
		wanted[v] = true
	}
	stocks = []match.Stock{}
	for _, s := range said {
		b, err := match.ParseStock(s.Body)
		if err != nil || len(stocks) == match.MaxStocks {
			continue
		}
		at, ok, err := n.stockedAt(ctx, n.self.Origin, s.Index)
		if err != nil {
			return nil, nil, err
		}
		var list match.Items
		if !ok || n.readMatch(matchStocksDir+"/"+b.Root.String(), &list) != nil {
			continue // not seen by anybody yet, or its items are gone
		}
		if !slices.ContainsFunc(list, func(v observable.Value) bool { return wanted[v] }) {
			continue
		}
		shelf, err := match.NewShelf(ctx, list, seed)
		if err != nil {
			return nil, nil, err
		}
		if shelf.Root() != b.Root {
			continue
		}
		stocks, shelves = append(stocks, match.Stock{Root: b.Root, Items: b.Items, Index: s.Index, Time: at}), append(shelves, shelf)
	}
	return stocks, shelves, nil
}

// commonplace says that the gate knows a value as harmless, public or one's own.
func commonplace(v border.Verdict) bool {
	return slices.ContainsFunc(v.Reasons, func(r border.Reason) bool {
		return slices.Contains([]string{border.HeldWarningList, border.HeldOwnAsset, border.HeldPublicSuffix, border.HeldBreadth, border.HeldCanary}, r.Code)
	})
}

// stockedAt is when a stranger first cosigned that a statement stands in a log,
// by what the record says: Unix milliseconds.
func (n *Node) stockedAt(ctx context.Context, origin string, index uint64) (at int64, ok bool, err error) {
	err = n.view.Moments(ctx, origin, func(m accord.Moment) error {
		if t := m.At * 1000; m.Size > index && m.Sound() && (!ok || t < at) {
			at, ok = t, true
		}
		return nil
	})
	return at, ok, err
}

// stockPath is where the items of an own commitment lie.
func (n *Node) stockPath(root statement.Digest) string {
	return filepath.Join(n.cfg.Dir, matchDir, matchStocksDir, root.String())
}
