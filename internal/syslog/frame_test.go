package syslog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// read gives every message of a stream, and why it ended.
func read(r io.Reader) (out []string, err error) {
	for f := newFrames(r); ; {
		m, ok, err := f.next()
		if err != nil {
			return out, err
		}
		switch {
		case m.Long:
			out = append(out, fmt.Sprintf("long %d, kept %d", m.Size, len(m.Data)))
		case ok:
			out = append(out, string(m.Data))
		}
	}
}

func TestFrames(t *testing.T) {
	long := strings.Repeat("x", MaxMessage)
	for _, tt := range []struct {
		name, data string
		want       []string
		err        error
	}{
		{"nothing", "", nil, io.EOF},
		{"counted, RFC 6587 section 3.4.1", "5 <1>ab7 <1>c\nd\n", []string{"<1>ab", "<1>c\nd"}, io.EOF},
		{"lines, section 3.4.2", "<1>a\n<2>b\r\n\n<3>c\x00\n", []string{"<1>a", "<2>b", "<3>c"}, io.EOF},
		{"mixed", "<1>a\n4 <2>b<3>c\n", []string{"<1>a", "<2>b", "<3>c"}, io.EOF},
		{"last line without its end", "<1>a\n<2>b", []string{"<1>a", "<2>b"}, io.EOF},
		{"a date is no count", "2026-11-25T00:00:00Z host app: x\n", []string{"2026-11-25T00:00:00Z host app: x"}, io.EOF},
		{"a number alone", "123", []string{"123"}, io.EOF},
		{"zero", "0 <1>a\n", []string{"0 <1>a"}, io.EOF},
		{"cut", "9 <1>a", nil, io.ErrUnexpectedEOF},
		{"cut after the count", "9 ", nil, io.ErrUnexpectedEOF},
		{"claims too much", "9999999999 <1>a", nil, ErrFrame},
		{"more digits than a count has", "12345678901 a\n", []string{"12345678901 a"}, io.EOF},
		{"just fits", long + "\n" + fmt.Sprint(MaxMessage) + " " + long, []string{long, long}, io.EOF},
		{"long line", long + "x\r\n<1>a\n", []string{fmt.Sprintf("long %d, kept 4096", MaxMessage+3), "<1>a"}, io.EOF},
		{"long count", fmt.Sprint(MaxMessage+1) + " x" + long + "<1>a\n", []string{fmt.Sprintf("long %d, kept 4096", MaxMessage+1), "<1>a"}, io.EOF},
	} {
		for _, r := range []io.Reader{strings.NewReader(tt.data), iotest.HalfReader(strings.NewReader(tt.data)), iotest.OneByteReader(strings.NewReader(tt.data))} {
			got, err := read(r)
			if diff := cmp.Diff(tt.want, got); diff != "" || !errors.Is(err, tt.err) {
				t.Errorf("%s: %v\n%.500s", tt.name, err, diff)
			}
		}
	}
}

// A message that is said to be there whole can be read without waiting.
func TestWhole(t *testing.T) {
	for data, want := range map[string]bool{
		"": false, "<1>a": false, "<1>a\n": true, "5 <1>a": false, "4 <1>a": true, "4 <1>a\n": true, "12": false, "12 \n": false,
		"2026-11-25 x\n": true, "0 x\n": true, "12345678901 a": false,
	} {
		f := newFrames(strings.NewReader(data))
		_ = f.begun()
		if got := f.whole(); got != want {
			t.Errorf("%q: %v", data, got)
		}
	}
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte("<1>a\n4 <2>b<3>c\n"))
	f.Add([]byte("9 <1>a"))
	f.Add([]byte("9999999999 9999999999\n\r\n\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		whole, err1 := read(bytes.NewReader(data))
		pieces, err2 := read(iotest.OneByteReader(bytes.NewReader(data)))
		if diff := cmp.Diff(whole, pieces); diff != "" || err1.Error() != err2.Error() {
			t.Fatalf("%v, %v\n%s", err1, err2, diff)
		}
		total := 0
		for _, m := range whole {
			total += len(m)
		}
		if total > len(data) {
			t.Fatalf("%d bytes out of %d", total, len(data))
		}
	})
}
