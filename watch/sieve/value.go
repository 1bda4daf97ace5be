package sieve

import (
	"bytes"
	"encoding/binary"
	"unicode"
	"unicode/utf8"
)

// look reports that b[from:to], a value without escapes, could meet the set as one of the things in its class, or cannot be judged.
func (s *Sieve) look(class Class, b []byte, from, to int) bool {
	switch {
	case from == to || class == 0:
		return false
	case class&(Port|Target|URL|Always) == 0 && quadFits(b, from, to):
		if a, ok := quad(b, from, to); ok { // of no other class could it be more
			return s.addr4(a)
		}
	}
	switch {
	case class == Address:
		return s.address(b, from, to)
	case class&Always != 0,
		class&Target != 0 && !plainTarget(b[from:to]),
		class&Text != 0 && s.text(b, from, to),
		class&Hash != 0 && s.hash(b, from, to),
		class&URL != 0 && s.url(b, from, to),
		class&Email != 0 && s.email(b, from, to):
		return true
	case class&Port != 0:
		return s.hostPort(b, from, to)
	case class&Name != 0:
		return s.name(b, from, to)
	}
	return class&Address != 0 && s.address(b, from, to)
}

// address judges what event.Event.Observe takes for an address: no name, no port.
func (s *Sieve) address(b []byte, from, to int) bool {
	const shortest, longest = len("::"), 64
	const marks = 8 + 3 // an address has no more colons and dots: "::" may stand for one group
	if to-from < shortest || to-from > longest {
		return false
	}
	i, group, marked := from, 0, 0
	for ; i < to && shape[b[i]] == taken; i++ {
		if b[i] == '.' || b[i] == ':' {
			if group = -1; marked == marks {
				return false
			}
			marked++
		}
		if group++; group > 4 {
			return false // no part of an address has so many digits
		}
	}
	switch {
	case i < to:
		return shape[b[i]] == doubtful && s.oddAddress(b[from:to], i-from)
	case bytes.IndexByte(b[from:to], ':') < 0:
		a, ok := parse4(b, from, to)
		return ok && s.addr4(a)
	}
	hi, lo, ok := parse6(b[from:to])
	return ok && s.set.MayAddr6(hi, lo) || bytes.IndexByte(b[from:to], '.') >= 0
}

// addr4 judges an IPv4 address. Where networks are looked for, those that were judged lately are remembered: most come again and
// again.
func (s *Sieve) addr4(a uint32) bool {
	if !s.nets {
		return s.set.MayAddr4(a)
	}
	at := &s.lately[a*0x9e3779b1>>(32-latelyBits)]
	if *at == a && a != 0 {
		return false
	}
	if s.set.MayAddr4(a) {
		return true
	}
	*at = a
	return false
}

// oddAddress judges text whose byte at i, the first that no address has, may vanish when it is normalised: white space around it
// does, and so do brackets; and a network may stand for an address.
func (s *Sieve) oddAddress(b []byte, i int) bool {
	if b[i] == '/' {
		return i >= len("::") && i+1 < len(b) && b[i+1]-'0' <= 9
	}
	r, _ := utf8.DecodeRune(b[i:])
	if !unicode.IsSpace(r) {
		return r < utf8.RuneSelf // a bracket
	}
	last, _ := utf8.DecodeLastRune(b)
	return i == 0 || unicode.IsSpace(last)
}

// name judges a name that may be an address.
func (s *Sieve) name(b []byte, from, to int) bool {
	if bytes.IndexByte(b[from:to], ':') >= 0 {
		return s.address(b, from, to) || !plainColons(b[from:to])
	}
	if a, ok := parse4(b, from, to); ok {
		return s.addr4(a)
	}
	return s.set.MayName(b, from, to)
}

// plainColons says that text with a colon is an IPv6 address as far as its bytes go, and so no part of it is a name.
func plainColons(b []byte) bool {
	for _, c := range b {
		if shape[c] != taken || c == '.' {
			return false
		}
	}
	return true
}

// hostPort judges the host of a request, with a port or without.
func (s *Sieve) hostPort(b []byte, from, to int) bool {
	if colon := bytes.IndexByte(b[from:to], ':'); colon >= 0 {
		colon += from
		if to-colon > len(":65535") || digitsEnd(b, colon+1, to) != to {
			return true
		}
		to = colon
	}
	return s.host(b, from, to)
}

// host judges the plain host of a URL: true for all that is not plain.
func (s *Sieve) host(b []byte, from, to int) bool {
	if a, ok := parse4(b, from, to); ok {
		return s.set.MayAddr4(a) || s.set.MayURLHost(b, from, to)
	}
	return s.set.MayName(b, from, to) || s.set.MayURLHost(b, from, to)
}

// plainTarget says that a request names no host of its own.
func plainTarget(b []byte) bool {
	return b[0] == '/' && (len(b) == 1 || b[1] != '/') || len(b) == 1 && b[0] == '*'
}

