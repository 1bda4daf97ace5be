package pattern

import (
	"slices"
	"time"
	"unicode/utf8"

	"entente/statement"
)

// Parse reads a pattern. What is none, or is over a limit, is refused with a *statement.Refusal that says where:
// E_PATTERN, E_PATTERN_COST, E_PATTERN_REGEXP, E_SIZE, E_UTF8 or E_DEPTH.
func Parse(src string) (*Pattern, error) {
	if len(src) > MaxSize {
		return nil, statement.Refuse(statement.CodeSize, "a pattern of %d bytes, at most %d", len(src), MaxSize)
	}
	if !utf8.ValidString(src) {
		return nil, statement.Refuse(statement.CodeUTF8, "a pattern that is not UTF-8")
	}
	p := parser{lexer: lexer{src: src}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	root, err := p.observations(1)
	if err == nil && p.tok.kind != end {
		err = p.expected("the end, or AND, OR, FOLLOWEDBY or a qualifier")
	}
	if err != nil {
		return nil, err
	}
	out := &Pattern{root: root, cost: p.cost}
	if err := out.settle(); err != nil {
		return nil, err
	}
	return out, nil
}

type parser struct {
	lexer
	tok  token
	cost Cost
}

func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

func (p *parser) expected(what string) error {
	if p.tok.kind == end {
		return p.refuse(p.tok.pos, "%s is expected, not the end", what)
	}
	return p.refuse(p.tok.pos, "%s is expected, not %.40q", what, p.tok.text)
}

func (p *parser) is(k kind, s string) bool { return p.tok.kind == k && p.tok.text == s }

// accept consumes a symbol or keyword if it is next.
func (p *parser) accept(k kind, s string) (bool, error) {
	if !p.is(k, s) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) need(k kind, s string) error {
	if ok, err := p.accept(k, s); ok || err != nil {
		return err
	}
	return p.expected("'" + s + "'")
}

func (p *parser) deeper(depth int) error {
	if p.cost.Depth = max(p.cost.Depth, depth); depth > MaxDepth {
		return refuseAt(statement.CodeDepth, p.src, p.tok.pos, "nested deeper than %d", MaxDepth)
	}
	return nil
}

// joins are the operators between observations, loosest first (section 9.5.2: AND binds tightest).
var joins = [...]struct {
	word string
	join junction
}{{"FOLLOWEDBY", followedBy}, {"OR", or}, {"AND", and}}

func (p *parser) observations(depth int) (*expression, error) { return p.joined(depth, 0) }

func (p *parser) joined(depth, level int) (*expression, error) {
	if level == len(joins) {
		return p.qualified(depth)
	}
	op := joins[level]
	first, err := p.joined(depth, level+1)
	if err != nil || !p.is(keyword, op.word) {
		return first, err
	}
	e := &expression{join: op.join}
	e.add(first)
	for p.is(keyword, op.word) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		term, err := p.joined(depth, level+1)
		if err != nil {
			return nil, err
		}
		e.add(term)
	}
	return e, nil
}

// add joins a term; one in needless parentheses is opened, since all three operators are associative.
func (e *expression) add(term *expression) {
	if term.leaf == nil && !term.is() && term.join == e.join {
		e.terms = append(e.terms, term.terms...)
	} else {
		e.terms = append(e.terms, term)
	}
}

func (p *parser) qualified(depth int) (*expression, error) {
	e, err := p.primary(depth)
	for err == nil {
		var q qualifier
		pos := p.tok.pos
		switch {
		case p.is(keyword, "START"):
			q, err = p.startStop()
		case p.is(keyword, "WITHIN"):
			q, err = p.within()
		case p.is(keyword, "REPEATS"):
			q, err = p.repeats()
		default:
			return e, nil
		}
		if err != nil {
			return nil, err
		}
		if depth++; depth > MaxDepth {
			return nil, refuseAt(statement.CodeDepth, p.src, pos, "nested deeper than %d", MaxDepth)
		}
		p.cost.Depth = max(p.cost.Depth, depth)
		e = &expression{terms: []*expression{e}, qualifier: q}
	}
	return nil, err
}

func (p *parser) primary(depth int) (*expression, error) {
	if err := p.deeper(depth); err != nil {
		return nil, err
	}
	if ok, err := p.accept(symbol, "("); err != nil {
		return nil, err
	} else if ok {
		e, err := p.observations(depth + 1)
		if err != nil {
			return nil, err
		}
		return e, p.need(symbol, ")")
	}
	if ok, err := p.accept(symbol, "["); err != nil {
		return nil, err
	} else if !ok {
		return nil, p.expected("'[' or '('")
	}
	c, err := p.comparisons(depth+1, or)
	if err != nil {
		return nil, err
	}
	return &expression{leaf: &leaf{test: c}}, p.need(symbol, "]")
}

func (p *parser) startStop() (q qualifier, err error) {
	q.bounded = true
	if q.start, err = p.bound("START"); err == nil {
		q.stop, err = p.bound("STOP")
	}
	return q, err
}

