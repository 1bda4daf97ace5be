package sieve

// hashAt returns where the hash that begins at pos has its closing quote, and two words with six of its first twelve digits each: 32,
// 40 or 64 hexadecimal digits in a row, or with a colon between every two. The end is -1 for all else, and near the end of line.
func hashAt(line []byte, pos int) (first, second uint64, end int) {
	if pos+96 > len(line) {
		return 0, 0, -1
	}
	w := load(line, pos)
	if line[pos+2] == ':' {
		return pairs(w), pairs(load(line, pos+9)), pairsEnd(line, pos)
	}
	end = pos
	for n := range 8 {
		if n >= 4 && n != 6 && n != 7 && line[end] == '"' {
			return w, load(line, pos+6), end
		}
		if noHex(load(line, end)) != 0 {
			return 0, 0, -1
		}
		end += 8
	}
	if line[end] != '"' {
		return 0, 0, -1
	}
	return w, load(line, pos+6), end
}

// pairs joins three pairs of digits with a byte between them.
func pairs(w uint64) uint64 { return w&0xffff | w>>8&0xffff_0000 | w>>16&0xffff_0000_0000 }

// pairsEnd returns where the closing quote of digits in pairs is, with colons between them, if they are as many as a hash has; else -1.
func pairsEnd(line []byte, pos int) int {
	for n := 0; n < 96; n += 8 {
		w := load(line, pos+n)
		others, colons := noHex(w), [3]uint64{0x00008000_00800000, 0x00800000_80000080, 0x80000080_00008000}[n/8%3]
		odd := others &^ equal(w, ':')
		if odd == 0 && others == colons {
			continue
		}
		n += trailing(odd)
		if before := odd&-odd - 1; odd == 0 || line[pos+n] != '"' || others&before != colons&before || n != 3*16-1 && n != 3*20-1 && n != 3*32-1 {
			return -1
		}
		return pos + n
	}
	return -1
}

// noHex sets the high bit of each byte of w that is no hexadecimal digit.
func noHex(w uint64) uint64 {
	low := w &^ high
	small := low | 0x20*ones
	letter := (small + (0x80-'a')*ones) &^ (small + (0x80-'f'-1)*ones)
	digit := (low + (0x80-'0')*ones) &^ (low + (0x80-'9'-1)*ones)
	return (^(letter | digit) | w) & high
}
