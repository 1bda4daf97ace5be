package jsonline

// walk goes from value to value: by steps that were taken before, and where none leads on by taking the line apart.
func (w *Walker) walk() error {
	for s := w.places.begin(); ; {
		var err error
		if s, err = w.run(s); err != nil || s.to == nil {
			return err
		}
		if s, err = w.apart(s); err != nil || s.to == nil {
			return err
		}
	}
}

// run takes known steps and reads the values to which they lead, from behind the value to which s led: w.at is the quote that
// ends it, or what follows a literal, and w.mark the first mark from there on. It returns the last step that it took.
func (w *Walker) run(s *step) (*step, error) {
	line, marks, n := w.line, w.marks, &w.node
	at, mark := w.at, w.mark
	for {
		next := s.next
		if next == nil || !next.leads(line[at:]) {
			steps := s.to.after[s.kind]
			if next = steps.expect(line, at); next == nil {
				break
			}
			s.next = steps[0]
		}
		s = next
		for _, name := range s.ended {
			n.Name = name
			w.show(End, nil)
		}
		if s.to == nil {
			return s, nil
		}
		at, mark = at+len(s.text), mark+s.marks
		if s.kind == quoted {
			n.Name = s.name
			if end := int(marks[mark]); end < len(line) && line[end] == '"' {
				if s.name.wanted == nil || s.name.wanted(line[at:end]) {
					n.Kind, n.Value = String, line[at:end]
					w.visitor.Visit(n)
				}
				at = end
				continue
			}
			w.at, w.mark = at-1, mark-1
			if err := w.scalar(); err != nil {
				return nil, err
			}
			at, mark = w.at-1, w.mark-1 // at the quote
			continue
		}
		end, kind := word(line, at)
		if end == at {
			return nil, ErrSyntax
		}
		if !s.name.quiet {
			n.Name, n.Kind, n.Value = s.name, kind, line[at:end]
			w.visitor.Visit(n)
		}
		at = end
	}
	w.at, w.mark = at, mark
	return s, nil
}

// settle puts w.at and w.mark, behind a value that was read, where run wants them.
func (w *Walker) settle(kind int) {
	if kind == quoted {
		w.at--
		w.mark--
	}
	for int(w.marks[w.mark]) < w.at {
		w.mark++
	}
}

// apart reads on from where no known step leads, until it has read a value at a place that is remembered, or is at the end of the
// line. It returns the step that led there, and remembers it.
func (w *Walker) apart(s *step) (*step, error) {
	w.restack(s.to)
	for {
		begin, mark := w.at, w.mark
		if s.kind == quoted {
			w.at++
			w.mark++
		}
		known := s.to != nil
		to, done, err := w.seek(&known)
		if err != nil {
			return nil, err
		}
		w.settle(literal)
		end, m, kind := w.at, w.mark, literal
		if end < len(w.line) && w.line[end] == '"' {
			end, m, kind = end+1, m+1, quoted
		}
		if known && end-begin <= maxText {
			s = w.places.learn(s, w.line[begin:end], m-mark, to, kind, w.ended)
		} else {
			s = w.places.forgotten(to, kind)
		}
		if done {
			return s, nil
		}
		if err := w.scalar(); err != nil {
			return nil, err
		}
		if w.settle(kind); to != nil {
			return s, nil
		}
	}
}

// frame is an object or array that is open.
type frame struct {
	place  *place // nil if it is not remembered
	name   *Name  // of what it is the value of
	ends   byte   // '}' or ']'
	member Name   // of the value in it that is not remembered
}

// restack opens what a place is in.
func (w *Walker) restack(p *place) {
	w.depth = p.depth
	for i := w.depth - 1; i >= 0; i-- {
		f := &w.stack[i]
		f.place, f.name, f.ends = p.in, p.in.name, '}'
		if p.element {
			f.ends = ']'
		}
		p = p.in
	}
}

// push opens the object or array that starts at w.at.
func (w *Walker) push(p *place, name *Name) error {
	if w.depth == MaxDepth {
		return ErrDepth
	}
	f := &w.stack[w.depth]
	f.place, f.name, f.ends = p, name, w.line[w.at]+2 // '{' and '}', '[' and ']'
	w.depth++
	w.at++
	return nil
}

// seek reads commas, brackets and keys up to the next value that is a scalar, or to the end of the line. It shows
// which objects end and notes them in w.ended; known becomes false if something on the way is not remembered.
func (w *Walker) seek(known *bool) (to *place, done bool, err error) {
	w.ended = w.ended[:0]
	begun := false // an object or array: nothing of it was read yet
	if w.depth == 0 {
		if w.peek() != '{' {
			return nil, false, ErrSyntax
		}
		outermost := w.places.all[0]
		if err := w.push(outermost, outermost.name); err != nil {
			return nil, false, err
		}
		begun = true
	}
	for {
		f := &w.stack[w.depth-1]
		switch c := w.peek(); {
		case c == f.ends:
			w.at++
			if w.depth--; w.depth == 0 {
				if w.next(); w.at != len(w.line) {
					return nil, false, ErrSyntax
				}
				return nil, true, nil
			}
			if begun = false; c == '}' {
				w.node.Name = f.name
				w.show(End, nil)
				w.ended = append(w.ended, f.name)
			}
			continue
		case begun:
		case c == ',':
			w.at++
		default:
			return nil, false, ErrSyntax
		}
		if to, err = w.enter(f); err != nil {
			return nil, false, err
		}
		*known = *known && to != nil
		if w.peek()|0x20 != '{' {
			return to, false, nil
		}
		if err := w.push(to, w.node.Name); err != nil {
			return nil, false, err
		}
		begun = true
	}
}

// enter goes to the next value in an object, behind its key, or in an array. The place is nil if it is not remembered.
func (w *Walker) enter(f *frame) (*place, error) {
	if f.ends == ']' {
		w.node.Name = f.name
		return w.places.element(f.place), nil
	}
	if w.peek() != '"' {
		return nil, ErrSyntax
	}
	key, err := w.text()
	if err != nil {
		return nil, err
	}
	to := w.places.member(f.place, key)
	if to != nil {
		w.node.Name = to.name
	} else {
		w.spell(f, key)
	}
	if !w.take(':') {
		return nil, ErrSyntax
	}
	return to, nil
}

// spell names a value that is not remembered.
func (w *Walker) spell(f *frame, key []byte) {
	w.path = append(w.path[:0], f.name.Path...)
	if w.depth > 1 {
		w.path = append(w.path, '.')
	}
	at := len(w.path)
	w.path = append(w.path, key...)
	f.member = Name{Path: w.path, Key: w.path[at:]}
	w.node.Name = &f.member
}
