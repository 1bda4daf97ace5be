package node

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	natsgo "github.com/nats-io/nats.go"

	"entente/internal/ingest"
	"entente/internal/nats"
	"entente/internal/nats/natstest"
)

// shipping sends lines into a stream as entente watch --to does.
type shipping struct {
	*nats.Conn
	shipper *nats.Shipper
	at      map[string]ingest.Position
	every   int // lines in a batch
}

func ships(t *testing.T, url string) *shipping {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := must(nats.Open(ctx, must(nats.ParseAddress(url))(t), nats.Login{}, nil))(t)
	t.Cleanup(c.Close)
	return &shipping{c, nats.NewShipper(c), make(map[string]ingest.Position), 4}
}

// give sends lines of one source, a few in each batch.
func (s *shipping) give(ctx context.Context, source, text string) error {
	sink := &shipSink{s: s, base: s.at[source], source: source}
	from := ingest.Source{ID: source, Reader: strings.NewReader(text)}
	err := ingest.Once(ctx, ingest.Config{Formats: Formats(), BatchLines: s.every}, []ingest.Source{from}, nil, sink)
	s.at[source] = sink.end
	return err
}

// shipSink moves what is read of one text behind what was sent before.
type shipSink struct {
	s      *shipping
	base   ingest.Position
	end    ingest.Position
	source string
}

func (k *shipSink) Batch(ctx context.Context, b ingest.Batch) error {
	p := b.Position()
	p.Offset, p.Line, p.Done = p.Offset+k.base.Offset, p.Line+k.base.Line, false
	k.end = p
	if len(b.Lines) == 0 {
		return nil
	}
	position, err := json.Marshal(p)
	if err != nil {
		return err
	}
	out := &nats.Batch{Source: k.source, Path: "/var/log/" + k.source, From: b.From + k.base.Offset, To: b.To + k.base.Offset, Format: b.Format, Modified: b.Modified, Position: position}
	for _, l := range b.Lines {
		out.Lines = append(out.Lines, nats.Line{Number: l.Number + k.base.Line, Offset: l.Offset + k.base.Offset, Size: l.Size, Raw: l.Raw})
	}
	return k.s.shipper.Ship(ctx, out)
}

// A stream whose servers are away is told and waited for; a message that nobody can read is counted as dropped,
// once, and what comes behind it is read.
func TestStreamTroubles(t *testing.T) {
	t.Parallel()
	server := natstest.One(t)
	url := server + "/EVENTS"
	at := ships(t, url)
	give := func(source, text string) {
		t.Helper()
		if err := at.give(t.Context(), source, text); err != nil {
			t.Fatal(err)
		}
	}
	u := newUnit(t, nil, north, south)
	u.cfg[south].Sources = []Source{{ID: "fleet", NATS: url}, {ID: "away", NATS: "nats://127.0.0.1:1/EVENTS"}}
	u.start(north, south)
	u.open(north, south)
	line := "192.0.2.1 - - [05/Jan/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 512 \"-\" \"-\"\n"
	junk := func(text string) {
		c := must(natsgo.Connect(server))(t)
		defer c.Close()
		must(c.Request("EVENTS.lines.x", []byte(text), 10*time.Second))(t)
	}
	give("a.log", line)
	junk("junk")
	junk(`{"source":"a\u001b[2J","from":0,"to":1,"position":{}}` + "\n")
	give("b.log", line+line)
	check := func() {
		t.Helper()
		u.eventually("lines behind junk are read", func() bool { return u.sourceRow(south, "fleet/b.log").Read == 2 })
		row := u.sourceRow(south, "fleet")
		if row.Read != 2 || row.Dropped != 2 {
			t.Errorf("two messages of junk: %+v", row)
		}
	}
	check()
	u.eventually("servers that are away are told", func() bool {
		return slices.ContainsFunc(must(u.node(south).watchStatus(t.Context()))(t).Troubles, func(s string) bool { return strings.HasPrefix(s, "away: ") })
	})
	u.stop(south)
	u.start(south)
	give("a.log", line)
	u.eventually("it goes on", func() bool { return u.sourceRow(south, "fleet/a.log").Read == 2 })
	check()
}
