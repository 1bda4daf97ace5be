package webcapture

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
)

// record is one WARC record with where it lies in the file.
type record struct {
	kind, url string
	at        time.Time
	offset    int64 // bytes
	length    int64
	digest    string
	status    int
	mime      string
}

// writeWARC writes the exchanges as WARC 1.1, each record a gzip member of its
// own (annex D of ISO 28500). draw gives the random part of record ids.
func writeWARC(w io.Writer, c Capture, draw io.Reader) ([]record, error) {
	var (
		records []record
		offset  int64
	)
	put := func(r record, headers string, block []byte) (string, error) {
		id, err := newID(draw)
		if err != nil {
			return "", err
		}
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		fmt.Fprintf(z, "WARC/1.1\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:uuid:%s>\r\nWARC-Date: %s\r\n%sWARC-Block-Digest: sha256:%s\r\nContent-Length: %d\r\n\r\n",
			r.kind, id, r.at.Format(time.RFC3339), headers, sum(block), len(block))
		_, _ = z.Write(block)
		_, _ = io.WriteString(z, "\r\n\r\n")
		if err := z.Close(); err != nil {
			return "", err
		}
		r.offset, r.length = offset, int64(b.Len())
		offset += r.length
		if r.kind == "response" {
			records = append(records, r)
		}
		_, err = w.Write(b.Bytes())
		return id, err
	}
	info := []byte("software: entente preserve\r\nformat: WARC File Format 1.1\r\n")
	if _, err := put(record{kind: "warcinfo", at: c.At}, "Content-Type: application/warc-fields\r\n", info); err != nil {
		return nil, err
	}
	for _, x := range c.Exchanges {
		r := record{kind: "response", url: x.URL, at: x.At, digest: "sha256:" + sum(x.Body), status: x.Status, mime: x.Type}
		cut := ""
		if x.Cut {
			cut = "WARC-Truncated: length\r\n"
		}
		target := "WARC-Target-URI: " + oneLine(x.URL) + "\r\n"
		id, err := put(r, target+"Content-Type: application/http; msgtype=response\r\nWARC-Payload-Digest: "+r.digest+"\r\n"+cut, x.Response)
		if err != nil {
			return nil, err
		}
		if _, err := put(record{kind: "request", at: x.At}, target+"Content-Type: application/http; msgtype=request\r\nWARC-Concurrent-To: <urn:uuid:"+id+">\r\n", x.Request); err != nil {
			return nil, err
		}
	}
	return records, nil
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func oneLine(s string) string { return strings.NewReplacer("\r", "%0D", "\n", "%0A").Replace(s) }

// newID draws a UUID, version 4 (RFC 9562).
func newID(draw io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(draw, b[:]); err != nil {
		return "", fmt.Errorf("draw a record id: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}
