package packet

import (
	"crypto/md5" //nolint:gosec // JA3 is defined over MD5
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const recordHandshake = 22

// hello reads the client hello with which a TLS stream begins: RFC 8446 section 4.1.2.
type hello struct{}

func (hello) read(m moment, f flow, data []byte) (lines []byte, n int, done bool) {
	var message []byte
	for at := 0; ; {
		if len(message) >= 4 && len(message) >= 4+int(uint24(message[1:])) {
			message = message[:4+int(uint24(message[1:]))]
			break
		}
		if len(data)-at < 5 {
			return nil, 0, false
		}
		size := int(binary.BigEndian.Uint16(data[at+3:]))
		if data[at] != recordHandshake || size == 0 || size > 16<<10 {
			return note(m, "not a readable TLS record"), 0, true
		}
		if len(data)-at-5 < size {
			return nil, 0, false
		}
		message = append(message, data[at+5:at+5+size]...)
		at += 5 + size
	}
	if message[0] != 1 {
		return nil, 0, true // the server's side
	}
	h, ok := parseHello(message[4:])
	if !ok {
		return note(m, "not a readable TLS client hello"), 0, true
	}
	l := begin("ssl", m, f)
	l.text("version", tlsName(h.best()))
	l.text("server_name", h.name)
	if len(h.alpn) > 0 {
		l.text("next_protocol", h.alpn[0])
	}
	l.text("ja3", h.ja3())
	l.text("ja4", h.ja4())
	return l.end(), 0, true
}

func uint24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }

// clientHello is what fingerprints are made of, in the order of the message.
type clientHello struct {
	version                     uint16
	ciphers, extensions, curves []uint16
	signatures, versions        []uint16
	formats                     []byte
	alpn                        []string
	name                        string
	named                       bool // there is a server_name extension
}

// cursor reads a message and remembers whether it was long enough.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int) []byte {
	if n > len(c.b) {
		c.bad, c.b = true, nil
		return make([]byte, min(n, 2))
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out
}

func (c *cursor) u8() int  { return int(c.take(1)[0]) }
func (c *cursor) u16() int { return int(binary.BigEndian.Uint16(c.take(2))) }

func (c *cursor) list16(n int) (out []uint16) {
	for b := c.take(n); len(b) >= 2 && !c.bad; b = b[2:] {
		out = append(out, binary.BigEndian.Uint16(b))
	}
	return out
}

func parseHello(b []byte) (h clientHello, ok bool) {
	c := &cursor{b: b}
	h.version = uint16(c.u16())
	c.take(32)
	c.take(c.u8())
	h.ciphers = c.list16(c.u16())
	c.take(c.u8())
	if c.bad || len(h.ciphers) == 0 {
		return h, false
	}
	if len(c.b) == 0 {
		return h, true // before extensions existed
	}
	rest := &cursor{b: c.take(c.u16())}
	for len(rest.b) > 0 && !rest.bad {
		kind := uint16(rest.u16())
		body := rest.take(rest.u16())
		if rest.bad {
			return h, false
		}
		h.extensions = append(h.extensions, kind)
		h.extension(kind, &cursor{b: body})
	}
	return h, !c.bad && !rest.bad
}

// extension reads those that fingerprints look into; one that is malformed is like an empty one.
func (h *clientHello) extension(kind uint16, c *cursor) {
	switch kind {
	case 0: // RFC 6066 section 3
		h.named = true
		c.u16()
		if c.u8() == 0 {
			if name := c.take(c.u16()); !c.bad {
				h.name = string(name)
			}
		}
	case 10:
		h.curves = c.list16(c.u16())
	case 11:
		if formats := c.take(c.u8()); !c.bad {
			h.formats = formats
		}
	case 13:
		h.signatures = c.list16(c.u16())
	case 16: // RFC 7301 section 3.1
		for names := (&cursor{b: c.take(c.u16())}); len(names.b) > 0 && len(h.alpn) < maxList; {
			if name := names.take(names.u8()); !names.bad {
				h.alpn = append(h.alpn, string(name))
			}
		}
	case 43:
		h.versions = c.list16(c.u8())
	}
}

// grease are the values of RFC 8701, which mean nothing.
func grease(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

func plain(list []uint16) []uint16 { return slices.DeleteFunc(slices.Clone(list), grease) }

// best is the highest version offered.
func (h *clientHello) best() uint16 {
	if v := plain(h.versions); len(v) > 0 {
		return slices.Max(v)
	}
	return h.version
}

func tlsName(v uint16) string {
	switch v {
	case 0x0300:
		return "SSLv3"
	case 0x0301:
		return "TLSv10"
	case 0x0302:
		return "TLSv11"
	case 0x0303:
		return "TLSv12"
	case 0x0304:
		return "TLSv13"
	}
	return fmt.Sprintf("unknown-%d", v)
}

// ja3 is the MD5 of version, ciphers, extensions, curves and point formats in decimal, as Salesforce defined it.
func (h *clientHello) ja3() string {
	sum := md5.Sum([]byte(h.ja3Text())) //nolint:gosec // as defined
	return hex.EncodeToString(sum[:])
}

func (h *clientHello) ja3Text() string {
	formats := make([]uint16, len(h.formats))
	for i, f := range h.formats {
		formats[i] = uint16(f)
	}
	parts := []string{strconv.Itoa(int(h.version))}
	for _, list := range [][]uint16{plain(h.ciphers), plain(h.extensions), plain(h.curves), formats} {
		words := make([]string, len(list))
		for i, v := range list {
			words[i] = strconv.Itoa(int(v))
		}
		parts = append(parts, strings.Join(words, "-"))
	}
	return strings.Join(parts, ",")
}

// ja4 is the fingerprint of TLS over TCP that FoxIO defined: technical_details/JA4.md.
func (h *clientHello) ja4() string {
	ciphers, extensions := plain(h.ciphers), plain(h.extensions)
	sni := "i"
	if h.named {
		sni = "d"
	}
	a := fmt.Sprintf("t%s%s%02d%02d%s", ja4Version(h.best()), sni, min(len(ciphers), 99), min(len(extensions), 99), ja4ALPN(h.alpn))
	slices.Sort(ciphers)
	named := slices.DeleteFunc(extensions, func(v uint16) bool { return v == 0 || v == 16 })
	slices.Sort(named)
	c := hexes(named)
	if s := plain(h.signatures); len(s) > 0 {
		c += "_" + hexes(s)
	}
	return a + "_" + ja4Hash(hexes(ciphers), len(ciphers)) + "_" + ja4Hash(c, len(named))
}

func ja4Version(v uint16) string {
	switch v {
	case 0x0002:
		return "s2"
	case 0x0300:
		return "s3"
	case 0x0301, 0x0302, 0x0303, 0x0304:
		return fmt.Sprintf("1%d", v-0x0301)
	}
	return "00"
}

// ja4ALPN is the first and last character of the first protocol, or of its hex where they are no letters or digits.
func ja4ALPN(alpn []string) string {
	if len(alpn) == 0 || alpn[0] == "" {
		return "00"
	}
	p := alpn[0]
	if !alphanumeric(p[0]) || !alphanumeric(p[len(p)-1]) {
		p = hex.EncodeToString([]byte(p))
	}
	return p[:1] + p[len(p)-1:]
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func hexes(list []uint16) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = fmt.Sprintf("%04x", v)
	}
	return strings.Join(words, ",")
}

func ja4Hash(text string, n int) string {
	if n == 0 {
		return "000000000000"
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:12]
}
