package results

import (
	"bytes"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Limits of what is read. A file of 4 GiB is read in one pass; what is kept is
// its cells.
const (
	MaxBytes    = int64(8) << 30
	MaxCells    = 2_000_000
	MaxProblems = 1000   // kept; all are counted
	MaxUnread   = 10_000 // kept and sealed; more is no results file
	maxDepth    = 64
	maxColumns  = 1024
	maxSame     = 16 // numbers of one thing that a further one is compared with
)

// HugeCount is more than any unit on Earth can have of anything counted here.
const HugeCount = 10_000_000_000

// draft is a cell while a file is read: choices that differ in party only are apart.
type draft struct {
	Key
	party string
	again int // the same once more, with another number
}

// builder gathers cells.
type builder struct {
	t        *Table
	file     string
	names    map[string]string // raw to clean
	folded   map[string]string // clean to canonical
	at       map[draft]int
	drafts   []draft
	times    map[draft]int // how often said again, with another number
	contests map[string]int
	err      error
}

func newBuilder(file, election string) *builder {
	clean, _ := text(election)
	return &builder{
		t:    &Table{Election: fold(clean), Names: map[string]string{}},
		file: file, names: map[string]string{}, folded: map[string]string{}, at: map[draft]int{}, times: map[draft]int{}, contests: map[string]int{},
	}
}

// name makes a raw text canonical, once for each text, and remembers how it was spelled.
func (b *builder) name(raw string, p Place) string {
	c := b.clean(raw, p)
	if folded, ok := b.folded[c]; ok {
		return folded
	}
	folded := fold(c)
	if len(b.folded) < MaxCells {
		b.folded[c] = folded
	}
	if folded != c {
		if _, ok := b.t.Names[folded]; !ok {
			b.t.Names[folded] = c
		}
	}
	return folded
}

func (b *builder) clean(raw string, p Place) string {
	if n, ok := b.names[raw]; ok {
		return n
	}
	c, doubt := text(raw)
	if len(c) > maxName {
		doubt, c = fmt.Sprintf("a name of %d bytes, cut to %d", len(c), maxName), c[:maxName]
	}
	if doubt != "" {
		b.problem(Problem{Place: p, Says: doubt, Raw: cut(raw)})
	}
	if len(b.names) < MaxCells {
		b.names[raw] = c
	}
	return c
}

func cut(s string) string {
	if len(s) > 300 {
		return s[:300]
	}
	return s
}

func (b *builder) problem(p Problem) {
	p.File = b.file
	b.t.Doubts++
	if p.Unread {
		b.t.Unread++
		b.t.unread = append(b.t.unread, tlog.RecordHash(unreadLeaf(b.t.Election, p)))
		if b.t.Unread > MaxUnread && b.err == nil {
			b.err = fmt.Errorf("%s: more than %d rows cannot be read; the last is row %d: %s", b.file, MaxUnread, p.Row, p.Says)
		}
	}
	p.Raw, _ = text(cut(p.Raw))
	if len(b.t.Problems) < MaxProblems {
		b.t.Problems = append(b.t.Problems, p)
	}
}

// contest notes a contest and a choice of it in the order published.
func (b *builder) contest(name string, votes int64, choice string) {
	i, ok := b.contests[name]
	if !ok {
		i = len(b.t.Contests)
		b.contests[name] = i
		b.t.Contests = append(b.t.Contests, Contest{Name: name, known: map[string]bool{}})
	}
	c := &b.t.Contests[i]
	if votes > 0 {
		c.VoteFor = votes
	}
	if choice != "" && !c.known[choice] {
		c.known[choice] = true
		c.Choices = append(c.Choices, choice)
	}
}

// number reads a count and adds its cell; nothing for a number not published.
func (b *builder) number(k Key, party, raw string, p Place) {
	if suppressed(raw) {
		return
	}
	n, ok := parseCount(raw)
	if !ok {
		b.problem(Problem{Place: p, Says: "no whole number: of " + k.String(), Raw: raw, Unread: true})
		return
	}
	b.add(k, party, n, p)
}

func (b *builder) add(k Key, party string, count int64, p Place) {
	if count < 0 || count > HugeCount {
		b.problem(Problem{Place: p, Says: fmt.Sprintf("a count of %d: of %s", count, k), Raw: fmt.Sprint(count)})
	}
	d := draft{Key: k, party: party}
	if k.What != Votes {
		d.party = ""
	}
	base, times := d, b.times[d]
	for ; d.again < min(times+1, maxSame); d.again++ {
		i, ok := b.at[d]
		if !ok {
			break
		}
		c := &b.t.Cells[i]
		if c.Count == count && k.What != Votes { // said with every choice again
			c.at = append(c.at, int32(p.Row))
			return
		}
	}
	if _, known := b.at[base]; known {
		times++
		d.again, b.times[base] = times, times
	}
	if d.again > 0 {
		b.problem(Problem{Place: p, Says: fmt.Sprintf("said a second time: %s, here %d; both are kept", k, count), Raw: fmt.Sprint(count)})
	}
	if len(b.t.Cells) == MaxCells {
		if b.err == nil {
			b.err = fmt.Errorf("%s: more than %d numbers, at row %d", b.file, MaxCells, p.Row)
		}
		return
	}
	b.at[d] = len(b.t.Cells)
	b.drafts = append(b.drafts, d)
	b.t.Cells = append(b.t.Cells, Cell{Key: k, Count: count, at: []int32{int32(p.Row)}})
}

// done names what differs in party or order only, sorts, and gives the table.
func (b *builder) done() (*Table, error) {
	if b.err != nil {
		return nil, b.err
	}
	parties := map[Key]map[string]bool{} // without unit: a choice is named alike everywhere
	for _, d := range b.drafts {
		if d.party == "" || d.What != Votes {
			continue
		}
		k := Key{Contest: d.Contest, Choice: d.Choice}
		if parties[k] == nil {
			parties[k] = map[string]bool{}
		}
		parties[k][d.party] = true
	}
	for i, d := range b.drafts {
		c := &b.t.Cells[i]
		if len(parties[Key{Contest: d.Contest, Choice: d.Choice}]) > 1 && d.party != "" && d.What == Votes {
			c.Choice += " (" + d.party + ")"
			b.contest(c.Contest, 0, c.Choice)
		}
		if d.again > 0 {
			c.Choice += fmt.Sprintf(" #%d", d.again+1)
		}
	}
	slices.SortStableFunc(b.t.Cells, func(x, y Cell) int { return x.compare(y.Key) })
	slices.SortFunc(b.t.unread, func(x, y tlog.Hash) int { return bytes.Compare(x[:], y[:]) })
	return b.t, nil
}

// again tells a contest that is there twice from the first: "name #2".
func (b *builder) again(seen map[string]int, name string, p Place) string {
	seen[name]++
	unique := name
	if n := seen[name]; n > 1 {
		unique = fmt.Sprintf("%s #%d", name, n)
		b.problem(Problem{Place: p, Says: fmt.Sprintf("the contest %q is there again; it is kept as %q", name, unique)})
	}
	return unique
}

// election takes the file's word for which election it is.
func (b *builder) election(raw string) {
	if clean, _ := text(raw); b.t.Election == "" {
		b.t.Election = fold(clean)
	}
}
