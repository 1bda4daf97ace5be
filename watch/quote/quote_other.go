//go:build !amd64

package quote

func index(at []uint32, line []byte) ([]uint32, bool) { return plain(at, line) }

func end(line []byte, pos int) (int, bool) { return plainEnd(line, pos, 0) }
