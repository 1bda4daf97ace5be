package syslog

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// frames cuts a stream into messages: RFC 6587 section 3.4.1 (octet counting, which RFC 5425 requires) and
// section 3.4.2 (lines), told apart at each message, because senders mix them.
type frames struct {
	r *bufio.Reader
}

func newFrames(r io.Reader) *frames { return &frames{bufio.NewReaderSize(r, 64<<10)} }

// whole reports whether a next message has been read already to its end.
func (f *frames) whole() bool {
	there, _ := f.r.Peek(f.r.Buffered())
	digits := 0
	for digits < len(there) && digits <= maxDigits && '0' <= there[digits] && there[digits] <= '9' {
		digits++
	}
	if digits == 0 || digits == len(there) || there[digits] != ' ' || there[0] == '0' {
		return bytes.IndexByte(there, '\n') >= 0
	}
	return int64(len(there)-digits-1) >= number(there[:digits])
}

const maxDigits = len("9999999999")

func number(digits []byte) int64 {
	n := int64(0)
	for _, d := range digits {
		n = n*10 + int64(d-'0')
	}
	return n
}

// begun reads ahead to the first byte of a message.
func (f *frames) begun() error {
	_, err := f.r.Peek(1)
	return err
}

// next reads one message; ok is false for an empty line between two. io.EOF means the end between two
// messages, io.ErrUnexpectedEOF one within a counted message. A last line without its end counts.
func (f *frames) next() (m Message, ok bool, err error) {
	n, err := f.count()
	switch {
	case err != nil:
		return Message{}, false, err
	case n >= 0:
		m, err = f.counted(n)
	default:
		m, err = f.line()
	}
	return m, err == nil && m.Size > 0, err
}

// count reads "MSG-LEN SP" if that is what comes, else -1. A line that starts with a date has no space behind its digits.
func (f *frames) count() (int64, error) {
	for want := 1; ; want++ {
		head, err := f.r.Peek(want)
		if len(head) < want {
			if err == io.EOF && want > 1 {
				return -1, nil
			}
			return 0, err
		}
		c := head[want-1]
		switch {
		case want == 1 && (c < '1' || c > '9'):
			return -1, nil
		case '0' <= c && c <= '9' && want <= maxDigits:
		case c != ' ':
			return -1, nil
		default:
			n := number(head[:want-1])
			if n > maxSkip {
				return 0, fmt.Errorf("%w: a message of %d bytes", ErrFrame, n)
			}
			_, err := f.r.Discard(want)
			return n, err
		}
	}
}

func (f *frames) counted(n int64) (Message, error) {
	m := Message{Size: n}
	keep := n
	if n > MaxMessage {
		m.Long, keep = true, longPrefix
	}
	m.Data = make([]byte, 0, min(keep, 4<<10)) // a claim alone costs nothing
	buf := bytes.NewBuffer(m.Data)
	if _, err := io.CopyN(buf, f.r, keep); err != nil {
		return m, unexpected(err)
	}
	if _, err := io.CopyN(io.Discard, f.r, n-keep); err != nil {
		return m, unexpected(err)
	}
	m.Data = trimEnd(buf.Bytes())
	if !m.Long {
		m.Size = int64(len(m.Data))
	}
	return m, nil
}

func (f *frames) line() (Message, error) {
	var m Message
	for {
		part, err := f.r.ReadSlice('\n')
		m.Size += int64(len(part))
		if room := MaxMessage + 2 - len(m.Data); room > 0 {
			m.Data = append(m.Data, part[:min(len(part), room)]...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err != nil && (err != io.EOF || m.Size == 0):
			return m, err
		}
		break
	}
	if whole := trimEnd(m.Data); m.Size <= int64(len(m.Data)) && len(whole) <= MaxMessage {
		m.Data, m.Size = whole, int64(len(whole))
		return m, nil
	}
	m.Data, m.Long = bytes.Clone(m.Data[:longPrefix]), true
	return m, nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// trimEnd takes off what some senders put behind a message, in a frame of any kind.
func trimEnd(b []byte) []byte { return bytes.TrimRight(b, "\r\n\x00") }
