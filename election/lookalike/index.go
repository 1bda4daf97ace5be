package lookalike

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Bounds of an index and of what it is asked.
const (
	maxProtected = 100_000
	maxName      = 253 // bytes of a domain, RFC 1035 section 2.3.4
	maxFold      = 63  // bytes of a fold that is looked up without some of its letters
	short        = 8   // folds below it are looked up without one letter, others without two
	least        = 4   // letters of a protected name that is looked for inside others
)

// An Index holds the protected names. It does not change and may be asked by many at once.
type Index struct {
	names   []protected
	own     map[string]bool // registrable domains of protected names
	allowed map[string]bool
	edits   *table // folds of protected names, and what is left without letters
	whole   *table // folds alone
	words   *table // election words
	pieces  *table // of folds that are looked up without two letters
	lengths []int  // of the folds that are looked for inside others, ascending
}

type protected struct {
	domain string // as given, lower case
	fold   string // of all labels but the suffix
	open   string // the same with pairs of letters left as they are
	label  string // the same before folding, without dots
	suffix string
}

// electionWords are those beside which a protected name inside another weighs more.
var electionWords = strings.Fields("vote voter voters voting ballot ballots election elections elect result results register registration poll polls precinct county secretary state sos gov official secure login verify mail portal account support help update www")

// New builds an index over protected domains. Allowed are domains that are never
// reported, nor are those below them: one's own further ones, and benign lists.
func New(domains, allowed []string) (*Index, error) {
	if len(domains) > maxProtected {
		return nil, fmt.Errorf("more than %d protected names", maxProtected)
	}
	x := &Index{own: make(map[string]bool), allowed: make(map[string]bool), edits: new(table), whole: new(table), words: new(table), pieces: new(table)}
	for _, d := range domains {
		p, err := protect(d)
		if err != nil {
			return nil, fmt.Errorf("%.80q is %w", d, err)
		}
		if x.own[p.domain] {
			continue
		}
		x.own[p.domain] = true
		x.names = append(x.names, p)
	}
	for _, d := range allowed {
		x.allowed[clean(d)] = true
	}
	edits, parts := x.entries()
	x.edits.build(edits)
	x.pieces.build(parts)
	seen := make(map[int]bool)
	var whole, words []entry
	for i, p := range x.names {
		if len(p.fold) >= least {
			whole = append(whole, entry{hash(p.fold), int32(i)})
			seen[len(p.fold)] = true
		}
	}
	x.whole.build(whole)
	for i, w := range electionWords {
		words = append(words, entry{hash(Fold(w)), int32(i)})
	}
	x.words.build(words)
	for n := range seen {
		x.lengths = append(x.lengths, n)
	}
	slices.Sort(x.lengths)
	return x, nil
}

// entries are all that the protected folds leave without up to two letters, and
// their pieces.
func (x *Index) entries() (out, parts []entry) {
	for i, p := range x.names {
		folds := []string{p.fold, p.open}
		if p.fold == p.open {
			folds = folds[:1]
		}
		for _, fold := range folds {
			if len(fold) > maxFold {
				continue
			}
			var h hashes
			h.of([]byte(fold))
			h.without(depth(len(fold)+1), func(sum uint64) bool {
				out = append(out, entry{sum, int32(i)})
				return true
			})
			parts = pieces(parts, &h, int32(i))
		}
	}
	return out, parts
}

// depth is how many letters a fold of n is looked up without.
func depth(n int) int {
	if n < short {
		return 1
	}
	return 2
}

// Why a name cannot be protected.
var (
	ErrSuffix = errors.New("a suffix that strangers own names below")
	ErrShort  = errors.New("too short to be told from others")
	errLength = fmt.Errorf("empty or longer than %d bytes", maxName)
)

// Protectable says why New takes no index with this domain; nil if it does.
func Protectable(domain string) error {
	_, err := protect(domain)
	return err
}

func protect(d string) (protected, error) {
	d = clean(d)
	rest, suffix := split(d)
	switch {
	case d == "" || len(d) > maxName:
		return protected{}, errLength
	case rest == "":
		return protected{}, ErrSuffix
	}
	p := protected{domain: d, suffix: suffix, label: strings.ReplaceAll(rest, ".", "")}
	p.fold, p.open = Fold(p.label), string(appendFold(nil, p.label, false))
	if len(p.fold) < 2 {
		return protected{}, ErrShort
	}
	return p, nil
}

// clean is a domain in lower case without a trailing dot.
func clean(d string) string {
	return strings.TrimSuffix(strings.ToLower(strings.TrimSpace(d)), ".")
}

// split cuts the public suffix off a clean domain.
func split(d string) (rest, suffix string) {
	suffix, _ = publicsuffix.PublicSuffix(d)
	return strings.TrimSuffix(strings.TrimSuffix(d, suffix), "."), suffix
}

// below says whether d or a domain above it is in the set.
func below(set map[string]bool, d string) bool {
	for len(set) > 0 {
		if set[d] {
			return true
		}
		i := strings.IndexByte(d, '.')
		if i < 0 {
			return false
		}
		d = d[i+1:]
	}
	return false
}

// Kind is how a name resembles a protected one. The order is that of the rank.
type Kind string

// The kinds, the most telling first.
const (
	Same     Kind = "looks-the-same" // equal after folding
	Suffix   Kind = "other-suffix"   // equal label under another suffix
	OneEdit  Kind = "one-edit"       // one letter added, left out, replaced or exchanged
	Compound Kind = "compound"       // the protected name beside an election word or set off
	TwoEdits Kind = "two-edits"
	Inside   Kind = "inside" // the protected name inside a longer one
)

var ranks = map[Kind]int{Same: 0, Suffix: 1, OneEdit: 2, Compound: 3, TwoEdits: 4, Inside: 5}

// Kinds are all of them, the most telling first.
func Kinds() []Kind {
	return slices.SortedFunc(maps.Keys(ranks), func(a, b Kind) int { return cmp.Compare(ranks[a], ranks[b]) })
}

// Rank orders kinds: 0 is what tells most.
func (k Kind) Rank() int { return ranks[k] }

// A Finding is one name that resembles one protected name.
type Finding struct {
	Name      string `json:"name"`
	Protected string `json:"protected"`
	Kind      Kind   `json:"kind"`
	Distance  int    `json:"distance"` // letters between the folds
}

// Match says which protected names a domain resembles: the best kind for
// each, the most telling first, at most ten. A protected name itself, what
// lies below it, and what is allowed, resemble none.
func (x *Index) Match(domain string) []Finding {
	var s Scratch
	return slices.Clone(x.MatchWith(&s, domain))
}

func sortFindings(list []Finding) {
	slices.SortFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(ranks[a.Kind], ranks[b.Kind]), cmp.Compare(a.Distance, b.Distance), strings.Compare(a.Protected, b.Protected))
	})
}