// url judges a URL, or the path of one. What decides is its host, and what follows that cannot change it.
func (s *Sieve) url(b []byte, from, to int) bool {
	if white(b[from]) || white(b[to-1]) {
		return true
	}
	i := from
	for i < to && b[i]|0x20-'a' < 26 {
		i++
	}
	switch rest := b[i:to]; {
	case len(rest) >= 3 && string(rest[:3]) == "://":
		from = i + 3
	case b[from] != '/':
	case to-from > 1 && b[from+1] == '/':
		from += 2
	default:
		return false
	}
	end := from
	for end < to && b[end] != '/' && b[end] != '?' && b[end] != '#' && b[end] != '\\' {
		end++
	}
	return s.hostPort(b, from, end)
}

func white(c byte) bool { return c <= ' ' || c >= utf8.RuneSelf || c == 0x7f }

// email judges one plain address, alone or in angle brackets.
func (s *Sieve) email(b []byte, from, to int) bool {
	value := b[from:to]
	at := bytes.IndexByte(value, '@')
	if at < 0 {
		return bytes.ContainsAny(value, "[({")
	}
	if value[len(value)-1] == '>' {
		begin := bytes.LastIndexByte(value, '<') + 1
		from, to = from+begin, to-1
		value = b[from:to]
		at -= begin
	}
	for i, c := range value {
		if white(c) || i != at && c == '@' || c == ',' || c == ':' || c == '<' || c == '>' || c == '[' || c == '(' || c == '{' {
			return true
		}
	}
	if at < 1 || value[len(value)-1] == '.' {
		return true
	}
	return s.set.MayName(b, from+at+1, to) || s.set.MayEmail(value)
}

// hash judges MD5, SHA-1 and SHA-256, with or without colons.
func (s *Sieve) hash(b []byte, from, to int) bool {
	if bytes.IndexByte(b[from:to], ':') >= 0 {
		var joined [64]byte
		n := 0
		for _, c := range b[from:to] {
			if c == ':' {
				continue
			}
			if n == len(joined) {
				return false // too long
			}
			joined[n] = c
			n++
		}
		b, from, to = joined[:], 0, n
	}
	switch to - from {
	case 32, 40, 64:
		return s.set.MayHash(b, from, to)
	}
	return false
}

// parse4 reads four decimal numbers as netip.ParseAddr does.
func parse4(b []byte, from, to int) (addr uint32, ok bool) {
	if to-from < len("0.0.0.0") || to-from > len("255.255.255.255") {
		return 0, false
	}
	parts, part, size := 0, uint32(0), 0
	for _, c := range b[from:to] {
		switch d := c - '0'; {
		case d <= 9:
			if size > 0 && part == 0 {
				return 0, false // a leading zero
			}
			part = part*10 + uint32(d)
			size++
			if part > 255 {
				return 0, false
			}
		case c == '.' && size > 0 && parts < 3:
			addr = addr<<8 | part
			parts, part, size = parts+1, 0, 0
		default:
			return 0, false
		}
	}
	return addr<<8 | part, parts == 3 && size > 0
}

// parse6 reads an IPv6 address without dotted parts as netip.ParseAddr does.
func parse6(b []byte) (hi, lo uint64, ok bool) {
	var a [16]byte
	n, gap := 0, -1
	for i := 0; i < len(b); {
		if b[i] == ':' {
			if i+1 >= len(b) || b[i+1] != ':' || gap >= 0 {
				return 0, 0, false
			}
			gap = n
			if i += 2; i == len(b) {
				break
			}
		}
		group, begin := uint32(0), i
		for i < len(b) && b[i] != ':' {
			d, isHex := hexDigit(b[i])
			if !isHex || i-begin >= 4 {
				return 0, 0, false
			}
			group = group<<4 | d
			i++
		}
		if i == begin || n == len(a) {
			return 0, 0, false
		}
		a[n], a[n+1] = byte(group>>8), byte(group)
		n += 2
		if i < len(b) && b[i] == ':' && !(i+1 < len(b) && b[i+1] == ':') {
			if i++; i == len(b) {
				return 0, 0, false // one colon at the end
			}
		}
	}
	if gap >= 0 {
		if n == len(a) {
			return 0, 0, false
		}
		tail := len(a) - (n - gap)
		copy(a[tail:], a[gap:n])
		clear(a[gap:tail])
	} else if n != len(a) {
		return 0, 0, false
	}
	return binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(a[8:]), true
}

func hexDigit(c byte) (uint32, bool) {
	switch {
	case c-'0' <= 9:
		return uint32(c - '0'), true
	case c|0x20-'a' < 6:
		return uint32(c|0x20-'a') + 10, true
	}
	return 0, false
}

// digitsEnd returns where the decimal digits in b[from:to] end.
func digitsEnd(b []byte, from, to int) int {
	for from < to && b[from]-'0' <= 9 {
		from++
	}
	return from
}

// What a byte says about text that might be an IP address.
const (
	refused  = 0b00 // it is none
	taken    = 0b01 // it may be one
	doubtful = 0b11 // it may be one: see oddAddress; so does what comes after it not count
)

var shape = func() (t [256]uint8) {
	for _, c := range []byte("0123456789abcdefABCDEF:.") {
		t[c] = taken
	}
	for _, c := range []byte("/[({ \t\n\v\f\r") {
		t[c] = doubtful
	}
	for c := utf8.RuneSelf; c < 256; c++ {
		t[c] = doubtful
	}
	return t
}()
