package taxiihttp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"entente/exchange/taxii"
)

const (
	pushObjects = 1000    // objects of one request
	pushBytes   = 8 << 20 // bytes of one request, where the server takes as much
	pushWait    = 5 * time.Minute
)

// Pushed says what became of objects that were pushed.
type Pushed struct {
	Requests, Succeeded, Failed, Pending int
	Failures                             []taxii.Detail // at most a hundred
}

// Push adds objects to a collection, in requests that its server takes, and
// waits for what it says of them, five minutes at most. What it did before an
// error counts.
func (c *Client) Push(ctx context.Context, at Found, objects []json.RawMessage) (Pushed, error) {
	var p Pushed
	if !at.CanWrite {
		return p, fmt.Errorf("%s: %w for writing", at.URL.Redacted(), ErrNoCollection)
	}
	limit, root, err := c.limits(ctx, at.URL)
	if err != nil {
		return p, err
	}
	for len(objects) > 0 {
		n, body := batch(objects, limit)
		if n == 0 {
			return p, fmt.Errorf("an object has %d bytes, the server takes %d", len(objects[0]), limit)
		}
		answer, _, err := c.do(ctx, http.MethodPost, at.URL.JoinPath("objects/"), body)
		p.Requests++
		if err != nil {
			return p, err
		}
		var s taxii.Status
		if err := json.Unmarshal(answer, &s); err != nil {
			return p, fmt.Errorf("%w: %w", ErrAnswer, err)
		}
		if s, err = c.await(ctx, root, s); err != nil {
			return p, err
		}
		p.add(s, n)
		objects = objects[n:]
	}
	return p, nil
}

// add counts; what a status says beyond the objects of its request is not believed.
func (p *Pushed) add(s taxii.Status, n int) {
	ok := min(max(s.SuccessCount, 0), n)
	failed := min(max(s.FailureCount, 0), n-ok)
	p.Succeeded += ok
	p.Failed += failed
	p.Pending += n - ok - failed
	p.Failures = append(p.Failures, s.Failures[:min(len(s.Failures), max(0, 100-len(p.Failures)))]...)
}

// limits returns how large a body may be, and the API root of a collection.
func (c *Client) limits(ctx context.Context, collection *url.URL) (int, *url.URL, error) {
	path, _, _ := cutLast(collection.Path)
	root := *collection
	root.Path, root.RawPath = strings.TrimSuffix(path, "collections/"), ""
	var said taxii.APIRoot
	if err := c.get(ctx, &root, &said); err != nil {
		return 0, nil, err
	}
	if said.MaxContentLength <= 0 {
		return pushBytes, &root, nil
	}
	return int(min(said.MaxContentLength, pushBytes)), &root, nil
}

// batch makes an envelope of as many objects as fit.
func batch(objects []json.RawMessage, limit int) (int, []byte) {
	const frame = len(`{"more":false,"objects":[]}`)
	size, n := frame, 0
	for n < len(objects) && n < pushObjects && size+len(objects[n])+1 <= limit {
		size += len(objects[n]) + 1
		n++
	}
	if n == 0 {
		return 0, nil
	}
	var b bytes.Buffer
	taxii.Envelope{Objects: objects[:n]}.AppendTo(&b)
	return n, b.Bytes()
}

// await asks for a pending status until it is complete.
func (c *Client) await(ctx context.Context, root *url.URL, s taxii.Status) (taxii.Status, error) {
	wait, cancel := context.WithTimeout(ctx, pushWait)
	defer cancel()
	for pause := 100 * time.Millisecond; s.Status == taxii.Pending && s.ID != ""; pause = min(2*pause, 10*time.Second) {
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-wait.Done():
			t.Stop()
			return s, ctx.Err() // still pending is an answer
		}
		u, err := root.Parse("status/" + url.PathEscape(s.ID) + "/")
		if err != nil {
			return s, fmt.Errorf("%w: %w", ErrAnswer, err)
		}
		var next taxii.Status
		if err := c.get(wait, u, &next); err != nil {
			return s, err
		}
		next.ID = s.ID
		s = next
	}
	return s, nil
}
