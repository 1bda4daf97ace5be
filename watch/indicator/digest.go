package indicator

// A sketch of the first digits of the set's hashes says of nearly every other hash at one look that it is none of them, before the
// rest of it is read. Twelve digits are far more than tell a million apart.

const (
	halfDigits = 6                     // of the digits that count, in each of two words
	six        = 1<<(8*halfDigits) - 1 // their bytes in a word
)

func (s *Set) sketchHashes(rows []row) {
	n := count(rows, ofHash)
	if n == 0 {
		return
	}
	s.digits = newSketch(n, sketchMost, s.hash.start(ofDigits))
	for _, r := range rows {
		if r.realm == ofHash {
			s.digits.set(digitsKey(load(r.text, 0), load(r.text, halfDigits)))
		}
	}
}

// LookHash is the look that tells whether a hash may be one of the set: by two words, of which each has six of its first twelve
// digits in the bytes at its low end, in any case. What else is in the words does not matter.
func (s *Set) LookHash(first, second uint64) Look { return s.digits.look(digitsKey(first, second)) }

// mayDigits is false if the hash that begins at b[from] surely is none of the set.
func mayDigits[T octets](s *Set, b T, from int) bool {
	return s.digits.may(digitsKey(load(b, from), load(b, from+halfDigits)))
}

func digitsKey(first, second uint64) uint64 {
	return mix((first|folded)&six^k1, (second|folded)&six^k2)
}
