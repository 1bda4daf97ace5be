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
	maxBody      = 8 << 20 // bytes of one resource
	maxTotal     = 14 << 20
	maxResources = 60
	maxRedirects = 5
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
	for hop := 0; ; hop++ {
		x, next, err := get(ctx, &own, u, now)
		if err != nil {
			return Capture{}, err
		}
		c.Exchanges = append(c.Exchanges, x)
		if next == nil || hop == maxRedirects {
			break
		}
		u = next
	}
	c.Page = len(c.Exchanges) - 1
	c.Final = c.Exchanges[c.Page].URL
	if c.Exchanges[c.Page].Cut {
		return Capture{}, fmt.Errorf("%s: %w", c.Final, ErrTooLarge)
	}
	c.requisites(ctx, &own, u, now)
	return c, nil
}

func page(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("%.200q: %w", address, ErrAddress)
	}
	u.Fragment = ""
	return u, nil
}

// requisites fetches what the page shows. What cannot be had is listed.
func (c *Capture) requisites(ctx context.Context, client *http.Client, base *url.URL, now func() time.Time) {
	p := c.Exchanges[c.Page]
	if p.Type != "text/html" && p.Type != "application/xhtml+xml" {
		return
	}
	total, seen := len(p.Body), map[string]bool{c.Final: true}
	for _, link := range links(p.Body, base) {
		if seen[link] {
			continue
		}
		seen[link] = true
		switch {
		case len(c.Exchanges) >= maxResources:
			c.Missing = append(c.Missing, link+": more than can be captured")
			continue
		case total >= maxTotal:
			c.Missing = append(c.Missing, link+": the capture is full")
			continue
		}
		u, err := page(link)
		if err != nil {
			continue
		}
		x, _, err := get(ctx, client, u, now)
		if err != nil {
			c.Missing = append(c.Missing, link+": not answered")
			continue
		}
		if total += len(x.Body); total > maxTotal {
			c.Missing = append(c.Missing, link+": the capture is full")
			continue
		}
		c.Exchanges = append(c.Exchanges, x)
	}
}

// get makes one request. next is where a redirect leads.
func get(ctx context.Context, client *http.Client, u *url.URL, now func() time.Time) (x Exchange, next *url.URL, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return x, nil, err
	}
	r.Header.Set("User-Agent", "entente-preserve/1 (+public record)")
	r.Header.Set("Accept", "*/*")
	r.Header.Set("Accept-Encoding", "identity")
	x = Exchange{URL: u.String(), At: now().UTC().Truncate(time.Second)}
	var head bytes.Buffer
	fmt.Fprintf(&head, "GET %s HTTP/1.1\r\nHost: %s\r\n", u.RequestURI(), u.Host)
	if err := r.Header.Write(&head); err != nil {
		return x, nil, err
	}
	x.Request = append(head.Bytes(), "\r\n"...)
	res, err := client.Do(r)
	if err != nil {
		return x, nil, fmt.Errorf("get %.200s: %w", u.Redacted(), err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err != nil {
		return x, nil, fmt.Errorf("read %.200s: %w", u.Redacted(), err)
	}
	if len(body) > maxBody {
		body, x.Cut = body[:maxBody], true
	}
	x.answer(res, body)
	if location := res.Header.Get("Location"); res.StatusCode/100 == 3 && location != "" {
		if next, err = u.Parse(location); err == nil {
			next, err = page(next.String())
		}
		if err != nil {
			return x, nil, nil // kept as the answer that it is
		}
	}
	return x, next, nil
}

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
