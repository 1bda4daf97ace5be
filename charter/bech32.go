package charter

import "strings"

// decodeBech32 reads a lower-case Bech32 string (BIP 173 without its length
// limit, as age uses it) with the given human-readable part.
func decodeBech32(hrp, s string) ([]byte, bool) {
	const charset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	data, ok := strings.CutPrefix(s, hrp+"1")
	if !ok || len(data) < 6 || len(data) > 4096 {
		return nil, false
	}
	sum := uint32(1)
	for _, c := range []byte(hrp) {
		sum = polymod(sum, c>>5)
	}
	sum = polymod(sum, 0)
	for _, c := range []byte(hrp) {
		sum = polymod(sum, c&31)
	}
	var out []byte
	var acc, bits uint32
	for i := range len(data) {
		v := strings.IndexByte(charset, data[i])
		if v < 0 {
			return nil, false
		}
		sum = polymod(sum, byte(v))
		if i >= len(data)-6 {
			continue // the checksum
		}
		acc, bits = acc<<5|uint32(v), bits+5
		if bits >= 8 {
			bits -= 8
			out = append(out, byte(acc>>bits))
			acc &= 1<<bits - 1
		}
	}
	// Left-over bits are padding: fewer than five, and zero.
	return out, sum == 1 && bits < 5 && acc == 0
}

// polymod is one step of the checksum of BIP 173.
func polymod(sum uint32, v byte) uint32 {
	top := sum >> 25
	sum = (sum&0x1ffffff)<<5 ^ uint32(v)
	for i, g := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
		if top>>i&1 == 1 {
			sum ^= g
		}
	}
	return sum
}
