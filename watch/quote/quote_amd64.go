package quote

import "golang.org/x/sys/cpu"

// fast says that this processor has what the assembly uses. It never changes.
var fast = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasPOPCNT

// least is the shortest line that the assembly takes: it loads 64 bytes at a time and never beyond the line.
const least = 64

func index(at []uint32, line []byte) ([]uint32, bool) {
	if !fast || len(line) < least {
		return plain(at, line)
	}
	n, high := indexAVX2(&at[0], &line[0], len(line))
	return at[:n], high == 0
}

// indexAVX2 takes n >= least bytes and writes at most n positions and slack further words.
//
//go:noescape
func indexAVX2(at *uint32, line *byte, n int) (count int, high int)

// leastEnd is the shortest rest of a line that the assembly takes: it loads 32 bytes at a time.
const leastEnd = 32

func end(line []byte, pos int) (int, bool) {
	if !fast || len(line)-pos < leastEnd {
		return plainEnd(line, pos, 0)
	}
	at, high := endAVX2(&line[pos], len(line)-pos)
	if at >= 0 {
		return pos + at, high == 0
	}
	return plainEnd(line, pos+^at, uint64(high))
}

// endAVX2 returns where the first byte that is looked for is among n, or the complement of how many were looked at, fewer
// than 32 not being so; and what is not zero if one before it is not ASCII.
//
//go:noescape
func endAVX2(line *byte, n int) (at int, high int)
