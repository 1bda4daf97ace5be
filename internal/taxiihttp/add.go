package taxiihttp

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"entente/exchange/stix"
	"entente/exchange/taxii"
	"entente/statement"
)

// add takes an envelope in (section 5.4). Each object is judged alone, before
// anything of it is stored, and the status says what became of it. The answer
// comes when what was taken is durable, so that no object is ever pending.
func (c *call) add(ctx context.Context, in taxii.Collection) error {
	if !in.CanWrite {
		return taxii.ErrForbidden
	}
	if !taxii.IsContent(c.r.Header.Get("Content-Type")) {
		return taxii.Fail(http.StatusUnsupportedMediaType, "unsupported media type", "a body is %s", taxii.MediaType)
	}
	body, err := c.body()
	if err != nil {
		return err
	}
	envelope, err := taxii.ReadEnvelope(body)
	if err != nil {
		return err
	}
	if len(envelope.Objects) > MaxObjects {
		return taxii.Fail(http.StatusRequestEntityTooLarge, "too large", "an envelope has at most %d objects", MaxObjects)
	}
	s := taxii.Status{ID: c.NewID(), RequestTimestamp: taxii.Time(c.Now().UnixMicro())}
	if err := c.take(ctx, in, envelope.Objects, &s); err != nil {
		return err
	}
	s.Count()
	if err := c.store.PutStatus(ctx, s); err != nil {
		return err
	}
	return c.json(http.StatusAccepted, s)
}

func (c *call) body() ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, MaxContent))
	switch {
	case isLarge(err) || c.r.ContentLength > MaxContent:
		return nil, taxii.Fail(http.StatusRequestEntityTooLarge, "too large", "a body has at most %d bytes", MaxContent)
	case err != nil:
		return nil, taxii.Fail(http.StatusBadRequest, "bad request", "the body did not come whole")
	}
	return body, nil
}

// take stores what can be stored and fills in the status, in the order of the
// envelope.
func (c *call) take(ctx context.Context, in taxii.Collection, raws []json.RawMessage, s *taxii.Status) error {
	errs := make([]error, len(raws))
	var good []stix.Object
	var at []int // where in the envelope
	for i, raw := range raws {
		o, err := stix.ParseObject(raw)
		if err != nil {
			errs[i] = err
			continue
		}
		good, at = append(good, o), append(at, i)
	}
	if len(good) > 0 {
		results, err := c.store.Add(ctx, in.ID, good)
		if err != nil {
			return err
		}
		if len(results) != len(good) {
			return fmt.Errorf("%d results for %d objects", len(results), len(good))
		}
		for j, err := range results {
			errs[at[j]] = err
			if err == nil {
				s.Successes = append(s.Successes, taxii.Detail{ID: good[j].ID, Version: taxii.VersionOf(good[j])})
			}
		}
	}
	for i, err := range errs {
		if err == nil {
			continue
		}
		d := taxii.Named(raws[i])
		r, ok := statement.AsRefusal(err)
		if !ok {
			c.Report(err)
			r = statement.Refuse(statement.CodeState, "internal")
		}
		d.Message = r.Error()
		s.Failures = append(s.Failures, d)
	}
	return nil
}
