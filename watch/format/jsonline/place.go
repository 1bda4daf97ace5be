package jsonline

// MaxPlaces is how many places a walker remembers. Those of all kinds of lines of one log are some hundreds.
const MaxPlaces = 4096

// maxPath is the longest path remembered, in bytes.
const maxPath = 512

// places are where values have stood, each known by what it is in and by its key.
type places struct {
	all     []*place // by number
	members map[member]*place

	steps   int  // remembered behind all of them
	late    int  // steps that came when there was no room
	first   step // leads to the outermost object
	unknown step // one that is not remembered
}

type member struct {
	of  *place
	key string
}

// place is where a value may stand.
type place struct {
	name    *Name  // an element has that of its array
	in      *place // the object or array; nil for the outermost object
	element bool   // of an array
	depth   int    // how many objects and arrays it is in
	first   *place // the elements of the array that stands here, if one ever did
	after   [2]after
}

// begin is where a line begins: a step to the place of its object.
func (p *places) begin() *step {
	if p.first.to == nil {
		outermost := &place{name: new(Name)}
		p.all, p.members = append(make([]*place, 0, 64), outermost), make(map[member]*place)
		p.first = step{to: outermost, name: outermost.name, kind: literal}
	}
	return &p.first
}

// member returns the place of a key in an object, nil if it is not remembered.
func (p *places) member(of *place, key []byte) *place {
	if of == nil {
		return nil
	}
	if m, ok := p.members[member{of, string(key)}]; ok {
		return m
	}
	above := of.name.Path
	if len(p.all) > MaxPlaces || len(above)+1+len(key) > maxPath {
		return nil
	}
	path := append(make([]byte, 0, len(above)+1+len(key)), above...)
	if of.in != nil {
		path = append(path, '.')
	}
	at := len(path)
	path = append(path, key...)
	m := p.add(&place{name: &Name{Place: len(p.all), Path: path, Key: path[at:]}, in: of})
	p.members[member{of, string(key)}] = m
	return m
}

// element returns the place of the elements of an array, nil if it is not remembered.
func (p *places) element(of *place) *place {
	if of == nil {
		return nil
	}
	if of.first == nil && len(p.all) <= MaxPlaces {
		of.first = p.add(&place{name: of.name, in: of, element: true})
	}
	return of.first
}

func (p *places) add(fresh *place) *place {
	fresh.depth = fresh.in.depth + 1
	p.all = append(p.all, fresh)
	return fresh
}
