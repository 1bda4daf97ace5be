package night

import (
	"cmp"
	"maps"
	"slices"

	"entente/statement"
)

// Said is one published/v1 as it stands in a party's log.
type Said struct {
	Party string
	Index uint64
	Published
}

// Seen is one version that one party fetched, and until when it was still so.
type Seen struct {
	Version
	Party string `json:"party"`
	Index uint64 `json:"index"` // of the statement, in the party's log
	Until int64  `json:"until"` // of the last fetch that gave the same numbers, Unix milliseconds
}

// History is what one party saw of one address.
type History struct {
	Party    string `json:"party"`
	Page     string `json:"page"`
	URL      string `json:"url"`
	Versions []Seen `json:"versions"` // the oldest first
	Fetches  int64  `json:"fetches"`
	Facts
	From int64 `json:"from"` // Unix milliseconds
	To   int64 `json:"to"`
}

// Last is the newest version.
func (h History) Last() (Seen, bool) {
	if len(h.Versions) == 0 {
		return Seen{}, false
	}
	return h.Versions[len(h.Versions)-1], true
}

// Fold makes the histories, by address and party. Statements may come in any
// order of parties, those of one party in the order of its log.
func Fold(all []Said) []History {
	var f Folding
	for _, s := range all {
		f.Add(s)
	}
	return f.Histories()
}

// Folding makes histories statement by statement. What it has given out does not
// change with what comes later. Its zero value is empty.
type Folding struct {
	by    map[address]*growing
	given []History // as of the last statement; nil if one has come since
}

type address struct{ url, party string }

// growing is a history that gets longer.
type growing struct {
	History
	lent bool // somebody reads its versions: the newest may not be written over
}

func (f *Folding) of(party, page, url string) *growing {
	if f.by == nil {
		f.by = make(map[address]*growing)
	}
	k := address{url, party}
	if f.by[k] == nil {
		f.by[k] = &growing{History: History{Party: party, URL: url, Versions: []Seen{}}}
	}
	f.by[k].Page = page
	return f.by[k]
}

// Add takes up what a party said after everything of it that is here.
func (f *Folding) Add(s Said) {
	f.given = nil
	for _, span := range s.Same {
		f.of(s.Party, span.Page, span.URL).span(span)
	}
	if v := s.Version; v != nil {
		h := f.of(s.Party, v.Page, v.URL)
		h.Versions = append(h.Versions, Seen{*v, s.Party, s.Index, v.At})
		h.Fetches++
		h.grow(v.At, v.At)
	}
}

// Forget drops all that a party said.
func (f *Folding) Forget(party string) {
	f.given = nil
	maps.DeleteFunc(f.by, func(k address, _ *growing) bool { return k.party == party })
}

// Histories are those of all that was said, by address and party. The list is the
// caller's, the versions in it are not to be written.
func (f *Folding) Histories() []History {
	if f.given == nil {
		f.given = make([]History, 0, len(f.by))
		for _, h := range f.by {
			h.lent = true
			f.given = append(f.given, h.History)
		}
		slices.SortFunc(f.given, func(a, b History) int {
			return cmp.Or(cmp.Compare(a.URL, b.URL), cmp.Compare(a.Party, b.Party))
		})
	}
	return slices.Clone(f.given)
}

func (h *History) grow(from, to int64) {
	if h.From == 0 || from < h.From {
		h.From = from
	}
	h.To = max(h.To, to)
}

func (h *growing) span(s Span) {
	h.Fetches += s.Fetches
	h.Failed, h.Refused, h.TotalMS = h.Failed+s.Failed, h.Refused+s.Refused, h.TotalMS+s.TotalMS
	h.SlowestMS, h.Status = max(h.SlowestMS, s.SlowestMS), s.Status
	h.grow(s.From, s.To)
	if n := len(h.Versions); n > 0 && h.Versions[n-1].Root == s.Root && s.Fetches > s.Failed && s.To > h.Versions[n-1].Until {
		if h.lent {
			h.Versions, h.lent = slices.Clone(h.Versions), false
		}
		h.Versions[n-1].Until = s.To
	}
}

// Joint is a version that several parties sealed.
type Joint struct {
	URL     string           `json:"url"`
	Root    statement.Digest `json:"root"`
	SHA256  statement.Digest `json:"sha256"` // of the bytes, if SameBytes
	Same    bool             `json:"same"`   // all saw the same bytes, not only the same numbers
	Parties []string         `json:"parties"`
	Seals   []Seen           `json:"seals"` // of each, in the order of Parties
	At      int64            `json:"at"`    // when the last of them had seen it
	Until   int64            `json:"until"` // until when any of them still saw it
}

// Jointly returns the newest version of an address that at least two parties
// sealed: the same numbers, by the root.
func Jointly(all []History, url string) (Joint, bool) {
	var best Joint
	seals := make(map[statement.Digest]map[string]Seen)
	for _, h := range all {
		if h.URL != url {
			continue
		}
		for _, v := range h.Versions {
			if v.Outcome == Unreadable {
				continue
			}
			if seals[v.Root] == nil {
				seals[v.Root] = make(map[string]Seen)
			}
			seals[v.Root][h.Party] = v // the newest of its party
		}
	}
	for root, by := range seals {
		if len(by) < 2 {
			continue
		}
		j := Joint{URL: url, Root: root, Same: true, Parties: slices.Sorted(maps.Keys(by))}
		for i, p := range j.Parties {
			s := by[p]
			j.Seals = append(j.Seals, s)
			j.At, j.Until = max(j.At, s.At), max(j.Until, s.Until)
			j.Same = j.Same && s.SHA256 == j.Seals[0].SHA256
			if i == 0 {
				j.SHA256 = s.SHA256
			}
		}
		if !j.Same {
			j.SHA256 = statement.Digest{}
		}
		if best.Parties == nil || j.At > best.At || j.At == best.At && root.String() > best.Root.String() {
			best = j
		}
	}
	return best, best.Parties != nil
}

// Difference is that two parties were shown different numbers at one time.
type Difference struct {
	URL  string `json:"url"`
	A    Seen   `json:"a"`
	B    Seen   `json:"b"`
	From int64  `json:"from"` // when both saw it so, Unix milliseconds
	To   int64  `json:"to"`
}

// Differences finds them. Each version counts from its first fetch to the last
// that still gave it: between two fetches nothing is known, so clocks that differ by
// up to slack milliseconds make none. Of each history the newest versions count,
// so that one who says many costs nobody much.
func Differences(all []History, slack int64) (out []Difference) {
	for i, a := range all {
		for _, b := range all[i+1:] {
			if a.URL != b.URL || a.Party == b.Party {
				continue
			}
			for _, x := range newest(a.Versions) {
				for _, y := range newest(b.Versions) {
					from, to := max(x.At, y.At), min(x.Until, y.Until)
					if len(out) < maxFound && x.Root != y.Root && to-from > slack {
						out = append(out, Difference{a.URL, x, y, from, to})
					}
				}
			}
		}
	}
	return out
}

const maxCompared = 300

func newest(all []Seen) []Seen { return all[max(0, len(all)-maxCompared):] }
