package canary

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"unicode/utf8"
)

// said are the heads of a mail that are part of what it says.
var said = []string{"From", "To", "Cc", "Date", "Subject"}

// Bounds of a mail.
const (
	maxParts  = 1000
	maxNested = 10
	maxHead   = 1 << 20 // bytes
)

// mail reads a mail: its name, which is its message id, and the digest of what it
// says: sender, recipients, date, subject, texts and the bytes of attachments,
// whatever servers added and however it is encoded.
func mail(data []byte) (name string, words Hash, ok bool) {
	// A head must stand before much else is looked at: nearly no document has one.
	if head, _, _ := bytes.Cut(data[:min(len(data), maxHead)], []byte(":")); len(head) > 80 || bytes.ContainsAny(head, " \t\r\n\x00<{") {
		return "", Hash{}, false
	}
	m, err := netmail.ReadMessage(bytes.NewReader(data))
	if err != nil || m.Header.Get("From") == "" || m.Header.Get("Date") == "" && m.Header.Get("Message-ID") == "" {
		return "", Hash{}, false
	}
	var b strings.Builder
	decoder := mime.WordDecoder{CharsetReader: charset}
	for _, h := range said {
		text := m.Header.Get(h)
		if plain, err := decoder.DecodeHeader(text); err == nil {
			text = plain
		}
		fmt.Fprintf(&b, "%s: %s\n", h, strings.Join(strings.Fields(text), " "))
	}
	left := maxParts
	if !body(&b, textproto.MIMEHeader(m.Header), m.Body, maxNested, &left) {
		return "", Hash{}, false
	}
	id := strings.TrimSpace(m.Header.Get("Message-ID"))
	if CheckName(id) != nil {
		id = ""
	}
	return id, wordsOf(b.String()), true
}

// body writes what one part says; false where it is no mail.
func body(b *strings.Builder, head textproto.MIMEHeader, in io.Reader, depth int, left *int) bool {
	if *left--; *left < 0 || depth < 0 {
		return false
	}
	kind, params, err := mime.ParseMediaType(head.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" {
		for r := multipart.NewReader(in, params["boundary"]); ; {
			p, err := r.NextRawPart()
			if errors.Is(err, io.EOF) {
				return true
			}
			if err != nil {
				b.WriteString("a part that ends early\n")
				return true
			}
			if !body(b, p.Header, p, depth-1, left) {
				return false
			}
		}
	}
	data, err := io.ReadAll(decoded(head.Get("Content-Transfer-Encoding"), in))
	if err != nil {
		b.WriteString("a part that ends early\n")
	}
	if kind == "text/plain" {
		if in, err := charset(params["charset"], bytes.NewReader(data)); err == nil {
			if text, err := io.ReadAll(in); err == nil && utf8.Valid(text) {
				fmt.Fprintf(b, "text %s\n", text)
				return true
			}
		}
	}
	fmt.Fprintf(b, "part %s %x\n", kind, sha256.Sum256(data))
	return true
}

func decoded(encoding string, in io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, in)
	case "quoted-printable":
		return quotedprintable.NewReader(in)
	}
	return in
}

// charset reads the character sets that most mail is in.
func charset(name string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "", "utf-8", "us-ascii":
		return in, nil
	case "iso-8859-1", "latin1":
		data, err := io.ReadAll(in)
		text := make([]rune, len(data))
		for i, c := range data {
			text[i] = rune(c)
		}
		return strings.NewReader(string(text)), err
	}
	return nil, fmt.Errorf("character set %.40q", name)
}

// Mbox gives the mails of an mbox file, one after the other: of each the bytes
// without the line that begins it, and without the > that kept its own lines
// from looking like one (mboxrd).
func Mbox(in io.Reader, each func(number int, data []byte) error) error {
	r := bufio.NewReaderSize(in, 64<<10)
	var one []byte
	number, blank, begun := 0, true, false
	flush := func() error {
		if !begun {
			return nil
		}
		number++
		one = bytes.TrimSuffix(bytes.TrimSuffix(one, []byte("\n")), []byte("\r"))
		return each(number, one)
	}
	for {
		line, err := r.ReadBytes('\n')
		if len(one)+len(line) > maxWhole {
			return fmt.Errorf("mail %d: more than %d bytes", number+1, maxWhole)
		}
		switch {
		case blank && bytes.HasPrefix(line, []byte("From ")):
			if err := flush(); err != nil {
				return err
			}
			one, begun = one[:0], true
		case !begun && len(bytes.TrimSpace(line)) > 0:
			return errors.New("line 1: an mbox begins with From and a space")
		case begun:
			if rest := bytes.TrimLeft(line, ">"); len(rest) < len(line) && bytes.HasPrefix(rest, []byte("From ")) {
				line = line[1:]
			}
			one = append(one, line...)
		}
		blank = len(bytes.TrimRight(line, "\r\n")) == 0
		if errors.Is(err, io.EOF) {
			return flush()
		}
		if err != nil {
			return err
		}
	}
}
