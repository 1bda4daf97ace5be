package jsonline

// usual reads members of an object as long as each has the key that is guessed and behind it a plain string, some digits or a word,
// with nothing between; those are nearly all. It stops in front of one that is not so, and reports whether it read the end of the object.
func (w *Walker) usual(parent int) (end bool) {
	line, all, n := w.line, w.places.all, &w.node
	at, mark, before := w.at, w.mark, w.places.before
	for !end {
		next := all[before].next
		g := &all[next]
		if !g.stands(parent, line, at) {
			break
		}
		from := at + len(g.spelled)
		kind, to, after, m := w.scalar(from, mark+2) // behind the marks of the key's quotes
		if after >= len(line) || line[after] != ',' && line[after] != '}' {
			break
		}
		if kind == String {
			from++
		}
		end = line[after] == '}'
		before, at, mark = next, after+1, m
		if g.quiet && kind != String {
			continue
		}
		n.Place, n.Path, n.Key = next, g.path, g.key
		n.Kind, n.Value, n.At = kind, line[from:to], from
		w.visit(n)
	}
	w.at, w.mark, w.places.before = at, mark, before
	return end
}

// scalar says where the value at from ends, what is behind it, and which mark comes then, if it is a plain string, some digits or
// a word; else after is the length of the line. The mark m is none behind the first from there on.
func (w *Walker) scalar(from, m int) (kind Kind, to, after, mark int) {
	line := w.line
	if from >= len(line) {
		return String, from, len(line), m
	}
	switch c := line[from]; {
	case c == '"':
		for int(w.marks[m]) < from { // where there was white space before
			m++
		}
		if to = int(w.marks[m+1]); to < len(line) && line[to] == '"' {
			return String, to, to + 1, m + 2
		}
	case c-'1' <= 8:
		to = digits(line, from+1)
		return Number, to, to, m
	case c == '0':
		return Number, from + 1, from + 1, m
	case c == 't' && from+4 < len(line) && string(line[from:from+4]) == "true":
		return Bool, from + 4, from + 4, m
	case c == 'f' && from+5 < len(line) && string(line[from:from+5]) == "false":
		return Bool, from + 5, from + 5, m
	}
	return String, from, len(line), m
}
