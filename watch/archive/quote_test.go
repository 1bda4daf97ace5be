package archive

import (
	"bytes"
	"testing"
)

// stands says what comparing the bytes says, at every place, for every length and whichever byte is another.
func TestStands(t *testing.T) {
	line := []byte("abcdefghijklmnopqrstuvwxyz0123456789")
	q := &quoter{line: line}
	for n := range 25 {
		for at := -1; at <= len(line)+1; at++ {
			inside := at >= 0 && at+n <= len(line)
			value := make([]byte, n)
			if inside {
				copy(value, line[at:])
			}
			if want := inside && n >= shortest; q.stands(at, string(value)) != want {
				t.Errorf("%q at %d: want %v", value, at, want)
			}
			for i := range n {
				other := bytes.Clone(value)
				other[i] ^= 0x80
				if q.stands(at, string(other)) {
					t.Errorf("%q stands at %d", other, at)
				}
			}
		}
	}
}
