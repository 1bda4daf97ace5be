package webcapture

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// ErrDamaged is returned for a package that is not what its digests say.
var ErrDamaged = errors.New("the capture is damaged, or no capture")

const (
	maxPackage = 32 << 20 // bytes of a file in a package
	maxFiles   = 32
)

// Read opens a WACZ package of this package's making: every digest is checked,
// from the package's own down to each record's, under limits.
func Read(data []byte) (Capture, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(z.File) > maxFiles {
		return Capture{}, fmt.Errorf("not a package: %w", ErrDamaged)
	}
	files, room := make(map[string][]byte), int64(2*maxPackage)
	for _, f := range z.File {
		if _, twice := files[f.Name]; twice {
			return Capture{}, fmt.Errorf("%.80q twice: %w", f.Name, ErrDamaged)
		}
		if files[f.Name], err = unzip(f, min(room, maxPackage)); err != nil {
			return Capture{}, err
		}
		room -= int64(len(files[f.Name]))
	}
	var digest struct{ Path, Hash string }
	if json.Unmarshal(files[digestName], &digest) != nil || digest.Path != packageName || digest.Hash != "sha256:"+sum(files[packageName]) {
		return Capture{}, fmt.Errorf("%s: %w", packageName, ErrDamaged)
	}
	var p dataPackage
	if err := json.Unmarshal(files[packageName], &p); err != nil {
		return Capture{}, fmt.Errorf("%s: %w", packageName, ErrDamaged)
	}
	named := false
	for _, r := range p.Resources {
		if b, ok := files[r.Path]; !ok || len(b) != r.Bytes || r.Hash != "sha256:"+sum(b) {
			return Capture{}, fmt.Errorf("%.80q: %w", r.Path, ErrDamaged)
		}
		named = named || r.Path == warcName
	}
	if !named {
		return Capture{}, fmt.Errorf("no %s: %w", warcName, ErrDamaged)
	}
	c := Capture{Final: p.MainPageURL, URL: p.MainPageURL, Page: -1}
	if c.At, err = time.Parse(time.RFC3339, p.MainPageAt); err != nil {
		return Capture{}, fmt.Errorf("date of the page: %w", ErrDamaged)
	}
	if err := c.readWARC(files[warcName]); err != nil {
		return Capture{}, err
	}
	if c.Page < 0 {
		return Capture{}, fmt.Errorf("the page itself is missing: %w", ErrDamaged)
	}
	c.URL = c.Exchanges[0].URL
	return c, nil
}

func unzip(f *zip.File, most int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%.80q: %w", f.Name, ErrDamaged)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil || int64(len(b)) > most {
		return nil, fmt.Errorf("%.80q: %w", f.Name, ErrDamaged)
	}
	return b, nil
}

func (c *Capture) readWARC(data []byte) error {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("records: %w", ErrDamaged)
	}
	in := bufio.NewReader(io.LimitReader(z, 2*maxPackage))
	for {
		if _, err := in.Peek(1); err == io.EOF {
			return nil
		}
		head, block, err := nextRecord(in)
		if err != nil {
			return err
		}
		if len(c.Exchanges) > maxResources+maxRedirects+1 {
			return fmt.Errorf("too many records: %w", ErrDamaged)
		}
		switch at, err := time.Parse(time.RFC3339, head.Get("WARC-Date")); {
		case err != nil:
			return fmt.Errorf("date of a record: %w", ErrDamaged)
		case head.Get("WARC-Type") == "response":
			if err := c.response(head, block, at); err != nil {
				return err
			}
		case head.Get("WARC-Type") == "request" && len(c.Exchanges) > 0:
			c.Exchanges[len(c.Exchanges)-1].Request = block
		}
	}
}

func nextRecord(in *bufio.Reader) (textproto.MIMEHeader, []byte, error) {
	bad := fmt.Errorf("a record: %w", ErrDamaged)
	version, err := in.ReadString('\n')
	if err != nil || version != "WARC/1.1\r\n" {
		return nil, nil, bad
	}
	head, err := textproto.NewReader(in).ReadMIMEHeader()
	if err != nil {
		return nil, nil, bad
	}
	n, err := strconv.Atoi(head.Get("Content-Length"))
	if err != nil || n < 0 || n > maxBody+maxHead {
		return nil, nil, bad
	}
	block := make([]byte, n+4)
	if _, err := io.ReadFull(in, block); err != nil || string(block[n:]) != "\r\n\r\n" || head.Get("WARC-Block-Digest") != "sha256:"+sum(block[:n]) {
		return nil, nil, bad
	}
	return head, block[:n], nil
}

func (c *Capture) response(head textproto.MIMEHeader, block []byte, at time.Time) error {
	bad := fmt.Errorf("a response: %w", ErrDamaged)
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(block)), nil)
	if err != nil {
		return bad
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err != nil || head.Get("WARC-Payload-Digest") != "sha256:"+sum(body) {
		return bad
	}
	x := Exchange{URL: head.Get("WARC-Target-URI"), At: at, Response: block, Body: body, Status: res.StatusCode, Cut: head.Get("WARC-Truncated") != ""}
	x.Type, _, _ = strings.Cut(strings.ToLower(res.Header.Get("Content-Type")), ";")
	x.Type = strings.TrimSpace(x.Type)
	if x.URL == c.Final { // a page may have led to itself: the last answer is the page
		c.Page = len(c.Exchanges)
	}
	c.Exchanges = append(c.Exchanges, x)
	return nil
}
