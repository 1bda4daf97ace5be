package sigma

import "strings"

// atom is a comparison of a field with a text that a scanner decides for every event, whoever asks.
type atom struct {
	shape shape // exact, prefix, suffix or within
	text  string
}

// spot is where an atom's gram stands in its text.
type spot struct {
	id, offset int32
}

// scanner finds all atoms of one field that hold for a value in one pass over it: an exact text by one look-up, beginnings
// and ends by their outermost bytes, and what may stand anywhere by a gram of up to four bytes, the rarest of its text.
type scanner struct {
	atoms  []atom  // by their position
	ids    []int32 // of the plan
	exact  map[string]int32
	starts [5]map[uint32][]int32 // by the number of bytes that are compared
	ends   [5]map[uint32][]int32
	grams  [5]map[uint32][]spot
	sieve  [5][]uint64 // which grams there are, by a hash of sieveBits
	any    bool
}

const sieveBits = 14

func sieveHash(gram uint32) uint32 { return gram * 2654435761 >> (32 - sieveBits) }

// pack reads n bytes as a number.
func pack(s string, n int) uint32 {
	switch n {
	case 1:
		return uint32(s[0])
	case 2:
		return uint32(s[0]) | uint32(s[1])<<8
	case 3:
		return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16
	}
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// add takes an atom with its number in the plan and returns its position.
func (s *scanner) add(a atom, id int32) int32 {
	s.atoms, s.ids = append(s.atoms, a), append(s.ids, id)
	return int32(len(s.atoms) - 1)
}

// build prepares the look-ups once all atoms are in.
func (s *scanner) build() {
	common := make(map[uint32]int) // how many texts hold a gram
	for _, a := range s.atoms {
		if a.shape == within && len(a.text) >= 4 {
			for i := 0; i+4 <= len(a.text); i++ {
				common[pack(a.text[i:], 4)]++
			}
		}
	}
	s.exact = make(map[string]int32)
	for i, a := range s.atoms {
		n := min(4, len(a.text))
		switch a.shape {
		case exact:
			s.exact[a.text] = int32(i)
		case prefix:
			put(&s.starts[n], pack(a.text, n), int32(i))
		case suffix:
			put(&s.ends[n], pack(a.text[len(a.text)-n:], n), int32(i))
		case within:
			at := rarest(a.text, common)
			gram := pack(a.text[at:], n)
			put(&s.grams[n], gram, spot{int32(i), int32(at)})
			if s.sieve[n] == nil {
				s.sieve[n] = make([]uint64, 1<<sieveBits/64)
			}
			h := sieveHash(gram)
			s.sieve[n][h/64] |= 1 << (h % 64)
			s.any = true
		}
	}
}

func put[T any](m *map[uint32][]T, key uint32, value T) {
	if *m == nil {
		*m = make(map[uint32][]T)
	}
	(*m)[key] = append((*m)[key], value)
}

// rarest chooses the gram that the fewest texts share, and among them the one of the least usual letters.
func rarest(text string, common map[uint32]int) (at int) {
	if len(text) <= 4 {
		return 0
	}
	best := 1 << 30
	for i := 0; i+4 <= len(text); i++ {
		cost := 8 * common[pack(text[i:], 4)]
		for _, c := range []byte(text[i : i+4]) {
			switch {
			case strings.IndexByte(" etaoins/.", c) >= 0:
				cost += 4
			case c >= 'a' && c <= 'z':
				cost += 2
			}
		}
		if cost < best {
			best, at = cost, i
		}
	}
	return at
}

// scan calls found with the number of every atom that holds for a folded value, possibly more than once.
func (s *scanner) scan(value string, found func(id int32)) {
	if i, ok := s.exact[value]; ok {
		found(s.ids[i])
	}
	if value == "" {
		return
	}
	for n := 1; n <= min(4, len(value)); n++ {
		if m := s.starts[n]; m != nil {
			for _, i := range m[pack(value, n)] {
				if strings.HasPrefix(value, s.atoms[i].text) {
					found(s.ids[i])
				}
			}
		}
		if m := s.ends[n]; m != nil {
			for _, i := range m[pack(value[len(value)-n:], n)] {
				if strings.HasSuffix(value, s.atoms[i].text) {
					found(s.ids[i])
				}
			}
		}
	}
	if s.any {
		s.inside(value, found)
	}
}

func (s *scanner) inside(value string, found func(id int32)) {
	for n := 1; n <= 4; n++ {
		sieve := s.sieve[n]
		if sieve == nil {
			continue
		}
		for i := 0; i+n <= len(value); i++ {
			gram := pack(value[i:], n)
			h := sieveHash(gram)
			if sieve[h/64]&(1<<(h%64)) == 0 {
				continue
			}
			for _, spot := range s.grams[n][gram] {
				from := i - int(spot.offset)
				if text := s.atoms[spot.id].text; from >= 0 && len(value)-from >= len(text) && value[from:from+len(text)] == text {
					found(s.ids[spot.id])
				}
			}
		}
	}
}
