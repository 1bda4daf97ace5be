package indicator

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// The May methods judge bytes of a line before anybody has made values of them. Each is true if the value that
// line[from:to] stands for could meet an indicator, or if it is not plain enough to be judged here; where it is false,
// Match reports nothing for that value. They read the bytes around line[from:to] and do not regard them. The tests of package
// sieve, which asks them, hold them to that.

// MayAddr4 judges an IPv4 address.
func (s *Set) MayAddr4(addr uint32) bool {
	return s.four.may(uint64(addr)) && s.exact.has(s.hash.addr(onlyIn4, uint64(addr))) || s.nets.contains4(addr)
}

// Nets4 reports that networks of IPv4 addresses are in the set.
func (s *Set) Nets4() bool { return s.nets.near != nil }

// LookDotted is the look for an IPv4 address by its text, which tells what MayAddr4 does but for networks: the bytes in order of
// two words from their low end, with zeros behind. It has one spelling; text of digits and dots that is none is no address.
func (s *Set) LookDotted(first, second uint64) Look { return s.dotted.look(dotted(first, second)) }

// MayAddr6 judges an IPv6 address by its two halves; one that stands for an IPv4 address is not plain.
func (s *Set) MayAddr6(hi, lo uint64) bool {
	if hi == 0 && lo>>32 == 0xffff || s.exact.has(s.hash.addr(hi, lo)) {
		return true
	}
	if !s.nets.six {
		return false
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], hi)
	binary.BigEndian.PutUint64(b[8:], lo)
	return s.nets.contains(netip.AddrFrom16(b))
}

// MayName judges a name with its parents: a domain name, or the host of a URL or an e-mail address. A plain one has
// ASCII letters, digits, hyphens and underscores in labels of at most 63, in any case, and perhaps one dot at the end.
func (s *Set) MayName(line []byte, from, to int) bool {
	if to > from && line[to-1] == '.' {
		if to--; to == from {
			return false // the root
		}
	}
	if to-from > 253 {
		return true
	}
	if look, end := s.LookName(line, from); end == to && !s.May(look) {
		return false
	}
	key := s.hash.start(ofName)
	first := true
	for end := to; ; {
		begin := end
		for begin > from && inLabel[line[begin-1]] {
			begin--
		}
		n := end - begin
		if uint(n-1) > 62 || n >= 4 && line[begin+2] == '-' && line[begin+3] == '-' && line[begin]|0x20 == 'x' {
			return true
		}
		key = label(key, line, begin, end)
		if begin == from {
			return s.exact.has(key)
		}
		if line[begin-1] != '.' || !first && s.exact.has(key) {
			return true
		}
		first = false
		end = begin - 1
		if end == from { // a dot in front
			return true
		}
	}
}

// MayURLHost judges the host of a URL, as MayName takes it or an IPv4 address: true if a URL of that host is indicated.
func (s *Set) MayURLHost(line []byte, from, to int) bool {
	if !s.urls {
		return false
	}
	if to > from && line[to-1] == '.' {
		to--
	}
	var host [253]byte
	if to-from > len(host) {
		return true
	}
	return s.mayHost(textKey(s.hash, ofURLHost, lower(host[:0], line[from:to])))
}

// URLs reports that URLs are in the set, or hosts of URLs.
func (s *Set) URLs() bool { return s.urls }

func (s *Set) mayHost(key uint64) bool {
	if !s.exact.may(key) {
		return false
	}
	_, found := slices.BinarySearch(s.hosts, key)
	return found
}

// MayEmail judges an e-mail address by its whole text, which is ASCII; its domain is MayName's.
func (s *Set) MayEmail(address []byte) bool {
	var text [512]byte
	if len(address) > len(text) {
		return true
	}
	return s.exact.has(textKey(s.hash, ofEmail, lower(text[:0], address)))
}

// shortestHash is the digits of an MD5.
const shortestHash = 32

// MayHash judges 32, 40 or 64 hexadecimal digits in any case.
func (s *Set) MayHash(line []byte, from, to int) bool {
	return mayDigits(s, line, from) && s.exact.has(label(s.hash.start(ofHash), line, from, to))
}

// lower appends text with its ASCII letters small.
func lower(to, text []byte) []byte {
	for _, c := range text {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		to = append(to, c)
	}
	return to
}

// inLabel holds what a plain label is made of.
var inLabel = [256]bool{
	'-': true, '_': true,
	'0': true, '1': true, '2': true, '3': true, '4': true, '5': true, '6': true, '7': true, '8': true, '9': true,
	'a': true, 'b': true, 'c': true, 'd': true, 'e': true, 'f': true, 'g': true, 'h': true, 'i': true, 'j': true, 'k': true,
	'l': true, 'm': true, 'n': true, 'o': true, 'p': true, 'q': true, 'r': true, 's': true, 't': true, 'u': true, 'v': true,
	'w': true, 'x': true, 'y': true, 'z': true,
	'A': true, 'B': true, 'C': true, 'D': true, 'E': true, 'F': true, 'G': true, 'H': true, 'I': true, 'J': true, 'K': true,
	'L': true, 'M': true, 'N': true, 'O': true, 'P': true, 'Q': true, 'R': true, 'S': true, 'T': true, 'U': true, 'V': true,
	'W': true, 'X': true, 'Y': true, 'Z': true,
}
