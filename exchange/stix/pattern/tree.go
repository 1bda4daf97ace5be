package pattern

import (
	"slices"
	"time"

	"entente/statement"
)

// Reason codes of patterns.
const (
	CodeSyntax statement.Code = "E_PATTERN"        // not a pattern, or one that can match nothing
	CodeCost   statement.Code = "E_PATTERN_COST"   // would cost more than a limit allows
	CodeRegexp statement.Code = "E_PATTERN_REGEXP" // a regular expression that RE2 does not know
	CodeBroad  statement.Code = "E_PATTERN_BROAD"  // would match nearly everything
)

// The limits of one pattern, all computed from its text.
const (
	MaxSize         = 64 << 10             // bytes
	MaxDepth        = 32                   // brackets and qualifiers within each other
	MaxComparisons  = 1000                 // members of an IN list counted one by one
	MaxSteps        = 32                   // of one object path
	MaxObservations = 1000                 // that one match may need: the product of nested REPEATS and sum of ANDs
	MaxWithin       = 366 * 24 * time.Hour // of WITHIN
	MaxRegexp       = 1 << 10              // bytes of one regular expression
	MaxProgram      = 4000                 // instructions of all regular expressions of a pattern
	MaxMixes        = 64                   // combinations of object types within one observation expression
	MaxValue        = 64 << 10             // bytes of a value that LIKE or MATCHES looks at
)

// Cost is what a pattern may cost.
type Cost struct {
	Depth        int           `json:"depth"`
	Comparisons  int           `json:"comparisons"`
	Observations int           `json:"observations"` // needed for one match, at most
	Program      int           `json:"program"`      // instructions of regular expressions
	Within       time.Duration `json:"within"`       // the outermost WITHIN; 0 where there is none
}

// Op is a comparison operator.
type Op uint8

// The comparison operators (section 9.6).
const (
	Equal Op = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	In
	Like
	Matches
	IsSubset
	IsSuperset
	Exists
)

// String is the operator as written.
func (o Op) String() string {
	return [...]string{"=", "!=", "<", "<=", ">", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET", "EXISTS"}[o]
}

// Step is one step of an object path: a property or key, or an element of a list.
type Step struct {
	Key   string
	Index int  // where Key is ""
	Any   bool // [*]
	list  bool
}

// Path is an object path (section 9.7).
type Path struct {
	Type  string
	Steps []Step
}

// Test is one comparison.
type Test struct {
	Path     Path
	Op       Op
	Not      bool
	Literals []Value // one; any number for In, none for Exists

	like  *like
	regex *regex
	net   network
}

type junction uint8

const (
	single junction = iota
	and
	or
	followedBy // of observations only
)

// comparison is what stands between brackets: a test, or several joined.
type comparison struct {
	join  junction
	test  *Test
	terms []*comparison
}

// expression is an observation expression: a leaf, several joined, or one qualified.
type expression struct {
	join  junction
	leaf  *leaf
	terms []*expression // the one that is qualified, for a qualifier
	qualifier
}

type qualifier struct {
	within      time.Duration
	repeats     int
	bounded     bool
	start, stop Value
}

func (q qualifier) is() bool { return q.within > 0 || q.repeats > 0 || q.bounded }

// leaf is one pair of brackets, with what stands around it.
type leaf struct {
	number int
	test   *comparison
	mixed  bool           // an AND joins different object types
	spans  [][2]time.Time // of START and STOP around it
}

// Pattern is a pattern that was accepted. It is immutable and safe for concurrent use.
type Pattern struct {
	root   *expression
	leaves []*leaf
	cost   Cost
}

// Cost returns what the pattern may cost.
func (p *Pattern) Cost() Cost { return p.cost }

// Alternatives returns the comparisons of a pattern that is true of an observation as soon as one of them is: a
// single one, or several joined by OR alone, within brackets or between them. ok is false for every other pattern.
func (p *Pattern) Alternatives() (tests []*Test, ok bool) { return alternatives(p.root, nil) }

// Alone says that whether an observation is a match is decided by it alone, whatever came before or comes behind.
func (p *Pattern) Alone() bool { return p.root.alone() }

func (e *expression) alone() bool {
	if e.leaf != nil {
		return e.repeats <= 1
	}
	if e.join != single && e.join != or || e.repeats > 1 {
		return false
	}
	return !slices.ContainsFunc(e.terms, func(t *expression) bool { return !t.alone() })
}

func alternatives(e *expression, tests []*Test) ([]*Test, bool) {
	switch {
	case e.leaf != nil:
		return tests, e.leaf.test.alternatives(&tests)
	case e.is() || e.join != or:
		return nil, false
	}
	ok := true
	for _, t := range e.terms {
		if tests, ok = alternatives(t, tests); !ok {
			return nil, false
		}
	}
	return tests, true
}

func (c *comparison) alternatives(tests *[]*Test) bool {
	if c.test != nil {
		*tests = append(*tests, c.test)
		return true
	}
	for _, t := range c.terms {
		if c.join != or || !t.alternatives(tests) {
			return false
		}
	}
	return true
}

// Expression prints the observation expression with a number, as a Binding names it.
func (p *Pattern) Expression(number int) string { return p.leaves[number].String() }

// WithEqualities returns the pattern with each string that "=", "!=" or IN compares with replaced by what edit makes
// of it. A matcher whose observations spell their values in one way uses it to have patterns spell them likewise.
func (p *Pattern) WithEqualities(edit func(path Path, text string) string) (*Pattern, error) {
	copied, err := Parse(p.String())
	if err != nil {
		return nil, err
	}
	for _, l := range copied.leaves {
		l.test.edit(edit)
	}
	return Parse(copied.String())
}

func (c *comparison) edit(edit func(path Path, text string) string) {
	for _, t := range c.terms {
		t.edit(edit)
	}
	if c.test == nil || c.test.Op != Equal && c.test.Op != NotEqual && c.test.Op != In {
		return
	}
	for i, v := range c.test.Literals {
		if v.Kind == String {
			c.test.Literals[i].Text = edit(c.test.Path, v.Text)
		}
	}
}

// Types returns the object types that the pattern speaks of, in the order of their first mention.
func (p *Pattern) Types() (types []string) {
	for _, l := range p.leaves {
		types = l.test.types(types)
	}
	return types
}
