package packet

import (
	"crypto/md5" //nolint:gosec // JA3 is defined over MD5
	"encoding/hex"
	"testing"
)

// The example of the specification of JA4 (FoxIO ja4, technical_details/JA4.md).
func TestJA4Published(t *testing.T) {
	h := clientHello{
		version: 0x0303, named: true, alpn: []string{"h2", "http/1.1"}, versions: []uint16{0x6a6a, 0x0304, 0x0303},
		ciphers: []uint16{0xdada, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035},
		extensions: []uint16{
			0x1a1a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015, 0x2a2a,
		},
		signatures: []uint16{0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601},
	}
	if got := h.ja4(); got != "t13d1516h2_8daaf6152771_e5627efa2ab1" {
		t.Error(got)
	}
}

func TestJA4Parts(t *testing.T) {
	for alpn, want := range map[string]string{"": "00", "h2": "h2", "http/1.1": "h1", "x": "xx", "\xab": "ab", "\x30\xab": "3b"} {
		if got := ja4ALPN([]string{alpn}); got != want {
			t.Errorf("%q: %s", alpn, got)
		}
	}
	if got := (&clientHello{version: 0x0301, ciphers: []uint16{5}}).ja4(); got[:10] != "t10i010000" || got[len(got)-12:] != "000000000000" {
		t.Error(got)
	}
}

// The examples of JA3's own description (salesforce/ja3, README).
func TestJA3Published(t *testing.T) {
	h := clientHello{
		version: 769, ciphers: []uint16{47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4},
		extensions: []uint16{0, 10, 11}, curves: []uint16{23, 24, 25}, formats: []byte{0},
	}
	if got := h.ja3(); got != "ada70206e40642a3e4461f35503241d5" {
		t.Error(h.ja3Text(), got)
	}
	h = clientHello{version: 769, ciphers: []uint16{4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99}}
	if got := h.ja3(); got != "de350869b8c85de67a350c8d186f11e6" {
		t.Error(h.ja3Text(), got)
	}
	h.ciphers, h.extensions = append([]uint16{0x0a0a}, h.ciphers...), []uint16{0xfafa}
	if sum := md5.Sum([]byte(h.ja3Text())); hex.EncodeToString(sum[:]) != h.ja3() || h.ja3() != "de350869b8c85de67a350c8d186f11e6" { //nolint:gosec // as defined
		t.Error("GREASE counts")
	}
}
