package sieve

import "slices"

// Much of a log is the same in line after line: after one key that comes always with the same value comes another. A run is
// such a piece of a line that was judged, with the key that it begins with: where its bytes come again, the judgement is the
// same, and the walk goes on behind them.
//
// That is so because what is between two commas of an object is judged by nothing but its bytes and the set: not by the line's
// time and kind, whose keys are in no run, and not by how deep it stands, as long as that is no deeper than it was.
type run struct {
	text   string // members of an object, from a quote to the end of a value
	quotes int    // how many positions of the line's are in it
	last   *key   // the last key in it
	level  int    // the level at which it was judged
}

const (
	maxRun    = 512 // bytes
	maxMember = 256 // bytes of a member that may be in a run
	minQuotes = 6   // less is not worth it
	eagerly   = 256 // of so many lines one in four teaches, then one in so many
)

// follows reports that the run is what stands at line[pos], whole.
func (r *run) follows(line []byte, pos, level int) bool {
	end := pos + len(r.text)
	return end < len(line) && level <= r.level && (line[end] == ',' || line[end] == '}') && string(line[pos:end]) == r.text
}

// teaches says whether the runs of this line should be learnt.
func (s *Sieve) teaches() bool {
	s.lines++
	return s.lines%eagerly == 0 || s.lines%4 == 0 && s.lines < eagerly
}

// forget drops what was judged by another set.
func (s *Sieve) forget() {
	s.lines = 0
	for _, k := range s.keys.all {
		k.run = nil
	}
}

// lesson learns the runs of one line, which was judged clear: its grammar is right. One with white space between its parts
// teaches nothing.
type lesson struct {
	keys *keys
	line []byte
	at   []uint32
	last *key
}

// object learns from the object whose brace is at pos, and returns what is behind it, -1 to stop the lesson.
func (l *lesson) object(pos, level int) int {
	if pos++; l.line[pos] == '}' {
		return pos + 1
	}
	var first, last *key // of a run
	begin, end := 0, 0
	flush := func() {
		if first != nil {
			l.keep(first, last, begin, end, level)
		}
		first = nil
	}
	for {
		k := l.keys.known(l.line, pos)
		if k == nil {
			return -1
		}
		l.last = k
		member := pos
		was := k.sample
		if pos = l.value(pos+k.size, level); pos < 0 {
			return -1
		}
		text := l.line[member:pos]
		same := k.role == inner && string(text) == was
		if !same {
			flush()
			k.run, k.sample = nil, ""
			if len(text) <= maxMember {
				k.sample = string(text)
			}
		} else {
			if first != nil && pos-begin > maxRun {
				flush()
			}
			if first == nil {
				first, begin = k, member
			}
			end, last = pos, l.last
		}
		if l.line[pos] == '}' {
			flush()
			return pos + 1
		}
		if l.line[pos] != ',' {
			return -1
		}
		pos++
	}
}

// keep gives the key its run.
func (l *lesson) keep(first, last *key, begin, end, level int) {
	from, _ := slices.BinarySearch(l.at, uint32(begin))
	to, _ := slices.BinarySearch(l.at, uint32(end))
	if to-from >= minQuotes {
		first.run = &run{text: string(l.line[begin:end]), quotes: to - from, last: last, level: level}
	}
}

// value returns what is behind the value at pos, -1 to stop.
func (l *lesson) value(pos, level int) int {
	switch l.line[pos] {
	case '"':
		for pos++; l.line[pos] != '"'; pos++ {
			if l.line[pos] == '\\' {
				pos++
			}
		}
		return pos + 1
	case '{':
		return l.object(pos, level+1)
	case '[':
		if pos++; l.line[pos] == ']' {
			return pos + 1
		}
		for {
			if pos = l.value(pos, level+1); pos < 0 || l.line[pos] != ',' && l.line[pos] != ']' {
				return -1
			}
			if pos++; l.line[pos-1] == ']' {
				return pos
			}
		}
	}
	begin := pos
	for c := l.line[pos]; c != ',' && c != ']' && c != '}' && c > ' '; c = l.line[pos] {
		pos++
	}
	if pos == begin {
		return -1
	}
	return pos
}
