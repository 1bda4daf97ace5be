package node

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"entente/api"
	"entente/border"
	"entente/console"
	"entente/election/lookalike"
	"entente/internal/ingest"
	"entente/internal/sqlite"
	"entente/observable"
	"entente/statement"
	"entente/watch/event"
	"entente/watch/indicator"
)

const (
	namesNote  = "election/names"       // what own logs have shown
	marksNote  = "election/names/marks" // what people have said of it
	mostNames  = 500                    // that are kept; what comes beyond is counted
	mostPlain  = 1 << 16                // names remembered that resemble none
	nameMarked = 4096                   // names that people have spoken of
)

// lookalikes notes the names in own logs that resemble a protected one, and the
// decoys of sealed folders that somebody touched. What is kept goes into the store
// with the batch that showed it, so that no line counts twice.
type lookalikes struct {
	mu      sync.Mutex // guards all
	of      string     // the protected names that the index is of
	odd     []console.GuardFile
	index   *lookalike.Index
	scratch lookalike.Scratch
	plain   map[string]bool
	decoys  map[observable.Value]decoy
	kept    keptNames
	read    bool
}

type decoy struct{ Folder, Recipient string }

// protect sets what is looked for.
func (l *lookalikes) protect(ctx context.Context, n *Node, folders []*folderFile) error {
	domains, odd, err := n.cfg.protectedNames(n.guarded.get())
	if err != nil {
		return err
	}
	decoys := make(map[observable.Value]decoy)
	for _, f := range folders {
		for v, recipient := range f.decoys {
			decoys[v] = decoy{f.folder.Title, recipient}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.read {
		if _, err := note(ctx, n.watch, namesNote, &l.kept); err != nil {
			return err
		}
		l.read = true
	}
	l.decoys, l.odd = decoys, odd
	if of := strings.Join(domains, " "); of != l.of || l.index == nil && len(domains) > 0 {
		x, err := lookalike.New(domains, nil)
		if err != nil {
			return err
		}
		if l.index, l.of, l.plain = x, of, make(map[string]bool); len(domains) == 0 {
			l.index = nil
		}
	}
	if (l.index != nil || len(decoys) > 0) && l.kept.Since == 0 {
		kept := l.kept
		kept.Since = n.opt.Now().UnixMilli()
		if err := putNote(ctx, n.watch, namesNote, kept); err != nil {
			return err
		}
		l.kept = kept
	}
	return nil
}

// look notes what a batch shows. The note is stored with the batch; done says
// whether that came about.
func (l *lookalikes) look(b ingest.Batch, now time.Time) (notes []sqlite.Note, done func(stored bool), err error) {
	done = func(bool) {}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.index == nil && len(l.decoys) == 0 {
		return nil, done, nil
	}
	var next keptNames
	changed := false
	change := func() {
		if !changed {
			changed = true
			next = l.kept
			next.Names, next.Touched = maps.Clone(l.kept.Names), maps.Clone(l.kept.Touched)
			if next.Names == nil {
				next.Names = make(map[string]seenName)
			}
			if next.Touched == nil {
				next.Touched = make(map[string]seenTouch)
			}
		}
	}
	for _, line := range b.Lines {
		if line.Event == nil {
			continue
		}
		at := now
		if !line.Event.Time.IsZero() && !(line.Event.Time.Year() == 0 && b.Modified.IsZero()) {
			at = event.CompleteYear(line.Event.Time, b.Modified)
		}
		place := seenLine{Source: b.Source, Line: line.Number, At: at.UnixMilli()}
		for _, o := range line.Event.Observables {
			place.Field = o.Field
			if d, ok := l.decoys[o.Value]; ok {
				change()
				next.touch(o.Value.Canonical, d, place)
			}
			if name := o.Value.DomainName(); l.index != nil && name != "" && !l.plain[name] {
				l.name(name, place, change, &next)
			}
		}
	}
	if !changed {
		return nil, done, nil
	}
	data, err := json.Marshal(next)
	if err != nil {
		return nil, done, err
	}
	return []sqlite.Note{{Key: namesNote, Value: data}}, func(stored bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if stored {
			l.kept = next
		}
	}, nil
}

// name notes one name, if it resembles a protected one. The caller holds mu.
func (l *lookalikes) name(name string, at seenLine, change func(), next *keptNames) {
	best, ok := l.best(name)
	if !ok {
		if len(l.plain) >= mostPlain {
			clear(l.plain)
		}
		l.plain[strings.Clone(name)] = true // else the lines that named it stay
		return
	}
	change()
	n, known := next.Names[name]
	if !known {
		if len(next.Names) >= mostNames {
			next.Left++
			return
		}
		name = strings.Clone(name)
		n = seenName{Name: name, Protected: best.Protected, Kind: string(best.Kind)}
	}
	n.add(at)
	next.Names[name] = n
}

// best is how a name resembles a protected one most. Two letters, and a name
// inside another, tell nothing of short names.
func (l *lookalikes) best(name string) (lookalike.Finding, bool) {
	for _, f := range l.index.MatchWith(&l.scratch, name) {
		label, _, _ := strings.Cut(f.Protected, ".")
		if f.Kind == lookalike.Same || f.Kind == lookalike.Compound || len(label) >= leastLookalike {
			return f, true
		}
	}
	return lookalike.Finding{}, false
}

// troubles are the names that no look-alike can be told of.
func (l *lookalikes) troubles() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, f := range l.odd {
		out = append(out, fmt.Sprintf("names like %s are not looked for: %s", f.Name, f.Detail))
	}
	return out
}

// touches are the decoys that own logs have shown, the latest first, and how often
// logs have shown others than those that are kept.
func (l *lookalikes) touches() (out []console.SeenTouch, left int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.kept.Touched {
		out = append(out, t.screen())
	}
	slices.SortFunc(out, func(a, b console.SeenTouch) int {
		return cmp.Or(cmp.Compare(b.Last, a.Last), cmp.Compare(a.Value, b.Value))
	})
	return out, l.kept.Passed
}

func (k *keptNames) touch(value string, d decoy, at seenLine) {
	t, known := k.Touched[value]
	if !known && len(k.Touched) >= mostNames {
		k.Passed++
		return
	}
	if !known {
		value = strings.Clone(value)
		t = seenTouch{Folder: d.Folder, Recipient: d.Recipient, Value: value}
	}
	t.add(at)
	k.Touched[value] = t
}

// nameMark is what somebody said of a name.
type nameMark struct {
	State string `json:"state"`
	By    string `json:"by"`
	At    int64  `json:"at"`
}

// Names implements console.Guards.
func (s guardScreens) Names(ctx context.Context) (console.NamesView, error) {
	var v console.NamesView
	if !s.own() {
		return v, nil
	}
	marks := make(map[string]nameMark)
	if _, err := note(ctx, s.n.watch, marksNote, &marks); err != nil {
		return v, err
	}
	l := &s.n.guards.names
	l.mu.Lock()
	v.Odd = l.odd
	v.Protected, v.Left, v.Since = len(strings.Fields(l.of)), l.kept.Left, l.kept.Since
	for _, n := range l.kept.Names {
		v.Rows = append(v.Rows, n.screen(marks[n.Name]))
	}
	l.mu.Unlock()
	slices.SortFunc(v.Rows, func(a, b console.SeenName) int {
		return cmp.Or(cmp.Compare(mark(a.Mark), mark(b.Mark)), cmp.Compare(lookalike.Kind(a.Kind).Rank(), lookalike.Kind(b.Kind).Rank()), cmp.Compare(b.Count, a.Count), strings.Compare(a.Name, b.Name))
	})
	v.Whom, _ = s.n.guarded.get().Whom("domains", "")
	return v, nil
}

// mark orders names: what nobody has spoken of first, what is benign last.
func mark(state string) int {
	return slices.Index([]string{"", console.NameWatched, console.NameBenign}, state)
}

// MarkName implements console.Guards.
func (s guardScreens) MarkName(ctx context.Context, by console.User, name, state string) error {
	l := &s.n.guards.names
	l.mu.Lock()
	seen, known := l.kept.Names[name]
	l.mu.Unlock()
	if !s.own() || !known {
		return console.ErrNotFound
	}
	if err := s.n.writable(); err != nil {
		return err
	}
	s.n.guards.marking.Lock()
	defer s.n.guards.marking.Unlock()
	marks := make(map[string]nameMark)
	if _, err := note(ctx, s.n.watch, marksNote, &marks); err != nil {
		return err
	}
	if marks[name].State == state {
		return nil
	}
	if _, marked := marks[name]; !marked && len(marks) >= nameMarked {
		return statement.Refuse(statement.CodeState, "more than %d names are marked", nameMarked)
	}
	if state == console.NameWatched {
		if err := s.n.watchName(ctx, by.Name, seen); err != nil {
			return err
		}
	}
	if marks[name].State == console.NameWatched {
		if err := s.n.unwatchName(ctx, seen.Name); err != nil {
			return err
		}
	}
	marks[name] = nameMark{State: state, By: by.Name, At: s.n.opt.Now().UnixMilli()}
	return putNote(ctx, s.n.watch, marksNote, marks)
}

// watchName puts a name on the own watchlist, and shows it to nobody.
func (n *Node) watchName(ctx context.Context, by string, seen seenName) error {
	texts, err := sheetTexts([]indicator.Item{{Type: string(observable.Domain), Value: seen.Name, Observed: time.UnixMilli(seen.Last).UTC().Format(time.RFC3339)}})
	if err != nil {
		return err
	}
	r := api.ShareRequest{Name: watchedName(seen.Name), Source: ownLogs, Basis: indicator.BasisObserved, Officer: by}
	if err := n.keepList(ctx, r, border.Red, texts, ""); err != nil {
		return err
	}
	n.wake.lists.ring()
	return nil
}

const ownLogs = "own logs" // the source of lists that watch a name

func watchedName(name string) string { return "look-alike " + name }

// unwatchName takes back the own lists that put a name on the watchlist.
func (n *Node) unwatchName(ctx context.Context, name string) error {
	all, err := n.view.OfKind(ctx, n.self.Origin, indicator.KindList)
	if err != nil {
		return err
	}
	for _, s := range all {
		b, err := indicator.ParseListBody(s.Body)
		if err != nil || b.Name != watchedName(name) || b.Source != ownLogs || len(s.Recipients) > 0 {
			continue
		}
		_, err = n.Retract(ctx, Retract{Ref: statement.Ref{Index: s.Index, ID: s.ID}, Reason: "the name was found to be benign"})
		if r, refused := statement.AsRefusal(err); refused && r.Code == statement.CodeState {
			continue // taken back before
		}
		if err != nil {
			return err
		}
	}
	n.wake.lists.ring()
	return nil
}
