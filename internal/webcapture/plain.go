package webcapture

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"

	"golang.org/x/net/html/charset"
)

// plain is the body as a browser reads it: unpacked, in UTF-8. It is nil where
// that takes more than this package knows, or is more than a page may be.
func (x Exchange) plain() []byte {
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(x.Response)), nil)
	if err != nil {
		return nil
	}
	_ = res.Body.Close() // x has it
	body := x.Body
	switch strings.ToLower(res.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip", "x-gzip": // though it was not asked for
		if body = unpack(body); body == nil {
			return nil
		}
	default:
		return nil
	}
	e, name, _ := charset.DetermineEncoding(body, res.Header.Get("Content-Type"))
	if name == "utf-8" {
		return body
	}
	if body, err = e.NewDecoder().Bytes(body); err != nil {
		return nil
	}
	return body
}

func unpack(body []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(z, maxBody+1))
	if err != nil || len(b) > maxBody {
		return nil
	}
	return b
}

// lines is the text of an answer.
func (x Exchange) lines() []string { return Lines(x.Type, x.plain()) }
