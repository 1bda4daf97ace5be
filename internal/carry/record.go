package carry

import (
	"fmt"
	"strconv"
	"strings"

	"entente/record"
	"entente/statement"
)

const (
	magic   = "entente-carry/1"
	maxLine = 512
	maxName = 40       // a party id
	maxType = 80       // a content type
	maxBody = 64 << 20 // the largest frame and the largest bundle fit

	// MaxRecords is the largest number of records on one stick.
	MaxRecords = 1 << 22
	// MaxLetters is the largest number of asks and of answers on one stick.
	MaxLetters = 4096
)

type kind string

const (
	kindGet    kind = "get"
	kindLeaf   kind = "leaf"
	kindAsk    kind = "ask"
	kindAnswer kind = "answer"
	kindEnd    kind = "end"
)

// head is the line before a record's body.
type head struct {
	kind        kind
	path        string           // get
	log         string           // leaf: H
	index       uint64           // leaf
	from, to    string           // ask, answer
	status      int              // answer
	digest      statement.Digest // answer: of the ask; end: of the stick
	contentType string           // answer
	size        int64            // of the body
}

// String is the one spelling of a head that parseHead accepts.
func (h head) String() string {
	switch h.kind {
	case kindGet:
		return fmt.Sprintf("get %s %d\n", h.path, h.size)
	case kindLeaf:
		return fmt.Sprintf("leaf %s %d %d\n", h.log, h.index, h.size)
	case kindAsk:
		return fmt.Sprintf("ask %s %s %d\n", h.from, h.to, h.size)
	case kindAnswer:
		return fmt.Sprintf("answer %s %s %d %s %s %d\n", h.from, h.to, h.status, h.digest, h.contentType, h.size)
	case kindEnd:
		return fmt.Sprintf("end %s\n", h.digest)
	}
	return ""
}

func badLine() error { return statement.Refuse(statement.CodeField, "not a line of a stick") }

// parseHead reads a head line with its newline.
func parseHead(line string) (head, error) {
	f := strings.Split(strings.TrimSuffix(line, "\n"), " ")
	h := head{kind: kind(f[0])}
	ok := false
	switch {
	case h.kind == kindGet && len(f) == 3:
		h.path = f[1]
		ok = isPath(h.path)
	case h.kind == kindLeaf && len(f) == 4:
		h.log = f[1]
		ok = isLogName(h.log) && number(f[2], &h.index)
	case h.kind == kindAsk && len(f) == 4:
		h.from, h.to = f[1], f[2]
		ok = isParty(h.from) && isParty(h.to)
	case h.kind == kindAnswer && len(f) == 7:
		ok = h.parseAnswer(f)
	case h.kind == kindEnd && len(f) == 2:
		ok = digest(f[1], &h.digest)
	}
	if h.kind != kindEnd {
		var size uint64
		ok = ok && number(f[len(f)-1], &size)
		h.size = int64(size)
	}
	if !ok || h.String() != line {
		return head{}, badLine()
	}
	return h, h.check()
}

func (h *head) parseAnswer(f []string) bool {
	var status uint64
	h.from, h.to, h.contentType = f[1], f[2], f[5]
	ok := number(f[3], &status) && status >= 100 && status <= 999 && digest(f[4], &h.digest)
	h.status = int(status)
	return ok && isParty(h.from) && isParty(h.to) && isType(h.contentType)
}

// check applies the limit of the body.
func (h head) check() error {
	limit := int64(maxBody)
	if h.kind == kindAsk || h.kind == kindAnswer {
		limit = record.MaxAddCheckpoint
	}
	if h.size > limit {
		return statement.Refuse(statement.CodeSize, "a record of %d bytes, at most %d", h.size, limit)
	}
	return nil
}

func number(s string, v *uint64) bool {
	n, err := strconv.ParseUint(s, 10, 63)
	*v = n
	return err == nil
}

func digest(s string, d *statement.Digest) bool {
	p, err := statement.ParseDigest(s)
	*d = p
	return err == nil
}

const hexDigits = "0123456789abcdef"

func isLogName(h string) bool { return len(h) == 64 && only(h, hexDigits) }

// isPath accepts "/H/" and a path of the wire that is kept whole on a stick.
func isPath(p string) bool {
	if len(p) < 67 || len(p) > 256 || p[0] != '/' || !isLogName(p[1:65]) || p[65] != '/' {
		return false
	}
	rest := p[66:]
	return rest == "checkpoint" || rest == "held" ||
		strings.HasPrefix(rest, "tile/") && only(rest, "tilensrpx./0123456789") && !strings.Contains(rest, "..")
}

func isParty(s string) bool {
	return s != "" && len(s) <= maxName && only(s, "abcdefghijklmnopqrstuvwxyz0123456789-")
}

func isType(s string) bool {
	return s != "" && len(s) <= maxType && only(s, "abcdefghijklmnopqrstuvwxyz0123456789/.+-")
}

func only(s, alphabet string) bool { return strings.Trim(s, alphabet) == "" }
