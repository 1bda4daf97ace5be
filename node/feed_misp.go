package node

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"

	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/internal/mispfeed"
	"entente/statement"
)

// The kinds of feed.
const (
	kindTAXII = "taxii"
	kindMISP  = "misp"
)

// pollMISP brings in the events of a MISP feed that are new or changed. What was
// taken in is noted after it is durable: what comes twice after a crash is known
// by its bytes. An event that is missing or refused is tried again.
func (n *Node) pollMISP(ctx context.Context, f Feed) error {
	c, err := f.Client(n.opt.Now)
	if err != nil {
		return err
	}
	defer c.HTTP.CloseIdleConnections()
	key := "misp-feed:" + f.Name + " " + c.URL.String()
	seen := make(map[string]string) // by uuid: timestamp and hash
	version := func(e misp.Entry) string { return string(e.Timestamp) + " " + string(e.SHA256) }
	if _, err := note(ctx, n.watch, key, &seen); err != nil {
		return err
	}
	open := func(name string) ([]byte, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL.JoinPath(name).String(), nil)
		if err != nil {
			return nil, err
		}
		switch {
		case c.Secret != "" && c.User != "":
			r.SetBasicAuth(c.User, c.Secret)
		case c.Secret != "":
			r.Header.Set("Authorization", "Bearer "+c.Secret)
		}
		return fetched(c.HTTP, r)
	}
	added := 0
	report, err := mispfeed.ReadRemote(open, func(e misp.Entry) bool { return seen[e.UUID] != version(e) }, func(e misp.Entry, raw []byte) error {
		got, err := n.AddObjects(ctx, AddObjects{Account: f.Name, Name: f.Name, Source: c.URL.Host, Media: stix.MediaMISP, Marking: f.Marking, Objects: [][]byte{raw}})
		if err != nil {
			return err
		}
		if got[0].Refused == nil && !got[0].Known {
			added++
		}
		seen[e.UUID] = version(e)
		return nil
	})
	if added+len(report.Missing)+len(report.Refused) > 0 {
		n.logger.Info("feed", "feed", f.Name, "added", added, "refused", len(report.Refused), "missing", len(report.Missing))
		data, fault := json.Marshal(seen)
		if fault == nil {
			fault = n.watch.PutNote(ctx, key, data)
		}
		if err == nil {
			err = fault
		}
	}
	return err
}

// fetched asks for one file of a feed.
func fetched(c *http.Client, r *http.Request) ([]byte, error) {
	answer, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return nil, fs.ErrNotExist
	default:
		return nil, fmt.Errorf("the server answers %d", answer.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, mispfeed.MaxFile+1))
	if err == nil && len(data) > mispfeed.MaxFile {
		err = statement.Refuse(statement.CodeSize, "a file of more than %d bytes", mispfeed.MaxFile)
	}
	return data, err
}
