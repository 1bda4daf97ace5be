package webcapture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxBody      = 8 << 20   // bytes of one resource
	maxHop       = 64 << 10  // bytes of the body of a redirect
	maxHead      = 256 << 10 // bytes of status line and headers
	maxTotal     = 14 << 20  // bytes of all answers
	maxAddress   = 8 << 10
	maxResources = 60
	maxRedirects = 5
	maxMissing   = 200 // that are listed
)

var (
	// ErrTooLarge is returned for a page whose own bytes exceed the limit.
	ErrTooLarge = errors.New("the page is too large to capture")
	// ErrAddress is returned for what is not an http or https address.
	ErrAddress = errors.New("not an http or https address without a user name")
)

// Exchange is one request and its answer, as they went over the connection
// once transfer encodings are taken off.
type Exchange struct {
	URL      string
	At       time.Time
	Request  []byte // request line and headers
	Response []byte // status line, headers, empty line, body
	Status   int
	Type     string // media type of the answer
	Body     []byte
	Cut      bool // the body was longer than the limit
}

// Capture is a page and what it shows.
type Capture struct {
	URL       string // as asked for
	Final     string // after redirects
	At        time.Time
	Exchanges []Exchange // the page first, after the redirects that led to it
	Page      int        // which of them is the page
	Missing   []string   // parts of the page that could not be had, with the reason
}

// Status is what the server answered for the page.
func (c Capture) Status() int { return c.Exchanges[c.Page].Status }

// Fetch captures the page at address. client must not follow redirects to
// places that must not be connected to; Fetch follows redirects itself, so that
// each of them is in the capture. now gives the time of each exchange.
func Fetch(ctx context.Context, client *http.Client, address string, now func() time.Time) (Capture, error) {
	c := Capture{URL: address, At: now().UTC().Truncate(time.Second)}
	u, err := page(address)
	if err != nil {
		return Capture{}, err
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	f := fetching{client: &own, now: now, seen: make(map[string]bool)}
	for hop := 0; ; hop++ {
		x, next, err := f.get(ctx, u)
		if err != nil {
			return Capture{}, err
		}
		c.Exchanges = append(c.Exchanges, x)
		f.total += x.size()
		f.seen[x.URL] = true
		if next == nil || hop == maxRedirects {
			if x.Cut && next == nil {
				return Capture{}, fmt.Errorf("%s: %w", x.URL, ErrTooLarge)
			}
			break
		}
		u = next
	}
	c.Page = len(c.Exchanges) - 1
	c.Final = c.Exchanges[c.Page].URL
	f.requisites(ctx, &c, u)
	return c, nil
}

// page reads an address and writes it as browsers send it: what stands in a
// query as it is, blanks among it, would end a line of the index.
func page(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxAddress || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("%.200q: %w", address, ErrAddress)
	}
	u.Fragment, u.RawFragment = "", ""
	u.RawQuery = visibly(u.RawQuery)
	return u, nil
}

// visibly replaces bytes that are not visible ASCII.
func visibly(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// fetching is a capture under way.
type fetching struct {
	client *http.Client
	now    func() time.Time
	total  int             // bytes of answers so far
	seen   map[string]bool // addresses that were asked
}

// requisites fetches what the page shows. What cannot be had is listed.
func (f *fetching) requisites(ctx context.Context, c *Capture, base *url.URL) {
	p := c.Exchanges[c.Page]
	if !isHTML(p.Type) {
		return
	}
	for _, link := range links(p.plain(), base) {
		why := f.part(ctx, c, link)
		switch {
		case why == "":
		case len(c.Missing) < maxMissing:
			c.Missing = append(c.Missing, link.String()+": "+why)
		case len(c.Missing) == maxMissing:
			c.Missing = append(c.Missing, "more than are listed here")
		}
	}
}

// part fetches one thing that the page shows, with the redirects that lead to
// it, and says why if it cannot be had.
func (f *fetching) part(ctx context.Context, c *Capture, u *url.URL) (missing string) {
	for range maxRedirects + 1 {
		switch {
		case f.seen[u.String()]:
			return ""
		case len(c.Exchanges) >= maxResources:
			return "more than can be captured"
		case f.total >= maxTotal:
			return "the capture is full"
		}
		f.seen[u.String()] = true
		x, next, err := f.get(ctx, u)
		if err != nil {
			return "not answered"
		}
		if f.total += x.size(); f.total > maxTotal {
			return "the capture is full"
		}
		c.Exchanges = append(c.Exchanges, x)
		if next == nil {
			return ""
		}
		u = next
	}
	return "redirected again and again"
}

// get makes one request. next is where a redirect leads.
func (f *fetching) get(ctx context.Context, u *url.URL) (x Exchange, next *url.URL, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return x, nil, err
	}
	r.Header.Set("User-Agent", "entente-preserve/1 (+public record)")
	r.Header.Set("Accept", "*/*")
	r.Header.Set("Accept-Encoding", "identity")
	x = Exchange{URL: u.String(), At: f.now().UTC().Truncate(time.Second)}
	var head bytes.Buffer
	fmt.Fprintf(&head, "GET %s HTTP/1.1\r\nHost: %s\r\n", u.RequestURI(), u.Host)
	if err := r.Header.Write(&head); err != nil {
		return x, nil, err
	}
	x.Request = append(head.Bytes(), "\r\n"...)
	res, err := f.client.Do(r)
	if err != nil {
		return x, nil, fmt.Errorf("get %.200s: %w", u.Redacted(), err)
	}
	defer res.Body.Close()
	limit := maxBody
	if next = redirect(res, u); next != nil {
		limit = maxHop
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(limit)+1))
	if err != nil {
		return x, nil, fmt.Errorf("read %.200s: %w", u.Redacted(), err)
	}
	if len(body) > limit {
		body, x.Cut = body[:limit], true
	}
	x.answer(res, body)
	if len(x.Response)-len(body) > maxHead {
		return x, nil, fmt.Errorf("the headers of %.200s: %w", u.Redacted(), ErrTooLarge)
	}
	return x, next, nil
}

// redirect is where an answer leads, nil if nowhere that can be captured: it is
// then kept as the answer that it is.
func redirect(res *http.Response, from *url.URL) *url.URL {
	location := res.Header.Get("Location")
	if res.StatusCode/100 != 3 || location == "" {
		return nil
	}
	to, err := from.Parse(location)
	if err != nil {
		return nil
	}
	if to, err = page(to.String()); err != nil {
		return nil
	}
	return to
}

func (x Exchange) size() int { return len(x.Request) + len(x.Response) }

// answer writes the response as a WARC keeps it: headers that describe how it
// was carried are replaced by its length.
func (x *Exchange) answer(res *http.Response, body []byte) {
	x.Status, x.Body = res.StatusCode, body
	x.Type, _, _ = strings.Cut(strings.ToLower(res.Header.Get("Content-Type")), ";")
	x.Type = strings.TrimSpace(x.Type)
	h := res.Header.Clone()
	h.Del("Transfer-Encoding")
	h.Del("Set-Cookie") // names the capturer, not the page
	h.Set("Content-Length", fmt.Sprint(len(body)))
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %03d %s\r\n", res.StatusCode, http.StatusText(res.StatusCode))
	_ = h.Write(&b) // to a buffer
	b.WriteString("\r\n")
	b.Write(body)
	x.Response = b.Bytes()
}
