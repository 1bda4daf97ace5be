package packet

import (
	"bytes"
	"strconv"
	"strings"
)

// isGreeting recognises the client's side of SMTP or LMTP by its first command.
func isGreeting(data []byte) bool {
	switch strings.ToUpper(string(data[:min(len(data), 5)])) {
	case "EHLO ", "HELO ", "LHLO ":
		return true
	}
	return false
}

// maxCommand is the longest command line; RFC 5321 section 4.5.3.1.4 asks for 512 and extensions for more.
const maxCommand = 4 << 10

// envelopes reads the commands of a client and passes over the mail: RFC 5321. Each envelope is one line.
type envelopes struct {
	helo, from string
	to         []string
	inMail     bool
	chunk      int64 // bytes of a BDAT chunk still to pass over: RFC 3030
}

func (e *envelopes) read(m moment, f flow, data []byte) (lines []byte, n int, done bool) {
	if e.chunk > 0 {
		n = int(min(e.chunk, int64(len(data))))
		e.chunk -= int64(n)
		return nil, n, false
	}
	end := bytes.IndexByte(data, '\n')
	switch {
	case end < 0 && e.inMail && len(data) > maxCommand:
		return nil, len(data) - 1, false // a long line of a mail
	case end < 0 && len(data) > maxCommand:
		return note(m, "not a readable SMTP command"), 0, true
	case end < 0:
		return nil, 0, false
	}
	text := strings.TrimRight(string(data[:end]), "\r")
	if e.inMail {
		e.inMail = text != "."
		return nil, end + 1, false
	}
	lines, done = e.command(m, f, text)
	return lines, end + 1, done
}

func (e *envelopes) command(m moment, f flow, text string) (lines []byte, done bool) {
	verb, rest, _ := strings.Cut(text, " ")
	switch strings.ToUpper(verb) {
	case "EHLO", "HELO", "LHLO":
		e.helo = strings.TrimSpace(rest)
	case "MAIL":
		e.from, e.to = path(rest), nil
	case "RCPT":
		if len(e.to) < maxList {
			e.to = append(e.to, path(rest))
		}
	case "DATA":
		e.inMail = true
		return e.line(m, f), false
	case "BDAT":
		size, _, _ := strings.Cut(rest, " ")
		n, err := strconv.ParseInt(strings.TrimSpace(size), 10, 64)
		if err != nil || n < 0 {
			return note(m, "not a readable SMTP command"), true
		}
		e.chunk = n
		if e.from == "" && len(e.to) == 0 {
			return nil, false // a further chunk
		}
		return e.line(m, f), false
	case "RSET":
		e.from, e.to = "", nil
	case "STARTTLS", "QUIT":
		return nil, true // what follows is sealed, or nothing
	}
	return nil, false
}

func (e *envelopes) line(m moment, f flow) []byte {
	l := begin("smtp", m, f)
	l.text("helo", e.helo)
	l.text("mailfrom", e.from)
	l.list("rcptto", e.to)
	e.from, e.to = "", nil
	return l.end()
}

// path is the address in "FROM:<a@b> SIZE=1".
func path(s string) string {
	_, s, _ = strings.Cut(s, ":")
	s = strings.TrimSpace(s)
	if inner, ok := strings.CutPrefix(s, "<"); ok {
		s, _, _ = strings.Cut(inner, ">")
		return s
	}
	s, _, _ = strings.Cut(s, " ")
	return s
}
