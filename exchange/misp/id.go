package misp

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// IsUUID reports whether s is a UUID in the one spelling that names files and
// events here: 36 characters, hexadecimal digits of either case and hyphens.
func IsUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return false
			}
		}
	}
	return true
}

// space is the namespace of the uuids that UUID makes.
const space = "entente misp\x00"

// UUID derives the uuid (version 5, RFC 9562) of something that is written for
// tools of MISP and has none of its own, so that writing it twice names it once.
func UUID(name string) string {
	sum := sha1.Sum([]byte(space + name))
	sum[6], sum[8] = sum[6]&0x0f|0x50, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// LocalID is the number under which tools of MISP may name what a uuid names,
// beside the uuid. It is drawn from the uuid and not counted, so that it tells
// nothing of how much else there is. It lies below 2^53.
func LocalID(uuid string) string {
	sum := sha256.Sum256([]byte("entente misp id\x00" + uuid))
	return strconv.FormatUint(max(binary.BigEndian.Uint64(sum[:])>>11, 1), 10)
}