func (p *parser) bound(word string) (Value, error) {
	if err := p.need(keyword, word); err != nil {
		return Value{}, err
	}
	if p.tok.kind != timestamp {
		return Value{}, p.expected("a timestamp t'...'")
	}
	pos := p.tok.pos
	v, err := p.literal()
	if err == nil && len(v.Text) > 9 {
		err = p.refuse(pos, "%s counts in nanoseconds at best", word)
	}
	return v, err
}

// within reads WITHIN n SECONDS, exactly, to the nanosecond.
func (p *parser) within() (q qualifier, err error) {
	if err = p.advance(); err != nil {
		return q, err
	}
	if p.tok.kind != integer && p.tok.kind != fraction || p.tok.text[0] == '-' {
		return q, p.expected("a number of seconds")
	}
	d, ok := seconds(p.tok.text)
	switch {
	case !ok || d > MaxWithin:
		return q, refuseAt(CodeCost, p.src, p.tok.pos, "WITHIN of more than %d days", MaxWithin/(24*time.Hour))
	case d <= 0:
		return q, p.refuse(p.tok.pos, "WITHIN takes a positive number of seconds, down to a nanosecond")
	}
	q.within = d
	if err = p.advance(); err == nil {
		err = p.need(keyword, "SECONDS")
	}
	return q, err
}

func (p *parser) repeats() (q qualifier, err error) {
	if err = p.advance(); err != nil {
		return q, err
	}
	n := 0
	if p.tok.kind != integer || p.tok.text[0] == '-' {
		return q, p.expected("a number of times")
	}
	for _, d := range p.tok.text {
		n = min(n*10+int(d-'0'), MaxObservations+1)
	}
	switch {
	case n == 0:
		return q, p.refuse(p.tok.pos, "REPEATS takes a positive number")
	case n > MaxObservations:
		return q, refuseAt(CodeCost, p.src, p.tok.pos, "REPEATS of more than %d", MaxObservations)
	}
	q.repeats = n
	if err = p.advance(); err == nil {
		err = p.need(keyword, "TIMES")
	}
	return q, err
}

// comparisons reads what stands between brackets; AND binds tighter than OR.
func (p *parser) comparisons(depth int, join junction) (*comparison, error) {
	read, word := p.comparisonAnd, "OR"
	if join == and {
		read, word = p.proposition, "AND"
	}
	first, err := read(depth)
	if err != nil || !p.is(keyword, word) {
		return first, err
	}
	c := &comparison{join: join}
	c.add(first)
	for p.is(keyword, word) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		term, err := read(depth)
		if err != nil {
			return nil, err
		}
		c.add(term)
	}
	return c, nil
}

func (p *parser) comparisonAnd(depth int) (*comparison, error) { return p.comparisons(depth, and) }

func (c *comparison) add(term *comparison) {
	if term.join == c.join {
		c.terms = append(c.terms, term.terms...)
	} else {
		c.terms = append(c.terms, term)
	}
}

func (p *parser) proposition(depth int) (*comparison, error) {
	if err := p.deeper(depth); err != nil {
		return nil, err
	}
	if ok, err := p.accept(symbol, "("); err != nil {
		return nil, err
	} else if ok {
		c, err := p.comparisons(depth+1, or)
		if err != nil {
			return nil, err
		}
		return c, p.need(symbol, ")")
	}
	if err := p.count(1, p.tok.pos); err != nil {
		return nil, err
	}
	t, err := p.test()
	return &comparison{test: t}, err
}

func (p *parser) count(n, pos int) error {
	if p.cost.Comparisons += n; p.cost.Comparisons > MaxComparisons {
		return refuseAt(CodeCost, p.src, pos, "more than %d comparisons", MaxComparisons)
	}
	return nil
}

func (p *parser) test() (*Test, error) {
	t := &Test{}
	var err error
	if t.Not, err = p.accept(keyword, "NOT"); err != nil {
		return nil, err
	}
	ok, err := p.accept(keyword, "EXISTS")
	switch {
	case err != nil:
		return nil, err
	case ok:
		t.Op = Exists
		t.Path, err = p.path()
		return t, err
	case t.Not:
		return nil, p.expected("EXISTS")
	}
	if t.Path, err = p.path(); err != nil {
		return nil, err
	}
	if t.Not, err = p.accept(keyword, "NOT"); err != nil {
		return nil, err
	}
	if err = p.operator(t); err != nil {
		return nil, err
	}
	if t.Op == In {
		err = p.set(t)
	} else {
		err = p.operand(t)
	}
	return t, err
}

func (p *parser) operator(t *Test) error {
	words := []string{"=", "!=", "<", "<=", ">", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"}
	i := slices.Index(words, p.tok.text)
	switch {
	case p.is(symbol, "=="):
		i = int(Equal)
	case p.is(symbol, "<>"):
		i = int(NotEqual)
	case i < 0 || p.tok.kind != symbol && p.tok.kind != keyword:
		return p.expected("a comparison operator")
	}
	t.Op = Op(i)
	return p.advance()
}
