package lookalike

// A fold of at least short letters that two changes made of another leaves one of three
// pieces of the other whole, and near its place: Li, Deng, Wang and Feng,
// Pass-Join: A Partition-based Method for Similarity Joins (PVLDB 2011),
// with its multi-match-aware choice of places. Most names hold no such piece,
// and need not be looked up without each two of their letters.

// cut is where piece p of a fold of n letters begins; piece 3 begins at its end.
func cut(n, p int) int { return n * p / 3 }

func pieceKey(sum uint64, n, p int) uint64 {
	return mix(sum ^ uint64(n*3+p+1)*0xff51afd7ed558ccd)
}

// pieces adds those of a protected fold.
func pieces(to []entry, h *hashes, name int32) []entry {
	for p := range 3 {
		to = append(to, entry{pieceKey(h.stretch(cut(h.n, p), cut(h.n, p+1)), h.n, p), name})
	}
	return to
}

// near says whether a fold holds a piece of some protected one where two changes leave it.
func (x *Index) near(h *hashes) bool {
	for n := max(h.n-2, 2); n <= h.n+2; n++ {
		longer := h.n - n
		for p := range 3 {
			start, size := cut(n, p), cut(n, p+1)-cut(n, p)
			for by := max(-p, longer-(2-p)); by <= min(p, longer+(2-p)); by++ {
				i := start + by
				if i < 0 || i+size > h.n {
					continue
				}
				if x.pieces.may(pieceKey(h.stretch(i, i+size), n, p)) {
					return true
				}
			}
		}
	}
	return false
}
