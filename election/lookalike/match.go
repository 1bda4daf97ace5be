package lookalike

import (
	"slices"
	"strings"
)

// Scratch is memory that one caller of MatchWith keeps from name to name.
type Scratch struct {
	fold  []byte
	open  []byte
	sums  hashes
	tried []int32
	out   []Finding
	rows  [3][maxFold + 1]int
}

// MatchWith is Match without new memory; what it returns is good until the next call.
func (x *Index) MatchWith(s *Scratch, domain string) []Finding {
	s.out = s.out[:0]
	d := domain
	if !tidy(d) {
		d = clean(d)
	}
	if d == "" || len(d) > maxName || below(x.own, d) || below(x.allowed, d) {
		return nil
	}
	rest, suffix := split(d)
	if rest == "" {
		return nil
	}
	x.try(s, d, rest, suffix)
	if i := strings.LastIndexByte(rest, '.'); i >= 0 {
		x.try(s, d, rest[i+1:], suffix)
	}
	if len(s.out) > 1 {
		sortFindings(s.out)
	}
	return s.out[:min(len(s.out), 10)]
}

// tidy says that a domain is in lower case already.
func tidy(d string) bool {
	for i := 0; i < len(d); i++ {
		if c := d[i]; c >= 'A' && c <= 'Z' || c <= ' ' || c >= 0x80 {
			return false
		}
	}
	return !strings.HasSuffix(d, ".")
}

// try compares the labels in rest, joined.
func (x *Index) try(s *Scratch, domain, rest, suffix string) {
	s.fold = appendFold(s.fold[:0], rest, true)
	if len(s.fold) < 2 {
		return
	}
	if len(s.fold) < len(rest) { // it may hold a pair
		if s.open = appendFold(s.open[:0], rest, false); len(s.open) != len(s.fold) {
			x.probe(s, s.open, domain, rest, suffix)
		}
	}
	x.probe(s, s.fold, domain, rest, suffix)
	x.inside(s, domain, rest, suffix)
	if strings.IndexByte(rest, '.') >= 0 {
		x.before(s, domain, rest)
	}
}

// probe looks a fold up, whole and without letters. It leaves its sums behind.
func (x *Index) probe(s *Scratch, fold []byte, domain, rest, suffix string) {
	if len(fold) > maxFold {
		return
	}
	s.sums.of(fold)
	most := depth(len(fold))
	if most == 2 && !x.near(&s.sums) {
		most = 0
	}
	s.tried = s.tried[:0]
	s.sums.without(most, func(sum uint64) bool {
		if x.edits.may(sum) {
			for _, e := range x.edits.of(sum) {
				x.verify(s, fold, e.name, domain, rest, suffix)
			}
		}
		return true
	})
}

// verify measures a candidate.
func (x *Index) verify(s *Scratch, fold []byte, name int32, domain, rest, suffix string) {
	if slices.Contains(s.tried, name) {
		return
	}
	s.tried = append(s.tried, name)
	p := &x.names[name]
	most := depth(min(len(fold), len(p.fold)) + 1)
	n := s.distance(fold, p.fold, most)
	if n > 0 && p.open != p.fold {
		n = min(n, s.distance(fold, p.open, most))
	}
	switch {
	case n > most:
	case n == 0 && suffix != p.suffix && strings.ReplaceAll(rest, ".", "") == p.label:
		s.add(domain, p.domain, Suffix, 0)
	case n == 0:
		s.add(domain, p.domain, Same, 0)
	case n == 1:
		s.add(domain, p.domain, OneEdit, 1)
	default:
		s.add(domain, p.domain, TwoEdits, n)
	}
}

