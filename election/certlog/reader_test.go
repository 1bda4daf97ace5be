package certlog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"entente/election/certlog"
	"entente/election/certlog/certlogtest"
)

// of is what a log serves at an hour, as tiles or by the older interface.
func of(t testing.TB, l *certlogtest.Log, hour int, static bool) certlog.Source {
	at := time.Date(2026, 11, 3, hour, 0, 0, 0, time.UTC)
	files, err := l.Static(at)
	if err != nil {
		t.Fatal(err)
	}
	return func(_ context.Context, path string) ([]byte, error) {
		if static {
			if data, ok := files[path]; ok {
				return data, nil
			}
			return nil, certlog.ErrNotThere
		}
		data, err := l.Answer(at, path)
		if data == nil && err == nil {
			err = certlog.ErrNotThere
		}
		return data, err
	}
}

func open(t testing.TB, l *certlogtest.Log, hour int, static bool) *certlog.Reader {
	t.Helper()
	r, err := certlog.Open(t.Context(), l.Key, of(t, l, hour, static), "a log")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSince: a log that grows is believed to have only grown; one that shrinks, or shows
// two trees, is convicted by two heads that it signed.
func TestSince(t *testing.T) {
	l := small(t, 300)
	for _, static := range []bool{true, false} {
		old := open(t, l.Fork(270), 1, static).Head
		now := open(t, l, 2, static)
		if err := now.Since(t.Context(), old); err != nil {
			t.Errorf("static %v: %v", static, err)
		}
		if err := now.Since(t.Context(), now.Head); err != nil {
			t.Error(err)
		}
		if err := now.Since(t.Context(), certlog.Head{}); err != nil {
			t.Error(err)
		}
		// a copy that lags behind is no fault of the log
		if err := open(t, l.Fork(270), 1, static).Since(t.Context(), now.Head); !errors.Is(err, certlog.ErrStale) {
			t.Error(err)
		}
	}
}

func TestSplit(t *testing.T) {
	l := small(t, 300)
	other := l.Fork(260)
	for other.Size() < 300 {
		if err := other.Add(time.Unix(0, 0), false, "other.example"); err != nil {
			t.Fatal(err)
		}
	}
	longer := other.Fork(300)
	if err := longer.Add(time.Unix(0, 0), false, "more.example"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		now    *certlogtest.Log
		static bool
		kind   string
	}{
		"two roots":              {other, true, certlog.SplitRoots},
		"shrank":                 {l.Fork(280), true, certlog.SplitShrank},
		"rewrote":                {longer, true, certlog.SplitRewrote},
		"shrank, by RFC 6962":    {l.Fork(280), false, certlog.SplitShrank},
		"two roots, by RFC 6962": {other, false, certlog.SplitRoots},
	} {
		old := open(t, l, 1, c.static).Head
		err := open(t, c.now, 2, c.static).Since(t.Context(), old)
		var s *certlog.Split
		if !errors.As(err, &s) || s.Kind() != c.kind {
			t.Errorf("%s: %v", name, err)
			continue
		}
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		back, err := certlog.ParseSplit(data)
		if err != nil {
			t.Fatal(err)
		}
		kind, err := back.Check(l.Key)
		if err != nil || kind != c.kind {
			t.Errorf("%s: %q, %v", name, kind, err)
		}
		if _, err := back.Check(small(t, 1).Key); err == nil {
			t.Errorf("%s: proved by another log's key", name)
		}
		back.Newer.Root = bytes.Clone(back.Newer.Root)
		back.Newer.Root[3] ^= 1
		if _, err := back.Check(l.Key); err == nil {
			t.Errorf("%s: proved by a head that nobody signed", name)
		}
	}
	// A proof by RFC 6962 that does not hold shows nothing.
	if err := open(t, longer, 2, false).Since(t.Context(), open(t, l, 1, false).Head); !errors.Is(err, certlog.ErrUnproved) {
		t.Error(err)
	}
	// an honest log is not convicted by a made-up tree
	now := open(t, l, 2, true)
	made := &certlog.Split{Format: certlog.SplitFormat, Key: l.Key.DER, Older: open(t, l.Fork(270), 1, true).Head.Signed(), Newer: now.Head.Signed(), Under: make([]byte, 32)}
	if _, err := made.Check(l.Key); err == nil {
		t.Error("an honest log is convicted")
	}
}

// TestPartUnderTheTree: an entry that a log leaves out of what it serves, or changes, is not taken.
func TestPartUnderTheTree(t *testing.T) {
	l := small(t, 40)
	other := l.Fork(0)
	for other.Size() < 40 {
		if err := other.Add(time.Unix(0, 0), false, "harmless.example"); err != nil {
			t.Fatal(err)
		}
	}
	honest, bent := of(t, l, 1, true), of(t, other, 1, true)
	r, err := certlog.Open(t.Context(), l.Key, func(ctx context.Context, path string) ([]byte, error) {
		if strings.HasPrefix(path, "tile/data/") {
			return bent(ctx, path)
		}
		return honest(ctx, path)
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Part(t.Context(), 0); err == nil || !strings.Contains(err.Error(), "another than the log's tree holds") {
		t.Error(err)
	}
	if list, err := open(t, l, 1, true).Part(t.Context(), 0); err != nil || len(list) != 40 {
		t.Error(len(list), err)
	}
}

func FuzzParseSplit(f *testing.F) {
	l := small(f, 3)
	f.Add([]byte(`{"format":"entente/certificate-log-split/v1","log":"x","key":"","older":{"size":1,"time":1,"root":"","signature":""},"newer":{"size":1,"time":1,"root":"","signature":""}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := certlog.ParseSplit(data)
		if err != nil {
			return
		}
		if kind, err := s.Check(l.Key); err == nil {
			t.Fatalf("%s is proved by %q", kind, data)
		}
	})
}
