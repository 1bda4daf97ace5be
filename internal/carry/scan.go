package carry

import (
	"bufio"
	"errors"
	"hash"
	"io"
	"strings"
	"time"

	"entente/statement"
)

// scanner reads a stick once, from its first byte to its last.
type scanner struct {
	in  *bufio.Reader
	sum hash.Hash
	at  int64 // of the next byte
}

// line returns the next line with its newline, not yet summed.
func (s *scanner) line() (string, error) {
	b, err := s.in.ReadSlice('\n') // at most the buffer's 64 KiB
	switch {
	case errors.Is(err, io.EOF):
		return "", torn()
	case errors.Is(err, bufio.ErrBufferFull), err == nil && len(b) > maxLine:
		return "", badLine()
	case err != nil:
		return "", err
	}
	s.at += int64(len(b))
	return string(b), nil
}

func torn() error {
	return statement.Refuse(statement.CodeDigest, "the stick is torn: it ends before its last line")
}

func (s *scanner) header() (from string, made time.Time, err error) {
	var lines [4]string
	for i := range lines {
		if lines[i], err = s.line(); err != nil {
			return "", time.Time{}, err
		}
		s.sum.Write([]byte(lines[i]))
	}
	if lines[0] != magic+"\n" {
		return "", time.Time{}, statement.Refuse(statement.CodeField, "not a stick of this format")
	}
	from, okFrom := strings.CutPrefix(strings.TrimSuffix(lines[1], "\n"), "from ")
	ms, okMade := strings.CutPrefix(strings.TrimSuffix(lines[2], "\n"), "made ")
	var millis uint64
	if !okFrom || !okMade || !isParty(from) || !number(ms, &millis) || len(ms) > 1 && ms[0] == '0' || lines[3] != "\n" {
		return "", time.Time{}, badLine()
	}
	return from, time.UnixMilli(int64(millis)).UTC(), nil
}

// next reads one record and says where its body lies. After the last line
// nothing may follow.
func (s *scanner) next() (head, int64, error) {
	line, err := s.line()
	if err != nil {
		return head{}, 0, err
	}
	h, err := parseHead(line)
	if err != nil {
		return head{}, 0, err
	}
	if h.kind == kindEnd {
		return h, 0, s.end(h)
	}
	s.sum.Write([]byte(line))
	at := s.at
	n, err := io.CopyN(s.sum, s.in, h.size)
	if errors.Is(err, io.EOF) {
		return head{}, 0, torn()
	}
	if err != nil {
		return head{}, 0, err
	}
	s.at += n
	newline, err := s.in.ReadByte()
	switch {
	case errors.Is(err, io.EOF):
		return head{}, 0, torn()
	case err != nil:
		return head{}, 0, err
	case newline != '\n':
		return head{}, 0, badLine()
	}
	s.sum.Write([]byte{newline})
	s.at++
	return h, at, nil
}

func (s *scanner) end(h head) error {
	if statement.Digest(s.sum.Sum(nil)) != h.digest {
		return statement.Refuse(statement.CodeDigest, "the stick is damaged: its bytes do not match its last line")
	}
	if _, err := s.in.ReadByte(); !errors.Is(err, io.EOF) {
		return statement.Refuse(statement.CodeSize, "bytes after the last line")
	}
	return nil
}