// before looks for an election word before or behind the last of several labels
// whose rest is protected, as in sos.vote-state.co.us.
func (x *Index) before(s *Scratch, domain, rest string) {
	i := strings.LastIndexByte(rest, '.')
	head, label := rest[:i], rest[i+1:]
	for _, w := range electionWords {
		for _, cut := range []func(string, string) (string, bool){strings.CutPrefix, strings.CutSuffix} {
			left, ok := cut(label, w)
			if !ok || left == "" {
				continue
			}
			s.open = append(append(s.open[:0], head...), left...)
			s.fold = appendFold(s.fold[:0], string(s.open), true)
			if len(s.fold) > maxFold || len(s.fold) < least {
				continue
			}
			s.sums.of(s.fold)
			sum := mix(s.sums.sums[s.sums.n])
			if !x.whole.may(sum) {
				continue
			}
			for _, e := range x.whole.of(sum) {
				if p := &x.names[e.name]; p.fold == string(s.fold) {
					s.add(domain, p.domain, Compound, len(w))
				}
			}
		}
	}
}

// add keeps the best kind for each protected name.
func (s *Scratch) add(domain, protected string, k Kind, n int) {
	for i := range s.out {
		if f := &s.out[i]; f.Protected == protected {
			if ranks[k] < ranks[f.Kind] {
				f.Kind, f.Distance = k, n
			}
			return
		}
	}
	s.out = append(s.out, Finding{domain, protected, k, n})
}

// inside looks for protected folds within a longer one.
func (x *Index) inside(s *Scratch, domain, rest, suffix string) {
	n := len(s.fold)
	if n > maxFold {
		s.fold = s.fold[:maxFold] // a label has no more, and of joined ones the last is looked at alone too
		n = maxFold
		s.sums.of(s.fold)
	}
	for _, long := range x.lengths {
		if long >= n {
			return
		}
		for i := 0; i+long <= n; i++ {
			sum := mix(s.sums.stretch(i, i+long))
			if !x.whole.may(sum) {
				continue
			}
			for _, e := range x.whole.of(sum) {
				p := &x.names[e.name]
				if string(s.fold[i:i+long]) != p.fold {
					continue
				}
				switch {
				case x.worded(s, i, i+long) || setOff(rest, p.label, suffix):
					s.add(domain, p.domain, Compound, n-long)
				case long >= short:
					s.add(domain, p.domain, Inside, n-long)
				}
			}
		}
	}
}

// worded says that what stands before or behind a stretch is an election word.
func (x *Index) worded(s *Scratch, i, j int) bool {
	is := func(a, b int) bool {
		if b-a < 3 {
			return false
		}
		sum := mix(s.sums.stretch(a, b))
		return x.words.may(sum) && len(x.words.of(sum)) > 0
	}
	n := len(s.fold)
	return (i == 0 || is(0, i)) && (j == n || is(j, n))
}

// setOff says that the protected label stands between hyphens or dots, or is
// joined to "www" or a suffix as in www-name, namecom and name-org.
func setOff(rest, label, suffix string) bool {
	i := strings.Index(rest, label)
	if i < 0 {
		return false
	}
	before, behind := rest[:i], rest[i+len(label):]
	bound := func(s string, edge byte, glued ...string) bool {
		return s == "" || edge == '-' || edge == '.' || slices.Contains(glued, s)
	}
	var last, first byte
	if before != "" {
		last = before[len(before)-1]
	}
	if behind != "" {
		first = behind[0]
	}
	return bound(before, last, "www", "com", "m") && bound(behind, first, "com", "org", "net", "gov", "us", "www", strings.ReplaceAll(suffix, ".", ""))
}

// distance is the optimal string alignment distance of two folds, or more than
// most: letters added, left out, replaced, and neighbours exchanged.
func (s *Scratch) distance(a []byte, other string, most int) int {
	if len(a)-len(other) > most || len(other)-len(a) > most || len(other) > maxFold {
		return most + 1
	}
	before, last, row := &s.rows[0], &s.rows[1], &s.rows[2]
	for j := range len(other) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		best := i
		for j := 1; j <= len(other); j++ {
			cost := 1
			if a[i-1] == other[j-1] {
				cost = 0
			}
			n := min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == other[j-2] && a[i-2] == other[j-1] {
				n = min(n, before[j-2]+1)
			}
			row[j] = n
			best = min(best, n)
		}
		if best > most {
			return most + 1
		}
		before, last, row = last, row, before
	}
	return last[len(other)]
}
