package node

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entente/election/certlog"
	"entente/election/certlog/certlogtest"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// certServer serves a log that a test may exchange, by either interface.
type certServer struct {
	*httptest.Server
	log    atomic.Pointer[certlogtest.Log]
	at     atomic.Int64 // Unix seconds
	old    bool         // by the interface of RFC 6962
	broken atomic.Bool  // hash tiles lie
}

func serveCertificates(t *testing.T, l *certlogtest.Log, old bool) *certServer {
	s := &certServer{old: old}
	s.log.Store(l)
	s.at.Store(time.Now().Unix())
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := time.Unix(s.at.Load(), 0)
		path := strings.TrimPrefix(r.URL.Path, "/log/")
		var data []byte
		if s.old {
			data, _ = s.log.Load().Answer(at, path+"?"+r.URL.RawQuery)
		} else if files, err := s.log.Load().Static(at); err == nil {
			data = bytes.Clone(files[path])
		}
		if data == nil {
			http.NotFound(w, r)
			return
		}
		if s.broken.Load() && strings.HasPrefix(path, "tile/0/") {
			data[0] ^= 1
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *certServer) set(l *certlogtest.Log) { s.log.Store(l); s.at.Add(3600) }

// certUnit is a node that guards vote.example, with a log and a watch of it.
func certUnit(t *testing.T, old bool) (*unit, *certServer, *certWatch) {
	l := must(certlogtest.New("log.example/2026h2"))(t)
	for i := range 270 {
		if err := l.Add(time.Unix(1_790_000_000+int64(i), 0), i%3 == 0, fmt.Sprintf("shop%d.example.net", i)); err != nil {
			t.Fatal(err)
		}
	}
	u := newUnit(t, nil, north, south)
	u.cfg[north].Inventory = u.path(north, "list.json")
	write(t, u.cfg[north].Inventory, []byte(`{"domains": [{"name": "vote.example"}]}`))
	u.start(north)
	s := serveCertificates(t, l, old)
	return u, s, u.certs(s, "127.0.0.0/8")
}

func (u *unit) certs(s *certServer, networks ...string) *certWatch {
	u.t.Helper()
	return must(newCertWatch(u.t.Context(), u.node(north), CertificateLog{
		URL: s.URL + "/log/", Key: base64.StdEncoding.EncodeToString(s.log.Load().Key.DER), Networks: networks,
	}))(u.t)
}

// seenInLogs are the incidents on what certificate logs show.
func (u *unit) seenInLogs() (out []string) {
	u.t.Helper()
	list, _, err := u.node(north).seen.Incidents(u.t.Context(), sqlite.IncidentQuery{Limit: 100})
	u.ok(err)
	for _, i := range list {
		if i.Subject.Type == "domain-name" || i.Subject.Type == subjectCertLog {
			out = append(out, i.Subject.Value)
		}
	}
	slices.Sort(out)
	return out
}

func (u *unit) evidence() (all []string) {
	u.t.Helper()
	files := must(filepath.Glob(filepath.Join(u.node(north).cfg.Dir, evidenceDir, "*.jsonl")))(u.t)
	for _, f := range files {
		all = append(all, string(must(os.ReadFile(f))(u.t)))
	}
	return all
}

// TestCertificateLog: a log is read on from where it was left; each name like a
// guarded one is one incident, with a proof that holds by the log's key alone.
func TestCertificateLog(t *testing.T) {
	for _, old := range []bool{false, true} {
		u, s, w := certUnit(t, old)
		l := s.log.Load()
		u.ok(w.round(t.Context()))
		if w.state.Next != 270 || w.state.Entries != 270 || len(u.seenInLogs()) != 0 || w.state.Why != "" {
			t.Fatalf("%+v, %v", w.state, u.seenInLogs())
		}
		grown := l.Fork(270)
		u.ok(grown.Add(time.Unix(1_790_001_000, 0), true, "v0te.example", "www.v0te.example"))
		u.ok(grown.Add(time.Unix(1_790_001_001, 0), false, "vote.example"))
		s.set(grown)
		before := w.state
		u.ok(w.round(t.Context()))
		if w.state.Entries != 272 || w.state.Splits != 0 || w.state.Unproved != 0 {
			t.Errorf("%+v", w.state)
		}
		want := u.seenInLogs()
		if !slices.Contains(want, "v0te.example") || slices.Contains(want, "vote.example") {
			t.Errorf("old %v: %v", old, want)
		}
		lines := strings.Split(strings.TrimSpace(u.evidence()[0]), "\n")
		ev := must(certlog.ParseEvidence([]byte(lines[0])))(t)
		if seen, err := ev.Check(l.Key); err != nil || seen.Entry.Index != 270 || ev.Protected != "vote.example" {
			t.Errorf("%+v, %v", seen, err)
		}
		// The node was killed before it noted how far it came: nothing is told twice.
		again := u.certs(s, "127.0.0.0/8")
		if again.state.Next != 272 {
			t.Errorf("%+v", again.state)
		}
		again.state = before
		u.ok(again.round(t.Context()))
		if got := u.seenInLogs(); !slices.Equal(got, want) {
			t.Errorf("%v, then %v", want, got)
		}
	}
}

// TestEvidenceIsSealed: a file of evidence that a kill left without its seal is sealed
// when it is found again; a file is sealed once, and written again if it is gone.
func TestEvidenceIsSealed(t *testing.T) {
	u, _, w := certUnit(t, false)
	u.open(north)
	data := []byte("evidence\n")
	sum := statement.Digest(sha256.Sum256(data))
	path := w.n.evidencePath(sum.String())
	u.ok(os.MkdirAll(filepath.Dir(path), 0o700))
	write(t, path, data)
	for range 2 {
		if _, err := w.evidence(t.Context(), "log.example", data, 1); err != nil {
			t.Fatal(err)
		}
		seals := must(w.n.view.OfKind(t.Context(), w.n.self.Origin, record.KindSeal))(t)
		if _, ok := must(w.n.sealedAs(t.Context(), whatCerts))(t)[sum]; !ok || len(seals) != 1 {
			t.Errorf("sealed %v, by %d statements", ok, len(seals))
		}
		u.ok(os.Remove(path))
	}
	must(w.evidence(t.Context(), "log.example", data, 1))(t)
	if got := must(os.ReadFile(path))(t); !bytes.Equal(got, data) {
		t.Errorf("%q", got)
	}
}

// TestCertificateLogSplits: a log that goes back, or shows another tree than it
// did, is an incident with both heads; a copy that lags behind is none.
func TestCertificateLogSplits(t *testing.T) {
	u, s, w := certUnit(t, false)
	l := s.log.Load()
	u.ok(w.round(t.Context()))
	s.log.Store(l.Fork(265))
	s.at.Add(-3600)
	u.ok(w.round(t.Context()))
	if w.state.Splits != 0 || w.state.Next != 270 {
		t.Errorf("a stale copy: %+v", w.state)
	}
	other := l.Fork(260)
	for i := range 20 {
		u.ok(other.Add(time.Unix(1_790_002_000+int64(i), 0), false, fmt.Sprintf("other%d.example.org", i)))
	}
	s.at.Add(7200)
	s.log.Store(other)
	u.ok(w.round(t.Context()))
	if got := u.seenInLogs(); w.state.Splits != 1 || !slices.Equal(got, []string{certlog.SplitRewrote}) || w.state.Head.Size != 280 {
		t.Errorf("%+v, %v", w.state, got)
	}
	split := must(certlog.ParseSplit([]byte(strings.TrimSpace(u.evidence()[0]))))(t)
	if kind, err := split.Check(l.Key); err != nil || kind != certlog.SplitRewrote || split.Older.Size != 270 || split.Newer.Size != 280 {
		t.Errorf("%q, %v", kind, err)
	}
	s.set(other.Fork(200))
	u.ok(w.round(t.Context()))
	if got := u.seenInLogs(); w.state.Splits != 2 || !slices.Contains(got, certlog.SplitShrank) {
		t.Errorf("%+v, %v", w.state, got)
	}
}

// TestCertificateLogUnproved: a log that does not prove by RFC 6962 that it has only
// grown is accused of nothing; it is a trouble, and goes on when it does.
func TestCertificateLogUnproved(t *testing.T) {
	u, s, w := certUnit(t, true)
	l := s.log.Load()
	u.ok(w.round(t.Context()))
	other := l.Fork(260)
	for i := range 20 {
		u.ok(other.Add(time.Unix(1_790_002_000+int64(i), 0), false, fmt.Sprintf("other%d.example.org", i)))
	}
	s.set(other)
	for range certAlarmed {
		u.ok(w.round(t.Context()))
	}
	if got := u.seenInLogs(); w.state.Splits != 0 || len(got)+len(u.evidence()) != 0 || w.state.Head.Size != 270 || !strings.Contains(w.trouble(), "(unproved)") {
		t.Errorf("%+v, %v, %q", w.state, got, w.trouble())
	}
	honest := l.Fork(270)
	u.ok(honest.Add(time.Unix(1_790_001_000, 0), true, "v0te.example"))
	s.set(honest)
	u.ok(w.round(t.Context()))
	if got := u.seenInLogs(); len(got) != 1 || w.state.Head.Size != 271 || w.trouble() != "" {
		t.Errorf("%+v, %v, %q", w.state, got, w.trouble())
	}
}

// TestCertificateLogFlood: of one certificate with many names like guarded ones the
// nearest are told, the others counted; a round ends when it has enough, and the next goes on.
func TestCertificateLogFlood(t *testing.T) {
	u, s, w := certUnit(t, false)
	l := s.log.Load().Fork(270)
	var names []string
	for i := range 500 {
		names = append(names, fmt.Sprintf("vote.example.evil%d.org", i))
	}
	u.ok(l.Add(time.Unix(1_790_001_000, 0), true, append(names, "v0te.example")...))
	for i := range 11 {
		u.ok(l.Add(time.Unix(1_790_001_001, 0), true, names[i*20:i*20+40]...))
	}
	s.log.Store(l)
	u.ok(w.round(t.Context()))
	if w.state.Found != certFindings || w.state.Next != 280 || w.state.Left < 400 || w.state.Due > w.n.opt.Now().UnixMilli() {
		t.Errorf("%+v", w.state)
	}
	list, _, err := w.n.seen.Incidents(t.Context(), sqlite.IncidentQuery{Text: "v0te.example", Limit: 1})
	u.ok(err)
	if len(list) == 0 {
		t.Fatal("the nearest name is not told")
	}
	hits := must(w.n.seen.IncidentHits(t.Context(), list[0].ID, 1))(t)
	if !strings.Contains(hits[0].Seen, "more names in it that are like guarded ones are not listed") {
		t.Errorf("%s", hits[0].Seen)
	}
	u.ok(w.round(t.Context()))
	if w.state.Next != 282 {
		t.Errorf("%+v", w.state)
	}
}

// TestCertificateLogFrozen: a log that answers and gives no newer head for more than a
// day is a trouble until it does, whether what it gives is the last head or one before.
func TestCertificateLogFrozen(t *testing.T) {
	u, s, w := certUnit(t, false)
	now := time.Now()
	l := s.log.Load()
	for i, c := range []struct {
		size int
		age  time.Duration // of the head that it gives
	}{
		{270, 23 * time.Hour},
		{270, time.Hour},
		{270, 30 * time.Hour}, // one of its servers lags behind
		{265, 30 * time.Hour},
	} {
		s.log.Store(l.Fork(c.size))
		s.at.Store(now.Add(-c.age).Unix())
		u.ok(w.round(t.Context()))
		if w.trouble() != "" {
			t.Errorf("%d: %q", i, w.trouble())
		}
	}
	w = u.certs(s, "127.0.0.0/8")
	w.state, w.kept = certState{}, certState{}
	for i, c := range []struct {
		size int
		age  time.Duration
	}{{270, 25 * time.Hour}, {270, 26 * time.Hour}, {265, 30 * time.Hour}} {
		s.log.Store(l.Fork(c.size))
		s.at.Store(now.Add(-c.age).Unix())
		u.ok(w.round(t.Context()))
		if !strings.Contains(w.trouble(), "newest head is that of "+now.Add(-25*time.Hour).UTC().Format(time.RFC3339)) || len(u.seenInLogs()) != 0 {
			t.Errorf("%d: %q, %v", i, w.trouble(), u.seenInLogs())
		}
	}
	w.state.Answered = now.Add(-2 * time.Hour).UnixMilli() // nobody asked it since: the node was off
	u.ok(w.keep(t.Context()))
	if w.trouble() != "" {
		t.Errorf("%q", w.trouble())
	}
	s.log.Store(l.Fork(270))
	s.at.Store(now.Unix())
	u.ok(w.round(t.Context()))
	if w.trouble() != "" || w.state.Head.Time != now.Unix()*1000 {
		t.Errorf("%q, %+v", w.trouble(), w.state)
	}
}

// TestCertificateLogFailures: what cannot be read is a trouble with a word for it, and nothing is skipped.
func TestCertificateLogFailures(t *testing.T) {
	u, s, w := certUnit(t, false)
	for name, c := range map[string]struct {
		w   *certWatch
		why string
	}{
		"an address inside": {u.certs(s), "inside"},
		"no such log":       {must(newCertWatch(t.Context(), u.node(north), CertificateLog{URL: s.URL + "/none/", Key: base64.StdEncoding.EncodeToString(w.key.DER), Networks: []string{"127.0.0.0/8"}}))(t), "absent"},
		"no such folder":    {must(newCertWatch(t.Context(), u.node(north), CertificateLog{Dir: u.path(north, "nowhere"), Key: base64.StdEncoding.EncodeToString(w.key.DER)}))(t), "folder"},
	} {
		u.ok(c.w.round(t.Context()))
		if c.w.state.Why != c.why || c.w.state.Streak == 0 || c.w.state.Next != 0 {
			t.Errorf("%s: %+v", name, c.w.state)
		}
	}
	s.broken.Store(true)
	w = u.certs(s, "127.0.0.0/8")
	w.state = certState{}
	for range certAlarmed {
		u.ok(w.round(t.Context()))
	}
	if w.state.Why != "unreadable" || w.state.Next != 0 || !strings.Contains(w.trouble(), "not read 3 times in a row (unreadable)") {
		t.Errorf("%+v, %q", w.state, w.trouble())
	}
	s.broken.Store(false)
	u.ok(w.round(t.Context()))
	if w.state.Next != 270 || w.trouble() != "" {
		t.Errorf("%+v", w.state)
	}
	key := base64.StdEncoding.EncodeToString(w.key.DER)
	negative := int64(-1)
	for name, c := range map[string]CertificateLog{
		"nowhere": {Key: key}, "two places": {URL: "https://log.example/", Dir: "x", Key: key}, "no key": {URL: "https://log.example/"}, "no key at all": {URL: "https://log.example/", Key: "AAAA"},
		"a query": {URL: "https://log.example/?x", Key: key}, "often": {URL: "https://log.example/", Key: key, Every: time.Second}, "before the first": {URL: "https://log.example/", Key: key, From: &negative},
		"a network": {URL: "https://log.example/", Key: key, Networks: []string{"here"}},
	} {
		if _, err := c.check(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	twice := Config{CertificateLogs: []CertificateLog{{URL: "https://log.example/", Key: key}, {URL: "https://mirror.example/", Key: key}}}
	if err := twice.checkCertificateLogs(); err == nil {
		t.Error("one log twice")
	}
}
